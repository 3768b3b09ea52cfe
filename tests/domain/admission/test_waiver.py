"""Emergency waivers: two people, a reason, a scope and an end; only the need of a qualification is lifted."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from domain.admission import admission_scheme, vendor, waiver
from domain.admission.basis import Basis
from domain.admission.in_order import BackDated
from domain.admission.waiver import (
    Expired,
    Propose,
    Proposed,
    Revoke,
    Revoked,
    Sign,
    Signed,
    WaiverAwaitsSignature,
    WaiverCommand,
    WaiverEndsTooEarly,
    WaiverEvent,
    WaiverOver,
    Waivers,
    WaiverTooLong,
    WaiverUnknown,
)
from domain.admission.what import What
from domain.decider import Due, Elapse, Whose
from domain.parties import area
from domain.privacy.published import PublishedTextNamesPeople
from tests.domain import trade
from tests.domain.admission import qualifying
from tests.domain.small_town import AREAS, WILLOWS, on
from tests.domain.trade import VENDOR
from tests.scenario import Given, Streams, given

SCHEME = admission_scheme.Published(at=on(1), category="lifts", counts_from=on(1), document=qualifying.RULES)
Scenario = Given[WaiverCommand, Waivers, WaiverEvent]

PROPOSE = Propose(
    at=on(2),
    vendor=VENDOR,
    category="lifts",
    reason="public_safety",
    text="电梯停运 ",
    what=("award", "work", "award"),
    until=on(20),
    area=WILLOWS,
    by="anna",
)
PROPOSED = Proposed(
    at=on(2),
    number=1,
    vendor=VENDOR,
    category="lifts",
    reason="public_safety",
    text="电梯停运",
    what=("award", "work"),
    since=on(2),
    until=on(20),
    area=WILLOWS,
    by="anna",
)
SIGNED = Signed(at=on(3), number=1, by="bo")


def town(*events: WaiverEvent) -> Scenario:
    """The waivers of one vendor, in a town with one community."""
    scenario = given(waiver.decider, *events)
    for known in AREAS:
        scenario = scenario.knowing(area.decider, area.stream(known.code), known)
    scenario = scenario.knowing(vendor.decider, vendor.stream(VENDOR), trade.REGISTERED)
    return scenario.knowing(admission_scheme.decider, admission_scheme.stream("lifts"), SCHEME)


def basis(
    *events: WaiverEvent,
    day: int,
    what: What = "award",
    where: str = WILLOWS,
    single: int = 0,
) -> Basis | None:
    """What a decision hears on a day at nine."""
    streams = Streams({waiver.stream(VENDOR, "lifts"): waiver.decider.fold(events)})
    return waiver.basis(streams, VENDOR, "lifts", where, on(day), what, single)


def test_it_is_proposed_with_reason_scope_and_end_and_counts_once_a_second_person_has_signed() -> None:
    proposed = town().when(PROPOSE).then(PROPOSED)
    assert basis(PROPOSED, day=4) is None
    proposed.when(Sign(at=on(3), number=1, by="bo")).then(SIGNED)
    assert basis(PROPOSED, SIGNED, day=4) == Basis(kind="waiver", area=WILLOWS, number=1, until=on(20))
    proposed.when(Sign(at=on(3), number=1, by="bo")).go_on().when(Sign(at=on(4), number=1, by="bo")).then_nothing()


def test_it_allows_nothing_before_it_is_signed_nor_outside_its_scope_nor_from_its_end_on() -> None:
    assert basis(PROPOSED, SIGNED, day=2) is None
    assert basis(PROPOSED, SIGNED, day=20) is None
    assert basis(PROPOSED, SIGNED, day=4, what="pay_out") is None
    assert basis(PROPOSED, SIGNED, day=4, where=WILLOWS[:9]) is None
    assert basis(PROPOSED, SIGNED, day=4, where=f"{WILLOWS}001") is not None


def test_one_that_begins_later_counts_from_then_on() -> None:
    later = replace(PROPOSED, since=on(10))
    town().when(replace(PROPOSE, since=on(10))).then(later)
    assert basis(later, SIGNED, day=9) is None
    assert basis(later, SIGNED, day=10) is not None


def test_its_text_is_published_and_holds_no_telephone_number() -> None:
    town().when(replace(PROPOSE, text="请联系 13812345678")).then_refused(PublishedTextNamesPeople)


def test_it_lasts_ninety_days_at_most_and_neither_begins_in_the_past_nor_ends_before_it_begins() -> None:
    town().when(replace(PROPOSE, until=on(2) + timedelta(days=90))).events()
    town().when(replace(PROPOSE, until=on(2) + timedelta(days=90, seconds=1))).then_refused(WaiverTooLong)
    town().when(replace(PROPOSE, since=on(1))).then_refused(WaiverEndsTooEarly)
    town().when(replace(PROPOSE, since=on(20))).then_refused(WaiverEndsTooEarly)


def test_its_area_must_be_there_unless_it_is_the_whole_city() -> None:
    town().when(replace(PROPOSE, area="330106001009")).then_refused(area.AreaNotRegistered)
    town().when(replace(PROPOSE, area="")).then(replace(PROPOSED, area=""))


def test_it_is_for_a_vendor_that_is_registered() -> None:
    town().when(replace(PROPOSE, vendor=trade.NOBODY)).then_refused(vendor.VendorNotRegistered)


def test_it_is_for_a_category_that_vendors_are_admitted_to() -> None:
    town().when(replace(PROPOSE, category="moon_walks")).then_refused(admission_scheme.CategoryUnknown)


def test_one_proposal_waits_at_a_time() -> None:
    town(PROPOSED).when(replace(PROPOSE, at=on(3))).then_refused(WaiverAwaitsSignature)
    again = town(PROPOSED, SIGNED).when(replace(PROPOSE, at=on(4), until=on(30)))
    again.then(replace(PROPOSED, at=on(4), number=2, since=on(4), until=on(30)))


def test_it_runs_out_by_itself_once_at_its_own_end_however_late_that_is_seen() -> None:
    running = town(PROPOSED, SIGNED)
    assert waiver.agenda(running.state) == Due(on(20), "expire:1")
    expired = running.when(Elapse(label="expire:1", at=on(25))).then(Expired(at=on(20), number=1))
    assert waiver.agenda(expired.state) is None
    expired.when(Elapse(label="expire:1", at=on(26))).then_nothing()
    running.when(Elapse(label="expire:1", at=on(19))).then_nothing()


def test_what_nobody_signed_runs_out_too_and_makes_room_for_the_next() -> None:
    waiting = town(PROPOSED)
    again = waiting.when(replace(PROPOSE, at=on(20), until=on(30)))
    again.then(Expired(at=on(20), number=1), replace(PROPOSED, at=on(20), number=2, since=on(20), until=on(30)))
    waiting.when(Sign(at=on(21), number=1, by="bo")).then_refused(WaiverOver)


def test_it_is_taken_back_and_allows_nothing_from_then_on_not_even_to_who_tells_an_earlier_moment() -> None:
    revoked = Revoked(at=on(5), number=1, reason="emergency_over")
    back = town(PROPOSED, SIGNED).when(Revoke(at=on(5), number=1, reason="emergency_over")).then(revoked)
    assert basis(PROPOSED, SIGNED, revoked, day=6) is None
    assert basis(PROPOSED, SIGNED, revoked, day=4) is None
    back.when(Revoke(at=on(6), number=1, reason="misuse")).then_nothing()
    back.when(Sign(at=on(6), number=1)).then_refused(WaiverOver)


def test_nothing_is_told_late() -> None:
    town(PROPOSED).when(Sign(at=on(1), number=1)).then_refused(BackDated)
    town(PROPOSED, SIGNED).when(Revoke(at=on(2), number=1, reason="mistake")).then_refused(BackDated)


@pytest.mark.parametrize("number", [2, 9])
def test_an_unknown_one_can_neither_be_signed_nor_taken_back(number: int) -> None:
    town(PROPOSED).when(Sign(at=on(3), number=number)).then_refused(WaiverUnknown)
    town(PROPOSED).when(Revoke(at=on(3), number=number, reason="mistake")).then_refused(WaiverUnknown)


def test_a_single_use_waiver_counts_only_for_whoever_names_it() -> None:
    single = replace(PROPOSED, single_use=True)
    assert basis(single, SIGNED, day=4) is None
    assert basis(single, SIGNED, day=4, single=2) is None
    assert basis(single, SIGNED, day=4, single=1) is not None


def test_it_concerns_its_vendor_and_its_area() -> None:
    stream = waiver.stream(VENDOR, "lifts")
    assert waiver.whose(stream, Waivers(), PROPOSE) == Whose(organisations=(VENDOR,), areas=(WILLOWS,))
    both = town(PROPOSED, SIGNED, replace(PROPOSED, number=2, area="33")).state
    assert waiver.whose(stream, both, None).areas == (WILLOWS, "33")
    assert waiver.whose(stream, both, Sign(at=on(4), number=2)).areas == ("33",)
    assert waiver.whose(stream, Waivers(), None) == Whose()
