"""Durable single-event commands through `append`: against the library's recorder, a bare INSERT, and UmaDB."""

from pathlib import Path

import uvloop

from adapters.ledger import PostgresLedger
from benchmarks.measure import SETTINGS, Comparison, Rounds, Sample, Side, by_tasks, by_threads, in_turns, lasting
from benchmarks.opponents import Raw, Stock, Uma, umadb_server
from benchmarks.report import APPEND_P99, RAW, STOCK, UMADB, Report
from benchmarks.sample import one_event

_TURN = 1.0  # seconds


def bench_append(database: str, folder: Path, report: Report) -> None:
    """Every setting with all who can be in it; then the four figures at the settings they were promised for."""
    with umadb_server(folder) as port:
        uvloop.run(_bench(database, Uma(port), report))


async def _bench(database: str, uma: Uma, report: Report) -> None:
    raw = await Raw.open(database)
    shown = Comparison("Durable single-event commands", "commands")
    async with PostgresLedger(database) as ledger:
        for concurrency in SETTINGS:
            with Stock(database, concurrency) as stock, Stock(database, 8) as stock8:
                sides = {"ours": ours(ledger, concurrency), "stock recorder": _stock(stock, concurrency)}
                sides["UmaDB"] = _uma(uma, concurrency)
                if concurrency == 64:
                    sides |= {"stock recorder, 8 threads": _stock(stock8, 8), "raw INSERT, 1 connection": _raw(raw)}
                rounds = await in_turns(sides, rounds=5 if concurrency == 64 else 3)
            shown.add(f"{concurrency} concurrent", rounds)
            if concurrency == 64:
                _judge(rounds, report)
    await raw.close()
    shown.print()


def _judge(rounds: Rounds, report: Report) -> None:
    report.measured(STOCK, rounds.ratio("ours", "stock recorder, 8 threads"))
    report.measured(RAW, rounds.ratio("ours", "raw INSERT, 1 connection"))
    report.measured(APPEND_P99, rounds.percentile("ours", 99))
    report.measured(UMADB, rounds.ratio("ours", "UmaDB"))


def ours(ledger: PostgresLedger, concurrency: int) -> Side:
    """Our ledger."""
    return lambda: by_tasks(lambda _: ledger.append(one_event()), lasting(_TURN), concurrency)


def _stock(stock: Stock, threads: int) -> Side:
    return lambda: by_threads(stock.append, lasting(_TURN), threads)


def _uma(uma: Uma, threads: int) -> Side:
    return lambda: by_threads(uma.append, lasting(_TURN), threads)


def _raw(raw: Raw) -> Side:
    async def side() -> Sample:
        done = await by_tasks(raw.insert, lasting(_TURN), 1)
        return Sample(done.amount * Raw.ROWS, done.seconds)

    return side
