"""Moments as whole numbers, and the wall clock of a zone.

A moment is a number of microseconds since 1970-01-01T00:00Z, a day a proleptic ordinal, a wall time a number of
microseconds after midnight: whole numbers are added and compared much faster than aware datetimes, and exactly.

Where a zone changes its clocks, a wall time that happens twice means its first occurrence, and a wall time that is
skipped means the moment of the jump. So one rising function maps wall time to moments: windows that touch on the wall
touch in time, no minute is lost and none counts twice.
"""

from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from domain.decider import Refused

SECOND: Final = 1_000_000
DAY: Final = 86_400 * SECOND

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY: Final = _EPOCH.toordinal()
FIRST_YEAR: Final = 2  # a year further and the zone's offset leads out of what a datetime can hold
LAST_YEAR: Final = 9998


class OutOfReach(Refused):
    """No such moment can be found within a hundred years: the calendar hardly ever opens, or the time is too long."""


def number(at: datetime) -> int:
    """The microseconds since 1970-01-01T00:00Z."""
    since = at - _EPOCH
    return (since.days * 86_400 + since.seconds) * SECOND + since.microseconds


def moment(number_: int) -> datetime:
    """The moment in UTC. Raises OutOfReach where there is none."""
    try:
        return _EPOCH + timedelta(microseconds=number_)
    except OverflowError:
        raise OutOfReach from None


def utc(at: datetime) -> datetime:
    """The same moment in UTC. Raises OutOfReach where there is none."""
    return moment(number(at))


class LocalClock:
    """The wall clock of a zone. Days are proleptic ordinals, wall times microseconds after midnight."""

    __slots__ = ("_midnights", "zone")

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self._midnights: dict[int, int] = {}

    def read(self, at: datetime) -> tuple[int, int]:
        """The day and the wall time at a moment."""
        try:
            local = at.astimezone(self.zone)
        except OverflowError:
            raise OutOfReach from None
        seconds = (local.hour * 60 + local.minute) * 60 + local.second
        return local.toordinal(), seconds * SECOND + local.microsecond

    def moment(self, day: int, wall: int) -> int:
        """The moment at which the clock shows this wall time: the first one of two, the jump where there is none."""
        if not 0 <= wall < DAY:
            days, wall = divmod(wall, DAY)
            day += days
        offset = self._midnight(day)
        if offset != self._midnight(day + 1):
            return self._on_a_day_of_change(day, wall)
        return (day - _EPOCH_DAY) * DAY + wall - offset

    def _midnight(self, day: int) -> int:
        offset = self._midnights.get(day)
        if offset is None:
            if not FIRST_YEAR * 365 < day < (LAST_YEAR + 1) * 365:
                raise OutOfReach
            offset = self._midnights[day] = _offset(datetime.fromordinal(day).replace(tzinfo=self.zone))
        return offset

    def _on_a_day_of_change(self, day: int, wall: int) -> int:
        local = datetime.fromordinal(day).replace(tzinfo=self.zone) + timedelta(microseconds=wall)
        before, after = _offset(local), _offset(local.replace(fold=1))
        shown = (day - _EPOCH_DAY) * DAY + wall
        if after <= before:
            return shown - before
        seconds = range((shown - after) // SECOND, -((before - shown) // SECOND) + 1)
        return SECOND * seconds[bisect_left(seconds, after, key=self._offset_at)]

    def _offset_at(self, second: int) -> int:
        return _offset(datetime.fromtimestamp(second, self.zone))


def _offset(local: datetime) -> int:
    return (local.utcoffset() or timedelta()) // timedelta(microseconds=1)
