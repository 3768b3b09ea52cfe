"""What is known of sanctions and fan-outs: who is restrained, whose clock is to run, what waits for a choice."""

from datetime import timedelta
from uuid import UUID

import pytest

from adapters.door import LedgerDoor
from adapters.ids import new_id
from adapters.ledger import PostgresLedger
from domain.access.permission import Sight
from domain.decider import Command
from domain.lifecycles import AnyDecider
from domain.parties import organisation
from domain.ports import Context
from domain.restraint import fan_out, sanction
from projections.restraint import fan_out_board, sanction_register
from projections.restraint.fan_out_board import FanOutBoard
from projections.restraint.sanction_register import SanctionRegister
from tests.domain.small_town import on
from tests.followed import followed


@pytest.fixture
async def vendors(door: LedgerDoor) -> list[str]:
    """Three organisations."""
    ids = [str(new_id()) for _ in range(3)]
    for each in ids:
        register = organisation.Register(at=on(1), name="某公司", kinds=("vendor",), country="SG")
        await do(door, organisation.decider, UUID(each), register)
    return ids


async def do(door: LedgerDoor, decider: AnyDecider, stream: UUID, command: Command) -> None:
    await door.execute(decider, stream, command, Context(actor="lin", occurred_at=on(2)))


async def suspend(door: LedgerDoor, vendor: str, until: int | None = None) -> None:
    command = sanction.Suspend(
        at=on(2),
        vendor=vendor,
        by="lin",
        reason="quality",
        text="返修不合格",
        until=None if until is None else on(until),
    )
    await do(door, sanction.decider, sanction.stream(vendor), command)


async def test_it_is_known_who_is_restrained_and_whose_clock_is_to_run(
    ledger: PostgresLedger, door: LedgerDoor, vendors: list[str]
) -> None:
    suspended, listed, lifted = vendors
    await suspend(door, suspended, until=9)
    await suspend(door, lifted)
    blacklist = sanction.Blacklist(at=on(2), vendor=listed, by="lin", reason="fraud", text="虚假材料", until=on(5))
    await do(door, sanction.decider, sanction.stream(listed), blacklist)
    lift = sanction.Lift(at=on(3), by="lin", number=1, reason="remedied")
    await do(door, sanction.decider, sanction.stream(lifted), lift)
    async with followed(ledger, sanction_register.projection):
        await ledger.wait(sanction_register.projection.name, await ledger.head(), timeout=20)
        register = SanctionRegister(ledger.pool)

        async def found(**filters: object) -> list[str]:
            rows = await register.page(sanction_register.Filters(**filters), None, 10)  # type: ignore[arg-type]
            return [row.state.vendor for row in rows]

        assert await found(kind="suspended") == [suspended]
        assert await found(kind="blacklisted") == [listed]
        assert await found(vendors=(suspended, lifted)) == sorted([suspended, lifted])
        assert [each async for each in register.open_clocks()] == [sanction.stream(listed), sanction.stream(suspended)]
        row = await register.of(UUID(listed))
        assert row is not None
        assert row.state.one(1) is not None


async def test_fan_outs_are_listed_by_deadline_to_whoever_may_see_them(
    ledger: PostgresLedger, door: LedgerDoor, vendors: list[str]
) -> None:
    for number, vendor in enumerate(vendors):
        await suspend(door, vendor)
        items = (fan_out.Item("engagement", f"e-{number}"),) if number else ()
        begin = fan_out.Begin(at=on(2), vendor=vendor, sanction=1, items=items, deadline=on(9) - timedelta(days=number))
        await do(door, fan_out.decider, fan_out.stream(vendor, 1), begin)
    await do(door, fan_out.decider, fan_out.stream(vendors[0], 1), fan_out.Close(at=on(2)))
    async with followed(ledger, fan_out_board.projection):
        await ledger.wait(fan_out_board.projection.name, await ledger.head(), timeout=20)
        board = FanOutBoard(ledger.pool)

        async def found(filters: fan_out_board.Filters) -> list[str]:
            return [row.state.vendor for row in await board.page(filters, None, 10)]

        assert await found(fan_out_board.Filters()) == vendors[::-1]
        assert await found(fan_out_board.Filters(open=False)) == vendors[:1]
        assert await found(fan_out_board.Filters(undecided=True)) == vendors[:0:-1]
        assert await found(fan_out_board.Filters(sight=Sight(organisations=(vendors[1],)))) == [vendors[1]]
        assert await found(fan_out_board.Filters(sight=Sight(areas=("3301",)))) == []
        assert [each async for each in board.open_clocks()] == [fan_out.stream(each, 1) for each in vendors[:0:-1]]
