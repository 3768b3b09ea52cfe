"""Replay a read model beside the live one, and put it in its place.

    leftovers dropped -> shadow filled stream by stream -> indexed -> caught up -> swapped in one transaction

The live table is read and followed all the while. The swap takes the lock of the projection's position first and then
that of the table, as followers do, and gives up and tries again rather than hold up readers for long. Whoever follows
finds the position moved, or the same, and goes on. A rebuild that dies leaves a schema behind that the next one drops.
"""

import asyncio
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import perf_counter
from typing import Generic, TypeVar

import asyncpg
import structlog

from domain import lifecycles
from domain.decider import Event
from domain.lifecycles import AnyDecider
from domain.ports import Ledger, Vault
from projections.bulk import Load, Processes, Progress, Share, load, silent
from projections.fold import Fold
from projections.projection import Projection
from projections.shares import load_in_parallel
from projections.table import LOST, Connection, Pool, Table

S = TypeVar("S")
E = TypeVar("E", bound=Event)

_log = structlog.get_logger("projections")

_PAGE = 20_000
_WORTH_A_PROCESS = 250_000
"""Events. One process keeps a processor busy and the database most of another; of fewer events each, several take as
long as one.
"""
_PATIENCE = (0.2, 0.4, 0.8, 1.6, 3.2, 6.4)  # beyond deadlock_timeout (1 s) an autovacuum in the way gives up its lock


class RebuildUnderWay(Exception):
    """Somebody else is rebuilding this read model."""


class ReadersInTheWay(Exception):
    """The table was read without a pause for as long as we tried to swap it. The live one stays as it is."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild did. `position` is what it came to, `events` and `streams` what it folded."""

    position: int
    events: int
    streams: int
    seconds: float


async def rebuild(  # noqa: PLR0913 - what to replay, with what it needs
    projection: Projection[S, E],
    ledger: Ledger,
    pool: Pool,
    *,
    vault: Vault | None = None,
    deciders: Sequence[AnyDecider] = lifecycles.ALL,
    processes: Processes | None = None,
    progress: Progress = silent,
) -> Rebuilt:
    """Replay the whole log into a new table and swap it in. Raises RebuildUnderWay, ReadersInTheWay.

    `vault` opens what the projection wants opened, and `deciders` tell whom to forget of what comes in meanwhile.

    `processes` fill a share of the streams each. `progress` is told what was folded since it was told last.
    """
    started = perf_counter()
    async with pool.acquire() as connection:
        if not await connection.fetchval(_TRY_LOCK, f"linli/rebuild/{projection.name}"):
            raise RebuildUnderWay
        rebuilding = _Rebuilding(projection, ledger, connection, vault, deciders)
        await rebuilding.begin()
        try:
            upto = await ledger.head()
            done = await rebuilding.fill(pool, upto, processes, progress)
            await rebuilding.index(pool)
            position = await rebuilding.swap(await rebuilding.catch_up(upto))
        finally:
            await rebuilding.end()
    _log.info("projection.rebuilt", projection=projection.name, position=position, streams=done.streams)
    return Rebuilt(position, done.events, done.streams, perf_counter() - started)


_TRY_LOCK = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))"
_UNLOCK = "SELECT pg_advisory_unlock(hashtextextended($1, 0))"


class _Rebuilding(Generic[S, E]):
    """One rebuild on its way, on a connection that holds the lock of the projection's rebuilds."""

    def __init__(
        self,
        projection: Projection[S, E],
        ledger: Ledger,
        connection: Connection,
        vault: Vault | None,
        deciders: Sequence[AnyDecider],
    ) -> None:
        self._projection = projection
        self._ledger = ledger
        self._connection = connection
        self._prefix = f"rebuild/{projection.name}/"
        self._schema = self._prefix + secrets.token_hex(4)
        self.live = Table(projection)
        self.shadow = Table(projection, self._schema, vault)
        self._deciders = deciders

    async def begin(self) -> None:
        leftovers = await self._connection.fetch(
            "SELECT nspname FROM pg_namespace WHERE starts_with(nspname, $1)", self._prefix
        )
        for leftover in leftovers:
            await self._connection.execute(f'DROP SCHEMA "{leftover[0]}" CASCADE')
        await self._connection.execute(f'CREATE SCHEMA "{self._schema}"')
        await self.shadow.create(self._connection)
        await self._connection.execute(
            "INSERT INTO linli_projections (name, position) VALUES ($1, 0) ON CONFLICT DO NOTHING",
            self._projection.name,
        )

    async def end(self) -> None:
        """Leave nothing behind; without a connection, what is left is left to the next rebuild."""
        with suppress(*LOST):
            await self._connection.execute(f'DROP SCHEMA IF EXISTS "{self._schema}" CASCADE')
            await self._connection.execute(_UNLOCK, f"linli/rebuild/{self._projection.name}")

    async def fill(self, pool: Pool, upto: int, processes: Processes | None, progress: Progress) -> Load:
        """Fold every stream up to a position into the shadow."""
        whole = Share(self._schema, upto)
        amount = 1 if processes is None else min(processes.amount, upto // _WORTH_A_PROCESS)
        if processes is not None and amount > 1:
            several = processes._replace(amount=amount)
            return await load_in_parallel(self.shadow, pool, whole, several, progress)
        return await load(self.shadow, pool, whole, progress)

    async def index(self, pool: Pool) -> None:
        """Make the indexes, two at a time."""
        statements = iter(self.shadow.indexing)

        async def some(connection: Connection) -> None:
            await connection.execute("SET synchronous_commit = off")
            for statement in statements:
                await connection.execute(statement)

        async with pool.acquire() as one, pool.acquire() as other:
            await asyncio.gather(some(one), some(other))
        await self.shadow.finish(self._connection)

    async def catch_up(self, position: int, *, upto: int | None = None) -> int:
        """Fold what was appended since, up to a position or to the end of the log as it is now."""
        end = await self._ledger.head() if upto is None else upto
        if position >= end:
            return position
        fold = Fold(self.shadow, deciders=self._deciders)
        await self.shadow.prepare(self._connection)
        while position < end:
            batch = await self._ledger.page(position, limit=_PAGE)
            if not batch:
                return end
            async with self._connection.transaction():
                await fold.apply(self._connection, batch)
            position = batch[-1].position
        return position

    async def swap(self, position: int) -> int:
        """Put the shadow in the place of the live table, at a position that is not behind the live one's."""
        for patience in _PATIENCE:
            try:
                async with self._connection.transaction():
                    return await self._swap_now(position, patience)
            except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
                await asyncio.sleep(patience)
                position = await self.catch_up(position)
        raise ReadersInTheWay

    async def _swap_now(self, position: int, patience: float) -> int:
        name, connection = self._projection.name, self._connection
        await connection.execute("SELECT set_config('lock_timeout', $1, true)", f"{int(patience * 1000)}ms")
        live = await connection.fetchval("SELECT position FROM linli_projections WHERE name = $1 FOR UPDATE", name)
        position = await self.catch_up(position, upto=live)
        await connection.execute(f"DROP TABLE IF EXISTS {self.live.name}")
        await connection.execute(f"ALTER TABLE {self.shadow.name} SET SCHEMA {self.live.schema}")
        await connection.execute("SELECT linli_projected($1, $2)", name, position)
        return position
