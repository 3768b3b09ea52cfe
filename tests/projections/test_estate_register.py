"""The register shows every estate with its buildings, community by community."""

from collections.abc import AsyncIterator

import pytest

from adapters.door import LedgerDoor
from adapters.ids import new_id
from adapters.ledger import PostgresLedger
from domain.parties import estate
from domain.parties.estate import AddBuilding, Building, Close, Register
from projections.estate_register import EstateRegister, Filters, projection
from projections.listing import Key
from projections.rebuild import rebuild
from projections.table import digest
from tests.domain.small_town import on
from tests.followed import followed
from tests.projections.town_hall import TownHall

NORTH, SOUTH = "330106001001", "330106001002"


@pytest.fixture
async def hall(ledger: PostgresLedger, door: LedgerDoor) -> AsyncIterator[TownHall]:
    async with followed(ledger, projection):
        hall = TownHall(door, ledger)
        await hall.areas(c3301="杭州市", c330106="西湖区", c330106001="翠苑街道")
        await hall.areas(**{f"c{NORTH}": "北社区", f"c{SOUTH}": "南社区"})
        await hall.do(
            estate.decider,
            Register(at=on(2), name="柳园小区", community=SOUTH),
            AddBuilding(at=on(2), number="3", floors=18),
            AddBuilding(at=on(2), number="5", floors=6),
        )
        await hall.do(estate.decider, Register(at=on(2), name="Willow Court", community=SOUTH))
        gone = Register(at=on(2), name="槐园", community=NORTH), Close(at=on(3), reason="demolished")
        await hall.do(estate.decider, *gone)
        await hall.shown(projection)
        yield hall


FOUND: list[tuple[Filters, list[str]]] = [
    (Filters(), ["槐园", "Willow Court", "柳园小区"]),
    (Filters(community=NORTH), ["槐园"]),
    (Filters(community=SOUTH), ["Willow Court", "柳园小区"]),
    (Filters(community="3301"), ["槐园", "Willow Court", "柳园小区"]),
    (Filters(community="34"), []),
    (Filters(words="willow"), ["Willow Court"]),
    (Filters(words="园", open=True), ["柳园小区"]),
    (Filters(open=False), ["槐园"]),
]


async def test_every_filter_finds_what_it_says(hall: TownHall) -> None:
    register = EstateRegister(hall.pool)
    for filters, expected in FOUND:
        assert [row.state.name for row in await register.page(filters)] == expected, filters
    tried = {name for filters, _ in FOUND for name in filters.__struct_fields__ if getattr(filters, name) is not None}
    assert tried == set(Filters.__struct_fields__)


async def test_it_shows_the_buildings(hall: TownHall) -> None:
    register = EstateRegister(hall.pool)
    (found,) = await register.page(Filters(words="柳园"))
    assert found.state.buildings == (Building("3", 18), Building("5", 6))
    assert await register.get(found.id) == found
    assert await register.get(new_id()) is None


@pytest.mark.parametrize("limit", [1, 2, 3])
async def test_pages_neither_skip_nor_repeat(hall: TownHall, limit: int) -> None:
    register = EstateRegister(hall.pool)
    found: list[str] = []
    after: Key | None = None
    while page := await register.page(Filters(), after, limit):
        found += [row.state.name for row in page]
        after = page[-1].key
    assert found == FOUND[0][1]


async def test_rebuilt_it_is_the_same(hall: TownHall, ledger: PostgresLedger) -> None:
    async with ledger.pool.acquire() as connection:
        live = await digest(connection, projection)
        await rebuild(projection, ledger, ledger.pool)
        assert await digest(connection, projection) == live
    assert (live.rows, hall.position > 0) == (3, True)
