"""What is allowed with a work order, command by command. The lifecycle is drawn in `work_order`.

A fact may come in late: its `at` may lie before facts that are known already. It is refused only where it contradicts
them (resumed before paused). A technician who reports late that he was in time was in time.
"""

from collections.abc import Sequence
from typing import assert_never

from domain import service_agreement
from domain import work_order_refusals as refusals
from domain.decider import Ask, Elapse
from domain.engaging import exposure
from domain.parties import organisation
from domain.terms import Terms
from domain.work_order_clock import (
    Agreed,
    Story,
    agreed_terms,
    answered,
    closes_at,
    in_force,
    reckon,
    settle,
    unmet,
)
from domain.work_order_history import RUNNING, Status, WorkOrder
from domain.work_order_messages import (
    Accept,
    Accepted,
    Acknowledge,
    Acknowledged,
    Assign,
    Assigned,
    Attach,
    Attached,
    Cancel,
    Cancelled,
    Close,
    Closed,
    Comment,
    Commented,
    HandedOver,
    HandOver,
    Pause,
    Paused,
    PriorityChanged,
    Reopen,
    Reopened,
    Report,
    Reported,
    Reprioritise,
    Resolve,
    Resolved,
    Resume,
    Resumed,
    ReviseCalendar,
    Start,
    Started,
    Triage,
    Triaged,
    WorkOrderCommand,
    WorkOrderEvent,
)


def decide(command: WorkOrderCommand, order: WorkOrder, ask: Ask) -> Sequence[WorkOrderEvent]:
    """Settle what came due before, then do what was asked for, or say why not."""
    story = Story(order)
    if not isinstance(command, Report | Elapse):
        refusals.must_be_reported(order, command.at)
        settle(story, command.at)
    _do(story, command, ask)
    return story.events


def _do(story: Story, command: WorkOrderCommand, ask: Ask) -> None:  # noqa: C901, PLR0912 - one line a command
    if type(command) is Report:
        _report(story, command, ask)
    elif isinstance(command, Elapse):
        settle(story, command.at, inclusive=True)
    elif type(command) is Triage:
        _triage(story, command, ask)
    elif type(command) is Acknowledge:
        _acknowledge(story, command)
    elif type(command) is Assign:
        _assign(story, command, ask)
    elif type(command) is HandOver:
        _hand_over(story, command, ask)
    elif type(command) is Start:
        _start(story, command)
    elif type(command) is Pause:
        _pause(story, command)
    elif type(command) is Resume:
        _resume(story, command, ask)
    elif type(command) is Resolve:
        _resolve(story, command, ask)
    elif type(command) is Accept:
        _accept(story, command)
    elif type(command) is Reopen:
        _reopen(story, command, ask)
    elif type(command) is Close:
        _close(story, command)
    elif type(command) is Cancel:
        _cancel(story, command)
    elif type(command) is Reprioritise:
        _reprioritise(story, command, ask)
    elif type(command) is Comment:
        _comment(story, command)
    elif type(command) is Attach:
        _attach(story, command)
    elif type(command) is ReviseCalendar:
        _revise_calendar(story, command, ask)
    else:
        assert_never(command)


def _report(story: Story, command: Report, ask: Ask) -> None:
    if story.order.status is not Status.UNKNOWN:
        refusals.must_be_the_same_report(story.order, command)
        return
    community, number = in_force(command.community, command.at, ask)
    version = ask(service_agreement.decider, service_agreement.stream(community)).version(number)
    story.tell(
        Reported(
            at=command.at,
            community=command.community,
            category=command.category,
            summary=command.summary,
            channel=command.channel,
            reporter=command.reporter,
            priority=version.default_priority if version else 0,
            place=command.place,
            device=command.device,
            external_key=command.external_key,
        )
    )
    if version:
        terms = version.terms(command.category, version.default_priority)
        reckon(story, command.at, "reported", ask, Agreed(terms, community, number))


def _triage(story: Story, command: Triage, ask: Ask) -> None:
    order = story.order
    if order.triaged_at is not None and order.priority == command.priority and command.terms is None:
        return
    if order.status is not Status.REPORTED:
        refusals.must_not_be_finished(order)
        raise refusals.AlreadyTriaged(priority=order.priority)
    story.tell(Triaged(at=command.at, priority=command.priority))
    reckon(story, command.at, "triaged", ask, _agreed(order, command.priority, command.terms, ask))


def _acknowledge(story: Story, command: Acknowledge) -> None:
    order = story.order
    refusals.must_not_be_filed(order)
    if order.acknowledged_at is not None or order.clock.responded_at is not None:
        return
    answered(story, command.at, ("response",), "acknowledged")
    story.tell(Acknowledged(at=command.at))


def _assign(story: Story, command: Assign, ask: Ask) -> None:
    order, company = story.order, organisation.id_of(command.company)
    if (order.company, order.team, order.person) == (company, command.team, command.person):
        return
    if order.company:
        refusals.must_not_be_finished(order)
        raise refusals.AlreadyAssigned(company=order.company)
    refusals.must_be(order, Status.TRIAGED)
    exposure.must_be_free(ask, company, order.category, order.community, command.at)
    answered(story, command.at, ("assignment",), "assigned")
    story.tell(Assigned(at=command.at, company=company, team=command.team, person=command.person))


def _hand_over(story: Story, command: HandOver, ask: Ask) -> None:
    order, company = story.order, organisation.id_of(command.company)
    if (order.company, order.team, order.person) == (company, command.team, command.person):
        return
    refusals.must_not_be_finished(order)
    if not order.company:
        raise refusals.NotAssigned
    refusals.must_say_why(command.reason)
    if company != order.company:  # within a company it is no new work
        exposure.must_be_free(ask, company, order.category, order.community, command.at)
    story.tell(
        HandedOver(
            at=command.at,
            company=company,
            reason=command.reason,
            team=command.team,
            person=command.person,
        )
    )


