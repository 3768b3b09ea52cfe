"""Lists of things out of a read model: chosen by filters, in the order of one column, a page at a time.

A read model says once which filter asks what of which column; that is the one place where conditions are made, so who
may see what is one filter more. Pages go by the last row of the page before, so rows that come or go meanwhile neither
repeat nor hide others.
"""

from collections.abc import Mapping, Sequence
from typing import Generic, NamedTuple, TypeAlias, TypeVar
from uuid import UUID

import asyncpg
import msgspec

from domain.decider import Event
from domain.ports import Unavailable
from projections.projection import Codec, Projection, storable
from projections.table import LIVE, LOST, Pool

S = TypeVar("S")
E = TypeVar("E", bound=Event)

Key: TypeAlias = tuple[str, UUID]
"""Where a page ended: what it is ordered by, and the id."""

ORDERED = 'text COLLATE "C" NOT NULL'
"""The type of a column that rows are ordered by, or that holds codes whose beginnings are asked for."""


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

    `conditions` are by name of filter; `{0}` is the place of its value. No input ever gets into the text.
    """

    def __init__(self, pool: Pool, projection: Projection[S, E], *, order: str, conditions: Mapping[str, str]) -> None:
        self._pool = pool
        self._order = order
        self._conditions = conditions
        self._decode = Codec(projection).decode
        self._select = f"SELECT id, version, position, state, {order} FROM {LIVE}.{projection.name}"  # noqa: S608 - our own names

    async def get(self, stream: UUID) -> Listed[S] | None:
        """One row; None when there is none (yet)."""
        rows = await self._fetch(f"{self._select} WHERE id = $1", stream)
        return rows[0] if rows else None

    async def page(self, filters: msgspec.Struct, after: Key | None, limit: int) -> list[Listed[S]]:
        """The next `limit` rows after the end of another page."""
        conditions, values = self._where(filters)
        if after is not None:
            conditions.append(f"({self._order}, id) > (${len(values) + 1}, ${len(values) + 2})")
            values.extend(after)
        query = (
            f"{self._select} WHERE {' AND '.join(conditions) or 'true'}"
            f" ORDER BY {self._order}, id LIMIT ${len(values) + 1}"
        )
        return await self._fetch(query, *values, limit)

    async def ordered_by(self, values: Sequence[str]) -> list[Listed[S]]:
        """The rows with these values in the column that they are ordered by."""
        return await self._fetch(f"{self._select} WHERE {self._order} = ANY($1) ORDER BY {self._order}, id", values)

    def _where(self, filters: msgspec.Struct) -> tuple[list[str], list[object]]:
        """Conditions with places for values, and the values, of the filters that are given."""
        conditions: list[str] = []
        values: list[object] = []
        for name, condition in self._conditions.items():
            value: object = getattr(filters, name)
            if value is not None:
                values.append(storable(value))
                conditions.append(f"({condition.format(f'${len(values)}')})")
        return conditions, values

    async def _fetch(self, query: str, *values: object) -> list[Listed[S]]:
        try:
            rows = await self._pool.fetch(query, *values)
        except (asyncpg.UndefinedTableError, *LOST) as error:
            msg = f"the read model cannot be read: {error}"
            raise Unavailable(msg) from error
        return [Listed(row[0], row[1], row[2], self._decode(row[3]), row[4]) for row in rows]
