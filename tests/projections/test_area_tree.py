"""The tree shows every area under the one above it, and finds it by place and name."""

from collections.abc import AsyncIterator

import pytest

from adapters.door import LedgerDoor
from adapters.ids import new_id
from adapters.ledger import PostgresLedger
from domain.parties import area
from domain.ports import Unavailable
from projections.area_tree import AreaTree, Filters, projection
from projections.listing import Key
from projections.rebuild import rebuild
from projections.table import digest
from tests.domain.small_town import on
from tests.followed import followed
from tests.projections.town_hall import TownHall

TOWN = {
    "c33": "浙江省",
    "c3301": "杭州市",
    "c330106": "西湖区",
    "c330106001": "翠苑街道",
    "c330106001001": "翠苑一区",
    "c330106001002": "Willow Court",
    "c330106002": "文新街道",
    "c3302": "宁波市",
    "c4401": "广州市",
}


@pytest.fixture
async def hall(ledger: PostgresLedger, door: LedgerDoor) -> AsyncIterator[TownHall]:
    async with followed(ledger, projection):
        hall = TownHall(door, ledger)
        await hall.areas(**TOWN)
        close = area.Close(at=on(3), reason="merged")
        await hall.do(area.decider, close, stream=area.stream("330106002"))
        await hall.shown(projection)
        yield hall


FOUND: list[tuple[Filters, list[str]]] = [
    (Filters(), [code.removeprefix("c") for code in sorted(TOWN)]),
    (Filters(parent=""), ["33"]),
    (Filters(parent="33"), ["3301", "3302"]),
    (Filters(parent="44"), ["4401"]),
    (Filters(parent="330106"), ["330106001", "330106002"]),
    (Filters(parent="330106", open=True), ["330106001"]),
    (Filters(open=False), ["330106002"]),
    (Filters(within="330106001"), ["330106001", "330106001001", "330106001002"]),
    (Filters(within="330106001002"), ["330106001002"]),
    (Filters(within="99"), []),
    (Filters(level="city"), ["3301", "3302", "4401"]),
    (Filters(level="city", within="33"), ["3301", "3302"]),
    (Filters(words="翠苑"), ["330106001", "330106001001"]),
    (Filters(words="willow"), ["330106001002"]),
    (Filters(words="%"), []),
    (Filters(words="'; DROP TABLE reads.area_tree; --"), []),
    (Filters(words="\0"), []),
]


async def test_every_filter_finds_what_it_says(hall: TownHall) -> None:
    tree = AreaTree(hall.pool)
    for filters, expected in FOUND:
        assert [row.state.code for row in await tree.page(filters)] == expected, filters
    tried = {name for filters, _ in FOUND for name in filters.__struct_fields__ if getattr(filters, name) is not None}
    assert tried == set(Filters.__struct_fields__)


async def test_the_way_down_to_an_area_begins_at_the_province(hall: TownHall) -> None:
    tree = AreaTree(hall.pool)
    names = [row.state.name for row in await tree.ancestors("330106001001")]
    assert names == ["浙江省", "杭州市", "西湖区", "翠苑街道"]
    assert await tree.ancestors("33") == []
    assert await tree.ancestors("4401") == []


@pytest.mark.parametrize("limit", [1, 2, 4, 9, 20])
async def test_pages_neither_skip_nor_repeat(hall: TownHall, limit: int) -> None:
    tree = AreaTree(hall.pool)
    found: list[str] = []
    after: Key | None = None
    while page := await tree.page(Filters(), after, limit):
        assert len(page) <= limit
        found += [row.state.code for row in page]
        after = page[-1].key
    assert found == FOUND[0][1]


async def test_it_shows_what_the_door_knows(hall: TownHall, door: LedgerDoor) -> None:
    stream = area.stream("330106002")
    row = await AreaTree(hall.pool).get(stream)
    loaded = await door.load(area.decider, stream)
    assert row is not None
    assert (row.version, row.position, row.state) == (loaded.version, loaded.position, loaded.state)
    assert (row.version, row.state.open) == (2, False)
    assert await AreaTree(hall.pool).get(new_id()) is None


async def test_rebuilt_it_is_the_same(hall: TownHall, ledger: PostgresLedger) -> None:
    async with ledger.pool.acquire() as connection:
        live = await digest(connection, projection)
        await rebuild(projection, ledger, ledger.pool)
        assert await digest(connection, projection) == live
    assert live.rows == len(TOWN)
    assert hall.position > 0


async def test_a_tree_that_is_not_there_is_said_so(ledger: PostgresLedger) -> None:
    with pytest.raises(Unavailable):
        await AreaTree(ledger.pool).page(Filters())
