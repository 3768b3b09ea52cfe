"""The register of sanctions: one row for each vendor that ever had one.

suspended or blacklisted, as far as is known · by vendor · whose term runs out next

A term that is over counts as in force here until the clock has said so: whoever shows a row asks `restraints` for the
moment that matters.
"""

from collections.abc import Mapping
from typing import Final, TypeAlias
from uuid import UUID

import msgspec

from domain.access.permission import Sight
from domain.restraint import sanction
from domain.restraint.sanction import SanctionEvent, Sanctions
from projections.listing import NEVER, ORDERED, Listed, Listing, Seen, written
from projections.projection import Projection, Row
from projections.table import Pool

ListedSanctions: TypeAlias = Listed[Sanctions]


def _row(found: Sanctions) -> Row:
    due = sanction.agenda(found)
    standing = [each for each in found.all if not each.ended]
    ends = [each.until for each in standing]
    return (
        found.vendor,
        sorted({each.kind for each in standing}),
        None if None in ends else max((end for end in ends if end is not None), default=None),
        min((written(end) for end in ends if end is not None), default=NEVER),
        None if due is None else due.at,
    )


projection: Final = Projection(
    name="sanction_register",
    lifecycle=sanction.decider,
    columns={
        "vendor": ORDERED,
        "in_force": "text[] NOT NULL",
        "until": "timestamptz",
        "ends": ORDERED,
        "wake_at": "timestamptz",
    },
    row=_row,
    indexes=(
        "(vendor, id)",
        "(vendor, id) WHERE in_force <> '{}'",
        "(ends, id) WHERE ends < '9999'",
        "(wake_at, id) WHERE wake_at IS NOT NULL",
    ),
)


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """Whose sanctions. Everything that is given has to hold."""

    vendors: tuple[str, ...] | None = None
    """Any of these organisations."""
    kind: sanction.SanctionKind | None = None
    """Something of this kind is in force."""
    any: bool | None = None
    """Whether anything is in force."""
    ends_before: str | None = None
    """As `written`: the first term that is still running is over before."""
    sight: Sight | None = None
    """Only what somebody may see by its vendor; None: whatever there is."""


_CONDITIONS: Final[Mapping[str, str]] = {
    "vendors": "vendor = ANY({0})",
    "any": "(in_force <> '{{}}') = {0}",
    "kind": "in_force <> '{{}}' AND {0} = ANY(in_force)",
    "ends_before": "ends < {0} AND ends < '9999'",
}


class SanctionRegister(Listing[Sanctions, SanctionEvent]):
    """Questions to the register. They raise Unavailable while the database, or the register, is not there."""

    def __init__(self, pool: Pool) -> None:
        seen = Seen(organisations=("vendor",))
        super().__init__(pool, projection, order="vendor", conditions=_CONDITIONS, seen=seen)

    async def of(self, vendor_id: UUID) -> ListedSanctions | None:
        """The sanctions on a vendor; None when there never were any."""
        return await self.get(sanction.stream(str(vendor_id)))
