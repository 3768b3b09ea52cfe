"""Working time: when we are open, as one version of a calendar, and how to add, subtract and count in it.

A `WorkingTime` is a value that travels in events. For each date, the first of these that speaks decides its windows:

    a shift (the windows of just that date) > a make-up day (调休: like another weekday) > a holiday (none) > the week

and breaks are taken out of whatever is left. A window belongs to the date on which it opens, so a night shift that
begins before a holiday goes on into it; a break closes the calendar whatever windows it meets. Windows that meet
count once. What clocks that change do to a window is told in `timeline`.

A moment is *open* from the opening of a window up to, and without, its closing. For every moment t and time d > 0:

    between(t, add(t, d)) == d                    between(subtract(t, d), t) == d
    subtract(add(t, d), d) == next_opening(t)     (== t, if t is open)
    add(subtract(t, d), d) == previous_closing(t) (== t, if t is open or a closing, but not an opening)

`add` ends at the earliest moment by which the time is worked (a closing rather than the next opening), `subtract` at
the latest from which it is left (an opening rather than the closing before).
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from functools import cached_property, lru_cache
from typing import Annotated, Final, TypeAlias
from zoneinfo import ZoneInfo

import msgspec

from domain.local_clock import DAY, SECOND, LocalClock, OutOfReach, moment, number, utc
from domain.privacy.personal import Day, Key
from domain.timeline import Span, Timeline, Year

__all__ = [
    "ALWAYS_OPEN",
    "DayWindows",
    "MakeUp",
    "OutOfReach",
    "Window",
    "Windows",
    "WorkingTime",
    "always_open",
    "week",
]

WallTime: TypeAlias = Annotated[time, msgspec.Meta(tz=False)]
Weekday: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=7)]
"""1 is Monday, 7 is Sunday (ISO 8601)."""


class Window(msgspec.Struct, frozen=True):
    """Open from one wall time to another. One that closes no later than it opens closes on the next day: 22:00-06:00,
    18:00-00:00, and 00:00-00:00, which is the whole day.
    """

    opens: WallTime
    closes: WallTime

    @property
    def span(self) -> Span:
        """Opens and closes in microseconds after the midnight before."""
        opens, closes = _after_midnight(self.opens), _after_midnight(self.closes)
        return opens, closes if closes > opens else closes + DAY


Windows: TypeAlias = tuple[Window, ...]
Week: TypeAlias = tuple[Windows, Windows, Windows, Windows, Windows, Windows, Windows]
"""Monday to Sunday."""


class DayWindows(msgspec.Struct, frozen=True):
    """Windows of one date, in place of its usual ones; or the breaks of one date."""

    on: Day
    windows: Windows


class MakeUp(msgspec.Struct, frozen=True):
    """A make-up working day (调休): this date has the windows of another weekday."""

    on: Day
    like: Weekday = 1


class WorkingTime(msgspec.Struct, frozen=True, kw_only=True, dict=True, omit_defaults=True):
    """One version of a calendar. Moments that come out of it are in UTC; moments that go in must be aware."""

    zone: Key
    """An IANA name, such as Asia/Shanghai."""
    week: Week
    holidays: tuple[Day, ...] = ()
    makeup: tuple[MakeUp, ...] = ()
    shifts: tuple[DayWindows, ...] = ()
    breaks: tuple[DayWindows, ...] = ()
    confirmed_years: tuple[int, ...] | None = None
    """The years whose holidays are announced; deadlines in other years are provisional (暂定). None: all of them."""

    def windows_on(self, day: date) -> Windows:
        """The windows that open on a date, before breaks."""
        for shift in self.shifts:
            if shift.on == day:
                return shift.windows
        for makeup in self.makeup:
            if makeup.on == day:
                return self.week[makeup.like - 1]
        return () if day in self.holidays else self.week[day.weekday()]

    def is_confirmed(self, year: int) -> bool:
        """Whether the holidays of a year are known."""
        return self.confirmed_years is None or year in self.confirmed_years

    def is_open(self, at: datetime) -> bool:
        """Whether a moment is working time."""
        year, now = self._find(at)
        return year.open_at(now) is not None

    def next_opening(self, at: datetime) -> datetime:
        """The moment itself if it is open, or else the next opening. Raises OutOfReach."""
        return moment(self._timeline.next_opening(*self._find(at))[0])

    def previous_closing(self, at: datetime) -> datetime:
        """The moment itself if it is inside a window or a closing, or else the closing before. Raises OutOfReach."""
        return moment(self._timeline.previous_closing(*self._find(at))[0])

    def add(self, start: datetime, duration: timedelta) -> datetime:
        """The earliest moment by which so much working time has passed since the start.

        No time at all leads to the next opening from a moment that is neither open nor a closing. Raises OutOfReach.
        """
        amount = _micros(duration)
        year, now = self._find(start)
        if amount < 0:
            return self.subtract(start, -duration)
        return moment(self._timeline.later(year, now, amount))

    def subtract(self, end: datetime, duration: timedelta) -> datetime:
        """The latest moment from which so much working time is left until the end.

        No time at all leads to the closing before from a moment that is neither open nor a closing. Raises OutOfReach.
        """
        amount = _micros(duration)
        year, now = self._find(end)
        if amount < 0:
            return self.add(end, -duration)
        return moment(self._timeline.earlier(year, now, amount))

    def between(self, start: datetime, end: datetime) -> timedelta:
        """The working time from start to end; none if the end is not after the start."""
        (first, begun), (last, ended) = self._find(start), self._find(end)
        if ended <= begun:
            return timedelta()
        return timedelta(microseconds=self._timeline.between(first, begun, last, ended))

    def offset(self, at: datetime, working_seconds: int) -> datetime:
        """A moment so much working time after another one (before it, if negative); zero is that moment itself."""
        if working_seconds == 0:
            return utc(at)
        return self.add(at, timedelta(seconds=working_seconds))

    def before(self, at: datetime, working_seconds: int) -> datetime:
        """When to warn: so much working time before a deadline."""
        return self.offset(at, -working_seconds)

    def working_day(self, at: datetime) -> date | None:
        """The day whose window a moment is in or closes: after midnight in a night shift, the day before."""
        owner = self._timeline.day_of(*self._find(at))
        return None if owner is None else date.fromordinal(owner)

    def add_business_days(self, start: datetime, days: int, *, roll: bool = False) -> datetime:
        """The same wall time so many working days later (earlier, if negative). Raises OutOfReach.

        A start outside of working time counts from the next opening (from the closing before, if `days` is negative).
        A result outside of working time stays unless `roll`, which takes it on to the next opening (back to the closing
        before). Where start and result are both open and in the window of "their" day, the negative is the inverse.
        """
        return moment(self._timeline.business_days_later(*self._find(start), days, roll=roll))

    def business_days_between(self, start: datetime, end: datetime) -> int:
        """How many working days after that of the start the end is: the inverse of `add_business_days`.

        A start outside of working time counts from the next opening. Never negative.
        """
        (first, begun), (last, ended) = self._find(start), self._find(end)
        return 0 if ended <= begun else self._timeline.business_days_between(first, begun, last, ended)

    def periods(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The open periods from start to end, those that touch joined into one."""
        for opens, closes in self._timeline.periods(*self._find(start), number(end)):
            yield moment(opens), moment(closes)

    def days_later(self, at: datetime, days: int) -> datetime:
        """The same time on the zone's wall clock so many calendar days later, open or not."""
        clock = self._timeline.clock
        day, wall = clock.read(at)
        return moment(clock.moment(day + days, wall))

    def local_year(self, at: datetime) -> int:
        """The year on the zone's wall clock."""
        return self._find(at)[0].number

    def _find(self, at: datetime) -> tuple[Year, int]:
        now = number(at)
        return self._timeline.year_of(now, at.year), now

    @cached_property
    def _timeline(self) -> Timeline:
        return _timeline_of(self)


