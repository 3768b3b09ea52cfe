"""Facts start clocks and wake them; what was lost on the way is set right from the log: nothing lost, nothing twice."""

import asyncio
import os
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

from temporalio.client import WorkflowExecutionStatus
from temporalio.testing import WorkflowEnvironment

from adapters.embedded import EmbeddedTemporal
from adapters.ids import new_id
from adapters.ledger import PostgresLedger
from adapters.temporal import connect
from domain import work_order
from domain.decider import Event
from domain.ports import Append, NewEvent
from domain.work_order import Breached, Evidence, Warned
from tests.virtual_time import start_virtual_time
from tests.workflows.virtual import RESOLUTION, RESPONSE, WARNING, Virtual, now, publish_terms

MINUTE = timedelta(minutes=1)
SEVERAL = 100
NOTE = (Evidence(kind="note", text="replaced the relay"),)


async def test_a_case_that_began_and_ended_at_once_never_has_a_clock(virtual: Virtual) -> None:
    old = now() - timedelta(days=400)
    stream = new_id()
    await virtual.do(
        stream,
        work_order.Report(at=old, community="north", category="lift", summary="old", channel="import", reporter="u"),
        work_order.Triage(at=old, priority=2),
        work_order.Resolve(at=old + MINUTE, evidence=NOTE),
        work_order.Close(at=old + 2 * MINUTE, note="imported"),
    )
    assert not await virtual.has_ever_had_a_clock(stream)


async def test_a_late_remark_on_a_closed_case_starts_no_clock(idle: Virtual) -> None:
    start = now()
    stream = await idle.report(start, told=False)
    await idle.do(stream, work_order.Cancel(at=start, reason="twice"), told=False)
    await idle.bookmark.write(await idle.ledger.head())
    async with idle.following():
        await idle.do(stream, work_order.Comment(at=start + MINUTE, text="thanks"))
    assert not await idle.has_ever_had_a_clock(stream)


async def test_following_goes_on_where_it_was_and_a_repeat_changes_nothing(idle: Virtual) -> None:
    start = now()
    async with idle.following():
        first = await idle.report(start)
    second = await idle.report(start, told=False)
    async with idle.following(), idle.working(cached_workflows=SEVERAL):
        await idle.told()
        await idle.forward(first, start + RESPONSE)
        await idle.forward(second, start + RESPONSE)
    await idle.bookmark.write(0)
    async with idle.following(), idle.working(cached_workflows=SEVERAL):
        await idle.told()
        for stream in (first, second):
            await idle.forward(stream, start + RESPONSE + MINUTE)
            assert await idle.ticks(stream) == [
                Warned(at=start + RESPONSE - WARNING, of="response"),
                Breached(at=start + RESPONSE, of="response"),
            ]


async def test_the_place_is_remembered_only_after_the_calls(idle: Virtual) -> None:
    stream = await idle.report(told=False)
    head = await idle.ledger.head()
    async with another_server() as server:
        address = server.client.service_client.config.target_host
        idle.triggers = idle.triggers_to(await connect(address, namespace=server.client.namespace))
    async with idle.following():  # that server is gone, and the client soon gives up
        assert not await idle.ledger.wait("triggers", head, timeout=3)
    assert await idle.bookmark.read() < head

    idle.triggers = idle.triggers_to(idle.client)
    async with idle.following():
        await idle.told()
    assert await idle.runs(stream)


async def test_a_stream_that_cannot_be_read_keeps_no_other_waiting(virtual: Virtual) -> None:
    broken = NewEvent(new_id(), 1, "work_order.reported", b'{"type":"work_order.reported"}')
    await virtual.ledger.append(Append(events=(broken,)))
    stream = await virtual.report()
    assert await virtual.runs(stream)


async def test_events_of_others_in_the_same_tables_are_passed_over(virtual: Virtual) -> None:
    await virtual.ledger.append(Append(events=(NewEvent(new_id(), 1, "theirs:Event", b"\x00"),)))
    stream = await virtual.report()
    assert await virtual.runs(stream)


