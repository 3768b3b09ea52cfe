"""The boards of lists, screenings and agreements find what they say, for whom it concerns, and know who waits."""

from collections.abc import AsyncIterator
from datetime import date
from uuid import UUID

import msgspec
import pytest
from msgspec.structs import replace

from adapters.ids import new_id
from adapters.ledger import PostgresLedger
from domain import lifecycles
from domain.access.permission import Sight
from domain.concession.messages import Ended, Milestone
from domain.decider import Event, tag_of
from domain.ports import Append, NewEvent
from domain.restraint import debarment, screening
from projections import concession_board
from projections.concession_board import ConcessionBoard
from projections.projection import Projection
from projections.rebuild import rebuild
from projections.restraint import debarment_register, screening_board
from projections.restraint.debarment_register import DebarmentRegister
from projections.restraint.screening_board import ScreeningBoard
from projections.table import digest
from tests import everybody
from tests.domain.concession.test_agreement import CONFIRMED, CONTRACT, MISSED, SHOWN, SIGNED
from tests.domain.restraint.test_debarment import CODE, LISTED
from tests.domain.restraint.test_screening import ALIKE, BY_CODE, VENDOR, screened
from tests.domain.small_town import WILLOWS, on
from tests.followed import followed
from workflows.activities import Activities
from workflows.messages import Moment, Watch

OTHER = "00000000-0000-7000-8000-00000000c0c0"
ALL = (debarment_register.projection, screening_board.projection, concession_board.projection)


class Log:
    """Puts histories into the log."""

    def __init__(self, ledger: PostgresLedger) -> None:
        self.ledger = ledger
        self.pool = ledger.pool

    async def tell(self, stream: UUID, *events: Event) -> UUID:
        """A history, and everybody has heard of it."""
        rows = tuple(
            NewEvent(stream, n, tag_of(event), msgspec.json.encode(event)) for n, event in enumerate(events, 1)
        )
        await self.ledger.append(Append(events=rows))
        for projection in ALL:
            assert await self.ledger.wait(projection.name, await self.ledger.head(), timeout=20)
        return stream


@pytest.fixture
async def log(ledger: PostgresLedger) -> AsyncIterator[Log]:
    async with followed(ledger, *ALL):
        yield Log(ledger)


async def test_entries_are_found_and_all_that_stand_are_handed_out_to_compare_with(log: Log) -> None:
    register = DebarmentRegister(log.pool)
    assert await register.newest() == 0
    first = await log.tell(debarment.stream("dishonest", "e-1"), LISTED)
    other = replace(LISTED, list_key="tax", entry_key="e-2", name="ABC Ltd", credit_code="", until=None)
    second = await log.tell(debarment.stream("tax", "e-2"), other)
    gone = debarment.Delisted(at=on(3), reason="mistake")
    await log.tell(debarment.stream("tax", "e-3"), replace(other, entry_key="e-3"), gone)

    async def found(**filters: object) -> set[str]:
        rows = await register.page(debarment_register.Filters(**filters), None, 50)  # type: ignore[arg-type]
        return {row.state.entry_key for row in rows}

    assert await found() == {"e-1", "e-2", "e-3"}
    assert await found(list_key="tax", listed=True) == {"e-2"}
    assert await found(words="abc", listed=False) == {"e-3"}
    assert await found(credit_code=CODE) == {"e-1"}
    assert await found(counts_on=date(2026, 3, 20)) == {"e-1", "e-2"}
    assert await found(counts_on=date(2026, 3, 21)) == {"e-2"}
    standing = await register.standing()
    assert {stream for stream, _ in standing.entries} == {first, second}
    assert standing.position == await log.ledger.head() == await register.newest()


