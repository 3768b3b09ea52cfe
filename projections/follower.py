"""Keep a read model up to date: batches of the log, each folded and written in one transaction with its position.

    stand by -> ready (table there, of our definition) -> follow -> (connection lost: from the beginning)

Exactly once: the position is locked, compared and moved in the transaction of the rows it stands for, so whatever is
killed, and whoever else follows, each event is in the rows once. An advisory lock keeps a second follower standing by.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Generic, TypeVar

import asyncpg
import structlog

from domain import lifecycles
from domain.decider import Event
from domain.lifecycles import AnyDecider
from domain.ports import Ledger, LedgerError, Vault
from projections.fold import Fold
from projections.projection import Projection
from projections.rebuild import RebuildUnderWay, rebuild
from projections.table import LOST, Connection, Pool, Table

S = TypeVar("S")
E = TypeVar("E", bound=Event)

_log = structlog.get_logger("projections")


class TableGone(Exception):
    """The table or its position was dropped under us: it is made anew."""


PASSING = (
    *LOST,
    TableGone,
    LedgerError,
    asyncpg.InsufficientResourcesError,
    asyncpg.LockNotAvailableError,
    asyncpg.DeadlockDetectedError,
)
"""What passes: the transaction is undone, and the follower begins again from where the table says it is."""

_REPLAY_FROM = 50_000
"""A new table that is so many positions behind is filled by a rebuild rather than batch by batch."""


class Superseded(Exception):
    """The table was replaced by one of another definition: newer code follows it now."""


class Follower(Generic[S, E]):
    """Follows the log for one read model.

    `vault` opens what the projection wants opened, `deciders` tell whom to forget. At most `batch` events are folded in
    one transaction, `remember` states are kept in memory, and a follower that stands by looks every `stand_by` seconds
    whether it is needed.
    """

    def __init__(  # noqa: PLR0913 - what it follows, and three numbers that hardly anybody sets
        self,
        projection: Projection[S, E],
        ledger: Ledger,
        pool: Pool,
        *,
        vault: Vault | None = None,
        deciders: Sequence[AnyDecider] = lifecycles.ALL,
        batch: int = 10_000,
        remember: int = 20_000,
        stand_by: float = 1.0,
    ) -> None:
        self._projection = projection
        self._ledger = ledger
        self._pool = pool
        self._batch = batch
        self._remember = remember
        self._stand_by = stand_by
        self._deciders = deciders
        self._vault = vault
        self._table = Table(projection, vault=vault)

    async def run(self) -> None:
        """Follow until cancelled. Raises Superseded, `projection.Unreadable`, and what a wrong fold raises."""
        pause = 0.05
        while True:
            try:
                async with self._pool.acquire() as connection:
                    if await connection.fetchval(_TRY_LOCK, f"linli/follow/{self._projection.name}"):
                        pause = 0.05
                        await self._lead(connection)
            except PASSING as error:
                _heed_cancellation()
                _log.warning("projection.interrupted", projection=self._projection.name, error=repr(error))
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)
            else:
                await asyncio.sleep(self._stand_by)

    async def _lead(self, connection: Connection) -> None:
        """Follow on a connection that holds the lock of this read model's followers."""
        await self._ready(connection)
        await connection.execute("SET synchronous_commit = off")  # rows and position are lost together, and replayed
        await self._table.prepare(connection)
        while True:
            position = await self._position(connection)
            _log.info("projection.following", projection=self._projection.name, position=position)
            await self._follow(connection, position)

    async def _ready(self, connection: Connection) -> None:
        """See to it that the table is there and of our definition."""
        definition = await self._table.definition(connection)
        if definition is None:
            await self._begin(connection)
            if await self._ledger.head() < _REPLAY_FROM:
                return
        elif definition == self._projection.definition:
            return
        try:
            await rebuild(self._projection, self._ledger, self._pool, vault=self._vault, deciders=self._deciders)
        except RebuildUnderWay:
            await asyncio.sleep(self._stand_by)
            await self._ready(connection)

    async def _begin(self, connection: Connection) -> None:
        async with connection.transaction():
            await self._table.create(connection)
            await connection.execute("; ".join(self._table.indexing))
            await self._table.finish(connection)
            await connection.execute("SELECT linli_projected($1, 0)", self._projection.name)

    async def _follow(self, connection: Connection, position: int) -> None:
        """Apply batches until the position turns out to be moved by somebody else."""
        fold = Fold(self._table, remember=self._remember, deciders=self._deciders)
        batches = self._ledger.subscribe(position, limit=self._batch)
        try:
            async for batch in batches:
                _heed_cancellation()
                async with connection.transaction():
                    if await self._position(connection) != position:
                        return
                    await fold.apply(connection, batch)
                    position = batch[-1].position
                    await connection.execute("SELECT linli_projected($1, $2)", self._projection.name, position)
        finally:
            if isinstance(batches, AsyncGenerator):
                await batches.aclose()

    async def _position(self, connection: Connection) -> int:
        """How far the table is, locked until the transaction ends. Raises Superseded."""
        row = await connection.fetchrow(_POSITION, self._projection.name, self._table.name)
        if row is None or row[1] is None:
            raise TableGone
        if row[1] != self._projection.definition:
            raise Superseded(self._projection.name)
        position: int = row[0]
        return position


def _heed_cancellation() -> None:
    """Stop where a cancellation was lost: to an error while undoing, or to a `wait_for` that was done."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


_TRY_LOCK = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))"
_POSITION = """
SELECT position, obj_description(to_regclass($2), 'pg_class') FROM linli_projections WHERE name = $1 FOR UPDATE
"""
