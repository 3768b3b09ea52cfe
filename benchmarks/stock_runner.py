"""The board of work orders, the way the library does it: a ProjectionRunner, an event at a time, each in a transaction.

It reads the same log from the same tables. Decoding, fold and row are ours, and states never leave memory.
"""

import asyncio
import os
import sys
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Self
from uuid import UUID

import asyncpg
from eventsourcing.application import Application
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import JSONTranscoder, Mapper, StoredEvent, Tracking
from eventsourcing.postgres import PostgresFactory, PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from eventsourcing.utils import Environment
from psycopg.conninfo import conninfo_to_dict

from benchmarks.measure import Sample
from domain import lifecycles, work_order
from domain.decider import Event
from projections import work_order_board
from projections.projection import Codec

_NAME = "stock_board"
_BOARD = work_order_board.projection
_CODEC = Codec(_BOARD)
_COLUMNS = _BOARD.column_names
_CREATE = ";".join(
    [
        f"DROP TABLE IF EXISTS {_NAME}, {_NAME}_tracking",
        f"CREATE TABLE {_NAME} ({', '.join(f'{name} {kind}' for name, kind in _BOARD.typed_columns.items())})",
        f"ALTER TABLE {_NAME} ADD PRIMARY KEY (id)",
        *(f"CREATE INDEX ON {_NAME} {index}" for index in _BOARD.indexes),
    ]
)
_UPSERT = (
    f"INSERT INTO {_NAME} ({', '.join(_COLUMNS)}) VALUES ({', '.join(['%s'] * len(_COLUMNS))}) ON CONFLICT (id)"  # noqa: S608
    f" DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _COLUMNS[1:])}"
)


@dataclass(frozen=True)
class Told:
    """An event of ours in the shape that the library hands around."""

    originator_id: UUID
    originator_version: int
    event: Event | None


class _OurMapper(Mapper[UUID]):
    """Decodes with our decoders."""

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        """An event of ours, or None in its place."""
        event = lifecycles.decode(stored_event.topic, stored_event.state)
        return Told(UUID(str(stored_event.originator_id)), stored_event.originator_version, event)


class Log(Application[UUID]):
    """Our log, seen by the library."""

    name = "linli"

    def construct_mapper(self) -> Mapper[UUID]:
        """Ours."""
        return _OurMapper(JSONTranscoder())


class Rows(PostgresTrackingRecorder):
    """The table of the board with the library's tracking."""

    def save(self, row: Sequence[object], tracking: Tracking) -> None:
        """Write a row and how far we are, in one transaction."""
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(_UPSERT.encode(), row, prepare=True)


class FoldOrders(Projection[Rows]):
    """Folds the work orders, and counts."""

    name = _NAME

    def __init__(self, view: Rows) -> None:
        super().__init__(view)
        self._states: dict[UUID, work_order.WorkOrder] = {}
        self._times: list[float] = []
        self._wanted = sys.maxsize
        self._done = threading.Event()

    def process_event(  # pyright: ignore[reportIncompatibleVariableOverride] # the library's own way to override it
        self, domain_event: DomainEventProtocol[UUID], tracking: Tracking
    ) -> None:
        """Fold one event."""
        told: Any = domain_event
        stream: UUID = told.originator_id
        self._times.append(perf_counter())
        state = self._states[stream] = work_order.evolve(
            self._states.get(stream, work_order.decider.initial), told.event
        )
        self.view.save(_CODEC.row(stream, told.originator_version, tracking.notification_id, state), tracking)
        if len(self._times) > self._wanted:
            self._done.set()

    def until(self, amount: int) -> Sample:
        """Wait until so many events are folded, and the next one is at hand."""
        self._wanted = amount
        assert self._done.wait(120)
        return Sample(amount, self._times[amount] - self._times[0])


class StockBoard:
    """The stock runner on a database, with an empty table like ours, after a position of the log."""

    def __init__(self, dsn: str) -> None:
        parts = {key: str(value) for key, value in conninfo_to_dict(dsn).items()}
        self._environment = {
            "PERSISTENCE_MODULE": "eventsourcing.postgres",
            "POSTGRES_DBNAME": parts["dbname"],
            "POSTGRES_HOST": parts["host"],
            "POSTGRES_PORT": parts["port"],
            "POSTGRES_USER": parts["user"],
            "POSTGRES_PASSWORD": parts["password"],
        }

    @classmethod
    async def create(cls, dsn: str, after: int) -> Self:
        """Make its table, with the same key and indexes as ours, and say where it begins."""
        connection = await asyncpg.connect(dsn)
        await connection.execute(_CREATE)
        await connection.close()
        board = cls(dsn)
        await asyncio.to_thread(board._begin_after, after)
        return board

    def fold(self, amount: int, *, waits_for_disk: bool) -> Sample:
        """Fold so many events."""
        with (
            _libpq_options("" if waits_for_disk else "-c synchronous_commit=off"),
            ProjectionRunner(
                application_class=Log, projection_class=FoldOrders, view_class=Rows, env=self._environment
            ) as runner,
        ):
            projection: Any = runner.projection  # the library knows it by its base class
            folded: Sample = projection.until(amount)
            return folded

    def _begin_after(self, position: int) -> None:
        factory = PostgresFactory(Environment(_NAME, self._environment))
        factory.tracking_recorder(Rows).insert_tracking(Tracking(Log.name, position))
        factory.close()


@contextmanager
def _libpq_options(options: str) -> Generator[None]:
    """Settings for the connections that are made meanwhile: the library has no other way to give them."""
    os.environ["PGOPTIONS"] = options
    try:
        yield
    finally:
        del os.environ["PGOPTIONS"]
