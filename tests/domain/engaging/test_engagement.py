"""Engagements: from award or offer to payment, each step with what it was allowed by, and nothing told late."""

import pytest
from msgspec.structs import replace

from domain.admission import waiver
from domain.admission.in_order import BackDated
from domain.admission.vendor import VendorNotRegistered
from domain.decider import Elapse, Whose
from domain.engaging import engagement, exposure
from domain.engaging.engagement import (
    Accepted,
    AlreadyEngaged,
    Awarded,
    Cancel,
    Cancelled,
    Decline,
    Declined,
    Engagement,
    EngagementCommand,
    EngagementHeld,
    EngagementOver,
    Finished,
    Held,
    Hold,
    Keep,
    Kept,
    NotAwaitingAnswer,
    NotEngaged,
    NotFinished,
    NotStarted,
    NotTakenOn,
    Offered,
    PaidAlready,
    PaidOut,
    Reassign,
    Reassigned,
    Release,
    Released,
    SameVendor,
    Started,
)
from domain.parties import area
from domain.restraint import sanction
from domain.restraint.fan_out import NotToBeKept
from domain.restraint.sanction import VendorSuspended
from domain.restraint.scope import Scope
from tests.domain.engaging.engaged import (
    ACCEPT,
    AWARD,
    FINISH,
    GRANT,
    OFFER,
    OTHER,
    PAY_OUT,
    PROPOSED,
    SIGNED,
    START,
    VENDOR,
    WAIVED,
    Scenario,
    emergency,
    known_town,
    town,
    with_other,
)
from tests.domain.small_town import WILLOWS, on

AWARDED = Awarded(
    at=on(4),
    vendor=VENDOR,
    category="parking",
    item="job",
    title="道闸大修",
    value_fen=50_000,
    area=WILLOWS,
    basis=GRANT,
)
SUSPENDED = sanction.Suspended(at=on(6, 12), vendor=VENDOR, number=1, by="lin", reason="quality", text="三次返修")


def suspended(scenario: Scenario, *more: sanction.SanctionEvent) -> Scenario:
    """From the afternoon of the 6th on."""
    return scenario.knowing(sanction.decider, sanction.stream(VENDOR), SUSPENDED, *more)


def test_a_qualified_vendor_is_awarded_something_and_is_paid_in_the_end() -> None:
    given = town().when(AWARD).then(AWARDED)
    given = given.when(ACCEPT).then(Accepted(at=on(5), basis=GRANT))
    given = given.when(START).then(Started(at=on(6), basis=GRANT))
    given = given.when(FINISH).then(Finished(at=on(7)))
    assert given.state.in_flight
    given = given.when(PAY_OUT).then(PaidOut(at=on(8), amount_fen=50_000, basis=GRANT))
    assert not given.state.in_flight
    given.when(PAY_OUT).then_refused(PaidAlready)


def test_what_is_offered_can_be_declined() -> None:
    offered = town().when(OFFER).go_on()
    assert type(offered.past[0]) is Offered
    declined = offered.when(Decline(at=on(5), reason="no_capacity")).then(Declined(at=on(5), reason="no_capacity"))
    declined.when(Decline(at=on(6), reason="terms")).then_nothing()
    declined.when(ACCEPT).then_refused(NotAwaitingAnswer)


def test_the_same_award_twice_is_no_news_and_another_one_is_refused() -> None:
    awarded = town().after(AWARD)
    awarded.when(replace(AWARD, vendor=VENDOR.upper())).then_nothing()
    awarded.when(replace(AWARD, value_fen=1)).then_refused(AlreadyEngaged)
    awarded.when(replace(OFFER, at=on(4))).then_refused(AlreadyEngaged)
    awarded.when(ACCEPT).go_on().when(replace(AWARD, at=on(6))).then_refused(AlreadyEngaged)


@pytest.mark.parametrize(
    ("past", "command", "refusal"),
    [
        ((), ACCEPT, NotEngaged),
        ((AWARD,), START, NotTakenOn),
        ((AWARD, ACCEPT), FINISH, NotStarted),
        ((AWARD, ACCEPT, START), PAY_OUT, NotFinished),
        ((AWARD, ACCEPT, START), Decline(at=on(7), reason="terms"), NotAwaitingAnswer),
        ((AWARD, ACCEPT, START, FINISH), Cancel(at=on(8), reason="not_needed"), EngagementOver),
        ((AWARD, ACCEPT, START, FINISH), Reassign(at=on(8), vendor=OTHER, reason="quality"), EngagementOver),
        ((AWARD, Cancel(at=on(5), reason="mistake")), Hold(at=on(6), reason="audit"), EngagementOver),
        ((AWARD, Cancel(at=on(5), reason="mistake")), Keep(at=on(6), sanction="1"), EngagementOver),
    ],
)
def test_each_step_takes_the_one_before(
    past: tuple[EngagementCommand, ...], command: EngagementCommand, refusal: type[Exception]
) -> None:
    refused = town().after(*past).when(command).refused
    assert type(refused) is refusal


