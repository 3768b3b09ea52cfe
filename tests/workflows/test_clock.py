"""The clock wakes a work order at its moments: once each, whoever was away, in whatever order the news came."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ApplicationError

from adapters.ids import new_id
from domain import work_order
from domain.work_order import Breached, Closed, Escalated, Evidence, Warned
from tests.workflows.virtual import LADDER, RESOLUTION, RESPONSE, WARNING, WINDOW, Virtual, now
from workflows.clock import Clock
from workflows.messages import CLOCK, Facts

MINUTE = timedelta(minutes=1)
NOTE = (Evidence(kind="note", text="replaced the relay"),)


async def test_warning_breach_and_escalation_come_at_their_moments(virtual: Virtual) -> None:
    start = now()
    stream = await virtual.report(start)

    await virtual.forward(stream, start + RESPONSE - WARNING - MINUTE)
    assert [] == await virtual.ticks(stream)

    await virtual.forward(stream, start + RESPONSE - WARNING)
    assert [Warned(at=start + RESPONSE - WARNING, of="response")] == await virtual.ticks(stream)

    await virtual.forward(stream, start + RESOLUTION + LADDER)
    assert await virtual.ticks(stream) == [
        Warned(at=start + RESPONSE - WARNING, of="response"),
        Breached(at=start + RESPONSE, of="response"),
        Warned(at=start + RESOLUTION - WARNING, of="resolution"),
        Breached(at=start + RESOLUTION, of="resolution"),
        Escalated(at=start + RESOLUTION, of="resolution", level=1, to="manager"),
        Escalated(at=start + RESOLUTION + LADDER, of="resolution", level=2, to="city"),
    ]


async def test_what_the_clock_does_can_be_traced_to_the_request_it_follows_from(virtual: Virtual) -> None:
    start = now()
    stream = await virtual.report(start, correlation_id="request-7")
    reported = (await virtual.ledger.read(stream))[-1].position

    await virtual.forward(stream, start + RESPONSE)

    (_, warned), (_, breached) = (await virtual.facts(stream))[-2:]
    assert (warned.actor, warned.occurred_at) == (CLOCK, start + RESPONSE - WARNING)
    assert (warned.correlation_id, warned.caused_by) == ("request-7", reported)
    assert breached.correlation_id == "request-7"
    assert breached.caused_by is not None
    assert breached.caused_by > reported


async def test_a_pause_stops_the_clock_and_resuming_sets_a_new_moment(virtual: Virtual) -> None:
    start = now()
    stream = await virtual.report(start)
    await virtual.forward(stream, start)
    await virtual.do(stream, work_order.Triage(at=start, priority=1), work_order.Assign(at=start, company="c-1"))
    await virtual.do(
        stream, work_order.Start(at=start + MINUTE), work_order.Pause(at=start + 2 * MINUTE, reason="parts")
    )

    await virtual.stops(stream)
    assert [] == await virtual.ticks(stream)

    await virtual.do(stream, work_order.Resume(at=start + timedelta(days=3, minutes=2)))
    late = start + timedelta(days=3) + RESOLUTION
    await virtual.forward(stream, late - MINUTE)
    assert [Warned(at=late - WARNING, of="resolution")] == await virtual.ticks(stream)
    await virtual.forward(stream, late)
    assert Breached(at=late, of="resolution") in await virtual.ticks(stream)


async def test_silence_closes_resolved_work_after_its_window_and_ends_the_clock(virtual: Virtual) -> None:
    start = now()
    stream = await virtual.report(start)
    done = start + MINUTE
    await virtual.do(stream, work_order.Triage(at=done, priority=1), work_order.Resolve(at=done, evidence=NOTE))
    assert await virtual.runs(stream)

    await virtual.forward(stream, done + WINDOW)

    assert [Closed(at=done + WINDOW, silent=True)] == await virtual.ticks(stream)
    await virtual.stops(stream)


async def test_work_that_is_filed_needs_no_clock(virtual: Virtual) -> None:
    start = now()
    stream = await virtual.report(start)
    await virtual.forward(stream, start + MINUTE)
    assert await virtual.runs(stream)

    await virtual.do(stream, work_order.Cancel(at=start + 2 * MINUTE, reason="twice"))

    await virtual.stops(stream)
    assert [] == await virtual.ticks(stream)


async def test_a_moment_that_passes_without_a_worker_is_told_once_when_one_is_back(idle: Virtual) -> None:
    start = now()
    async with idle.following():
        stream = await idle.report(start)
        async with idle.working():
            await idle.forward(stream, start + MINUTE)
        passing = asyncio.create_task(idle.forward(stream, start + RESPONSE + MINUTE))
        async with asyncio.timeout(20):
            while "timer_fired" not in await last_of_history(idle, stream):  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.05)
        assert [] == await idle.ticks(stream)

        async with idle.working():
            await passing

    assert await idle.ticks(stream) == [
        Warned(at=start + RESPONSE - WARNING, of="response"),
        Breached(at=start + RESPONSE, of="response"),
    ]


async def last_of_history(world: Virtual, stream: UUID) -> str:
    history = await world.handle(stream).fetch_history()
    return " ".join(str(event.WhichOneof("attributes")) for event in history.events[-3:])


async def test_old_and_repeated_news_are_no_news(virtual: Virtual) -> None:
    start = now()
    stream = await virtual.report(start)
    position = await virtual.do(stream, work_order.Comment(at=start, text="the relay hums"))
    await virtual.forward(stream, start + MINUTE)
    before = await virtual.looks(stream)

    for old in (position, 1, position - 1, position, 0):
        await virtual.handle(stream).signal(Clock.facts, Facts(old))
    await virtual.forward(stream, start + 2 * MINUTE)

    assert before == await virtual.looks(stream)
    await virtual.forward(stream, start + RESPONSE)
    assert len(await virtual.ticks(stream)) == 2


async def test_news_from_beyond_the_log_do_not_deafen_the_clock(virtual: Virtual) -> None:
    start = now()
    stream = await virtual.report(start)
    await virtual.handle(stream).signal(Clock.facts, Facts(10**12))
    await virtual.forward(stream, start + MINUTE)
    before = await virtual.looks(stream)

    await virtual.do(stream, work_order.Acknowledge(at=start + 2 * MINUTE))
    await virtual.forward(stream, start + 3 * MINUTE)

    assert before < await virtual.looks(stream) <= before + 2
    await virtual.forward(stream, start + RESPONSE)
    assert [] == await virtual.ticks(stream)


async def test_a_long_history_is_continued_in_a_new_run_that_knows_what_was_seen(virtual: Virtual) -> None:
    start = now()
    stream = await virtual.report(start)
    first = (await virtual.handle(stream).describe()).run_id
    position = 0
    for number in range(20):
        position = await virtual.do(stream, work_order.Comment(at=start, text=f"{number}"))
        await virtual.forward(stream, start + (number + 1) * MINUTE)
    assert first != (await virtual.handle(stream).describe()).run_id

    before = await virtual.looks(stream)
    await virtual.handle(stream).signal(Clock.facts, Facts(position))
    await virtual.forward(stream, start + 22 * MINUTE)
    assert before == await virtual.looks(stream)

    await virtual.forward(stream, start + RESOLUTION + LADDER)
    assert len(await virtual.ticks(stream)) == 6


async def test_operators_see_what_a_clock_waits_for(virtual: Virtual) -> None:
    start = now()
    stream = await virtual.report(start)
    await virtual.forward(stream, start + RESPONSE - MINUTE)

    agenda = await virtual.handle(stream).query(Clock.agenda)

    assert agenda is not None
    assert agenda.due is not None
    assert (agenda.due.at, agenda.due.label) == (start + RESPONSE, "breach.response")


async def test_a_message_that_does_not_fit_fails_its_workflow_at_once(virtual: Virtual) -> None:
    with pytest.raises(WorkflowFailureError) as failure:
        await virtual.client.execute_workflow(
            "Clock", {"lifecycle": 7}, id=f"clock/test/{new_id()}", task_queue=virtual.task_queue
        )
    assert isinstance(failure.value.cause, ApplicationError)
    assert "validation" in str(failure.value.cause)