@lru_cache(maxsize=64)
def _timeline_of(calendar: WorkingTime) -> Timeline:
    """Equal calendars share one timeline, so a state that is decoded again finds its years laid out."""
    return Timeline(LocalClock(ZoneInfo(calendar.zone)), _spans(calendar), _breaks(calendar))


def _spans(calendar: WorkingTime) -> Callable[[date], Sequence[Span]]:
    week = [_spans_of(windows) for windows in calendar.week]
    special: dict[date, tuple[Span, ...]] = dict.fromkeys(calendar.holidays, ())
    special.update((day.on, week[day.like - 1]) for day in calendar.makeup)
    special.update((day.on, _spans_of(day.windows)) for day in calendar.shifts)
    return lambda day: special[day] if day in special else week[day.weekday()]


def _breaks(calendar: WorkingTime) -> list[tuple[date, Span]]:
    return [(day.on, window.span) for day in calendar.breaks for window in day.windows]


def _spans_of(windows: Windows) -> tuple[Span, ...]:
    return tuple(window.span for window in windows)


def _micros(duration: timedelta) -> int:
    return duration // timedelta(microseconds=1)


def _after_midnight(wall: time) -> int:
    return ((wall.hour * 60 + wall.minute) * 60 + wall.second) * SECOND + wall.microsecond


def week(windows: Windows, *, days: Sequence[Weekday] = (1, 2, 3, 4, 5)) -> Week:
    """The same windows on these days of the week, Monday to Friday unless said otherwise."""
    monday, tuesday, wednesday, thursday, friday, saturday, sunday = (windows if n in days else () for n in range(1, 8))
    return monday, tuesday, wednesday, thursday, friday, saturday, sunday


def always_open(zone: str) -> WorkingTime:
    """Around the clock, every day."""
    return WorkingTime(zone=zone, week=week((Window(time(0), time(0)),), days=range(1, 8)))


ALWAYS_OPEN: Final = always_open("UTC")
