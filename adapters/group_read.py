"""Gathered reads: while one query for streams is out, the next one collects who else wants to read.

The counterpart of group commit. A hundred commands that load a hundred streams cost the database one query.
"""

import asyncio
from typing import NamedTuple
from uuid import UUID

import asyncpg
import structlog

from adapters.postgres import LOST, Pool
from domain.ports import LedgerError, Recorded, Unavailable

_log = structlog.get_logger("ledger")

_ATTEMPTS = 8


class _Wanted(NamedTuple):
    stream: UUID
    after: int
    found: asyncio.Future[list[Recorded]]


class GroupReader:
    """Reads whole streams (or their tails) for many callers at once."""

    def __init__(self, pool: Pool, columns: str, *, max_batch: int = 500) -> None:
        self._pool = pool
        self._max_batch = max_batch
        self._query = (
            f"SELECT q.i, l.* FROM unnest($1::int[], $2::uuid[], $3::bigint[]) AS q(i, stream, after) "  # noqa: S608
            f"CROSS JOIN LATERAL (SELECT {columns} FROM linli_events e WHERE e.originator_id = q.stream"
            " AND e.originator_version > q.after ORDER BY e.originator_version) l"
        )
        self._queue: list[_Wanted] = []
        self._task: asyncio.Task[None] | None = None

    async def read(self, stream: UUID, after: int) -> list[Recorded]:
        """The events of a stream after a version. Raises Unavailable."""
        found: asyncio.Future[list[Recorded]] = asyncio.get_running_loop().create_future()
        self._queue.append(_Wanted(stream, after, found))
        if self._task is None:
            self._task = asyncio.create_task(self._serve(), name="ledger-group-reader")
        return await found

    async def close(self) -> None:
        """Finish what was asked."""
        if self._task is not None:
            await self._task

    async def _serve(self) -> None:
        while self._queue:
            batch, self._queue = self._queue[: self._max_batch], self._queue[self._max_batch :]
            try:
                await self._answer(batch)
            except Exception as error:  # noqa: BLE001 - it must fail its batch, not hang everyone who waits
                _log.exception("ledger.reader.failed")
                _fail(batch, LedgerError(f"the ledger failed: {error!r}"))
        self._task = None

    async def _answer(self, batch: list[_Wanted]) -> None:
        pause = 0.01
        for attempt in range(_ATTEMPTS):
            try:
                rows = await self._pool.fetch(
                    self._query,
                    list(range(len(batch))),
                    [wanted.stream for wanted in batch],
                    [wanted.after for wanted in batch],
                )
            except LOST as error:
                if attempt == _ATTEMPTS - 1:
                    _fail(batch, Unavailable(f"no answer from the database: {error}"))
                    return
                await asyncio.sleep(pause)
                pause *= 2
            else:
                break
        else:
            return
        _hand_out(batch, rows)


def _hand_out(batch: list[_Wanted], rows: list[asyncpg.Record]) -> None:
    events: list[list[Recorded]] = [[] for _ in batch]
    for row in rows:
        number: int = row[0]
        events[number].append(Recorded(*tuple(row)[1:]))
    for wanted, found in zip(batch, events, strict=True):
        if not wanted.found.done():
            wanted.found.set_result(found)


def _fail(batch: list[_Wanted], error: LedgerError) -> None:
    for wanted in batch:
        if not wanted.found.done():
            wanted.found.set_exception(error)
