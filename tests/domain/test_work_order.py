"""A work order, command by command: what happens, what is refused, and what is no news."""

from typing import get_args

import pytest
from msgspec.structs import replace

from domain import service_agreement
from domain import work_order as wo
from domain.decider import Command, Due, Refused
from domain.promise import Moment, WallClock
from domain.service_agreement import Terms
from domain.sla_clock import Alarm
from domain.work_order import Status
from tests.domain.small_town import (
    ACCEPTED,
    ASSIGNED,
    CANCELLED,
    CLOSED,
    DONE,
    FILED,
    FOUND,
    GARDEN,
    IN_PROGRESS,
    NORMAL,
    PHOTO,
    REPORTED,
    RESUMED,
    STARTED,
    TRIAGED,
    URGENT,
    WAITING,
    agreed,
    elapse,
    on,
    order,
    published,
    report,
    tags,
    with_agreement,
    with_calendar,
)

# --- reported


def test_a_report_starts_the_clock_under_the_default_priority() -> None:
    order().when(REPORTED).then(
        wo.Reported(
            at=on(2),
            community=GARDEN,
            category="door",
            summary="does not open",
            channel="phone",
            reporter="r-1",
            priority=3,
        ),
        wo.ClockSet(
            at=on(2),
            because="reported",
            response_due=on(2, 13),
            resolution_due=on(3, 17),
            alarms=(
                Alarm(at=on(2, 13), kind="breach", of="response"),
                Alarm(at=on(3, 17), kind="breach", of="resolution"),
            ),
            terms=NORMAL,
            agreement=GARDEN,
            agreement_version=1,
            calendar_version=1,
        ),
    )


def test_without_an_agreement_of_its_own_a_community_has_the_citys() -> None:
    city = with_calendar(with_agreement(order(), replace(agreed, community=""), community=""), published)
    state = city.when(report(on(2), community="elsewhere")).state
    assert (state.resolution_due, state.agreement, state.agreement_version) == (on(3, 17), "", 1)


def test_without_any_agreement_nothing_is_promised() -> None:
    (reported,) = order().when(report(on(2), community="elsewhere")).events()
    assert isinstance(reported, wo.Reported)
    assert order().when(report(on(2), community="elsewhere")).state.priority == 0


def test_an_old_fact_gets_the_promise_of_its_time() -> None:
    newer = replace(agreed, at=on(3), lines=tuple(replace(line, terms=URGENT) for line in agreed.lines))
    scenario = with_agreement(order(), agreed, newer)
    assert scenario.when(report(on(2))).state.clock.terms == NORMAL
    assert scenario.when(report(on(4))).state.clock.terms == URGENT
    later = scenario.after(report(on(2))).when(wo.Triage(at=on(4), priority=4)).state
    assert later.agreement_version == 1


def test_an_agreement_that_counts_from_later_on_promises_nothing_for_what_was_reported_before() -> None:
    before = order(report(on(2), community="elsewhere"), wo.Comment(at=on(4), text="?"))
    city = with_agreement(before, replace(agreed, community="", at=on(3)), community="")
    assert city.when(wo.Triage(at=on(4), priority=1)).state.resolution_due is None
    earlier = with_agreement(before, replace(agreed, community="", at=on(2)), community="")
    assert earlier.when(wo.Triage(at=on(4), priority=1)).state.resolution_due == on(2, 13)


def test_reporting_twice_is_no_news_but_another_report_is_a_mistake() -> None:
    order(REPORTED).when(REPORTED).then_nothing()
    order(REPORTED).when(report(on(2), category="lift")).then_refused(wo.AlreadyReported)


def test_nothing_can_be_done_with_what_nobody_reported() -> None:
    order().when(TRIAGED).then_refused(wo.NotReported)
    order().when(elapse(on(9))).then_nothing()


# --- triaged


def test_triage_sets_the_priority_and_the_clock_counts_from_the_report() -> None:
    scenario = order(REPORTED, TRIAGED)
    assert tags(scenario) == ["reported", "clock_set", "triaged", "clock_set"]
    state = scenario.state
    assert (state.status, state.priority) == (Status.TRIAGED, 1)
    assert (state.response_due, state.assignment_due, state.resolution_due) == (on(2, 10), on(2, 11), on(2, 13))
    assert state.clock.terms == URGENT


