"""A service agreement: what a community is promised, priority by priority, and who is told when it is not kept.

    unknown -> published (a version) -> published (the next version) -> ...

There is one stream for each community and one, of the community `""`, for the whole city. A version counts from its
`at` on and is never changed, so the promise that an old case was given can be looked up for ever.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Annotated, TypeAlias
from uuid import UUID

from msgspec import Meta, Struct

from domain import work_calendar
from domain.decider import Ask, Command, Decider, Elapse, Event, Refused, Whose, derived_id
from domain.privacy.personal import Key
from domain.promise import Moment
from domain.terms import Rung, Terms

__all__ = [
    "CalendarUnknown",
    "CountsFromBeforeLatest",
    "Line",
    "PriorityMissing",
    "PriorityUnknown",
    "PromisesAMoment",
    "Publish",
    "Published",
    "RoleMissing",
    "Rung",
    "SameLineTwice",
    "ServiceAgreement",
    "ServiceAgreementCommand",
    "ServiceAgreementEvent",
    "Terms",
    "Version",
    "WarningAfterDue",
    "decide",
    "decider",
    "evolve",
    "must_make_sense",
    "stream",
    "whose",
]

PRIORITIES = (1, 2, 3, 4)


class Line(Struct, frozen=True, omit_defaults=True):
    """The terms of a priority, for one category of work or (`""`) for every category that has no line of its own."""

    priority: int
    terms: Terms
    category: Key = ""


class Version(Struct, frozen=True, omit_defaults=True):
    """An agreement as it stood from a moment on."""

    at: datetime
    lines: tuple[Line, ...]
    default_priority: int = 3
    """Of a report that nobody has looked at yet."""

    def terms(self, category: str, priority: int) -> Terms:
        """The terms for a category of work, or those for all of them."""
        found = Terms()
        for line in self.lines:
            if line.priority == priority and line.category == category:
                return line.terms
            if line.priority == priority and not line.category:
                found = line.terms
        return found


class ServiceAgreement(Struct, frozen=True):
    """All versions, the first one first; their numbers count from 1."""

    community: str = ""
    versions: tuple[Version, ...] = ()

    @property
    def latest(self) -> Version | None:
        """The newest version."""
        return self.versions[-1] if self.versions else None

    def version(self, number: int) -> Version | None:
        """A version by its number."""
        return self.versions[number - 1] if 0 < number <= len(self.versions) else None

    def in_force(self, at: datetime) -> int:
        """The number of the version that counted at a moment; 0 if none did."""
        return sum(version.at <= at for version in self.versions)


class Publish(Command, frozen=True, tag="publish"):
    """Agree on a new version, which counts from `at` on."""

    at: Annotated[datetime, Meta(tz=True)]
    community: Annotated[str, Meta(max_length=128)]
    lines: tuple[Line, ...]
    default_priority: Annotated[int, Meta(ge=1, le=4)] = 3


class Published(Event, frozen=True, tag="service_agreement.published"):
    at: datetime
    community: Key
    lines: tuple[Line, ...]
    default_priority: int = 3


ServiceAgreementCommand: TypeAlias = Publish | Elapse
ServiceAgreementEvent: TypeAlias = Published


class PriorityMissing(Refused):
    """Every priority from 1 to 4 needs a line of terms for all categories."""


class PriorityUnknown(Refused):
    """Priorities go from 1, the most urgent, to 4."""


class SameLineTwice(Refused):
    """Two lines speak for the same priority and category."""


class CalendarUnknown(Refused):
    """The terms name a work calendar that is not published."""


class PromisesAMoment(Refused):
    """An agreement promises spans of time; only a single case can be promised a moment, and to no reopening."""


class RoleMissing(Refused):
    """A rung of the escalation ladder must name the role that is told."""


class WarningAfterDue(Refused):
    """A warning comes before the due moment: its working seconds cannot be negative."""


class CountsFromBeforeLatest(Refused):
    """A new version cannot count from an earlier moment than the version before it."""


@lru_cache(maxsize=4096)
def stream(community: str) -> UUID:
    """The stream of a community's agreement; `""` is the whole city's."""
    return derived_id("service_agreement", community)


def decide(command: ServiceAgreementCommand, agreement: ServiceAgreement, ask: Ask) -> Sequence[ServiceAgreementEvent]:
    """Publish what is complete and new."""
    if isinstance(command, Elapse):
        return []
    version = Version(at=command.at, lines=command.lines, default_priority=command.default_priority)
    latest = agreement.latest
    if latest and (latest.lines, latest.default_priority) == (version.lines, version.default_priority):
        return []
    if latest and version.at < latest.at:
        raise CountsFromBeforeLatest(latest=latest.at)
    _must_be_complete(version)
    for line in version.lines:
        _must_promise_spans(line.terms)
        must_make_sense(line.terms, ask)
    return [
        Published(
            at=command.at,
            community=command.community,
            lines=command.lines,
            default_priority=command.default_priority,
        )
    ]


def evolve(agreement: ServiceAgreement, event: ServiceAgreementEvent) -> ServiceAgreement:
    """Remember the version beside all earlier ones."""
    version = Version(at=event.at, lines=event.lines, default_priority=event.default_priority)
    return ServiceAgreement(community=event.community, versions=(*agreement.versions, version))


def _must_be_complete(version: Version) -> None:
    lines = [(line.priority, line.category) for line in version.lines]
    if len(set(lines)) != len(lines):
        raise SameLineTwice
    for priority, _ in lines:
        if priority not in PRIORITIES:
            raise PriorityUnknown(priority=priority)
    for priority in PRIORITIES:
        if (priority, "") not in lines:
            raise PriorityMissing(priority=priority)


def _must_promise_spans(terms: Terms) -> None:
    if any(isinstance(each, Moment) for each in (terms.response, terms.resolution, terms.assign_within)):
        raise PromisesAMoment


def must_make_sense(terms: Terms, ask: Ask) -> None:
    """Terms, of an agreement or of a single case, must be such that a clock can keep them."""
    if isinstance(terms.reopen_window, Moment):
        raise PromisesAMoment
    if terms.warn_before < 0:
        raise WarningAfterDue(warn_before=terms.warn_before)
    if not all(rung.to.strip() for rung in terms.ladder):
        raise RoleMissing
    if terms.calendar and work_calendar.newest(ask, terms.calendar) is None:
        raise CalendarUnknown(calendar=terms.calendar)


def whose(_stream: UUID, agreement: ServiceAgreement, command: ServiceAgreementCommand | None) -> Whose:
    """An agreement concerns its community; that of the whole city concerns all of it."""
    community = command.community if isinstance(command, Publish) else agreement.community
    return Whose(areas=(community,) if community else ())


decider: Decider[ServiceAgreementCommand, ServiceAgreement, ServiceAgreementEvent] = Decider(
    name="service_agreement",
    initial=ServiceAgreement(),
    decide=decide,
    evolve=evolve,
    commands=(Publish, Elapse),
    events=(Published,),
    whose=whose,
)
