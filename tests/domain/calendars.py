"""Random calendars, and an oracle that knows nothing but how to look at one minute after the other."""

from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from domain.working_time import DayWindows, MakeUp, Window, Windows, WorkingTime

DAYS = 12
"""How many days the oracle looks at."""
MINUTE = timedelta(minutes=1)

PLACES = [
    ("UTC", date(2024, 2, 25)),
    ("Asia/Shanghai", date(2026, 2, 10)),
    ("America/New_York", date(2024, 3, 5)),
    ("America/New_York", date(2024, 10, 29)),
    ("Europe/Berlin", date(2024, 3, 26)),
    ("Europe/Berlin", date(2024, 10, 22)),
    ("Europe/Berlin", date(2024, 12, 27)),
    ("Asia/Kathmandu", date(2025, 12, 26)),
    ("Australia/Lord_Howe", date(2024, 4, 2)),  # half an hour of summer time
    ("America/Sao_Paulo", date(2018, 10, 30)),  # clocks jump at midnight
    ("America/Sao_Paulo", date(2018, 2, 13)),  # ... and fall back into the day before
    ("Pacific/Apia", date(2011, 12, 26)),  # a whole day is skipped
]


def clock(minute: int) -> time:
    """A wall time from the minutes after midnight."""
    return time(minute // 60 % 24, minute % 60)


@st.composite
def windows(draw: st.DrawFn, *, tidy: bool) -> Windows:
    """Up to three windows; the last may go on after midnight. Tidy ones leave the next day's alone."""
    earliest, latest = (360, 1440 + 300) if tidy else (0, 1440 + 720)
    edges = sorted(draw(st.sets(st.integers(earliest, latest), min_size=2, max_size=6)))
    pairs = [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=False) if a < 1440 and b - a <= 1440]
    return tuple(Window(clock(a), clock(b)) for a, b in pairs)


@st.composite
def calendars(draw: st.DrawFn, *, tidy: bool = False) -> tuple[WorkingTime, datetime]:
    """A calendar, and the moment from which the oracle looks at it."""
    zone, first = draw(st.sampled_from(PLACES))
    day = st.integers(-1, DAYS).map(lambda n: first + timedelta(days=n))
    usual = st.one_of(st.just(()), windows(tidy=tidy), st.just((Window(time(0), time(0)),)))
    week = draw(st.tuples(*[usual] * 7))
    dated = st.builds(DayWindows, day, windows(tidy=tidy))
    calendar = WorkingTime(
        zone=zone,
        week=week,
        holidays=tuple(draw(st.sets(day, max_size=3))),
        makeup=tuple(draw(st.lists(st.builds(MakeUp, day, st.integers(1, 7)), max_size=2, unique_by=lambda d: d.on))),
        shifts=tuple(draw(st.lists(dated, max_size=2, unique_by=lambda d: d.on))),
        breaks=tuple(draw(st.lists(dated, max_size=3, unique_by=lambda d: d.on))),
    )
    return calendar, datetime(first.year, first.month, first.day, tzinfo=UTC)


Shown = tuple[date, int]


@lru_cache
def _walls(zone: str, begin: datetime) -> list[Shown]:
    """What the wall clock shows in each minute; while it shows an hour again, it is held at the last new minute."""
    shown: list[Shown] = []
    for n in range(DAYS * 1440):
        local = (begin + n * MINUTE).astimezone(ZoneInfo(zone))
        if local.fold and shown:
            shown.append(shown[-1])
        else:
            shown.append((local.date(), local.hour * 60 + local.minute))
    return shown


class Oracle:
    """Looks at every minute of a few days. Takes and gives minutes after `begin`."""

    def __init__(self, calendar: WorkingTime, begin: datetime) -> None:
        self.calendar = calendar
        self.begin = begin
        self.walls = _walls(calendar.zone, begin)
        days = {day: self._days(day) for day in {day for day, _ in self.walls}}
        self.owners = [days[day][minute] for day, minute in self.walls]
        self.open = [owner is not None for owner in self.owners]

    def at(self, minute: int) -> datetime:
        return self.begin + minute * MINUTE

    def _days(self, day: date) -> list[date | None]:
        """Whose window each minute of a wall-clock day is in."""
        before = day - timedelta(days=1)
        owners: list[date | None] = [None] * 1440
        for owner, windows_ in ((day, self._windows(day)), (before, self._windows(before))):
            for minute in _minutes(windows_, 0 if owner == day else 1440):
                owners[minute] = owner
        for each in self.calendar.breaks:
            if each.on in {day, before}:
                for minute in _minutes(each.windows, 0 if each.on == day else 1440):
                    owners[minute] = None
        return owners

    def _windows(self, day: date) -> Windows:
        for shift in self.calendar.shifts:
            if shift.on == day:
                return shift.windows
        for makeup in self.calendar.makeup:
            if makeup.on == day:
                return self.calendar.week[makeup.like - 1]
        return () if day in self.calendar.holidays else self.calendar.week[day.isoweekday() - 1]

    def touches(self, minute: int) -> bool:
        """Open, or a closing."""
        return self.open[minute] or (minute > 0 and self.open[minute - 1])

    def next_opening(self, minute: int) -> int | None:
        return next((n for n in range(minute, len(self.open)) if self.open[n]), None)

    def previous_closing(self, minute: int) -> int | None:
        return next((n for n in range(minute, 0, -1) if self.open[n - 1]), None)

    def add(self, minute: int, amount: int) -> int | None:
        if amount == 0:
            return minute if self.touches(minute) else self.next_opening(minute)
        for n in range(minute, len(self.open)):
            amount -= self.open[n]
            if amount == 0:
                return n + 1
        return None

    def subtract(self, minute: int, amount: int) -> int | None:
        if amount == 0:
            return minute if self.touches(minute) else self.previous_closing(minute)
        for n in range(minute - 1, -1, -1):
            amount -= self.open[n]
            if amount == 0:
                return n
        return None

    def between(self, start: int, end: int) -> int:
        return sum(self.open[start:end])

    def periods(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        opened = None
        for n in range(start, end + 1):
            if n < end and self.open[n]:
                opened = n if opened is None else opened
            elif opened is not None:
                yield opened, n
                opened = None

    def add_business_days(self, minute: int, days: int) -> int | None:
        start = self.next_opening(minute)
        if start is None:
            return None
        owner = self.owners[start]
        assert owner is not None
        after = sorted({day for day in self.owners if day is not None and day > owner})
        if days == 0:
            return start
        if len(after) < days:
            return None
        shown_day, shown_minute = self.walls[start]
        return self.first_shown((shown_day + (after[days - 1] - owner), shown_minute))

    def first_shown(self, wall: Shown) -> int | None:
        """The first minute in which the clock shows this, or something later if it never does."""
        found = bisect_left(self.walls, wall)
        return found if 0 < found < len(self.walls) else None


def _minutes(windows_: Windows, skipped: int) -> Iterator[int]:
    """The minutes of windows that lie in the day (or in the one after it, if a day is skipped)."""
    for window in windows_:
        opens = window.opens.hour * 60 + window.opens.minute
        closes = window.closes.hour * 60 + window.closes.minute
        lasts = range(opens, closes if closes > opens else closes + 1440)
        yield from (minute - skipped for minute in lasts if 0 <= minute - skipped < 1440)
