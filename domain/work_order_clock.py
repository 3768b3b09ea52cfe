"""How a work order and its clock meet: what is settled before each decision, and when the deadlines are set anew.

    agenda -> settle -> warned, breached, escalated, closed in silence
    facts, terms, calendar -> reckon -> clock_set (and breach_withdrawn, where a breach turns out not to be one)

Every command first settles what came due before it, so the history is the same whether the timer fired in time, late
or never. What is done at the due moment itself is in time.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple

from domain import promise, service_agreement, sla_clock, work_calendar
from domain.decider import Ask, Due
from domain.sla_clock import Alarm, Clock, Deadlines
from domain.terms import Target, Terms
from domain.work_order_history import AWAITING_ACCEPTANCE, RUNNING, WorkOrder, evolve
from domain.work_order_messages import (
    Breached,
    BreachWithdrawn,
    ClockReason,
    ClockSet,
    Closed,
    Escalated,
    MetBy,
    Warned,
    WorkOrderEvent,
)
from domain.working_time import ALWAYS_OPEN, WorkingTime

TARGETS: Final[tuple[Target, ...]] = ("response", "resolution", "assignment")


class Story:
    """A decision in the making: the facts so far, and what they lead to."""

    __slots__ = ("events", "order")

    def __init__(self, order: WorkOrder) -> None:
        self.order = order
        self.events: list[WorkOrderEvent] = []

    def tell(self, event: WorkOrderEvent) -> None:
        """One more fact."""
        self.events.append(event)
        self.order = evolve(self.order, event)


class Agreed(NamedTuple):
    """Terms, and the version of the agreement that they come from (0: none)."""

    terms: Terms
    community: str = ""
    version: int = 0


def agenda(order: WorkOrder) -> Due | None:
    """The next moment at which something happens by itself. Nothing does while the work is paused or filed."""
    if order.status in RUNNING and order.alarms:
        return Due(order.alarms[0].at, order.alarms[0].label)
    if order.status in AWAITING_ACCEPTANCE and order.closes_at is not None:
        return Due(order.closes_at, "close")
    return None


def settle(story: Story, until: datetime, *, inclusive: bool = False) -> None:
    """Tell everything on the agenda that came due before a moment (or, `inclusive`, right then)."""
    while (due := agenda(story.order)) is not None and (due.at < until or (inclusive and due.at == until)):
        story.tell(_happening(story.order, due.at))


def answered(story: Story, at: datetime, of: Iterable[Target], because: MetBy) -> None:
    """A target was met (or void) at a moment: a breach that was recorded for later than that did not happen."""
    for target in of:
        due = story.order.due(target)
        if story.order.breached(target) and due is not None and at <= due:
            story.tell(BreachWithdrawn(at=at, of=target, because=because))


def unmet(order: WorkOrder) -> list[Target]:
    """The targets that are still to be met."""
    return [of for of in TARGETS if not order.clock.met(of)]


def reckon(story: Story, at: datetime, because: ClockReason, ask: Ask, agreed: Agreed | None = None) -> None:
    """Compute the deadlines from the facts, under other terms if such were `agreed`, with the newest calendar.

    A target that is met keeps its deadline: it was judged by that. Nothing is told when nothing is new.
    """
    order = story.order
    clock = order.clock if agreed is None else sla_clock.agree(order.clock, agreed.terms)
    calendar, version = calendar_of(clock.terms, ask)
    dues = sla_clock.deadlines(clock, calendar)
    _withdraw(story, at, because, dues)
    alarms = _pending(story.order, clock, dues, calendar, at)
    if agreed is None or agreed.terms == order.clock.terms:
        if _same(story.order, dues, alarms):
            return
        agreed = None
    story.tell(
        ClockSet(
            at=at,
            because=because,
            response_due=order.response_due if clock.met("response") else dues.response,
            resolution_due=order.resolution_due if clock.met("resolution") else dues.resolution,
            assignment_due=order.assignment_due if clock.met("assignment") else dues.assignment,
            provisional=dues.provisional,
            alarms=alarms,
            terms=agreed.terms if agreed else None,
            agreement=agreed.community if agreed else "",
            agreement_version=agreed.version if agreed else 0,
            calendar_version=version,
        )
    )


def calendar_of(terms: Terms, ask: Ask) -> tuple[WorkingTime, int]:
    """The newest version of the calendar that the terms name, and its number."""
    if not terms.calendar:
        return ALWAYS_OPEN, 0
    number, calendar = work_calendar.newest(ask, terms.calendar) or (0, ALWAYS_OPEN)
    return calendar, number


def closes_at(order: WorkOrder, resolved_at: datetime, ask: Ask) -> datetime:
    """Until when a work order that was resolved at a moment may be reopened."""
    calendar, _ = calendar_of(order.clock.terms, ask)
    return promise.due(order.clock.terms.reopen_window, resolved_at, calendar)


def in_force(community: str, at: datetime, ask: Ask) -> tuple[str, int]:
    """Whose agreement, and which version of it, counted in a community at a moment: its own, or the city's, or none."""
    for each in dict.fromkeys((community, "")):
        number = ask(service_agreement.decider, service_agreement.stream(each)).in_force(at)
        if number:
            return each, number
    return "", 0


def agreed_terms(order: WorkOrder, priority: int, ask: Ask) -> Agreed | None:
    """The terms of a priority, by the agreement that counted when the work was reported.

    None where the terms stay what they are: they were given from outside, or there is no agreement.
    """
    community, number = order.agreement, order.agreement_version
    if not number and order.clock.terms == Terms() and order.reported_at is not None:
        community, number = in_force(order.community, order.reported_at, ask)
    version = ask(service_agreement.decider, service_agreement.stream(community)).version(number) if number else None
    return Agreed(version.terms(order.category, priority), community, number) if version else None


def _happening(order: WorkOrder, at: datetime) -> WorkOrderEvent:
    if order.status in AWAITING_ACCEPTANCE:
        return Closed(at=at, silent=True)
    alarm = order.alarms[0]
    if alarm.kind == "warning":
        return Warned(at=at, of=alarm.of)
    if alarm.kind == "breach":
        return Breached(at=at, of=alarm.of)
    return Escalated(at=at, of=alarm.of, level=alarm.level, to=alarm.to)


def _withdraw(story: Story, at: datetime, because: ClockReason, dues: Deadlines) -> None:
    for of in unmet(story.order):
        due = dues.of(of)
        if story.order.breached(of) and (due is None or at <= due):
            story.tell(BreachWithdrawn(at=at, of=of, because=because))


def _pending(order: WorkOrder, clock: Clock, dues: Deadlines, calendar: WorkingTime, at: datetime) -> tuple[Alarm, ...]:
    every = sla_clock.alarms(clock, dues, calendar)
    return tuple(alarm for alarm in every if _is_pending(alarm, order, dues.of(alarm.of), at))


def _is_pending(alarm: Alarm, order: WorkOrder, due: datetime | None, at: datetime) -> bool:
    """A breach is told once and a rung climbed once; a warning comes again when its moment lies ahead again."""
    if alarm.kind == "breach":
        return not order.breached(alarm.of)
    if alarm.kind == "escalation":
        return alarm.level > order.level
    return alarm.at > at or (alarm.of not in order.warned and due is not None and due >= at)


def _same(order: WorkOrder, dues: Deadlines, alarms: tuple[Alarm, ...]) -> bool:
    return (
        all(order.due(of) == dues.of(of) for of in unmet(order))
        and order.provisional == dues.provisional
        and order.alarms == alarms
    )
