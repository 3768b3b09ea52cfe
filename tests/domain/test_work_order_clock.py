"""A work order and its clock: pauses, priorities and calendars, what the agenda brings, and facts that come in late."""

import pytest
from msgspec.structs import replace

from domain import work_order as wo
from domain.decider import Due
from domain.sla_clock import Alarm
from tests.domain.small_town import (
    ASSIGNED,
    CANCELLED,
    DONE,
    FILED,
    FOUND,
    IN_PROGRESS,
    PAUSED,
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
    republished,
    tags,
    with_agreement,
    with_calendar,
)

# --- paused and resumed


def test_t4_paused_work_is_never_breached_while_it_is_paused() -> None:
    scenario = order(*WAITING)
    assert wo.agenda(scenario.state) is None
    scenario.when(elapse(on(2, 13))).then_nothing()
    scenario.when(elapse(on(31))).then_nothing()
    scenario.when(wo.Comment(at=on(20), text="still waiting")).then(wo.Commented(at=on(20), text="still waiting"))
    urgent = scenario.after(wo.Reprioritise(at=on(20), priority=2, terms=replace(URGENT, warn_before=60)))
    assert wo.agenda(urgent.state) is None


def test_a_resumption_moves_the_deadlines_by_the_working_time_that_was_waited() -> None:
    order(*WAITING).when(RESUMED).then(
        wo.Resumed(at=on(2, 12)),
        wo.ClockSet(
            at=on(2, 12),
            because="resumed",
            response_due=on(2, 10),
            resolution_due=on(2, 15),
            assignment_due=on(2, 11),
            alarms=(
                Alarm(at=on(2, 14, 30), kind="warning", of="resolution"),
                Alarm(at=on(2, 14, 45), kind="escalation", of="resolution", level=2, to="manager"),
                Alarm(at=on(2, 15), kind="breach", of="resolution"),
                Alarm(at=on(2, 17), kind="escalation", of="resolution", level=3, to="director"),
            ),
            calendar_version=1,
        ),
    )


def test_t1_a_pause_over_night_moves_nothing() -> None:
    scenario = order(REPORTED, TRIAGED, wo.Pause(at=on(2, 9, 30), reason="weather"), wo.Resume(at=on(2, 9, 30)))
    assert tags(scenario)[-2:] == ["paused", "resumed"]
    night = order(report(on(2, 15)), replace(TRIAGED, at=on(2, 15)), wo.Pause(at=on(2, 17), reason="weather"))
    assert night.when(wo.Resume(at=on(3, 9))).state.resolution_due == on(3, 11)


def test_t2_two_pauses_of_two_hours_move_the_deadline_by_four() -> None:
    scenario = order(*WAITING, RESUMED, wo.Pause(at=on(2, 13), reason="no_access"), wo.Resume(at=on(2, 15)))
    assert scenario.state.resolution_due == on(2, 17)


def test_t3_a_pause_counts_whenever_the_priority_changed() -> None:
    raise_it, lower_it = wo.Reprioritise(at=on(2, 11), priority=1), wo.Reprioritise(at=on(2, 12, 1), priority=1)
    normal = (REPORTED, replace(TRIAGED, priority=3), ASSIGNED, STARTED, PAUSED)
    while_paused = order(*normal, raise_it, RESUMED).state
    afterwards = order(*normal, RESUMED, lower_it).state
    assert while_paused.resolution_due == afterwards.resolution_due == on(2, 15)


def test_pausing_twice_for_the_same_reason_is_no_news() -> None:
    order(*WAITING).when(wo.Pause(at=on(2, 11), reason="parts")).then_nothing()
    order(*WAITING).when(wo.Pause(at=on(2, 11), reason="weather")).then_refused(wo.AlreadyPaused)


def test_another_reason_than_those_we_know_needs_a_note() -> None:
    order(*IN_PROGRESS).when(wo.Pause(at=on(2, 10), reason="other")).then_refused(wo.NoteMissing)
    order(*IN_PROGRESS).when(wo.Pause(at=on(2, 10), reason="other", note="dragon")).then(
        wo.Paused(at=on(2, 10), reason="other", note="dragon")
    )


def test_only_what_waits_can_be_resumed() -> None:
    order(*IN_PROGRESS).when(RESUMED).then_refused(wo.NotPaused)
    order(*WAITING, RESUMED).when(RESUMED).then_nothing()
    order(*WAITING).when(wo.Resume(at=on(2, 9, 59))).then_refused(wo.BeforePaused)


