"""The register of standings: one row for each vendor about which something is known.

in a band, or not rated · on a tier · of certain vendors
"""

from collections.abc import AsyncIterator, Mapping
from typing import Final, TypeAlias
from uuid import UUID

import asyncpg
import msgspec

from domain.evaluation import standing
from domain.evaluation.scorecard import Rating
from domain.evaluation.standing import Standing, StandingEvent
from domain.ports import Unavailable
from projections.listing import ORDERED, Key, Listed, Listing
from projections.projection import EARLIEST, Projection, Row
from projections.table import LOST, Pool

ListedStanding: TypeAlias = Listed[Standing]


def _row(found: Standing) -> Row:
    due, rated = standing.agenda(found), found.last_rated
    return (
        found.vendor,
        found.band,
        found.tier,
        None if rated is None else rated.total,
        "" if rated is None else rated.period,
        None if due is None else due.at,
    )


projection: Final = Projection(
    name="standing_register",
    lifecycle=standing.decider,
    columns={
        "vendor": ORDERED,
        "band": "text NOT NULL",
        "tier": "int NOT NULL",
        "total": "int",
        "rated_until": "text NOT NULL",
        "wake_at": "timestamptz",
    },
    row=_row,
    indexes=(
        "(vendor, id)",
        "(band, vendor, id)",
        "(tier, vendor, id)",
        "(wake_at, id) WHERE wake_at IS NOT NULL",
    ),
)


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """Which standings. Everything that is given has to hold."""

    band: Rating | None = None
    """`""`: not rated so far."""
    tier: int | None = None
    total_below: int | None = None
    """In hundredths of a point."""
    vendors: tuple[str, ...] | None = None
    """Of these only."""


_CONDITIONS: Final[Mapping[str, str]] = {
    "band": "band = {0}",
    "tier": "tier = {0}",
    "total_below": "total < {0}",
    "vendors": "vendor = ANY({0}::text[])",
}
_CLOCKS: Final = """
SELECT id, wake_at FROM reads.standing_register
WHERE wake_at IS NOT NULL AND (wake_at, id) > ($1, $2) ORDER BY wake_at, id LIMIT 1000
"""


class StandingRegister:
    """Questions to the register. They raise Unavailable while the database, or the register, is not there."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._rows: Listing[Standing, StandingEvent] = Listing(pool, projection, order="vendor", conditions=_CONDITIONS)

    async def get(self, stream: UUID) -> ListedStanding | None:
        """One standing; None when it is not in the register (yet)."""
        return await self._rows.get(stream)

    async def page(self, filters: Filters, after: Key | None = None, limit: int = 50) -> list[ListedStanding]:
        """The next `limit` standings after the end of another page, by the id of the vendor."""
        return await self._rows.page(filters, after, limit)

    async def open_clocks(self) -> AsyncIterator[UUID]:
        """The standings with a period that is to be closed, the earliest first."""
        key = (EARLIEST, UUID(int=0))
        while rows := await self._fetch(_CLOCKS, *key):
            for row in rows:
                yield row[0]
            key = (rows[-1][1], rows[-1][0])

    async def _fetch(self, query: str, *values: object) -> list[asyncpg.Record]:
        try:
            return await self._pool.fetch(query, *values)
        except (asyncpg.UndefinedTableError, *LOST) as error:
            msg = f"the register of standings cannot be read: {error}"
            raise Unavailable(msg) from error
