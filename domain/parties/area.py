"""An area: a place in the tree that public duties are divided by, down to the grid of a grid worker (网格).

    unknown -> registered <-> (renamed) -> closed

Its code says where it lies, for each code begins with that of the area above it:

    11 province · 1101 city · 110101 district · 110101001 street · 110101001002 community · 110101001002003 grid

The first five are the statistical division codes (统计用区划代码) of the National Bureau of Statistics; a grid is its
community's code and three digits more. There is one stream for each code. A city that is run on its own may start at
its city; whatever lies below needs the area above it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Final, Literal, TypeAlias, final
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import replace

from domain.decider import Ask, Command, Decider, Elapse, Event, Refused, Whose, derived_id
from domain.privacy.personal import Key, NotPersonal

Level: TypeAlias = Literal["province", "city", "district", "street", "community", "grid"]
CloseReason: TypeAlias = Literal["merged", "split", "renumbered", "abolished", "mistake"]

LENGTHS: Final[Mapping[int, Level]] = {
    2: "province",
    4: "city",
    6: "district",
    9: "street",
    12: "community",
    15: "grid",
}
"""The level of an area by the number of its digits."""

_ABOVE: Final[Mapping[int, int]] = dict(zip((4, 6, 9, 12, 15), LENGTHS, strict=False))


class Area(Struct, frozen=True):
    """An area as it stands."""

    code: str = ""
    name: str = ""
    registered_at: datetime | None = None
    closed_at: datetime | None = None
    closed_because: str = ""

    @property
    def open(self) -> bool:
        """It is registered and not closed."""
        return self.registered_at is not None and self.closed_at is None

    @property
    def level(self) -> Level | None:
        """What kind of area its code makes it."""
        return level_of(self.code)

    @property
    def parent(self) -> str:
        """The code of the area above; `""` above a province."""
        return parent_of(self.code)


@final
class Register(Command, frozen=True, tag="register"):
    """Enter an area into the tree. The one above it must be there, unless this is a province or a city."""

    at: Annotated[datetime, Meta(tz=True)]
    code: Annotated[str, Meta(min_length=2, max_length=15, description="2, 4, 6, 9, 12 or 15 digits.")]
    name: Annotated[str, Meta(min_length=1, max_length=128, pattern=r"\S")]


@final
class Rename(Command, frozen=True, tag="rename"):
    """Call it something else from now on."""

    at: Annotated[datetime, Meta(tz=True)]
    name: Annotated[str, Meta(min_length=1, max_length=128, pattern=r"\S")]


@final
class Close(Command, frozen=True, tag="close"):
    """It is an area no longer: nothing new is entered below it. What lies below stays as it is."""

    at: Annotated[datetime, Meta(tz=True)]
    reason: CloseReason


@final
class Registered(Event, frozen=True, tag="area.registered"):
    at: datetime
    code: Key
    name: Annotated[str, NotPersonal("the official name of an area")]


@final
class Renamed(Event, frozen=True, tag="area.renamed"):
    at: datetime
    name: Annotated[str, NotPersonal("the official name of an area")]


@final
class Closed(Event, frozen=True, tag="area.closed"):
    at: datetime
    reason: CloseReason


AreaCommand: TypeAlias = Register | Rename | Close | Elapse
AreaEvent: TypeAlias = Registered | Renamed | Closed


class AreaCodeInvalid(Refused):
    """The code of an area has 2, 4, 6, 9, 12 or 15 digits."""


class AreaNotRegistered(Refused):
    """No area is registered under this code."""


class AreaAlreadyRegistered(Refused):
    """This code is registered under another name: rename the area instead."""


class AreaClosed(Refused):
    """This area is closed."""


@lru_cache(maxsize=65_536)
def stream(code: str) -> UUID:
    """The stream of the area with this code."""
    return derived_id("area", code)


def level_of(code: str) -> Level | None:
    """The level of the area with this code; None if it is no code of an area."""
    return LENGTHS.get(len(code)) if _digits(code) else None


def parent_of(code: str) -> str:
    """The code of the area above; `""` above a province."""
    return code[: _ABOVE.get(len(code), 0)]


def ancestors_of(code: str) -> tuple[str, ...]:
    """The codes of all areas above, the province first."""
    return tuple(code[:length] for length in LENGTHS if length < len(code))


def contains(outer: str, inner: str) -> bool:
    """Whether one area lies in another one, or is the same."""
    return inner.startswith(outer) and _digits(outer) and _digits(inner)


def overlap(one: str, other: str) -> bool:
    """Whether two areas have something in common: one lies in the other, or they are the same (`""`: everywhere)."""
    return one.startswith(other) or other.startswith(one)


def must_be_open(code: str, ask: Ask) -> None:
    """An area that something is entered under must be registered and open. Raises AreaNotRegistered, AreaClosed."""
    area = ask(decider, stream(code))
    if area.registered_at is None:
        raise AreaNotRegistered(area=code)
    if not area.open:
        raise AreaClosed(area=code)


def decide(command: AreaCommand, area: Area, ask: Ask) -> Sequence[AreaEvent]:
    """Enter, rename and close what the tree allows."""
    match command:
        case Elapse():
            return []
        case Register():
            return _register(command, area, ask)
        case _ if area.registered_at is None:
            raise AreaNotRegistered
        case Close(at=at, reason=reason):
            return [Closed(at=at, reason=reason)] if area.open else []
        case Rename(at=at, name=name):
            if name.strip() == area.name:
                return []
            if not area.open:
                raise AreaClosed(area=area.code)
            return [Renamed(at=at, name=name.strip())]


def evolve(area: Area, event: AreaEvent) -> Area:
    """What the event makes of it."""
    match event:
        case Registered(at=at, code=code, name=name):
            return Area(code=code, name=name, registered_at=at)
        case Renamed(name=name):
            return replace(area, name=name)
        case Closed(at=at, reason=reason):
            return replace(area, closed_at=at, closed_because=reason)


def whose(_stream: UUID, area: Area, command: AreaCommand | None) -> Whose:
    """An area concerns whoever is responsible for it, or for one above it."""
    code = command.code if isinstance(command, Register) else area.code
    return Whose(areas=(code,) if code else ())


def _register(command: Register, area: Area, ask: Ask) -> Sequence[AreaEvent]:
    code, name = command.code, command.name.strip()
    if area.registered_at is not None:
        if not area.open:
            raise AreaClosed(area=area.code)
        if (area.code, area.name) != (code, name):
            raise AreaAlreadyRegistered(code=area.code, name=area.name)
        return []
    level = level_of(code)
    if level is None:
        raise AreaCodeInvalid(code=code)
    above = parent_of(code)
    alone = level == "city" and ask(decider, stream(above)).registered_at is None
    if above and not alone:
        must_be_open(above, ask)
    return [Registered(at=command.at, code=code, name=name)]


def _digits(code: str) -> bool:
    return code.isascii() and code.isdecimal()


decider: Decider[AreaCommand, Area, AreaEvent] = Decider(
    name="area",
    initial=Area(),
    decide=decide,
    evolve=evolve,
    commands=(Register, Rename, Close, Elapse),
    events=(Registered, Renamed, Closed),
    whose=whose,
)