def test_triage_that_changes_no_deadline_sets_no_clock() -> None:
    order(REPORTED).when(wo.Triage(at=on(2, 9, 5), priority=3)).then(wo.Triaged(at=on(2, 9, 5), priority=3))


def test_a_category_may_have_terms_of_its_own() -> None:
    state = order(report(on(2, 20), category="lift")).when(wo.Triage(at=on(2, 20, 10), priority=1)).state
    assert (state.response_due, state.resolution_due) == (on(2, 21), None)


def test_an_import_brings_its_own_promise() -> None:
    target = Terms(resolution=Moment(on(5, 12)))
    scenario = order(report(on(2), community="elsewhere"))
    scenario = scenario.after(wo.Triage(at=on(2), priority=2, terms=target))
    assert (scenario.state.resolution_due, scenario.state.agreement_version) == (on(5, 12), 0)
    raised = scenario.after(wo.Reprioritise(at=on(3), priority=1))
    assert raised.state.resolution_due == on(5, 12)
    paused = raised.after(wo.Pause(at=on(3), reason="parts"), wo.Resume(at=on(4)))
    assert paused.state.resolution_due == on(5, 12)


def test_a_promise_from_outside_stays_though_there_is_an_agreement() -> None:
    target = Terms(resolution=Moment(on(5, 12)))
    scenario = order(REPORTED, wo.Triage(at=on(2), priority=2, terms=target), wo.Reprioritise(at=on(3), priority=1))
    assert (scenario.state.resolution_due, scenario.state.response_due, scenario.state.priority) == (on(5, 12), None, 1)


def test_terms_that_a_command_brings_must_make_sense() -> None:
    for terms, refusal in (
        (Terms(calendar="moon"), service_agreement.CalendarUnknown),
        (Terms(warn_before=-1), service_agreement.WarningAfterDue),
        (Terms(reopen_window=Moment(on(9))), service_agreement.PromisesAMoment),
    ):
        order(REPORTED).when(wo.Triage(at=on(2, 9, 5), priority=1, terms=terms)).then_refused(refusal)


def test_triage_is_done_once() -> None:
    order(REPORTED, TRIAGED).when(wo.Triage(at=on(2, 9, 25), priority=1)).then_nothing()
    order(REPORTED, TRIAGED).when(wo.Triage(at=on(2, 9, 25), priority=2)).then_refused(wo.AlreadyTriaged)


# --- acknowledged, assigned, handed over, started


def test_an_acknowledgement_answers_the_report() -> None:
    scenario = order(REPORTED, TRIAGED).when(wo.Acknowledge(at=on(2, 9, 15))).then(wo.Acknowledged(at=on(2, 9, 15)))
    assert scenario.state.clock.responded_at == on(2, 9, 15)
    assert "response" not in {alarm.of for alarm in scenario.state.alarms}
    scenario.when(wo.Acknowledge(at=on(2, 9, 16))).then_nothing()


def test_a_start_answers_the_report_too() -> None:
    scenario = order(*IN_PROGRESS)
    assert scenario.state.clock.responded_at == STARTED.at
    scenario.when(wo.Acknowledge(at=on(2, 9, 40))).then_nothing()


def test_work_is_assigned_to_a_company_a_team_or_a_person() -> None:
    scenario = order(REPORTED, TRIAGED).when(ASSIGNED).then(wo.Assigned(at=ASSIGNED.at, company="fixit", team="blue"))
    assert scenario.state.status is Status.ASSIGNED
    scenario.when(replace(ASSIGNED, at=on(2, 9, 25))).then_nothing()
    scenario.when(replace(ASSIGNED, team="red")).then_refused(wo.AlreadyAssigned)


def test_work_is_handed_over_with_a_reason_and_the_clock_runs_on() -> None:
    before = order(*IN_PROGRESS)
    hand_over = wo.HandOver(at=on(2, 9, 40), company="fixit", team="red", reason="needs a welder")
    scenario = before.when(hand_over).then(
        wo.HandedOver(at=on(2, 9, 40), company="fixit", team="red", reason="needs a welder")
    )
    assert (scenario.state.status, scenario.state.handovers) == (Status.ASSIGNED, 1)
    assert (scenario.state.alarms, scenario.state.clock) == (before.state.alarms, before.state.clock)
    scenario.when(hand_over).then_nothing()
    before.when(replace(hand_over, reason=" ")).then_refused(wo.NoteMissing)
    order(REPORTED, TRIAGED).when(hand_over).then_refused(wo.NotAssigned)


