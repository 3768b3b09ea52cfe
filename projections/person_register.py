"""The register of people: who there is, where they live, and whether their data is still used.

Nothing in it can be searched by name, number or address: those stand in the state beside the columns, sealed as they
are in the log, and an erased person has none.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple, TypeAlias
from uuid import UUID

import asyncpg

from domain.parties import person
from domain.parties.person import Person, Status
from domain.ports import Unavailable
from projections.projection import EARLIEST, LATEST, Codec, Projection, Row
from projections.table import LOST, Pool

Key: TypeAlias = tuple[datetime, UUID]
"""Where a page ended: the moment of registration, and the id."""


def _row(known: Person) -> Row:
    due = person.agenda(known)
    return (
        known.status.value,
        known.home,
        known.status is Status.RESTRICTED,
        known.status is Status.ERASED,
        known.registered_at or EARLIEST,
        None if due is None else due.at,
    )


projection: Final = Projection(
    name="person_register",
    lifecycle=person.decider,
    columns={
        "status": "text NOT NULL",
        "home": 'text COLLATE "C" NOT NULL',
        "restricted": "boolean NOT NULL",
        "erased": "boolean NOT NULL",
        "registered_at": "timestamptz NOT NULL",
        "wake_at": "timestamptz",
    },
    row=_row,
    indexes=(
        "(registered_at, id)",
        "(home, registered_at, id)",
        "(wake_at, id) WHERE wake_at IS NOT NULL",
    ),
)

_PAGE = """
SELECT id, version, position, state FROM reads.person_register
WHERE home ^@ ANY($1) AND (erased = $2 OR $2 IS NULL) AND (registered_at, id) < ($3, $4)
ORDER BY registered_at DESC, id DESC LIMIT $5
"""
_CLOCKS = """
SELECT id, wake_at FROM reads.person_register
WHERE wake_at IS NOT NULL AND (wake_at, id) > ($1, $2) ORDER BY wake_at, id LIMIT 1000
"""
_NEWEST: Final[Key] = (LATEST, UUID(int=2**128 - 1))


class Listed(NamedTuple):
    """One row: what is known of a person at a version of the stream and a position of the log."""

    id: UUID
    version: int
    position: int
    person: Person

    @property
    def key(self) -> Key:
        """Where a page that ends with this row ended."""
        return min(max(self.person.registered_at or EARLIEST, EARLIEST), LATEST), self.id


class PersonRegister:
    """Questions to the register. They raise Unavailable while the database, or the register, is not there."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._decode = Codec(projection).decode

    async def page(
        self, areas: Sequence[str], after: Key | None = None, limit: int = 50, *, erased: bool | None = None
    ) -> list[Listed]:
        """The next `limit` people, newest first, whose home is in one of these areas (`""`: wherever they live)."""
        rows = await self._fetch(_PAGE, list(areas), erased, *(after or _NEWEST), limit)
        return [Listed(row[0], row[1], row[2], self._decode(row[3])) for row in rows]

    async def open_clocks(self) -> AsyncIterator[UUID]:
        """The people whose data waits for the day on which it is erased, the earliest first."""
        key = (EARLIEST, UUID(int=0))
        while rows := await self._fetch(_CLOCKS, *key):
            for row in rows:
                yield row[0]
            key = (rows[-1][1], rows[-1][0])

    async def _fetch(self, query: str, *values: object) -> list[asyncpg.Record]:
        try:
            return await self._pool.fetch(query, *values)
        except (asyncpg.UndefinedTableError, *LOST) as error:
            msg = f"the register of people cannot be read: {error}"
            raise Unavailable(msg) from error
