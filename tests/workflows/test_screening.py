"""Vendors are screened every night and when a list has changed: each once for it, however late it is tried."""

# ruff: noqa: ASYNC110 - a server in virtual time tells nobody when it is done
import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from msgspec.structs import replace
from temporalio.client import WorkflowExecutionStatus, WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from adapters.bookmark import PostgresBookmark
from adapters.ids import new_id
from adapters.ledger import PostgresLedger
from adapters.temporal import worker
from adapters.wiring.working import screenings_on
from domain.admission import vendor
from domain.decider import tag_of
from domain.ports import Append, Context, Metadata, NewEvent, Recorded
from domain.restraint import debarment, screening
from projections.admission import vendor_register
from projections.restraint import debarment_register
from tests import everybody
from tests.domain import trade
from tests.followed import followed
from workflows import screenings
from workflows.messages import Nights, Sweep
from workflows.screening import NightlyScreening, Screening
from workflows.triggers import Triggers

NAMES = ("明达水电有限公司", "宏远物业有限公司", "安泰家政有限公司")
_read = msgspec.json.Decoder(screening.ScreeningEvent).decode


class Town:
    """Vendors, lists, and whoever screens the ones against the others."""

    def __init__(self, ledger: PostgresLedger, env: WorkflowEnvironment) -> None:
        self.ledger = ledger
        self.env = env
        self.door = everybody.door_to(ledger)
        self.queue = f"screening-{new_id()}"
        self.ids: dict[str, str] = {}

    async def register(self, name: str) -> str:
        """A vendor: the id of its organisation."""
        company = str(new_id())
        facts = replace(trade.FACTS, name=name)
        event = replace(trade.REGISTERED, vendor=company, facts=facts, credit_code="")
        body = msgspec.json.encode(event)
        await self.ledger.append(Append(events=(NewEvent(vendor.stream(company), 1, tag_of(event), body),)))
        self.ids[name] = company
        return company

    async def enlist(self, name: str) -> None:
        """An entry on a list."""
        at = datetime(2026, 3, 2, tzinfo=UTC)
        command = debarment.List(
            at=at, list_key="tax", entry_key=name, name=name, listed_on=date(2026, 3, 1), source="税务局"
        )
        await self.door.execute(debarment.decider, debarment.stream("tax", name), command, self._said(at))

    async def delist(self, name: str) -> None:
        """It is off the list again."""
        at = datetime(2026, 3, 3, tzinfo=UTC)
        command = debarment.Delist(at=at, reason="corrected")
        await self.door.execute(debarment.decider, debarment.stream("tax", name), command, self._said(at))

    def _said(self, at: datetime) -> Context:
        return Context(actor="tester", occurred_at=at)

    @asynccontextmanager
    async def working(self, page: int = 2) -> AsyncGenerator[None]:
        """A worker that forgets every workflow between its tasks."""
        activities = screenings_on(self.ledger, self.door)
        object.__setattr__(activities, "page", page)
        async with worker(
            self.env.client,
            task_queue=self.queue,
            workflows=[Screening, NightlyScreening],
            activities=[activities.screen_page],
            cached_workflows=0,
            drain=timedelta(seconds=1),
            sticky=timedelta(seconds=1),
        ):
            yield

    def triggers(self) -> Triggers:
        """What starts screenings."""
        return Triggers(
            client=self.env.client,
            ledger=self.ledger,
            door=self.door,
            bookmark=PostgresBookmark(self.ledger.pool, "triggers"),
            deciders=(),
            processes=screenings.PROCESSES,
            task_queue=self.queue,
        )

    @asynccontextmanager
    async def following(self) -> AsyncGenerator[None]:
        """Triggers read the log."""
        task = asyncio.create_task(self.triggers().follow())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def start(self) -> "WorkflowHandle[Any, Any]":
        """The nights begin."""
        return await self.env.client.start_workflow(
            NightlyScreening.run, Nights(), id=f"nightly-{new_id()}", task_queue=self.queue
        )

    async def facts(self, company: str) -> list[tuple[screening.ScreeningEvent, Metadata]]:
        """What is known of a vendor's screening, with its envelopes."""
        rows = await self.ledger.read(screening.stream(company))
        return [(_read(row.body), msgspec.json.decode(row.meta or b"", type=Metadata)) for row in rows]

    async def screened(self, company: str) -> list[screening.Screened]:
        """When and with what a vendor was screened."""
        return [event for event, _ in await self.facts(company) if isinstance(event, screening.Screened)]

    async def counts(self, expected: int) -> None:
        """Wait until every vendor was screened so many times."""
        async with asyncio.timeout(60):
            while [len(await self.screened(each)) for each in self.ids.values()] != [expected] * len(self.ids):
                await asyncio.sleep(0.05)

    async def found(self, name: str) -> Mapping[str, str]:
        """The matches of a vendor: who was listed, and what was made of it."""
        state = (await self.door.load(screening.decider, screening.stream(self.ids[name]))).state
        return {each.match.name: each.status for each in state.found}


