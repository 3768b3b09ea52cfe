"""How facts reach the workflows: the log is read forward, every stream that waits for something gets its clock, and
processes start by the events that they are for.

    event in the log -> its stream has an agenda -> start its clock, or tell it that there is news -> remember the place
                     -> it starts a process      -> start that, once                               ->

The place is remembered after the calls, so a crash repeats some and loses none; a clock shrugs at a repeat. What this
cannot see, a Temporal server that lost its memory, the reconciler sets right: at the start and every hour it starts the
clocks that are missing.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import NamedTuple, Protocol, TypeAlias, TypeVar
from uuid import UUID

import msgspec
import structlog
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from domain.decider import Event
from domain.lifecycles import AnyDecider
from domain.ports import Door, Ledger, LedgerError, Recorded
from workflows.clock import Clock
from workflows.messages import CLOCKS, Facts, Watch, clock_id

Stream: TypeAlias = tuple[str, UUID]
"""A lifecycle and the id of a stream."""

Streams: TypeAlias = Callable[[], AsyncIterator[Stream]]
"""Offers the streams that may wait for something: all of them, or those that a read model knows to be open."""

T = TypeVar("T")

_PATIENCE = 10.0  # seconds between two tries, at most
_log = structlog.stdlib.get_logger()


class Bookmark(Protocol):
    """Remembers how far in the log someone has come."""

    async def read(self) -> int:
        """The position, 0 at first."""
        ...

    async def write(self, position: int) -> None:
        """Remember a position."""
        ...


class Process(NamedTuple):
    """A workflow that certain events start."""

    tags: Collection[str]
    workflow: str
    argument: Callable[[Recorded], object]
    workflow_id: Callable[[Recorded], str]
    tells: bool = False
    """While it runs, it is told of each such event, as a clock is (`facts`)."""
    once: bool = False
    """Many events start the same: not again for a while once it has come to its end."""


class Triggers:
    """Starts `processes`, and keeps a clock running for every stream that waits for something. One that follows at a
    time is enough; several do no harm. `concurrency` bounds the calls to the Temporal server under way at once.
    """

    def __init__(  # noqa: PLR0913 - what it stands between
        self,
        *,
        client: Client,
        ledger: Ledger,
        door: Door,
        bookmark: Bookmark,
        deciders: Iterable[AnyDecider],
        processes: Sequence[Process] = (),
        task_queue: str = CLOCKS,
        concurrency: int = 24,
    ) -> None:
        self._client = client
        self._processes = processes
        self._ledger = ledger
        self._door = door
        self._bookmark = bookmark
        self._deciders: Mapping[str, AnyDecider] = {decider.name: decider for decider in deciders}
        self._tags = {tag: decider for decider in self._deciders.values() for tag in decider.tags}
        self._decoders: dict[str, msgspec.json.Decoder[Event]] = {}
        self._task_queue = task_queue
        self._calls = asyncio.Semaphore(concurrency)

    async def run(self, streams: Streams, *, every: timedelta = timedelta(hours=1)) -> None:
        """Follow the log and reconcile now and then, for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.follow())
            tasks.create_task(self._reconcile_again_and_again(streams, every))

    async def keep(
        self, workflow: str, argument: object, workflow_id: str, *, every: timedelta = timedelta(hours=1)
    ) -> None:
        """Start a workflow that never ends, unless it runs, and look after it now and then, for ever."""
        while True:
            await _insist("triggers.keep", partial(self._start_process, workflow, argument, workflow_id))
            await asyncio.sleep(every.total_seconds())

    async def keep_each(
        self,
        workflow: str,
        unfinished: Callable[[], AsyncIterator[tuple[str, object]]],
        *,
        every: timedelta = timedelta(hours=1),
    ) -> None:
        """The same for all those of a kind that ought to be running: their ids, and what they are started with."""

        async def start() -> None:
            async for workflow_id, argument in unfinished():
                await self._start_process(workflow, argument, workflow_id)

        while True:
            await _insist("triggers.keep_each", start)
            await asyncio.sleep(every.total_seconds())

    async def _start_process(self, workflow: str, argument: object, workflow_id: str) -> None:
        await self._client.start_workflow(
            workflow,
            argument,
            id=workflow_id,
            task_queue=self._task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )

    # Following --------------------------------------------------------------------------------------------------------

    async def follow(self) -> None:
        """Read the log from where we were, for ever."""
        place = await _insist("triggers.bookmark", self._bookmark.read)
        async for batch in self._ledger.subscribe(place):
            await _insist("triggers.batch", partial(self._take, batch))

    async def _take(self, batch: Sequence[Recorded]) -> None:
        news: dict[UUID, list[Recorded]] = {}
        for event in batch:
            if event.tag in self._tags:
                news.setdefault(event.stream, []).append(event)
        begin = {
            process.workflow_id(event): (process, event)
            for process in self._processes
            for event in batch
            if event.tag in process.tags
        }
        starts = [self._begin(process, event) for process, event in begin.values()]
        tells = [self._tell(events) for events in news.values()]
        calls = await asyncio.gather(*starts, *tells, return_exceptions=True)
        for failed in filter(None, calls):
            raise failed
        await self._bookmark.write(batch[-1].position)

    async def _begin(self, process: Process, event: Recorded) -> None:
        """Start a process for an event, unless it runs. Events may be read again, so it must shrug at a repeat."""
        news = (Facts(event.position),) if process.tells else ()
        again = WorkflowIDReusePolicy.REJECT_DUPLICATE if process.once else WorkflowIDReusePolicy.ALLOW_DUPLICATE
        async with self._calls:
            with suppress(WorkflowAlreadyStartedError):
                await self._client.start_workflow(
                    process.workflow,
                    process.argument(event),
                    id=process.workflow_id(event),
                    task_queue=self._task_queue,
                    id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                    id_reuse_policy=again,
                    start_signal="facts" if news else None,
                    start_signal_args=news,
                )

    async def _tell(self, events: Sequence[Recorded]) -> None:
        """Start or wake the clock of a stream, for what the batch holds of it.

        A stream that was born in the batch is folded as it stands there; one that ended there too, such as an old case
        that was imported whole, never had a clock. Of any other stream the present state is looked up.
        """
        last = events[-1]
        decider = self._tags[last.tag]
        born = events[0].version == 1
        async with self._calls:
            try:
                state = self._fold(decider, events) if born else (await self._door.load(decider, last.stream)).state
            except (msgspec.MsgspecError, TypeError, ValueError):  # one broken stream keeps no other waiting
                _log.exception("triggers.unreadable", stream=str(last.stream))
                return
            if decider.agenda(state) is not None:
                await self._start(decider.name, last.stream, Facts(last.position))
            elif not born:
                await self._wake(decider.name, last.stream, Facts(last.position))

    def _fold(self, decider: AnyDecider, events: Sequence[Recorded]) -> object:
        return decider.fold([self._decoder(decider, event.tag).decode(event.body) for event in events])

    def _decoder(self, decider: AnyDecider, tag: str) -> "msgspec.json.Decoder[Event]":
        decoder = self._decoders.get(tag)
        if decoder is None:
            decoder = self._decoders[tag] = msgspec.json.Decoder(decider.tags[tag])
        return decoder

    async def _start(self, lifecycle: str, stream: UUID, facts: Facts | None) -> None:
        """Start a clock unless it runs; either way let it know the news, if any."""
        await self._client.start_workflow(
            Clock.run,
            Watch(lifecycle=lifecycle, stream=stream),
            id=clock_id(lifecycle, stream),
            task_queue=self._task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            start_signal=None if facts is None else "facts",
            start_signal_args=() if facts is None else (facts,),
        )

    async def _wake(self, lifecycle: str, stream: UUID, facts: Facts) -> None:
        """Let a clock know that it may have nothing left to wait for, if it runs."""
        try:
            await self._client.get_workflow_handle(clock_id(lifecycle, stream)).signal(Clock.facts, facts)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise

    # Reconciling ------------------------------------------------------------------------------------------------------

    async def _reconcile_again_and_again(self, streams: Streams, every: timedelta) -> None:
        while True:
            started = await _insist("triggers.reconcile", partial(self.reconcile, streams))
            _log.info("triggers.reconciled", started=started)
            await asyncio.sleep(every.total_seconds())

    async def reconcile(self, streams: Streams) -> int:
        """Start the clocks that are missing: how many those were.

        The list of running clocks may be some seconds old. A clock that ended meanwhile ended because nothing was left
        to wait for, and what starts it again is in the log that we follow.
        """
        running = {clock.id async for clock in self._client.list_workflows(RUNNING_CLOCKS)}
        tasks: set[asyncio.Task[bool]] = set()
        started = 0
        async for lifecycle, stream in streams():
            if lifecycle in self._deciders and clock_id(lifecycle, stream) not in running:
                tasks.add(asyncio.create_task(self._start_missing(lifecycle, stream)))
            if len(tasks) >= _AT_HAND:
                done, tasks = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                started += sum(task.result() for task in done)
        return started + sum(await asyncio.gather(*tasks))

    async def _start_missing(self, lifecycle: str, stream: UUID) -> bool:
        decider = self._deciders[lifecycle]
        async with self._calls:
            if decider.agenda((await self._door.load(decider, stream)).state) is None:
                return False
            await self._start(lifecycle, stream, None)
            return True


RUNNING_CLOCKS = "WorkflowType = 'Clock' AND ExecutionStatus = 'Running'"
_AT_HAND = 500


def streams_of_log(ledger: Ledger, deciders: Iterable[AnyDecider]) -> Streams:
    """All streams of these lifecycles, read from the log itself. For a large log, offer what a board shows as open."""
    lifecycles = {tag: decider.name for decider in deciders for tag in decider.tags}

    async def streams() -> AsyncIterator[Stream]:
        after = 0
        while page := await ledger.page(after, tags=tuple(lifecycles)):
            after = page[-1].position
            for event in page:
                if event.version == 1:
                    yield lifecycles[event.tag], event.stream

    return streams


async def _insist(what: str, attempt: Callable[[], Awaitable[T]]) -> T:
    """Try until it works: a server that is away comes back, and everything here may be done twice."""
    pause = 0.1
    while True:
        try:
            return await attempt()
        except (RPCError, LedgerError, OSError) as error:
            _log.warning("triggers.retry", what=what, reason=repr(error), pause=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _PATIENCE)
