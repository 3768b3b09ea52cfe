"""The sanctions on a vendor as they stand, and what each event makes of them."""

from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from domain.restraint.sanction_messages import (
    Appealed,
    Blacklisted,
    Expired,
    Lifted,
    Overturned,
    SanctionEvent,
    SanctionKind,
    Suspended,
    Upheld,
)
from domain.restraint.scope import EVERYTHING, Scope

Outcome: TypeAlias = Literal["", "upheld", "overturned"]
Ended: TypeAlias = Literal["", "lifted", "overturned", "expired"]


class AppealAgainst(Struct, frozen=True, omit_defaults=True):
    """An appeal: who objects since when, on what was known at which position of the log, and what came of it."""

    at: datetime
    by: str
    position: int
    grounds: str = ""
    """Sealed: what somebody wrote."""
    outcome: Outcome = ""
    finding: str = ""
    decided_at: datetime | None = None


class Sanction(Struct, frozen=True, omit_defaults=True):
    """One sanction as it stands."""

    number: int
    kind: SanctionKind
    since: datetime
    reason: str
    text: str
    by: str = ""
    scope: Scope = EVERYTHING
    until: datetime | None = None
    ended: Ended = ""
    ended_at: datetime | None = None
    appeal: AppealAgainst | None = None

    def in_force(self, at: datetime) -> bool:
        """Whether it restrains at a moment, now or in the past: from its first instant on, at its last one no more."""
        ends = [end for end in (self.ended_at, self.until) if end is not None]
        return self.since <= at and all(at < end for end in ends)


class Sanctions(Struct, frozen=True):
    """All sanctions on a vendor, the first one first; their numbers count from 1."""

    vendor: str = ""
    all: tuple[Sanction, ...] = ()
    latest: datetime | None = None
    """The latest moment anything happened to them."""

    def one(self, number: int) -> Sanction | None:
        """A sanction by its number."""
        return self.all[number - 1] if 0 < number <= len(self.all) else None


def evolve(state: Sanctions, event: SanctionEvent) -> Sanctions:
    """Remember what was decided."""
    latest = event.at if state.latest is None else max(state.latest, event.at)
    match event:
        case Suspended() | Blacklisted():
            new = Sanction(
                number=len(state.all) + 1,
                kind="suspended" if isinstance(event, Suspended) else "blacklisted",
                since=event.at,
                reason=event.reason,
                text=event.text,
                by=event.by,
                scope=event.scope,
                until=event.until,
            )
            return Sanctions(event.vendor, (*state.all, new), latest)
        case _:
            changed = [_after(each, event) if each.number == event.number else each for each in state.all]
            return Sanctions(state.vendor, tuple(changed), latest)


def _after(one: Sanction, event: Lifted | Appealed | Upheld | Overturned | Expired) -> Sanction:
    match event:
        case Lifted(at=at):
            return _over(one, "lifted", at)
        case Expired(at=at):
            return _over(one, "expired", at)
        case Appealed():
            return replace(
                one, appeal=AppealAgainst(at=event.at, by=event.by, position=event.position, grounds=event.grounds)
            )
        case Upheld():
            return _heard(one, "upheld", event)
        case Overturned(at=at):
            return _over(_heard(one, "overturned", event), "overturned", at)


def _over(one: Sanction, how: Ended, at: datetime) -> Sanction:
    """It has ended, unless it had before."""
    return one if one.ended else replace(one, ended=how, ended_at=at)


def _heard(one: Sanction, outcome: Outcome, event: Upheld | Overturned) -> Sanction:
    if one.appeal is None:
        return one
    return replace(one, appeal=replace(one.appeal, outcome=outcome, finding=event.finding, decided_at=event.at))
