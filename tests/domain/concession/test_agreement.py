"""Concession agreements: shares that come to the whole, milestones with proof, and due moments that nobody escapes."""

from uuid import UUID

import pytest
from msgspec.structs import replace

from domain.admission import vendor
from domain.concession import agreement
from domain.concession.agreement import Concession
from domain.concession.messages import (
    Amend,
    Amended,
    ConcessionCommand,
    ConcessionEvent,
    Confirm,
    Confirmed,
    Contract,
    End,
    Ended,
    EvidenceSubmitted,
    Milestone,
    Missed,
    Obligation,
    Reject,
    Rejected,
    Share,
    Sign,
    Signed,
    SubmitEvidence,
)
from domain.decider import Elapse, Refused, Whose
from domain.evaluation import standing
from domain.parties import area, organisation
from domain.restraint import debarment, sanction, screening
from domain.restraint.scope import Scope
from tests.domain import trade
from tests.domain.restraint.test_debarment import LISTED
from tests.domain.restraint.test_screening import BY_CODE
from tests.domain.small_town import AREAS, WILLOWS, on
from tests.scenario import Given, given

GRANTOR, VENDOR = UUID(int=0xA), UUID(trade.VENDOR)
FILE, PROOF, BETTER = "ab" * 32, "cd" * 32, "ef" * 32
CONTRACT = Contract(
    begins=on(1),
    ends=on(30, month=4),
    sha256=FILE,
    milestones=(
        Milestone("cameras", "摄像头上线", on(20), ("install",)),
        Milestone("parking", "停车场改造", on(10, month=4)),
    ),
    obligations=(Obligation("install", "vendor"), Obligation("power", "grantor")),
    shares=(
        Share("benefit", "parking_fees", "vendor", 60),
        Share("benefit", "parking_fees", "owners", 40),
        Share("risk", "theft", "vendor", 100),
    ),
)
SIGN = Sign(at=on(1), grantor=str(GRANTOR), vendor=str(VENDOR), area=WILLOWS, contract=CONTRACT)
SIGNED = Signed(at=on(1), grantor=str(GRANTOR), vendor=str(VENDOR), area=WILLOWS, contract=CONTRACT)
SHOW = SubmitEvidence(at=on(19), by="agent", milestone="cameras", sha256=PROOF)
SHOWN = EvidenceSubmitted(at=on(19), by="agent", number=1, milestone="cameras", sha256=PROOF)
CONFIRM = Confirm(at=on(23), by="officer", milestone="cameras")
CONFIRMED = Confirmed(at=on(23), by="officer", milestone="cameras", evidence=(1,))
MISSED = Missed(at=on(20), milestone="cameras")

Scenario = Given[ConcessionCommand, Concession, ConcessionEvent]


def town(*events: ConcessionEvent) -> Scenario:
    """An agreement between two organisations of a town."""
    scenario = given(agreement.decider, *events)
    for known in AREAS:
        scenario = scenario.knowing(area.decider, area.stream(known.code), known)
    granting = organisation.Registered(at=on(1), name="翠苑街道办", kinds=("government",))
    scenario = scenario.knowing(organisation.decider, GRANTOR, granting)
    scenario = scenario.knowing(organisation.decider, VENDOR, trade.COMPANY)
    return scenario.knowing(vendor.decider, vendor.stream(str(VENDOR)), trade.REGISTERED, trade.VERIFIED)


