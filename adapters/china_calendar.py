"""China's working days, from the package `chinesecalendar`: holidays and make-up working days (调休) by year.

The package knows the years whose notice the State Council has published; all others are provisional (暂定): there only
the week counts, until a newer package or `ConfirmYear` brings their days.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, time
from typing import Final, cast

import chinese_calendar  # type: ignore[import-untyped]  # ships no types

from domain import work_calendar
from domain.working_time import MakeUp, Week, Window, Windows, WorkingTime, week

KEY: Final = "cn"
ZONE: Final = "Asia/Shanghai"
OFFICE_HOURS: Final[Windows] = (Window(time(8, 30), time(12)), Window(time(13, 30), time(17, 30)))

# two dicts that map a date to the English name of its festival
_HOLIDAYS: Final = frozenset(cast("Mapping[date, str]", chinese_calendar.holidays))
_MAKEUP: Final = frozenset(cast("Mapping[date, str]", chinese_calendar.workdays))


def known_years() -> tuple[int, ...]:
    """The years whose notice is in the package."""
    return tuple(sorted({day.year for day in _HOLIDAYS}))


def working_time(
    windows: Windows = OFFICE_HOURS,
    *,
    whole_week: Week | None = None,
    years: Collection[int] | None = None,
    makeup_like: int = 1,
) -> WorkingTime:
    """China's calendar with these windows from Monday to Friday (or a week of your own).

    Only the days of `years` are taken, if given, and a make-up day has the windows of the weekday `makeup_like`.
    """
    known = known_years() if years is None else tuple(sorted(set(years) & set(known_years())))
    return WorkingTime(
        zone=ZONE,
        week=week(windows) if whole_week is None else whole_week,
        holidays=_in(known, _HOLIDAYS),
        makeup=_makeup(known, makeup_like),
        confirmed_years=known,
    )


def publish(at: datetime, working_time: WorkingTime, *, key: str = KEY, note: str = "") -> work_calendar.Publish:
    """The command that publishes a calendar; its stream is `work_calendar.stream(key)`."""
    return work_calendar.Publish(at=at, key=key, working_time=working_time, note=note)


def confirm(at: datetime, year: int, *, makeup_like: int = 1) -> work_calendar.ConfirmYear | None:
    """The command that confirms a year with what the package knows of it; None if that is nothing."""
    if year not in known_years():
        return None
    return work_calendar.ConfirmYear(
        at=at, year=year, holidays=_in((year,), _HOLIDAYS), makeup=_makeup((year,), makeup_like)
    )


def _makeup(years: Collection[int], like: int) -> tuple[MakeUp, ...]:
    return tuple(MakeUp(day, like) for day in _in(years, _MAKEUP))


def _in(years: Collection[int], days: Iterable[date]) -> tuple[date, ...]:
    return tuple(sorted(day for day in days if day.year in years))
