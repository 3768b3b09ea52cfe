"""Lists of things out of a read model: chosen by filters, in the order of one column, a page at a time.

A read model says once which filter asks what of which column; that is the one place where conditions are made, so who
may see what is one filter more. Pages go by the last row of the page before, so rows that come or go meanwhile neither
repeat nor hide others.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, Generic, NamedTuple, TypeAlias, TypeVar
from uuid import UUID

import asyncpg
import msgspec

from domain.decider import Event
from domain.ports import Unavailable
from projections.in_sight import in_sight
from projections.projection import EARLIEST, Codec, Projection, storable
from projections.table import LIVE, LOST, Pool

S = TypeVar("S")
E = TypeVar("E", bound=Event)

Key: TypeAlias = tuple[str, UUID]
"""Where a page ended: what it is ordered by, and the id."""

ORDERED = 'text COLLATE "C" NOT NULL'
"""The type of a column that rows are ordered by, or that holds codes whose beginnings are asked for."""


NEVER: Final = "9999"
"""Comes after every moment as it is `written` in an ordered column."""


def written(at: datetime) -> str:
    """A moment as it stands in an ordered column: the order of the texts is that of the moments."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")


class Seen(NamedTuple):
    """The columns that hold what `Decider.whose` tells of a row."""

    area: str = ""
    organisations: Sequence[str] = ()
    people: Sequence[str] = ()


_PUBLIC: Final = Seen()


class Listed(NamedTuple, Generic[S]):
    """One row: the state of a stream at its version and at a position of the log."""

    id: UUID
    version: int
    position: int
    state: S
    ordered_by: str

    @property
    def key(self) -> Key:
        """Where a page that ends with this row ended."""
        return self.ordered_by, self.id


def beginning_with(column: str) -> str:
    """The condition that the digits of a column begin with others: what lies in an area. `{0}` is their place."""
    return f"{column} >= {{0}} AND {column} < {{0}} || ':'"  # the colon comes after the nine


class Listing(Generic[S, E]):
    """Questions to one read model. They raise Unavailable while the database, or the table, is not there.

    `conditions` are by name of filter; `{0}` is the place of its value. No input ever gets into the text. Where filters
    have a `sight`, `seen` says by which columns it is judged.
    """

    def __init__(
        self,
        pool: Pool,
        projection: Projection[S, E],
        *,
        order: str,
        conditions: Mapping[str, str],
        seen: Seen = _PUBLIC,
    ) -> None:
        self._pool = pool
        self._order = order
        self._conditions = conditions
        self._seen = seen
        self._decode = Codec(projection).decode
        self._table = f"{LIVE}.{projection.name}"
        self._select = f"SELECT id, version, position, state, {order} FROM {self._table}"  # noqa: S608 - our own names
        self._clocks = (
            f"SELECT id, wake_at FROM {LIVE}.{projection.name}"  # noqa: S608 - our own names
            " WHERE wake_at IS NOT NULL AND (wake_at, id) > ($1, $2) ORDER BY wake_at, id LIMIT 1000"
        )

    async def get(self, stream: UUID) -> Listed[S] | None:
        """One row; None when there is none (yet)."""
        rows = await self._fetch(f"{self._select} WHERE id = $1", stream)
        return rows[0] if rows else None

    async def page(self, filters: msgspec.Struct, after: Key | None, limit: int) -> list[Listed[S]]:
        """The next `limit` rows after the end of another page."""
        return await self._page(self._order, filters, after, limit)

    async def ending(self, filters: msgspec.Struct, after: Key | None = None, limit: int = 50) -> list[Listed[S]]:
        """The same in the order of the column `ends`, where a read model has one: what ends first first."""
        return await self._page("ends", filters, after, limit)

    async def _page(self, order: str, filters: msgspec.Struct, after: Key | None, limit: int) -> list[Listed[S]]:
        conditions, values = self._where(filters)
        if after is not None:
            conditions.append(f"({order}, id) > (${len(values) + 1}, ${len(values) + 2})")
            values.extend(after)
        query = (
            f"SELECT id, version, position, state, {order} FROM {self._table}"  # noqa: S608 - our own names
            f" WHERE {' AND '.join(conditions) or 'true'} ORDER BY {order}, id LIMIT ${len(values) + 1}"
        )
        return await self._fetch(query, *values, limit)

    async def ordered_by(self, values: Sequence[str]) -> list[Listed[S]]:
        """The rows with these values in the column that they are ordered by."""
        return await self._fetch(f"{self._select} WHERE {self._order} = ANY($1) ORDER BY {self._order}, id", values)

    async def open_clocks(self) -> AsyncIterator[UUID]:
        """The streams on whose agenda there is something, the earliest first, by their column `wake_at`."""
        key: tuple[datetime, UUID] = (EARLIEST, UUID(int=0))
        while rows := await self._rows(self._clocks, *key):
            for row in rows:
                yield row[0]
            key = (rows[-1][1], rows[-1][0])

    def _where(self, filters: msgspec.Struct) -> tuple[list[str], list[object]]:
        """Conditions with places for values, and the values, of the filters that are given and of what is in sight."""
        conditions: list[str] = []
        values: list[object] = []
        for name, condition in self._conditions.items():
            value: object = getattr(filters, name)
            if value is not None:
                values.append(storable(value))
                conditions.append(f"({condition.format(f'${len(values)}')})")
        seen, by = in_sight(
            getattr(filters, "sight", None),
            area=self._seen.area,
            organisations=self._seen.organisations,
            people=self._seen.people,
            first=len(values) + 1,
        )
        return conditions + seen, values + by

    async def _fetch(self, query: str, *values: object) -> list[Listed[S]]:
        rows = await self._rows(query, *values)
        return [Listed(row[0], row[1], row[2], self._decode(row[3]), row[4]) for row in rows]

    async def _rows(self, query: str, *values: object) -> list[asyncpg.Record]:
        try:
            return await self._pool.fetch(query, *values)
        except (asyncpg.UndefinedTableError, *LOST) as error:
            msg = f"the read model cannot be read: {error}"
            raise Unavailable(msg) from error
