"""Appointments: which roles a person or a program holds, where, for whom and how long.

    proposed -> granted -> revoked            a powerful role is granted by a second person
             -> declined

One stream for each principal; its appointments are numbered from 1. They are judged as of a moment: before `since` and
from `until` on, an appointment gives nothing, and no timer is needed for that.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Literal, TypeAlias, assert_never, final
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import replace

from domain.access import role
from domain.decider import Ask, Command, Decider, Elapse, Event, Refused, Whose, derived_id
from domain.parties import organisation
from domain.privacy.personal import NOT_PERSONAL, Key

Instant: TypeAlias = Annotated[datetime, Meta(tz=True)]
Id: TypeAlias = Annotated[str, Meta(max_length=128, pattern=r"^[A-Za-z0-9_:.\-]*$"), NOT_PERSONAL]
PrincipalId: TypeAlias = Annotated[
    str, Meta(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9_:.\-]+$"), NOT_PERSONAL
]
Number: TypeAlias = Annotated[int, Meta(ge=1)]
EndedBecause: TypeAlias = Literal["left", "moved", "misuse", "mistake", "other"]


class Standing(Struct, frozen=True, omit_defaults=True):
    """One appointment as it stands."""

    number: int
    role: role.Name
    since: datetime
    organisation: str = ""
    area: str = ""
    ward: str = ""
    until: datetime | None = None
    status: Literal["proposed", "granted", "declined", "revoked"] = "proposed"

    def counts(self, at: datetime) -> bool:
        """Whether it gives its role at a moment."""
        return self.status == "granted" and self.since <= at and (self.until is None or at < self.until)


class Appointments(Struct, frozen=True):
    """All appointments of a principal, the first one first."""

    principal: str = ""
    all: tuple[Standing, ...] = ()

    def held(self, at: datetime) -> tuple[Standing, ...]:
        """Those that count at a moment."""
        return tuple([each for each in self.all if each.counts(at)])

    def one(self, number: int) -> Standing | None:
        """An appointment by its number."""
        return self.all[number - 1] if 0 < number <= len(self.all) else None


@final
class Propose(Command, frozen=True, tag="propose"):
    """Appoint a person or a program to a role. A powerful role counts once a second person has approved it."""

    at: Instant
    principal: PrincipalId
    role: role.Name
    organisation: Id = ""
    area: Annotated[str, Meta(max_length=15, pattern=r"^[0-9]*$"), NOT_PERSONAL] = ""
    ward: Id = ""
    since: Instant | None = None
    until: Instant | None = None


@final
class Approve(Command, frozen=True, tag="approve"):
    """Grant what somebody else has proposed."""

    at: Instant
    number: Number


@final
class Decline(Command, frozen=True, tag="decline"):
    """Do not grant what was proposed."""

    at: Instant
    number: Number


@final
class Revoke(Command, frozen=True, tag="revoke"):
    """End an appointment, from this moment on."""

    at: Instant
    number: Number
    because: EndedBecause = "other"


@final
class Proposed(Event, frozen=True, tag="appointment.proposed"):
    at: datetime
    principal: Key
    role: role.Name
    since: datetime
    organisation: Key = ""
    area: Key = ""
    ward: Key = ""
    until: datetime | None = None


@final
class Granted(Event, frozen=True, tag="appointment.granted"):
    at: datetime
    number: int


@final
class Declined(Event, frozen=True, tag="appointment.declined"):
    at: datetime
    number: int


@final
class Revoked(Event, frozen=True, tag="appointment.revoked"):
    at: datetime
    number: int
    because: EndedBecause


AppointmentCommand: TypeAlias = Propose | Approve | Decline | Revoke | Elapse
AppointmentEvent: TypeAlias = Proposed | Granted | Declined | Revoked


class NoSuchAppointment(Refused):
    """There is no appointment of this number."""


class AppointmentIncomplete(Refused):
    """This role must be tied to something that is missing here."""


class EndsBeforeItBegins(Refused):
    """An appointment must end after it begins."""


class AlreadyDecided(Refused):
    """This appointment has been granted or declined already."""


class AppointmentOver(Refused):
    """This appointment has ended or was never granted."""


class StandsAlone(Refused):
    """Whoever audits holds no other role."""


@lru_cache(maxsize=16_384)
def stream(principal: str) -> UUID:
    """The stream of a principal's appointments."""
    return derived_id("appointment", principal)


def decide(command: AppointmentCommand, state: Appointments, _ask: Ask) -> Sequence[AppointmentEvent]:
    """Appoint, or say what stands in the way."""
    match command:
        case Propose():
            return _propose(command, state)
        case Approve():
            return _settle(command, state, "granted")
        case Decline():
            return _settle(command, state, "declined")
        case Revoke():
            return _revoke(command, state)
        case Elapse():
            return []
        case _:
            assert_never(command)