def test_work_that_is_handed_over_while_it_waits_goes_on_waiting_and_has_to_start_anew() -> None:
    scenario = order(*WAITING).after(wo.HandOver(at=on(2, 11), company="other", reason="on holiday"))
    assert scenario.state.status is Status.PAUSED
    assert scenario.when(RESUMED).state.status is Status.ASSIGNED


def test_what_nobody_has_to_do_cannot_be_started() -> None:
    order(REPORTED, TRIAGED).when(STARTED).then_refused(wo.NotAssigned)
    order(*IN_PROGRESS).when(replace(STARTED, at=on(2, 9, 50))).then_nothing()


# --- resolved, accepted, reopened, closed


def test_a_resolution_needs_evidence() -> None:
    order(*IN_PROGRESS).when(wo.Resolve(at=on(2, 10), evidence=())).then_refused(wo.NoEvidence)
    empty = wo.Evidence(kind="note", text=" ")
    order(*IN_PROGRESS).when(wo.Resolve(at=on(2, 10), evidence=(PHOTO, empty))).then_refused(wo.NotEvidence)
    unproven = replace(PHOTO, sha256="12")
    order(*IN_PROGRESS).when(wo.Resolve(at=on(2, 10), evidence=(unproven,))).then_refused(wo.NotEvidence)


def test_a_resolution_stops_the_clock_and_opens_the_window_for_reopening() -> None:
    scenario = (
        order(*IN_PROGRESS)
        .when(wo.Resolve(at=on(2, 10), evidence=(PHOTO,), note="ok"))
        .then(wo.Resolved(at=on(2, 10), evidence=(PHOTO,), closes_at=on(9, 10), note="ok"))
    )
    assert wo.agenda(scenario.state) == Due(on(9, 10), "close")


def test_what_is_done_at_the_due_moment_is_in_time() -> None:
    scenario = order(*IN_PROGRESS).when(wo.Resolve(at=on(2, 13), evidence=(FOUND,)))
    assert not scenario.state.resolution_breached
    late = order(*IN_PROGRESS).when(wo.Resolve(at=on(2, 13, 1), evidence=(FOUND,)))
    assert late.state.resolution_breached
    assert wo.Breached(at=on(2, 13), of="resolution") in late.events()


def test_a_desk_may_resolve_what_it_has_triaged() -> None:
    state = order(REPORTED, TRIAGED).when(wo.Resolve(at=on(2, 9, 30), evidence=(FOUND,))).state
    assert (state.status, state.clock.responded_at) == (Status.RESOLVED, on(2, 9, 30))


def test_the_resident_accepts_and_it_is_filed() -> None:
    order(*DONE).when(ACCEPTED).then(wo.Accepted(at=ACCEPTED.at))
    order(*DONE, ACCEPTED).when(ACCEPTED).then_nothing()
    order(*DONE, ACCEPTED).when(CLOSED).then(wo.Closed(at=CLOSED.at))
    order(*FILED).when(CLOSED).then_nothing()
    assert wo.agenda(order(*FILED).state) is None


def test_who_closes_without_an_acceptance_says_why() -> None:
    order(*DONE).when(CLOSED).then_refused(wo.NoteMissing)
    order(*DONE).when(replace(CLOSED, note="called: content")).then(wo.Closed(at=CLOSED.at, note="called: content"))


@pytest.mark.parametrize("history", [DONE, (*DONE, ACCEPTED), FILED])
def test_it_may_be_reopened_within_the_window_only(history: tuple[wo.WorkOrderCommand, ...]) -> None:
    state = order(*history).when(wo.Reopen(at=on(9, 12, 30), reason="broken again")).state
    assert (state.status, state.reopened, state.resolved_at) == (Status.ASSIGNED, 1, None)
    late = order(*history).when(wo.Reopen(at=on(9, 12, 31), reason="broken again"))
    assert late.then_refused(wo.ReopenWindowPassed).details == {"passed": on(9, 12, 30)}


