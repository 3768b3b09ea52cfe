"""What a work order has come to: its state, folded from its events. No rule lives here, so every history can be read.

The state is flat where people look (boards, pages) and holds the facts of its clock in one value.
"""

from datetime import datetime
from enum import StrEnum
from typing import Final, assert_never

from msgspec import Struct
from msgspec.structs import replace

from domain import sla_clock
from domain.sla_clock import Alarm, Clock
from domain.terms import Target
from domain.work_order_messages import (
    Accepted,
    Acknowledged,
    Assigned,
    Attached,
    Breached,
    BreachWithdrawn,
    Cancelled,
    Channel,
    ClockSet,
    Closed,
    Commented,
    Escalated,
    Evidence,
    HandedOver,
    Paused,
    PriorityChanged,
    Reopened,
    Reported,
    Resolved,
    Resumed,
    Started,
    Triaged,
    Warned,
    WorkOrderEvent,
)


class Status(StrEnum):
    """Where a work order stands."""

    UNKNOWN = "unknown"
    REPORTED = "reported"
    TRIAGED = "triaged"
    ASSIGNED = "assigned"
    IN_PROGRESS = "in_progress"
    PAUSED = "paused"
    RESOLVED = "resolved"
    ACCEPTED = "accepted"
    CLOSED = "closed"
    CANCELLED = "cancelled"


RUNNING: Final = frozenset({Status.REPORTED, Status.TRIAGED, Status.ASSIGNED, Status.IN_PROGRESS})
"""The clock runs."""
AWAITING_ACCEPTANCE: Final = frozenset({Status.RESOLVED, Status.ACCEPTED})
"""The clock has stopped, and the time in which it may be reopened is running."""