@pytest.fixture
async def town(ledger: PostgresLedger, temporal: WorkflowEnvironment) -> AsyncIterator[Town]:
    town = Town(ledger, temporal)
    for name in NAMES:
        await town.register(name)
    async with followed(ledger, vendor_register.projection, debarment_register.projection):
        yield town


async def test_three_nights_one_without_a_worker_screen_every_vendor_once_each(town: Town) -> None:
    await town.enlist("宏远物业有限责任公司")
    nights = await town.start()
    async with town.working():
        begun = await town.env.get_current_time(nights)
        _, first = screenings.night_after(Nights(), begun)
        await town.env.fast_forward(nights, first - begun + timedelta(seconds=1))
        await town.counts(1)
    ahead = first + timedelta(days=1, hours=3) - await town.env.get_current_time(nights)
    forwarding = asyncio.create_task(town.env.fast_forward(nights, ahead))  # nobody works in the second night
    await asyncio.sleep(0.5)
    assert [len(await town.screened(each)) for each in town.ids.values()] == [1, 1, 1]
    async with town.working():
        await forwarding
        await town.counts(2)
        third = first + timedelta(days=2)
        ahead = third - await town.env.get_current_time(nights) + timedelta(seconds=1)
        await town.env.fast_forward(nights, ahead)
        await town.counts(3)
    await nights.terminate()
    for name, company in town.ids.items():
        told = await town.screened(company)
        assert [each.occasion for each in told] == ["night"] * 3
        assert [each.matches for each in told] == [int(name == "宏远物业有限公司")] * 3
        assert all(each.compared[0].entries == 1 for each in told), "the proof says what was compared"
        assert told[0].at >= first
        assert told[2].at >= third
    assert await town.found("宏远物业有限公司") == {"宏远物业有限责任公司": "awaiting"}
    _, meta = (await town.facts(town.ids[NAMES[0]]))[0]
    assert (meta.actor, meta.correlation_id) == ("screening", f"screening/night/{_day(first)}")


def _day(moment: datetime) -> str:
    return moment.astimezone(screenings.HOUR.tzinfo).date().isoformat()


async def test_a_page_that_is_repeated_records_nothing_twice(town: Town) -> None:
    activities = screenings_on(town.ledger, town.door)
    sweep = Sweep(occasion="night", name="night/2026-03-03", at=datetime(2026, 3, 2, 18, tzinfo=UTC))
    from temporalio.testing import ActivityEnvironment  # noqa: PLC0415 - only here

    for _ in range(2):
        assert await ActivityEnvironment().run(activities.screen_page, sweep) is None
        await town.enlist("安泰家政有限公司")  # what is found the second time is another occasion's to tell
    await town.counts(1)
    assert await town.found("安泰家政有限公司") == {}


async def test_a_changed_list_screens_all_vendors_soon_and_once_for_many_changes(town: Town) -> None:
    async with town.working():
        for number in range(20):
            await town.enlist(f"路人甲{number}有限公司")
        await town.enlist("明达水电有限公司")
        changes = [row for row in await town.ledger.page() if row.tag.startswith("debarment.")]
        async with town.following():
            assert await town.ledger.wait("triggers", await town.ledger.head(), timeout=20)
        sweeps = {screenings.PROCESSES[0].workflow_id(each) for each in changes}
        assert len(sweeps) <= 2, "they fall into the same minutes, or into two neighbours"
        for each in sweeps:
            handle = town.env.client.get_workflow_handle(each)
            await town.env.fast_forward(handle, screenings.GATHER + timedelta(seconds=10))
            async with asyncio.timeout(60):
                await handle.result()
        for company in town.ids.values():
            lists = [each for each in await town.screened(company) if each.occasion == "lists"]
            assert len(lists) == len(sweeps)
        assert await town.found("明达水电有限公司") == {"明达水电有限公司": "awaiting"}
        async with town.following():  # the log is read again: what has come to its end is not begun anew
            assert await town.ledger.wait("triggers", await town.ledger.head(), timeout=20)
        description = await town.env.client.get_workflow_handle(next(iter(sweeps))).describe()
        assert description.status is WorkflowExecutionStatus.COMPLETED


