"""Group commit: while one batch of appends commits, the next one gathers.

Each request costs the database a few array elements instead of a round trip and a disk flush. A batch goes out through
`linli_append_with_keys`; if anything in it clashes, the same batch goes out again through its checked sister, in which
every request stands or falls alone. A stream is written by one request under way at most.

When the connection breaks while a batch is out, nobody knows whether it was committed. The batch is sent again through
the checked function, which recognises by command id, or by the events themselves, what is in the log already: a lost
answer gives neither a duplicate nor a false conflict.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple
from uuid import UUID

import asyncpg
import structlog

from adapters.postgres import LOST, Connection
from domain.ports import Append, Busy, CommandIdReused, Conflict, LedgerError, Receipt, Unavailable

_log = structlog.get_logger("ledger")

_UNDONE = (
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
    asyncpg.SerializationError,
    asyncpg.InsufficientResourcesError,  # disk full, out of memory
)
"""Errors that undid the whole batch for a reason that may pass."""

_NOT_STORABLE = (asyncpg.DataError, ValueError, OverflowError)
"""Errors of a value that the database, or the driver on the way there, does not take."""

_WORTH_SHARING = 32
"""Requests that a writer takes at least, before it leaves the rest to another one that is idle."""
_REMEMBERED_USES = 20_000


def _places(amount: int) -> str:
    return ", ".join(f"${number}" for number in range(1, amount + 1))


_FAST = f"SELECT linli_append_with_keys({_places(15)})"
_CHECKED = f"SELECT * FROM linli_append_checked_with_keys({_places(21)})"  # noqa: S608 - numbers


class Waiting(NamedTuple):
    """A request in the queue and the future of whoever waits for its receipt."""

    request: Append
    receipt: asyncio.Future[Receipt]
    touched: tuple[UUID, ...]
    """What must be in one request under way at most: the streams it writes, the command id."""
    guarded: tuple[UUID, ...]
    """Streams that no other request under way may write."""
    uses: tuple[tuple[UUID, UUID], ...]
    """Which keys it uses in which streams, without what is known to be written down."""


class GroupCommitter:
    """Appends through a few connections of its own, a batch at a time."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[Connection]],
        *,
        writers: int = 2,
        max_batch: int = 1000,
        max_queue: int = 20_000,
        patience: float = 10.0,
    ) -> None:
        self._connect = connect
        self._max_batch = max_batch
        self._max_queue = max_queue
        self._patience = patience
        self._queue: deque[Waiting] = deque()
        self._uses: set[tuple[UUID, UUID]] = set()
        self._held: set[UUID] = set()
        self._watched: Counter[UUID] = Counter()
        self._awake = asyncio.Event()
        self._closing = False
        self._idle = 0
        self._writers = [asyncio.create_task(self._write(), name=f"ledger-writer-{i}") for i in range(writers)]

    @property
    def queued(self) -> int:
        """How many requests wait for a batch."""
        return len(self._queue)

    async def append(self, request: Append) -> Receipt:
        """Queue a request and wait until it is durable, or refused."""
        if self._closing:
            raise Unavailable("the ledger is closed")  # noqa: EM101, TRY003
        if len(self._queue) >= self._max_queue:
            raise Busy
        receipt: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        uses = tuple([use for use in request.sealed_with if use not in self._uses]) if request.sealed_with else ()
        self._queue.append(Waiting(request, receipt, _touched(request), _guarded(request), uses))
        self._awake.set()
        done = await receipt
        if uses and not done.duplicate:
            self._remember(uses)
        return done

    async def close(self) -> None:
        """Write what is queued, then stop."""
        self._closing = True
        self._awake.set()
        await asyncio.gather(*self._writers)

    def _remember(self, uses: tuple[tuple[UUID, UUID], ...]) -> None:
        """These are written down, and nobody ever takes them out again: need not be said again."""
        if len(self._uses) > _REMEMBERED_USES:
            self._uses.clear()
        self._uses.update(uses)

    # One writer ---------------------------------------------------------------------------------------------------

    async def _write(self) -> None:
        connection: Connection | None = None
        while not (self._closing and not self._queue):
            batch = self._gather()
            if not batch:
                self._awake.clear()
                self._idle += 1
                await self._awake.wait()
                self._idle -= 1
                continue
            try:
                connection = await self._commit(connection, batch)
            except Exception as error:  # noqa: BLE001 - it must fail its batch, not hang everyone who waits
                _log.exception("ledger.writer.failed")
                _fail(batch, LedgerError(f"the ledger failed: {error!r}"))
                if connection is not None:
                    connection.terminate()
                connection = None
            finally:
                self._release(batch)
        if connection is not None and not connection.is_closed():
            await connection.close()

    def _gather(self) -> list[Waiting]:
        """Take the next batch from the queue, in order, leaving behind what touches a stream that is under way.

        Many may guard the same stream at once, as long as nobody writes to it. Writers that are idle get their share:
        then the database works on one batch while we prepare the other.
        """
        batch: list[Waiting] = []
        left: list[Waiting] = []
        queue, held, watched = self._queue, self._held, self._watched
        limit = min(self._max_batch, max(_WORTH_SHARING, -(-len(queue) // (self._idle + 1))))
        while queue and len(batch) < limit:
            waiting = queue.popleft()
            touched, guarded = waiting.touched, waiting.guarded
            if held.isdisjoint(touched) and held.isdisjoint(guarded) and not any(map(watched.__contains__, touched)):
                batch.append(waiting)
                held.update(touched)
                watched.update(guarded)
            else:
                left.append(waiting)
                if len(left) >= self._max_batch:
                    break
        queue.extendleft(reversed(left))
        return batch

    def _release(self, batch: list[Waiting]) -> None:
        for waiting in batch:
            self._held.difference_update(waiting.touched)
            for stream in waiting.guarded:
                self._watched[stream] -= 1
                if not self._watched[stream]:
                    del self._watched[stream]
        if self._queue:
            self._awake.set()

    async def _commit(self, connection: Connection | None, batch: list[Waiting]) -> Connection | None:
        """Send a batch until it is known what became of it, and tell those who wait."""
        give_up = asyncio.get_running_loop().time() + self._patience
        send = _send_fast
        pause = 0.01
        while True:
            try:
                connection = connection or await self._connected()
                await send(connection, batch)
            except asyncpg.UniqueViolationError as error:
                if send is _send_checked:  # a request that clashes with itself
                    return await self._spare_the_others(connection, batch, error)
                send = _send_checked
                continue
            except _NOT_STORABLE as error:
                return await self._spare_the_others(connection, batch, error)
            except _UNDONE as error:
                failure: Exception = error
            except LOST as error:
                if connection is not None:
                    connection.terminate()
                connection, failure = None, error
            else:
                return connection
            _log.warning("ledger.writer.interrupted", error=str(failure) or type(failure).__name__)
            if asyncio.get_running_loop().time() > give_up:
                _fail(batch, Unavailable(f"no answer from the database: {failure}"))
                return connection
            send = _send_checked
            await asyncio.sleep(pause)
            pause = min(pause * 2, 1.0)

    async def _connected(self) -> Connection:
        try:
            async with asyncio.timeout(self._patience):
                return await self._connect()
        except asyncpg.PostgresError as error:  # whatever the reason, there is no connection
            raise ConnectionError(str(error)) from error

    async def _spare_the_others(
        self, connection: Connection | None, batch: list[Waiting], error: Exception
    ) -> Connection | None:
        """Something in the batch cannot be stored: find it by sending each request alone."""
        if len(batch) == 1:
            clash = isinstance(error, asyncpg.UniqueViolationError)
            _fail(batch, Conflict() if clash else LedgerError(f"the database does not take this: {error}"))
            return connection
        for waiting in batch:
            connection = await self._commit(connection, [waiting])
        return connection


def _touched(request: Append) -> tuple[UUID, ...]:
    """What no other request under way may touch or guard."""
    events = request.events
    if len(events) == 1:
        stream = events[0].stream
        return (stream,) if request.command_id is None else (stream, request.command_id)
    touched = {event.stream for event in events}
    if request.command_id is not None:
        touched.add(request.command_id)
    return tuple(touched)


def _guarded(request: Append) -> tuple[UUID, ...]:
    """What no other request under way may touch; it may guard it too."""
    if not request.guards:
        return ()
    written = {event.stream for event in request.events}
    return tuple({stream for stream, _ in request.guards} - written)


def _fail(batch: Sequence[Waiting], error: LedgerError) -> None:
    for waiting in batch:
        if not waiting.receipt.done():
            waiting.receipt.set_exception(error)


async def _send_fast(connection: Connection, batch: list[Waiting]) -> None:
    ids: list[int] = await connection.fetchval(
        _FAST, *_columns(batch), *_commands(batch), *_guards(batch), *_keys(batch)
    )
    end = 0
    for waiting in batch:
        end += len(waiting.request.events)
        if not waiting.receipt.done():
            waiting.receipt.set_result(Receipt(ids[end - 1] if waiting.request.events else ids[-1]))


def _columns(batch: list[Waiting]) -> tuple[list[UUID], list[int], list[str], list[bytes], list[bytes | None]]:
    streams: list[UUID] = []
    versions: list[int] = []
    tags: list[str] = []
    bodies: list[bytes] = []
    envelopes: list[bytes | None] = []
    for waiting in batch:
        request = waiting.request
        for event in request.events:
            streams.append(event.stream)
            versions.append(event.version)
            tags.append(event.tag)
            bodies.append(event.body)
            envelopes.append(request.meta)
    return streams, versions, tags, bodies, envelopes


def _commands(batch: list[Waiting]) -> tuple[list[UUID], list[bytes], list[bytes], list[int]]:
    ids: list[UUID] = []
    fingerprints: list[bytes] = []
    outcomes: list[bytes] = []
    ends: list[int] = []
    end = 0
    for waiting in batch:
        request = waiting.request
        end += len(request.events)
        if request.command_id is not None:
            ids.append(request.command_id)
            fingerprints.append(request.fingerprint)
            outcomes.append(request.outcome)
            ends.append(end if request.events else 0)
    return ids, fingerprints, outcomes, ends


def _guards(batch: list[Waiting]) -> tuple[list[UUID], list[int]]:
    """All guards of a batch, each once: many requests watch the same few streams."""
    guards = {guard for waiting in batch for guard in waiting.request.guards}
    return [stream for stream, _ in guards], [version for _, version in guards]


def _keys(batch: list[Waiting]) -> tuple[list[UUID], list[UUID], list[str], list[str]]:
    """What the batch does in the vault: which keys are used in which streams, whose are destroyed, whose put away."""
    uses = [use for waiting in batch for use in waiting.uses]
    erased = [person for waiting in batch for person in waiting.request.erases]
    restricted = [person for waiting in batch for person in waiting.request.restricts]
    return [key for key, _ in uses], [stream for _, stream in uses], erased, restricted


async def _send_checked(connection: Connection, batch: list[Waiting]) -> None:
    numbered = [(number, waiting.request) for number, waiting in enumerate(batch, 1)]
    guards = [(stream, version, number) for number, request in numbered for stream, version in request.guards]
    ids, fingerprints, outcomes, _ = _commands(batch)
    keys, streams, erased, restricted = _keys(batch)
    row = await connection.fetchrow(
        _CHECKED,
        len(batch),
        *_columns(batch),
        [number for number, request in numbered for _ in request.events],
        ids,
        fingerprints,
        outcomes,
        [number for number, request in numbered if request.command_id is not None],
        [stream for stream, _, _ in guards],
        [version for _, version, _ in guards],
        [number for _, _, number in guards],
        keys,
        streams,
        [number for number, waiting in enumerate(batch, 1) for _ in waiting.uses],
        erased,
        [number for number, request in numbered for _ in request.erases],
        restricted,
        [number for number, request in numbered for _ in request.restricts],
    )
    assert row is not None  # noqa: S101 - a function with OUT parameters answers one row
    for waiting, verdict, position, outcome in zip(batch, *row, strict=True):
        if not waiting.receipt.done():
            _answer(waiting, verdict, position, outcome)


def _answer(waiting: Waiting, verdict: str, position: int, outcome: bytes | None) -> None:
    error: type[LedgerError] | None = {"C": Conflict, "R": CommandIdReused}.get(verdict)
    if error is not None:
        waiting.receipt.set_exception(error())
    elif verdict == "A":
        waiting.receipt.set_result(Receipt(position))
    else:
        waiting.receipt.set_result(Receipt(position, duplicate=True, outcome=outcome or b""))
