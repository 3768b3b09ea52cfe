"""Work orders feed the standing of the company that has them to do, each event once."""

import asyncio
from uuid import UUID

import pytest
from msgspec.structs import replace

from adapters.bookmark import PostgresBookmark
from adapters.door import LedgerDoor
from adapters.ids import new_id
from adapters.ledger import PostgresLedger
from domain import service_agreement, work_calendar, work_order
from domain.decider import Command
from domain.evaluation import standing
from domain.evaluation.evidence import Entry
from domain.lifecycles import AnyDecider
from domain.parties import organisation
from domain.ports import Context, Door
from tests import everybody
from tests.domain.evaluation.rated import FIXIT
from tests.domain.small_town import GARDEN, IN_PROGRESS, LINES, OFFICE, RESOLVED, elapse, on
from workflows.evidence import NAME, evidence, note_with_the_log

REOPENED = work_order.Reopen(at=on(3), reason="again")


async def do(door: Door, decider: AnyDecider, stream: UUID, *commands: Command) -> UUID:
    await door.execute(decider, stream, commands, Context(actor="clerk", occurred_at=on(2)))
    return stream


@pytest.fixture
async def town(door: LedgerDoor) -> Door:
    """A vendor, and what the garden was promised."""
    fixit = organisation.Register(at=on(1), name="明达水电", kinds=("owners_committee",))
    await do(door, organisation.decider, FIXIT, fixit)
    calendar = work_calendar.Publish(at=on(1), key="office", working_time=OFFICE)
    await do(door, work_calendar.decider, work_calendar.stream("office"), calendar)
    terms = service_agreement.Publish(at=on(1), community=GARDEN, lines=LINES)
    await do(door, service_agreement.decider, service_agreement.stream(GARDEN), terms)
    return door


def of_fixit(*commands: work_order.WorkOrderCommand) -> list[work_order.WorkOrderCommand]:
    """The same, with the vendor as the company."""
    return [replace(each, company=str(FIXIT)) if isinstance(each, work_order.Assign) else each for each in commands]


async def followed(ledger: PostgresLedger) -> dict[str, Entry]:
    """What is known of the vendor once the log has been followed by the real door of permissions."""
    door = everybody.real_door_to(ledger)
    following = asyncio.create_task(note_with_the_log(ledger, door, PostgresBookmark(ledger.pool, NAME)))
    try:
        assert await ledger.wait(NAME, await ledger.head(), timeout=20)
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
    state = (await door.load(standing.decider, standing.stream(str(FIXIT)))).state
    return {
        f"{name.split('/')[2]} {entry.kind}": entry for month in state.months.values() for name, entry in month.items()
    }


def kinds(found: dict[str, Entry]) -> list[str]:
    return sorted(f"{entry.kind}{' withdrawn' if entry.withdrawn else ''}" for entry in found.values())


async def test_work_in_time_that_had_to_be_done_again_is_told(town: Door, ledger: PostgresLedger) -> None:
    await do(town, work_order.decider, new_id(), *of_fixit(*IN_PROGRESS, RESOLVED, REOPENED))
    assert kinds(await followed(ledger)) == ["repeat_fault", "sla_kept", "work_done"]


async def test_a_breach_counts_until_it_turns_out_not_to_have_been_one(town: Door, ledger: PostgresLedger) -> None:
    order = await do(town, work_order.decider, new_id(), *of_fixit(*IN_PROGRESS), elapse(on(4)))
    assert kinds(await followed(ledger)) == ["sla_breached"]
    await do(town, work_order.decider, order, replace(RESOLVED, at=on(2, 11)))
    assert kinds(await followed(ledger)) == ["sla_breached withdrawn", "sla_kept", "work_done"]


async def test_reading_the_log_again_from_the_beginning_counts_nothing_twice(
    town: Door, ledger: PostgresLedger
) -> None:
    await do(town, work_order.decider, new_id(), *of_fixit(*IN_PROGRESS, RESOLVED))
    once = await followed(ledger)
    events = await ledger.head()
    await ledger.pool.execute("DELETE FROM linli_projections WHERE name = $1", NAME)
    assert await followed(ledger) == once
    assert await ledger.head() == events


async def test_a_company_that_nobody_registered_is_passed_over(town: Door, ledger: PostgresLedger) -> None:
    stranger = replace(IN_PROGRESS[2], company=str(new_id()))
    somebody_else = replace(IN_PROGRESS[2], company=str(work_calendar.stream("office")))
    for assigned in (IN_PROGRESS[2], stranger, somebody_else):
        life = [*IN_PROGRESS[:2], assigned, IN_PROGRESS[3], RESOLVED]
        await do(town, work_order.decider, new_id(), *life)
    await do(town, work_order.decider, new_id(), *of_fixit(*IN_PROGRESS, RESOLVED))
    assert kinds(await followed(ledger)) == ["sla_kept", "work_done"]


def test_each_piece_names_its_case_and_the_event_it_comes_from() -> None:
    order = UUID(int=7)
    told: list[work_order.WorkOrderEvent] = [
        work_order.Reported(
            at=on(2), community="330106001001", category="lifts", summary="", channel="phone", reporter=""
        ),
        work_order.Assigned(at=on(2), company=str(FIXIT)),
        work_order.Breached(at=on(3), of="resolution"),
    ]
    (noted,) = evidence(order, told, 913)
    assert (noted.id, noted.subject) == (f"work_order/{order}/3/sla_breached", f"work_order/{order}")
    assert (noted.vendor, noted.area, noted.category, noted.source) == (str(FIXIT), "330106001001", "lifts", 913)
    assert not list(evidence(order, [*told[:1], *told[2:]], 913))
    assert not list(evidence(order, [*told[:2], work_order.Breached(at=on(3), of="assignment")], 913))
