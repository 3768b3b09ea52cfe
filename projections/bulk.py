"""Fill an empty table with the whole past: stream by stream, where each stream is read, decoded and folded in one go.

The database joins the bodies of a stream into one text, so a stream of twenty events costs one row, one decoding and
twenty folds. Half of the work is the database's and runs while we fold what it sent before. Several processes can take
a share of the streams each.
"""

import asyncio
import gc
import multiprocessing
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection as Pipe
from typing import NamedTuple, TypeVar
from uuid import UUID

import asyncpg
import msgspec

from domain.decider import Event
from projections.projection import Projection, Row, Unreadable
from projections.table import Connection, Table

S = TypeVar("S")
E = TypeVar("E", bound=Event)

_CHUNK = 2000
_FIRST = UUID(int=0)
_LAST = UUID(int=(1 << 128) - 1)

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
    first: UUID = _FIRST
    last: UUID = _LAST


class Load(NamedTuple):
    """How much was folded."""

    events: int = 0
    streams: int = 0

    def plus(self, more: "Load") -> "Load":
        return Load(self.events + more.events, self.streams + more.streams)


Progress = Callable[[Load], None]


def silent(_done: Load) -> None:
    """Nobody wants to know."""


async def load(
    table: Table[S, E], reader: Connection, writer: Connection, share: Share, progress: Progress = silent
) -> Load:
    """Fold the streams of a share as they were at a log position into rows of the table. Raises Unreadable."""
    done = Load()
    tags = list(table.projection.tags)
    await writer.execute("SET synchronous_commit = off")  # the commit that swaps the table in makes all of it durable
    with _without_cycles():
        async with reader.transaction(readonly=True):
            cursor = await reader.cursor(_STREAMS, share.upto, tags, share.first, share.last)
            chunk = await cursor.fetch(_CHUNK)
            while chunk:
                ahead = asyncio.ensure_future(cursor.fetch(_CHUNK))
                try:
                    await asyncio.sleep(0)  # the question for the next chunk goes out before we fold this one
                    await table.add(writer, _rows(table, chunk))
                finally:
                    following = await ahead
                now = Load(sum([row[3] for row in chunk]), len(chunk))
                progress(now)
                done, chunk = done.plus(now), following
    return done


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


# Several processes ----------------------------------------------------------------------------------------------------


class Processes(NamedTuple):
    """How many processes fill a table, and the database they connect to."""

    amount: int
    dsn: str


async def load_in_parallel(
    projection: Projection[S, E], whole: Share, processes: Processes, progress: Progress = silent
) -> Load:
    """Let several processes fill one table, each with its share of the streams. Raises ShareFailed."""
    bounds = await _bounds(processes)
    shares = [whole._replace(first=first, last=last) for first, last in bounds]
    filling = [_Filling(projection, share, processes.dsn) for share in shares]
    try:
        done = await asyncio.gather(*(asyncio.to_thread(one.follow, progress) for one in filling))
    finally:
        for one in filling:
            one.process.kill()
    return Load(sum(one.events for one in done), sum(one.streams for one in done))


async def _bounds(processes: Processes) -> list[tuple[UUID, UUID]]:
    """Cut the streams into shares of about the same number of events, by a sample."""
    connection = await asyncpg.connect(processes.dsn)
    try:
        parts = [number / processes.amount for number in range(1, processes.amount)]
        found: list[UUID] | None = await connection.fetchval(
            "SELECT percentile_disc($1::float8[]) WITHIN GROUP (ORDER BY originator_id)"
            " FROM linli_events TABLESAMPLE SYSTEM (2)",
            parts,
        )
    finally:
        await connection.close()
    cuts = [UUID(int=cut.int) for cut in found or []]
    return list(zip([_FIRST, *cuts], [*(UUID(int=cut.int - 1) for cut in cuts), _LAST], strict=True))


class ShareFailed(Exception):
    """A process that filled a share of the table ended before it was done."""


class _Filling:
    """A process that fills a share, and what it says about it."""

    def __init__(self, projection: Projection[S, E], share: Share, dsn: str) -> None:
        spawning = multiprocessing.get_context("spawn")
        self._pipe, theirs = spawning.Pipe(duplex=False)
        self.process = spawning.Process(target=_fill, args=(projection, share, dsn, theirs), daemon=True)
        self.process.start()
        theirs.close()

    def follow(self, progress: Progress) -> Load:
        """Read what the process says until it is done. Raises ShareFailed."""
        done = Load()
        while True:
            try:
                said: Load | str | None = self._pipe.recv()
            except EOFError:
                said = "it was killed"
            if said is None:
                return done
            if isinstance(said, str):
                raise ShareFailed(said)
            progress(said)
            done = done.plus(said)


def _fill(projection: Projection[S, E], share: Share, dsn: str, pipe: Pipe) -> None:
    """What such a process does."""

    async def fill() -> None:
        reader, writer = await asyncpg.connect(dsn), await asyncpg.connect(dsn)
        await load(Table(projection, share.schema), reader, writer, share, pipe.send)
        await reader.close()
        await writer.close()

    try:
        asyncio.run(fill())
        pipe.send(None)
    except Exception as error:
        pipe.send(repr(error))
        raise
