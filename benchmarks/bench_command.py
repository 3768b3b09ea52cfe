"""One whole command (load, fold, decide, append) as a share of `append` alone.

The headline is the door as it comes, on what a day consists of: work orders are reported, triaged ... accepted, each
command decided on what the ones before it left. Beside it a single kind of command on work orders half done, with their
states in memory and with none.
"""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import uvloop

from adapters.door import LedgerDoor
from adapters.ids import new_id
from adapters.ledger import PostgresLedger
from benchmarks.measure import SETTINGS, Comparison, Sample, Side, by_tasks, in_turns, lasting
from benchmarks.report import COMMAND, Report
from benchmarks.sample import LIFE, MINUTE, MORNING, agree, asked, door_to, one_event
from domain import work_order
from domain.work_order import Comment, WorkOrderCommand

_ORDERS = {1: 30, 8: 150, 64: 600, 512: 600}
_HALF_DONE = 5  # commands
_REMARK = Comment(at=MORNING + 35 * MINUTE, text="需要更换下水管密封圈")


class Wish(NamedTuple):
    """A command on a work order."""

    stream: UUID
    command: WorkOrderCommand


def bench_command(database: str, report: Report) -> None:
    """Whole commands and bare appends in turns, on one ledger."""
    uvloop.run(_bench(database, report))


async def _bench(database: str, report: Report) -> None:
    shown = Comparison("Whole commands beside append alone", "commands")
    async with PostgresLedger(database) as ledger:
        door = door_to(ledger)
        await agree(door)
        for concurrency in SETTINGS:
            sides = {
                "append alone": _append(ledger, concurrency),
                "whole lives": lives(door, concurrency),
                "comments, states in memory": _comments(ledger, concurrency, warm=True),
                "comments, states from the log": _comments(ledger, concurrency, warm=False),
            }
            rounds = await in_turns(sides, rounds=5 if concurrency == 64 else 3)
            shown.add(f"{concurrency} concurrent", rounds)
            if concurrency == 64:
                report.measured(COMMAND, rounds.ratio("whole lives", "append alone"))
    shown.print()


def _append(ledger: PostgresLedger, concurrency: int) -> Side:
    return lambda: by_tasks(lambda _: ledger.append(one_event()), lasting(1.0), concurrency)


def lives(door: LedgerDoor, concurrency: int) -> Side:
    """Work orders from report to acceptance, one command of each after the other."""

    async def side() -> Sample:
        streams = [new_id() for _ in range(_ORDERS[concurrency])]
        return await _do(door, [Wish(stream, command) for command in LIFE for stream in streams], concurrency)

    return side


def _comments(ledger: PostgresLedger, concurrency: int, *, warm: bool) -> Side:
    async def side() -> Sample:
        before = door_to(ledger)
        streams = [new_id() for _ in range(_ORDERS[concurrency] * 4)]
        await _do(before, [Wish(stream, command) for command in LIFE[:_HALF_DONE] for stream in streams], 512)
        door = before if warm else door_to(ledger)
        return await _do(door, [Wish(stream, _REMARK) for stream in streams], concurrency)

    return side


async def _do(door: LedgerDoor, wishes: Sequence[Wish], concurrency: int) -> Sample:
    async def one(number: int) -> None:
        stream, command = wishes[number]
        await door.execute(work_order.decider, stream, command, asked(command))

    return await by_tasks(one, range(len(wishes)), concurrency)