def test_what_exposes_is_never_told_late() -> None:
    awarded = town().after(AWARD)
    awarded.when(replace(ACCEPT, at=on(3))).then_refused(BackDated)
    awarded.when(replace(AWARD, at=on(3))).then_refused(BackDated)
    awarded.when(replace(ACCEPT, at=on(4))).events()


def test_it_is_cancelled_while_it_is_under_way() -> None:
    cancelled = town().after(AWARD, ACCEPT).when(Cancel(at=on(6), reason="not_needed"))
    cancelled.then(Cancelled(at=on(6), reason="not_needed")).when(Cancel(at=on(7), reason="other")).then_nothing()


def test_it_lies_in_an_area_that_is_there() -> None:
    town().when(replace(AWARD, area="330106001009")).then_refused(area.AreaNotRegistered)


def test_it_is_given_to_another_vendor_who_must_be_allowed_it_too() -> None:
    with_two = with_other(town()).after(AWARD, ACCEPT)
    moved = with_two.when(Reassign(at=on(6), vendor=OTHER, reason="quality"))
    moved.then(Reassigned(at=on(6), vendor=OTHER, former=VENDOR, reason="quality", basis=GRANT))
    assert (moved.state.vendor, moved.state.status) == (OTHER, "awarded")
    with_two.when(Reassign(at=on(6), vendor=VENDOR.upper(), reason="quality")).then_refused(SameVendor)
    barred = with_two.knowing(sanction.decider, sanction.stream(OTHER), replace(SUSPENDED, vendor=OTHER, at=on(5)))
    barred.when(Reassign(at=on(6), vendor=OTHER, reason="quality")).then_refused(VendorSuspended)
    town().after(AWARD).when(Reassign(at=on(6), vendor=OTHER, reason="quality")).then_refused(VendorNotRegistered)


def test_nothing_goes_on_while_it_is_held() -> None:
    held = town().after(AWARD).when(Hold(at=on(5), reason="dispute")).then(Held(at=on(5), reason="dispute"))
    held.when(Hold(at=on(5), reason="audit")).then_nothing()
    held.when(ACCEPT).then_refused(EngagementHeld)
    free = held.when(Release(at=on(5))).then(Released(at=on(5)))
    free.when(Release(at=on(5))).then_nothing()
    finished = free.after(ACCEPT, START, FINISH, Hold(at=on(7), reason="audit"))
    finished.when(PAY_OUT).then_refused(EngagementHeld)
    town().after(AWARD, ACCEPT, Hold(at=on(5), reason="audit")).when(START).then_refused(EngagementHeld)


def test_what_was_earned_is_paid_although_the_grant_has_run_out() -> None:
    finished = town().after(AWARD, ACCEPT, START, FINISH)
    finished.when(replace(PAY_OUT, at=on(25))).then(PaidOut(at=on(25), amount_fen=50_000, basis=GRANT))


def test_who_is_suspended_is_not_paid_and_begins_nothing() -> None:
    suspended(town().after(AWARD, ACCEPT, START, FINISH)).when(PAY_OUT).then_refused(VendorSuspended)
    suspended(town().after(AWARD, ACCEPT)).when(replace(START, at=on(7))).then_refused(VendorSuspended)
    suspended(town()).when(replace(AWARD, at=on(7))).then_refused(VendorSuspended)


def test_what_is_kept_in_spite_of_a_suspension_is_finished_and_paid_but_not_in_spite_of_the_next_one() -> None:
    kept = suspended(town().after(AWARD, ACCEPT)).when(Keep(at=on(7), sanction="1"))
    going_on = kept.then(Kept(at=on(7), sanction="1"))
    going_on.when(Keep(at=on(7), sanction="1")).then_nothing()
    finished = going_on.after(replace(START, at=on(7)), replace(FINISH, at=on(8)))
    finished.when(replace(PAY_OUT, at=on(9))).events()
    again = replace(SUSPENDED, at=on(8, 12), number=2)
    suspended(finished, again).when(replace(PAY_OUT, at=on(9))).then_refused(VendorSuspended)
    barred = sanction.Blacklisted(
        at=on(8, 12), vendor=VENDOR, number=2, by="lin", reason="fraud", text="虚假材料", until=on(9, month=12)
    )
    suspended(finished, barred).when(replace(PAY_OUT, at=on(9))).then_refused(sanction.VendorBlacklisted)
    elsewhere = replace(again, scope=Scope(areas=("34",)))
    suspended(finished, elsewhere).when(replace(PAY_OUT, at=on(9))).events()


