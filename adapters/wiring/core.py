"""What every process has: the log, the door for change, and what personal data is sealed with."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple

import structlog

from adapters.door import LedgerDoor
from adapters.engines import Engines
from adapters.ledger import PostgresLedger
from adapters.migrate import is_current, migrate
from adapters.settings import Settings
from adapters.vault import PostgresVault, vault_at
from domain.access import permission

_log = structlog.get_logger("linli")


OPERATOR = "operator"
"""Whoever sits at the command line."""


class Core(NamedTuple):
    """What every process has: the log, the door for change, and what personal data is sealed with."""

    ledger: PostgresLedger
    door: LedgerDoor
    vault: PostgresVault


@asynccontextmanager
async def core(settings: Settings, engines: Engines, *, followers: int = 0) -> AsyncGenerator[Core]:
    """The ledger, the door and the vault, for as long as the block lasts. Raises NoMasterKey.

    Our own database is brought up to date by the way, and a new one gets a master key. `followers` of read models hold
    on to a connection each, which nobody else must wait for.
    """
    if settings.embeds_postgres:
        await migrate(engines.database_url)
    readers = settings.database_connections + followers
    ledger = PostgresLedger(engines.database_url, max_queue=settings.max_queue, readers=readers)
    vault_of = vault_at(engines.database_url, settings.master_key, create=settings.embeds_postgres)
    async with ledger, vault_of as vault:
        if not await is_current(ledger.pool):
            _log.warning("database.not_current", hint="run linli migrate, or a newer version of linli")
        yield Core(ledger, LedgerDoor(ledger, permit=permission.permit, vault=vault), vault)


def now() -> datetime:
    """The time at the edge."""
    return datetime.now(UTC)


async def until(stop: asyncio.Event, *duties: Coroutine[Any, Any, None]) -> None:  # what they yield is not ours
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
