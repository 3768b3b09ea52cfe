"""The board of engagements: one row each, the oldest first.

of a vendor · of a category · in an area · where it stands · what is in flight: to be done, or to be paid for
"""

from collections.abc import Mapping
from datetime import UTC
from typing import Final, TypeAlias

import msgspec

from domain.access.permission import Sight
from domain.engaging import engagement
from domain.engaging.engagement import Engagement, EngagementEvent, Status
from projections.listing import ORDERED, Key, Listed, Listing, Seen, beginning_with
from projections.projection import EARLIEST, Projection, Row
from projections.table import Pool

ListedEngagement: TypeAlias = Listed[Engagement]
_MOST: Final = 1000


def _row(found: Engagement) -> Row:
    since = (found.since or EARLIEST).astimezone(UTC)
    return (
        since.isoformat(timespec="microseconds"),
        found.vendor,
        found.category,
        found.area,
        found.status,
        found.value_fen,
        found.in_flight,
        bool(found.held),
        bool(found.kept),
    )


projection: Final = Projection(
    name="engagement_board",
    lifecycle=engagement.decider,
    columns={
        "since": ORDERED,
        "vendor": "text NOT NULL",
        "category": "text NOT NULL",
        "area": ORDERED,
        "status": "text NOT NULL",
        "value_fen": "bigint NOT NULL",
        "in_flight": "boolean NOT NULL",
        "held": "boolean NOT NULL",
        "kept": "boolean NOT NULL",
    },
    row=_row,
    indexes=("(since, id)", "(vendor, since, id)", "(area, since, id)", "(vendor, since, id) WHERE in_flight"),
)


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """Which engagements. Everything that is given has to hold."""

    vendor: str | None = None
    category: str | None = None
    within: str | None = None
    """In this area, or in one that lies in it."""
    status: Status | None = None
    in_flight: bool | None = None
    held: bool | None = None
    sight: Sight | None = None
    """Only what somebody may see; None: whatever there is."""


# Which filter asks what; `{0}` is the place of its value.
_CONDITIONS: Final[Mapping[str, str]] = {
    "vendor": "vendor = {0}",
    "category": "category = {0}",
    "within": beginning_with("area"),
    "status": "status = {0}",
    "in_flight": "in_flight = {0}",
    "held": "held = {0}",
}


class EngagementBoard(Listing[Engagement, EngagementEvent]):
    """Questions to the board. They raise Unavailable while the database, or the board, is not there."""

    def __init__(self, pool: Pool) -> None:
        seen = Seen(area="area", organisations=("vendor",))
        super().__init__(pool, projection, order="since", conditions=_CONDITIONS, seen=seen)

    async def in_flight(self, vendor: str) -> list[ListedEngagement]:
        """Everything that a vendor has to do yet, or has to be paid for: what a sanction must see to."""
        found: list[ListedEngagement] = []
        after: Key | None = None
        while page := await self.page(Filters(vendor=vendor, in_flight=True), after, _MOST):
            found += page
            after = page[-1].key
        return found


__all__ = ["EngagementBoard", "Filters", "ListedEngagement", "projection"]
