"""What if other rules had counted: reads the evidence about all vendors from their register, and writes nothing.

A standing knows how much evidence of which kind there was in each month, folded from the log, so each vendor costs one
row however long it has worked. While the database reads what comes next, what has come is reckoned, in a thread, so
that nobody else has to wait.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Final

import asyncpg
import msgspec

from domain.evaluation.rating_rules import Rules
from domain.evaluation.what_if import Change, Period, compare
from domain.ports import Unavailable
from projections.evaluation.standing_register import projection
from projections.projection import Codec
from projections.table import LIVE, LOST, Pool

_CHUNK = 250
_decode = Codec(projection).decode
_STANDINGS: Final = f"SELECT state FROM {LIVE}.{projection.name} ORDER BY vendor"  # noqa: S608 - our own names


class Answer(msgspec.Struct, frozen=True):
    """Who would have been in another band."""

    vendors: int
    """About which anything is known."""
    rated: int
    """Periods of vendors that were rated."""
    changed: int
    changes: tuple[Change, ...]
    """By vendor and period; no more of them than were asked for."""


class WhatIf:
    """Reckons past periods anew. One at a time: others wait. Raises Unavailable while the database is not there."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._turn = asyncio.Lock()

    async def ask(self, periods: Sequence[Period], proposed: Rules, *, most: int = 1000) -> Answer:
        """Compare the rules that counted in some periods with others. At most so many changes are listed."""
        try:
            async with self._turn, self._pool.acquire() as connection, connection.transaction(readonly=True):
                cursor = await connection.cursor(_STANDINGS)
                return await _compared(cursor.fetch, periods, proposed, most)
        except (asyncpg.UndefinedTableError, *LOST) as error:
            msg = f"the register of standings cannot be read: {error}"
            raise Unavailable(msg) from error


async def _compared(
    fetch: Callable[[int], Coroutine[None, None, Sequence[asyncpg.Record]]],
    periods: Sequence[Period],
    proposed: Rules,
    most: int,
) -> Answer:
    vendors, rated, changes = 0, 0, list[Change]()
    chunk = await fetch(_CHUNK)
    while chunk:
        reading = asyncio.ensure_future(fetch(_CHUNK))
        try:
            found = await asyncio.to_thread(_chunk, chunk, periods, proposed)
        finally:
            await asyncio.wait([reading])
        vendors, rated = vendors + len(chunk), rated + found[0]
        changes += found[1]
        chunk = reading.result()
    return Answer(vendors, rated, len(changes), tuple(changes[:most]))


def _chunk(rows: Sequence[asyncpg.Record], periods: Sequence[Period], proposed: Rules) -> tuple[int, list[Change]]:
    rated, changes = 0, list[Change]()
    for (state,) in rows:
        compared = compare(_decode(state), periods, proposed)
        rated += compared.rated
        changes += compared.changes
    return rated, changes
