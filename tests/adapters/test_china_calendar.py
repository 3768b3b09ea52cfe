"""China's calendar: every day of six years agrees with another source, and a year without a notice is provisional."""

import csv
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from adapters import china_calendar
from domain import work_calendar
from domain.promise import BusinessDays, WorkingHours, due, is_provisional
from domain.working_time import Window, week
from tests.scenario import Streams

WORKDAYS = Path(__file__).parents[2] / "../shared/data/china/workdays_2019_2024.csv"
AT = datetime(2026, 11, 5, tzinfo=UTC)
SHANGHAI = timedelta(hours=8)


def shanghai(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC) - SHANGHAI


def test_every_day_from_2019_to_2024_is_working_or_not_as_another_source_says() -> None:
    if not WORKDAYS.exists():
        pytest.skip(f"{WORKDAYS.name} is not there")
    calendar = china_calendar.working_time()
    with WORKDAYS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert 2192 == len(rows)
    for row in rows:
        day = date.fromisoformat(row["date"])
        midnight = shanghai(row["date"])
        worked = calendar.between(midnight, midnight + timedelta(days=1))
        works = row["is_workday_holiday_cn"] == "1"
        assert works == bool(calendar.windows_on(day)) == bool(worked), day
        assert worked in {timedelta(), timedelta(hours=7.5)}


def test_a_make_up_sunday_counts_and_the_spring_festival_does_not() -> None:
    """T9, on the days of 2024: Sunday 4 February works, 10 to 17 February rest, Sunday 18 February works."""
    calendar = china_calendar.working_time()
    assert shanghai("2024-02-04T09:00") == due(BusinessDays(1), shanghai("2024-02-02T09:00"), calendar)
    assert shanghai("2024-02-18T16:30") == due(WorkingHours(8 * 3600), shanghai("2024-02-09T16:00"), calendar)


def test_a_year_without_a_notice_is_provisional_until_it_is_confirmed() -> None:
    years = china_calendar.known_years()
    assert set(range(2004, 2027)) <= set(years)
    calendar = china_calendar.working_time(years=range(2024, 2026))
    assert (2024, 2025) == calendar.confirmed_years
    start = shanghai("2025-12-31T09:00")
    assert shanghai("2026-01-01T09:00") == due(BusinessDays(1), start, calendar)
    assert is_provisional(calendar, start, due(BusinessDays(1), start, calendar))

    notice = china_calendar.confirm(AT, 2026)
    assert notice is not None
    state = work_calendar.WorkCalendar()
    for command in (china_calendar.publish(AT, calendar), notice):
        state = work_calendar.decider.fold(work_calendar.decide(command, state, Streams({})), state)
    confirmed = state.latest
    assert confirmed is not None
    # 1 to 3 January 2026 rest; Sunday 4 January works
    assert shanghai("2026-01-04T09:00") == due(BusinessDays(1), start, confirmed)
    assert not is_provisional(confirmed, start, due(BusinessDays(1), start, confirmed))
    assert china_calendar.working_time(years=range(2024, 2027)) == confirmed


def test_the_first_year_after_those_known_has_nothing_to_confirm() -> None:
    unknown = china_calendar.known_years()[-1] + 1
    assert china_calendar.confirm(AT, unknown) is None
    calendar = china_calendar.working_time()
    assert is_provisional(calendar, AT, datetime(unknown, 1, 5, tzinfo=UTC))
    assert not is_provisional(calendar, AT, datetime(unknown - 1, 12, 31, 12, tzinfo=UTC))


def test_the_windows_are_yours() -> None:
    every_day = china_calendar.working_time(whole_week=week((Window(time(8), time(20)),), days=range(1, 8)))
    saturday, holiday = date(2026, 3, 7), date(2026, 10, 3)  # a Saturday too
    assert every_day.windows_on(saturday)
    assert not every_day.windows_on(holiday)
    friday_shift = china_calendar.working_time((Window(time(9), time(15)),), makeup_like=5)
    assert friday_shift.windows_on(date(2026, 10, 10)) == (Window(time(9), time(15)),)
    assert {5} == {day.like for day in friday_shift.makeup}
