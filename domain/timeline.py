"""When a calendar is open, as sorted numbers: the engine under `working_time`.

    wall-clock rules of each day -> open periods of one local year -> sums that are searched by bisection

A year is laid out once, when it is first needed (about a millisecond), so adding, subtracting and counting cost
microseconds, and a span of years costs one sum a year. Units as in `local_clock`.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeAlias

from domain.local_clock import FIRST_YEAR, LAST_YEAR, LocalClock, OutOfReach, moment

Span: TypeAlias = tuple[int, int]
"""Begin and end: two moments, or two wall times of which the end may be after midnight (more than a day)."""

REACH: Final = 100
"""Years that a search goes on before it gives up."""


@dataclass(frozen=True, slots=True)
class Year:
    """The open periods of one local year, in order and apart."""

    number: int
    begin: int
    end: int
    opens: list[int]
    closes: list[int]
    done: list[int]
    """Working time of the year at the end of each period."""
    owners: list[int]
    """The day whose window each period is part of; on 1 January it can be the day before."""
    days: list[int]
    """The working days of the year."""
    total: int

    def worked(self, at: int) -> int:
        """Working time from the beginning of the year."""
        i = bisect_right(self.closes, at)
        if i == len(self.closes):
            return self.total
        return self.done[i] - self.closes[i] + max(at, self.opens[i])

    def open_at(self, at: int) -> int | None:
        """The index of the period that is open."""
        i = bisect_right(self.closes, at)
        return i if i < len(self.closes) and self.opens[i] <= at else None

    def opening(self, at: int) -> int | None:
        """The index of the first period that is open or opens later."""
        i = bisect_right(self.closes, at)
        return i if i < len(self.closes) else None

    def closing(self, at: int) -> int | None:
        """The index of the last period that opened before."""
        i = bisect_left(self.opens, at) - 1
        return i if i >= 0 else None


class Timeline:
    """All years of one calendar, laid out when they are needed."""

    __slots__ = ("_breaks", "_spans", "_years", "clock")

    def __init__(
        self,
        clock: LocalClock,
        spans: Callable[[date], Sequence[Span]],
        breaks: Sequence[tuple[date, Span]],
    ) -> None:
        self.clock = clock
        self._spans = spans
        self._breaks = _joined(sorted(self._moments(day.toordinal(), span) for day, span in breaks))
        self._years: dict[int, Year] = {}

    def year(self, number_: int) -> Year:
        """One local year. Raises OutOfReach outside of the years 2 to 9998."""
        year = self._years.get(number_)
        if year is None:
            if not FIRST_YEAR < number_ < LAST_YEAR:
                raise OutOfReach
            year = self._years[number_] = self._lay_out(number_)
        return year

    def year_of(self, at: int, guess: int) -> Year:
        """The local year of a moment, from a guess that is at most one off."""
        year = self.year(guess)
        if at < year.begin:
            return self.year(guess - 1)
        if at >= year.end:
            return self.year(guess + 1)
        return year

    def next_opening(self, year: Year, at: int) -> tuple[int, int]:
        """The moment itself if it is open, or else the next opening; and the day whose window that is."""
        for later in self._onward(year):
            i = later.opening(at)
            if i is not None:
                return max(at, later.opens[i]), later.owners[i]
        raise OutOfReach

    def previous_closing(self, year: Year, at: int) -> tuple[int, int]:
        """The moment itself if it is in or at the end of a period, or else the closing before; and whose day it is."""
        for earlier in self._backward(year):
            i = earlier.closing(at)
            if i is not None:
                return min(at, earlier.closes[i]), earlier.owners[i]
        raise OutOfReach

    def later(self, year: Year, at: int, amount: int) -> int:
        """The earliest moment by which so much working time has passed."""
        if amount == 0:
            return at if self.day_of(year, at) is not None else self.next_opening(year, at)[0]
        wanted = year.worked(at) + amount
        for later in self._onward(year):
            if wanted <= later.total:
                i = bisect_left(later.done, wanted)
                return later.closes[i] - later.done[i] + wanted
            wanted -= later.total
        raise OutOfReach

    def earlier(self, year: Year, at: int, amount: int) -> int:
        """The latest moment from which so much working time is left."""
        if amount == 0:
            return at if self.day_of(year, at) is not None else self.previous_closing(year, at)[0]
        wanted = -amount
        for earlier in self._backward(year):
            wanted += earlier.worked(at)
            if wanted >= 0:
                i = bisect_right(earlier.done, wanted)
                return earlier.closes[i] - earlier.done[i] + wanted
        raise OutOfReach

    def between(self, first: Year, start: int, last: Year, end: int) -> int:
        """The working time from start to end."""
        if last.number - first.number > REACH:
            raise OutOfReach
        whole = sum(self.year(number).total for number in range(first.number, last.number))
        return whole - first.worked(start) + last.worked(end)

    def periods(self, year: Year, start: int, end: int) -> Iterator[Span]:
        """The open periods, those that touch joined into one."""
        waiting: Span | None = None
        while max(start, year.begin) < end:
            for opens, closes in zip(year.opens, year.closes, strict=True):
                if closes <= start or opens >= end:
                    continue
                period = max(opens, start), min(closes, end)
                if waiting is None:
                    waiting = period
                elif waiting[1] == period[0]:
                    waiting = waiting[0], period[1]
                else:
                    yield waiting
                    waiting = period
            year = self.year(year.number + 1)
        if waiting is not None:
            yield waiting

    def business_days_later(self, year: Year, at: int, days: int, *, roll: bool) -> int:
        """The same wall time so many working days later, or earlier."""
        start, owner = self._business_start(year, at, days)
        if days == 0:
            return start
        day, wall = self.clock.read(moment(start))
        day += self._working_day_later(owner, days) - owner
        result = self.clock.moment(day, wall)
        return self._rolled(result, date.fromordinal(day).year, onward=days > 0) if roll else result

    def business_days_between(self, first: Year, start: int, last: Year, end: int) -> int:
        """How many working days there are after the day of the start, up to the day of the end."""
        begun = self.next_opening(first, start)[1]
        ended = self.day_of(last, end)
        if ended is None:
            ended = self.clock.read(moment(end))[0]
        return max(0, sum(_count(self.year(n).days, begun, ended) for n in range(first.number - 1, last.number + 1)))

    def day_of(self, year: Year, at: int) -> int | None:
        """The day whose window a moment is in, or closes at that moment. None when closed."""
        i = year.open_at(at)
        if i is not None:
            return year.owners[i]
        if at == year.begin:
            year = self.year(year.number - 1)
        i = year.closing(at)
        return year.owners[i] if i is not None and year.closes[i] == at else None

    def _onward(self, year: Year) -> Iterator[Year]:
        return (self.year(number) for number in range(year.number, year.number + REACH))

    def _backward(self, year: Year) -> Iterator[Year]:
        return (self.year(number) for number in range(year.number, year.number - REACH, -1))

    def _business_start(self, year: Year, at: int, days: int) -> tuple[int, int]:
        if days >= 0:
            return self.next_opening(year, at)
        i = year.open_at(at)
        return self.previous_closing(year, at) if i is None else (at, year.owners[i])

    def _rolled(self, at: int, guess: int, *, onward: bool) -> int:
        year = self.year_of(at, guess)
        if self.day_of(year, at) is not None:
            return at
        return (self.next_opening if onward else self.previous_closing)(year, at)[0]

    def _working_day_later(self, day: int, days: int) -> int:
        number = date.fromordinal(day).year
        i = bisect_left(self.year(number).days, day) + days
        for _ in range(REACH):
            working_days = self.year(number).days
            if 0 <= i < len(working_days):
                return working_days[i]
            if i < 0:
                number -= 1
                i += len(self.year(number).days)
            else:
                number += 1
                i -= len(working_days)
        raise OutOfReach

    def _lay_out(self, number_: int) -> Year:
        first, after = date(number_, 1, 1).toordinal(), date(number_ + 1, 1, 1).toordinal()
        begin, end = self.clock.moment(first, 0), self.clock.moment(after, 0)
        pieces = sorted(self._pieces(first - 1, after))
        opens: list[int] = []
        closes: list[int] = []
        done: list[int] = []
        owners: list[int] = []
        total, reached = 0, begin
        for piece_opens, piece_closes, owner in pieces:
            start, stop = max(piece_opens, reached), min(piece_closes, end)
            if start < stop:
                reached = stop
                total += stop - start
                opens.append(start)
                closes.append(stop)
                done.append(total)
                owners.append(owner)
        days = sorted({owner for _, _, owner in pieces if owner >= first})
        return Year(number_, begin, end, opens, closes, done, owners, days, total)

    def _pieces(self, first: int, after: int) -> Iterator[tuple[int, int, int]]:
        for day in range(first, after):
            for span in self._spans(date.fromordinal(day)):
                opens, closes = self._moments(day, span)
                for start, stop in self._without_breaks(opens, closes):
                    yield start, stop, day

    def _moments(self, day: int, span: Span) -> Span:
        return self.clock.moment(day, span[0]), self.clock.moment(day, span[1])

    def _without_breaks(self, opens: int, closes: int) -> Iterator[Span]:
        for i in range(bisect_right(self._breaks, opens, key=_closes), len(self._breaks)):
            break_opens, break_closes = self._breaks[i]
            if break_opens >= closes:
                break
            if opens < break_opens:
                yield opens, break_opens
            opens = break_closes
        if opens < closes:
            yield opens, closes


def _count(days: list[int], after: int, until: int) -> int:
    return bisect_right(days, until) - bisect_right(days, after)


def _closes(span: Span) -> int:
    return span[1]


def _joined(spans: Sequence[Span]) -> list[Span]:
    joined: list[Span] = []
    for opens, closes in spans:
        if joined and opens <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(closes, joined[-1][1])
        elif opens < closes:
            joined.append((opens, closes))
    return joined
