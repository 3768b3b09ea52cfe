"""A rating scheme (考评办法): how vendors are rated, version by version.

    unknown -> published (a version) -> published (the next version) -> ...

A version counts from a moment on and is never changed: a period is rated by the one in force at its end, and what was
rated once stays rated by that. `vendors` is the scheme that all vendors are rated by.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Annotated, Final, TypeAlias
from uuid import UUID

from msgspec import Meta, Struct

from domain.decider import Ask, Command, Decider, Elapse, Event, Refused, Whose, derived_id
from domain.evaluation.periods import Length, ends_at
from domain.evaluation.rating_rules import Rules, must_make_sense
from domain.privacy.personal import Key

VENDORS: Final = "vendors"
"""The key of the scheme that vendors are rated by."""

_INSTANT: Final = timedelta(microseconds=1)


class Version(Struct, frozen=True):
    """A scheme as it stands from a moment on."""

    counts_from: datetime
    rules: Rules


class RatingScheme(Struct, frozen=True):
    """All versions, the first one first; their numbers count from 1."""

    key: str = ""
    versions: tuple[Version, ...] = ()

    def version(self, number: int) -> Version | None:
        """A version by its number."""
        return self.versions[number - 1] if 0 < number <= len(self.versions) else None

    def in_force(self, at: datetime) -> int:
        """The number of the version that counts at a moment; 0 if none does."""
        return sum(version.counts_from <= at for version in self.versions)

    def rules(self, at: datetime) -> Rules | None:
        """The rules that count at a moment."""
        version = self.version(self.in_force(at))
        return None if version is None else version.rules

    def at_the_end_of(self, period: str) -> int:
        """The number of the version that a period is rated by: the one in force at its last moment."""
        return self.in_force(ends_at(period) - _INSTANT)

    @property
    def length(self) -> Length:
        """How long its periods are."""
        return self.versions[0].rules.period if self.versions else "month"


class Publish(Command, frozen=True, tag="publish"):
    """Publish a version of a scheme, which counts from a moment on."""

    at: Annotated[datetime, Meta(tz=True)]
    key: Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{1,31}$")]
    counts_from: Annotated[datetime, Meta(tz=True)]
    rules: Rules


class Published(Event, frozen=True, tag="rating_scheme.published"):
    at: datetime
    key: Key
    counts_from: datetime
    rules: Rules


RatingSchemeCommand: TypeAlias = Publish | Elapse
RatingSchemeEvent: TypeAlias = Published


class SchemeCountsBackwards(Refused):
    """A version of a rating scheme cannot count from an earlier moment than the version before it."""


class PeriodsAreFixed(Refused):
    """The length of the periods of a rating scheme stays as it was first published."""


@lru_cache(maxsize=256)
def stream(key: str) -> UUID:
    """The stream of a scheme."""
    return derived_id("rating_scheme", key)


def decide(command: RatingSchemeCommand, scheme: RatingScheme, _ask: Ask) -> Sequence[RatingSchemeEvent]:
    """Publish what makes sense and is new."""
    if isinstance(command, Elapse):
        return []
    must_make_sense(command.rules)
    if scheme.versions:
        latest = scheme.versions[-1]
        if latest.rules == command.rules:
            return []
        if command.counts_from < latest.counts_from:
            raise SchemeCountsBackwards(latest=latest.counts_from)
        if command.rules.period != latest.rules.period:
            raise PeriodsAreFixed(period=latest.rules.period)
    return [Published(at=command.at, key=command.key, counts_from=command.counts_from, rules=command.rules)]


def evolve(scheme: RatingScheme, event: RatingSchemeEvent) -> RatingScheme:
    """Remember the version beside all earlier ones."""
    return RatingScheme(event.key, (*scheme.versions, Version(event.counts_from, event.rules)))


def whose(_stream: UUID, _scheme: RatingScheme, _command: RatingSchemeCommand | None) -> Whose:
    """A scheme is the whole city's."""
    return Whose()


decider: Decider[RatingSchemeCommand, RatingScheme, RatingSchemeEvent] = Decider(
    name="rating_scheme",
    initial=RatingScheme(),
    decide=decide,
    evolve=evolve,
    commands=(Publish, Elapse),
    events=(Published,),
    whose=whose,
)
