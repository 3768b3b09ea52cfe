"""The board of work orders: one row each, with what people filter and sort by, and the whole state beside it.

newest first · next due first · what is on the agenda of the clocks · how many stand where, how many are late
"""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Final, Literal, NamedTuple, TypeAlias
from uuid import UUID

import asyncpg
import msgspec

from domain import work_order
from domain.access.permission import Sight
from domain.ports import Unavailable
from domain.work_order import Status, WorkOrder
from projections.in_sight import in_sight
from projections.projection import EARLIEST, LATEST, Codec, Projection, Row, storable
from projections.table import LOST, Pool

Sort: TypeAlias = Literal["newest", "due"]
"""By the moment of the report, newest first; or by the moment the resolution is due, earliest first, none last."""

Key: TypeAlias = tuple[datetime, UUID]
"""Where a page ended: the moment it is sorted by, and the id."""

NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)
"""Stands for "no due moment" where rows are sorted by it."""

FILED: Final = frozenset({Status.UNKNOWN, Status.CLOSED, Status.CANCELLED})
"""Nothing is left to do or to say."""


def _row(order: WorkOrder) -> Row:
    due = work_order.agenda(order)
    return (
        order.status.value,
        order.status not in FILED,
        order.community,
        order.category,
        order.channel,
        order.priority,
        order.company,
        order.team,
        order.person,
        order.reporter,
        order.device,
        order.external_key,
        order.reported_at or EARLIEST,
        order.response_due,
        order.resolution_due or NEVER,
        None if due is None else due.at,
        order.provisional,
        bool(order.warned),
        order.response_breached,
        order.resolution_breached,
        order.assignment_breached,
        order.level,
        f"{order.summary} {order.place} {order.external_key}",
    )


projection: Final = Projection(
    name="work_order_board",
    lifecycle=work_order.decider,
    columns={
        "status": "text NOT NULL",
        "open": "boolean NOT NULL",
        "community": "text NOT NULL",
        "category": "text NOT NULL",
        "channel": "text NOT NULL",
        "priority": "smallint NOT NULL",
        "company": "text NOT NULL",
        "team": "text NOT NULL",
        "person": "text NOT NULL",
        "reporter": "text NOT NULL",
        "device": "text NOT NULL",
        "external_key": "text NOT NULL",
        "reported_at": "timestamptz NOT NULL",
        "response_due": "timestamptz",
        "due_at": "timestamptz NOT NULL",
        "wake_at": "timestamptz",
        "provisional": "boolean NOT NULL",
        "warned": "boolean NOT NULL",
        "response_breached": "boolean NOT NULL",
        "resolution_breached": "boolean NOT NULL",
        "assignment_breached": "boolean NOT NULL",
        "level": "int NOT NULL",
        "words": "text NOT NULL",
    },
    row=_row,
    opened={"words": str.casefold},
    indexes=(
        "(reported_at, id)",
        "(community, reported_at, id)",
        "(company, reported_at, id) WHERE open",
        "(due_at, id) WHERE open",
        "(wake_at, id) WHERE wake_at IS NOT NULL",
        "(person, reported_at, id) WHERE person <> ''",
        "(device, reported_at, id) WHERE device <> ''",
        "(external_key) WHERE external_key <> ''",
    ),
)


