"""A sanctioned vendor's work is seen to, item by item: chosen or held, refused or done, once, and reported on."""

import asyncio

# ruff: noqa: ASYNC110 - a server in virtual time tells nobody when it is done
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from msgspec.structs import replace
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from adapters.bookmark import PostgresBookmark
from adapters.ids import new_id
from adapters.ledger import PostgresLedger
from adapters.temporal import worker
from domain import lifecycles, work_order
from domain.admission import admission_scheme, vendor, waiver
from domain.decider import Command
from domain.engaging import engagement
from domain.engaging.engagement import Engagement
from domain.lifecycles import AnyDecider
from domain.parties import organisation, person
from domain.ports import Context, Metadata
from domain.restraint import fan_out, sanction
from domain.restraint.fan_out import Choice, Count, FanOut
from projections import work_order_board
from projections.admission import engagement_board
from projections.admission.engagement_board import EngagementBoard, ListedEngagement
from projections.restraint import fan_out_board, sanction_register
from projections.restraint.fan_out_board import FanOutBoard
from projections.restraint.sanction_register import SanctionRegister
from projections.work_order_board import WorkOrderBoard
from tests import everybody
from tests.domain import trade
from tests.domain.admission import qualifying
from tests.followed import followed
from tests.workflows.virtual import publish_terms
from workflows import fan_outs
from workflows.activities import Activities
from workflows.carrying_out import Engagements, WorkOrders
from workflows.clock import Clock
from workflows.fan_outs import FanOuts, Wish
from workflows.messages import clock_id
from workflows.suspension_fan_out import SuspensionFanOut
from workflows.triggers import Triggers
from workflows.under_way import BOARDS, Boards

CATEGORY = "lifts"
_read_meta = msgspec.json.Decoder(Metadata).decode


def now() -> datetime:
    return datetime.now(UTC)


class Dying(Engagements):
    """Dies once, between what it did and saying so."""

    deaths = 1

    async def hold(self, wish: Wish) -> None:
        await super().hold(wish)
        if Dying.deaths:
            Dying.deaths -= 1
            msg = "the machine is gone"
            raise RuntimeError(msg)


class Behind(EngagementBoard):
    """A board that has not heard of everything yet."""

    unheard_of: UUID | None = None

    async def in_flight(self, vendor: str) -> list[ListedEngagement]:
        return [row for row in await super().in_flight(vendor) if row.id != self.unheard_of]


