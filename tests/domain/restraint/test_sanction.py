"""Sanctions: nothing new from that instant on, an appeal within its days, and an end at its own moment, once."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain.admission import admission_scheme
from domain.admission.what import What
from domain.decider import Due, Elapse, Refused
from domain.parties import area, organisation
from domain.restraint import sanction
from domain.restraint.sanction import (
    Appeal,
    Appealed,
    Blacklist,
    Blacklisted,
    Expired,
    Lift,
    Lifted,
    Overturn,
    Overturned,
    SanctionCommand,
    SanctionEvent,
    Sanctions,
    Suspend,
    Suspended,
    Upheld,
    Uphold,
)
from domain.restraint.scope import EVERYTHING, Scope
from tests.domain.admission import qualifying
from tests.domain.small_town import AREAS, WILLOWS, on
from tests.scenario import Given, Streams, given

Scenario = Given[SanctionCommand, Sanctions, SanctionEvent]
FIXIT = "00000000-0000-7000-8000-0000000f1817"
DISTRICT = WILLOWS[:6]
SINCE = on(2)
TEXT = "三次返修不合格，影响消防安全"


def town(*events: SanctionEvent) -> Scenario:
    """A vendor in a town with one community."""
    registered = organisation.Registered(at=on(1), name="修得快", kinds=("vendor",))
    scenario = given(sanction.decider, *events).knowing(organisation.decider, UUID(FIXIT), registered)
    for known in AREAS:
        scenario = scenario.knowing(area.decider, area.stream(known.code), known)
    for category in ("cameras", "lifts", "parking"):
        scheme = replace(qualifying.PUBLISHED, category=category)
        scenario = scenario.knowing(admission_scheme.decider, admission_scheme.stream(category), scheme)
    return scenario


def suspend(
    at: datetime = SINCE,
    *,
    until: datetime | None = None,
    categories: tuple[str, ...] = (),
    areas: tuple[str, ...] = (),
    text: str = TEXT,
    vendor: str = FIXIT,
) -> Suspend:
    return Suspend(
        at=at, vendor=vendor, by="lin", reason="quality", text=text, categories=categories, areas=areas, until=until
    )


def suspended(
    at: datetime = SINCE, number: int = 1, scope: Scope = EVERYTHING, until: datetime | None = None
) -> Suspended:
    return Suspended(
        at=at, vendor=FIXIT, number=number, by="lin", reason="quality", text=TEXT, scope=scope, until=until
    )


def blacklist(until: datetime, at: datetime = SINCE) -> Blacklist:
    return Blacklist(at=at, vendor=FIXIT, by="lin", reason="fraud", text="提供虚假材料谋取中标", until=until)


def appeal(at: datetime, number: int = 1) -> Appeal:
    return Appeal(at=at, by="wei", number=number, grounds="我们已经修好了", position=77)


APPEALED = Appealed(at=on(3), by="wei", number=1, grounds="我们已经修好了", position=77)


def allowed(
    state: Sanctions,
    at: datetime,
    what: What = "award",
    category: str = "lifts",
    place: str = WILLOWS,
    *,
    kept: bool | str = False,
) -> type[Refused] | None:
    """Why the vendor may not, if it may not."""
    try:
        sanction.must_not_restrain(Streams({sanction.stream(FIXIT): state}), FIXIT, what, category, place, at, kept)
    except Refused as refused:
        return type(refused)
    return None


# From that instant on -------------------------------------------------------------------------------------------------


def test_a_vendor_is_suspended_with_a_reason_a_scope_and_a_term() -> None:
    command = suspend(until=on(30), categories=("lifts",), areas=(DISTRICT,))
    town().when(command).then(suspended(scope=Scope(("lifts",), (DISTRICT,)), until=on(30)))


def test_asking_for_the_same_sanction_twice_is_no_news() -> None:
    town(suspended()).when(suspend(on(3))).then_nothing()


def test_sanctions_are_numbered_and_several_may_stand() -> None:
    state = town().after(suspend(), blacklist(on(20), at=on(3))).state
    assert [(each.number, each.kind) for each in sanction.restraints(state, on(4))] == [
        (1, "suspended"),
        (2, "blacklisted"),
    ]


@pytest.mark.parametrize("what", ["award", "offer", "accept", "pay_out", "work"])
def test_from_that_instant_nothing_goes_through(what: What) -> None:
    state = town(suspended(on(2, 12))).state
    assert allowed(state, on(2, 12), what) is sanction.VendorSuspended
    assert allowed(state, on(2, 12) + timedelta(microseconds=1), what) is sanction.VendorSuspended


def test_what_is_said_to_have_happened_before_but_is_said_after_does_not_slip_through() -> None:
    assert allowed(town(suspended(on(2, 12))).state, on(2, 11)) is sanction.VendorSuspended


def test_what_is_said_to_have_happened_while_it_stood_does_not_slip_through_once_it_is_over() -> None:
    state = town(suspended(on(2), until=on(5)), Expired(at=on(5), number=1)).state
    assert allowed(state, on(4)) is sanction.VendorSuspended
    assert allowed(state, on(5)) is None


def test_nothing_takes_effect_before_it_is_known() -> None:
    known = town(suspended(on(5)), Lifted(at=on(6), by="lin", number=1, reason="mistake"))
    known.when(suspend(on(3))).then(suspended(on(6), number=2))


@pytest.mark.parametrize(
    ("what", "lets"), [("award", False), ("offer", False), ("accept", False), ("pay_out", True), ("work", True)]
)
def test_what_was_chosen_to_be_finished_is_finished_and_paid_in_spite_of_a_suspension(
    what: What, *, lets: bool
) -> None:
    assert (allowed(town(suspended()).state, on(3), what, kept=True) is None) is lets


def test_what_is_kept_in_spite_of_one_suspension_is_not_kept_in_spite_of_the_next() -> None:
    once, twice = town(suspended()), town(suspended(), suspended(on(3), number=2))
    assert allowed(once.state, on(4), "pay_out", kept="1") is None
    assert allowed(twice.state, on(4), "pay_out", kept="1") is sanction.VendorSuspended
    assert allowed(twice.state, on(4), "pay_out", kept="2") is sanction.VendorSuspended


@pytest.mark.parametrize("what", ["award", "pay_out", "work"])
def test_a_blacklist_lets_nothing_through(what: What) -> None:
    state = town().after(suspend(), blacklist(on(20))).state
    assert allowed(state, on(3), what, kept=True) is sanction.VendorBlacklisted


@pytest.mark.parametrize(
    ("scope", "category", "place", "blocks"),
    [
        (Scope(), "lifts", WILLOWS, True),
        (Scope(), "lifts", "", True),
        (Scope(("lifts",)), "lifts", WILLOWS, True),
        (Scope(("lifts",)), "cameras", WILLOWS, False),
        (Scope(("lifts",)), "", WILLOWS, True),
        (Scope((), (DISTRICT,)), "lifts", WILLOWS, True),
        (Scope((), (WILLOWS,)), "lifts", DISTRICT, True),
        (Scope((), (WILLOWS,)), "lifts", "", True),
        (Scope((), (WILLOWS,)), "lifts", "330106001002", False),
        (Scope((), ("330107", WILLOWS)), "lifts", "330107002", True),
        (Scope((), ("330107",)), "lifts", WILLOWS, False),
        (Scope(("cameras",), (DISTRICT,)), "lifts", WILLOWS, False),
    ],
)
def test_a_scope_reaches_what_overlaps_it_either_way(scope: Scope, category: str, place: str, *, blocks: bool) -> None:
    state = town(suspended(scope=scope)).state
    assert (allowed(state, on(3), category=category, place=place) is sanction.VendorSuspended) is blocks


def test_a_scope_is_kept_in_order_and_without_what_another_area_takes_in() -> None:
    command = suspend(categories=("parking", "lifts", "lifts"), areas=(WILLOWS, DISTRICT))
    town().when(command).then(suspended(scope=Scope(("lifts", "parking"), (DISTRICT,))))
    town().when(suspend(areas=(WILLOWS, ""))).then(suspended())


def test_an_unknown_area_category_or_organisation_a_term_that_is_over_and_a_persons_number_are_refused() -> None:
    town().when(suspend(areas=("99",))).then_refused(area.AreaNotRegistered)
    town().when(suspend(categories=("moon_travel",))).then_refused(admission_scheme.CategoryUnknown)
    town().when(suspend(vendor="nobody")).then_refused(organisation.OrganisationNotRegistered)
    town().when(suspend(vendor=str(UUID(int=1)))).then_refused(organisation.OrganisationNotRegistered)
    town().when(suspend(until=on(2))).then_refused(sanction.SanctionEndsTooEarly)
    for text in ("联系人 13812345678", "法定代表人 110101199003070015"):
        town().when(suspend(text=text)).then_refused(sanction.PublishedTextNamesPeople)
    assert town().when(suspend(text="合同 2026031900138000")).events()


def test_nobody_is_blacklisted_for_longer_than_the_law_allows() -> None:
    three_years = on(2).replace(year=2029)
    town().when(blacklist(three_years)).then(
        Blacklisted(
            at=on(2), vendor=FIXIT, number=1, by="lin", reason="fraud", text="提供虚假材料谋取中标", until=three_years
        )
    )
    town().when(blacklist(three_years + timedelta(seconds=1))).then_refused(sanction.BanTooLong)
    leap = datetime.fromisoformat("2028-02-29T08:00:00+00:00")
    assert town().when(blacklist(leap.replace(year=2031, day=28), at=leap)).events()


# How it ends ----------------------------------------------------------------------------------------------------------


def test_a_term_runs_out_at_its_own_moment_once_however_late_it_is_noticed() -> None:
    standing = town(suspended(until=on(5)))
    assert sanction.agenda(standing.state) == Due(at=on(5), label="expire/1")
    over = standing.when(Elapse(label="expire/1", at=on(25))).then(Expired(at=on(5), number=1))
    over.when(Elapse(label="expire/1", at=on(25))).then_nothing()
    assert sanction.agenda(over.state) is None


def test_before_its_term_is_over_nothing_runs_out() -> None:
    town(suspended(until=on(5))).when(Elapse(label="", at=on(5) - timedelta(seconds=1))).then_nothing()


def test_several_terms_run_out_in_their_order_and_before_anything_later() -> None:
    standing = town(suspended(until=on(9)), suspended(number=2, until=on(5)), suspended(number=3))
    standing.when(Lift(at=on(20), by="lin", number=3, reason="remedied")).then(
        Expired(at=on(5), number=2),
        Expired(at=on(9), number=1),
        Lifted(at=on(20), by="lin", number=3, reason="remedied"),
    )


def test_it_is_lifted_from_now_on_and_stays_in_history() -> None:
    lifted = town(suspended()).when(Lift(at=on(4), by="lin", number=1, reason="remedied")).state
    assert [bool(sanction.restraints(lifted, at)) for at in (on(1), on(2), on(3), on(4))] == [False, True, True, False]
    assert allowed(lifted, on(4)) is None


def test_lifting_twice_is_no_news_and_what_is_over_cannot_be_lifted() -> None:
    lift = Lift(at=on(9), by="lin", number=1, reason="remedied")
    town(suspended()).after(lift).when(lift).then_nothing()
    town(suspended(until=on(5))).when(lift).then_refused(sanction.SanctionOver)
    town().when(lift).then_refused(sanction.NoSuchSanction)


# On appeal ------------------------------------------------------------------------------------------------------------


def test_an_appeal_freezes_the_evidence_at_a_position_of_the_log_and_the_sanction_stands_meanwhile() -> None:
    appealed = town(suspended()).when(appeal(on(3))).then(APPEALED)
    assert allowed(appealed.state, on(3)) is sanction.VendorSuspended


def test_an_appeal_is_made_within_fifteen_days() -> None:
    assert town(suspended()).when(appeal(on(17))).events()
    late = town(suspended()).when(appeal(on(17) + timedelta(seconds=1)))
    assert late.then_refused(sanction.SanctionAppealTooLate).details == {"until": on(17)}


def test_one_appeals_once_and_against_what_is_in_force() -> None:
    town(suspended(), APPEALED).when(appeal(on(4))).then_refused(sanction.AppealedAlready)
    town(suspended(until=on(3))).when(appeal(on(4))).then_refused(sanction.SanctionOver)
    town(suspended()).when(appeal(on(4), number=2)).then_refused(sanction.NoSuchSanction)


def test_an_upheld_sanction_stands() -> None:
    upheld = town(suspended(), APPEALED).when(Uphold(at=on(9), by="mei", number=1, finding="事实清楚"))
    upheld.then(Upheld(at=on(9), by="mei", number=1, finding="事实清楚"))
    assert allowed(upheld.state, on(9)) is sanction.VendorSuspended
    upheld.go_on().when(Overturn(at=on(10), by="mei", number=1, finding="事实不清")).then_refused(
        sanction.NoAppealPending
    )


def test_an_overturned_sanction_ends_now_and_not_earlier() -> None:
    command = Overturn(at=on(9), by="mei", number=1, finding="证据不足")
    overturned = town(suspended(), APPEALED).when(command)
    overturned.then(Overturned(at=on(9), by="mei", number=1, finding="证据不足"))
    assert [allowed(overturned.state, at) for at in (on(8), on(9))] == [sanction.VendorSuspended, None]
    overturned.go_on().when(command).then_nothing()


def test_an_appeal_is_heard_even_when_the_term_has_run_out_meanwhile() -> None:
    state = (
        town(suspended(until=on(5)), APPEALED).when(Overturn(at=on(9), by="mei", number=1, finding="证据不足")).state
    )
    found = state.one(1)
    assert found is not None
    assert (found.ended, found.ended_at) == ("expired", on(5))
    assert found.appeal is not None
    assert found.appeal.outcome == "overturned"


def test_without_an_appeal_there_is_nothing_to_hear() -> None:
    town(suspended()).when(Uphold(at=on(9), by="mei", number=1, finding="属实")).then_refused(sanction.NoAppealPending)


# Whose it is ----------------------------------------------------------------------------------------------------------


def test_a_sanction_on_several_areas_is_for_whoever_is_responsible_for_all_of_them() -> None:
    def place(*areas: str) -> tuple[str, ...]:
        return sanction.whose(sanction.stream(FIXIT), Sanctions(), suspend(areas=areas)).areas

    assert place(WILLOWS) == (WILLOWS,)
    assert place(WILLOWS, "330106002") == ("330106",)
    assert place(WILLOWS, "330107") == ("3301",)
    assert place() == place(WILLOWS, "11") == ()


def test_a_sanction_is_its_vendors_and_its_areas() -> None:
    state = town(suspended(scope=Scope((), (WILLOWS,)))).state
    for command in (None, Lift(at=on(3), by="lin", number=1, reason="mistake"), appeal(on(3))):
        whose = sanction.whose(sanction.stream(FIXIT), state, command)
        assert (whose.organisations, whose.areas) == ((FIXIT,), (WILLOWS,))
