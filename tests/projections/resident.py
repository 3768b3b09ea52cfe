"""A tiny lifecycle of people who can be forgotten, and a read model that is searched by what is sealed.

moved in -> spoke ... -> asked to be left alone -> left
"""

from collections.abc import Sequence
from typing import Annotated, TypeAlias
from uuid import UUID

import msgspec

from adapters.ids import new_id
from domain.decider import Ask, Command, Decider, Event, tag_of
from domain.ports import Append, Ledger, NewEvent, Vault
from domain.privacy.personal import Key, Kind, Personal
from projections.projection import Projection


class MovedIn(Event, frozen=True, tag="resident.moved_in"):
    name: Annotated[str, Personal("itself", Kind.IDENTITY)]
    house: Key


class Spoke(Event, frozen=True, tag="resident.spoke"):
    words: Annotated[str, Personal("itself", Kind.FREE_TEXT)]
    of: Key = ""
    gossip: Annotated[str, Personal("of", Kind.FREE_TEXT)] = ""


class LeftAlone(Event, frozen=True, tag="resident.left_alone"):
    pass


class Left(Event, frozen=True, tag="resident.left"):
    pass


ResidentEvent: TypeAlias = MovedIn | Spoke | LeftAlone | Left


class Resident(msgspec.Struct, frozen=True):
    name: str = ""
    house: str = ""
    said: tuple[str, ...] = ()


def evolve(resident: Resident, event: ResidentEvent) -> Resident:
    match event:
        case MovedIn(name=name, house=house):
            return Resident(name, house)
        case Spoke(words=words, gossip=gossip):
            return msgspec.structs.replace(resident, said=(*resident.said, words, gossip))
        case LeftAlone() | Left():
            return resident


def decide(_command: Command, _resident: Resident, _ask: Ask) -> Sequence[ResidentEvent]:
    return ()


def erases(stream: UUID, event: ResidentEvent) -> str:
    return str(stream) if isinstance(event, Left) else ""


def restricts(stream: UUID, event: ResidentEvent) -> str:
    return str(stream) if isinstance(event, LeftAlone) else ""


decider: Decider[Command, Resident, ResidentEvent] = Decider(
    "resident",
    Resident(),
    decide,
    evolve,
    (),
    (MovedIn, Spoke, LeftAlone, Left),
    erases=erases,
    restricts=restricts,
)


def row(resident: Resident) -> tuple[object, ...]:
    return resident.house, resident.name, " ".join(resident.said)


directory = Projection(
    name="resident_directory",
    lifecycle=decider,
    columns={"house": "text", "name": "text", "said": "text"},
    row=row,
    opened={"name": str, "said": str.casefold},
)


class Town:
    """Appends what happens to residents as the door does: sealed, with keys destroyed by the way."""

    def __init__(self, ledger: Ledger, vault: Vault) -> None:
        self._ledger = ledger
        self._vault = vault
        self._known: dict[UUID, tuple[int, Resident]] = {}
        self.position = 0

    async def tell(self, stream: UUID, *events: ResidentEvent) -> None:
        version, resident = self._known.get(stream, (0, Resident()))
        sealed = await self._vault.seal(stream, version, events, resident, decider.evolve)
        new = tuple(
            NewEvent(stream, version + number, tag_of(event), msgspec.json.encode(event))
            for number, event in enumerate(sealed.events, 1)
        )
        receipt = await self._ledger.append(
            Append(
                events=new,
                sealed_with=tuple((key, stream) for key in sealed.keys),
                erases=tuple(person for event in sealed.events if (person := erases(stream, event))),
                restricts=tuple(person for event in sealed.events if (person := restricts(stream, event))),
            )
        )
        self._known[stream] = version + len(new), sealed.state
        self.position = max(self.position, receipt.position)

    async def move_in(self, name: str, *words: str) -> UUID:
        stream = new_id()
        await self.tell(stream, MovedIn(name=name, house="7"), *(Spoke(words=each) for each in words))
        return stream
