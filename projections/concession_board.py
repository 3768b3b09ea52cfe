"""The board of concession agreements: one row each, area by area.

of a vendor · of a grantor · in an area or anything in it · still running · with a milestone that was missed, or is due
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, TypeAlias

import msgspec

from domain.access.permission import Sight
from domain.concession import agreement
from domain.concession.agreement import Concession, ConcessionEvent
from projections.listing import ORDERED, Listed, Listing, Seen, beginning_with
from projections.projection import Projection, Row
from projections.table import Pool

ListedConcession: TypeAlias = Listed[Concession]


def _row(found: Concession) -> Row:
    due = agreement.agenda(found)
    undone = [each for each in found.progress if each.status != "confirmed"]
    return (
        found.area,
        found.vendor,
        found.grantor,
        found.running,
        any(each.status == "submitted" for each in found.progress),
        any(each.missed_at is not None for each in undone),
        min((each.due for each in undone), default=None) if found.running else None,
        None if due is None else due.at,
    )


projection: Final = Projection(
    name="concession_board",
    lifecycle=agreement.decider,
    columns={
        "area": ORDERED,
        "vendor": "text NOT NULL",
        "grantor": "text NOT NULL",
        "running": "boolean NOT NULL",
        "submitted": "boolean NOT NULL",
        "missed": "boolean NOT NULL",
        "due_at": "timestamptz",
        "wake_at": "timestamptz",
    },
    row=_row,
    indexes=(
        "(area, id)",
        "(vendor)",
        "(grantor)",
        "(due_at) WHERE due_at IS NOT NULL",
        "(wake_at, id) WHERE wake_at IS NOT NULL",
    ),
)


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """Which agreements. Everything that is given has to hold."""

    vendor: str | None = None
    grantor: str | None = None
    within: str | None = None
    """For this area, or for one that lies in it."""
    running: bool | None = None
    submitted: bool | None = None
    """Evidence waits to be looked at."""
    missed: bool | None = None
    """A milestone was missed and is not confirmed since."""
    due_before: datetime | None = None
    """A milestone that is not confirmed is due before this moment."""
    sight: Sight | None = None
    """Only what somebody may see; None: whatever there is."""


_CONDITIONS: Final[Mapping[str, str]] = {
    "vendor": "vendor = {0}",
    "grantor": "grantor = {0}",
    "within": beginning_with("area"),
    "running": "running = {0}",
    "submitted": "submitted = {0}",
    "missed": "missed = {0}",
    "due_before": "due_at < {0}",
}


class ConcessionBoard(Listing[Concession, ConcessionEvent]):
    """Questions to the board. They raise Unavailable while the database, or the board, is not there."""

    def __init__(self, pool: Pool) -> None:
        seen = Seen(area="area", organisations=("vendor", "grantor"))
        super().__init__(pool, projection, order="area", conditions=_CONDITIONS, seen=seen)
