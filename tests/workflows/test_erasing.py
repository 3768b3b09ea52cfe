"""Data that a law demanded to keep is erased on its day: once, however late and however often the clock says so."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from adapters.door import LedgerDoor
from adapters.ledger import PostgresLedger
from domain import lifecycles
from domain.parties import person
from domain.parties.person import PersonCommand
from domain.ports import Context
from workflows.activities import Activities
from workflows.messages import Moment, Watch

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
DAY_COMES = START + timedelta(days=1096)
SAID = Context(actor="clerk", occurred_at=START)


async def test_a_late_worker_erases_once_at_the_moment_that_was_due(ledger: PostgresLedger, door: LedgerDoor) -> None:
    stream = uuid4()
    life: list[PersonCommand] = [
        person.Register(at=START, name="张三", phone="13812345678"),
        person.Hold(at=START, until=DAY_COMES, law="e_commerce_law_31"),
        person.Erase(at=START, reason="request"),
    ]
    await door.execute(person.decider, stream, life, SAID)
    activities = Activities(door, ledger, lifecycles.ALL)
    agenda = await activities.agenda(Watch(lifecycle="person", stream=stream, seen=0))
    assert agenda.due is not None
    assert (agenda.due.at, agenda.due.label) == (DAY_COMES, "erase")
    for at in (DAY_COMES, DAY_COMES, DAY_COMES + timedelta(days=30)):
        late = Moment(
            lifecycle="person",
            stream=stream,
            label=agenda.due.label,
            at=at,
            version=agenda.version,
            position=agenda.position,
        )
        await activities.elapse(late)
    tags = [row.tag for row in await ledger.read(stream)]
    assert tags == ["person.registered", "person.held", "person.restricted", "person.erased"]
    known = await door.load(person.decider, stream)
    assert known.state.erased_at == DAY_COMES
    assert (known.state.name, known.state.phone) == ("", "")
    assert (await activities.agenda(Watch(lifecycle="person", stream=stream, seen=0))).due is None
