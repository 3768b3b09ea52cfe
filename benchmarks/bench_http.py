"""POST of a command over HTTP beside a POST handler that does nothing; and what serving 100,000 commands leaves behind.

Both servers are processes of their own (uvicorn, uvloop, httptools), the load comes from a third one. The command is
the report of a fault: it asks for the agreement and the calendar, computes deadlines and appends two events.
"""

from pathlib import Path

import psutil
import uvloop

from adapters.door import LedgerDoor
from adapters.ledger import PostgresLedger
from adapters.supervised import free_port
from benchmarks.load import Order, ordered
from benchmarks.measure import SETTINGS, Comparison, Rounds, Side, in_turns
from benchmarks.processes import linli, running
from benchmarks.report import HTTP, MEMORY, Report
from benchmarks.sample import BODY_OF_A_REPORT, agree

_TURN = 2.0  # seconds
_COMMANDS = 100_000


def bench_http(database: str, folder: Path, report: Report) -> None:
    """Every concurrency, then memory."""
    port, empty = free_port(None, what="api"), free_port(None, what="empty")
    environment = {"LINLI_DATABASE_URL": database, "LINLI_PORT": str(port), "LINLI_LOG_FORMAT": "json"}
    uvloop.run(_agree(database))
    with (
        linli("serve", environment, folder) as serve,
        running(["-m", "benchmarks.empty_server", str(empty)], {}, folder / "empty") as nothing,
    ):
        serve.wait_for(f"http://127.0.0.1:{port}/health/live")
        nothing.wait_for(f"http://127.0.0.1:{empty}/work-orders")
        served = uvloop.run(_bench(port, empty, report))
        uvloop.run(ordered(_order(port, 64, amount=max(1, _COMMANDS - served))))
        report.measured(MEMORY, psutil.Process(serve.pid).memory_info().rss / 1e6)


async def _agree(database: str) -> None:
    async with PostgresLedger(database) as ledger:
        await agree(LedgerDoor(ledger))


async def _bench(port: int, empty: int, report: Report) -> int:
    """Compare; how many commands were served on the way."""
    shown = Comparison("POST over HTTP", "requests")
    served = 0
    for concurrency in SETTINGS:
        sides = {"report of a fault": _side(port, concurrency), "empty handler": _side(empty, concurrency)}
        rounds = await in_turns(sides, rounds=5 if concurrency == 64 else 3)
        shown.add(f"{concurrency} concurrent", rounds)
        served += _amount(rounds)
        if concurrency == 64:
            report.measured(HTTP, rounds.ratio("report of a fault", "empty handler"))
    shown.print()
    return served


def _amount(rounds: Rounds) -> int:
    return sum(sample.amount for sample in rounds.samples["report of a fault"])


def _side(port: int, concurrency: int) -> Side:
    return lambda: ordered(_order(port, concurrency, seconds=_TURN))


def _order(port: int, concurrency: int, *, seconds: float = 0.0, amount: int = 0) -> Order:
    return Order(port, "/work-orders", BODY_OF_A_REPORT, concurrency, seconds, amount)
