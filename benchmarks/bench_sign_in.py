"""How late the event loop is for everybody else while people sign in: a password takes 25 ms of a processor, aside.

The whole API in this process, asked without a network: `POST /sign-in` of eight people at a time, again and again.
Beside it something wants to run every millisecond, and notes how late it was let.
"""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import httpx
import uvloop

from adapters.content_check import ContentChecker
from adapters.engines import Engines
from adapters.ids import new_id
from adapters.settings import Settings
from adapters.wiring.core import core
from adapters.wiring.desk import signing_in
from adapters.wiring.serving import files, ports_on
from api.account_keeping import open_account
from api.app import create_app
from benchmarks.measure import Sample, by_tasks
from benchmarks.report import SIGNING_IN, Report
from benchmarks.sample import said

_AT_ONCE = 8
_SIGN_INS = 400
_EVERY = 0.001  # seconds
_PASSWORD = "a long sentence nobody guesses"  # noqa: S105 - of nobody


def bench_sign_in(database: str, folder: Path, report: Report) -> None:
    """One run."""
    uvloop.run(_bench(database, folder, report))


async def _bench(database: str, folder: Path, report: Report) -> None:
    settings = Settings(data_dir=folder, port=8765)
    async with (
        core(settings, Engines(database)) as running,
        signing_in(settings, running) as desk,
        ContentChecker() as checker,
    ):
        for number in range(_AT_ONCE):
            person, operator = str(new_id()), said(datetime.now(UTC), "operator")
            await open_account(desk, person, f"person.{number}", _PASSWORD, operator)
        ports = ports_on(running, files(settings, running, checker))
        app = create_app(ports, desk=desk, identify=desk.identification.who, ready={})
        transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type] # the two describe ASGI in different types
        async with httpx.AsyncClient(transport=transport, base_url=settings.origin) as http:
            free = list(range(_AT_ONCE))

            async def one(_number: int) -> None:
                who = free.pop()
                answer = await http.post("/sign-in", json={"login": f"person.{who}", "password": _PASSWORD})
                assert answer.status_code == 200, answer.text
                http.cookies.clear()
                free.append(who)

            late: list[float] = []
            watching = asyncio.create_task(_watch(late))
            sample = await by_tasks(one, range(_SIGN_INS), _AT_ONCE)
            watching.cancel()
    print(f"sign-in: {sample.rate:.0f}/s, p50 {sample.percentile(50):.0f} ms, p99 {sample.percentile(99):.0f} ms")
    report.measured(SIGNING_IN, Sample(len(late), sample.seconds, late).percentile(99))


async def _watch(late: list[float]) -> None:
    """Want to run every millisecond, and note how late that is."""
    while True:
        begun = perf_counter()
        await asyncio.sleep(_EVERY)
        late.append(max(0.0, perf_counter() - begun - _EVERY))