def test_a_late_complaint_that_was_made_in_time_reopens_what_was_closed_in_silence() -> None:
    silent = order(*DONE, elapse(on(9, 12, 30)))
    assert silent.state.status is Status.CLOSED
    assert silent.when(wo.Reopen(at=on(9, 12), reason="broken again")).state.status is Status.ASSIGNED


def test_reopened_work_gets_back_the_time_that_was_left() -> None:
    scenario = order(*DONE).after(wo.Reopen(at=on(4, 9), reason="broken again"))
    assert scenario.state.resolution_due == on(4, 11, 30)
    scenario.when(wo.Reopen(at=on(4, 9), reason="broken again")).then_nothing()
    order(*DONE).when(wo.Reopen(at=on(4, 9), reason="")).then_refused(wo.NoteMissing)


def test_reopened_work_begins_anew_where_the_terms_say_so() -> None:
    anew = wo.Reprioritise(at=on(2, 9, 25), priority=2, terms=replace(URGENT, reopen="restart"))
    late = (REPORTED, TRIAGED, anew, ASSIGNED, STARTED, wo.Resolve(at=on(2, 15, 1), evidence=(FOUND,)))
    assert (order(*late).state.resolution_breached, order(*late).state.level) == (True, 3)
    state = order(*late).when(wo.Reopen(at=on(4, 9), reason="broken again")).state
    assert (state.resolution_due, state.resolution_breached, state.level, state.breaches) == (on(4, 13), False, 0, 1)


def test_reopened_work_that_was_late_before_stays_late_where_the_clock_goes_on() -> None:
    late = order(*IN_PROGRESS, wo.Resolve(at=on(2, 14), evidence=(FOUND,)), wo.Reopen(at=on(4, 9), reason="again"))
    assert (late.state.resolution_due, late.state.resolution_breached) == (on(2, 13), True)
    assert [alarm.label for alarm in late.state.alarms] == ["escalation.3"]


def test_reopened_work_can_be_resolved_again_but_not_in_the_time_between() -> None:
    reopened = order(*DONE).after(wo.Reopen(at=on(4, 9), reason="broken again"))
    reopened.when(wo.Resolve(at=on(3), evidence=(FOUND,))).then_refused(wo.BeforeReopened)
    assert reopened.when(wo.Resolve(at=on(4, 10), evidence=(FOUND,))).state.status is Status.RESOLVED


def test_after_the_window_silence_is_acceptance() -> None:
    order(*DONE).when(elapse(on(9, 12, 29))).then_nothing()
    order(*DONE).when(elapse(on(9, 12, 30))).then(wo.Closed(at=on(9, 12, 30), silent=True))
    order(*DONE).when(elapse(on(20))).then(wo.Closed(at=on(9, 12, 30), silent=True))
    order(*DONE, elapse(on(20))).when(elapse(on(20))).then_nothing()
    order(*DONE).when(wo.Accept(at=on(10))).then_refused(wo.AlreadyClosed)


# --- cancelled


def test_who_cancels_says_why() -> None:
    order(REPORTED).when(wo.Cancel(at=on(2, 9, 30), reason=" ")).then_refused(wo.NoteMissing)
    scenario = (
        order(REPORTED)
        .when(wo.Cancel(at=on(2, 9, 30), reason="twice"))
        .then(wo.Cancelled(at=on(2, 9, 30), reason="twice"))
    )
    assert wo.agenda(scenario.state) is None
    scenario.when(CANCELLED).then_nothing()


# --- comments and attachments


@pytest.mark.parametrize("history", [IN_PROGRESS, WAITING, DONE])
@pytest.mark.parametrize(
    "remark", [wo.Comment(at=on(2, 12, 45), text="well?"), wo.Attach(at=on(2, 12, 45), attachment=PHOTO)]
)
def test_t10_a_comment_or_a_photo_moves_neither_the_clock_nor_the_reopen_window(
    history: tuple[wo.WorkOrderCommand, ...], remark: wo.Comment | wo.Attach
) -> None:
    before = order(*history, elapse(on(2, 12, 44))).state
    scenario = order(*history, elapse(on(2, 12, 44))).when(remark)
    assert len(scenario.events()) == 1
    after = scenario.state
    assert (after.clock, after.alarms, after.closes_at) == (before.clock, before.alarms, before.closes_at)
    assert wo.agenda(after) == wo.agenda(before)
    assert (after.resolution_due, after.response_due) == (before.resolution_due, before.response_due)