async def test_a_vendor_sees_its_own_screening_and_reviewers_what_awaits_them(log: Log) -> None:
    board = ScreeningBoard(log.pool)
    strong = screening.Matched(at=on(2), match=BY_CODE)
    alike = screening.Matched(at=on(2), match=ALIKE)
    confirmed = screening.Confirmed(at=on(3), by="officer", entry=ALIKE.entry, reason="branch")
    await log.tell(screening.stream(VENDOR), screened(2, 1), strong)
    await log.tell(screening.stream(OTHER), replace(screened(2, 1), vendor=OTHER, name="别家"), alike, confirmed)

    async def found(**filters: object) -> list[str]:
        return [row.state.vendor for row in await board.page(screening_board.Filters(**filters), None, 50)]  # type: ignore[arg-type]

    assert await found(awaiting=True) == [VENDOR] == await found(strong=True)
    assert await found(confirmed=True) == [OTHER]
    assert await found(words="别", awaiting=False) == [OTHER] == await found(vendor=OTHER)
    assert await found(sight=Sight(everything=True)) == [OTHER, VENDOR]
    assert await found(sight=Sight(organisations=(VENDOR,))) == [VENDOR]
    assert await found(sight=Sight(areas=("33",))) == []


async def test_agreements_are_seen_by_their_parties_and_where_they_are_for(log: Log) -> None:
    board = ConcessionBoard(log.pool)
    running = await log.tell(new_id(), SIGNED, MISSED)
    done = await log.tell(new_id(), replace(SIGNED, area="34", vendor=OTHER), SHOWN)

    async def found(**filters: object) -> list[UUID]:
        return [row.id for row in await board.page(concession_board.Filters(**filters), None, 50)]  # type: ignore[arg-type]

    assert await found() == [running, done]
    assert await found(missed=True) == [running]
    assert await found(submitted=True) == [done] == await found(vendor=OTHER)
    assert await found(within="3301") == [running]
    assert await found(sight=Sight(areas=(WILLOWS[:6],))) == [running]
    assert await found(sight=Sight(organisations=(OTHER,))) == [done]
    assert await found(sight=Sight(organisations=(SIGNED.grantor,))) == [running, done]
    assert await found(sight=Sight()) == []


async def test_who_waits_for_a_due_moment_is_known_and_missed_once_however_late(log: Log) -> None:
    stream = await log.tell(new_id(), SIGNED)
    ended = await log.tell(new_id(), SIGNED, Ended(at=on(2), reason="by_agreement"))
    assert [each async for each in ConcessionBoard(log.pool).open_clocks()] == [stream]
    assert stream != ended
    activities = Activities(everybody.door_to(log.ledger), log.ledger, lifecycles.ALL)
    watch = Watch(lifecycle="concession", stream=stream)
    agenda = await activities.agenda(watch)
    assert agenda.due is not None
    assert (agenda.due.at, agenda.due.label) == (on(20), "missed/cameras")
    moment = Moment(
        lifecycle="concession",
        stream=stream,
        label=agenda.due.label,
        at=agenda.due.at,
        version=agenda.version,
        position=agenda.position,
    )
    for _ in range(2):  # a worker that comes back after the moment, and tries it again
        await activities.elapse(moment)
    assert [row.tag for row in await log.ledger.read(stream)] == ["concession.signed", "concession.missed"]
    after = await activities.agenda(watch)
    assert after.due is not None
    assert after.due.label == "missed/parking"


@pytest.mark.parametrize("projection", ALL, ids=lambda each: each.name)
async def test_a_rebuilt_one_is_the_same(log: Log, projection: Projection[object, Event]) -> None:
    await log.tell(debarment.stream("dishonest", "e-1"), LISTED)
    await log.tell(screening.stream(VENDOR), screened(2, 1), screening.Matched(at=on(2), match=ALIKE))
    contract = replace(CONTRACT, milestones=(*CONTRACT.milestones, Milestone("third", "x", on(21))))
    await log.tell(new_id(), replace(SIGNED, contract=contract), SHOWN, CONFIRMED)
    async with log.pool.acquire() as connection:
        live = await digest(connection, projection)
        await rebuild(projection, log.ledger, log.pool, vault=everybody.vault_on(log.ledger))
        assert await digest(connection, projection) == live
    assert live.rows == 1
