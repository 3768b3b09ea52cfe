"""POST of a command over HTTP beside a POST handler that does nothing; and what serving 100,000 commands leaves behind.

Both servers are processes of their own (uvicorn, uvloop, httptools), the load comes from a third one. The headline is
the same mix as that of `bench_command`: whole lives of work orders, each command when the one before it is answered.
Beside it reports alone, the command that does most: it reads agreement and calendar, and computes every deadline.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil
import uvloop

from adapters.ledger import PostgresLedger
from adapters.master_key import MasterKey
from adapters.signing_keys import SigningKeys
from adapters.supervised import free_port
from adapters.tokens import SignedTokens
from adapters.wiring.core import now
from api.desk import CONSOLE
from api.work_order_examples import OFFERS
from benchmarks.load import PATH, Order, Step, ordered
from benchmarks.measure import SETTINGS, Comparison, Side, in_turns
from benchmarks.processes import linli, running
from benchmarks.report import HTTP, MEMORY, Report
from benchmarks.sample import LIFE, RESIDENT, STAFF, agree, asked, body, door_to, key_file, let_in

_TURN = 1.5  # seconds
_COMMANDS = 100_000
_NAMES = {offer.command: offer.name for offer in OFFERS}


def bench_http(database: str, folder: Path, report: Report) -> None:
    """Every concurrency, then memory."""
    port, empty = free_port(None, what="api"), free_port(None, what="empty")
    environment = {
        "LINLI_DATABASE_URL": database,
        "LINLI_PORT": str(port),
        "LINLI_LOG_FORMAT": "json",
        "LINLI_MASTER_KEY_FILE": str(key_file()),
        "LINLI_REQUESTS_PER_MINUTE": "0",
    }
    tokens = uvloop.run(_agree(database, f"http://127.0.0.1:{port}"))
    life = tuple(Step(_NAMES.get(type(command), ""), body(command), tokens[asked(command).actor]) for command in LIFE)
    with (
        linli("serve", environment, folder) as serve,
        running(["-m", "benchmarks.empty_server", str(empty)], {}, folder / "empty") as nothing,
    ):
        serve.wait_for(f"http://127.0.0.1:{port}/health/live")
        nothing.wait_for(f"http://127.0.0.1:{empty}{PATH}")
        served = uvloop.run(_bench(port, empty, life, report))
        uvloop.run(ordered(Order(port, life, 64, amount=max(1, _COMMANDS - served))))
        report.measured(MEMORY, psutil.Process(serve.pid).memory_info().rss / 1e6)


async def _agree(database: str, issuer: str) -> Mapping[str, str]:
    """Tokens of those who act here, good for ten minutes."""
    async with PostgresLedger(database) as ledger:
        door = door_to(ledger)
        await agree(door)
        tokens = SignedTokens(SigningKeys(ledger.pool, MasterKey(key_file()), now), issuer, now)
        return {
            principal: (await tokens.issue(principal, CONSOLE, await let_in(door, principal))).text
            for principal in (STAFF, RESIDENT)
        }


async def _bench(port: int, empty: int, life: Sequence[Step], report: Report) -> int:
    """Compare; how many commands were served on the way."""
    shown = Comparison("POST over HTTP", "requests")
    served = 0
    for concurrency in SETTINGS:
        sides = {
            "whole lives": _side(port, life, concurrency),
            "whole lives, empty handlers": _side(empty, life, concurrency),
            "reports": _side(port, life[:1], concurrency),
            "reports, empty handler": _side(empty, life[:1], concurrency),
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
