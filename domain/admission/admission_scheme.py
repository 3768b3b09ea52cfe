"""Admission schemes: by which rules vendors of a category are admitted, version by version.

    unknown -> published (a version) -> published (the next version) -> ...

There is one stream for each category. A version counts for cases that are submitted from `counts_from` on, and is never
changed: a running case finishes on the version it was submitted under, and a decision stays what it was.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Annotated, TypeAlias, final
from uuid import UUID

from msgspec import Meta, Struct

from domain.admission.category import Category
from domain.admission.scheme_document import (
    Document,
    must_make_sense,
)
from domain.decider import Ask, Command, Decider, Elapse, Event, Refused, derived_id
from domain.privacy.personal import Key


class Version(Struct, frozen=True, omit_defaults=True):
    """The rules as they stood for cases submitted from a moment on."""

    at: datetime
    """When it was published."""
    counts_from: datetime
    document: Document


class AdmissionScheme(Struct, frozen=True):
    """All versions, the first one first; their numbers count from 1."""

    category: str = ""
    versions: tuple[Version, ...] = ()

    @property
    def latest(self) -> Version | None:
        """The newest version."""
        return self.versions[-1] if self.versions else None

    def version(self, number: int) -> Version | None:
        """A version by its number."""
        return self.versions[number - 1] if 0 < number <= len(self.versions) else None

    def in_force(self, at: datetime) -> int:
        """The number of the version that counts for what is submitted at a moment; 0 if none does."""
        return sum(version.counts_from <= at for version in self.versions)


@final
class Publish(Command, frozen=True, tag="publish"):
    """Admit vendors of a category by these rules from a moment on. Cases that run finish on theirs."""

    at: Annotated[datetime, Meta(tz=True)]
    category: Category
    document: Document
    counts_from: Annotated[datetime, Meta(tz=True, description="Left out: from now on.")] | None = None


@final
class Published(Event, frozen=True, tag="admission_scheme.published"):
    at: datetime
    category: Key
    counts_from: datetime
    document: Document


AdmissionSchemeCommand: TypeAlias = Publish | Elapse
AdmissionSchemeEvent: TypeAlias = Published


class SchemeCountsFromThePast(Refused):
    """Rules cannot count from before they were published."""


class SchemeCountsFromBeforeLatest(Refused):
    """A new version of a scheme cannot count from an earlier moment than the version before it."""


class SchemeOfAnotherCategory(Refused):
    """This is the scheme of another category."""


class CategoryUnknown(Refused):
    """No admission scheme counts for this category yet."""


@lru_cache(maxsize=4096)
def stream(category: str) -> UUID:
    """The stream of a category's scheme."""
    return derived_id("admission_scheme", category)


def exists(ask: Ask, category: str) -> bool:
    """Whether there is such a category."""
    return bool(ask(decider, stream(category)).versions)


def in_force(ask: Ask, category: str, at: datetime) -> tuple[int, Document]:
    """The version that counts for what is submitted at a moment. Raises CategoryUnknown."""
    scheme = ask(decider, stream(category))
    number = scheme.in_force(at)
    found = scheme.version(number)
    if found is None:
        raise CategoryUnknown(category=category)
    return number, found.document


def rules(ask: Ask, category: str, number: int) -> Document:
    """The rules of a version that something was submitted under. Raises CategoryUnknown."""
    found = ask(decider, stream(category)).version(number)
    if found is None:
        raise CategoryUnknown(category=category)
    return found.document


def decide(command: AdmissionSchemeCommand, scheme: AdmissionScheme, _ask: Ask) -> Sequence[AdmissionSchemeEvent]:
    """Publish what makes sense and is new."""
    if isinstance(command, Elapse):
        return []
    if scheme.category not in {"", command.category}:
        raise SchemeOfAnotherCategory(category=scheme.category)
    counts_from = command.counts_from or command.at
    latest = scheme.latest
    if latest and latest.document == command.document and command.counts_from in {None, latest.counts_from}:
        return []
    must_make_sense(command.document)
    if counts_from < command.at:
        raise SchemeCountsFromThePast(at=command.at)
    if latest and counts_from < latest.counts_from:
        raise SchemeCountsFromBeforeLatest(latest=latest.counts_from)
    return [Published(at=command.at, category=command.category, counts_from=counts_from, document=command.document)]


def evolve(scheme: AdmissionScheme, event: AdmissionSchemeEvent) -> AdmissionScheme:
    """Remember the version beside all earlier ones."""
    version = Version(at=event.at, counts_from=event.counts_from, document=event.document)
    return AdmissionScheme(category=event.category, versions=(*scheme.versions, version))


decider: Decider[AdmissionSchemeCommand, AdmissionScheme, AdmissionSchemeEvent] = Decider(
    name="admission_scheme",
    initial=AdmissionScheme(),
    decide=decide,
    evolve=evolve,
    commands=(Publish, Elapse),
    events=(Published,),
)
