"""The board of work orders, followed live and rebuilt, beside the library's ProjectionRunner doing the same folds.

The stock side is given our decoders, our fold and our row, keeps every state in memory and writes one row an event with
its tracking record: what is left to compare is how events and rows travel.
"""

import asyncio
import functools
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from time import perf_counter
from typing import Any

import asyncpg
import uvloop

from adapters.ledger import COLUMNS, PostgresLedger
from adapters.vault import vault_at
from benchmarks.measure import Comparison, Sample, Side, in_turns
from benchmarks.report import LIVE, REBUILD, REPLAY, Report
from benchmarks.sample import EVENTS_OF_A_LIFE, key_file, live, vault_on
from benchmarks.stock_runner import StockBoard
from projections import work_order_board
from projections.bulk import Processes
from projections.follower import Follower
from projections.projection import Projection
from projections.rebuild import rebuild

_LIVES = 2_500
"""Work orders that are new in each round of the live comparison."""
_STOCK_EVENTS = 1_300
_PAST = 15_000
"""Work orders in the log that is rebuilt."""
STOCK = "stock ProjectionRunner"
_NAME = work_order_board.projection.name


def bench_live(database: str, report: Report) -> None:
    """The same new events, first through our follower, then (the first of them) through the stock runner."""
    uvloop.run(_live(database, report))


def bench_rebuild(database: str, report: Report) -> None:
    """The whole log: rebuilt with all processors and with one process, only read, and folded by the stock runner."""
    uvloop.run(_rebuild(database, report))


async def _live(database: str, report: Report) -> None:
    async with PostgresLedger(database) as ledger:
        await follow(ledger)  # makes the table

        async def ours() -> Sample:
            await live(ledger, _LIVES)
            return await _timed(_LIVES * EVENTS_OF_A_LIFE, lambda: follow(ledger))

        sides = {"ours": ours, **_stock_both_ways(database, ledger, _LIVES)}
        rounds = await in_turns(sides)
        shown = Comparison("The board, live", "events")
        shown.add(f"{_LIVES * EVENTS_OF_A_LIFE:,} new events", rounds)
        shown.print()
        report.measured(LIVE, rounds.ratio("ours", STOCK))


async def _rebuild(database: str, report: Report) -> None:
    async with PostgresLedger(database) as ledger:
        await live(ledger, _PAST)
        events, vault = _PAST * EVENTS_OF_A_LIFE, vault_on(ledger)
        own_vault = functools.partial(vault_at, database, key_file())
        everybody = Processes(os.cpu_count() or 1, database, own_vault)

        def ours(processes: Processes | None) -> Side:
            return lambda: _timed(
                events,
                lambda: rebuild(work_order_board.projection, ledger, ledger.pool, vault=vault, processes=processes),
            )

        sides: dict[str, Side] = {
            "ours, all processors": ours(everybody),
            "ours, one process": ours(None),
            "raw read": lambda: _timed(events, lambda: _read(database)),
            **_stock_both_ways(database, ledger, _PAST),
        }
        rounds = await in_turns(sides)
    shown = Comparison("The board, rebuilt", "events")
    shown.add(f"{events:,} events", rounds)
    shown.print()
    report.measured(REBUILD, rounds.ratio("ours, all processors", STOCK))
    report.measured(REPLAY, rounds.ratio("ours, all processors", "raw read"))


async def _timed(events: int, work: Callable[[], Awaitable[object]]) -> Sample:
    started = perf_counter()
    await work()
    return Sample(events, perf_counter() - started)


async def follow(ledger: PostgresLedger, projection: Projection[Any, Any] = work_order_board.projection) -> None:
    """Follow, from wherever the read model is, until it has everything that is in the log now."""
    following = asyncio.create_task(Follower(projection, ledger, ledger.pool, vault=vault_on(ledger)).run())
    assert await ledger.wait(projection.name, await ledger.head(), timeout=120)
    following.cancel()
    with suppress(asyncio.CancelledError):
        await following


async def _read(dsn: str) -> None:
    """The whole log in order, as the driver hands it over, on one connection."""
    connection = await asyncpg.connect(dsn)
    async with connection.transaction(readonly=True):
        query = f"SELECT {COLUMNS} FROM linli_events ORDER BY notification_id"  # noqa: S608 - our own names
        cursor = await connection.cursor(query)
        while await cursor.fetch(5000):
            pass
    await connection.close()


def _stock_both_ways(dsn: str, ledger: PostgresLedger, lives: int) -> dict[str, Side]:
    """The first events of the newest so many work orders; as it comes, and (as ours) with commits that need no disk."""

    def side(*, waits_for_disk: bool) -> Side:
        async def fold() -> Sample:
            after = max(0, await ledger.head() - lives * EVENTS_OF_A_LIFE)
            board = await StockBoard.create(dsn, after)
            return await asyncio.to_thread(board.fold, _STOCK_EVENTS, waits_for_disk=waits_for_disk)

        return fold

    return {STOCK: side(waits_for_disk=True), f"{STOCK}, asynchronous commit": side(waits_for_disk=False)}
