"""A small world for tests of the clock: report work, move time, look at what happened."""

import asyncio
import itertools

# ruff: noqa: ASYNC110 - a server in virtual time tells nobody when it is done
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment

from adapters.bookmark import PostgresBookmark
from adapters.door import LedgerDoor
from adapters.ids import new_id
from adapters.ledger import PostgresLedger
from adapters.temporal import worker
from domain import service_agreement, work_order
from domain.decider import Event
from domain.ports import Context, Metadata
from domain.promise import WallClock
from domain.terms import Rung, Terms
from tests import everybody
from workflows.activities import Activities
from workflows.clock import Clock
from workflows.messages import CLOCK, clock_id
from workflows.triggers import Triggers, streams_of_log

RESPONSE = timedelta(hours=1)
RESOLUTION = timedelta(hours=8)
WARNING = timedelta(minutes=30)
LADDER = timedelta(hours=1)
WINDOW = timedelta(days=7)

TERMS = Terms(
    response=WallClock(seconds=int(RESPONSE.total_seconds())),
    resolution=WallClock(seconds=int(RESOLUTION.total_seconds())),
    warn_before=int(WARNING.total_seconds()),
    ladder=(Rung(of="resolution", to="manager"), Rung(of="resolution", to="city", after=int(LADDER.total_seconds()))),
    reopen_window=WallClock(days=WINDOW.days),
)
DECIDERS = (work_order.decider, service_agreement.decider)

_read_meta = msgspec.json.Decoder(Metadata).decode
_read_event = msgspec.json.Decoder(work_order.WorkOrderEvent).decode
_queues = itertools.count(1)


def said(at: datetime, correlation_id: str = "") -> Context:
    return Context(actor="tester", occurred_at=at, correlation_id=correlation_id)


def now() -> datetime:
    return datetime.now(UTC)


async def publish_terms(door: LedgerDoor) -> None:
    lines = tuple(service_agreement.Line(priority=n, terms=TERMS) for n in service_agreement.PRIORITIES)
    at = now() - timedelta(days=1)
    publish = service_agreement.Publish(at=at, community="", lines=lines)
    await door.execute(service_agreement.decider, service_agreement.stream(""), publish, said(at))


