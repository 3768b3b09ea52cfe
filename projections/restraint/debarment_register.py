"""The register of debarred organisations: one row for each entry of each list, by name.

of a list · by a part of the name · by credit code · still listed or not · whose term runs on a day
"""

from collections.abc import Mapping
from datetime import date
from typing import Final, NamedTuple, TypeAlias
from uuid import UUID

import msgspec

from domain.restraint import debarment
from domain.restraint.debarment import Debarment, DebarmentEvent
from projections.listing import ORDERED, Key, Listed, Listing
from projections.projection import Projection, Row
from projections.table import Pool

ListedDebarment: TypeAlias = Listed[Debarment]
_FOREVER: Final = date(9999, 12, 30)


def _row(found: Debarment) -> Row:
    return (
        found.name.casefold(),
        found.list_key,
        found.credit_code,
        found.listed,
        found.listed_on or _FOREVER,
        found.until or _FOREVER,
    )


projection: Final = Projection(
    name="debarment_register",
    lifecycle=debarment.decider,
    columns={
        "words": ORDERED,
        "list_key": "text NOT NULL",
        "credit_code": "text NOT NULL",
        "listed": "boolean NOT NULL",
        "listed_on": "date NOT NULL",
        "until": "date NOT NULL",
    },
    row=_row,
    indexes=("(words, id)", "(list_key, words, id)", "(credit_code) WHERE credit_code <> ''", "(position)"),
)


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries. Everything that is given has to hold."""

    list_key: str | None = None
    words: str | None = None
    """Found, casefolded, in the name as it is published."""
    credit_code: str | None = None
    """As it is stored: `credit_code.normalised`."""
    listed: bool | None = None
    counts_on: date | None = None
    """It is listed, and this day is not after its last."""


_CONDITIONS: Final[Mapping[str, str]] = {
    "list_key": "list_key = {0}",
    "words": "strpos(words, {0}) > 0",
    "credit_code": "credit_code = {0}",
    "listed": "listed = {0}",
    "counts_on": "listed AND until >= {0}",
}


class Standing(NamedTuple):
    """All entries that are listed, and the position of the newest event of any."""

    entries: list[tuple[UUID, Debarment]]
    position: int


class DebarmentRegister(Listing[Debarment, DebarmentEvent]):
    """Questions to the register. They raise Unavailable while the database, or the register, is not there."""

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool, projection, order="words", conditions=_CONDITIONS)

    async def newest(self) -> int:
        """The position of the newest event of any entry; 0: there is none."""
        rows = await self._rows(f"SELECT coalesce(max(position), 0) FROM reads.{projection.name}")  # noqa: S608 - our own name
        newest: int = rows[0][0]
        return newest

    async def standing(self) -> Standing:
        """Everything that is listed, to compare with."""
        position = await self.newest()
        found: list[tuple[UUID, Debarment]] = []
        after: Key | None = None
        while rows := await self.page(Filters(listed=True), after, _MANY):
            found += [(row.id, row.state) for row in rows]
            after = rows[-1].key
        return Standing(found, position)


_MANY: Final = 5000
