"""The register of organisations: one row each, by name.

of a kind · in an area or anything in it · by a part of the name · by credit code · open or closed
"""

from collections.abc import Mapping
from typing import Final, TypeAlias
from uuid import UUID

import msgspec

from domain.parties import organisation
from domain.parties.organisation import Kind, Organisation, OrganisationEvent
from projections.listing import ORDERED, Key, Listed, Listing, beginning_with
from projections.projection import Projection, Row
from projections.table import Pool

ListedOrganisation: TypeAlias = Listed[Organisation]


def _row(found: Organisation) -> Row:
    return (
        found.name.casefold(),
        found.kinds,
        found.credit_code,
        found.country,
        found.area,
        found.open,
        found.provider is not None,
    )


projection: Final = Projection(
    name="organisation_register",
    lifecycle=organisation.decider,
    columns={
        "words": ORDERED,
        "kinds": "text[] NOT NULL",
        "credit_code": "text NOT NULL",
        "country": "text NOT NULL",
        "area": ORDERED,
        "open": "boolean NOT NULL",
        "trusts_provider": "boolean NOT NULL",
    },
    row=_row,
    indexes=("(words, id)", "(area, words, id) WHERE area <> ''", "(credit_code) WHERE credit_code <> ''"),
)


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """Which organisations. Everything that is given has to hold."""

    kind: Kind | None = None
    """This, whatever else it is."""
    within: str | None = None
    """Of this area, or of one that lies in it."""
    words: str | None = None
    """Found, casefolded, in the name."""
    credit_code: str | None = None
    """As it is stored: `credit_code.normalised`."""
    open: bool | None = None
    trusts_provider: bool | None = None
    """Its people may sign in with a provider of its own."""
    ids: tuple[UUID, ...] | None = None
    """Any of these."""


# Which filter asks what; `{0}` is the place of its value. Who may see what becomes one line more.
_CONDITIONS: Final[Mapping[str, str]] = {
    "kind": "{0} = ANY(kinds)",
    "within": beginning_with("area"),
    "words": "strpos(words, {0}) > 0",
    "credit_code": "credit_code = {0}",
    "open": "open = {0}",
    "trusts_provider": "trusts_provider = {0}",
    "ids": "id = ANY({0})",
}


class OrganisationRegister:
    """Questions to the register. They raise Unavailable while the database, or the register, is not there."""

    def __init__(self, pool: Pool) -> None:
        self._rows: Listing[Organisation, OrganisationEvent] = Listing(
            pool, projection, order="words", conditions=_CONDITIONS
        )

    async def get(self, stream: UUID) -> ListedOrganisation | None:
        """One organisation; None when it is not in the register (yet)."""
        return await self._rows.get(stream)

    async def page(self, filters: Filters, after: Key | None = None, limit: int = 50) -> list[ListedOrganisation]:
        """The next `limit` organisations after the end of another page, by name."""
        return await self._rows.page(filters, after, limit)