def test_pauses_do_not_overlap() -> None:
    order(*WAITING, RESUMED).when(wo.Pause(at=on(2, 11), reason="weather")).then_refused(wo.BeforeResumed)


# --- priority, calendar


def test_a_new_priority_computes_the_deadlines_anew_and_the_old_ones_stay_in_the_history() -> None:
    scenario = order(*IN_PROGRESS).after(wo.Reprioritise(at=on(2, 10), priority=3, reason="no hurry"))
    assert tags(scenario)[-2:] == ["priority_changed", "clock_set"]
    resolutions = [event.resolution_due for event in scenario.past if isinstance(event, wo.ClockSet)]
    assert resolutions == [on(3, 17), on(2, 13), on(3, 17)]
    scenario.when(wo.Reprioritise(at=on(2, 11), priority=3)).then_nothing()
    order(REPORTED).when(wo.Reprioritise(at=on(2, 11), priority=3)).then_refused(wo.NotTriaged)


def test_a_breach_is_withdrawn_when_the_deadline_is_computed_anew_and_lies_ahead() -> None:
    scenario = order(*IN_PROGRESS, elapse(on(2, 13)))
    assert scenario.state.resolution_breached
    lowered = scenario.when(wo.Reprioritise(at=on(2, 14), priority=3))
    assert wo.BreachWithdrawn(at=on(2, 14), of="resolution", because="priority_changed") in lowered.events()
    assert not lowered.state.resolution_breached
    assert wo.agenda(lowered.state) == Due(on(3, 17), "breach.resolution")


def test_t9_a_calendar_that_changes_mid_flight_leaves_both_deadlines_explained() -> None:
    friday = order(report(on(6, 15)), replace(TRIAGED, at=on(6, 15)), replace(ASSIGNED, at=on(6, 15)))
    friday.when(wo.ReviseCalendar(at=on(6, 15, 20))).then_nothing()
    revised = with_calendar(friday, published, republished).after(wo.ReviseCalendar(at=on(6, 15, 20)))
    explained = [
        (event.because, event.resolution_due, event.agreement_version or "same", event.calendar_version)
        for event in revised.past
        if isinstance(event, wo.ClockSet)
    ]
    assert explained == [
        ("reported", on(10, 15), 1, 1),
        ("triaged", on(9, 11), 1, 1),
        ("calendar_revised", on(7, 11), "same", 2),
    ]
    assert revised.state.calendar_version == 2
    revised.when(wo.ReviseCalendar(at=on(6, 15, 25))).then_nothing()


def test_a_provisional_deadline_is_computed_anew_when_the_year_is_confirmed() -> None:
    unsure = replace(published, working_time=replace(published.working_time, confirmed_years=(2025,)))
    scenario = with_calendar(order(), unsure).after(REPORTED)
    assert scenario.state.provisional
    confirmed = replace(published, working_time=replace(published.working_time, confirmed_years=(2025, 2026)))
    revised = with_calendar(scenario, unsure, confirmed).when(wo.ReviseCalendar(at=on(2, 9, 5)))
    assert not revised.state.provisional
    assert revised.state.resolution_due == scenario.state.resolution_due


@pytest.mark.parametrize("history", [DONE, FILED, (*IN_PROGRESS, CANCELLED)])
def test_a_clock_that_stopped_is_not_set_anew(history: tuple[wo.WorkOrderCommand, ...]) -> None:
    with_calendar(order(*history), published, republished).when(wo.ReviseCalendar(at=on(2, 15))).then_nothing()


# --- the agenda


def test_t11_what_nobody_has_to_do_escalates() -> None:
    scenario = order(REPORTED, TRIAGED, wo.Acknowledge(at=on(2, 9, 15)))
    assert wo.agenda(scenario.state) == Due(on(2, 11), "breach.assignment")
    scenario.when(elapse(on(2, 11))).then(
        wo.Breached(at=on(2, 11), of="assignment"),
        wo.Escalated(at=on(2, 11), of="assignment", level=1, to="duty_desk"),
    )
    assert wo.agenda(order(REPORTED, TRIAGED, ASSIGNED).state) == Due(on(2, 9, 30), "warning.response")


def test_what_nobody_even_looked_at_escalates_under_the_default_priority() -> None:
    urgent_by_default = with_agreement(order(), replace(agreed, default_priority=1))
    events = urgent_by_default.after(REPORTED).when(elapse(on(2, 11))).events()
    assert wo.Escalated(at=on(2, 11), of="assignment", level=1, to="duty_desk") in events


