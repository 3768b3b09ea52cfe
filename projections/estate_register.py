"""The register of estates: one row each, community by community and by name.

in a community, or anywhere in an area above it · by a part of the name · open or closed
"""

from collections.abc import Mapping
from typing import Final, TypeAlias
from uuid import UUID

import msgspec

from domain.parties import estate
from domain.parties.estate import Estate, EstateEvent
from projections.listing import ORDERED, Key, Listed, Listing, beginning_with
from projections.projection import Projection, Row
from projections.table import Pool

ListedEstate: TypeAlias = Listed[Estate]


def _row(found: Estate) -> Row:
    words = found.name.casefold()
    return (f"{found.community} {words}", found.community, found.open, len(found.buildings), words)


projection: Final = Projection(
    name="estate_register",
    lifecycle=estate.decider,
    columns={
        "place": ORDERED,
        "community": ORDERED,
        "open": "boolean NOT NULL",
        "buildings": "int NOT NULL",
        "words": "text NOT NULL",
    },
    row=_row,
    indexes=("(place, id)",),
)


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """Which estates. Everything that is given has to hold."""

    community: str | None = None
    """In this community, or anywhere in this area."""
    words: str | None = None
    """Found, casefolded, in the name."""
    open: bool | None = None


# Which filter asks what; `{0}` is the place of its value. Who may see what becomes one line more.
_CONDITIONS: Final[Mapping[str, str]] = {
    "community": beginning_with("place"),
    "words": "strpos(words, {0}) > 0",
    "open": "open = {0}",
}


class EstateRegister:
    """Questions to the register. They raise Unavailable while the database, or the register, is not there."""

    def __init__(self, pool: Pool) -> None:
        self._rows: Listing[Estate, EstateEvent] = Listing(pool, projection, order="place", conditions=_CONDITIONS)

    async def get(self, stream: UUID) -> ListedEstate | None:
        """One estate; None when it is not in the register (yet)."""
        return await self._rows.get(stream)

    async def page(self, filters: Filters, after: Key | None = None, limit: int = 50) -> list[ListedEstate]:
        """The next `limit` estates after the end of another page, by community and name."""
        return await self._rows.page(filters, after, limit)
