"""An estate (小区): the gated neighbourhood that people say they live in, with its buildings, in one community.

unknown -> registered <-> (renamed, has a building more) -> closed
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, TypeAlias, final
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import replace

from domain.decider import Ask, Command, Decider, Elapse, Event, Refused, Whose
from domain.parties import area
from domain.privacy.personal import Key, NotPersonal

CloseReason: TypeAlias = Literal["demolished", "merged", "duplicate", "mistake"]


class Building(Struct, frozen=True):
    """A building (楼栋) of an estate: the number that is written on it, and its floors above ground."""

    number: str
    floors: int


class Estate(Struct, frozen=True):
    """An estate as it stands; its buildings in the order in which they were entered."""

    name: str = ""
    community: str = ""
    buildings: tuple[Building, ...] = ()
    registered_at: datetime | None = None
    closed_at: datetime | None = None
    closed_because: str = ""

    @property
    def open(self) -> bool:
        """It is registered and not closed."""
        return self.registered_at is not None and self.closed_at is None

    def building(self, number: str) -> Building | None:
        """The building with this number."""
        return next((building for building in self.buildings if building.number == number), None)


@final
class Register(Command, frozen=True, tag="register"):
    """Enter an estate in a community."""

    at: Annotated[datetime, Meta(tz=True)]
    name: Annotated[str, Meta(min_length=1, max_length=128, pattern=r"\S")]
    community: Annotated[str, Meta(max_length=15, description="The code of a community: 12 digits.")]


@final
class AddBuilding(Command, frozen=True, tag="add_building"):
    """It has this building as well."""

    at: Annotated[datetime, Meta(tz=True)]
    number: Annotated[str, Meta(min_length=1, max_length=32, pattern=r"\S", description="Such as 3 or A2.")]
    floors: Annotated[int, Meta(ge=1, le=200)]


@final
class Rename(Command, frozen=True, tag="rename"):
    """Call it something else from now on."""

    at: Annotated[datetime, Meta(tz=True)]
    name: Annotated[str, Meta(min_length=1, max_length=128, pattern=r"\S")]


@final
class Close(Command, frozen=True, tag="close"):
    """It is an estate no longer."""

    at: Annotated[datetime, Meta(tz=True)]
    reason: CloseReason


@final
class Registered(Event, frozen=True, tag="estate.registered"):
    at: datetime
    name: Annotated[str, NotPersonal("the name of an estate")]
    community: Key


@final
class BuildingAdded(Event, frozen=True, tag="estate.building_added"):
    at: datetime
    number: Key
    floors: int


@final
class Renamed(Event, frozen=True, tag="estate.renamed"):
    at: datetime
    name: Annotated[str, NotPersonal("the name of an estate")]


@final
class Closed(Event, frozen=True, tag="estate.closed"):
    at: datetime
    reason: CloseReason


EstateCommand: TypeAlias = Register | AddBuilding | Rename | Close | Elapse
EstateEvent: TypeAlias = Registered | BuildingAdded | Renamed | Closed


class EstateNotRegistered(Refused):
    """No such estate is registered."""


class EstateAlreadyRegistered(Refused):
    """Another estate is registered under this id."""


class EstateClosed(Refused):
    """This estate is closed."""


class NotACommunity(Refused):
    """An estate lies in a community, whose code has 12 digits."""


class BuildingAlreadyThere(Refused):
    """The estate has a building with this number already, and with other floors."""


def decide(command: EstateCommand, estate: Estate, ask: Ask) -> Sequence[EstateEvent]:
    """Enter it once, and change only what is open."""
    match command:
        case Elapse():
            return []
        case Register():
            return _register(command, estate, ask)
        case _ if estate.registered_at is None:
            raise EstateNotRegistered
        case Close(at=at, reason=reason):
            return [Closed(at=at, reason=reason)] if estate.open else []
        case _ if not estate.open:
            raise EstateClosed
        case Rename(at=at, name=name):
            return [] if name.strip() == estate.name else [Renamed(at=at, name=name.strip())]
        case AddBuilding(at=at, number=number, floors=floors):
            known = estate.building(number.strip())
            if known is not None and known.floors != floors:
                raise BuildingAlreadyThere(number=known.number, floors=known.floors)
            return [] if known else [BuildingAdded(at=at, number=number.strip(), floors=floors)]


def evolve(estate: Estate, event: EstateEvent) -> Estate:
    """What the event makes of it."""
    match event:
        case Registered(at=at, name=name, community=community):
            return Estate(name=name, community=community, registered_at=at)
        case BuildingAdded(number=number, floors=floors):
            return replace(estate, buildings=(*estate.buildings, Building(number, floors)))
        case Renamed(name=name):
            return replace(estate, name=name)
        case Closed(at=at, reason=reason):
            return replace(estate, closed_at=at, closed_because=reason)


def whose(_stream: UUID, estate: Estate, command: EstateCommand | None) -> Whose:
    """An estate concerns whoever is responsible for its community."""
    community = command.community if isinstance(command, Register) else estate.community
    return Whose(areas=(community,) if community else ())


def _register(command: Register, estate: Estate, ask: Ask) -> Sequence[EstateEvent]:
    name = command.name.strip()
    if estate.registered_at is not None:
        if (estate.name, estate.community) != (name, command.community):
            raise EstateAlreadyRegistered
        return []
    if area.level_of(command.community) != "community":
        raise NotACommunity(community=command.community)
    area.must_be_open(command.community, ask)
    return [Registered(at=command.at, name=name, community=command.community)]


decider: Decider[EstateCommand, Estate, EstateEvent] = Decider(
    name="estate",
    initial=Estate(),
    decide=decide,
    evolve=evolve,
    commands=(Register, AddBuilding, Rename, Close, Elapse),
    events=(Registered, BuildingAdded, Renamed, Closed),
    whose=whose,
)
