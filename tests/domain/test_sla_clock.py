"""The SLA clock: deadlines are computed from facts, however these came about."""

from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain import sla_clock
from domain.promise import BusinessDays, Moment, Promise, WallClock, WorkingHours
from domain.sla_clock import Clock, alarms, deadlines
from domain.terms import Rung, Terms
from domain.working_time import ALWAYS_OPEN, WorkingTime
from tests.domain.small_town import HOUR, OFFICE, OFFICE_WITH_MAKE_UP, on

EIGHT_HOURS = WorkingHours(8 * HOUR)


def clock(resolution: Promise, start: datetime, *pauses: tuple[datetime, datetime]) -> Clock:
    """A clock that was started and stood still a few times."""
    now = sla_clock.start(Clock(terms=Terms(resolution=resolution)), start)
    for since, until in pauses:
        now = sla_clock.resume(sla_clock.pause(now, since, "parts"), until)
    return now


def due(now: Clock, calendar: WorkingTime = OFFICE) -> datetime | None:
    return deadlines(now, calendar).resolution


def test_t1_a_pause_over_night_moves_nothing() -> None:
    assert due(clock(EIGHT_HOURS, on(2, 9))) == on(2, 17)
    assert due(clock(EIGHT_HOURS, on(2, 9), (on(2, 17), on(3, 9)))) == on(2, 17)
    assert due(clock(EIGHT_HOURS, on(2, 13), (on(2, 17), on(3, 9)))) == on(3, 13)


def test_t2_two_pauses_of_two_working_hours_move_the_deadline_by_four() -> None:
    paused = clock(EIGHT_HOURS, on(2, 9), (on(2, 10), on(2, 12)), (on(2, 15), on(3, 9)))
    assert due(paused) == on(3, 13)


def test_t3_a_pause_counts_whether_the_priority_changed_before_during_or_after_it() -> None:
    terms = Terms(resolution=WorkingHours(4 * HOUR))
    start = sla_clock.start(Clock(terms=Terms(resolution=EIGHT_HOURS)), on(2, 9))
    paused = sla_clock.pause(start, on(2, 10), "parts")
    before = sla_clock.resume(sla_clock.pause(sla_clock.agree(start, terms), on(2, 10), "parts"), on(2, 12))
    during = sla_clock.resume(sla_clock.agree(paused, terms), on(2, 12))
    after = sla_clock.agree(sla_clock.resume(paused, on(2, 12)), terms)
    assert before == during == after
    assert due(after) == on(2, 15)


def test_t5_a_warning_comes_a_working_hour_before_the_deadline_not_an_hour_of_the_night() -> None:
    now = sla_clock.start(Clock(terms=Terms(resolution=EIGHT_HOURS, warn_before=3 * HOUR)), on(2, 11))
    assert due(now) == on(3, 11)
    assert [(alarm.at, alarm.label) for alarm in alarms(now, deadlines(now, OFFICE), OFFICE)] == [
        (on(2, 16), "warning.resolution"),
        (on(3, 11), "breach.resolution"),
    ]


def test_t9_a_worked_saturday_counts_and_a_holiday_monday_does_not() -> None:
    from_friday = clock(WorkingHours(10 * HOUR), on(6, 15))
    assert due(from_friday, OFFICE) == on(9, 17)
    assert due(from_friday, OFFICE_WITH_MAKE_UP) == on(7, 17)
    from_saturday = clock(EIGHT_HOURS, on(7, 13))
    assert due(from_saturday, OFFICE_WITH_MAKE_UP) == on(10, 13)


def test_a_pause_across_a_holiday_gives_back_working_time_only() -> None:
    paused = clock(EIGHT_HOURS, on(6, 9), (on(6, 12), on(10, 10)))
    assert due(paused, OFFICE_WITH_MAKE_UP) == on(10, 15)


def test_waiting_after_the_due_moment_moves_nothing() -> None:
    assert due(clock(EIGHT_HOURS, on(2, 9), (on(3, 9), on(3, 17)))) == on(2, 17)


def test_a_fixed_moment_is_never_moved() -> None:
    assert due(clock(Moment(on(5, 12)), on(2, 9), (on(2, 10), on(4, 10)))) == on(5, 12)


def test_an_open_pause_is_not_credited_before_it_ends() -> None:
    waiting = sla_clock.pause(clock(EIGHT_HOURS, on(2, 9)), on(2, 10), "weather")
    assert due(waiting) == on(2, 17)
    assert waiting.paused_reason == "weather"
    assert sla_clock.resume(waiting, on(2, 12)).spells[0].reason == "weather"


def test_what_is_met_is_not_due() -> None:
    terms = Terms(response=EIGHT_HOURS, resolution=EIGHT_HOURS, assign_within=EIGHT_HOURS)
    now = sla_clock.start(Clock(terms=terms), on(2, 9))
    assert deadlines(now, OFFICE).of("response") == on(2, 17)
    assert deadlines(sla_clock.respond(now, on(2, 10)), OFFICE).of("response") is None
    assert deadlines(sla_clock.assign(now, on(2, 10)), OFFICE).of("assignment") is None
    stopped = sla_clock.stop(now, on(2, 10))
    assert (deadlines(stopped, OFFICE).resolution, deadlines(stopped, OFFICE).response) == (None, None)


