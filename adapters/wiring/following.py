"""Read models and triggers, plugged in: what follows the log until told to stop."""

import asyncio
import contextlib

import structlog

from adapters import forgetting, heartbeat, temporal
from adapters.bookmark import PostgresBookmark
from adapters.door import LedgerDoor
from adapters.engines import Engines
from adapters.files import PostgresFiles, sweep
from adapters.forgetting import Forget, forget_with_the_log
from adapters.ledger import PostgresLedger
from adapters.passwords import ArgonPasswords
from adapters.postgres import Pool
from adapters.sessions import PostgresSessions
from adapters.settings import Settings
from adapters.wiring.core import core, now, until
from adapters.wiring.read_models import PROJECTIONS, waiting
from domain import lifecycles
from domain.ports import Unavailable
from projections.follower import Follower
from projections.restraint.fan_out_board import FanOutBoard
from projections.restraint.sanction_register import SanctionRegister
from workflows import evidence, fan_outs, revisions, screenings
from workflows.messages import Nights
from workflows.triggers import Triggers

_log = structlog.get_logger("linli")

_TIDY_EVERY = 900.0  # seconds


async def follow(settings: Settings, engines: Engines, stop: asyncio.Event) -> None:
    """Keep the read models up to date and the clocks informed until told to stop."""
    async with core(settings, engines, followers=len(PROJECTIONS)) as (ledger, door, vault):
        client = await temporal.connect(engines.temporal_address, namespace=settings.temporal_namespace)
        triggers = Triggers(
            client=client,
            ledger=ledger,
            door=door,
            bookmark=PostgresBookmark(ledger.pool, "triggers"),
            deciders=lifecycles.ALL,
            processes=[revisions.PROCESS, fan_outs.PROCESS, *screenings.PROCESSES],
        )
        followers = [
            Follower(projection, ledger, ledger.pool, vault=vault).run() for projection in PROJECTIONS.values()
        ]
        _log.info("follow.following", projections=list(PROJECTIONS))
        await until(
            stop,
            *followers,
            triggers.run(lambda: waiting(ledger)),
            triggers.keep_each(
                fan_outs.NAME,
                lambda: fan_outs.unfinished(door, SanctionRegister(ledger.pool), FanOutBoard(ledger.pool)),
            ),
            triggers.keep(screenings.NIGHTLY, Nights(), screenings.NIGHTLY_ID),
            evidence.note_with_the_log(ledger, door, PostgresBookmark(ledger.pool, evidence.NAME)),
            tidy(ledger, door),
            forget_with_the_log(ledger, PostgresBookmark(ledger.pool, forgetting.NAME), _places(ledger.pool)),
            heartbeat.beat(heartbeat.file_of(settings.data_dir, "follow")),
        )


def _places(pool: Pool) -> list[Forget]:
    """Where something of a person is kept beside the log."""
    return [PostgresFiles(pool).forget, ArgonPasswords(pool).forget, PostgresSessions(pool).end_all]


async def tidy(ledger: PostgresLedger, door: LedgerDoor) -> None:
    """Ask the log about uploads that came to no end, every now and then, for ever."""
    while True:
        with contextlib.suppress(Unavailable):
            await sweep(PostgresFiles(ledger.pool), door)
            await PostgresSessions(ledger.pool).prune(now())
        await asyncio.sleep(_TIDY_EVERY)