class Virtual:
    """Work orders on one ledger, with clocks on one Temporal server, in virtual or in real time."""

    def __init__(self, ledger: PostgresLedger, on: WorkflowEnvironment | Client) -> None:
        self.ledger = ledger
        self.client = on if isinstance(on, Client) else on.client
        self._env = None if isinstance(on, Client) else on
        self.door = everybody.door_to(ledger)
        self.task_queue = f"clocks-{next(_queues)}"
        self.streams: list[UUID] = []
        self.bookmark = PostgresBookmark(ledger.pool, "triggers")
        self.triggers = self.triggers_to(self.client)
        self.activities = Activities(self.door, ledger, DECIDERS)

    def triggers_to(self, client: Client) -> Triggers:
        """What tells the clocks on a Temporal server."""
        return Triggers(
            client=client,
            ledger=self.ledger,
            door=self.door,
            bookmark=self.bookmark,
            deciders=DECIDERS,
            task_queue=self.task_queue,
        )

    @asynccontextmanager
    async def working(self, *, cached_workflows: int = 0) -> AsyncGenerator[None]:
        """A worker that forgets every workflow between its tasks, so all of them are replayed all the time.

        That is for one workflow at a time: a task of another one would push it out while it looks at its agenda.
        """
        async with worker(
            self.client,
            task_queue=self.task_queue,
            workflows=[Clock],
            activities=[self.activities.agenda, self.activities.elapse],
            cached_workflows=cached_workflows,
            drain=timedelta(seconds=1),
            sticky=timedelta(seconds=1),
        ):
            yield

    @asynccontextmanager
    async def following(self) -> AsyncGenerator[None]:
        task = asyncio.create_task(self.triggers.follow())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def reconcile(self) -> int:
        return await self.triggers.reconcile(streams_of_log(self.ledger, DECIDERS))

    async def end(self) -> None:
        for stream in self.streams:
            with suppress(RPCError):  # most have ended by themselves
                await self.handle(stream).terminate()

    # What people do ---------------------------------------------------------------------------------------------------

    async def report(self, at: datetime | None = None, *, correlation_id: str = "", told: bool = True) -> UUID:
        stream = new_id()
        self.streams.append(stream)
        report = work_order.Report(
            at=at or now(), community="north", category="lift", summary="stuck", channel="staff", reporter="u-1"
        )
        await self.do(stream, report, correlation_id=correlation_id, told=told)
        return stream

    async def do(
        self, stream: UUID, *commands: work_order.WorkOrderCommand, correlation_id: str = "", told: bool = True
    ) -> int:
        """Send commands, and wait until the clocks were told unless nobody does that."""
        done = await self.door.execute(work_order.decider, stream, commands, said(commands[-1].at, correlation_id))
        if told:
            await self.told()
        return done.position

    async def told(self) -> None:
        assert await self.ledger.wait("triggers", await self.ledger.head(), timeout=20)

    # What time does ---------------------------------------------------------------------------------------------------

    def handle(self, stream: UUID) -> WorkflowHandle[Any, Any]:
        return self.client.get_workflow_handle(clock_id("work_order", stream))

    async def forward(self, stream: UUID, moment: datetime) -> None:
        """Let time pass for one work order until (a second after) a moment, and what is due by then happen.

        The server's own timers are late by up to some seconds while other work keeps the machine busy, and it does not
        wait for them once the moment is reached; so we do.
        """
        assert self._env is not None, "in real time it does so by itself"
        handle = self.handle(stream)
        present = await self._env.get_current_time(handle)
        ahead = max(moment - present, timedelta(0)) + timedelta(seconds=1)
        await self._env.fast_forward(handle, ahead)
        async with asyncio.timeout(60):
            while await self._is_due(stream, moment):
                await asyncio.sleep(0.02)
        await self.told()

    async def _is_due(self, stream: UUID, moment: datetime) -> bool:
        due = work_order.agenda(await self.order(stream))
        return due is not None and due.at <= moment

    async def runs(self, stream: UUID) -> bool:
        """Whether the work order has a clock that runs."""
        try:
            return (await self.handle(stream).describe()).status is WorkflowExecutionStatus.RUNNING
        except RPCError:
            return False

    async def has_ever_had_a_clock(self, stream: UUID) -> bool:
        try:
            await self.handle(stream).describe()
        except RPCError as error:
            assert error.status is RPCStatusCode.NOT_FOUND  # noqa: PT017 - anything else is not the answer
            return False
        return True

    async def stops(self, stream: UUID) -> None:
        """Wait until the clock has come to an end."""
        async with asyncio.timeout(20):
            await self.handle(stream).result()

    async def listed(self, stream: UUID, status: WorkflowExecutionStatus) -> None:
        """Wait until lists of workflows, which come some time after the facts, show a clock like this."""
        asked = f"WorkflowId = '{clock_id('work_order', stream)}'"
        async with asyncio.timeout(20):
            while [status] != [found.status async for found in self.client.list_workflows(asked)]:
                await asyncio.sleep(0.05)

    # What can be seen -------------------------------------------------------------------------------------------------

    async def order(self, stream: UUID) -> work_order.WorkOrder:
        return (await self.door.load(work_order.decider, stream)).state

    async def facts(self, stream: UUID) -> list[tuple[Event, Metadata]]:
        """Everything that happened, with its envelope."""
        rows = await self.ledger.read(stream)
        return [(_read_event(row.body), _read_meta(row.meta or b"")) for row in rows]

    async def ticks(self, stream: UUID) -> list[Event]:
        """What happened because the clock said so."""
        return [event for event, meta in await self.facts(stream) if meta.actor == CLOCK]

    async def looks(self, stream: UUID) -> int:
        """How often the present run of the clock has looked at the agenda."""
        history = await self.handle(stream).fetch_history()
        return sum(event.HasField("marker_recorded_event_attributes") for event in history.events)
