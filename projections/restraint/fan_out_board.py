"""The board of fan-outs: one row for each sanction, the one whose time to choose ends first at the top.

of a vendor · open or reported · with something left to choose
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, TypeAlias

import msgspec

from domain.access.permission import Sight
from domain.restraint import fan_out
from domain.restraint.fan_out import FanOut, FanOutEvent
from projections.listing import ORDERED, Listed, Listing, Seen
from projections.projection import EARLIEST, Projection, Row
from projections.table import Pool

ListedFanOut: TypeAlias = Listed[FanOut]


def _row(found: FanOut) -> Row:
    due = fan_out.agenda(found)
    return (
        _ordered(found.deadline or EARLIEST),
        found.vendor,
        found.areas[0] if found.areas else "",
        found.closed_at is None,
        len(found.undecided),
        None if due is None else due.at,
    )


def _ordered(moment: datetime) -> str:
    """Sorts as text as moments do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


projection: Final = Projection(
    name="fan_out_board",
    lifecycle=fan_out.decider,
    columns={
        "deadline": ORDERED,
        "vendor": "text NOT NULL",
        "area": 'text COLLATE "C" NOT NULL',
        "open": "boolean NOT NULL",
        "undecided": "int NOT NULL",
        "wake_at": "timestamptz",
    },
    row=_row,
    indexes=("(deadline, id)", "(vendor, deadline, id)", "(wake_at, id) WHERE wake_at IS NOT NULL"),
)


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """Which fan-outs. Everything that is given has to hold."""

    vendor: str | None = None
    open: bool | None = None
    undecided: bool | None = None
    """Something waits for a choice."""
    sight: Sight | None = None
    """Only what somebody may see; None: whatever there is."""


_CONDITIONS: Final[Mapping[str, str]] = {
    "vendor": "vendor = {0}",
    "open": "open = {0}",
    "undecided": "(undecided > 0) = {0}",
}


class FanOutBoard(Listing[FanOut, FanOutEvent]):
    """Questions to the board. They raise Unavailable while the database, or the board, is not there."""

    def __init__(self, pool: Pool) -> None:
        seen = Seen(area="area", organisations=("vendor",))
        super().__init__(pool, projection, order="deadline", conditions=_CONDITIONS, seen=seen)