async def test_a_new_vendor_is_screened_at_once(town: Town) -> None:
    await town.enlist("新来水电有限公司")
    async with town.working(), town.following():
        company = await town.register("新来水电有限公司")
        async with asyncio.timeout(60):
            while not await town.screened(company):
                await asyncio.sleep(0.05)
    assert [each.occasion for each in await town.screened(company)] == ["vendor"]
    assert await town.found("新来水电有限公司") == {"新来水电有限公司": "awaiting"}


async def test_the_nights_are_begun_once_and_again_when_they_are_lost(town: Town) -> None:
    nightly = f"nightly-{new_id()}"
    handle = town.env.client.get_workflow_handle(nightly)

    async def keeping() -> str:
        """Two processes see to it for a moment: the run that there is then."""
        keep = [town.triggers().keep(screenings.NIGHTLY, Nights(), nightly, every=timedelta(hours=1)) for _ in "ab"]
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                await asyncio.gather(*keep)
        described = await handle.describe()
        assert described.status is WorkflowExecutionStatus.RUNNING
        return str(described.run_id)

    first = await keeping()
    assert await keeping() == first
    await handle.terminate()
    assert await keeping() != first
    await handle.terminate()


async def test_an_entry_that_was_taken_off_leaves_no_match(town: Town) -> None:
    activities = screenings_on(town.ledger, town.door)
    from temporalio.testing import ActivityEnvironment  # noqa: PLC0415 - only here

    await town.enlist("明达水电有限公司")
    for number in range(2):
        at = datetime(2026, 3, 3 + number, 18, tzinfo=UTC)
        sweep = Sweep(occasion="night", name=f"night/{number}", at=at)
        assert await ActivityEnvironment().run(activities.screen_page, sweep) is None
        found = await town.found("明达水电有限公司")
        assert found == ({"明达水电有限公司": "awaiting"} if number == 0 else {})
        await town.delist("明达水电有限公司")


@pytest.mark.parametrize(
    ("last", "now", "day", "moment"),
    [
        ("", datetime(2026, 3, 2, 17, 59, tzinfo=UTC), "2026-03-03", datetime(2026, 3, 2, 18, tzinfo=UTC)),
        ("", datetime(2026, 3, 2, 18, 0, tzinfo=UTC), "2026-03-04", datetime(2026, 3, 3, 18, tzinfo=UTC)),
        ("2026-03-03", datetime(2026, 3, 2, 18, 1, tzinfo=UTC), "2026-03-04", datetime(2026, 3, 3, 18, tzinfo=UTC)),
        ("2026-03-03", datetime(2026, 3, 3, 21, 0, tzinfo=UTC), "2026-03-04", datetime(2026, 3, 3, 18, tzinfo=UTC)),
        ("2026-03-03", datetime(2026, 3, 9, 21, 0, tzinfo=UTC), "2026-03-10", datetime(2026, 3, 9, 18, tzinfo=UTC)),
    ],
)
def test_the_next_night_is_the_one_ahead_or_the_latest_that_was_slept_through(
    last: str, now: datetime, day: str, moment: datetime
) -> None:
    assert screenings.night_after(Nights(last), now) == (day, moment)


def test_changes_are_gathered_until_the_end_of_their_five_minutes() -> None:
    at = datetime(2026, 3, 2, 10, 4, 59, tzinfo=UTC)
    event = Recorded(1, UUID(int=1), 1, "debarment.listed", b"{}", at, None)
    assert screenings.gathered_until(event) == datetime(2026, 3, 2, 10, 5, tzinfo=UTC)
    assert screenings.gathered_until(replace(event, recorded_at=at + timedelta(seconds=1))).minute == 10
