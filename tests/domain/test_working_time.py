"""Working time agrees with test vectors of others, with an oracle that looks at every minute, and with itself."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from domain.working_time import (
    ALWAYS_OPEN,
    DayWindows,
    MakeUp,
    OutOfReach,
    Window,
    Windows,
    WorkingTime,
    always_open,
    week,
)
from tests.domain.calendars import DAYS, Oracle, calendars

VECTORS = Path(__file__).parents[2] / "../shared/data/sla-vectors/biz.jsonl"
NINE_TO_FIVE = (Window(time(9), time(17)),)
LUNCH = (Window(time(8, 30), time(12)), Window(time(13, 30), time(17, 30)))
HOUR = timedelta(hours=1)

minutes = st.integers(1, DAYS * 1440 - 1)  # what closes in minute 0, the oracle has not seen open
slow = settings(deadline=None, max_examples=60)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def local(text: str, zone: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


# --- vectors of others


def _windows(pairs: list[list[str]]) -> Windows:
    return tuple(Window(time.fromisoformat(opens), time.fromisoformat(closes)) for opens, closes in pairs)


def _by_date(windows: dict[str, list[list[str]]]) -> tuple[DayWindows, ...]:
    return tuple(DayWindows(date.fromisoformat(day), _windows(pairs)) for day, pairs in windows.items())


def _calendar(spec: dict[str, Any]) -> WorkingTime:
    monday, tuesday, wednesday, thursday, friday, saturday, sunday = (
        _windows(spec["hours"].get(day, [])) for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    )
    return WorkingTime(
        zone=spec["tz"],
        week=(monday, tuesday, wednesday, thursday, friday, saturday, sunday),
        holidays=tuple(map(date.fromisoformat, spec["holidays"])),
        shifts=_by_date(spec["shifts"]),
        breaks=_by_date(spec["breaks"]),
    )


def _answer(calendar: WorkingTime, vector: dict[str, Any]) -> object:
    start = utc(vector["start"])
    match vector["op"]:
        case "add_work_seconds":
            return calendar.add(start, timedelta(seconds=vector["seconds"]))
        case "sub_work_seconds":
            return calendar.subtract(start, timedelta(seconds=vector["seconds"]))
        case "add_business_days":
            return calendar.add_business_days(start, vector["days"], roll=True)
        case "work_seconds_between":
            return calendar.between(start, utc(vector["end"])).total_seconds()
        case "open_periods":
            found = list(calendar.periods(start, start + timedelta(days=40)))
            return found[: len(vector["expected"])]
        case unknown:
            pytest.fail(f"no such operation: {unknown}")


def _expected(vector: dict[str, Any]) -> object:
    expected = vector["expected"]
    match vector["op"]:
        case "open_periods":
            return [(utc(opens), utc(closes)) for opens, closes in expected]
        case "work_seconds_between":
            return expected
        case _:
            return utc(expected)


def test_the_vectors_of_the_biz_library_come_out() -> None:
    if not VECTORS.exists():
        pytest.skip(f"{VECTORS.name} is not there")
    vectors = [json.loads(line) for line in VECTORS.read_text().splitlines()]
    assert 27 <= len(vectors)
    for vector in vectors:
        assert _answer(_calendar(vector["calendar"]), vector) == _expected(vector), vector["id"]


# --- the oracle that looks at every minute


def _same(oracle: Oracle, expected: int | None, actual: datetime) -> bool:
    """Whatever the oracle does not see lies outside of what it looks at."""
    if expected is None:
        return not oracle.begin < actual < oracle.at(DAYS * 1440)
    return actual == oracle.at(expected)


def _reached(calendar: WorkingTime) -> bool:
    """Open for some hours a week, so that the search stays within a few years."""
    return timedelta(hours=20) <= calendar.between(utc("2025-03-03"), utc("2025-03-10"))


@slow
@given(case=calendars(), start=minutes, amount=st.integers(0, 4000))
def test_adding_and_subtracting_equal_counting_minute_by_minute(
    case: tuple[WorkingTime, datetime], start: int, amount: int
) -> None:
    calendar, begin = case
    assume(_reached(calendar))
    oracle = Oracle(calendar, begin)
    at, duration = oracle.at(start), timedelta(minutes=amount)
    assert _same(oracle, oracle.add(start, amount), calendar.add(at, duration))
    assert _same(oracle, oracle.subtract(start, amount), calendar.subtract(at, duration))


@slow
@given(case=calendars(), start=minutes, end=minutes)
def test_counting_between_and_open_periods_equal_counting_minute_by_minute(
    case: tuple[WorkingTime, datetime], start: int, end: int
) -> None:
    calendar, begin = case
    oracle = Oracle(calendar, begin)
    assert timedelta(minutes=oracle.between(start, end)) == calendar.between(oracle.at(start), oracle.at(end))
    periods = [(oracle.at(a), oracle.at(b)) for a, b in oracle.periods(start, end)]
    assert periods == list(calendar.periods(oracle.at(start), oracle.at(end)))


@slow
@given(case=calendars(), start=minutes)
def test_openings_and_closings_equal_looking_at_every_minute(case: tuple[WorkingTime, datetime], start: int) -> None:
    calendar, begin = case
    assume(_reached(calendar))
    oracle = Oracle(calendar, begin)
    assert oracle.open[start] == calendar.is_open(oracle.at(start))
    assert _same(oracle, oracle.next_opening(start), calendar.next_opening(oracle.at(start)))
    assert _same(oracle, oracle.previous_closing(start), calendar.previous_closing(oracle.at(start)))


@slow
@given(case=calendars(tidy=True), start=minutes, days=st.integers(0, 5))
def test_business_days_equal_looking_at_every_minute(case: tuple[WorkingTime, datetime], start: int, days: int) -> None:
    calendar, begin = case
    assume(_reached(calendar))
    oracle = Oracle(calendar, begin)
    expected = oracle.add_business_days(start, days)
    assume(expected is not None)
    assert _same(oracle, expected, calendar.add_business_days(oracle.at(start), days))
    assert expected is not None
    rolled = expected if oracle.touches(expected) else oracle.next_opening(expected)
    assert _same(oracle, rolled, calendar.add_business_days(oracle.at(start), days, roll=True))


# --- inverses

moments = st.timedeltas(timedelta(), timedelta(days=700)).map(lambda since: utc("2024-01-20") + since)
durations = st.timedeltas(timedelta(microseconds=1), timedelta(hours=60))


@slow
@given(case=calendars(), at=moments, duration=durations)
def test_adding_subtracting_and_counting_are_inverses_to_the_microsecond(
    case: tuple[WorkingTime, datetime], at: datetime, duration: timedelta
) -> None:
    calendar, _ = case
    assume(_reached(calendar))
    later, earlier = calendar.add(at, duration), calendar.subtract(at, duration)
    assert duration == calendar.between(at, later) == calendar.between(earlier, at)
    assert calendar.next_opening(at) == calendar.subtract(later, duration)
    assert calendar.previous_closing(at) == calendar.add(earlier, duration)
    if calendar.is_open(at):
        assert at == calendar.subtract(later, duration)
    assert later == calendar.subtract(at, -duration)
    assert earlier == calendar.add(at, -duration)


@slow
@given(case=calendars(), at=moments, first=durations, second=durations)
def test_adding_in_two_steps_is_adding_at_once(
    case: tuple[WorkingTime, datetime], at: datetime, first: timedelta, second: timedelta
) -> None:
    calendar, _ = case
    assume(_reached(calendar))
    middle, end = calendar.add(at, first), calendar.add(at, first + second)
    assert end == calendar.add(middle, second)
    assert calendar.between(at, end) == calendar.between(at, middle) + calendar.between(middle, end)


@slow
@given(case=calendars(tidy=True), at=moments, days=st.integers(1, 100))
def test_business_days_there_and_back_lead_to_the_start(
    case: tuple[WorkingTime, datetime], at: datetime, days: int
) -> None:
    calendar, _ = case
    assume(_reached(calendar))
    start = calendar.next_opening(at)
    assume(not start.astimezone(ZoneInfo(calendar.zone)).fold)
    end = calendar.add_business_days(start, days)
    started, ended = calendar.working_day(start), calendar.working_day(end)
    assume(calendar.is_open(end) and started is not None and ended is not None)
    assert started is not None
    assert ended is not None
    zone = ZoneInfo(calendar.zone)
    start_wall, end_wall = start.astimezone(zone), end.astimezone(zone)
    assume(start_wall.time() == end_wall.time())  # else the clocks skipped it
    assume(start_wall.date() - started == end_wall.date() - ended)  # else it came to be in another day's window
    assert days == calendar.business_days_between(start, end)
    assert start == calendar.add_business_days(end, -days)


# --- behaviours by name


def test_a_calendar_that_is_always_open_loses_no_minute_at_midnight() -> None:
    """T7, in a zone that changes its clocks too."""
    for calendar in (ALWAYS_OPEN, always_open("America/New_York"), always_open("America/Sao_Paulo")):
        at = utc("2018-01-01T03:17:45")
        assert at + timedelta(days=700) == calendar.add(at, timedelta(days=700))
        assert at - timedelta(days=700) == calendar.subtract(at, timedelta(days=700))
        assert [(at, at + timedelta(days=500))] == list(calendar.periods(at, at + timedelta(days=500)))


def test_a_night_shift_crosses_midnight_and_goes_on_into_a_holiday() -> None:
    calendar = WorkingTime(zone="UTC", week=week((Window(time(22), time(6)),)), holidays=(date(2024, 5, 3),))
    # Thursday night goes on into the holiday, and the holiday has no night of its own
    assert utc("2024-05-03T06:00") == calendar.add(utc("2024-05-02T23:00"), 7 * HOUR)
    assert utc("2024-05-06T23:00") == calendar.add(utc("2024-05-02T23:00"), 8 * HOUR)
    assert date(2024, 5, 2) == calendar.working_day(utc("2024-05-03T02:00"))
    # ... and a business day later is the same hour of the next night
    assert utc("2024-05-07T02:00") == calendar.add_business_days(utc("2024-05-03T02:00"), 1)


def test_a_window_ends_at_midnight() -> None:
    calendar = WorkingTime(zone="UTC", week=week((Window(time(18), time(0)),)))
    assert 6 * HOUR == calendar.between(utc("2024-05-02T00:00"), utc("2024-05-03T00:00"))
    assert utc("2024-05-03T00:00") == calendar.add(utc("2024-05-02T20:00"), 4 * HOUR)


def test_a_closing_at_the_midnight_of_new_year_is_a_closing_and_a_night_shift_goes_on() -> None:
    holiday = date(2026, 1, 1)
    evening = WorkingTime(zone="UTC", week=week((Window(time(18), time(0)),)), holidays=(holiday,))
    midnight = utc("2026-01-01T00:00")
    assert midnight == evening.add(midnight, timedelta()) == evening.subtract(midnight, timedelta())
    assert midnight == evening.previous_closing(midnight) == evening.add(utc("2025-12-31T18:00"), 6 * HOUR)
    assert date(2025, 12, 31) == evening.working_day(midnight)
    assert utc("2025-12-31T00:00") == evening.add_business_days(midnight, -1)
    assert utc("2025-12-31T22:00") == evening.subtract(midnight, 2 * HOUR)
    night = WorkingTime(zone="UTC", week=week((Window(time(22), time(6)),)), holidays=(holiday,))
    assert [(utc("2025-12-31T22:00"), utc("2026-01-01T06:00"))] == list(
        night.periods(utc("2025-12-31T12:00"), utc("2026-01-02T12:00"))
    )
    assert date(2025, 12, 31) == night.working_day(utc("2026-01-01T03:00"))
    assert utc("2026-01-03T03:00") == night.add_business_days(utc("2026-01-01T03:00"), 1)


def test_two_windows_a_day_leave_lunch_out() -> None:
    """T8."""
    calendar = WorkingTime(zone="Asia/Shanghai", week=week(LUNCH))
    start = local("2026-03-03T11:30", "Asia/Shanghai")
    assert local("2026-03-03T14:00", "Asia/Shanghai") == calendar.add(start, HOUR)
    assert 7.5 * HOUR == calendar.between(start.replace(hour=0), start.replace(hour=23))


def test_a_make_up_saturday_counts_and_a_holiday_monday_does_not() -> None:
    """T9: 2024-02-18 was a working Sunday after Spring Festival; here Saturday 4 May makes up for Wednesday 1 May."""
    zone = "Asia/Shanghai"
    calendar = WorkingTime(
        zone=zone,
        week=week(NINE_TO_FIVE),
        holidays=(date(2024, 5, 6),),
        makeup=(MakeUp(date(2024, 5, 4)),),
    )
    friday = local("2024-05-03T16:00", zone)
    assert local("2024-05-04T10:00", zone) == calendar.add(friday, 2 * HOUR)
    assert local("2024-05-07T10:00", zone) == calendar.add(friday, 10 * HOUR)
    assert local("2024-05-07T16:00", zone) == calendar.add_business_days(friday, 2)


def test_a_make_up_day_takes_the_windows_of_the_weekday_it_stands_for() -> None:
    short_friday: Windows = (Window(time(9), time(12)),)
    monday = NINE_TO_FIVE
    calendar = WorkingTime(
        zone="UTC",
        week=(monday, monday, monday, monday, short_friday, (), ()),
        makeup=(MakeUp(date(2024, 5, 4), like=5),),
    )
    assert short_friday == calendar.windows_on(date(2024, 5, 4))
    assert 3 * HOUR == calendar.between(utc("2024-05-04T00:00"), utc("2024-05-05T00:00"))


def test_a_shift_on_a_holiday_is_worked_and_a_break_closes_it() -> None:
    duty = DayWindows(date(2024, 5, 1), (Window(time(9), time(12)),))
    calendar = WorkingTime(zone="UTC", week=week(NINE_TO_FIVE), holidays=(duty.on,), shifts=(duty,))
    assert 3 * HOUR == calendar.between(utc("2024-05-01T00:00"), utc("2024-05-02T00:00"))
    with_break = msgspec.structs.replace(calendar, breaks=(DayWindows(duty.on, (Window(time(10), time(11)),)),))
    assert 2 * HOUR == with_break.between(utc("2024-05-01T00:00"), utc("2024-05-02T00:00"))


def test_a_day_that_a_break_takes_whole_is_no_working_day() -> None:
    outage = DayWindows(date(2024, 5, 7), (Window(time(8), time(18)),))
    calendar = WorkingTime(zone="UTC", week=week(NINE_TO_FIVE), breaks=(outage,))
    assert utc("2024-05-08T10:00") == calendar.add_business_days(utc("2024-05-06T10:00"), 1)
    assert 1 == calendar.business_days_between(utc("2024-05-06T10:00"), utc("2024-05-08T10:00"))


def test_breaks_that_overlap_count_once() -> None:
    long = DayWindows(date(2024, 5, 6), (Window(time(9), time(8)),))  # until Tuesday, 08:00
    short = DayWindows(date(2024, 5, 7), (Window(time(1), time(2)), Window(time(7), time(10))))
    calendar = msgspec.structs.replace(ALWAYS_OPEN, breaks=(long, short))
    assert utc("2024-05-07T10:00") == calendar.next_opening(utc("2024-05-06T09:00"))
    assert 9 * HOUR + 14 * HOUR == calendar.between(utc("2024-05-06"), utc("2024-05-08"))
    assert 2 * HOUR == calendar.between(utc("2024-05-07T03:00"), utc("2024-05-07T12:00"))


def test_a_warning_an_hour_before_is_an_hour_of_working_time_before() -> None:
    """T5."""
    calendar = WorkingTime(zone="UTC", week=week((Window(time(8), time(18)),)))
    assert utc("2024-05-07T10:00") == calendar.before(utc("2024-05-07T11:00"), 3600)
    assert utc("2024-05-06T17:30") == calendar.before(utc("2024-05-07T08:30"), 3600)
    assert utc("2024-05-06T17:00") == calendar.before(utc("2024-05-07T03:00"), 3600)
    assert utc("2024-05-07T03:00") == calendar.before(utc("2024-05-07T03:00"), 0)
    assert utc("2024-05-07T12:00") == calendar.offset(utc("2024-05-07T11:00"), 3600)


def test_what_happens_at_night_is_told_at_the_next_opening() -> None:
    """T6."""
    calendar = WorkingTime(zone="Asia/Shanghai", week=week(LUNCH))
    night = local("2026-03-06T23:10", "Asia/Shanghai")
    assert local("2026-03-09T08:30", "Asia/Shanghai") == calendar.next_opening(night)
    assert night.replace(hour=10) == calendar.next_opening(night.replace(hour=10))


def test_a_wall_time_that_is_skipped_is_the_jump_and_one_that_comes_twice_the_first() -> None:
    zone = "America/New_York"
    every_day = range(1, 8)
    spring = WorkingTime(zone=zone, week=week((Window(time(2, 30), time(4)),), days=every_day))
    assert [(utc("2024-03-10T07:00"), utc("2024-03-10T08:00"))] == list(
        spring.periods(utc("2024-03-10T05:00"), utc("2024-03-10T12:00"))
    )
    autumn = WorkingTime(zone=zone, week=week((Window(time(1, 30), time(3)),), days=every_day))
    assert [(utc("2024-11-03T05:30"), utc("2024-11-03T08:00"))] == list(
        autumn.periods(utc("2024-11-03T04:00"), utc("2024-11-03T12:00"))
    )


def test_a_result_after_closing_stays_unless_it_shall_roll() -> None:
    short = DayWindows(date(2024, 5, 7), (Window(time(10), time(12)),))
    calendar = WorkingTime(zone="UTC", week=week(NINE_TO_FIVE), shifts=(short,))
    monday = utc("2024-05-06T15:00")
    assert utc("2024-05-07T15:00") == calendar.add_business_days(monday, 1)
    assert utc("2024-05-08T09:00") == calendar.add_business_days(monday, 1, roll=True)
    assert utc("2024-05-07T09:00") == calendar.add_business_days(monday.replace(hour=9), 1)
    assert utc("2024-05-07T10:00") == calendar.add_business_days(monday.replace(hour=9), 1, roll=True)


def test_years_of_working_time_are_added_across_years() -> None:
    calendar = WorkingTime(zone="UTC", week=week(NINE_TO_FIVE))
    start = utc("2001-01-01T09:00")
    weeks = 52 * 20
    assert start + timedelta(weeks=weeks) == calendar.add_business_days(start, 5 * weeks)
    assert weeks * 40 * HOUR == calendar.between(start, start + timedelta(weeks=weeks))
    assert start == calendar.subtract(start + timedelta(weeks=weeks), weeks * 40 * HOUR)


def test_a_calendar_that_never_opens_is_refused_and_not_searched_for_ever() -> None:
    never = WorkingTime(zone="UTC", week=week(()), shifts=(DayWindows(date(2020, 1, 1), NINE_TO_FIVE),))
    at = utc("2024-05-07T03:00")
    questions: list[Callable[[], datetime]] = [
        lambda: never.next_opening(at),
        lambda: never.add(at, HOUR),
        lambda: never.subtract(at, timedelta(days=2)),
        lambda: never.add_business_days(at, 1),
        lambda: never.add_business_days(at, -2),
        lambda: ALWAYS_OPEN.add(at, timedelta(days=365 * 101)),
        lambda: ALWAYS_OPEN.next_opening(datetime(9999, 12, 31, 23, tzinfo=UTC)),
        lambda: ALWAYS_OPEN.next_opening(datetime(2, 1, 1, tzinfo=UTC)),
        lambda: ALWAYS_OPEN.days_later(at, 10**9),
    ]
    for question in questions:
        with pytest.raises(OutOfReach):
            question()
    assert not never.is_open(at)
    assert timedelta() == never.between(at, at + timedelta(days=400))
    assert utc("2020-01-01T16:00") == never.subtract(at, HOUR)


def test_a_calendar_travels_as_json_and_finds_its_years_laid_out() -> None:
    calendar = WorkingTime(
        zone="Asia/Shanghai",
        week=week(LUNCH),
        holidays=(date(2026, 1, 1),),
        makeup=(MakeUp(date(2026, 1, 4)),),
        shifts=(DayWindows(date(2026, 1, 2), (Window(time(22), time(6)),)),),
        breaks=(DayWindows(date(2026, 1, 5), (Window(time(10), time(0)),)),),
        confirmed_years=(2026,),
    )
    text = msgspec.json.encode(calendar)
    again = msgspec.json.decode(text, type=WorkingTime)
    assert calendar == again
    assert text == msgspec.json.encode(again)
    assert calendar.next_opening(utc("2026-01-01T00:00")) == again.next_opening(utc("2026-01-01T00:00"))
    assert hash(calendar) == hash(again)
