"""The register shows every organisation by name, and finds it by what it is, where it is, and its credit code."""

from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from adapters.door import LedgerDoor
from adapters.ids import new_id
from adapters.ledger import PostgresLedger
from domain.parties import organisation
from domain.parties.organisation import Close, Extend, Register, TrustProvider
from projections.listing import Key
from projections.organisation_register import Filters, OrganisationRegister, projection
from projections.rebuild import rebuild
from projections.table import digest
from tests.domain.small_town import on
from tests.followed import followed
from tests.projections.town_hall import TownHall

CODE = "91110000600037341L"
VENDOR = Register(at=on(2), name="明达水电", kinds=("vendor",), credit_code=CODE, area="330106")
FOREIGN = Register(at=on(2), name="Brightpipe Ltd", kinds=("partner",), country="GB")
COMMITTEE = Register(at=on(2), name="柳园业委会", kinds=("owners_committee",), area="330106001")
GONE = Register(at=on(2), name="旧居委会", kinds=("residents_committee",), area="3301")


@pytest.fixture
async def hall(ledger: PostgresLedger, door: LedgerDoor) -> AsyncIterator[TownHall]:
    async with followed(ledger, projection):
        hall = TownHall(door, ledger)
        await hall.areas(c3301="杭州市", c330106="西湖区", c330106001="翠苑街道")
        await hall.do(
            organisation.decider,
            VENDOR,
            Extend(at=on(3), kinds=("property_company",)),
            TrustProvider(at=on(3), issuer="https://id.example", client_id="linli"),
            stream=organisation.stream(CODE),
        )
        await hall.do(organisation.decider, FOREIGN)
        await hall.do(organisation.decider, COMMITTEE)
        await hall.do(organisation.decider, GONE, Close(at=on(4), reason="dissolved"))
        await hall.shown(projection)
        yield hall


FOUND: list[tuple[Filters, list[str]]] = [
    (Filters(), ["Brightpipe Ltd", "旧居委会", "明达水电", "柳园业委会"]),
    (Filters(kind="vendor"), ["明达水电"]),
    (Filters(kind="property_company"), ["明达水电"]),
    (Filters(kind="government"), []),
    (Filters(within="3301"), ["旧居委会", "明达水电", "柳园业委会"]),
    (Filters(within="330106"), ["明达水电", "柳园业委会"]),
    (Filters(within="330106001"), ["柳园业委会"]),
    (Filters(within="34"), []),
    (Filters(words="brightpipe"), ["Brightpipe Ltd"]),
    (Filters(words="水电", kind="vendor"), ["明达水电"]),
    (Filters(words="%"), []),
    (Filters(credit_code=CODE), ["明达水电"]),
    (Filters(credit_code="91"), []),
    (Filters(open=False), ["旧居委会"]),
    (Filters(open=True, within="33"), ["明达水电", "柳园业委会"]),
    (Filters(trusts_provider=True), ["明达水电"]),
    (Filters(ids=(organisation.stream(CODE),)), ["明达水电"]),
    (Filters(ids=()), []),
]


async def test_every_filter_finds_what_it_says(hall: TownHall) -> None:
    register = OrganisationRegister(hall.pool)
    for filters, expected in FOUND:
        assert [row.state.name for row in await register.page(filters)] == expected, filters
    tried = {name for filters, _ in FOUND for name in filters.__struct_fields__ if getattr(filters, name) is not None}
    assert tried == set(Filters.__struct_fields__)


@pytest.mark.parametrize("limit", [1, 3, 4, 9])
async def test_pages_neither_skip_nor_repeat_those_of_one_name(hall: TownHall, limit: int) -> None:
    for _ in range(5):
        await hall.do(organisation.decider, replace(FOREIGN, name="Same & Sons"))
    await hall.shown(projection)
    register = OrganisationRegister(hall.pool)
    found: list[object] = []
    after: Key | None = None
    while page := await register.page(Filters(), after, limit):
        found += [row.id for row in page]
        after = page[-1].key
    assert len(found) == len(set(found)) == 9


async def test_it_shows_what_the_door_knows(hall: TownHall, door: LedgerDoor) -> None:
    stream = organisation.stream(CODE)
    row = await OrganisationRegister(hall.pool).get(stream)
    loaded = await door.load(organisation.decider, stream)
    assert row is not None
    assert (row.version, row.position, row.state) == (loaded.version, loaded.position, loaded.state)
    assert await OrganisationRegister(hall.pool).get(new_id()) is None


async def test_rebuilt_it_is_the_same(hall: TownHall, ledger: PostgresLedger) -> None:
    async with ledger.pool.acquire() as connection:
        live = await digest(connection, projection)
        await rebuild(projection, ledger, ledger.pool)
        assert await digest(connection, projection) == live
    assert (live.rows, hall.position > 0) == (4, True)
