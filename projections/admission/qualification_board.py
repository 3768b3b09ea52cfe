"""The board of qualifications: one row for each vendor, category and area.

in the order of submission: cases that wait for a reviewer, for a stage · who is qualified where, at a moment
in the order of what ends next: grants, by their term, a document or a condition
"""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Final, TypeAlias
from uuid import UUID

import msgspec

from domain.access.permission import Sight
from domain.admission import qualification
from domain.admission.qualification import Qualification, QualificationEvent, Stage, Status
from projections.listing import NEVER, ORDERED, Key, Listed, Listing, Seen, beginning_with, written
from projections.projection import Projection, Row
from projections.table import Pool

ListedQualification: TypeAlias = Listed[Qualification]


def _row(found: Qualification) -> Row:
    live, open_case = found.live, found.open_case
    due = qualification.agenda(found)
    ends = [qualification.end(found, each).at for each in live]
    case = found.case
    return (
        NEVER if case is None else written(case.submitted_at),
        found.vendor,
        found.category,
        found.area,
        found.status,
        "" if open_case is None else open_case.stage,
        () if open_case is None else open_case.awaiting,
        min((each.since for each in live), default=None),
        max(ends, default=None),
        sorted({each.area for grant in live for each in grant.taken_out}),
        written(ends[-1]) if ends else NEVER,
        None if due is None else due.at,
    )


projection: Final = Projection(
    name="qualification_board",
    lifecycle=qualification.decider,
    columns={
        "submitted": ORDERED,
        "vendor": "text NOT NULL",
        "category": "text NOT NULL",
        "area": ORDERED,
        "status": "text NOT NULL",
        "stage": "text NOT NULL",
        "awaiting": "text[] NOT NULL",
        "granted_from": "timestamptz",
        "granted_until": "timestamptz",
        "taken_out": "text[] NOT NULL",
        "ends": ORDERED,
        "wake_at": "timestamptz",
    },
    row=_row,
    indexes=(
        "(submitted, id)",
        "(vendor)",
        "(category, area) WHERE granted_from IS NOT NULL",
        "(stage, submitted, id) WHERE stage <> ''",
        "(ends, id) WHERE ends < '9999'",
        "(wake_at, id) WHERE wake_at IS NOT NULL",
    ),
)


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """Which qualifications. Everything that is given has to hold."""

    vendor: str | None = None
    category: str | None = None
    within: str | None = None
    """For this area, or for one that lies in it."""
    touching: str | None = None
    """For this area, for one that lies in it, or for one that it lies in."""
    status: Status | None = None
    stage: Stage | None = None
    """Of the case that is open."""
    awaiting: str | None = None
    """This person is to score or settle it now."""
    granted_at: datetime | None = None
    """Its grants, as they stand, count at this moment."""
    not_granted_at: datetime | None = None
    """Nothing counts at this moment."""
    ends_before: str | None = None
    """As `written`: its grant ends before, unless something is done."""
    sight: Sight | None = None
    """Only what somebody may see; None: whatever there is."""


# Which filter asks what; `{0}` is the place of its value.
_CONDITIONS: Final[Mapping[str, str]] = {
    "vendor": "vendor = {0}",
    "category": "category = {0}",
    "within": beginning_with("area"),
    "touching": "area ^@ {0}::text OR {0}::text ^@ area",
    "status": "status = {0}",
    "stage": "stage = {0}",
    "awaiting": "stage <> '' AND {0} = ANY(awaiting)",
    "granted_at": "granted_from <= {0} AND {0} < granted_until",
    "not_granted_at": "granted_from IS NULL OR NOT (granted_from <= {0} AND {0} < granted_until)",
    "ends_before": "ends < {0} AND ends < '9999'",
}
_SEEN: Final = Seen(area="area", organisations=("vendor",))


class QualificationBoard:
    """Questions to the board. They raise Unavailable while the database, or the board, is not there."""

    def __init__(self, pool: Pool) -> None:
        self._by_submission: Listing[Qualification, QualificationEvent] = Listing(
            pool, projection, order="submitted", conditions=_CONDITIONS, seen=_SEEN
        )

    async def get(self, stream: UUID) -> ListedQualification | None:
        """One of them; None when it is not on the board (yet)."""
        return await self._by_submission.get(stream)

    async def page(self, filters: Filters, after: Key | None = None, limit: int = 50) -> list[ListedQualification]:
        """The next `limit` after the end of another page, those that were submitted first first."""
        return await self._by_submission.page(filters, after, limit)

    async def ending(self, filters: Filters, after: Key | None = None, limit: int = 50) -> list[ListedQualification]:
        """The same, those whose grant ends first first."""
        return await self._by_submission.ending(filters, after, limit)

    def open_clocks(self) -> AsyncIterator[UUID]:
        """Those on whose agenda there is something, the earliest first."""
        return self._by_submission.open_clocks()