def _propose(command: Propose, state: Appointments) -> Sequence[AppointmentEvent]:
    wanted = role.by_name[command.role]
    for needed in wanted.needs:
        if not getattr(command, needed):
            raise AppointmentIncomplete(role=command.role, missing=needed)
    since = command.since or command.at
    if command.until is not None and command.until <= max(since, command.at):
        raise EndsBeforeItBegins(until=command.until)
    if any(_same(each, command) for each in state.all):
        return []
    _must_stand_alone(wanted, command, state)
    proposed = Proposed(
        at=command.at,
        principal=command.principal,
        role=command.role,
        since=since,
        organisation=organisation.id_of(command.organisation),
        area=command.area,
        ward=command.ward,
        until=command.until,
    )
    if wanted.rank == "powerful":
        return [proposed]
    return [proposed, Granted(at=command.at, number=len(state.all) + 1)]


def _same(each: Standing, command: Propose) -> bool:
    """Whether this was proposed before and still stands."""
    standing = each.status == "proposed" or (each.status == "granted" and each.counts(max(command.at, each.since)))
    said = (command.role, organisation.id_of(command.organisation), command.area, command.ward, command.until)
    return standing and said == (each.role, each.organisation, each.area, each.ward, each.until)


def _must_stand_alone(wanted: role.Role, command: Propose, state: Appointments) -> None:
    others = [
        each
        for each in state.all
        if each.status in ("proposed", "granted") and (each.until is None or each.until > command.at)
    ]
    for each in others:
        if each.role != wanted.name and (wanted.exclusive or role.by_name[each.role].exclusive):
            raise StandsAlone(role=each.role)


def _settle(
    command: Approve | Decline, state: Appointments, status: Literal["granted", "declined"]
) -> Sequence[AppointmentEvent]:
    found = state.one(command.number)
    if found is None:
        raise NoSuchAppointment(number=command.number)
    if found.status == status:
        return []
    if found.status != "proposed":
        raise AlreadyDecided(status=found.status)
    if status == "granted":
        return [Granted(at=command.at, number=command.number)]
    return [Declined(at=command.at, number=command.number)]


def _revoke(command: Revoke, state: Appointments) -> Sequence[AppointmentEvent]:
    found = state.one(command.number)
    if found is None:
        raise NoSuchAppointment(number=command.number)
    if found.status == "revoked":
        return []
    if found.status != "granted" or (found.until is not None and found.until <= command.at):
        raise AppointmentOver(status=found.status)
    return [Revoked(at=command.at, number=command.number, because=command.because)]


def evolve(state: Appointments, event: AppointmentEvent) -> Appointments:
    """Remember what was decided."""
    match event:
        case Proposed():
            new = Standing(
                number=len(state.all) + 1,
                role=event.role,
                since=event.since,
                organisation=event.organisation,
                area=event.area,
                ward=event.ward,
                until=event.until,
            )
            return Appointments(event.principal, (*state.all, new))
        case Granted():
            return _became(state, event.number, "granted")
        case Declined():
            return _became(state, event.number, "declined")
        case Revoked():
            return _became(state, event.number, "revoked")
        case _:
            assert_never(event)


def _became(
    state: Appointments, number: int, status: Literal["proposed", "granted", "declined", "revoked"]
) -> Appointments:
    changed = [replace(each, status=status) if each.number == number else each for each in state.all]
    return replace(state, all=tuple(changed))


def whose(_stream: UUID, state: Appointments, command: AppointmentCommand | None) -> Whose:
    """An appointment concerns where it counts; all of them together concern the principal."""
    if isinstance(command, Propose):
        return _concerns(command.principal, command)
    if isinstance(command, Approve | Decline | Revoke) and (found := state.one(command.number)) is not None:
        return _concerns(state.principal, found)
    return Whose(
        organisations=tuple({each.organisation for each in state.all if each.organisation}),
        people=(state.principal,) if state.principal else (),
    )


def _concerns(principal: str, appointed: Propose | Standing) -> Whose:
    """Who is given a role is concerned; for a relative of somebody, it is the ward whose word counts.

    Each role that is not powerful is a facet of its own: a manager gives the roles of its own staff and no other.
    """
    return Whose(
        areas=(appointed.area,) if appointed.area else (),
        organisations=(organisation.id_of(appointed.organisation),) if appointed.organisation else (),
        people=(appointed.ward,) if appointed.ward else (principal,),
        facet="powerful" if appointed.role in role.POWERFUL else appointed.role,
    )


decider: Decider[AppointmentCommand, Appointments, AppointmentEvent] = Decider(
    name="appointment",
    initial=Appointments(),
    decide=decide,
    evolve=evolve,
    commands=(Propose, Approve, Decline, Revoke, Elapse),
    events=(Proposed, Granted, Declined, Revoked),
    whose=whose,
)