class City:
    """Two vendors in a city, what they are engaged for, and whoever sees to sanctions."""

    def __init__(self, ledger: PostgresLedger, env: WorkflowEnvironment) -> None:
        self.ledger, self.env = ledger, env
        self.door = everybody.door_to(ledger)
        self.queue = f"fan-outs-{new_id()}"
        self.vendor, self.other, self.stranger = (str(new_id()) for _ in range(3))
        self.engaged: list[UUID] = []
        self.board = Behind(ledger.pool)
        strict = everybody.real_door_to(ledger)  # what a fan-out does, the table of permissions must allow it
        self.fan_outs = FanOuts(
            door=strict,
            ledger=ledger,
            under_way=Boards(WorkOrderBoard(ledger.pool), self.board).under_way,
            work={"engagement": Dying(strict), "work_order": WorkOrders(strict)},
            boards=BOARDS,
        )
        self.activities = Activities(self.door, ledger, lifecycles.ALL)

    async def do(self, decider: AnyDecider, stream: UUID, *commands: Command, by: str = "lin") -> None:
        for command in commands:
            at: datetime = msgspec.structs.asdict(command)["at"]
            await self.door.execute(decider, stream, command, Context(actor=by, occurred_at=at))

    async def build(self) -> None:
        """Two of three vendors may be engaged."""
        await publish_terms(self.door)
        at = now()
        for each in trade.PEOPLE:
            await self.do(person.decider, each, person.Register(at=at, name="某人"))
        for number, company in enumerate((self.vendor, self.other, self.stranger)):
            register = organisation.Register(at=at, name="明达水电", kinds=("vendor",), country="SG")
            await self.do(organisation.decider, UUID(company), register)
            file = replace(trade.REGISTER, at=at, vendor=company, credit_code="", registration_number=f"SG {number}")
            accept = vendor.Verify(at=at, declaration=1, accepted=True)
            await self.do(vendor.decider, vendor.stream(company), file, accept)
        rules = admission_scheme.Publish(at=at, category=CATEGORY, document=qualifying.RULES)
        await self.do(admission_scheme.decider, admission_scheme.stream(CATEGORY), rules)
        for company in (self.vendor, self.other):
            propose = waiver.Propose(
                at=at,
                vendor=company,
                category=CATEGORY,
                reason="public_safety",
                text="电梯停运",
                what=("award", "offer", "accept", "work"),
                until=at + timedelta(days=30),
                by="anna",
            )
            await self.do(
                waiver.decider, waiver.stream(company, CATEGORY), propose, waiver.Sign(at=now(), number=1, by="bo")
            )

    async def engage(self, status: str) -> UUID:
        """An engagement that has come so far."""
        stream = new_id()
        give = engagement.Offer if status == "offered" else engagement.Award
        await self.do(
            engagement.decider,
            stream,
            give(at=now(), vendor=self.vendor, category=CATEGORY, item="job", title="电梯维保", value_fen=100_00),
        )
        steps = (engagement.Accept, engagement.Start, engagement.Finish, engagement.PayOut)
        reached = {"accepted": 1, "started": 2, "finished": 3, "paid": 4}.get(status, 0)
        for step in steps[:reached]:
            await self.do(engagement.decider, stream, step(at=now()))
        if status == "cancelled":
            await self.do(engagement.decider, stream, engagement.Cancel(at=now(), reason="not_needed"))
        if status == "declined":
            await self.do(engagement.decider, stream, engagement.Decline(at=now(), reason="terms"))
        self.engaged.append(stream)
        return stream

    async def order(self, *, started: bool) -> UUID:
        """A work order that the vendor has."""
        stream, at = new_id(), now()
        steps: list[work_order.WorkOrderCommand] = [
            work_order.Report(
                at=at, community="north", category=CATEGORY, summary="stuck", channel="staff", reporter="u-1"
            ),
            work_order.Triage(at=at, priority=2),
            work_order.Assign(at=at, company=self.vendor),
        ]
        await self.do(work_order.decider, stream, *steps, *([work_order.Start(at=now())] if started else []))
        return stream

    async def suspend(self, until: datetime | None = None) -> None:
        command = sanction.Suspend(
            at=now(),
            vendor=self.vendor,
            by="lin",
            reason="quality",
            text="三次返修不合格",
            categories=(CATEGORY,),
            until=until,
        )
        await self.do(sanction.decider, sanction.stream(self.vendor), command)

    async def choose(self, item: UUID, choice: Choice, to: str = "") -> None:
        command = fan_out.Choose(at=now(), by="lin", item=str(item), choice=choice, reason="other", to=to)
        await self.do(fan_out.decider, self.stream, command)

    @property
    def stream(self) -> UUID:
        return fan_out.stream(self.vendor, 1)

    async def fan_out(self) -> FanOut:
        return (await self.door.load(fan_out.decider, self.stream)).state

    async def engagement(self, stream: UUID) -> Engagement:
        return (await self.door.load(engagement.decider, stream)).state

    async def until(self, is_so: Callable[[FanOut], bool]) -> FanOut:
        """Wait until something is true of the fan-out."""
        async with asyncio.timeout(40):
            while not is_so(found := await self.fan_out()):
                await asyncio.sleep(0.02)
        return found

    async def done_by_the_fan_out(self, stream: UUID) -> list[str]:
        """The tags of what it did to an item."""
        rows = await self.ledger.read(stream)
        return [row.tag for row in rows if _read_meta(row.meta or b"").actor == fan_outs.BY]

    @asynccontextmanager
    async def following(self) -> AsyncGenerator[None]:
        """The board is followed, and triggers read the log."""
        self.triggers = triggers = Triggers(
            client=self.env.client,
            ledger=self.ledger,
            door=self.door,
            bookmark=PostgresBookmark(self.ledger.pool, "triggers"),
            deciders=(fan_out.decider, sanction.decider),
            processes=[fan_outs.PROCESS],
            task_queue=self.queue,
        )
        async with followed(self.ledger, work_order_board.projection, engagement_board.projection):
            task = asyncio.create_task(triggers.follow())
            try:
                yield
            finally:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    @asynccontextmanager
    async def working(self) -> AsyncGenerator[None]:
        async with worker(
            self.env.client,
            task_queue=self.queue,
            workflows=[SuspensionFanOut, Clock],
            activities=[
                self.fan_outs.find,
                self.fan_outs.carry_out,
                self.fan_outs.report,
                self.activities.agenda,
                self.activities.elapse,
            ],
            drain=timedelta(seconds=1),
            sticky=timedelta(seconds=1),
        ):
            yield

    async def deadline_comes(self) -> None:
        """Time passes for the clock of the fan-out."""
        deadline = (await self.fan_out()).deadline
        assert deadline is not None
        assert await self.ledger.wait("triggers", await self.ledger.head(), timeout=20)
        handle = self.env.client.get_workflow_handle(clock_id("fan_out", self.stream))
        present = await self.env.get_current_time(handle)
        await self.env.fast_forward(handle, deadline - present + timedelta(seconds=1))

    async def reported(self) -> tuple[Count, ...]:
        found = await self.until(lambda state: state.closed_at is not None)
        handle = self.env.client.get_workflow_handle(f"fan_out/{self.stream}")
        async with asyncio.timeout(20):
            await handle.result()
        return found.report


