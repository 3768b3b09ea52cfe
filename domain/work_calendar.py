"""A work calendar: the versions of one calendar, for instance that of all offices of a city.

    unknown -> published (version 1) -> published | year confirmed (version 2) -> ...

A version is never changed, so a deadline that was computed with it can be explained and computed again for ever. When
the holidays of a year are announced (in China each November, for the year after), the year is confirmed: a new version
with that year's days, and the deadlines that were provisional are computed anew. A year can be confirmed again, for
holidays are prolonged now and then (2020).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Annotated, TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Meta, Struct
from msgspec.structs import replace

from domain.decider import Ask, Command, Decider, Elapse, Event, Refused, derived_id
from domain.local_clock import DAY
from domain.privacy.personal import Day, Key
from domain.timeline import Span
from domain.working_time import MakeUp, Window, Windows, WorkingTime

AwareTime: TypeAlias = Annotated[datetime, Meta(tz=True)]

WEEKDAYS = range(1, 8)


class Version(Struct, frozen=True):
    """A calendar as it stood from the moment on at which it was published."""

    at: datetime
    working_time: WorkingTime
    note: str = ""


class WorkCalendar(Struct, frozen=True):
    """All versions, the first one first; their numbers count from 1."""

    key: str = ""
    versions: tuple[Version, ...] = ()

    @property
    def newest(self) -> int:
        """The number of the newest version; 0 when none is published."""
        return len(self.versions)

    @property
    def latest(self) -> WorkingTime | None:
        """The newest version."""
        return self.versions[-1].working_time if self.versions else None

    def version(self, number: int) -> WorkingTime | None:
        """A version by its number."""
        return self.versions[number - 1].working_time if 0 < number <= len(self.versions) else None


class Publish(Command, frozen=True, tag="publish"):
    """Make this the calendar from now on."""

    at: AwareTime
    key: Annotated[str, Meta(max_length=128)]
    working_time: WorkingTime
    note: str = ""


class ConfirmYear(Command, frozen=True, tag="confirm_year"):
    """The holidays of a year are announced: these, and no others. Days in the December before may be among them."""

    at: AwareTime
    year: Annotated[int, Meta(ge=1900, le=9000)]
    holidays: tuple[date, ...]
    makeup: tuple[MakeUp, ...] = ()
    note: str = ""


class Published(Event, frozen=True, tag="work_calendar.published"):
    at: datetime
    key: Key
    working_time: WorkingTime
    note: Key = ""


class YearConfirmed(Event, frozen=True, tag="work_calendar.year_confirmed"):
    at: datetime
    year: int
    holidays: tuple[Day, ...]
    makeup: tuple[MakeUp, ...] = ()
    note: Key = ""


WorkCalendarCommand: TypeAlias = Publish | ConfirmYear | Elapse
WorkCalendarEvent: TypeAlias = Published | YearConfirmed


class NotPublished(Refused):
    """This calendar has not been published yet."""


class ZoneUnknown(Refused):
    """There is no time zone of this name."""


class WindowEmpty(Refused):
    """A window must not close at the time it opens; only 00:00 to 00:00 means the whole day."""


class WindowsOverlap(Refused):
    """Two windows of a day, or of two days in a row, overlap."""


class DateTwice(Refused):
    """A date appears twice in the same list."""


class HolidayAndMakeUp(Refused):
    """A date cannot be both a holiday and a make-up working day."""


class WeekdayUnknown(Refused):
    """Weekdays go from 1, Monday, to 7, Sunday."""


class NeverOpen(Refused):
    """A calendar must have at least one window."""


class OutsideYear(Refused):
    """A day is neither in the year that is confirmed nor in the December before."""


@lru_cache(maxsize=4096)
def stream(key: str) -> UUID:
    """The stream of the calendar with this key."""
    return derived_id("work_calendar", key)


def newest(ask: Ask, key: str) -> tuple[int, WorkingTime] | None:
    """The number and the content of the newest version of a calendar, if it is published."""
    calendar = ask(decider, stream(key))
    latest = calendar.latest
    return None if latest is None else (calendar.newest, latest)


def decide(command: WorkCalendarCommand, calendar: WorkCalendar, _ask: Ask) -> Sequence[WorkCalendarEvent]:
    """Make a new version of what is sound and new."""
    match command:
        case Publish(at=at, key=key, working_time=working_time, note=note):
            _must_be_sound(working_time)
            if working_time == calendar.latest:
                return []
            return [Published(at=at, key=key, working_time=working_time, note=note)]
        case ConfirmYear(at=at, year=year, holidays=holidays, makeup=makeup, note=note):
            latest = calendar.latest
            if latest is None:
                raise NotPublished
            _must_lie_in(year, (*holidays, *(day.on for day in makeup)))
            _must_have_different_dates(holidays, makeup)
            confirmed = with_year(latest, year, holidays, makeup)
            _must_be_sound(confirmed)
            if confirmed == latest:
                return []
            return [YearConfirmed(at=at, year=year, holidays=holidays, makeup=makeup, note=note)]
        case Elapse():
            return []


def evolve(calendar: WorkCalendar, event: WorkCalendarEvent) -> WorkCalendar:
    """Remember the version beside all earlier ones."""
    match event:
        case Published(at=at, key=key, working_time=working_time, note=note):
            version = Version(at=at, working_time=working_time, note=note)
            return WorkCalendar(key=key, versions=(*calendar.versions, version))
        case YearConfirmed(at=at, year=year, holidays=holidays, makeup=makeup, note=note):
            if not calendar.versions:
                return calendar  # decide never tells this, and evolve never refuses
            content = with_year(calendar.versions[-1].working_time, year, holidays, makeup)
            version = Version(at=at, working_time=content, note=note)
            return replace(calendar, versions=(*calendar.versions, version))


def with_year(
    working_time: WorkingTime, year: int, holidays: tuple[date, ...], makeup: tuple[MakeUp, ...]
) -> WorkingTime:
    """The calendar with exactly these days in a year, and with those of them that lie in the December before it."""
    named = {*holidays, *(day.on for day in makeup)}
    years = working_time.confirmed_years
    return replace(
        working_time,
        holidays=tuple(sorted({*_kept(working_time.holidays, year, named), *holidays})),
        makeup=tuple(
            sorted(
                [*(day for day in working_time.makeup if day.on.year != year and day.on not in named), *makeup],
                key=lambda day: day.on,
            )
        ),
        confirmed_years=None if years is None else tuple(sorted({*years, year})),
    )


def _kept(days: Iterable[date], year: int, named: set[date]) -> Iterator[date]:
    return (day for day in days if day.year != year and day not in named)


def _must_lie_in(year: int, days: Iterable[date]) -> None:
    for day in days:
        if day.year != year and (day.year, day.month) != (year - 1, 12):
            raise OutsideYear(day=day.isoformat(), year=year)


def _must_be_sound(calendar: WorkingTime) -> None:
    try:
        ZoneInfo(calendar.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ZoneUnknown(zone=calendar.zone) from None
    _must_have_different_dates(calendar.holidays, calendar.makeup)
    _must_be_dated_once(day.on for day in calendar.shifts)
    _must_be_dated_once(day.on for day in calendar.breaks)
    days = [*calendar.week, *(day.windows for day in calendar.shifts)]
    if not any(days):
        raise NeverOpen
    for windows in (*days, *(day.windows for day in calendar.breaks)):
        _must_be_apart([window.span for window in windows if _not_empty(window)])
    _must_be_apart(list(_around_the_week(calendar.week)))


def _must_have_different_dates(holidays: tuple[date, ...], makeup: tuple[MakeUp, ...]) -> None:
    _must_be_dated_once(holidays)
    _must_be_dated_once(day.on for day in makeup)
    for day in makeup:
        if day.on in holidays:
            raise HolidayAndMakeUp(day=day.on.isoformat())
        if day.like not in WEEKDAYS:
            raise WeekdayUnknown(like=day.like)


def _must_be_dated_once(days: Iterable[date]) -> None:
    for day, times in Counter(days).items():
        if times > 1:
            raise DateTwice(day=day.isoformat())


def _not_empty(window: Window) -> bool:
    if window.opens == window.closes != time(0):
        raise WindowEmpty(opens=window.opens.isoformat())
    return True


def _must_be_apart(spans: list[Span]) -> None:
    spans.sort()
    for (_, closes), (opens, _) in pairwise(spans):
        if opens < closes:
            raise WindowsOverlap(opens=str(timedelta(microseconds=opens % DAY)))


def _around_the_week(week: Sequence[Windows]) -> Iterator[Span]:
    """The windows of eight days in a row, Monday to Monday."""
    for day, windows in enumerate((*week, week[0])):
        for window in windows:
            opens, closes = window.span
            yield opens + day * DAY, closes + day * DAY


decider: Decider[WorkCalendarCommand, WorkCalendar, WorkCalendarEvent] = Decider(
    name="work_calendar",
    initial=WorkCalendar(),
    decide=decide,
    evolve=evolve,
    commands=(Publish, ConfirmYear, Elapse),
    events=(Published, YearConfirmed),
)
