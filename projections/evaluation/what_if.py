"""What if other rules had counted: reads the evidence about all vendors from the log, and writes nothing.

The database joins what is known of a vendor into one text, so each vendor costs one row and one decoding; while it
reads what comes next, what has come is reckoned, in a thread, so that nobody else has to wait.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

import asyncpg
import msgspec

from domain.evaluation.evidence import EvidenceKind, Tally
from domain.evaluation.periods import Length, month_of, period_with
from domain.evaluation.rating_rules import Rules
from domain.evaluation.what_if import Change, Period, compare
from domain.ports import Unavailable
from projections.table import LIVE, LOST, Pool

_CHUNK = 250
_EVIDENCE: Final = f"""
SELECT r.vendor, string_agg(e.state, ','::bytea ORDER BY e.originator_version)
FROM {LIVE}.standing_register AS r JOIN linli_events AS e ON e.originator_id = r.id
WHERE e.topic IN ('standing.noted', 'standing.evidence_withdrawn')
GROUP BY r.vendor ORDER BY r.vendor
"""  # noqa: S608 - our own names


class Told(msgspec.Struct, frozen=True):
    """What of an event matters here."""

    type: str
    id: str
    kind: EvidenceKind
    happened_at: str
    points: int = 0


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

    async def ask(self, length: Length, periods: Sequence[Period], proposed: Rules, *, most: int = 1000) -> Answer:
        """Compare the rules that counted in some periods with others. At most so many changes are listed."""
        try:
            async with self._turn, self._pool.acquire() as connection, connection.transaction(readonly=True):
                cursor = await connection.cursor(_EVIDENCE)
                return await _compared(cursor, length, periods, proposed, most)
        except (asyncpg.UndefinedTableError, *LOST) as error:
            msg = f"the evidence cannot be read: {error}"
            raise Unavailable(msg) from error


async def _compared(
    cursor: "asyncpg.cursor.Cursor[asyncpg.Record]",
    length: Length,
    periods: Sequence[Period],
    proposed: Rules,
    most: int,
) -> Answer:
    vendors, rated, changes = 0, 0, list[Change]()
    chunk = await cursor.fetch(_CHUNK)
    while chunk:
        reading = asyncio.ensure_future(cursor.fetch(_CHUNK))
        try:
            found = await asyncio.to_thread(_chunk, chunk, length, periods, proposed)
        finally:
            await asyncio.wait([reading])
        vendors, rated = vendors + len(chunk), rated + found[0]
        changes += found[1]
        chunk = reading.result()
    return Answer(vendors, rated, len(changes), tuple(changes[:most]))


def _chunk(
    rows: Sequence[asyncpg.Record], length: Length, periods: Sequence[Period], proposed: Rules
) -> tuple[int, list[Change]]:
    rated, changes, wanted = 0, list[Change](), frozenset(period.name for period in periods)
    for vendor, bodies in rows:
        compared = compare(vendor, periods, tallies(bodies, length, wanted), proposed)
        rated += compared.rated
        changes += compared.changes
    return rated, changes


def tallies(bodies: bytes, length: Length, wanted: frozenset[str]) -> dict[str, Tally]:
    """What is known of a vendor, counted by period: its events, with commas between."""
    told = _decode(b"[" + bodies + b"]")
    withdrawn = {each.id for each in told if each.type == _WITHDRAWN}
    found: dict[str, Tally] = {}
    for each in told:
        period = _period(length, each.happened_at[:13])
        if period not in wanted:
            continue
        tally = found.get(period)
        if tally is None:
            tally = found[period] = Tally({}, {})
        if each.id not in withdrawn:
            tally.add(each.kind, each.points)
    return found


_WITHDRAWN: Final = "standing.evidence_withdrawn"
_decode = msgspec.json.Decoder(list[Told]).decode


@lru_cache(maxsize=65_536)
def _period(length: Length, hour: str) -> str:
    """The period of a moment, told in UTC to the hour: where it is midnight in China, an hour begins in UTC."""
    return period_with(length, month_of(datetime.fromisoformat(f"{hour}:00:00").replace(tzinfo=UTC)))
