"""How a work order looks from outside, and its history: facts only, the reader's language only in the labels."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from api.as_of import occurred_at
from api.sentences import Language, event_label
from domain.decider import Decider
from domain.ports import Metadata, Recorded
from domain.terms import Target
from domain.work_order import Evidence, WorkOrder


class WorkOrderView(msgspec.Struct, frozen=True, kw_only=True):
    """A work order as it stands at a version. Moments that have not come are null, names that nobody gave are empty."""

    id: UUID
    version: int
    position: int
    """Of the log, of its last event."""
    status: str
    community: str
    category: str
    summary: str
    place: str
    channel: str
    reporter: str
    device: str
    external_key: str
    priority: int
    """1 (most urgent) to 4; 0: nobody has said."""
    company: str
    team: str
    person: str
    reported_at: datetime | None
    acknowledged_at: datetime | None
    assigned_at: datetime | None
    started_at: datetime | None
    paused_at: datetime | None
    paused_reason: str
    resolved_at: datetime | None
    accepted_at: datetime | None
    reopened_at: datetime | None
    closed_at: datetime | None
    """When it was closed or cancelled."""
    closes_at: datetime | None
    """Until when it may be reopened; then it closes by itself."""
    response_due: datetime | None
    resolution_due: datetime | None
    assignment_due: datetime | None
    provisional: bool
    """Some due moment lies in a year whose holidays are not published yet."""
    agreement: str
    agreement_version: int
    calendar_version: int
    warned: tuple[Target, ...]
    response_breached: bool
    resolution_breached: bool
    assignment_breached: bool
    breaches: int
    level: int
    """The highest rung of the escalation ladder that was climbed."""
    reopened: int
    handovers: int
    comments: int
    evidence: tuple[Evidence, ...]
    attachments: tuple[Evidence, ...]
    last_at: datetime | None


_TAKEN = tuple(set(WorkOrderView.__struct_fields__) - {"id", "version", "position"})


def view(stream: UUID, version: int, position: int, order: WorkOrder) -> WorkOrderView:
    """The work order as it looks from outside."""
    return WorkOrderView(
        id=stream, version=version, position=position, **{name: getattr(order, name) for name in _TAKEN}
    )


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened."""

    position: int
    version: int
    type: str
    """The event's tag, for programs."""
    label: str
    """The same for people."""
    actor: str | None
    """Null where a foreign program wrote."""
    occurred_at: datetime
    """When it happened."""
    recorded_at: datetime
    """When we knew."""
    correlation_id: str
    data: dict[str, object]


class History(msgspec.Struct, frozen=True):
    """Everything that happened to one thing, the first first."""

    id: UUID
    version: int
    events: list[Entry]


def history(stream: UUID, rows: Sequence[Recorded], language: Language) -> History:
    """The history that these rows tell."""
    return History(id=stream, version=rows[-1].version, events=[_entry(row, language) for row in rows])


def _entry(row: Recorded, language: Language) -> Entry:
    meta = None if row.meta is None else msgspec.json.decode(row.meta, type=Metadata)
    data = msgspec.json.decode(row.body, type=dict[str, object])
    data.pop(Decider.EVENT_TAG, None)
    return Entry(
        position=row.position,
        version=row.version,
        type=row.tag,
        label=event_label(row.tag, language),
        actor=None if meta is None else meta.actor,
        occurred_at=occurred_at(row),
        recorded_at=row.recorded_at,
        correlation_id="" if meta is None else meta.correlation_id,
        data=data,
    )
