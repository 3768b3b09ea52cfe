"""The ledger for the synchronous tools of the library `eventsourcing`: contract tests, `Application`, runners.

Set `PERSISTENCE_MODULE=adapters.stock:LedgerFactory` (and `POSTGRES_...` as for the library's own module) and an
`Application` named "linli" writes through group commit into the same log as everything else. Nothing of ours uses this
module.
"""

import asyncio
import queue
import threading
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    IntegrityError,
    Notification,
    StoredEvent,
    Subscription,
)
from eventsourcing.postgres import PostgresFactory

from adapters.ids import new_id
from adapters.ledger import PostgresLedger
from domain.ports import Append, Conflict, NewEvent, Recorded

T = TypeVar("T")

_BEFORE_ALL = -(2**62)


class LedgerThread:
    """A ledger with an event loop of its own, for callers that have none."""

    def __init__(self, dsn: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="ledger", daemon=True)
        self._thread.start()
        self.ledger = PostgresLedger(dsn)
        self.run(self.ledger.__aenter__())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do this on the ledger's loop and wait for the result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def spawn(self, work: Coroutine[Any, Any, None]) -> "asyncio.Future[None]":
        """Start this on the ledger's loop."""

        async def start() -> "asyncio.Future[None]":
            return asyncio.ensure_future(work)

        return self.run(start())

    def cancel(self, task: "asyncio.Future[None]") -> None:
        """Stop what was spawned."""
        self._loop.call_soon_threadsafe(task.cancel)

    def close(self) -> None:
        """Write what is queued, then stop."""
        self.run(self.ledger.__aexit__(None, None, None))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class LedgerAggregateRecorder(AggregateRecorder):
    """Events by stream."""

    def __init__(self, thread: LedgerThread) -> None:
        self._thread = thread

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int] | None:
        """Append atomically. Raises the library's IntegrityError where a version is taken."""
        self._insert(stored_events)
        return None

    def _insert(self, stored_events: Sequence[StoredEvent]) -> list[int]:
        events = tuple(NewEvent(_uuid(e.originator_id), e.originator_version, e.topic, e.state) for e in stored_events)
        if not events:
            return []
        meta = msgspec.json.encode({"append": new_id()})  # makes a repeat after a lost answer recognisable
        try:
            receipt = self._thread.run(self._thread.ledger.append(Append(events=events, meta=meta)))
        except Conflict as conflict:
            raise IntegrityError from conflict
        return list(range(receipt.position - len(events) + 1, receipt.position + 1))

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """The events of a stream."""
        after = _BEFORE_ALL if gt is None else gt
        rows = self._thread.run(self._thread.ledger.read(_uuid(originator_id), after=after, version=lte))
        ordered = rows[::-1] if desc else rows
        return [StoredEvent(row.stream, row.version, row.tag, row.body) for row in ordered[:limit]]


class LedgerRecorder(LedgerAggregateRecorder, ApplicationRecorder):
    """Events by stream and in the order of the log."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int] | None:
        """Append atomically and return the positions."""
        return self._insert(stored_events)

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """A page of the log."""
        after = 0 if start is None else start - 1 if inclusive_of_start else start
        rows = self._thread.run(self._thread.ledger.page(after, limit=limit, tags=topics))
        return [_notification(row) for row in rows if stop is None or row.position <= stop]

    def max_notification_id(self) -> int | None:
        """The newest position, None for an empty log."""
        return self._thread.run(self._thread.ledger.head()) or None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> "LedgerSubscription":
        """The log after a position, then live."""
        return LedgerSubscription(self, self._thread, gt, topics)


class LedgerSubscription(Subscription[LedgerRecorder]):
    """Hands the batches of `subscribe` over to a thread that iterates."""

    def __init__(self, recorder: LedgerRecorder, thread: LedgerThread, gt: int | None, topics: Sequence[str]) -> None:
        super().__init__(recorder=recorder, gt=gt, topics=topics)
        self._ready: queue.Queue[Notification | None] = queue.Queue()
        self._thread = thread
        self._task = thread.spawn(self._follow(gt or 0))

    def stop(self) -> None:
        """Stop iterating."""
        super().stop()
        self._thread.cancel(self._task)
        self._ready.put(None)

    def __next__(self) -> Notification:
        """The next event, however long it takes."""
        notification = None if self._has_been_stopped else self._ready.get()
        if notification is None:
            raise StopIteration
        return notification

    async def _follow(self, after: int) -> None:
        async for batch in self._thread.ledger.subscribe(after):
            for row in batch:
                if not self._topics or row.tag in self._topics:
                    self._ready.put(_notification(row))


class LedgerFactory(PostgresFactory):
    """The library's PostgreSQL factory, with our ledger for the log itself."""

    _ledger: LedgerThread | None = None

    def application_recorder(self) -> ApplicationRecorder:
        """A recorder on the log `linli_events`."""
        env = self.env
        dsn = (
            f"postgresql://{env.get('POSTGRES_USER')}:{env.get('POSTGRES_PASSWORD')}@{env.get('POSTGRES_HOST')}"
            f":{env.get('POSTGRES_PORT')}/{env.get('POSTGRES_DBNAME')}"
        )
        self._ledger = LedgerThread(dsn)
        return LedgerRecorder(self._ledger)

    def close(self) -> None:
        """Close the ledger and the library's own connections."""
        if self._ledger is not None:
            self._ledger.close()
            self._ledger = None
        super().close()


def _uuid(originator_id: UUID | str) -> UUID:
    return originator_id if isinstance(originator_id, UUID) else UUID(originator_id)


def _notification(row: Recorded) -> Notification:
    return Notification(row.stream, row.version, row.tag, row.body, row.position)