@pytest.fixture
async def city(ledger: PostgresLedger, temporal: WorkflowEnvironment) -> AsyncIterator[City]:
    Dying.deaths = 1
    built = City(ledger, temporal)
    await built.build()
    async with built.following():
        yield built
    for name in (f"fan_out/{built.stream}", clock_id("fan_out", built.stream)):
        with suppress(RPCError):
            await temporal.client.get_workflow_handle(name).terminate()


def all_known(state: FanOut) -> bool:
    return state.begun_at is not None


async def test_everything_under_way_gets_what_was_chosen_for_it_or_is_held_and_nothing_twice(city: City) -> None:
    awarded, offered, accepted, started, finished = [
        await city.engage(status) for status in ("awarded", "offered", "accepted", "started", "finished")
    ]
    over = [await city.engage(status) for status in ("declined", "cancelled")]
    waiting, working = await city.order(started=False), await city.order(started=True)
    await city.suspend()
    async with city.working():
        begun = await city.until(all_known)
        assert {UUID(each.item.id) for each in begun.entries} == {
            awarded, offered, accepted, started, finished, waiting, working
        }  # fmt: skip
        await city.choose(finished, "keep")
        await city.choose(awarded, "reassign", city.stranger)
        await city.until(lambda state: getattr(state.one(str(awarded)), "status", "") == "refused")

    await city.choose(awarded, "reassign", city.other)  # nobody is at work: it waits
    await city.choose(offered, "cancel")
    await city.choose(waiting, "reassign", city.other)
    await city.choose(working, "keep")
    async with city.working():
        await city.until(lambda state: len(state.undecided) == 2 and not state.to_do)
        await city.deadline_comes()
        report = await city.reported()

    assert report == (
        Count("cancel", "done", 1),
        Count("hold", "done", 2, by_default=True),
        Count("keep", "done", 2),
        Count("reassign", "done", 2),
    )
    assert Dying.deaths == 0
    did = {stream: await city.done_by_the_fan_out(stream) for stream in (*city.engaged, waiting, working)}
    assert did == {
        awarded: ["engagement.reassigned"],
        offered: ["engagement.cancelled"],
        accepted: ["engagement.held"],
        started: ["engagement.held"],
        finished: ["engagement.kept"],
        waiting: ["work_order.handed_over"],
        working: [],
    } | {each: [] for each in over}
    assert (await city.engagement(awarded)).vendor == city.other
    assert (await city.engagement(finished)).kept == ("1",)


async def test_with_nothing_under_way_it_reports_at_once(city: City) -> None:
    await city.suspend()
    async with city.working():
        assert await city.reported() == ()


async def test_what_slipped_in_just_before_the_sanction_is_found_by_the_second_look(city: City) -> None:
    first = await city.engage("accepted")
    slipped = await city.engage("awarded")
    city.board.unheard_of = slipped
    await city.suspend()
    async with city.working():
        begun = await city.until(all_known)
        city.board.unheard_of = None
        await city.choose(first, "cancel")
        found = await city.until(lambda state: len(state.entries) == 2)
        assert begun.deadline is not None
        assert found.deadline is not None
        assert found.deadline > begun.deadline
        await city.deadline_comes()
        assert await city.reported() == (
            Count("cancel", "done", 1),
            Count("hold", "done", 1, by_default=True),
        )


