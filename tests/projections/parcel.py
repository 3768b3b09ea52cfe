"""A tiny lifecycle and its read model, for tests of what every read model shares.

sent -> moved ... -> delivered
"""

from collections.abc import Sequence
from typing import TypeAlias
from uuid import UUID

import msgspec

from adapters.ids import new_id
from domain.decider import Ask, Command, Decider, Event, tag_of
from domain.ports import Append, Ledger, NewEvent
from projections.projection import Projection


class Sent(Event, frozen=True, tag="parcel.sent"):
    to: str


class Moved(Event, frozen=True, tag="parcel.moved"):
    metres: int


class Delivered(Event, frozen=True, tag="parcel.delivered"):
    pass


ParcelEvent: TypeAlias = Sent | Moved | Delivered


class Parcel(msgspec.Struct, frozen=True):
    to: str = ""
    metres: int = 0
    moves: int = 0
    there: bool = False


def evolve(parcel: Parcel, event: ParcelEvent) -> Parcel:
    match event:
        case Sent(to=to):
            return Parcel(to=to)
        case Moved(metres=metres):
            return Parcel(parcel.to, parcel.metres + metres, parcel.moves + 1, parcel.there)
        case Delivered():
            return msgspec.structs.replace(parcel, there=True)


def decide(_command: Command, _parcel: Parcel, _ask: Ask) -> Sequence[ParcelEvent]:
    return ()


def row(parcel: Parcel) -> tuple[object, ...]:
    return parcel.to, parcel.metres, parcel.moves, parcel.there


decider: Decider[Command, Parcel, ParcelEvent] = Decider(
    "parcel", Parcel(), decide, evolve, (), (Sent, Moved, Delivered)
)

shelf = Projection(
    name="parcel_shelf",
    lifecycle=decider,
    columns={"destination": "text", "metres": "bigint", "moves": "int", "there": "boolean"},
    row=row,
    indexes=("(destination, id)",),
)


class Sender:
    """Appends to streams of parcels, and knows what the shelf has to show."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._parcels: dict[UUID, tuple[int, Parcel]] = {}
        self.position = 0

    async def append(self, stream: UUID, *events: ParcelEvent) -> int:
        """Append and return the position."""
        version, parcel = self._parcels.get(stream, (0, Parcel()))
        new = tuple(
            NewEvent(stream, version + number, tag_of(event), msgspec.json.encode(event))
            for number, event in enumerate(events, 1)
        )
        receipt = await self._ledger.append(Append(events=new))
        self._parcels[stream] = version + len(events), decider.fold(events, parcel)
        self.position = max(self.position, receipt.position)
        return receipt.position

    async def send(self, to: str, moves: int = 0) -> UUID:
        """A new parcel that was moved a few times, a metre each."""
        stream = new_id()
        await self.append(stream, Sent(to=to), *(Moved(metres=1) for _ in range(moves)))
        return stream

    @property
    def expected(self) -> set[tuple[UUID, int, str, int, int, bool]]:
        """The rows there have to be."""
        return {
            (stream, version, parcel.to, parcel.metres, parcel.moves, parcel.there)
            for stream, (version, parcel) in self._parcels.items()
        }


SHOWN = "SELECT id, version, destination, metres, moves, there FROM reads.parcel_shelf"
