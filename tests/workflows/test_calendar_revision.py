"""A calendar that is published anew moves the deadlines of what is under way, once, and both stay in history."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from adapters.bookmark import PostgresBookmark
from adapters.ids import new_id
from adapters.ledger import PostgresLedger
from adapters.temporal import worker
from domain import service_agreement, work_calendar, work_order
from domain.ports import Context, Recorded
from domain.working_time import WorkingTime
from projections import work_order_board
from projections.follower import Follower
from projections.work_order_board import WorkOrderBoard
from tests import everybody
from tests.domain.small_town import GARDEN, LINES, OFFICE, OFFICE_WITH_MAKE_UP, on, report
from workflows import revisions
from workflows.calendar_revision import CalendarRevision
from workflows.triggers import Triggers

OFFICE_CALENDAR = work_calendar.stream("office")


class Town:
    """A ledger with a board, an agreement and a calendar, and whoever revises deadlines."""

    def __init__(self, ledger: PostgresLedger, env: WorkflowEnvironment) -> None:
        self.ledger = ledger
        self.env = env
        self.door = everybody.door_to(ledger)
        self.queue = f"revisions-{new_id()}"
        self.revisions = revisions.Revisions(self.door, ledger, WorkOrderBoard(ledger.pool).unfinished)

    async def publish(self, calendar: WorkingTime, day: int) -> Recorded:
        command = work_calendar.Publish(at=on(day), key="office", working_time=calendar)
        context = Context(actor="tester", occurred_at=command.at)
        await self.door.execute(work_calendar.decider, OFFICE_CALENDAR, command, context)
        return (await self.ledger.read(OFFICE_CALENDAR))[-1]

    async def agree(self) -> None:
        command = service_agreement.Publish(at=on(1, month=1), community=GARDEN, lines=LINES)
        context = Context(actor="tester", occurred_at=command.at)
        await self.door.execute(service_agreement.decider, service_agreement.stream(GARDEN), command, context)

    async def do(self, *commands: work_order.WorkOrderCommand) -> work_order.WorkOrder:
        self.stream = new_id()
        context = Context(actor="tester", occurred_at=on(6))
        await self.door.execute(work_order.decider, self.stream, commands, context)
        return await self.order()

    async def order(self) -> work_order.WorkOrder:
        return (await self.door.load(work_order.decider, self.stream)).state

    @asynccontextmanager
    async def at_work(self) -> AsyncGenerator[None]:
        """The board is followed, triggers read the log, and a worker revises."""
        triggers = Triggers(
            client=self.env.client,
            ledger=self.ledger,
            door=self.door,
            bookmark=PostgresBookmark(self.ledger.pool, "triggers"),
            deciders=(),
            processes=[revisions.PROCESS],
            task_queue=self.queue,
        )
        board = Follower(
            work_order_board.projection, self.ledger, self.ledger.pool, vault=everybody.vault_on(self.ledger)
        )
        async with worker(
            self.env.client,
            task_queue=self.queue,
            workflows=[CalendarRevision],
            activities=[self.revisions.revise_page],
            cached_workflows=0,
            drain=timedelta(seconds=1),
        ):
            duties = [asyncio.create_task(duty) for duty in (board.run(), triggers.follow())]
            try:
                yield
            finally:
                for duty in duties:
                    duty.cancel()
                await asyncio.gather(*duties, return_exceptions=True)

    async def revised(self, event: Recorded) -> None:
        assert await self.ledger.wait("triggers", event.position, timeout=20)
        async with asyncio.timeout(30):
            await self.env.client.get_workflow_handle(revisions.revision_id(event)).result()


@pytest.fixture
async def town(ledger: PostgresLedger, temporal: WorkflowEnvironment) -> Town:
    town = Town(ledger, temporal)
    await town.publish(OFFICE, 1)
    await town.agree()
    return town


FRIDAY_REPORT = (report(on(6, 16)), work_order.Triage(at=on(6, 16, 10), priority=1))


async def test_a_new_version_moves_the_deadlines_of_what_is_under_way(town: Town) -> None:
    order = await town.do(*FRIDAY_REPORT)
    assert order.resolution_due == on(9, 12)
    async with town.at_work():
        await town.revised(await town.publish(OFFICE_WITH_MAKE_UP, 6))
    assert (await town.order()).resolution_due == on(7, 12)

    rows = await town.ledger.read(town.stream)
    clocks = [row.body for row in rows if row.tag == "work_order.clock_set"]
    assert b'"because":"calendar_revised"' in clocks[-1]
    assert b'"calendar_version":2' in clocks[-1]
    assert b'"calendar_version":1' in clocks[-2]


async def test_a_paused_work_order_is_revised_too_and_a_finished_one_is_not(town: Town) -> None:
    finished = (*FRIDAY_REPORT, work_order.Cancel(at=on(6, 16, 30), reason="twice"))
    await town.do(*finished)
    before = len(await town.ledger.read(town.stream))
    cancelled = town.stream
    await town.do(*FRIDAY_REPORT, work_order.Pause(at=on(6, 16, 30), reason="parts"))
    async with town.at_work():
        await town.revised(await town.publish(OFFICE_WITH_MAKE_UP, 6))
    assert (await town.order()).resolution_due == on(7, 12)
    assert len(await town.ledger.read(cancelled)) == before


async def test_a_revision_that_is_repeated_changes_nothing(town: Town) -> None:
    await town.do(*FRIDAY_REPORT)
    async with town.at_work():
        event = await town.publish(OFFICE_WITH_MAKE_UP, 6)
        await town.revised(event)
        head = await town.ledger.head()
        await town.env.client.execute_workflow(
            CalendarRevision.run, revisions.revision_of(event), id=f"again-{new_id()}", task_queue=town.queue
        )
    assert await town.ledger.head() == head