def test_the_ladder_is_climbed_rung_by_rung() -> None:
    scenario = order(*IN_PROGRESS)
    climbed: list[tuple[object, str]] = []
    while (due := wo.agenda(scenario.state)) is not None:
        climbed.append((due.at, due.label))
        scenario = scenario.after(wo.Elapse(label=due.label, at=due.at))
    assert climbed == [
        (on(2, 12, 30), "warning.resolution"),
        (on(2, 12, 45), "escalation.2"),
        (on(2, 13), "breach.resolution"),
        (on(2, 15), "escalation.3"),
    ]
    assert (scenario.state.level, scenario.state.resolution_breached) == (3, True)


def test_what_came_due_is_settled_before_a_late_command() -> None:
    order(*IN_PROGRESS).when(wo.Comment(at=on(2, 14), text="so?")).then(
        wo.Warned(at=on(2, 12, 30), of="resolution"),
        wo.Escalated(at=on(2, 12, 45), of="resolution", level=2, to="manager"),
        wo.Breached(at=on(2, 13), of="resolution"),
        wo.Commented(at=on(2, 14), text="so?"),
    )


def test_a_timer_that_fires_twice_or_too_early_or_for_nothing_does_no_harm() -> None:
    scenario = order(*IN_PROGRESS)
    scenario.when(elapse(on(2, 12))).then_nothing()
    scenario.after(elapse(on(2, 13))).when(elapse(on(2, 13))).then_nothing()
    order(*FILED).when(elapse(on(30))).then_nothing()


# --- facts that come in late


def test_a_technician_who_reports_late_that_he_was_in_time_was_in_time() -> None:
    breached = order(*IN_PROGRESS, elapse(on(2, 16)))
    assert breached.state.resolution_breached
    scenario = breached.when(wo.Resolve(at=on(2, 12, 50), evidence=(FOUND,)))
    assert scenario.events()[0] == wo.BreachWithdrawn(at=on(2, 12, 50), of="resolution", because="resolved")
    assert (scenario.state.resolution_breached, scenario.state.breaches) == (False, 0)


def test_a_start_that_is_reported_late_still_answers_in_time() -> None:
    breached = order(REPORTED, TRIAGED, ASSIGNED, elapse(on(2, 10)))
    assert breached.state.response_breached
    answered_late = breached.after(wo.Acknowledge(at=on(2, 10, 30)))
    assert answered_late.state.response_breached
    scenario = answered_late.after(wo.Start(at=on(2, 9, 50)))
    assert (scenario.state.response_breached, scenario.state.clock.responded_at) == (False, on(2, 9, 50))


def test_a_pause_that_is_reported_late_takes_back_the_breach_of_the_time_after_it() -> None:
    breached = order(*IN_PROGRESS, elapse(on(2, 13)))
    paused = breached.after(wo.Pause(at=on(2, 12), reason="police_order"))
    assert not paused.state.resolution_breached
    assert paused.when(wo.Resume(at=on(2, 15))).state.resolution_due == on(2, 16)
    waited_after = breached.after(wo.Pause(at=on(2, 14), reason="police_order"), wo.Resume(at=on(2, 15)))
    assert (waited_after.state.resolution_due, waited_after.state.resolution_breached) == (on(2, 13), True)


def test_an_assignment_and_a_cancellation_that_are_reported_late_count_from_when_they_were() -> None:
    breached = order(REPORTED, TRIAGED, elapse(on(2, 11)))
    assert breached.state.assignment_breached
    assert not breached.when(ASSIGNED).state.assignment_breached
    cancelled = breached.when(wo.Cancel(at=on(2, 9, 30), reason="by mistake")).state
    assert cancelled.breaches == 0


def test_nothing_happens_before_the_report() -> None:
    early = on(2, 8, 59)
    order(*IN_PROGRESS).when(wo.Resolve(at=early, evidence=(FOUND,))).then_refused(wo.BeforeReported)
    order(*IN_PROGRESS).when(wo.Comment(at=early, text="?")).then_refused(wo.BeforeReported)


def test_nothing_is_finished_before_it_is_begun() -> None:
    order(*IN_PROGRESS).when(wo.Resolve(at=on(2, 9, 25), evidence=(FOUND,))).then_refused(wo.BeforeStarted)
    order(*DONE).when(wo.Accept(at=on(2, 12))).then_refused(wo.BeforeResolved)
    order(*WAITING, RESUMED).when(wo.Resolve(at=on(2, 11), evidence=(FOUND,))).then_refused(wo.BeforeResumed)
