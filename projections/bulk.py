"""Fill an empty table with the whole past: stream by stream, where each stream is read, decoded and folded in one go.

The database joins the bodies of a stream into one text, so a stream of twenty events costs one row, one decoding and
twenty folds. Half of the work is the database's: it reads what comes next and writes what was folded while we fold.
"""

import asyncio
import gc
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import NamedTuple, TypeVar
from uuid import UUID

import asyncpg
import msgspec

from domain.decider import Event
from domain.ports import Vault
from projections.projection import Row, Unreadable
from projections.table import Connection, Pool, Table

S = TypeVar("S")
E = TypeVar("E", bound=Event)
T = TypeVar("T")

_CHUNK = 2000
FIRST = UUID(int=0)
LAST = UUID(int=(1 << 128) - 1)

# Streams in order, so that the primary key hands them over sorted; both ends belong to a share.
_STREAMS = """
SELECT originator_id, max(originator_version), max(notification_id), count(*),
       string_agg(state, ','::bytea ORDER BY originator_version)
FROM linli_events
WHERE notification_id <= $1 AND topic = ANY($2) AND originator_id BETWEEN $3 AND $4
GROUP BY originator_id
"""


class Share(NamedTuple):
    """Which streams to fold, both ends included, and as they were at which log position; and where the table is."""

    schema: str
    upto: int
    first: UUID = FIRST
    last: UUID = LAST


class Processes(NamedTuple):
    """How many processes fill a table at most, the database they connect to, and how each makes its own vault."""

    amount: int
    dsn: str
    vault: Callable[[], AbstractAsyncContextManager[Vault]] | None = None
    """Travels to another process: a function of a module, or a `partial` of one."""


class Load(NamedTuple):
    """How much was folded."""

    events: int = 0
    streams: int = 0

    def plus(self, more: "Load") -> "Load":
        return Load(self.events + more.events, self.streams + more.streams)


Progress = Callable[[Load], None]


def silent(_done: Load) -> None:
    """Nobody wants to know."""


async def load(table: Table[S, E], pool: Pool, share: Share, progress: Progress = silent) -> Load:
    """Fold the streams of a share as they were at a log position into rows of the table. Raises Unreadable."""
    async with pool.acquire() as reader, pool.acquire() as writer:
        await writer.execute("SET synchronous_commit = off")  # the commit of the swap makes all of it durable
        with _without_cycles():
            return await _load(table, reader, writer, share, progress)


async def _load(table: Table[S, E], reader: Connection, writer: Connection, share: Share, progress: Progress) -> Load:
    done = Load()
    reading: asyncio.Future[list[asyncpg.Record]] | None = None
    writing: asyncio.Future[None] | None = None
    async with reader.transaction(readonly=True):
        cursor = await reader.cursor(_STREAMS, share.upto, list(table.projection.tags), share.first, share.last)
        chunk = await cursor.fetch(_CHUNK)
        try:
            while chunk:
                reading = asyncio.ensure_future(cursor.fetch(_CHUNK))
                await asyncio.sleep(0)  # what comes next is asked for before this is folded
                rows = _rows(table, chunk)
                if writing is not None:
                    await writing
                writing = asyncio.ensure_future(table.add(writer, rows))
                now = Load(sum([row[3] for row in chunk]), len(chunk))
                progress(now)
                done, chunk = done.plus(now), await reading
            if writing is not None:
                await writing
        finally:
            await _settled(reading)
            await _settled(writing)
    return done


async def _settled(under_way: asyncio.Future[T] | None) -> None:
    """Wait until a connection is free, whatever came of what it did."""
    if under_way is not None:
        await asyncio.gather(under_way, return_exceptions=True)


def _rows(table: Table[S, E], streams: Sequence[asyncpg.Record]) -> list[Row]:
    initial, evolve = table.projection.lifecycle.initial, table.projection.lifecycle.evolve
    history, row = table.codec.history, table.codec.row
    rows: list[Row] = []
    for stream, version, position, _, bodies in streams:
        state = initial
        try:
            events = history(bodies)
        except msgspec.MsgspecError as error:
            msg = f"stream {stream}: {error}"
            raise Unreadable(msg) from error
        for event in events:
            state = evolve(state, event)
        rows.append(row(stream, version, position, state))
    return rows


@contextmanager
def _without_cycles() -> Generator[None]:
    """Nothing that is folded refers to itself: looking for cycles among it is lost time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