def test_nobody_keeps_work_in_spite_of_a_suspension_that_is_yet_to_come() -> None:
    """Each is a decision of its own: who was kept beforehand would slip through all of them."""
    awarded = town().after(AWARD, ACCEPT)
    for number in ("1", "2", "one", "01", " 1"):
        awarded.when(Keep(at=on(5), sanction=number)).then_refused(sanction.NoSuchSanction)
    suspended(awarded).when(Keep(at=on(7), sanction="2")).then_refused(sanction.NoSuchSanction)
    over = suspended(awarded, sanction.Lifted(at=on(6, 18), by="lin", number=1, reason="remedied"))
    over.when(Keep(at=on(7), sanction="1")).events()  # nobody chose by the deadline, and all goes on as before


def test_nothing_is_kept_in_spite_of_a_blacklist() -> None:
    barred = sanction.Blacklisted(
        at=on(6), vendor=VENDOR, number=1, by="lin", reason="fraud", text="虚假材料", until=on(9, month=12)
    )
    awarded = town().after(AWARD, ACCEPT).knowing(sanction.decider, sanction.stream(VENDOR), barred)
    awarded.when(Keep(at=on(7), sanction="1")).then_refused(NotToBeKept)


def test_an_emergency_waiver_does_for_a_qualification_and_for_nothing_else() -> None:
    awarded = emergency().when(AWARD).then(replace(AWARDED, basis=WAIVED))
    suspended(awarded).when(replace(ACCEPT, at=on(7))).then_refused(VendorSuspended)
    emergency(PROPOSED).when(AWARD).then_refused(exposure.NotQualified)
    emergency(replace(PROPOSED, what=("award",)), SIGNED).after(AWARD).when(ACCEPT).then_refused(exposure.NotQualified)


def test_a_single_use_waiver_is_named_and_carries_the_one_engagement_to_its_end() -> None:
    single = emergency(replace(PROPOSED, single_use=True), SIGNED)
    single.when(AWARD).then_refused(exposure.NotQualified)
    named = single.when(replace(AWARD, waiver=1)).then(replace(AWARDED, basis=WAIVED, waiver=1))
    named.after(ACCEPT, START, FINISH, PAY_OUT)


def test_there_can_be_only_one_engagement_for_a_single_use_waiver() -> None:
    """Whoever names a single-use waiver means the one stream that is derived from it; there it is spent."""
    once = engagement.stream_of(VENDOR, "parking", 1)
    assert once == engagement.stream_of(VENDOR.upper(), "parking", 1) == waiver.engagement_stream(VENDOR, "parking", 1)
    assert once != engagement.stream_of(VENDOR, "parking", 2)
    spent = emergency(replace(PROPOSED, single_use=True), SIGNED).after(replace(AWARD, waiver=1))
    spent.when(replace(AWARD, waiver=1, title="另一件")).then_refused(AlreadyEngaged)
    cancelled = spent.after(Cancel(at=on(5), reason="not_needed"))
    cancelled.when(replace(AWARD, at=on(6), waiver=1)).then_refused(AlreadyEngaged)


def test_a_single_use_waiver_does_not_go_over_to_another_vendor() -> None:
    moved = with_other(emergency(replace(PROPOSED, single_use=True), SIGNED)).after(replace(AWARD, waiver=1))
    told = moved.when(Reassign(at=on(6), vendor=OTHER, reason="vendor_unable"))
    told.then(Reassigned(at=on(6), vendor=OTHER, former=VENDOR, reason="vendor_unable", basis=GRANT))
    assert told.state.waiver == 0


def test_it_concerns_its_vendor_and_its_area() -> None:
    stream = engagement.stream_of(VENDOR, "parking", 1)
    whose = Whose(organisations=(VENDOR,), areas=(WILLOWS,))
    assert engagement.whose(stream, Engagement(), replace(AWARD, vendor=VENDOR.upper())) == whose
    assert engagement.whose(stream, town().after(AWARD).state, ACCEPT) == whose
    assert engagement.whose(stream, Engagement(), None) == Whose()


def test_it_waits_for_nothing() -> None:
    known_town().when(Elapse(label="", at=on(9))).then_nothing()
