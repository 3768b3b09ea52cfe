"""The board of screenings: one row for each vendor, by name.

whose matches await a person · who stands on a list
"""

from collections.abc import Mapping
from typing import Final, TypeAlias

import msgspec

from domain.access.permission import Sight
from domain.restraint import screening
from domain.restraint.screening import Screening, ScreeningEvent
from projections.listing import ORDERED, Listed, Listing, Seen
from projections.projection import Projection, Row
from projections.table import Pool

ListedScreening: TypeAlias = Listed[Screening]


def _row(found: Screening) -> Row:
    return (
        found.name.casefold(),
        found.vendor,
        bool(found.awaiting),
        any(each.strong for each in found.awaiting),
        any(each.status == "confirmed" for each in found.found),
        found.screened_at,
    )


projection: Final = Projection(
    name="screening_board",
    lifecycle=screening.decider,
    columns={
        "words": ORDERED,
        "vendor": "text NOT NULL",
        "awaiting": "boolean NOT NULL",
        "strong": "boolean NOT NULL",
        "confirmed": "boolean NOT NULL",
        "screened_at": "timestamptz",
    },
    row=_row,
    indexes=("(words, id)", "(vendor)", "(words, id) WHERE awaiting", "(words, id) WHERE confirmed"),
)


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """Which vendors. Everything that is given has to hold."""

    vendor: str | None = None
    """The id of the organisation."""
    words: str | None = None
    """Found, casefolded, in the name that was compared."""
    awaiting: bool | None = None
    """Some match awaits a person."""
    strong: bool | None = None
    """Some match that awaits a person blocks the vendor until then."""
    confirmed: bool | None = None
    """It stands on a list."""
    sight: Sight | None = None
    """Only what somebody may see; None: whatever there is."""


_CONDITIONS: Final[Mapping[str, str]] = {
    "vendor": "vendor = {0}",
    "words": "strpos(words, {0}) > 0",
    "awaiting": "awaiting = {0}",
    "strong": "strong = {0}",
    "confirmed": "confirmed = {0}",
}


class ScreeningBoard(Listing[Screening, ScreeningEvent]):
    """Questions to the board. They raise Unavailable while the database, or the board, is not there."""

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool, projection, order="words", conditions=_CONDITIONS, seen=Seen(organisations=("vendor",)))
