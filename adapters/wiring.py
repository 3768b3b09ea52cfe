"""The composition root: the only place that knows which adapter is plugged into what.

    serve    API            one door for change, read models        HTTP in
    work     Temporal worker                                        timers fire -> commands
    follow   projections and triggers                               events -> rows, events -> clocks

Each of them is stateless and may run many times; what they share is PostgreSQL and Temporal.
"""

import asyncio
import contextlib
import gc
import os
import socket
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import structlog
import uvicorn

from adapters import heartbeat, import_layout, importing
from adapters.bounded_heads import BoundedHeads
from adapters.content_check import ContentChecker
from adapters.door import LedgerDoor
from adapters.engines import Engines
from adapters.files import PostgresFiles, sweep
from adapters.ids import new_id
from adapters.ledger import PostgresLedger
from adapters.migrate import is_current, migrate
from adapters.rate_limit import RateLimiter
from adapters.settings import Settings
from api.app import create_app
from api.health import Check, Finding
from api.limits import Limit, Limits
from api.ports import Files
from domain import work_order
from domain.ports import ContentCheck, ContentSealer, RateLimits, Unavailable
from projections import work_order_board
from projections.bulk import Load, Processes
from projections.projection import Projection
from projections.rebuild import Rebuilt, rebuild
from projections.work_order_board import WorkOrderBoard

_log = structlog.get_logger("linli")

PROJECTIONS: Mapping[str, Projection[Any, Any]] = {  # of different states and events
    projection.name: projection for projection in (work_order_board.projection,)
}
"""The read models by name."""

_KEEP_ALIVE = 75  # seconds: longer than proxies and clients keep an idle connection, so that it is theirs to close
_BOARD_PATIENCE = 300.0  # seconds: a rebuild of a large board may be under way
_TIDY_EVERY = 900.0  # seconds
_TOLERABLE_LAG = 50_000  # events that a read model may be behind before the API calls itself not ready


class Core(NamedTuple):
    """What every process has: the log, and the door for change."""

    ledger: PostgresLedger
    door: LedgerDoor


@asynccontextmanager
async def core(settings: Settings, engines: Engines) -> AsyncGenerator[Core]:
    """The ledger and the door, for as long as the block lasts. Our own database is brought up to date by the way."""
    if settings.embeds_postgres:
        await migrate(engines.database_url)
    ledger = PostgresLedger(engines.database_url, max_queue=settings.max_queue, readers=settings.database_connections)
    async with ledger:
        if not await is_current(ledger.pool):
            _log.warning("database.not_current", hint="run linli migrate, or a newer version of linli")
        yield Core(ledger, LedgerDoor(ledger))


# The processes --------------------------------------------------------------------------------------------------------


