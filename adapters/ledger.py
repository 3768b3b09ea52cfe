"""The ledger on PostgreSQL: the log of everything that ever happened, in the tables of the library `eventsourcing`.

Appends go through group commit, reads of streams are gathered likewise, readers of the whole log are woken by LISTEN.
The order of positions is the order in which events become visible, so a reader that goes forward loses nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from types import TracebackType
from typing import Self
from uuid import UUID

import asyncpg

from adapters.group_commit import GroupCommitter
from adapters.group_read import GroupReader
from adapters.listener import Listener
from adapters.postgres import LOST, Connection, Pool, heed_cancellation
from domain.ports import Append, Receipt, Recorded, Unavailable

COLUMNS = "notification_id, originator_id, originator_version, topic, state, recorded_at, meta"
"""The columns of `linli_events` in the order of the fields of `Recorded`."""

_PAGE = f"SELECT {COLUMNS} FROM linli_events WHERE notification_id > $1 ORDER BY notification_id LIMIT $2"  # noqa: S608
_PAGE_OF_TAGS = (
    f"SELECT {COLUMNS} FROM linli_events WHERE notification_id > $1 AND topic = ANY($3)"  # noqa: S608
    " ORDER BY notification_id LIMIT $2"
)
_STREAM = (
    f"SELECT {COLUMNS} FROM linli_events WHERE originator_id = $1 AND originator_version > $2"  # noqa: S608
    " AND ($3::bigint IS NULL OR originator_version <= $3) AND ($4::bigint IS NULL OR notification_id <= $4)"
    " AND ($5::timestamptz IS NULL OR recorded_at <= $5) ORDER BY originator_version"
)


class PostgresLedger:
    """Implements `domain.ports.Ledger`. Use as `async with PostgresLedger(dsn) as ledger`.

    `max_queue` requests may wait for a batch, more are refused with Busy. `patience` seconds is how long a request
    outlives a database that does not answer before it fails with Unavailable.
    """

    pool: Pool

    def __init__(
        self, dsn: str, *, max_queue: int = 20_000, patience: float = 10.0, readers: int = 8, writers: int = 2
    ) -> None:
        self._dsn = dsn
        self._max_queue = max_queue
        self._patience = patience
        self._max_readers = readers
        self._max_writers = writers

    async def __aenter__(self) -> Self:
        self.pool = await asyncpg.create_pool(self._dsn, min_size=1, max_size=self._max_readers)
        self._committer = GroupCommitter(
            self._connect, writers=self._max_writers, max_queue=self._max_queue, patience=self._patience
        )
        self._reader = GroupReader(self.pool, COLUMNS)
        self._listener = Listener(self._connect)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._committer.close()
        await self._listener.close()
        await self._reader.close()
        try:
            async with asyncio.timeout(5):
                await self.pool.close()
        except TimeoutError:
            self.pool.terminate()

    async def _connect(self) -> Connection:
        return await asyncpg.connect(self._dsn)

    # Writing --------------------------------------------------------------------------------------------------------

    async def append(self, request: Append) -> Receipt:
        """Make events durable. Raises Conflict, CommandIdReused, Busy, Unavailable."""
        if not request.events and request.command_id is None:
            return Receipt(await self.head())
        return await self._committer.append(request)

    async def find(self, command_id: UUID) -> tuple[bytes, Receipt] | None:
        """Fingerprint and receipt of a command that was given an id, if it was decided before."""
        rows = await self._fetch(
            "SELECT fingerprint, position, outcome FROM linli_commands WHERE command_id = $1", command_id
        )
        return (rows[0][0], Receipt(rows[0][1], duplicate=True, outcome=rows[0][2])) if rows else None

    # Reading --------------------------------------------------------------------------------------------------------

    async def read(
        self,
        stream: UUID,
        *,
        after: int = 0,
        version: int | None = None,
        position: int | None = None,
        moment: datetime | None = None,
    ) -> list[Recorded]:
        """The events of a stream after a version, up to a version, a log position, or a moment of recording."""
        if version is None and position is None and moment is None:
            return await self._reader.read(stream, after)
        rows = await self._fetch(_STREAM, stream, after, version, position, moment)
        return [Recorded(*row) for row in rows]

    async def page(self, after: int = 0, *, limit: int = 5000, tags: Sequence[str] = ()) -> list[Recorded]:
        """The next events of the whole log after a position, at most `limit`, optionally only those with these tags."""
        if tags:
            rows = await self._fetch(_PAGE_OF_TAGS, after, limit, list(tags))
        else:
            rows = await self._fetch(_PAGE, after, limit)
        return [Recorded(*row) for row in rows]

    async def head(self) -> int:
        """The position of the newest event, 0 for an empty log."""
        rows = await self._fetch("SELECT coalesce(max(notification_id), 0) FROM linli_events")
        position: int = rows[0][0]
        return position

    async def subscribe(self, after: int = 0, *, limit: int = 5000) -> AsyncIterator[list[Recorded]]:
        """The whole log after a position in batches, then live, for ever: reconnects, loses and repeats nothing."""
        sleeper = self._listener.sleeper()
        try:
            while True:
                heed_cancellation()
                try:
                    batch = await self.page(after, limit=limit)
                except Unavailable:
                    continue  # it waited for its patience already
                if batch:
                    after = batch[-1].position
                    yield batch
                else:
                    await self._listener.sleep(sleeper)
        finally:
            self._listener.forget(sleeper)

    async def wait(self, projection: str, position: int, *, timeout: float) -> bool:  # noqa: ASYNC109
        """Wait until a projection has come to a position. False when it has not within `timeout` seconds."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        while self._listener.position(projection) < position:
            rows = await self._fetch("SELECT position FROM linli_projections WHERE name = $1", projection)
            self._listener.announce(projection, rows[0][0] if rows else 0)
            left = deadline - loop.time()
            if self._listener.position(projection) >= position:
                break
            if left <= 0:
                return False
            await self._listener.moved(left)
        return True

    async def _fetch(self, query: str, *args: object) -> list[asyncpg.Record]:
        """Read, and read again while the database is away: reading twice is harmless."""
        loop = asyncio.get_running_loop()
        give_up = loop.time() + self._patience
        pause = 0.01
        while True:
            try:
                return await self.pool.fetch(query, *args)
            except LOST as error:
                heed_cancellation()
                if loop.time() > give_up:
                    msg = f"no answer from the database: {error}"
                    raise Unavailable(msg) from error
            await asyncio.sleep(pause)
            pause = min(pause * 2, 1.0)
