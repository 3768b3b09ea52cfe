"""Which streams wait for a moment, as the read models know them: from these, lost clocks are started again."""

from adapters.door import LedgerDoor
from adapters.ledger import PostgresLedger
from adapters.wiring.read_models import PROJECTIONS, clocks, waiting
from domain import lifecycles
from domain.admission import vendor
from domain.parties import organisation, person
from tests.domain import trade
from tests.domain.small_town import on
from tests.followed import followed
from tests.projections.town_hall import TownHall


async def test_a_vendor_whose_certificate_will_run_out_waits(ledger: PostgresLedger, door: LedgerDoor) -> None:
    hall = TownHall(door, ledger)
    await hall.do(organisation.decider, _company(), stream=organisation.stream(trade.CODE))
    for each in trade.PEOPLE:
        await hall.do(person.decider, person.Register(at=on(1), name="王建国"), stream=each)
    file = vendor.stream(trade.VENDOR)
    await hall.do(vendor.decider, trade.REGISTER, stream=file)
    async with followed(ledger, *(PROJECTIONS[name] for _, name, _ in clocks(ledger.pool))):
        assert [each async for each in waiting(ledger)] == []
        await hall.do(vendor.decider, trade.CERTIFICATE, stream=file)
        assert [each async for each in waiting(ledger)] == [("vendor", file)]


def test_those_that_wait_are_lifecycles_with_a_clock(ledger: PostgresLedger) -> None:
    named = [name for name, _, _ in clocks(ledger.pool)]
    assert len(named) == len(set(named))
    assert set(named) <= set(lifecycles.by_name)


def test_every_lifecycle_with_an_agenda_has_its_line(ledger: PostgresLedger) -> None:
    plain = organisation.decider.agenda  # of a lifecycle in which nothing ever happens by itself
    timed = {each.name for each in lifecycles.ALL if each.agenda is not plain}
    assert timed == {name for name, _, _ in clocks(ledger.pool)}


def _company() -> organisation.Register:
    return organisation.Register(at=on(1), name="明达水电", kinds=("vendor",), credit_code=trade.CODE)