async def serve(settings: Settings, engines: Engines, stop: asyncio.Event) -> None:
    """Answer HTTP until told to stop, then finish what was begun. Raises OSError when the port is taken."""
    with socket.create_server((settings.host, settings.port), backlog=2048, reuse_port=False) as listener:
        async with core(settings, engines) as (ledger, door), ContentChecker() as checker:
            rates = RateLimiter(ledger.pool)
            app = create_app(
                door=door,
                ledger=ledger,
                board=WorkOrderBoard(ledger.pool),
                new_id=new_id,
                now=now,
                ready=checks(ledger),
                files=files(settings, ledger, checker),
                limits=limits(settings, rates),
                https=settings.reached_by_https,
            )
            config = uvicorn.Config(
                app,
                http=BoundedHeads,
                forwarded_allow_ips=[str(network) for network in settings.trusted_proxies],
                loop="none",
                ws="none",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_keep_alive=_KEEP_ALIVE,
                timeout_graceful_shutdown=int(settings.drain_seconds),
            )
            gc.freeze()  # what is loaded by now stays; looking through it again and again costs a third of the requests
            gc.set_threshold(50_000, 20, 20)
            server = _Server(config)
            _log.info("serve.listening", address=f"http://{settings.host}:{settings.port}")
            answering = asyncio.create_task(server.serve(sockets=[listener]))
            stopping = asyncio.create_task(stop.wait())
            await asyncio.wait({answering, stopping}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            server.should_exit = True
            await answering
            await rates.close()


async def work(settings: Settings, engines: Engines, stop: asyncio.Event) -> None:
    """Run the clocks until told to stop."""
    from adapters import temporal  # noqa: PLC0415 - the API does without Temporal's 40 MB
    from domain import lifecycles  # noqa: PLC0415
    from workflows.activities import Activities  # noqa: PLC0415
    from workflows.calendar_revision import CalendarRevision  # noqa: PLC0415
    from workflows.clock import Clock  # noqa: PLC0415
    from workflows.messages import CLOCKS  # noqa: PLC0415
    from workflows.revisions import Revisions  # noqa: PLC0415

    async with core(settings, engines) as (ledger, door):
        client = await temporal.connect(engines.temporal_address, namespace=settings.temporal_namespace)
        activities = Activities(door, ledger, lifecycles.ALL)
        revisions = Revisions(door, ledger, WorkOrderBoard(ledger.pool).unfinished)
        worker = temporal.worker(
            client,
            task_queue=CLOCKS,
            workflows=[Clock, CalendarRevision],
            activities=[activities.agenda, activities.elapse, revisions.revise_page],
            drain=timedelta(seconds=settings.drain_seconds),
        )
        _log.info("work.working", temporal=engines.temporal_address, queue=CLOCKS)
        async with worker:
            await _until(stop, heartbeat.beat(heartbeat.file_of(settings.data_dir, "work")))


async def follow(settings: Settings, engines: Engines, stop: asyncio.Event) -> None:
    """Keep the read models up to date and the clocks informed until told to stop."""
    from adapters import temporal  # noqa: PLC0415 - as above
    from adapters.bookmark import PostgresBookmark  # noqa: PLC0415
    from domain import lifecycles  # noqa: PLC0415
    from projections.follower import Follower  # noqa: PLC0415
    from workflows import revisions  # noqa: PLC0415
    from workflows.triggers import Triggers  # noqa: PLC0415

    async with core(settings, engines) as (ledger, door):
        client = await temporal.connect(engines.temporal_address, namespace=settings.temporal_namespace)
        triggers = Triggers(
            client=client,
            ledger=ledger,
            door=door,
            bookmark=PostgresBookmark(ledger.pool, "triggers"),
            deciders=lifecycles.ALL,
            processes=[revisions.PROCESS],
        )
        followers = [Follower(projection, ledger, ledger.pool).run() for projection in PROJECTIONS.values()]
        _log.info("follow.following", projections=list(PROJECTIONS))
        await _until(
            stop,
            *followers,
            triggers.run(lambda: waiting(ledger, WorkOrderBoard(ledger.pool))),
            tidy(ledger, door),
            heartbeat.beat(heartbeat.file_of(settings.data_dir, "follow")),
        )


async def rebuild_projection(
    engines: Engines, settings: Settings, name: str, progress: Callable[[int], None]
) -> Rebuilt:
    """Replay one read model beside the live one, with all processors, and swap it in. `progress` gets events folded."""
    async with core(settings, engines) as (ledger, _):

        def told(more: Load) -> None:
            progress(more.events)

        processes = Processes(os.cpu_count() or 1, engines.database_url)
        return await rebuild(PROJECTIONS[name], ledger, ledger.pool, processes=processes, progress=told)


async def import_work_orders(
    engines: Engines, settings: Settings, path: Path, layout: str, progress: Callable[[importing.Progress], None]
) -> importing.Report:
    """Import a file of another system, which a layout describes. Raises UnknownLayout and what the import raises."""
    described = import_layout.layout(layout)
    async with core(settings, engines) as (ledger, door):
        return await importing.import_work_orders(door, ledger, path, described, progress)


# What they share ------------------------------------------------------------------------------------------------------


def now() -> datetime:
    """The time at the edge."""
    return datetime.now(UTC)


async def waiting(ledger: PostgresLedger, board: WorkOrderBoard) -> AsyncGenerator[tuple[str, UUID]]:
    """The streams that wait for a moment, as the boards know them: each lifecycle with an agenda has its line here.

    The board is waited for, so that nothing is missed which it has yet to hear of; what comes later, triggers see.
    """
    await ledger.wait(work_order_board.projection.name, await ledger.head(), timeout=_BOARD_PATIENCE)
    async for stream in board.open_clocks():
        yield work_order.decider.name, stream


def content_sealer() -> ContentSealer | None:
    """Who seals what files hold with the key of whom they are about: HERE THE VAULT IS PLUGGED IN. None: no files."""
    return None


def files(settings: Settings, ledger: PostgresLedger, check: ContentCheck) -> Files | None:
    """The place for files, once there is somebody who seals them: nothing is ever stored that anyone could read."""
    sealer = content_sealer()
    if sealer is None:
        return None
    return Files(store=PostgresFiles(ledger.pool), check=check, sealer=sealer, largest=settings.largest_upload)


def limits(settings: Settings, rates: RateLimits) -> Limits:
    """How often somebody may ask."""
    return Limits(
        rates=rates,
        requests=Limit("requests", settings.requests_per_minute, settings.requests_burst),
        sign_ins=Limit("sign_ins", settings.sign_ins_per_minute, max(1, settings.sign_ins_per_minute)),
    )


async def tidy(ledger: PostgresLedger, door: LedgerDoor) -> None:
    """Ask the log about uploads that came to no end, every now and then, for ever."""
    while True:
        with contextlib.suppress(Unavailable):
            await sweep(PostgresFiles(ledger.pool), door)
        await asyncio.sleep(_TIDY_EVERY)


def checks(ledger: PostgresLedger) -> Mapping[str, Check]:
    """What must be so before the API calls itself ready."""

    async def database() -> Finding:
        return Finding(ok=await ledger.head() >= 0)

    async def migrations() -> Finding:
        current = await is_current(ledger.pool)
        return Finding(ok=current, detail="" if current else "run linli migrate")

    def following(name: str) -> Check:
        async def check() -> Finding:
            at = await ledger.pool.fetchval("SELECT position FROM linli_projections WHERE name = $1", name)
            behind = await ledger.head() - (at or 0)
            return Finding(ok=behind <= _TOLERABLE_LAG, detail=f"{behind} events behind" if behind else "")

        return check

    return {"database": database, "migrations": migrations} | {name: following(name) for name in PROJECTIONS}


class _Server(uvicorn.Server):
    """Leaves signals to us."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Catch none."""
        yield


async def _until(stop: asyncio.Event, *duties: Coroutine[Any, Any, None]) -> None:  # what they yield is not ours
    """Do all of these at once until told to stop. Ends with an error as soon as one of them does."""

    async def stopper() -> None:
        await stop.wait()
        raise _Stopped

    try:
        async with asyncio.TaskGroup() as group:
            for duty in (*duties, stopper()):
                group.create_task(duty)
    except* _Stopped:
        _log.info("process.stopping")


class _Stopped(Exception):
    """Somebody said stop."""


__all__ = ["PROJECTIONS", "Core", "core", "follow", "import_work_orders", "rebuild_projection", "serve", "work"]
