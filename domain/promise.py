"""What we promise: by when something will be done, counted from a start.

    working hours    4 working hours from 16:00 are at 11:00 of the next working day (08:30-17:30 with an hour of lunch)
    business days    the same wall time N working days later; a start outside of opening counts from the next opening
    wall clock       days keep the wall time, so 30 days over a change of clocks are not 720 hours; then seconds
    moment           a target that was set outside, such as one that came with an import

A pause gives back time in the coin of the promise:

    working hours, business days    the working time that lay in the pause (none in a night)
    wall clock in seconds           the real time of the pause
    wall clock in days              the pause as whole days on the wall clock, and the rest in real time
    moment                          nothing: it was not ours to set, and it is not ours to move
"""

from datetime import datetime, timedelta
from typing import Annotated, TypeAlias, assert_never

import msgspec

from domain.local_clock import OutOfReach, utc
from domain.working_time import WorkingTime

__all__ = ["BusinessDays", "Moment", "Promise", "WallClock", "WorkingHours", "due", "is_provisional", "shift"]

Amount: TypeAlias = Annotated[int, msgspec.Meta(ge=0)]
AwareTime: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]


class WorkingHours(msgspec.Struct, frozen=True, tag_field="kind", tag="working_hours"):
    """So many seconds of working time."""

    seconds: Amount


class BusinessDays(msgspec.Struct, frozen=True, tag_field="kind", tag="business_days", omit_defaults=True):
    """So many working days, at the same wall time."""

    days: Amount
    roll: bool = False
    """Whether a result outside of working time goes on to the next opening. Otherwise it stays."""


class WallClock(msgspec.Struct, frozen=True, tag_field="kind", tag="wall_clock", omit_defaults=True):
    """So many calendar days on the wall clock, and then so many seconds, open or not."""

    days: Amount = 0
    seconds: Amount = 0


class Moment(msgspec.Struct, frozen=True, tag_field="kind", tag="moment"):
    """A fixed target from outside."""

    at: AwareTime


Promise: TypeAlias = WorkingHours | BusinessDays | WallClock | Moment


def due(promise: Promise, start: datetime, calendar: WorkingTime) -> datetime:
    """The deadline of a promise, in UTC. Raises OutOfReach."""
    try:
        return _due(promise, start, calendar)
    except OverflowError:
        raise OutOfReach from None


def shift(
    promise: Promise, due: datetime, paused_from: datetime, paused_until: datetime, calendar: WorkingTime
) -> datetime:
    """The deadline after a pause, in UTC. Raises OutOfReach.

    A pause that begins after the deadline gives nothing back; one that begins right then gives all of it.
    """
    # two moments of one zone are compared and subtracted by their wall time, so bring all of them to UTC first
    due, paused_from, paused_until = utc(due), utc(paused_from), utc(paused_until)
    if paused_until <= paused_from or paused_from > due:
        return due
    try:
        return _shifted(promise, due, paused_from, paused_until, calendar)
    except OverflowError:
        raise OutOfReach from None


def is_provisional(calendar: WorkingTime, start: datetime, due: datetime, promise: Promise | None = None) -> bool:
    """Whether a deadline goes through a year whose holidays are not announced yet (暂定).

    Given the promise, those that no holiday moves are never provisional.
    """
    if calendar.confirmed_years is None or isinstance(promise, WallClock | Moment):
        return False
    first, last = sorted((calendar.local_year(start), calendar.local_year(due)))
    return not all(calendar.is_confirmed(year) for year in range(first, last + 1))


def _due(promise: Promise, start: datetime, calendar: WorkingTime) -> datetime:
    match promise:
        case WorkingHours(seconds=seconds):
            return calendar.add(start, timedelta(seconds=seconds))
        case BusinessDays(days=days, roll=roll):
            return calendar.add_business_days(start, days, roll=roll)
        case WallClock(days=0, seconds=seconds):
            return utc(start) + timedelta(seconds=seconds)
        case WallClock(days=days, seconds=seconds):
            return calendar.days_later(start, days) + timedelta(seconds=seconds)
        case Moment(at=at):
            return utc(at)
        case _:
            assert_never(promise)


def _shifted(
    promise: Promise, due: datetime, paused_from: datetime, paused_until: datetime, calendar: WorkingTime
) -> datetime:
    match promise:
        case WorkingHours():
            return _later(due, calendar.between(paused_from, paused_until), calendar)
        case BusinessDays():
            return _same_edge(due, calendar.between(paused_from, paused_until), calendar)
        case WallClock(days=0):
            return due + (paused_until - paused_from)
        case WallClock():
            days, rest = _days_and_rest(paused_from, paused_until, calendar)
            return calendar.days_later(due, days) + rest
        case Moment():
            return due
        case _:
            assert_never(promise)


def _later(due: datetime, credit: timedelta, calendar: WorkingTime) -> datetime:
    return calendar.add(due, credit) if credit else due


def _same_edge(due: datetime, credit: timedelta, calendar: WorkingTime) -> datetime:
    """A deadline at an opening stays one: it does not end up at the closing before, which is as much working time."""
    later = _later(due, credit, calendar)
    is_opening = calendar.is_open(due) and calendar.previous_closing(due) != due
    return calendar.next_opening(later) if credit and is_opening else later


def _days_and_rest(start: datetime, end: datetime, calendar: WorkingTime) -> tuple[int, timedelta]:
    days = max(0, (end - start).days - 1)
    while calendar.days_later(start, days + 1) <= end:
        days += 1
    return days, end - calendar.days_later(start, days)