async def test_what_has_gone_to_somebody_else_meanwhile_is_left_alone(city: City) -> None:
    item = await city.engage("accepted")
    await city.suspend()
    async with city.working():
        await city.until(all_known)
        away = engagement.Reassign(at=now(), vendor=city.other, reason="quality")
        await city.do(engagement.decider, item, away)
        await city.choose(item, "hold")
        found = await city.until(lambda state: getattr(state.one(str(item)), "status", "") == "refused")
        entry = found.one(str(item))
        assert entry is not None
        assert entry.code == "TheirsNoLonger"
        await city.deadline_comes()
        assert await city.reported() == (Count("hold", "refused", 1, by_default=True),)
    assert await city.done_by_the_fan_out(item) == []


async def test_a_term_runs_out_once_and_what_nobody_chose_for_by_then_goes_on(city: City) -> None:
    item = await city.engage("accepted")
    until = now() + timedelta(days=2)
    await city.suspend(until)
    vendor_stream = sanction.stream(city.vendor)
    async with city.working():
        await city.until(all_known)
        handle = city.env.client.get_workflow_handle(clock_id("sanction", vendor_stream))
        await city.env.fast_forward(handle, timedelta(days=2, seconds=1))
        async with asyncio.timeout(20):
            while not (await city.door.load(sanction.decider, vendor_stream)).state.all[0].ended:
                await asyncio.sleep(0.02)
        await city.deadline_comes()
        assert await city.reported() == (Count("keep", "done", 1, by_default=True),)
    rows = await city.ledger.read(vendor_stream)
    assert [row.tag for row in rows] == ["sanction.suspended", "sanction.expired"]
    assert (await city.door.load(sanction.decider, vendor_stream)).state.all[0].ended_at == until
    assert (await city.engagement(item)).held == ""


async def test_a_fan_out_whose_workflow_was_lost_goes_on_at_the_deadline(city: City) -> None:
    await city.engage("accepted")
    await city.suspend()
    handle = city.env.client.get_workflow_handle(f"fan_out/{city.stream}")
    async with city.working():
        await city.until(all_known)
        await handle.terminate()
        await city.deadline_comes()
        assert await city.reported() == (Count("hold", "done", 1, by_default=True),)


async def test_a_fan_out_that_a_server_without_memory_never_heard_of_is_started_again(city: City) -> None:
    await city.engage("accepted")
    await city.suspend()
    assert await city.ledger.wait("triggers", await city.ledger.head(), timeout=20)
    handle = city.env.client.get_workflow_handle(f"fan_out/{city.stream}")
    await handle.terminate()
    register, board = SanctionRegister(city.ledger.pool), FanOutBoard(city.ledger.pool)
    async with followed(city.ledger, sanction_register.projection, fan_out_board.projection), city.working():

        async def missing() -> list[str]:
            for read_model in (sanction_register.projection, fan_out_board.projection):
                assert await city.ledger.wait(read_model.name, await city.ledger.head(), timeout=20)
            return [name async for name, _ in fan_outs.unfinished(city.door, register, board)]

        assert await missing() == [f"fan_out/{city.stream}"]
        keeping = asyncio.create_task(
            city.triggers.keep_each(fan_outs.NAME, lambda: fan_outs.unfinished(city.door, register, board))
        )
        begun = await city.until(all_known)
        assert await missing() == [f"fan_out/{city.stream}"]
        await city.choose(UUID(begun.entries[0].item.id), "cancel")
        assert await city.reported() == (Count("cancel", "done", 1),)
        assert await missing() == []
        keeping.cancel()


async def test_an_event_that_is_read_again_changes_nothing(city: City) -> None:
    await city.engage("accepted")
    await city.suspend()
    async with city.working():
        await city.until(all_known)
        await city.deadline_comes()
        await city.reported()
        head = await city.ledger.head()
        suspended = (await city.ledger.read(sanction.stream(city.vendor)))[0]
        again = await city.env.client.start_workflow(
            SuspensionFanOut.run,
            fan_outs.run_of(suspended),
            id=fan_outs.run_id(suspended),
            task_queue=city.queue,
        )
        await again.result()
        assert (await again.describe()).status is WorkflowExecutionStatus.COMPLETED
    assert await city.ledger.head() == head
