"""A program that asks on its own: a gateway of devices, a partner's system. It shows a key where a person signs in.

    unknown -> registered <-> disabled          its keys: issued -> revoked

A key may be limited to some permissions and to a time. What the log knows of a key is its id; the secret is shown once,
to whoever asked for the key, and only its hash is stored, elsewhere.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final, Literal, TypeAlias, final
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import replace

from domain.decider import Ask, Command, Decider, Elapse, Event, Refused, Whose
from domain.parties import organisation as organisations
from domain.privacy.personal import Key

Instant: TypeAlias = Annotated[datetime, Meta(tz=True)]
Id: TypeAlias = Annotated[Key, Meta(min_length=1, max_length=128)]
Name: TypeAlias = Annotated[Key, Meta(min_length=1, max_length=128, pattern=r"\S")]
Kind: TypeAlias = Literal["device", "partner"]
Scope: TypeAlias = Annotated[Key, Meta(max_length=128, pattern=r"^[a-z_]+\.[a-z_]+$")]
"""The name of a permission, such as `work_order.report`."""

MOST_KEYS: Final = 20
"""That can be used at the same time."""


class ProgramKey(Struct, frozen=True, omit_defaults=True):
    """A key, without its secret. `scopes` empty: it may do whatever the program may."""

    key: str
    issued_at: datetime
    scopes: tuple[str, ...] = ()
    until: datetime | None = None
    revoked_at: datetime | None = None

    def usable(self, at: datetime) -> bool:
        """Whether it opens anything at that moment."""
        return self.revoked_at is None and (self.until is None or at < self.until)


class Program(Struct, frozen=True):
    """A program and its keys, the oldest first."""

    name: str = ""
    organisation: str = ""
    kind: Kind = "device"
    disabled: bool = False
    keys: tuple[ProgramKey, ...] = ()

    def key(self, key: str) -> ProgramKey | None:
        """A key by its id."""
        return next((each for each in self.keys if each.key == key), None)


@final
class Register(Command, frozen=True, tag="register"):
    """Make a program known. It can do nothing before it has a key."""

    at: Instant
    name: Name
    organisation: Id
    kind: Kind


@final
class IssueKey(Command, frozen=True, tag="issue_key"):
    """Give it a key: for everything that it may do or for some of it, for ever or for a time."""

    at: Instant
    key: Id
    scopes: Annotated[tuple[Scope, ...], Meta(max_length=100)] = ()
    until: Instant | None = None


@final
class RevokeKey(Command, frozen=True, tag="revoke_key"):
    """From now on this key opens nothing."""

    at: Instant
    key: Id


@final
class Disable(Command, frozen=True, tag="disable"):
    """Let the program do nothing more, whatever key it shows."""

    at: Instant


@final
class Enable(Command, frozen=True, tag="enable"):
    """Let it work again, with the keys that it has."""

    at: Instant


@final
class Registered(Event, frozen=True, tag="program.registered"):
    at: datetime
    name: Key
    organisation: Key
    kind: Kind


@final
class KeyIssued(Event, frozen=True, tag="program.key_issued"):
    at: datetime
    key: Key
    scopes: tuple[Key, ...] = ()
    until: datetime | None = None


@final
class KeyRevoked(Event, frozen=True, tag="program.key_revoked"):
    at: datetime
    key: Key


@final
class Disabled(Event, frozen=True, tag="program.disabled"):
    at: datetime


@final
class Enabled(Event, frozen=True, tag="program.enabled"):
    at: datetime


ProgramCommand: TypeAlias = Register | IssueKey | RevokeKey | Disable | Enable | Elapse
ProgramEvent: TypeAlias = Registered | KeyIssued | KeyRevoked | Disabled | Enabled


class ProgramUnknown(Refused):
    """No such program is registered."""


class ProgramExists(Refused):
    """This program is registered already, under another name or for somebody else."""


class ProgramDisabled(Refused):
    """This program is disabled."""


class KeyUnknown(Refused):
    """This program has no such key."""


class KeyIdTaken(Refused):
    """This program has another key with this id."""


class KeyEndsBeforeItBegins(Refused):
    """A key must be usable for some time: its end lies in the past."""


class TooManyKeys(Refused):
    """A program has at most twenty keys at a time: revoke one first."""


def decide(command: ProgramCommand, program: Program, _ask: Ask) -> Sequence[ProgramEvent]:
    """Register once; give keys only to programs that may work."""
    match command:
        case Elapse():
            return []
        case Register():
            return _register(command, program)
        case _ if not program.name:
            raise ProgramUnknown
        case IssueKey():
            return _issue(command, program)
        case RevokeKey(at=at, key=key):
            known = program.key(key)
            if known is None:
                raise KeyUnknown
            return [] if known.revoked_at else [KeyRevoked(at=at, key=key)]
        case Disable(at=at):
            return [] if program.disabled else [Disabled(at=at)]
        case Enable(at=at):
            return [Enabled(at=at)] if program.disabled else []


def _register(command: Register, program: Program) -> Sequence[ProgramEvent]:
    said = Registered(
        at=command.at, name=command.name, organisation=organisations.id_of(command.organisation), kind=command.kind
    )
    if not program.name:
        return [said]
    if (said.name, said.organisation, said.kind) != (program.name, program.organisation, program.kind):
        raise ProgramExists
    return []


def _issue(command: IssueKey, program: Program) -> Sequence[ProgramEvent]:
    known = program.key(command.key)
    if known is not None:
        if (known.scopes, known.until) != (command.scopes, command.until):
            raise KeyIdTaken
        return []
    if program.disabled:
        raise ProgramDisabled
    if command.until is not None and command.until <= command.at:
        raise KeyEndsBeforeItBegins(until=command.until)
    if sum(key.usable(command.at) for key in program.keys) >= MOST_KEYS:
        raise TooManyKeys(most=MOST_KEYS)
    return [KeyIssued(at=command.at, key=command.key, scopes=command.scopes, until=command.until)]


def evolve(program: Program, event: ProgramEvent) -> Program:
    """What the program comes to."""
    match event:
        case Registered():
            return replace(program, name=event.name, organisation=event.organisation, kind=event.kind)
        case KeyIssued():
            issued = ProgramKey(key=event.key, issued_at=event.at, scopes=event.scopes, until=event.until)
            return replace(program, keys=(*program.keys, issued))
        case KeyRevoked():
            keys = tuple(replace(k, revoked_at=event.at) if k.key == event.key else k for k in program.keys)
            return replace(program, keys=keys)
        case Disabled():
            return replace(program, disabled=True)
        case Enabled():
            return replace(program, disabled=False)


def _whose(_stream: UUID, program: Program, command: ProgramCommand | None) -> Whose:
    organisation = organisations.id_of(command.organisation) if isinstance(command, Register) else program.organisation
    return Whose(organisations=(organisation,) if organisation else ())


decider: Decider[ProgramCommand, Program, ProgramEvent] = Decider(
    name="program",
    initial=Program(),
    decide=decide,
    evolve=evolve,
    commands=(Register, IssueKey, RevokeKey, Disable, Enable, Elapse),
    events=(Registered, KeyIssued, KeyRevoked, Disabled, Enabled),
    whose=_whose,
)
