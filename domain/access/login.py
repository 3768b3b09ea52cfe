"""A login: a name that somebody signs in with, which is one person's at a time.

    free -> taken (by a person) -> free -> ...

There is one stream for each name, and its id is all that the log knows of the name: the caller derives it from a hash
of the name that is made with a key from outside the database, so that nobody who has the log can try names. The subject
at an identity provider is a name like any other, and belongs to one person likewise.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, TypeAlias, final
from uuid import UUID

from msgspec import Meta, Struct

from domain.decider import Ask, Command, Decider, Elapse, Event, Refused, Whose, derived_id
from domain.privacy.personal import Key

__all__ = [
    "Login",
    "LoginCommand",
    "LoginEvent",
    "LoginTaken",
    "Release",
    "Released",
    "Take",
    "Taken",
    "decide",
    "decider",
    "evolve",
    "stream",
]


class Login(Struct, frozen=True):
    """Whose it is: the id of a person, `""` while it is free."""

    person: str = ""


@final
class Take(Command, frozen=True, tag="take"):
    """From now on this name is this person's."""

    at: Annotated[datetime, Meta(tz=True)]
    person: Annotated[Key, Meta(min_length=1, max_length=128)]


@final
class Release(Command, frozen=True, tag="release"):
    """Nobody signs in with this name any more; somebody else may have it."""

    at: Annotated[datetime, Meta(tz=True)]


@final
class Taken(Event, frozen=True, tag="login.taken"):
    at: datetime
    person: Key


@final
class Released(Event, frozen=True, tag="login.released"):
    at: datetime
    person: Key
    """Whose it was."""


LoginCommand: TypeAlias = Take | Release | Elapse
LoginEvent: TypeAlias = Taken | Released


class LoginTaken(Refused):
    """Somebody else signs in with this name."""


def stream(keyed_hash: str) -> UUID:
    """The stream of a name, by a hash of it that was made with a key (hex)."""
    return derived_id("login", keyed_hash)


def decide(command: LoginCommand, login: Login, _ask: Ask) -> Sequence[LoginEvent]:
    """Give a free name to whoever asks first."""
    match command:
        case Take(at=at, person=person):
            if login.person not in {"", person}:
                raise LoginTaken
            return [] if login.person else [Taken(at=at, person=person)]
        case Release(at=at):
            return [Released(at=at, person=login.person)] if login.person else []
        case Elapse():
            return []


def evolve(_login: Login, event: LoginEvent) -> Login:
    """Remember whose it is."""
    return Login(event.person if isinstance(event, Taken) else "")


def _whose(_stream: UUID, login: Login, command: LoginCommand | None) -> Whose:
    person = command.person if isinstance(command, Take) else login.person
    return Whose(people=(person,) if person else ())


decider: Decider[LoginCommand, Login, LoginEvent] = Decider(
    name="login",
    initial=Login(),
    decide=decide,
    evolve=evolve,
    commands=(Take, Release, Elapse),
    events=(Taken, Released),
    whose=_whose,
)
