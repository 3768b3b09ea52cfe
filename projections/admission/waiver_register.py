"""The register of emergency waivers: one row for each vendor and category.

of a vendor · of a category · waiting for a signature · in force or waiting · whose clock runs
"""

from collections.abc import Mapping
from typing import Final, TypeAlias

import msgspec

from domain.access.permission import Sight
from domain.admission import waiver
from domain.admission.waiver import WaiverEvent, Waivers
from projections.listing import NEVER, ORDERED, Listed, Listing, written
from projections.projection import Projection, Row
from projections.table import Pool

ListedWaivers: TypeAlias = Listed[Waivers]


def _row(found: Waivers) -> Row:
    due = waiver.agenda(found)
    return (
        f"{found.category}/{found.vendor}",
        found.vendor,
        found.category,
        sorted({each.area for each in found.all if each.area}),
        any(each.status == "proposed" for each in found.all),
        bool(found.open),
        min((written(each.until) for each in found.open), default=NEVER),
        None if due is None else due.at,
    )


projection: Final = Projection(
    name="waiver_register",
    lifecycle=waiver.decider,
    columns={
        "called": ORDERED,
        "vendor": "text NOT NULL",
        "category": "text NOT NULL",
        "areas": "text[] NOT NULL",
        "awaits_signature": "boolean NOT NULL",
        "open": "boolean NOT NULL",
        "ends": ORDERED,
        "wake_at": "timestamptz",
    },
    row=_row,
    indexes=(
        "(called, id)",
        "(vendor)",
        "(called, id) WHERE awaits_signature",
        "(ends, id) WHERE ends < '9999'",
        "(wake_at, id) WHERE wake_at IS NOT NULL",
    ),
)


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """Which waivers. Everything that is given has to hold."""

    vendor: str | None = None
    category: str | None = None
    awaits_signature: bool | None = None
    open: bool | None = None
    """Waits for a signature, or allows something."""
    ends_before: str | None = None
    """As `written`: the first of those is over before."""
    sight: Sight | None = None
    """Only what somebody may see; None: whatever there is."""


# Which filter asks what; `{0}` is the place of its value.
_CONDITIONS: Final[Mapping[str, str]] = {
    "vendor": "vendor = {0}",
    "category": "category = {0}",
    "awaits_signature": "awaits_signature = {0}",
    "open": "open = {0}",
    "ends_before": "ends < {0} AND ends < '9999'",
}
_IN_AREAS: Final = "EXISTS (SELECT 1 FROM unnest(areas) AS area WHERE area ^@ ANY({}::text[]))"


class WaiverRegister(Listing[Waivers, WaiverEvent]):
    """Questions to the register. They raise Unavailable while the database, or the register, is not there."""

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool, projection, order="called", conditions=_CONDITIONS)

    def _where(self, filters: msgspec.Struct) -> tuple[list[str], list[object]]:
        """As for other lists; but a file of waivers concerns every area that one of them is for."""
        assert isinstance(filters, Filters)  # noqa: S101 - for the type checker
        conditions, values = super()._where(msgspec.structs.replace(filters, sight=None))
        sight = filters.sight
        if sight is None or sight.everything:
            return conditions, values
        ways: list[str] = []
        if sight.organisations:
            values.append(list(sight.organisations))
            ways.append(f"vendor = ANY(${len(values)}::text[])")
        if sight.areas:
            values.append(list(sight.areas))
            ways.append(_IN_AREAS.format(f"${len(values)}"))
        return [*conditions, f"({' OR '.join(ways)})" if ways else "false"], values


__all__ = ["Filters", "ListedWaivers", "WaiverRegister", "projection"]