def test_of_two_answers_the_earlier_counts() -> None:
    now = sla_clock.respond(clock(EIGHT_HOURS, on(2, 9)), on(2, 12))
    assert sla_clock.respond(now, on(2, 13)).responded_at == on(2, 12)
    assert sla_clock.respond(now, on(2, 11)).responded_at == on(2, 11)


def test_a_reopening_goes_on_as_after_a_pause_or_begins_anew_as_the_terms_say() -> None:
    done = sla_clock.stop(clock(EIGHT_HOURS, on(2, 9)), on(2, 15))
    assert due(sla_clock.reopen(done, on(4, 9), "resume")) == on(4, 11)
    assert due(sla_clock.reopen(done, on(4, 9), "restart")) == on(4, 17)


def test_a_deadline_behind_an_unannounced_year_is_provisional() -> None:
    announced = replace(OFFICE, confirmed_years=(2026,))
    now = clock(BusinessDays(30), on(1, month=12))
    assert deadlines(now, announced).provisional
    assert not deadlines(now, replace(announced, confirmed_years=(2026, 2027))).provisional
    assert not deadlines(clock(WallClock(days=60), on(1, month=12)), announced).provisional


def test_rungs_come_when_their_data_say_and_never_before_the_start() -> None:
    ladder = (Rung(of="resolution", to="a", after=-20 * HOUR), Rung(of="resolution", to="b", after=4 * HOUR))
    now = sla_clock.start(Clock(terms=Terms(resolution=EIGHT_HOURS, ladder=ladder)), on(2, 9))
    assert [(alarm.at, alarm.label, alarm.to) for alarm in alarms(now, deadlines(now, OFFICE), OFFICE)] == [
        (on(2, 9), "escalation.1", "a"),
        (on(2, 17), "breach.resolution", ""),
        (on(3, 13), "escalation.2", "b"),
    ]


def test_t6_who_is_to_be_told_of_a_breach_at_night_is_told_in_service_hours_if_the_terms_say_so() -> None:
    terms = Terms(resolution=WallClock(seconds=8 * HOUR), ladder=(Rung(of="resolution", to="manager"),))
    told = {"at_once": on(2, 23), "in_service_hours": on(3, 9)}
    for when, at in told.items():
        now = sla_clock.start(Clock(terms=replace(terms, tell=when)), on(2, 15))
        assert [(alarm.at, alarm.label) for alarm in alarms(now, deadlines(now, OFFICE), OFFICE)] == [
            (on(2, 23), "breach.resolution"),
            (at, "escalation.1"),
        ]


def test_a_promise_shorter_than_the_warning_is_not_warned_of() -> None:
    now = sla_clock.start(Clock(terms=Terms(resolution=EIGHT_HOURS, warn_before=8 * HOUR)), on(2, 9))
    assert [alarm.kind for alarm in alarms(now, deadlines(now, OFFICE), OFFICE)] == ["breach"]


def test_without_a_promise_nothing_is_due() -> None:
    now = sla_clock.start(Clock(), on(2, 9))
    assert alarms(now, deadlines(now, ALWAYS_OPEN), ALWAYS_OPEN) == ()


@st.composite
def spells(draw: st.DrawFn) -> list[tuple[datetime, datetime]]:
    edges = sorted(draw(st.lists(st.integers(0, 14 * 1440), max_size=8)))
    moments = [on(2, 9) + timedelta(minutes=n) for n in edges]
    return list(zip(moments[::2], moments[1::2], strict=False))


@settings(max_examples=300, deadline=None)
@given(spells(), st.integers(1, 40 * HOUR), st.sampled_from([OFFICE, OFFICE_WITH_MAKE_UP, ALWAYS_OPEN]))
def test_the_time_worked_outside_of_pauses_is_what_was_promised(
    pauses: list[tuple[datetime, datetime]], seconds: int, calendar: WorkingTime
) -> None:
    end = due(clock(WorkingHours(seconds), on(2, 9), *pauses), calendar)
    assert end is not None
    worked = calendar.between(on(2, 9), end)
    waited = sum((calendar.between(since, min(until, end)) for since, until in pauses if since <= end), timedelta())
    assert worked - waited == timedelta(seconds=seconds)


@settings(max_examples=100, deadline=None)
@given(spells())
def test_a_pause_in_two_pieces_is_worth_as_much_as_in_one(pauses: list[tuple[datetime, datetime]]) -> None:
    halves = [pair for since, until in pauses for pair in pairwise((since, since + (until - since) / 2, until))]
    promised = WorkingHours(20 * HOUR)
    assert due(clock(promised, on(2, 9), *pauses)) == due(clock(promised, on(2, 9), *halves))
