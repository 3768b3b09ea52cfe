"""The SLA clock: a fold over what happened to a piece of work. Deadlines are computed from it, never patched.

    started -> running <-> paused
                  |  ^
                  v  | reopened
               stopped

The clock holds facts only: when it started, the spells for which it stood still, what was met and when, and the terms.
`deadlines` computes the due moments from all of them with a version of a calendar, `alarms` what has to happen until
then. So it makes no difference in which order priority, pauses and calendar changed, and an old deadline can be
computed again with the old calendar.

A spell counts when it begins before the work is due (or just then): from then on it moves the deadline by the time that
would have been worked in it. Waiting after the due moment moves nothing.
"""

from datetime import datetime
from typing import Final, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from domain import promise
from domain.privacy.personal import Key
from domain.promise import Promise
from domain.terms import Rung, Target, Terms
from domain.working_time import WorkingTime

__all__ = ["Alarm", "Clock", "Deadlines", "Kind", "Spell", "alarms", "deadlines"]

Kind: TypeAlias = Literal["warning", "breach", "escalation"]

_WARNED: Final[tuple[Target, ...]] = ("response", "resolution")
_BREACHED: Final[tuple[Target, ...]] = ("response", "resolution", "assignment")
_RANK: Final[dict[Kind, int]] = {"warning": 0, "breach": 1, "escalation": 2}


class Alarm(Struct, frozen=True, omit_defaults=True):
    """What happens at a moment unless its target is met before."""

    at: datetime
    kind: Kind
    of: Target
    level: int = 0
    """Of an escalation: 1 is the first rung of the ladder."""
    to: Key = ""
    """Of an escalation: the role that is told."""

    @property
    def label(self) -> str:
        """Its name on the agenda: `warning.response`, `escalation.2`."""
        return f"{self.kind}.{self.level or self.of}"


class Spell(Struct, frozen=True):
    """A time for which the clock stood still, and why."""

    since: datetime
    until: datetime
    reason: str


class Clock(Struct, frozen=True, omit_defaults=True):
    """The facts that deadlines are computed from."""

    terms: Terms = Terms()
    started_at: datetime | None = None
    spells: tuple[Spell, ...] = ()
    paused_at: datetime | None = None
    paused_reason: str = ""
    stopped_at: datetime | None = None
    responded_at: datetime | None = None
    assigned_at: datetime | None = None

    def met(self, of: Target) -> bool:
        """Whether nothing is to be waited for any more."""
        if of == "response":
            return self.responded_at is not None
        if of == "assignment":
            return self.assigned_at is not None
        return self.stopped_at is not None


class Deadlines(Struct, frozen=True):
    """When each target that is not met yet is due."""

    response: datetime | None = None
    resolution: datetime | None = None
    assignment: datetime | None = None
    provisional: bool = False
    """One of them lies in, or beyond, a year whose holidays are not published yet."""

    def of(self, target: Target) -> datetime | None:
        """When a target is due."""
        if target == "response":
            return self.response
        return self.resolution if target == "resolution" else self.assignment


def start(clock: Clock, at: datetime) -> Clock:
    """The work was reported."""
    return replace(clock, started_at=at)


def agree(clock: Clock, terms: Terms) -> Clock:
    """The terms are others from here on, and for all that was before too."""
    return replace(clock, terms=terms)


def respond(clock: Clock, at: datetime) -> Clock:
    """Somebody answered; of several answers the first counts, whichever came in first."""
    if clock.responded_at is not None and clock.responded_at <= at:
        return clock
    return replace(clock, responded_at=at)


def assign(clock: Clock, at: datetime) -> Clock:
    """Somebody has it to do."""
    return clock if clock.assigned_at is not None else replace(clock, assigned_at=at)


def pause(clock: Clock, at: datetime, reason: str) -> Clock:
    """The clock stands still."""
    return replace(clock, paused_at=at, paused_reason=reason)


