"""Periods that vendors are rated for: months and quarters of the Chinese calendar day, by their names.

2026-03        a month           from 1 March, 00:00 in Shanghai, until before 1 April, 00:00
2026-Q1        a quarter         its three months
"""

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Final, Literal, TypeAlias

Length: TypeAlias = Literal["month", "quarter"]

CHINA: Final = timezone(timedelta(hours=8), "Asia/Shanghai")
"""One zone without summer time since 1992, long before anything that is rated here."""

_NAME: Final = re.compile(r"([0-9]{4})-(?:(0[1-9]|1[0-2])|Q([1-4]))")
FIRST_YEAR: Final = 1992
_LAST_YEAR: Final = 9990


def month_of(at: datetime) -> str:
    """The month that a moment lies in, in Shanghai. Years out of reach are the nearest within it."""
    year, month = _year_and_month(at)
    return f"{year:04}-{month:02}"


def period_of(length: Length, at: datetime) -> str:
    """The period that a moment lies in."""
    return period_with(length, month_of(at))


@lru_cache(maxsize=4096)
def period_with(length: Length, month: str) -> str:
    """The period that a month belongs to."""
    if length == "month":
        return month
    year, number = month.split("-")
    return f"{year}-Q{(int(number) + 2) // 3}"


@lru_cache(maxsize=4096)
def months_of(period: str) -> tuple[str, ...]:
    """The months of a period, none for what is not the name of one."""
    found = _NAME.fullmatch(period)
    if found is None or not FIRST_YEAR <= int(found[1]) <= _LAST_YEAR:
        return ()
    if found[2]:
        return (period,)
    first = 3 * int(found[3]) - 2
    return tuple(f"{found[1]}-{month:02}" for month in range(first, first + 3))


@lru_cache(maxsize=4096)
def begins_at(period: str) -> datetime:
    """The first moment of a period."""
    return _midnight(number_of(months_of(period)[0]))


@lru_cache(maxsize=4096)
def ends_at(period: str) -> datetime:
    """The first moment after a period."""
    return _midnight(number_of(months_of(period)[-1]) + 1)


@lru_cache(maxsize=4096)
def number_of(month: str) -> int:
    """Months counted from the year 0, so that a distance between months is a difference."""
    year, number = month.split("-")
    return int(year) * 12 + int(number) - 1


def named(number: int) -> str:
    """The month of a number."""
    return f"{number // 12:04}-{number % 12 + 1:02}"


def is_a(length: Length, period: str) -> bool:
    """Whether this names a period of this length."""
    return len(months_of(period)) == (1 if length == "month" else 3)


def between(length: Length, first: str, last: str) -> tuple[str, ...]:
    """All periods from one to another, both included."""
    numbers = range(number_of(months_of(first)[0]), number_of(months_of(last)[-1]) + 1)
    return tuple(dict.fromkeys(period_with(length, named(number)) for number in numbers))


def _year_and_month(at: datetime) -> tuple[int, int]:
    if at.year < FIRST_YEAR:
        return FIRST_YEAR, 1
    if at.year > _LAST_YEAR:
        return _LAST_YEAR, 12
    local = at.astimezone(CHINA)
    return local.year, local.month


def _midnight(number: int) -> datetime:
    return datetime(number // 12, number % 12 + 1, 1, tzinfo=CHINA).astimezone(UTC)