async def test_reconciling_starts_what_is_missing_and_only_that(idle: Virtual) -> None:
    start = now()
    async with idle.following(), idle.working(cached_workflows=SEVERAL):
        with_clock = await idle.report(start)
        filed = await idle.report(start)
        await idle.do(filed, work_order.Cancel(at=start, reason="twice"))
        await idle.stops(filed)
        lost = await idle.report(start)
        await idle.handle(lost).terminate()
        await idle.listed(with_clock, WorkflowExecutionStatus.RUNNING)
        await idle.listed(lost, WorkflowExecutionStatus.TERMINATED)

        assert await idle.reconcile() == 1

        assert await idle.runs(lost)
        assert not await idle.runs(filed)
        await idle.forward(lost, start + RESPONSE)
        assert len(await idle.ticks(lost)) == 2


@asynccontextmanager
async def another_server() -> AsyncGenerator[WorkflowEnvironment]:
    """A Temporal server that knows nothing yet."""
    env = await start_virtual_time()
    try:
        yield env
    finally:
        await env.shutdown()


async def test_all_clocks_are_rebuilt_on_an_empty_server_nothing_lost_and_nothing_twice(ledger: PostgresLedger) -> None:
    start = now()
    async with another_server() as first:
        before = Virtual(ledger, first)
        await publish_terms(before.door)
        async with before.following(), before.working(cached_workflows=SEVERAL):
            streams = [await before.report(start) for _ in range(5)]
            untouched, warned, breached, paused, filed = streams
            await before.forward(warned, start + RESPONSE - WARNING)
            await before.forward(breached, start + RESPONSE)
            await before.do(paused, work_order.Triage(at=start, priority=1))
            await before.do(paused, work_order.Pause(at=start + MINUTE, reason="weather"))
            await before.do(filed, work_order.Cancel(at=start, reason="twice"))

    async with another_server() as second:
        after = Virtual(ledger, second)
        assert 3 == await after.reconcile()
        assert 3 == len([stream for stream in streams if await after.runs(stream)])
        async with after.following(), after.working(cached_workflows=SEVERAL):
            for stream in (untouched, warned, breached):
                await after.forward(stream, start + RESOLUTION)
                assert await after.ticks(stream) == everything(start)[:5]
            await after.do(paused, work_order.Resume(at=start + timedelta(days=1, minutes=1)))
            await after.forward(paused, start + timedelta(days=1) + RESPONSE)
            assert await after.ticks(paused) == everything(start + timedelta(days=1))[:2]
            assert [] == await after.ticks(filed)


def everything(start: datetime) -> list[Event]:
    return [
        Warned(at=start + RESPONSE - WARNING, of="response"),
        Breached(at=start + RESPONSE, of="response"),
        Warned(at=start + RESOLUTION - WARNING, of="resolution"),
        Breached(at=start + RESOLUTION, of="resolution"),
        work_order.Escalated(at=start + RESOLUTION, of="resolution", level=1, to="manager"),
    ]


async def test_a_killed_temporal_server_fires_what_came_due_meanwhile_once(
    ledger: PostgresLedger, tmp_path: Path
) -> None:
    server = EmbeddedTemporal.start(tmp_path)
    try:
        client = await connect(server.address)
        world = Virtual(ledger, client)
        await publish_terms(world.door)
        soon = now() + timedelta(seconds=3)
        async with world.following(), world.working(cached_workflows=SEVERAL):
            stream = await world.report(soon - RESPONSE + WARNING)
            os.kill(server.pid, signal.SIGKILL)
            await asyncio.sleep(max(0.0, (soon - now()).total_seconds()))
            server.stop()
            server = EmbeddedTemporal.start(tmp_path, port=server.port)
            async with asyncio.timeout(30):
                while not await world.ticks(stream):  # noqa: ASYNC110 - real time, on purpose
                    await asyncio.sleep(0.1)
            await world.told()
        assert [Warned(at=soon, of="response")] == await world.ticks(stream)
    finally:
        server.stop()
