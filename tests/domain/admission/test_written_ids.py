"""However the id of a vendor is written, it is the same vendor: for what is given to it as for what it is kept from."""

from collections.abc import Callable
from typing import Final
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain import work_order
from domain.admission import admission_scheme, qualification, vendor, waiver
from domain.decider import Command
from domain.engaging import engagement
from domain.evaluation import standing
from domain.lifecycles import AnyDecider
from domain.parties import organisation
from domain.restraint import fan_out, sanction, screening
from domain.restraint.sanction import VendorSuspended
from domain.work_order import Assign, HandOver, Triage
from tests.domain import trade
from tests.domain.engaging.engaged import AWARD, PROPOSED, SCHEME, VENDOR, town
from tests.domain.small_town import WILLOWS, OrderScenario, on, order, report
from tests.scenario import Streams

WRITTEN: Final = (
    VENDOR.upper(),
    VENDOR.replace("-", ""),
    f"urn:uuid:{VENDOR}",
    f"{{{VENDOR}}}",
    f" {VENDOR} ",
    f"\t{VENDOR.upper()}\n",
)
SUSPENDED: Final = sanction.Suspended(at=on(3), vendor=VENDOR, number=1, by="lin", reason="quality", text="三次返修")
STREAMS: Final[dict[str, Callable[[str], UUID]]] = {
    "qualification": lambda who: qualification.stream(who, "parking", WILLOWS),
    "waiver": lambda who: waiver.stream(who, "parking"),
    "engagement": lambda who: engagement.stream_of(who, "parking", 1),
    "standing": standing.stream,
    "sanction": sanction.stream,
    "screening": screening.stream,
    "fan_out": lambda who: fan_out.stream(who, 1),
}


@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize("of", STREAMS)
def test_all_about_a_vendor_lies_in_the_same_streams(of: str, written: str) -> None:
    assert STREAMS[of](written) == STREAMS[of](VENDOR)


@pytest.mark.parametrize("written", WRITTEN)
def test_a_suspended_vendor_gets_nothing_under_another_spelling(written: str) -> None:
    suspended = town().knowing(sanction.decider, sanction.stream(VENDOR), SUSPENDED)
    suspended.when(replace(AWARD, vendor=written)).then_refused(VendorSuspended)
    orders = triaged().knowing(sanction.decider, sanction.stream(VENDOR), SUSPENDED)
    orders.when(Assign(at=on(4), company=written)).then_refused(VendorSuspended)
    over = HandOver(at=on(4), company=written, reason="nearer")
    orders.after(Assign(at=on(4), company="c-1")).when(over).then_refused(VendorSuspended)


def triaged() -> OrderScenario:
    """A work order that waits for a company."""
    return order(report(on(2)), Triage(at=on(2), priority=3))


@pytest.mark.parametrize("written", WRITTEN)
def test_work_under_way_is_found_with_the_vendor_that_it_was_given_to(written: str) -> None:
    """The fan-out of a sanction, and whose the work is, look for the one way in which ids are written."""
    told = triaged().when(Assign(at=on(4), company=written)).events()
    assert [each.company for each in told if isinstance(each, work_order.Assigned)] == [VENDOR]
    over = HandOver(at=on(4), company=written, reason="nearer")
    given_over = triaged().after(Assign(at=on(4), company="c-1")).when(over).events()
    assert [each.company for each in given_over if isinstance(each, work_order.HandedOver)] == [VENDOR]
    again = triaged().after(Assign(at=on(4), company=VENDOR))
    again.when(Assign(at=on(4), company=written)).then_nothing()
    again.when(over).then_nothing()


@pytest.mark.parametrize("written", WRITTEN)
def test_what_is_told_of_a_vendor_tells_its_id_in_one_way(written: str) -> None:
    """Scopes of appointments are compared with it."""
    ask = Streams(
        {
            organisation.stream(trade.CODE): organisation.decider.fold((trade.COMPANY,)),
            vendor.stream(VENDOR): vendor.decider.fold((trade.REGISTERED, trade.VERIFIED)),
            admission_scheme.stream("parking"): admission_scheme.decider.fold((SCHEME,)),
        }
    )
    said: list[tuple[AnyDecider, Command]] = [
        (
            waiver.decider,
            waiver.Propose(
                at=on(3),
                vendor=written,
                category="parking",
                reason="public_safety",
                text="道闸失控",
                what=("award",),
                until=PROPOSED.until,
            ),
        ),
        (
            qualification.decider,
            qualification.Submit(
                at=on(3),
                by="lin",
                vendor=written,
                category="parking",
                answers=(qualification.Answer("capital", 600_000_000),),
            ),
        ),
        (standing.decider, standing.Note(at=on(3), vendor=written, id="e", kind="complaint", happened_at=on(2))),
        (standing.decider, standing.ClosePeriod(at=on(3), vendor=written, period="2026-02")),
        (screening.decider, screening.Record(at=on(3), vendor=written, name="明达")),
        (sanction.decider, sanction.Suspend(at=on(3), vendor=written, by="lin", reason="quality", text="返修")),
    ]
    for decider, command in said:
        assert decider.whose(UUID(int=1), decider.initial, command).organisations == (VENDOR,), command
        if not isinstance(command, standing.ClosePeriod):
            (told, *_) = decider.decide(command, decider.initial, ask)
            assert told.vendor == VENDOR