class Filters(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What to show. Everything that is given has to hold."""

    status: tuple[Status, ...] = ()
    """Any of these."""
    priority: tuple[int, ...] = ()
    """Any of these."""
    open: bool | None = None
    """Neither closed nor cancelled."""
    community: str | None = None
    category: str | None = None
    channel: str | None = None
    company: str | None = None
    """`""`: nobody has it yet."""
    team: str | None = None
    person: str | None = None
    reporter: str | None = None
    device: str | None = None
    external_key: str | None = None
    provisional: bool | None = None
    warned: bool | None = None
    response_breached: bool | None = None
    resolution_breached: bool | None = None
    assignment_breached: bool | None = None
    breached: bool | None = None
    """Any target was missed."""
    overdue_at: datetime | None = None
    """Late at this moment: open, and its resolution was missed or is due while the clock runs."""
    level: int | None = None
    """Escalated at least so far."""
    words: str | None = None
    """Found, casefolded, in the summary, the place or the external key."""
    reported_from: datetime | None = None
    reported_before: datetime | None = None
    due_before: datetime | None = None
    sight: Sight | None = None
    """Only what somebody may see; None: whatever there is."""


class Listed(NamedTuple):
    """One row: the state of a work order at a version of its stream and a position of the log."""

    id: UUID
    version: int
    position: int
    order: WorkOrder

    def key(self, sort: Sort) -> Key:
        """Where a page that ends with this row ended."""
        if sort == "newest":
            return min(max(self.order.reported_at or EARLIEST, EARLIEST), LATEST), self.id
        return min(max(self.order.resolution_due or NEVER, EARLIEST), LATEST), self.id


class Counts(msgspec.Struct, frozen=True):
    """How many work orders stand where, and how many open ones missed their resolution target."""

    status: dict[str, int]
    open: int
    overdue: int


# In these the clock stands still, and what is recorded is all there is to say.
_STANDING = (Status.PAUSED.value, Status.RESOLVED.value, Status.ACCEPTED.value)
_STANDING_LIST = ", ".join(f"'{status}'" for status in _STANDING)
# Which filter asks what of which column; `{}` is the place of its value.
_CONDITIONS: Final[Mapping[str, str]] = {
    "status": "status = ANY({})",
    "priority": "priority = ANY({})",
    "breached": "(response_breached OR resolution_breached OR assignment_breached) = {}",
    "overdue_at": f"open AND (resolution_breached OR due_at < {{}} AND status NOT IN ({_STANDING_LIST}))",
    "level": "level >= {}",
    "words": "strpos(words, {}) > 0",
    "reported_from": "reported_at >= {}",
    "reported_before": "reported_at < {}",
    "due_before": "due_at < {}",
    "open": "open = {}",
    "community": "community = {}",
    "category": "category = {}",
    "channel": "channel = {}",
    "company": "company = {}",
    "team": "team = {}",
    "person": "person = {}",
    "reporter": "reporter = {}",
    "device": "device = {}",
    "external_key": "external_key = {}",
    "provisional": "provisional = {}",
    "warned": "warned = {}",
    "response_breached": "response_breached = {}",
    "resolution_breached": "resolution_breached = {}",
    "assignment_breached": "assignment_breached = {}",
}
_ORDER: Final[Mapping[Sort, tuple[str, str, str]]] = {
    "newest": ("reported_at", "<", "DESC"),
    "due": ("due_at", ">", "ASC"),
}
_LISTED = "SELECT id, version, position, state FROM reads.work_order_board"
_COUNTS = """
SELECT status, count(*), count(*) FILTER (WHERE open AND (resolution_breached OR due_at < $1 AND status <> ALL($2)))
FROM reads.work_order_board WHERE true
"""
_CLOCKS = """
SELECT id, wake_at FROM reads.work_order_board
WHERE wake_at IS NOT NULL AND (wake_at, id) > ($1, $2) ORDER BY wake_at, id LIMIT 1000
"""
_UNFINISHED = "SELECT id FROM reads.work_order_board WHERE open AND id > $1 ORDER BY id LIMIT $2"


class WorkOrderBoard:
    """Questions to the board. They raise Unavailable while the database, or the board, is not there."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._decode = Codec(projection).decode

    async def get(self, work_order_id: UUID) -> Listed | None:
        """One work order; None when it is not on the board (yet)."""
        rows = await self._fetch(f"{_LISTED} WHERE id = $1", work_order_id)
        return self._listed(rows[0]) if rows else None

    async def page(
        self, filters: Filters, sort: Sort = "newest", after: Key | None = None, limit: int = 50
    ) -> list[Listed]:
        """The next `limit` work orders after the end of another page."""
        column, beyond, direction = _ORDER[sort]
        conditions, values = _where(filters)
        if after is not None:
            conditions.append(f"({column}, id) {beyond} (${len(values) + 1}, ${len(values) + 2})")
            values.extend(after)
        query = (
            f"{_LISTED} WHERE {' AND '.join(conditions) or 'true'}"
            f" ORDER BY {column} {direction}, id {direction} LIMIT ${len(values) + 1}"
        )
        return [self._listed(row) for row in await self._fetch(query, *values, limit)]

    async def counts(self, at: datetime, filters: Filters | None = None) -> Counts:
        """How many stand where, and how many are overdue at a moment."""
        conditions, values = _where(filters or Filters(), first=3)
        rows = await self._fetch(" AND ".join([_COUNTS, *conditions]) + " GROUP BY status", at, _STANDING, *values)
        status: dict[str, int] = {row[0]: row[1] for row in rows}
        filed = {each.value for each in FILED}
        return Counts(
            status=status,
            open=sum(count for name, count in status.items() if name not in filed),
            overdue=sum(row[2] for row in rows),
        )

    async def open_clocks(self) -> AsyncIterator[UUID]:
        """The work orders on whose agenda there is something, the earliest first."""
        key = (EARLIEST, UUID(int=0))
        while rows := await self._fetch(_CLOCKS, *key):
            for row in rows:
                yield row[0]
            key = (rows[-1][1], rows[-1][0])

    async def unfinished(self, after: UUID | None, limit: int) -> list[UUID]:
        """The next `limit` work orders after an id, in the order of their ids, that are not filed yet."""
        rows = await self._fetch(_UNFINISHED, after or UUID(int=0), limit)
        return [row[0] for row in rows]

    def _listed(self, row: asyncpg.Record) -> Listed:
        return Listed(row[0], row[1], row[2], self._decode(row[3]))

    async def _fetch(self, query: str, *values: object) -> list[asyncpg.Record]:
        try:
            return await self._pool.fetch(query, *values)
        except (asyncpg.UndefinedTableError, *LOST) as error:
            msg = f"the board cannot be read: {error}"
            raise Unavailable(msg) from error


def _where(filters: Filters, first: int = 1) -> tuple[list[str], list[object]]:
    """Conditions with places for values from `$first` on, and the values. No input ever gets into the text."""
    conditions: list[str] = []
    values: list[object] = []
    for name, condition in _CONDITIONS.items():
        value: object = getattr(filters, name)
        if value is None or value == ():
            continue
        conditions.append(condition.format(f"${first + len(values)}"))
        values.append(storable(value))
    seen, by = in_sight(
        filters.sight,
        area="community",
        organisations=("company",),
        people=("reporter", "person"),
        first=first + len(values),
    )
    return conditions + seen, values + by
