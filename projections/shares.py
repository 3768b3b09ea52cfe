"""Fill a table with several processes: each takes a share of the streams, this one too.

A child is told over its standard input what to import and what to do, and tells over its standard output how far it is.
It is killed with the rebuild that wanted it; if that is killed itself, the child finds its table gone, or its pipe.
"""

import asyncio
import pickle
import sys
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeVar
from uuid import UUID

import asyncpg

from domain.decider import Event
from projections.bulk import FIRST, LAST, Load, Processes, Progress, Share, load, silent
from projections.projection import Projection
from projections.table import Pool, Table

S = TypeVar("S")
E = TypeVar("E", bound=Event)

_CHILD = """
import pickle, sys
sys.path[:] = pickle.load(sys.stdin.buffer)
from projections.shares import main
main()
"""


class ShareFailed(Exception):
    """A process that filled a share of the table ended before it was done."""


async def load_in_parallel(
    table: Table[S, E], pool: Pool, whole: Share, processes: Processes, progress: Progress = silent
) -> Load:
    """Fill a table; this process takes the first share, its children the others. Raises ShareFailed and Unreadable."""
    first, *others = [whole._replace(first=low, last=high) for low, high in await _bounds(pool, processes.amount)]
    filling = [asyncio.create_task(_let_fill(table.projection, share, processes, progress)) for share in others]
    filling.append(asyncio.create_task(load(table, pool, first, progress)))
    try:
        return sum_of(await asyncio.gather(*filling))
    finally:
        for each in filling:
            each.cancel()
        await asyncio.gather(*filling, return_exceptions=True)


def sum_of(loads: list[Load]) -> Load:
    """All of them together."""
    return Load(sum(each.events for each in loads), sum(each.streams for each in loads))


async def _bounds(pool: Pool, amount: int) -> list[tuple[UUID, UUID]]:
    """Cut the streams into shares of about the same number of events, by a sample."""
    parts = [number / amount for number in range(1, amount)]
    found: list[UUID] | None = await pool.fetchval(
        "SELECT percentile_disc($1::float8[]) WITHIN GROUP (ORDER BY originator_id)"
        " FROM linli_events TABLESAMPLE SYSTEM (2)",
        parts,
    )
    cuts = [UUID(int=cut.int) for cut in found or []]
    return list(zip([FIRST, *cuts], [*(UUID(int=cut.int - 1) for cut in cuts), LAST], strict=True))


async def _let_fill(projection: Projection[S, E], share: Share, processes: Processes, progress: Progress) -> Load:
    """Let a child fill a share."""
    done: list[Load] = []
    async with _child() as child:
        assert child.stdin is not None  # noqa: S101 - they were asked for
        assert child.stdout is not None  # noqa: S101
        child.stdin.write(pickle.dumps(sys.path) + pickle.dumps((projection, share, processes)))
        await child.stdin.drain()
        async for line in child.stdout:
            match line.decode().split(maxsplit=1):
                case ["done"]:
                    return sum_of(done)
                case ["folded", numbers]:
                    events, streams = numbers.split()
                    done.append(Load(int(events), int(streams)))
                    progress(done[-1])
                case said:
                    raise ShareFailed(" ".join(said))
    msg = "it was killed"
    raise ShareFailed(msg)


@asynccontextmanager
async def _child() -> AsyncGenerator[asyncio.subprocess.Process]:
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", _CHILD, stdin=pipe, stdout=pipe)
    try:
        yield child
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()


# In the child ---------------------------------------------------------------------------------------------------------


def main() -> None:
    """Fill a share that standard input describes."""
    projection, share, processes = pickle.load(sys.stdin.buffer)  # noqa: S301 - from our own parent
    try:
        asyncio.run(_fill(projection, share, processes))
        print("done", flush=True)  # noqa: T201 - the parent reads it
    except Exception as error:  # noqa: BLE001 - the parent is told whatever it is
        print("failed", repr(error).replace("\n", " "), flush=True)  # noqa: T201


async def _fill(projection: Projection[S, E], share: Share, processes: Processes) -> None:
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(asyncpg.create_pool(processes.dsn, min_size=2, max_size=2))
        vault = None if processes.vault is None else await stack.enter_async_context(processes.vault())
        await load(Table(projection, share.schema, vault), pool, share, _tell)


def _tell(done: Load) -> None:
    print("folded", done.events, done.streams, flush=True)  # noqa: T201
