"""What can be asked of a work order (commands), and what can have happened to one (events).

Free input is held to a length and a shape where a command is decoded. Events are held to nothing: what was once stored
decodes for ever, however strict the commands become. Every message carries `at`, the moment at which it happened.

People are ids. What people write about a case is personal data of whoever reported it (`Said`, `Whereabouts`).

Messages are final, so that the type checkers see when a chain of `type(event) is Paused` is complete. Such a chain is
several times faster than a `match`, and a history is folded with every command.
"""

from datetime import datetime
from typing import Annotated, Literal, TypeAlias, final

from msgspec import Meta, Struct

from domain.decider import Command, Elapse, Event
from domain.privacy.personal import Key, Kind, Personal
from domain.sla_clock import Alarm
from domain.terms import Target, Terms

Instant: TypeAlias = Annotated[datetime, Meta(tz=True)]
Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"\S")]
OptionalName: TypeAlias = Annotated[str, Meta(max_length=128)]
PersonId: TypeAlias = Annotated[str, Meta(max_length=128, pattern=r"^[A-Za-z0-9_:.\-]*$")]
"""An id, never a name."""
Line: TypeAlias = Annotated[str, Meta(min_length=1, max_length=500, pattern=r"\S")]
Prose: TypeAlias = Annotated[str, Meta(min_length=1, max_length=5000, pattern=r"\S")]
Note: TypeAlias = Annotated[str, Meta(max_length=2000)]
Priority: TypeAlias = Annotated[int, Meta(ge=1, le=4)]
"""1 is the most urgent."""

Said: TypeAlias = Annotated[str, Personal("reporter", Kind.FREE_TEXT)]
"""What people write about a case: personal data of whom it is about."""

Channel: TypeAlias = Literal["resident", "staff", "phone", "device", "import"]
PauseReason: TypeAlias = Literal[
    "parts", "resident_absent", "no_access", "police_order", "weather", "third_party", "other"
]
ClockReason: TypeAlias = Literal["reported", "triaged", "priority_changed", "resumed", "calendar_revised", "reopened"]
MetBy: TypeAlias = Literal["acknowledged", "started", "assigned", "paused", "resolved", "cancelled"]


class Evidence(Struct, frozen=True, omit_defaults=True):
    """A proof or an attachment: a note holds its text, a file its name and the SHA-256 (hex) of its content."""

    kind: Literal["photo", "video", "audio", "document", "signature", "measurement", "note"]
    name: Said = ""
    sha256: Key = ""
    text: Said = ""


@final
class Report(Command, frozen=True, tag="report"):
    """Something is broken. The clock starts at once, under the agreement's default priority."""

    at: Instant
    community: Name
    category: Name
    summary: Line
    channel: Channel
    reporter: PersonId = ""
    """Whose trouble it is; `""` for somebody whom we do not know."""
    place: OptionalName = ""
    device: OptionalName = ""
    external_key: OptionalName = ""


@final
class Triage(Command, frozen=True, tag="triage"):
    """Say how urgent it is. `terms` given here (an import's fixed target) stand in for the agreement's."""

    at: Instant
    priority: Priority
    terms: Terms | None = None


@final
class Acknowledge(Command, frozen=True, tag="acknowledge"):
    """Tell the reporter that somebody cares. This answers the report."""

    at: Instant


@final
class Assign(Command, frozen=True, tag="assign"):
    """Give the work to a company, or to a team or person of it (派单)."""

    at: Instant
    company: Name
    team: OptionalName = ""
    person: OptionalName = ""


@final
class HandOver(Command, frozen=True, tag="hand_over"):
    """Give assigned work to somebody else (转单), who has to start anew. The clock runs on."""

    at: Instant
    company: Name
    reason: Note
    team: OptionalName = ""
    person: OptionalName = ""


@final
class Start(Command, frozen=True, tag="start"):
    """Begin the work on site. This answers the report too."""

    at: Instant


@final
class Pause(Command, frozen=True, tag="pause"):
    """Wait for something outside our hands; the clock stands still. Reason `other` needs a note."""

    at: Instant
    reason: PauseReason
    note: Note = ""


@final
class Resume(Command, frozen=True, tag="resume"):
    """Go on; the deadlines move by the working time that was waited."""

    at: Instant


@final
class Resolve(Command, frozen=True, tag="resolve"):
    """The work is done, and here is the evidence."""

    at: Instant
    evidence: tuple[Evidence, ...]
    note: Note = ""


@final
class Accept(Command, frozen=True, tag="accept"):
    """The resident, or staff for them, is content."""

    at: Instant
    note: Note = ""


@final
class Reopen(Command, frozen=True, tag="reopen"):
    """It is not done after all. Only within the agreement's window after the resolution."""

    at: Instant
    reason: Note


@final
class Close(Command, frozen=True, tag="close"):
    """File it (结单). Without an acceptance this needs a note, such as what the follow-up call found."""

    at: Instant
    note: Note = ""


@final
class Cancel(Command, frozen=True, tag="cancel"):
    """It need not be done."""

    at: Instant
    reason: Note


@final
class Reprioritise(Command, frozen=True, tag="reprioritise"):
    """Change how urgent it is; the deadlines are computed anew from the facts under the terms of the new priority."""

    at: Instant
    priority: Priority
    reason: Note = ""
    terms: Terms | None = None


@final
class Comment(Command, frozen=True, tag="comment"):
    """Say something. Touches neither the clock nor the reopen window."""

    at: Instant
    text: Prose


