"""The shape of a read model: one row for each stream of a lifecycle, folded from its events.

    events -> decode -> fold by stream, in memory -> rows -> one write for the whole batch

A read model is disposable: it is dropped and replayed, never migrated. Each row carries the encoded state of its
stream, so going on from a row needs no look at the log. `Projection.definition` names everything that rows depend on; a
table that was filled under another definition is replayed.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import GenericAlias, UnionType
from typing import Final, Generic, NamedTuple, Protocol, TypeAlias, TypeVar
from uuid import UUID

import msgspec

from domain.decider import Event
from domain.ports import Recorded

S = TypeVar("S")
E = TypeVar("E", bound=Event)

Row: TypeAlias = tuple[object, ...]
"""The values of one table row, in the order of `Projection.column_names`."""


class OpenedColumn(NamedTuple):
    """A column whose sealed texts are opened before a row is written."""

    place: int
    """In a row."""
    finish: Callable[[str], str]
    """What is done to the text then: `str.casefold` where it is searched, `str` where nothing is."""


class Unreadable(Exception):
    """The log holds an event under one of our tags that does not decode. Nothing is written past it."""


class Lifecycle(Protocol[S, E]):
    """What is read of a `Decider`: where a stream begins and how its events fold."""

    @property
    def initial(self) -> S: ...
    @property
    def evolve(self) -> Callable[[S, E], S]: ...
    @property
    def events(self) -> tuple[type[E], ...]: ...
    @property
    def tags(self) -> Mapping[str, type[E]]: ...


@dataclass(frozen=True, slots=True)
class Projection(Generic[S, E]):
    """One read model: the lifecycle it follows, its columns, and how a state becomes their values."""

    name: str
    """Of the table in schema `reads`, and of the row in `linli_projections` that says how far it has come."""
    lifecycle: Lifecycle[S, E]
    columns: Mapping[str, str]
    """Name and SQL type of what can be asked for. `id`, `version`, `position` go before, the encoded `state` after."""
    row: Callable[[S], Row]
    """The values of `columns` for a state."""
    indexes: tuple[str, ...] = ()
    """What follows `CREATE INDEX ON table`, such as `(reported_at, id)`."""
    opened: Mapping[str, Callable[[str], str]] = field(default_factory=dict[str, Callable[[str], str]])
    """Columns in which sealed texts are opened before they are written, and what is done to the text then. Nothing that
    is sealed may get into any other column but as it is."""
    revision: int = 1
    """Count up when `row` or the fold changed in a way that neither columns nor the shapes of state and events show."""

    @property
    def typed_columns(self) -> dict[str, str]:
        """All columns of the table with their SQL types."""
        return {
            "id": "uuid NOT NULL",
            "version": "bigint NOT NULL",
            "position": "bigint NOT NULL",
            **self.columns,
            "state": "bytea NOT NULL",
        }

    @property
    def column_names(self) -> tuple[str, ...]:
        """All columns of the table, in order."""
        return tuple(self.typed_columns)

    @property
    def tags(self) -> frozenset[str]:
        """The tags of the events that are folded. Others are passed over."""
        return frozenset(self.lifecycle.tags)

    @property
    def opened_columns(self) -> tuple[OpenedColumn, ...]:
        """The columns in which sealed texts are opened."""
        places = {name: place for place, name in enumerate(self.typed_columns)}
        return tuple(OpenedColumn(places[name], finish) for name, finish in self.opened.items())

    @property
    def definition(self) -> str:
        """A hash of everything that the rows depend on."""
        shapes = msgspec.json.schema_components([type(self.lifecycle.initial), *self.lifecycle.events])
        opened = {name: finish.__qualname__ for name, finish in self.opened.items()}
        said = (self.name, self.typed_columns, self.indexes, self.revision, shapes, opened)
        return hashlib.sha256(msgspec.json.encode(said, order="deterministic")).hexdigest()


EARLIEST: Final = datetime(1, 1, 2, tzinfo=UTC)
LATEST: Final = datetime(9999, 12, 30, tzinfo=UTC)


def storable(value: object) -> object:
    """The value, or the nearest that a column can hold: no zero byte in a text, no moment outside the years 1 to 9999.

    Nobody's input may stop the rows of everybody else. The state beside the columns keeps what was said.
    """
    if isinstance(value, str):
        return value.replace("\0", "\ufffd") if "\0" in value else value
    if isinstance(value, datetime):
        return min(max(value, EARLIEST), LATEST)
    return value


class Codec(Generic[S, E]):
    """How events are read from the log, and states kept in a row: as JSON, which holds every moment as it was said."""

    def __init__(self, projection: Projection[S, E]) -> None:
        first, *others = projection.lifecycle.events
        event: type[E] | UnionType = first
        for other in others:
            event |= other
        self._events: msgspec.json.Decoder[list[E]] = msgspec.json.Decoder(GenericAlias(list, (event,)))
        self._state: msgspec.json.Decoder[S] = msgspec.json.Decoder(type(projection.lifecycle.initial))
        self.encode = msgspec.json.Encoder().encode
        self.decode = self._state.decode
        self._values = projection.row

    def row(self, stream: UUID, version: int, position: int, state: S) -> Row:
        """The row of a stream."""
        values = self._values(state)
        for value in values:
            if isinstance(value, str):
                fine = "\0" not in value
            elif isinstance(value, datetime):
                fine = EARLIEST <= value <= LATEST
            else:
                continue
            if not fine:
                values = tuple([storable(each) for each in values])
                break
        return (stream, version, position, *values, self.encode(state))

    def history(self, bodies: bytes) -> list[E]:
        """The events whose bodies stand here one after the other, with commas between."""
        return self._events.decode(b"[" + bodies + b"]")

    def events(self, batch: Sequence[Recorded]) -> list[E]:
        """The events of a batch, decoded in one go. Raises Unreadable."""
        try:
            return self.history(b",".join([recorded.body for recorded in batch]))
        except msgspec.MsgspecError:
            for recorded in batch:
                self._read(recorded)
            raise

    def _read(self, recorded: Recorded) -> None:
        try:
            self.history(recorded.body)
        except msgspec.MsgspecError as error:
            msg = f"event {recorded.position} ({recorded.tag}) of stream {recorded.stream}: {error}"
            raise Unreadable(msg) from error
