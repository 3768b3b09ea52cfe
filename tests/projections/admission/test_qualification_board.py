"""The board shows every qualification: who waits for whom, who is qualified where and when, what ends next."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
from msgspec.structs import replace

from adapters.door import LedgerDoor
from adapters.ids import new_id
from adapters.ledger import PostgresLedger
from domain.access.permission import Sight
from domain.admission import admission_scheme, qualification, vendor
from domain.admission.qualification import QualificationCommand
from domain.decider import Elapse
from domain.parties import organisation, person
from projections.admission import scheme_register
from projections.admission.qualification_board import Filters, QualificationBoard, projection
from projections.listing import Key, written
from projections.rebuild import rebuild
from projections.table import digest
from tests.domain import trade
from tests.domain.admission.qualifying import (
    DISTRICT,
    LICENCE,
    RULES,
    SAFETY,
    VENDOR,
    granted,
    reviewed,
    submit,
)
from tests.domain.small_town import WILLOWS, on
from tests.followed import followed
from tests.projections.town_hall import TownHall


class Gate(TownHall):
    """Where vendors apply."""

    async def open(self) -> None:
        """Put there what an application takes."""
        await self.areas(
            c33="浙江省", c3301="杭州市", c330106="西湖区", c330106001="翠苑街道", c330106001001="翠苑社区"
        )
        for each in trade.PEOPLE:
            await self.do(person.decider, person.Register(at=on(1), name="王建国"), stream=each)
        register = organisation.Register(at=on(1), name="明达水电", kinds=("vendor",), credit_code=trade.CODE)
        await self.do(organisation.decider, register, stream=organisation.stream(trade.CODE))
        await self.do(vendor.decider, replace(trade.REGISTER, at=on(1)), stream=vendor.stream(VENDOR))
        for category in ("cameras", "lifts"):
            publish = admission_scheme.Publish(at=on(1), category=category, document=RULES)
            await self.do(admission_scheme.decider, publish, stream=admission_scheme.stream(category))

    async def case(self, place: str, *commands: QualificationCommand, category: str = "cameras") -> UUID:
        """These commands for an area."""
        first, *others = commands
        assert isinstance(first, qualification.Submit)
        opened = replace(first, area=place, category=category)
        return await self.do(
            qualification.decider, opened, *others, stream=qualification.stream(VENDOR, category, place)
        )


@pytest.fixture
async def gate(ledger: PostgresLedger, door: LedgerDoor) -> AsyncIterator[Gate]:
    async with followed(ledger, projection, scheme_register.projection):
        gate = Gate(door, ledger)
        await gate.open()
        await gate.case("", submit(on(2, 8)))
        await gate.case(DISTRICT, *granted(on(3), papers=(LICENCE, SAFETY)))
        await gate.case(WILLOWS, submit(on(2, 10)), *reviewed(on(2, 10))[:4])
        revoke = qualification.Revoke(at=on(9), by="head", reason="safety")
        await gate.case("33", *granted(on(4)), revoke)
        await gate.case(DISTRICT, *granted(on(5)), category="lifts")
        await gate.shown(projection)
        yield gate


EVERYTHING = ["cameras ", "cameras " + WILLOWS, "cameras " + DISTRICT, "cameras 33", "lifts " + DISTRICT]
GRANTED = ["cameras " + DISTRICT, "lifts " + DISTRICT]
FOUND: list[tuple[Filters, list[str]]] = [
    (Filters(), EVERYTHING),
    (Filters(vendor=VENDOR), EVERYTHING),
    (Filters(vendor="another"), []),
    (Filters(category="lifts"), ["lifts " + DISTRICT]),
    (Filters(within="3301"), [EVERYTHING[1], EVERYTHING[2], EVERYTHING[4]]),
    (Filters(touching=DISTRICT), EVERYTHING),
    (Filters(touching="44"), ["cameras "]),
    (Filters(status="applied"), EVERYTHING[:2]),
    (Filters(status="revoked"), ["cameras 33"]),
    (Filters(stage="review"), ["cameras " + WILLOWS]),
    (Filters(awaiting="shi"), ["cameras " + WILLOWS]),
    (Filters(awaiting="ren"), []),
    (Filters(granted_at=on(6)), GRANTED),
    (Filters(granted_at=on(4)), ["cameras " + DISTRICT]),
    (Filters(granted_at=datetime(2027, 6, 1, tzinfo=UTC)), ["lifts " + DISTRICT]),
    (Filters(not_granted_at=on(4)), [*EVERYTHING[:2], *EVERYTHING[3:]]),
    (Filters(ends_before=written(datetime(2027, 4, 1, tzinfo=UTC))), ["cameras " + DISTRICT]),
    (Filters(ends_before="9999"), GRANTED),
    (Filters(sight=Sight(areas=(DISTRICT,))), [EVERYTHING[1], EVERYTHING[2], EVERYTHING[4]]),
    (Filters(sight=Sight(organisations=("another",))), []),
    (Filters(sight=Sight(organisations=(VENDOR,)), category="lifts"), ["lifts " + DISTRICT]),
]


async def test_every_filter_finds_what_it_says(gate: Gate) -> None:
    board = QualificationBoard(gate.pool)
    for filters, expected in FOUND:
        rows = [f"{row.state.category} {row.state.area}" for row in await board.page(filters)]
        assert rows == expected, filters
    tried = {name for filters, _ in FOUND for name in filters.__struct_fields__ if getattr(filters, name) is not None}
    assert tried == set(Filters.__struct_fields__)


async def test_what_ends_next_comes_first(gate: Gate) -> None:
    board = QualificationBoard(gate.pool)
    rows = await board.ending(Filters(ends_before="9999"))
    assert [f"{row.state.category} {row.state.area}" for row in rows] == GRANTED
    found: list[object] = []
    after: Key | None = None
    while page := await board.ending(Filters(), after, 2):
        found += [row.id for row in page]
        after = page[-1].key
    assert len(found) == len(set(found)) == 5


async def test_it_knows_whose_clocks_run_and_follows_what_lapses(gate: Gate) -> None:
    board = QualificationBoard(gate.pool)
    first = qualification.stream(VENDOR, "cameras", DISTRICT)
    waiting = [stream async for stream in board.open_clocks()]
    assert waiting == [first, qualification.stream(VENDOR, "lifts", DISTRICT)]
    wake = Elapse(label="", at=datetime(2030, 1, 1, tzinfo=UTC))
    await gate.do(qualification.decider, wake, stream=first)
    await gate.shown(projection)
    row = await board.get(first)
    assert row is not None
    assert row.state.status == "lapsed"
    assert [stream async for stream in board.open_clocks()] == waiting[1:]
    assert await board.get(new_id()) is None


async def test_rebuilt_it_is_the_same(gate: Gate, ledger: PostgresLedger) -> None:
    async with gate.pool.acquire() as connection:
        before = await digest(connection, projection)
    await rebuild(projection, ledger, ledger.pool)
    async with gate.pool.acquire() as connection:
        assert await digest(connection, projection) == before
    assert before.rows == 5


async def test_schemes_are_listed_by_category(gate: Gate) -> None:
    await gate.shown(scheme_register.projection)
    register = scheme_register.SchemeRegister(gate.pool)
    rows = await register.page(scheme_register.Filters(), None, 50)
    assert [row.state.category for row in rows] == ["cameras", "lifts"]
