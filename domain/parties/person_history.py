"""What is known of a person: the state, folded from its events. No rule lives here, so every history can be read."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from domain.parties.person_messages import (
    Clearable,
    Corrected,
    Erased,
    EraseReason,
    Held,
    HoldReleased,
    Language,
    Law,
    PersonEvent,
    Registered,
    Related,
    Relation,
    Restricted,
    Unrelated,
)


class Status(StrEnum):
    """Where a person's data stands."""

    UNKNOWN = "unknown"
    REGISTERED = "registered"
    RESTRICTED = "restricted"
    ERASED = "erased"


class Representative(Struct, frozen=True):
    """Somebody who acts for the person."""

    to: str
    relation: Relation


class Retained(Struct, frozen=True):
    """Until when a law demands keeping."""

    law: Law
    until: datetime


class Person(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What is known of a person. The texts are sealed, as a rule; an erased person has none."""

    status: Status = Status.UNKNOWN
    name: str = ""
    phone: str = ""
    email: str = ""
    address: str = ""
    home: str = ""
    language: Language = "zh"
    represented_by: tuple[Representative, ...] = ()
    holds: tuple[Retained, ...] = ()
    reason: EraseReason = "request"
    """Why it is to be erased, once somebody has asked."""
    registered_at: datetime | None = None
    restricted_at: datetime | None = None
    erased_at: datetime | None = None

    @property
    def erase_at(self) -> datetime | None:
        """When the data of a restricted person will be erased by itself."""
        if self.status is not Status.RESTRICTED or self.restricted_at is None:
            return None
        return max([self.restricted_at, *(hold.until for hold in self.holds)])

    def kept_until(self, at: datetime) -> datetime | None:
        """Until when some law demands keeping, seen from a moment; None if none does any more."""
        return max([hold.until for hold in self.holds if hold.until > at], default=None)


def evolve(person: Person, event: PersonEvent) -> Person:  # noqa: PLR0911 - one case an event
    """Know what is new; forget everything at the end."""
    match event:
        case Registered(name=name, phone=phone, email=email, address=address, home=home, language=language):
            return Person(
                status=Status.REGISTERED,
                name=name,
                phone=phone,
                email=email,
                address=address,
                home=home,
                language=language,
                registered_at=event.at,
            )
        case Corrected():
            return _corrected(person, event)
        case Related(to=to, relation=relation):
            return replace(person, represented_by=(*_others(person, to), Representative(to, relation)))
        case Unrelated(to=to):
            return replace(person, represented_by=tuple(_others(person, to)))
        case Held(law=law, until=until):
            return replace(person, holds=(*_holds_but(person, law), Retained(law, until)))
        case HoldReleased(law=law):
            return replace(person, holds=tuple(_holds_but(person, law)))
        case Restricted(at=at, reason=reason):
            return replace(person, status=Status.RESTRICTED, restricted_at=at, reason=reason)
        case Erased(at=at, reason=reason):
            return Person(
                status=Status.ERASED,
                home=person.home,
                reason=reason,
                registered_at=person.registered_at,
                restricted_at=person.restricted_at,
                erased_at=at,
            )


def _corrected(person: Person, event: Corrected) -> Person:
    """An empty text says nothing, unless it was cleared."""

    def now(field: Clearable, before: str, said: str) -> str:
        return said or ("" if field in event.cleared else before)

    return replace(
        person,
        name=event.name or person.name,
        phone=now("phone", person.phone, event.phone),
        email=now("email", person.email, event.email),
        address=now("address", person.address, event.address),
        home=now("home", person.home, event.home),
        language=event.language or person.language,
    )


def _others(person: Person, to: str) -> Iterator[Representative]:
    return (each for each in person.represented_by if each.to != to)


def _holds_but(person: Person, law: Law) -> Iterator[Retained]:
    return (hold for hold in person.holds if hold.law != law)
