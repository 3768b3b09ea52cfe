"""POST of a command over HTTP beside a POST handler that does nothing; and what serving 100,000 commands leaves behind.

Both servers are processes of their own (uvicorn, uvloop, httptools), the load comes from a third one. The headline is
the same mix as that of `bench_command`: whole lives of work orders, each command when the one before it is answered.
Beside it reports alone, the command that does most: it reads agreement and calendar, and computes every deadline.
"""

from collections.abc import Sequence
from pathlib import Path

import psutil
import uvloop

from adapters.ledger import PostgresLedger
from adapters.supervised import free_port
from api.work_order_examples import OFFERS
from benchmarks.load import PATH, Order, Step, ordered
from benchmarks.measure import SETTINGS, Comparison, Side, in_turns
from benchmarks.processes import linli, running
from benchmarks.report import HTTP, MEMORY, Report
from benchmarks.sample import LIFE, agree, body, door_to

_TURN = 1.5  # seconds
_COMMANDS = 100_000
_NAMES = {offer.command: offer.name for offer in OFFERS}
_LIFE = tuple(Step(_NAMES.get(type(command), ""), body(command)) for command in LIFE)
_REPORTS = _LIFE[:1]


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
        nothing.wait_for(f"http://127.0.0.1:{empty}{PATH}")
        served = uvloop.run(_bench(port, empty, report))
        uvloop.run(ordered(Order(port, _LIFE, 64, amount=max(1, _COMMANDS - served))))
        report.measured(MEMORY, psutil.Process(serve.pid).memory_info().rss / 1e6)


async def _agree(database: str) -> None:
    async with PostgresLedger(database) as ledger:
        await agree(door_to(ledger))


async def _bench(port: int, empty: int, report: Report) -> int:
    """Compare; how many commands were served on the way."""
    shown = Comparison("POST over HTTP", "requests")
    served = 0
    for concurrency in SETTINGS:
        sides = {
            "whole lives": _side(port, _LIFE, concurrency),
            "whole lives, empty handlers": _side(empty, _LIFE, concurrency),
            "reports": _side(port, _REPORTS, concurrency),
            "reports, empty handler": _side(empty, _REPORTS, concurrency),
        }
        rounds = await in_turns(sides, rounds=5 if concurrency == 64 else 3)
        shown.add(f"{concurrency} concurrent", rounds)
        served += sum(sample.amount for side in ("whole lives", "reports") for sample in rounds.samples[side])
        if concurrency == 64:
            report.measured(HTTP, rounds.ratio("whole lives", "whole lives, empty handlers"))
    shown.print()
    return served


def _side(port: int, steps: Sequence[Step], concurrency: int) -> Side:
    return lambda: ordered(Order(port, tuple(steps), concurrency, _TURN))