def _start(story: Story, command: Start) -> None:
    order = story.order
    if order.status is Status.IN_PROGRESS:
        return
    refusals.must_be(order, Status.ASSIGNED)
    refusals.must_follow_reopening(order, command.at)
    answered(story, command.at, ("response",), "started")
    story.tell(Started(at=command.at))


def _pause(story: Story, command: Pause) -> None:
    order = story.order
    if order.status is Status.PAUSED:
        if order.paused_reason != command.reason:
            raise refusals.AlreadyPaused(reason=order.paused_reason)
        return
    refusals.must_be(order, Status.TRIAGED, Status.ASSIGNED, Status.IN_PROGRESS)
    refusals.must_follow_reopening(order, command.at)
    refusals.must_follow_pauses(order, command.at)
    if command.reason == "other":
        refusals.must_say_why(command.note)
    answered(story, command.at, unmet(order), "paused")
    story.tell(Paused(at=command.at, reason=command.reason, note=command.note))


def _resume(story: Story, command: Resume, ask: Ask) -> None:
    order = story.order
    if order.status is not Status.PAUSED or order.paused_at is None:
        refusals.must_not_be_finished(order)
        if order.resumed_at is None:
            raise refusals.NotPaused
        return
    if command.at < order.paused_at:
        raise refusals.BeforePaused(paused=order.paused_at)
    story.tell(Resumed(at=command.at))
    reckon(story, command.at, "resumed", ask)


def _resolve(story: Story, command: Resolve, ask: Ask) -> None:
    order = story.order
    if order.status is Status.RESOLVED and order.resolved_at == command.at:
        return
    refusals.must_be(order, Status.TRIAGED, Status.ASSIGNED, Status.IN_PROGRESS)
    refusals.must_follow_reopening(order, command.at)
    refusals.must_follow_pauses(order, command.at)
    if order.status is Status.IN_PROGRESS and order.started_at is not None and command.at < order.started_at:
        raise refusals.BeforeStarted(started=order.started_at)
    if not command.evidence:
        raise refusals.NoEvidence
    refusals.must_prove(command.evidence)
    answered(story, command.at, unmet(order), "resolved")
    until = closes_at(order, command.at, ask)
    story.tell(Resolved(at=command.at, evidence=command.evidence, closes_at=until, note=command.note))


def _accept(story: Story, command: Accept) -> None:
    order = story.order
    if order.status is Status.ACCEPTED:
        return
    refusals.must_not_be_filed(order)
    refusals.must_follow_resolution(order, command.at)
    story.tell(Accepted(at=command.at, note=command.note))


def _reopen(story: Story, command: Reopen, ask: Ask) -> None:
    order = story.order
    if order.resolved_at is None and order.reopened_at == command.at:
        return
    if order.status is Status.CANCELLED:
        raise refusals.AlreadyCancelled
    refusals.must_follow_resolution(order, command.at)
    if order.closes_at is not None and command.at > order.closes_at:
        raise refusals.ReopenWindowPassed(passed=order.closes_at)
    refusals.must_say_why(command.reason)
    barred = exposure.is_barred(ask, order.company, order.category, order.community, command.at)
    how, taken_from = order.clock.terms.reopen, order.company if barred else ""
    story.tell(Reopened(at=command.at, reason=command.reason, clock=how, taken_from=taken_from))
    reckon(story, command.at, "reopened", ask)


def _close(story: Story, command: Close) -> None:
    order = story.order
    if order.status is Status.CLOSED:
        return
    refusals.must_not_be_filed(order)
    refusals.must_follow_resolution(order, command.at)
    if order.status is not Status.ACCEPTED:
        refusals.must_say_why(command.note)
    story.tell(Closed(at=command.at, note=command.note))


def _cancel(story: Story, command: Cancel) -> None:
    order = story.order
    if order.status is Status.CANCELLED:
        return
    refusals.must_not_be_finished(order)
    refusals.must_say_why(command.reason)
    answered(story, command.at, unmet(order), "cancelled")
    story.tell(Cancelled(at=command.at, reason=command.reason))


def _reprioritise(story: Story, command: Reprioritise, ask: Ask) -> None:
    order = story.order
    refusals.must_not_be_finished(order)
    if order.triaged_at is None:
        raise refusals.NotTriaged
    if order.priority == command.priority and command.terms in (None, order.clock.terms):
        return
    story.tell(PriorityChanged(at=command.at, priority=command.priority, reason=command.reason))
    reckon(story, command.at, "priority_changed", ask, _agreed(order, command.priority, command.terms, ask))


def _comment(story: Story, command: Comment) -> None:
    refusals.must_say_why(command.text)
    story.tell(Commented(at=command.at, text=command.text))


def _attach(story: Story, command: Attach) -> None:
    if refusals.is_attached(story.order, command.attachment):
        return
    refusals.must_prove((command.attachment,))
    story.tell(Attached(at=command.at, attachment=command.attachment))


def _revise_calendar(story: Story, command: ReviseCalendar, ask: Ask) -> None:
    if story.order.status in RUNNING or story.order.status is Status.PAUSED:
        reckon(story, command.at, "calendar_revised", ask)


def _agreed(order: WorkOrder, priority: int, given: Terms | None, ask: Ask) -> Agreed | None:
    if given is None:
        return agreed_terms(order, priority, ask)
    service_agreement.must_make_sense(given, ask)
    return Agreed(given)