def test_a_remark_is_welcome_even_when_all_is_over() -> None:
    order(*FILED).when(wo.Comment(at=on(5), text="thanks")).then(wo.Commented(at=on(5), text="thanks"))
    order(REPORTED).when(wo.Comment(at=on(5), text=" ")).then_refused(wo.NoteMissing)


def test_the_same_file_is_attached_once() -> None:
    attach = wo.Attach(at=on(2, 9, 30), attachment=PHOTO)
    order(REPORTED).when(attach).then(wo.Attached(at=on(2, 9, 30), attachment=PHOTO))
    order(REPORTED, attach).when(attach).then_nothing()
    order(REPORTED, attach).when(replace(attach, attachment=replace(PHOTO, name="again.jpg"))).then_nothing()
    other = replace(PHOTO, sha256="cd" * 32)
    order(REPORTED, attach).when(replace(attach, attachment=other)).then(wo.Attached(at=on(2, 9, 30), attachment=other))
    note = wo.Attach(at=on(2, 9, 30), attachment=wo.Evidence(kind="note", text="seen"))
    other_note = wo.Evidence(kind="note", text="heard")
    order(REPORTED, note).when(note).then_nothing()
    order(REPORTED, note).when(replace(note, attachment=other_note)).then(
        wo.Attached(at=on(2, 9, 30), attachment=other_note)
    )
    order(REPORTED).when(replace(attach, attachment=replace(PHOTO, name=""))).then_refused(wo.NotEvidence)


# --- what is in the way

_OPEN: dict[str, wo.WorkOrderCommand] = {
    "triage": wo.Triage(at=on(2, 15, 30), priority=2),
    "assign": wo.Assign(at=on(2, 15, 30), company="other"),
    "hand_over": wo.HandOver(at=on(2, 15, 30), company="other", reason="?"),
    "start": wo.Start(at=on(2, 15, 30)),
    "pause": wo.Pause(at=on(2, 15, 30), reason="weather"),
    "resolve": wo.Resolve(at=on(2, 15, 30), evidence=(FOUND,)),
    "reprioritise": wo.Reprioritise(at=on(2, 15, 30), priority=2),
}
_ANSWERS: dict[type[Refused], tuple[tuple[wo.WorkOrderCommand, ...], list[Command]]] = {
    wo.NotTriaged: ((REPORTED,), [_OPEN[name] for name in ("assign", "start", "pause", "resolve", "reprioritise")]),
    wo.StillPaused: (WAITING, [_OPEN[name] for name in ("start", "resolve")]),
    wo.AlreadyResolved: (DONE, list(_OPEN.values())),
    wo.AlreadyClosed: (FILED, [*_OPEN.values(), wo.Accept(at=on(2, 16)), wo.Cancel(at=on(2, 16), reason="?")]),
    wo.AlreadyCancelled: (
        (*IN_PROGRESS, CANCELLED),
        [*_OPEN.values(), wo.Accept(at=on(2, 16)), wo.Close(at=on(2, 16)), wo.Reopen(at=on(2, 16), reason="?")],
    ),
    wo.NotResolved: (
        IN_PROGRESS,
        [wo.Accept(at=on(2, 10)), wo.Close(at=on(2, 10), note="?"), wo.Reopen(at=on(2, 10), reason="?")],
    ),
}


@pytest.mark.parametrize("refusal", _ANSWERS)
def test_a_refusal_says_what_is_in_the_way(refusal: type[Refused]) -> None:
    history, commands = _ANSWERS[refusal]
    scenario = order(*history)
    for command in commands:
        assert isinstance(command, wo.decider.commands)
        scenario.when(command).then_refused(refusal)


def test_the_reopen_window_is_in_the_terms() -> None:
    short = wo.Reprioritise(at=on(2, 9, 40), priority=1, terms=replace(URGENT, reopen_window=WallClock(days=1)))
    state = order(*IN_PROGRESS, short).when(wo.Resolve(at=on(2, 10), evidence=(FOUND,))).state
    assert state.closes_at == on(3, 10)


def test_the_decider_lists_every_command_and_every_event() -> None:
    assert set(wo.decider.commands) == set(get_args(wo.WorkOrderCommand))
    assert set(wo.decider.events) == set(get_args(wo.WorkOrderEvent))