def test_it_is_signed_once() -> None:
    signed = town().when(SIGN).then(SIGNED)
    signed.when(SIGN).then_nothing()
    signed.when(replace(SIGN, contract=replace(CONTRACT, sha256=PROOF))).then_refused(agreement.AlreadySigned)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"shares": CONTRACT.shares[:1]}, agreement.SharesDoNotSum),
        ({"shares": (*CONTRACT.shares, Share("risk", "theft", "grantor", 1))}, agreement.SharesDoNotSum),
        ({"shares": (Share("risk", "theft", "vendor", 50),) * 2}, agreement.AgreementKeyTwice),
        ({"milestones": CONTRACT.milestones[:1] * 2}, agreement.AgreementKeyTwice),
        ({"obligations": CONTRACT.obligations[:1] * 2}, agreement.AgreementKeyTwice),
        ({"obligations": ()}, agreement.ObligationUnknown),
        ({"ends": on(1)}, agreement.TermEndsBeforeItBegins),
        ({"ends": on(9, month=4)}, agreement.MilestoneOutsideTerm),
        ({"begins": on(21)}, agreement.MilestoneOutsideTerm),
    ],
)
def test_what_makes_no_sense_is_not_signed(changes: dict[str, object], refusal: type[Refused]) -> None:
    contract = replace(CONTRACT, **changes)
    town().when(replace(SIGN, contract=contract)).then_refused(refusal)
    town(SIGNED).when(Amend(at=on(2), contract=contract)).then_refused(refusal)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"grantor": str(VENDOR)}, agreement.OnePartyOnly),
        ({"vendor": "mingda"}, agreement.PartyNotRegistered),
        ({"grantor": str(UUID(int=7))}, agreement.PartyNotRegistered),
        ({"area": "99"}, area.AreaNotRegistered),
    ],
)
def test_its_parties_and_its_area_are_known(changes: dict[str, str], refusal: type[Refused]) -> None:
    town().when(replace(SIGN, **changes)).then_refused(refusal)


def test_nobody_signs_with_a_vendor_who_stands_on_a_list() -> None:
    entry = debarment.stream("dishonest", "e-1")
    debarred = (
        town()
        .knowing(debarment.decider, entry, LISTED)
        .knowing(screening.decider, screening.stream(str(VENDOR)), screening.Matched(at=on(1), match=BY_CODE))
    )
    debarred.when(SIGN).then_refused(screening.ScreeningAwaitsReview)


SUSPENDED = sanction.Suspended(at=on(1), vendor=str(VENDOR), number=1, by="lin", reason="quality", text="三次返修")


def test_nobody_signs_with_who_may_be_given_nothing() -> None:
    """It is the greatest exposure of all: it lasts for years."""
    town().knowing(vendor.decider, vendor.stream(str(VENDOR))).when(SIGN).then_refused(vendor.VendorNotRegistered)
    file = town().knowing(vendor.decider, vendor.stream(str(VENDOR)), trade.REGISTERED)
    file.when(SIGN).then_refused(vendor.VendorNotVerified)
    suspended = town().knowing(sanction.decider, sanction.stream(str(VENDOR)), SUSPENDED)
    suspended.when(SIGN).then_refused(sanction.VendorSuspended)
    elsewhere = replace(SUSPENDED, scope=Scope(areas=("34",)))
    town().knowing(sanction.decider, sanction.stream(str(VENDOR)), elsewhere).when(SIGN).then(SIGNED)
    low = standing.BandChanged(at=on(1), was="normal", now="no_new_work", because="2026-02")
    sunk = town().knowing(standing.decider, standing.stream(str(VENDOR)), low)
    sunk.when(SIGN).then_refused(standing.StandsTooLow)


@pytest.mark.parametrize(
    "changes",
    [
        {"ends": on(1, month=5)},
        {"milestones": (*CONTRACT.milestones, Milestone("lifts", "加装电梯", on(20, month=4)))},
        {"obligations": (*CONTRACT.obligations, Obligation("lifts", "vendor"))},
        {"shares": (Share("benefit", "parking_fees", "vendor", 100), CONTRACT.shares[2])},
        {"shares": (*CONTRACT.shares[:2], Share("risk", "theft", "vendor", 50), Share("risk", "theft", "owners", 50))},
        {"shares": CONTRACT.shares[:2]},
    ],
)
def test_an_amendment_that_gives_the_vendor_more_is_given_to_who_may_be_given_it(changes: dict[str, object]) -> None:
    more = Amend(at=on(2), contract=replace(CONTRACT, **changes))
    town(SIGNED).when(more).events()
    suspended = town(SIGNED).knowing(sanction.decider, sanction.stream(str(VENDOR)), SUSPENDED)
    suspended.when(more).then_refused(sanction.VendorSuspended)


