"""Folding batches of the log into the rows of a read model, with the newest states at hand.

States that are not at hand are read back from the table, so memory is bounded however many streams there are. Where the
log says that a person's data is erased, or may only be kept, the rows that show some of it are written anew: their keys
went in the transaction that said so.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar
from uuid import UUID

from domain import lifecycles
from domain.decider import Event
from domain.lifecycles import AnyDecider
from domain.ports import Recorded
from projections.forgotten import Forgotten
from projections.opening import VaultMissing
from projections.projection import Row
from projections.table import Connection, Table

S = TypeVar("S")
E = TypeVar("E", bound=Event)

_PAGE = 5000


class Fold(Generic[S, E]):
    """Writes what batches change. `remember` is how many states are kept in memory between batches.

    After a batch that was not committed the fold must be thrown away: what it remembers did not happen.
    """

    def __init__(
        self, table: Table[S, E], *, remember: int = 20_000, deciders: Sequence[AnyDecider] = lifecycles.ALL
    ) -> None:
        self._table = table
        self._forgotten = Forgotten(deciders) if table.projection.opened else None
        self._tags = table.projection.tags
        self._remember = remember
        self._states: OrderedDict[UUID, S] = OrderedDict()

    async def apply(self, connection: Connection, batch: Sequence[Recorded]) -> int:
        """Fold the events that follow on what is in the table, and write the rows they change. How many rows."""
        known = [recorded for recorded in batch if recorded.tag in self._tags]
        changed = await self._fold(connection, known) if known else 0
        people = self._forgotten.people(batch) if self._forgotten is not None else set[str]()
        return changed + (await self._renew(connection, people) if people else 0)

    async def _fold(self, connection: Connection, known: Sequence[Recorded]) -> int:
        events = self._table.codec.events(known)
        states = await self._begin(connection, known)
        evolve = self._table.projection.lifecycle.evolve
        last: dict[UUID, Recorded] = {}
        for recorded, event in zip(known, events, strict=True):
            stream = recorded.stream
            states[stream] = evolve(states[stream], event)
            last[stream] = recorded
        await self._table.write(connection, self._rows(last.values(), states))
        self._keep(states)
        return len(last)

    async def _renew(self, connection: Connection, people: Iterable[str]) -> int:
        """Write what shows something of these people anew."""
        vault = self._table.vault
        if vault is None:
            raise VaultMissing
        streams = sorted({stream for person in people for stream in await vault.streams(person)})
        pages = [streams[first : first + _PAGE] for first in range(0, len(streams), _PAGE)]
        return sum([await self._table.renew(connection, page) for page in pages])

    async def _begin(self, connection: Connection, known: Sequence[Recorded]) -> dict[UUID, S]:
        """The states that the streams of a batch have before it."""
        initial = self._table.projection.lifecycle.initial
        states: dict[UUID, S] = {}
        elsewhere: list[UUID] = []
        for recorded in known:
            stream = recorded.stream
            if stream in states:
                continue
            states[stream] = self._states.get(stream, initial)
            if recorded.version > 1 and stream not in self._states:
                elsewhere.append(stream)
        if elsewhere:
            states.update(await self._table.read(connection, elsewhere))
        return states

    def _rows(self, last: Iterable[Recorded], states: dict[UUID, S]) -> list[Row]:
        row = self._table.codec.row
        return [row(each.stream, each.version, each.position, states[each.stream]) for each in last]

    def _keep(self, states: dict[UUID, S]) -> None:
        for stream, state in states.items():
            self._states[stream] = state
            self._states.move_to_end(stream)
        while len(self._states) > self._remember:
            self._states.popitem(last=False)