def resume(clock: Clock, at: datetime) -> Clock:
    """It goes on, and the spell is remembered."""
    spell = Spell(clock.paused_at or at, at, clock.paused_reason)
    return replace(clock, spells=(*clock.spells, spell), paused_at=None, paused_reason="")


def stop(clock: Clock, at: datetime) -> Clock:
    """The work is done. Who never answered has answered now."""
    responded = at if clock.responded_at is None else clock.responded_at
    return replace(clock, stopped_at=at, responded_at=responded)


def reopen(clock: Clock, at: datetime, how: Literal["resume", "restart"]) -> Clock:
    """It was not done: go on as after a pause, or begin anew."""
    if how == "restart":
        return replace(clock, started_at=at, spells=(), stopped_at=None)
    spell = Spell(clock.stopped_at or at, at, "resolved")
    return replace(clock, spells=(*clock.spells, spell), stopped_at=None)


def deadlines(clock: Clock, calendar: WorkingTime) -> Deadlines:
    """When everything that is still to be met is due, by all the facts and this version of the calendar."""
    terms = clock.terms
    dues = Deadlines(
        response=_due(clock, calendar, "response", terms.response),
        resolution=_due(clock, calendar, "resolution", terms.resolution),
        assignment=_due(clock, calendar, "assignment", terms.assign_within),
    )
    return replace(dues, provisional=_is_provisional(clock, calendar, dues))


def alarms(clock: Clock, dues: Deadlines, calendar: WorkingTime) -> tuple[Alarm, ...]:
    """Everything that is to happen until all is met, the earliest first, whether or not it has happened already."""
    found = [*_warnings(clock, dues, calendar), *_breaches(dues), *_escalations(clock, dues, calendar)]
    return tuple(sorted(found, key=_order))


def _due(clock: Clock, calendar: WorkingTime, of: Target, promised: Promise | None) -> datetime | None:
    if promised is None or clock.started_at is None or clock.met(of):
        return None
    due = promise.due(promised, clock.started_at, calendar)
    for spell in clock.spells:
        due = promise.shift(promised, due, spell.since, spell.until, calendar)
    return due


def _is_provisional(clock: Clock, calendar: WorkingTime, dues: Deadlines) -> bool:
    started = clock.started_at
    return started is not None and any(
        due is not None and promise.is_provisional(calendar, started, due, promised)
        for due, promised in (
            (dues.response, clock.terms.response),
            (dues.resolution, clock.terms.resolution),
            (dues.assignment, clock.terms.assign_within),
        )
    )


def _warnings(clock: Clock, dues: Deadlines, calendar: WorkingTime) -> list[Alarm]:
    if not clock.terms.warn_before or clock.started_at is None:
        return []
    found = [
        Alarm(at=calendar.before(due, clock.terms.warn_before), kind="warning", of=of)
        for of in _WARNED
        if (due := dues.of(of)) is not None
    ]
    return [alarm for alarm in found if alarm.at > clock.started_at]


def _breaches(dues: Deadlines) -> list[Alarm]:
    return [Alarm(at=due, kind="breach", of=of) for of in _BREACHED if (due := dues.of(of)) is not None]


def _escalations(clock: Clock, dues: Deadlines, calendar: WorkingTime) -> list[Alarm]:
    return [
        Alarm(at=_told_at(clock, due, rung, calendar), kind="escalation", of=rung.of, level=level, to=rung.to)
        for level, rung in enumerate(clock.terms.ladder, start=1)
        if (due := dues.of(rung.of)) is not None
    ]


def _told_at(clock: Clock, due: datetime, rung: Rung, calendar: WorkingTime) -> datetime:
    at = max(calendar.offset(due, rung.after), clock.started_at or due)
    return calendar.next_opening(at) if clock.terms.tell == "in_service_hours" else at


def _order(alarm: Alarm) -> tuple[datetime, int, int]:
    return alarm.at, _RANK[alarm.kind], alarm.level