def test_an_amendment_that_gives_less_is_always_possible() -> None:
    less = replace(CONTRACT, ends=on(20, month=4), milestones=CONTRACT.milestones[:1])
    suspended = town(SIGNED).knowing(sanction.decider, sanction.stream(str(VENDOR)), SUSPENDED)
    suspended.when(Amend(at=on(2), contract=less)).events()


@pytest.mark.parametrize("spelling", [str(VENDOR).upper(), VENDOR.hex])
def test_a_party_is_known_however_its_id_is_written(spelling: str) -> None:
    town().when(replace(SIGN, vendor=spelling)).then(SIGNED)
    town(SIGNED).when(replace(SIGN, vendor=spelling)).then_nothing()
    town().when(replace(SIGN, grantor=spelling)).then_refused(agreement.OnePartyOnly)
    said = agreement.whose(UUID(int=1), Concession(), replace(SIGN, vendor=spelling))
    assert said.organisations == (str(VENDOR), str(GRANTOR))


def test_what_is_not_signed_is_nothing() -> None:
    for command in (Amend(at=on(2), contract=CONTRACT), SHOW, CONFIRM, End(at=on(2), reason="completed")):
        town().when(command).then_refused(agreement.ConcessionNotSigned)


def test_a_milestone_is_proved_and_confirmed() -> None:
    shown = town(SIGNED).when(SHOW).then(SHOWN)
    shown.when(SHOW).then_nothing()
    confirmed = shown.when(CONFIRM).then(CONFIRMED)
    confirmed.when(CONFIRM).then_nothing()
    confirmed.when(replace(SHOW, at=on(24), sha256=BETTER)).then_refused(agreement.AlreadyConfirmed)
    town(SIGNED).when(replace(CONFIRM, at=on(2))).then_refused(agreement.NothingSubmitted)
    town(SIGNED).when(replace(CONFIRM, at=on(2), milestone="moon")).then_refused(agreement.MilestoneUnknown)


def test_evidence_that_was_rejected_is_kept_and_better_evidence_may_follow() -> None:
    reject = Reject(at=on(19, 12), by="officer", milestone="cameras", reason="incomplete")
    rejected = Rejected(at=on(19, 12), by="officer", milestone="cameras", reason="incomplete")
    story = town(SIGNED, SHOWN).when(reject).then(rejected)
    story.when(reject).then_refused(agreement.NothingSubmitted)
    again = replace(SHOWN, at=on(19, 13), number=2, sha256=BETTER)
    story = story.when(replace(SHOW, at=on(19, 13), sha256=BETTER)).then(again)
    story = story.when(CONFIRM).then(replace(CONFIRMED, evidence=(2,)))
    evidence = story.state.progress[0].evidence
    assert [(each.number, each.rejected) for each in evidence] == [(1, "incomplete"), (2, "")]


def test_a_due_moment_is_missed_once_at_that_moment_however_late_the_clock() -> None:
    late = Elapse(at=on(20), label="missed/cameras")
    missed = town(SIGNED).when(late).then(MISSED)
    missed.when(late).then_nothing()
    months_later = Elapse(at=on(1, month=6), label="")
    town(SIGNED).when(months_later).then(
        MISSED, Missed(at=on(10, month=4), milestone="parking"), Ended(at=on(30, month=4), reason="term_over")
    )


