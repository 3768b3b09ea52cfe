"""The area tree: every area with the one above it, in the order of the codes, so each stands before what lies in it.

children of an area · what lies anywhere in an area · the way down to an area · by name
"""

from collections.abc import Mapping
from typing import Final, TypeAlias
from uuid import UUID

import msgspec

from domain.parties import area
from domain.parties.area import Area, AreaEvent, Level
from projections.listing import ORDERED, Key, Listed, Listing, beginning_with
from projections.projection import Projection, Row
from projections.table import Pool

ListedArea: TypeAlias = Listed[Area]


def _row(found: Area) -> Row:
    return (found.code, found.parent, found.level or "", found.open, found.name.casefold())


projection: Final = Projection(
    name="area_tree",
    lifecycle=area.decider,
    columns={
        "code": ORDERED,
        "parent": ORDERED,
        "level": "text NOT NULL",
        "open": "boolean NOT NULL",
        "words": "text NOT NULL",
    },
    row=_row,
    indexes=("(code, id)", "(parent, code, id)"),
)


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """Which areas. Everything that is given has to hold."""

    parent: str | None = None
    """Right below this area; `""`: provinces."""
    within: str | None = None
    """This area, and whatever lies in it."""
    level: Level | None = None
    open: bool | None = None
    words: str | None = None
    """Found, casefolded, in the name."""


# Which filter asks what; `{0}` is the place of its value. Who may see what becomes one line more.
_CONDITIONS: Final[Mapping[str, str]] = {
    "parent": "parent = {0}",
    "within": beginning_with("code"),
    "level": "level = {0}",
    "open": "open = {0}",
    "words": "strpos(words, {0}) > 0",
}


class AreaTree:
    """Questions to the tree. They raise Unavailable while the database, or the tree, is not there."""

    def __init__(self, pool: Pool) -> None:
        self._rows: Listing[Area, AreaEvent] = Listing(pool, projection, order="code", conditions=_CONDITIONS)

    async def get(self, stream: UUID) -> ListedArea | None:
        """One area; None when it is not in the tree (yet)."""
        return await self._rows.get(stream)

    async def page(self, filters: Filters, after: Key | None = None, limit: int = 50) -> list[ListedArea]:
        """The next `limit` areas after the end of another page, by code."""
        return await self._rows.page(filters, after, limit)

    async def ancestors(self, code: str) -> list[ListedArea]:
        """The areas above, the province first. One that nobody has registered is left out."""
        return await self._rows.ordered_by(area.ancestors_of(code))
