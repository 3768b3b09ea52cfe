"""A conditional grant lapses by itself: once and at its moment, though the worker was down when it was due."""

import asyncio
from datetime import timedelta
from uuid import UUID

import msgspec
from msgspec.structs import replace
from temporalio.testing import WorkflowEnvironment

from adapters.ledger import PostgresLedger
from domain import lifecycles
from domain.admission import admission_scheme, qualification, vendor
from domain.decider import Command
from domain.lifecycles import AnyDecider
from domain.parties import organisation, person
from domain.ports import Metadata
from tests.domain import trade
from tests.domain.admission.qualifying import FENCE, RULES, VENDOR, granted
from tests.workflows.virtual import Virtual, now, said
from workflows.activities import Activities
from workflows.messages import CLOCK, clock_id
from workflows.triggers import Triggers

STREAM = qualification.stream(VENDOR, "cameras", "")
DAY = timedelta(days=1)


class Gate(Virtual):
    """Qualifications with their clocks, and all other lifecycles beside them."""

    def __init__(self, ledger: PostgresLedger, on: WorkflowEnvironment) -> None:
        super().__init__(ledger, on)
        self.activities = Activities(self.door, ledger, lifecycles.ALL)
        self.triggers = Triggers(
            client=self.client,
            ledger=ledger,
            door=self.door,
            bookmark=self.bookmark,
            deciders=lifecycles.ALL,
            task_queue=self.task_queue,
        )
        self.clock = self.client.get_workflow_handle(clock_id("qualification", STREAM))

    async def put(self, decider: AnyDecider, stream: UUID, *commands: Command) -> None:
        """These commands, one after the other."""
        for command in commands:
            at = msgspec.structs.asdict(command)["at"]
            await self.door.execute(decider, stream, command, said(at))

    async def lapses(self) -> list[qualification.QualificationEvent]:
        """What the clock has told."""
        rows = await self.ledger.read(STREAM)
        return [
            msgspec.json.decode(row.body, type=qualification.decider.tags[row.tag])
            for row in rows
            if msgspec.json.decode(row.meta or b"{}", type=Metadata).actor == CLOCK
        ]

    async def last_of_history(self) -> str:
        """What the clock's workflow did last."""
        history = await self.clock.fetch_history()
        return " ".join(str(event.WhichOneof("attributes")) for event in history.events[-3:])


async def test_a_grant_lapses_once_though_the_worker_was_down(
    ledger: PostgresLedger, temporal: WorkflowEnvironment
) -> None:
    gate, start = Gate(ledger, temporal), now()
    before = start - 2 * DAY
    company = organisation.Register(at=before, name="明达水电", kinds=("vendor",), credit_code=trade.CODE)
    await gate.put(organisation.decider, organisation.stream(trade.CODE), company)
    for each in trade.PEOPLE:
        await gate.put(person.decider, each, person.Register(at=before, name="王建国"))
    await gate.put(vendor.decider, vendor.stream(VENDOR), replace(trade.REGISTER, at=before))
    publish = admission_scheme.Publish(at=before, category="cameras", document=RULES)
    await gate.put(admission_scheme.decider, admission_scheme.stream("cameras"), publish)
    due = (start + 10 * DAY).replace(microsecond=0)
    applied, *others = granted(start, conditions=[replace(FENCE, deadline=due)])
    assert isinstance(applied, qualification.Submit)
    async with gate.following():
        await gate.put(qualification.decider, STREAM, replace(applied, area=""), *others)
        await gate.told()
        async with gate.working():
            await temporal.fast_forward(gate.clock, DAY)
        passing = asyncio.create_task(temporal.fast_forward(gate.clock, 30 * DAY))
        async with asyncio.timeout(20):
            while "timer_fired" not in await gate.last_of_history():  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.05)
        assert [] == await gate.lapses()
        assert qualification.granted_at((await gate.door.load(qualification.decider, STREAM)).state, due) is None

        async with gate.working(), asyncio.timeout(60):
            await passing
            await gate.clock.result()
    lapsed = qualification.Lapsed(at=due, case=1, because="conditions")
    assert await gate.lapses() == [lapsed]
    assert (await gate.door.load(qualification.decider, STREAM)).state.status == "lapsed"