@final
class Attach(Command, frozen=True, tag="attach"):
    """Add a photo or a document. Touches neither the clock nor the reopen window."""

    at: Instant
    attachment: Evidence


@final
class ReviseCalendar(Command, frozen=True, tag="revise_calendar"):
    """A calendar has changed: compute the deadlines anew with its newest version."""

    at: Instant


@final
class Reported(Event, frozen=True, tag="work_order.reported"):
    at: datetime
    community: Key
    category: Key
    summary: Said
    channel: Channel
    reporter: Key
    priority: int = 0
    """The agreement's default, until somebody looks; 0 without an agreement."""
    place: Said = ""
    device: Key = ""
    external_key: Key = ""


@final
class Triaged(Event, frozen=True, tag="work_order.triaged"):
    at: datetime
    priority: int


@final
class Acknowledged(Event, frozen=True, tag="work_order.acknowledged"):
    at: datetime


@final
class Assigned(Event, frozen=True, tag="work_order.assigned"):
    at: datetime
    company: Key
    team: Key = ""
    person: Key = ""


@final
class HandedOver(Event, frozen=True, tag="work_order.handed_over"):
    at: datetime
    company: Key
    reason: Said
    team: Key = ""
    person: Key = ""


@final
class Started(Event, frozen=True, tag="work_order.started"):
    at: datetime


@final
class Paused(Event, frozen=True, tag="work_order.paused"):
    at: datetime
    reason: PauseReason
    note: Said = ""


@final
class Resumed(Event, frozen=True, tag="work_order.resumed"):
    at: datetime


@final
class Resolved(Event, frozen=True, tag="work_order.resolved"):
    at: datetime
    evidence: tuple[Evidence, ...]
    closes_at: datetime
    """Until this moment it may be reopened; then silence counts as acceptance and it closes by itself."""
    note: Said = ""


@final
class Accepted(Event, frozen=True, tag="work_order.accepted"):
    at: datetime
    note: Said = ""


@final
class Reopened(Event, frozen=True, tag="work_order.reopened"):
    at: datetime
    reason: Said
    clock: Literal["resume", "restart"]
    """What the terms say: go on as after a pause, or begin anew."""
    taken_from: Key = ""
    """The company that had it to do and may not be given work any more; empty: it goes back to whoever had it."""


@final
class Closed(Event, frozen=True, tag="work_order.closed"):
    at: datetime
    note: Said = ""
    silent: bool = False
    """Nobody spoke up within the window: silent acceptance."""


@final
class Cancelled(Event, frozen=True, tag="work_order.cancelled"):
    at: datetime
    reason: Said


@final
class PriorityChanged(Event, frozen=True, tag="work_order.priority_changed"):
    at: datetime
    priority: int
    reason: Said = ""


@final
class Commented(Event, frozen=True, tag="work_order.commented"):
    at: datetime
    text: Said


@final
class Attached(Event, frozen=True, tag="work_order.attached"):
    at: datetime
    attachment: Evidence


@final
class ClockSet(Event, frozen=True, tag="work_order.clock_set"):
    """The deadlines, computed anew from the facts, and by what they were computed. Earlier ones stay in the history."""

    at: datetime
    because: ClockReason
    response_due: datetime | None = None
    resolution_due: datetime | None = None
    assignment_due: datetime | None = None
    provisional: bool = False
    """Some of these moments lie in a year whose holidays are not published yet."""
    alarms: tuple[Alarm, ...] = ()
    """What will happen and when, unless something happens before: warnings, breaches, escalations; earliest first."""
    terms: Terms | None = None
    """The terms from here on; absent where they stay as they were."""
    agreement: Key = ""
    """Community whose agreement the terms come from, `""` the whole city's; meaningless without a version."""
    agreement_version: int = 0
    """0: the terms were given with a command, or there are none."""
    calendar_version: int = 0
    """Of the calendar that the terms name; 0 for the calendar that is always open."""


@final
class Warned(Event, frozen=True, tag="work_order.warned"):
    at: datetime
    of: Target


@final
class Breached(Event, frozen=True, tag="work_order.breached"):
    """The due moment (`at`) passed and it was not done."""

    at: datetime
    of: Target


@final
class BreachWithdrawn(Event, frozen=True, tag="work_order.breach_withdrawn"):
    """A recorded breach did not happen: a fact that came in late shows it, or the deadline was computed anew."""

    at: datetime
    of: Target
    because: ClockReason | MetBy


@final
class Escalated(Event, frozen=True, tag="work_order.escalated"):
    at: datetime
    of: Target
    level: int
    to: Key


WorkOrderCommand: TypeAlias = (
    Report
    | Triage
    | Acknowledge
    | Assign
    | HandOver
    | Start
    | Pause
    | Resume
    | Resolve
    | Accept
    | Reopen
    | Close
    | Cancel
    | Reprioritise
    | Comment
    | Attach
    | ReviseCalendar
    | Elapse
)

WorkOrderEvent: TypeAlias = (
    Reported
    | Triaged
    | Acknowledged
    | Assigned
    | HandedOver
    | Started
    | Paused
    | Resumed
    | Resolved
    | Accepted
    | Reopened
    | Closed
    | Cancelled
    | PriorityChanged
    | Commented
    | Attached
    | ClockSet
    | Warned
    | Breached
    | BreachWithdrawn
    | Escalated
)
