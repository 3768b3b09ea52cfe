"""A period is closed at its moment, once, however late the worker is and however often the clock says so."""

from datetime import timedelta

from adapters.door import LedgerDoor
from adapters.ledger import PostgresLedger
from domain import lifecycles
from domain.evaluation import rating_scheme, standing
from domain.parties import organisation
from domain.ports import Context
from tests.domain.evaluation import rated
from tests.domain.small_town import on
from workflows.activities import Activities
from workflows.messages import Moment, Watch

DUE = rated.closing("2026-03").at


async def test_a_late_worker_closes_once_at_the_moment_that_was_due(ledger: PostgresLedger, door: LedgerDoor) -> None:
    stream = standing.stream(str(rated.FIXIT))
    said = Context(actor="clerk", occurred_at=on(1))
    fixit = organisation.Register(at=on(1, month=1), name="明达水电", kinds=("owners_committee",))
    await door.execute(organisation.decider, rated.FIXIT, fixit, said)
    await door.execute(rating_scheme.decider, rating_scheme.stream("vendors"), rated.PUBLISH, said)
    await door.execute(standing.decider, stream, rated.bad_month(3), said)
    activities = Activities(door, ledger, lifecycles.ALL)
    agenda = await activities.agenda(Watch(lifecycle="standing", stream=stream, seen=0))
    assert agenda.due is not None
    assert (agenda.due.at, agenda.due.label) == (DUE, "2026-03")
    for at in (DUE, DUE, DUE + timedelta(days=30)):
        late = Moment(
            lifecycle="standing",
            stream=stream,
            label=agenda.due.label,
            at=at,
            version=agenda.version,
            position=agenda.position,
        )
        await activities.elapse(late)
    tags = [row.tag for row in await ledger.read(stream)]
    assert tags.count("standing.period_closed") == tags.count("standing.band_changed") == 1
    known = (await door.load(standing.decider, stream)).state
    assert (known.band, known.band_since) == ("suspended", DUE)
    assert (await activities.agenda(Watch(lifecycle="standing", stream=stream, seen=0))).due is None