class WorkOrder(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Everything that later decisions and the board need to know. Moments are None, names `""` until known."""

    status: Status = Status.UNKNOWN
    community: str = ""
    category: str = ""
    summary: str = ""
    place: str = ""
    channel: Channel = "staff"
    reporter: str = ""
    device: str = ""
    external_key: str = ""
    priority: int = 0
    """1 (most urgent) to 4; before triage the agreement's default; 0: nobody has said."""
    company: str = ""
    team: str = ""
    person: str = ""
    reported_at: datetime | None = None
    triaged_at: datetime | None = None
    acknowledged_at: datetime | None = None
    assigned_at: datetime | None = None
    started_at: datetime | None = None
    paused_at: datetime | None = None
    paused_reason: str = ""
    resumed_at: datetime | None = None
    resolved_at: datetime | None = None
    accepted_at: datetime | None = None
    reopened_at: datetime | None = None
    closed_at: datetime | None = None
    """When it was closed or cancelled."""
    closes_at: datetime | None = None
    """Until when a resolved order may be reopened; then it closes by itself."""
    paused_from: Status = Status.UNKNOWN
    """The status that it resumes to."""
    clock: Clock = Clock()
    response_due: datetime | None = None
    resolution_due: datetime | None = None
    assignment_due: datetime | None = None
    provisional: bool = False
    alarms: tuple[Alarm, ...] = ()
    """What is still to happen unless something happens before, the earliest first."""
    agreement: str = ""
    agreement_version: int = 0
    calendar_version: int = 0
    warned: tuple[Target, ...] = ()
    response_breached: bool = False
    resolution_breached: bool = False
    """The verdict on the present round: a reopening that restarts the clock begins a new one."""
    assignment_breached: bool = False
    breaches: int = 0
    """Of all rounds, without those that were withdrawn."""
    level: int = 0
    """The highest rung of the ladder that was climbed in this round."""
    reopened: int = 0
    handovers: int = 0
    comments: int = 0
    evidence: tuple[Evidence, ...] = ()
    attachments: tuple[Evidence, ...] = ()
    last_at: datetime | None = None
    """When somebody last did something."""

    def breached(self, of: Target) -> bool:
        """Whether a target is recorded as missed."""
        if of == "response":
            return self.response_breached
        return self.resolution_breached if of == "resolution" else self.assignment_breached

    def due(self, of: Target) -> datetime | None:
        """When a target is, or was, due."""
        if of == "response":
            return self.response_due
        return self.resolution_due if of == "resolution" else self.assignment_due


def evolve(order: WorkOrder, event: WorkOrderEvent) -> WorkOrder:  # noqa: C901, PLR0911, PLR0912 - one line a fact
    """The state after one more fact."""
    if type(event) is ClockSet:
        return _clock_set(order, event)
    if type(event) is Reported:
        return _reported(order, event)
    if type(event) is Triaged:
        return replace(order, status=Status.TRIAGED, priority=event.priority, triaged_at=event.at, last_at=event.at)
    if type(event) is Resolved:
        return _resolved(order, event)
    if type(event) is Closed:
        return replace(order, status=Status.CLOSED, closed_at=event.at, last_at=event.at)
    if type(event) is Acknowledged:
        return replace(_answered(order, event.at), acknowledged_at=event.at, last_at=event.at)
    if type(event) is Assigned:
        return _assigned(order, event)
    if type(event) is Started:
        return replace(_answered(order, event.at), status=Status.IN_PROGRESS, started_at=event.at, last_at=event.at)
    if type(event) is Commented:
        return replace(order, comments=order.comments + 1, last_at=event.at)
    if type(event) is Paused:
        return _paused(order, event)
    if type(event) is Resumed:
        return _resumed(order, event)
    if type(event) is Warned:
        return _warned(order, event)
    if type(event) is Breached:
        return _breached(order, event)
    if type(event) is Escalated:
        left = tuple([each for each in order.alarms if each.kind != "escalation" or each.level > event.level])
        return replace(order, level=max(order.level, event.level), alarms=left)
    if type(event) is Attached:
        return replace(order, attachments=(*order.attachments, event.attachment), last_at=event.at)
    if type(event) is Accepted:
        return replace(order, status=Status.ACCEPTED, accepted_at=event.at, last_at=event.at)
    if type(event) is HandedOver:
        return _handed_over(order, event)
    if type(event) is PriorityChanged:
        return replace(order, priority=event.priority, last_at=event.at)
    if type(event) is Reopened:
        return _reopened(order, event)
    if type(event) is Cancelled:
        return replace(order, status=Status.CANCELLED, closed_at=event.at, alarms=(), last_at=event.at)
    if type(event) is BreachWithdrawn:
        return _judged(order, event.of, breached=False)
    assert_never(event)


def _reported(order: WorkOrder, event: Reported) -> WorkOrder:
    return replace(
        order,
        status=Status.REPORTED,
        community=event.community,
        category=event.category,
        summary=event.summary,
        place=event.place,
        channel=event.channel,
        reporter=event.reporter,
        device=event.device,
        external_key=event.external_key,
        priority=event.priority,
        reported_at=event.at,
        clock=sla_clock.start(order.clock, event.at),
        last_at=event.at,
    )


def _clock_set(order: WorkOrder, event: ClockSet) -> WorkOrder:
    same = event.terms is None
    return replace(
        order,
        response_due=event.response_due,
        resolution_due=event.resolution_due,
        assignment_due=event.assignment_due,
        provisional=event.provisional,
        alarms=event.alarms,
        clock=order.clock if event.terms is None else sla_clock.agree(order.clock, event.terms),
        agreement=order.agreement if same else event.agreement,
        agreement_version=order.agreement_version if same else event.agreement_version,
        calendar_version=event.calendar_version,
    )


def _answered(order: WorkOrder, at: datetime) -> WorkOrder:
    clock = sla_clock.respond(order.clock, at)
    return order if clock is order.clock else replace(order, clock=clock, alarms=_without(order.alarms, "response"))


def _assigned(order: WorkOrder, event: Assigned) -> WorkOrder:
    return replace(
        order,
        status=Status.ASSIGNED,
        company=event.company,
        team=event.team,
        person=event.person,
        assigned_at=event.at,
        clock=sla_clock.assign(order.clock, event.at),
        alarms=_without(order.alarms, "assignment"),
        last_at=event.at,
    )


def _handed_over(order: WorkOrder, event: HandedOver) -> WorkOrder:
    paused = order.status is Status.PAUSED
    return replace(
        order,
        status=Status.PAUSED if paused else Status.ASSIGNED,
        paused_from=Status.ASSIGNED if paused else order.paused_from,
        company=event.company,
        team=event.team,
        person=event.person,
        handovers=order.handovers + 1,
        last_at=event.at,
    )


def _paused(order: WorkOrder, event: Paused) -> WorkOrder:
    return replace(
        order,
        status=Status.PAUSED,
        paused_from=order.status,
        paused_at=event.at,
        paused_reason=event.reason,
        clock=sla_clock.pause(order.clock, event.at, event.reason),
        last_at=event.at,
    )


def _resumed(order: WorkOrder, event: Resumed) -> WorkOrder:
    return replace(
        order,
        status=order.paused_from,
        paused_at=None,
        paused_reason="",
        resumed_at=event.at,
        clock=sla_clock.resume(order.clock, event.at),
        last_at=event.at,
    )


def _resolved(order: WorkOrder, event: Resolved) -> WorkOrder:
    return replace(
        order,
        status=Status.RESOLVED,
        resolved_at=event.at,
        closes_at=event.closes_at,
        evidence=order.evidence + event.evidence,
        clock=sla_clock.stop(order.clock, event.at),
        alarms=(),
        last_at=event.at,
    )


def _reopened(order: WorkOrder, event: Reopened) -> WorkOrder:
    if event.taken_from:
        order = replace(order, company="", team="", person="")
    order = replace(
        order,
        status=Status.ASSIGNED if order.company else Status.TRIAGED,
        reopened_at=event.at,
        resolved_at=None,
        accepted_at=None,
        closed_at=None,
        closes_at=None,
        reopened=order.reopened + 1,
        clock=sla_clock.reopen(order.clock, event.at, event.clock),
        last_at=event.at,
    )
    if event.clock == "resume":
        return order
    return replace(order, warned=(), resolution_breached=False, assignment_breached=False, level=0)


def _warned(order: WorkOrder, event: Warned) -> WorkOrder:
    left = tuple([each for each in order.alarms if each.kind != "warning" or each.of != event.of])
    return replace(order, warned=order.warned if event.of in order.warned else (*order.warned, event.of), alarms=left)


def _breached(order: WorkOrder, event: Breached) -> WorkOrder:
    left = tuple([each for each in order.alarms if each.kind != "breach" or each.of != event.of])
    return _judged(replace(order, alarms=left), event.of, breached=True)


def _judged(order: WorkOrder, of: Target, *, breached: bool) -> WorkOrder:
    count = order.breaches + (1 if breached else -1)
    if of == "response":
        return replace(order, response_breached=breached, breaches=count)
    if of == "resolution":
        return replace(order, resolution_breached=breached, breaches=count)
    return replace(order, assignment_breached=breached, breaches=count)


def _without(alarms: tuple[Alarm, ...], of: Target) -> tuple[Alarm, ...]:
    return tuple([each for each in alarms if each.of != of])