def test_late_evidence_counts_and_stays_marked_late() -> None:
    show = replace(SHOW, at=on(21))
    late = replace(SHOWN, at=on(21), late=True)
    story = town(SIGNED).when(show).then(MISSED, late).when(CONFIRM).then(CONFIRMED)
    progress = story.state.progress[0]
    assert (progress.missed_at, progress.evidence[0].late, progress.status) == (on(20), True, "confirmed")
    town(SIGNED).when(replace(SHOW, at=on(20))).then(replace(SHOWN, at=on(20)))  # right then is in time


def test_evidence_keeps_a_due_moment_from_being_missed_unless_it_is_rejected_after_it() -> None:
    waiting = town(SIGNED, SHOWN)
    waiting.when(Elapse(at=on(20), label="missed/cameras")).then_nothing()
    reject = Reject(at=on(23), by="officer", milestone="cameras", reason="not_done")
    rejected = Rejected(at=on(23), by="officer", milestone="cameras", reason="not_done")
    waiting.when(reject).then(rejected, MISSED)


def test_an_amendment_changes_nothing_that_was_confirmed() -> None:
    done = town(SIGNED, SHOWN, CONFIRMED)
    other = replace(CONTRACT, milestones=(replace(CONTRACT.milestones[0], due=on(25)), CONTRACT.milestones[1]))
    refused = done.when(Amend(at=on(24), contract=other)).then_refused(agreement.ConfirmedStands)
    assert refused.details == {"milestone": "cameras"}
    without = replace(CONTRACT, milestones=CONTRACT.milestones[1:])
    done.when(Amend(at=on(24), contract=without)).then_refused(agreement.ConfirmedStands)
    later = replace(CONTRACT, milestones=(CONTRACT.milestones[0], replace(CONTRACT.milestones[1], due=on(20, month=4))))
    story = done.when(Amend(at=on(24), contract=later)).then(Amended(at=on(24), version=2, contract=later))
    assert [each.status for each in story.state.progress] == ["confirmed", "open"]
    story.when(Amend(at=on(25), contract=later)).then_nothing()


def test_an_amendment_may_give_more_time_and_sets_no_moment_that_has_passed() -> None:
    more = replace(CONTRACT, milestones=(replace(CONTRACT.milestones[0], due=on(28)), CONTRACT.milestones[1]))
    amended = Amended(at=on(24), version=2, contract=more)
    story = town(SIGNED).when(Amend(at=on(24), contract=more)).then(MISSED, amended)
    story.when(Elapse(at=on(28), label="")).then(Missed(at=on(28), milestone="cameras"))
    past = replace(CONTRACT, milestones=(replace(CONTRACT.milestones[0], due=on(22)), CONTRACT.milestones[1]))
    town(SIGNED).when(Amend(at=on(24), contract=past)).then_refused(agreement.MomentHasPassed)
    over = replace(CONTRACT, milestones=(), ends=on(23))
    town(SIGNED).when(Amend(at=on(24), contract=over)).then_refused(agreement.MomentHasPassed)


def test_when_it_has_ended_only_what_was_done_is_still_judged() -> None:
    story = (
        town(SIGNED, SHOWN).when(End(at=on(20), reason="by_agreement")).then(Ended(at=on(20), reason="by_agreement"))
    )
    story.when(End(at=on(21), reason="completed")).then_nothing()
    story.when(Amend(at=on(21), contract=CONTRACT)).then_refused(agreement.ConcessionEnded)
    assert agreement.agenda(story.state) is None
    story.when(CONFIRM).then(CONFIRMED)


def test_it_concerns_its_parties_and_its_area_and_evidence_the_vendor_alone() -> None:
    state = town(SIGNED).state
    both = Whose(organisations=(str(VENDOR), str(GRANTOR)), areas=(WILLOWS,))
    assert agreement.whose(UUID(int=1), state, None) == both
    assert agreement.whose(UUID(int=1), Concession(), SIGN) == both
    assert agreement.whose(UUID(int=1), state, SHOW) == Whose(organisations=(str(VENDOR),))
