"""The register shows every vendor by name, and finds it by who it is, where its file stands and what it holds."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from adapters.door import LedgerDoor
from adapters.ids import new_id
from adapters.ledger import PostgresLedger
from domain.access.permission import Sight
from domain.admission import vendor
from domain.admission.vendor import Contact, Status, VendorCommand
from domain.decider import Elapse
from domain.parties import organisation, person
from projections.admission import qualification_board
from projections.admission.vendor_register import Filters, QualifiedFor, VendorRegister, projection
from projections.evaluation import standing_register
from projections.listing import Key, written
from projections.rebuild import rebuild
from projections.restraint import sanction_register
from projections.table import digest
from tests.domain import trade
from tests.domain.small_town import on
from tests.followed import followed
from tests.projections.town_hall import TownHall

ACCEPT = replace(trade.ACCEPT, at=on(3))
SOON = replace(trade.CERTIFICATE, kind="fire_safety", number="F-1", valid_until=date(2026, 4, 30))


ASKED_TOO = (qualification_board.projection, standing_register.projection, sanction_register.projection)
"""Read models that the register looks into; with something in them: `tests/api/admission/test_dossier.py`."""


class Trade(TownHall):
    """Enters vendors with their organisations and people."""

    known: dict[str, UUID]

    async def vendor(self, name: str, *commands: VendorCommand, code: str = "") -> UUID:
        """A vendor: the stream of its file."""
        company = organisation.stream(code) if code else new_id()
        country = "CN" if code else "GB"
        register = organisation.Register(at=on(1), name=name, kinds=("vendor",), credit_code=code, country=country)
        await self.do(organisation.decider, register, stream=company)
        opened = replace(
            trade.REGISTER,
            vendor=str(company),
            name=name,
            credit_code=code,
            registration_number="" if code else "GB 1",
            contacts=(Contact(str(trade.AGENT), "general"),),
        )
        file = vendor.stream(str(company))
        await self.do(vendor.decider, opened, *commands, stream=file)
        self.known[name] = company
        return file


@pytest.fixture
async def hall(ledger: PostgresLedger, door: LedgerDoor) -> AsyncIterator[Trade]:
    async with followed(ledger, projection, *ASKED_TOO):
        hall = Trade(door, ledger)
        hall.known = {}
        for each in trade.PEOPLE:
            await hall.do(person.decider, person.Register(at=on(1), name="王建国"), stream=each)
        await hall.vendor("明达水电", ACCEPT, trade.CERTIFICATE, SOON, code=trade.CODE)
        await hall.vendor("Brightpipe Ltd", ACCEPT, trade.DECLARE)
        await hall.vendor("安捷电梯", code=trade.OTHER_CODE)
        expired = Elapse(label="", at=datetime(2027, 1, 5, tzinfo=UTC))
        await hall.vendor("旧城保洁", ACCEPT, trade.CERTIFICATE, expired)
        await hall.shown(projection)
        yield hall


EVERYBODY = ["Brightpipe Ltd", "安捷电梯", "旧城保洁", "明达水电"]
FOUND: list[tuple[Filters, list[str]]] = [
    (Filters(), EVERYBODY),
    (Filters(words="bright"), ["Brightpipe Ltd"]),
    (Filters(words="水电"), ["明达水电"]),
    (Filters(words="%"), []),
    (Filters(vendor=trade.VENDOR), ["明达水电"]),
    (Filters(credit_code=trade.OTHER_CODE), ["安捷电梯"]),
    (Filters(credit_code="91"), []),
    (Filters(status=Status.REGISTERED), ["安捷电梯"]),
    (Filters(status=Status.VERIFIED), ["旧城保洁", "明达水电"]),
    (Filters(frozen=True), ["Brightpipe Ltd"]),
    (Filters(awaits_verification=True), ["Brightpipe Ltd", "安捷电梯"]),
    (Filters(holds="lift_maintenance"), ["明达水电"]),
    (Filters(holds="lift_maintenance", frozen=True), []),
    (Filters(expiring_before=on(1, month=5)), ["明达水电"]),
    (Filters(expiring_before=on(30, 23, month=4)), []),
    (Filters(ends_before=written(on(1, month=5))), ["明达水电"]),
    (Filters(ends_before=written(on(30, 23, month=4))), []),
    (Filters(qualified=QualifiedFor("", "*", on(9).isoformat())), []),
    (Filters(band=""), EVERYBODY),
    (Filters(band="watch"), []),
    (Filters(restrained="neither"), EVERYBODY),
    (Filters(restrained="suspended"), []),
    (Filters(sight=Sight(organisations=(trade.VENDOR,))), ["明达水电"]),
    (Filters(sight=Sight(organisations=(trade.VENDOR,)), words="bright"), []),
    (Filters(sight=Sight(areas=("33",))), []),
    (Filters(sight=Sight()), []),
    (Filters(sight=Sight(everything=True), status=Status.FROZEN), ["Brightpipe Ltd"]),
]


async def test_every_filter_finds_what_it_says(hall: Trade) -> None:
    register = VendorRegister(hall.pool)
    for filters, expected in FOUND:
        assert [row.state.name for row in await register.page(filters, None, 50)] == expected, filters
    tried = {name for filters, _ in FOUND for name in filters.__struct_fields__ if getattr(filters, name) is not None}
    assert tried == set(Filters.__struct_fields__)


@pytest.mark.parametrize("limit", [1, 3])
async def test_pages_neither_skip_nor_repeat_those_of_one_name(hall: Trade, limit: int) -> None:
    for _ in range(3):
        await hall.vendor("Same & Sons")
    await hall.shown(projection)
    register = VendorRegister(hall.pool)
    found: list[object] = []
    after: Key | None = None
    while page := await register.page(Filters(), after, limit):
        found += [row.id for row in page]
        after = page[-1].key
    assert len(found) == len(set(found)) == 7


async def test_a_row_is_found_by_the_organisation_and_shows_what_the_door_knows(hall: Trade, door: LedgerDoor) -> None:
    row = await VendorRegister(hall.pool).of(UUID(trade.VENDOR))
    loaded = await door.load(vendor.decider, vendor.stream(trade.VENDOR))
    assert row is not None
    assert (row.id, row.version, row.position, row.state) == (
        vendor.stream(trade.VENDOR),
        loaded.version,
        loaded.position,
        loaded.state,
    )
    assert await VendorRegister(hall.pool).of(new_id()) is None


async def test_it_knows_whose_clocks_run_the_earliest_first(hall: Trade) -> None:
    later = replace(trade.CERTIFICATE, valid_until=date(2028, 12, 31))
    second = await hall.vendor("Later Ltd", later)
    await hall.shown(projection)
    waiting = [stream async for stream in VendorRegister(hall.pool).open_clocks()]
    assert waiting == [vendor.stream(trade.VENDOR), second]


async def test_what_has_run_out_is_held_no_longer(hall: Trade) -> None:
    ends = datetime(2026, 4, 30, 16, tzinfo=UTC)
    register = VendorRegister(hall.pool)
    before = Elapse(label="", at=ends - timedelta(microseconds=1))
    await hall.do(vendor.decider, before, stream=vendor.stream(trade.VENDOR))
    await hall.shown(projection)
    assert len(await register.page(Filters(holds="fire_safety"), None, 9)) == 1
    await hall.do(vendor.decider, Elapse(label="", at=ends), stream=vendor.stream(trade.VENDOR))
    await hall.shown(projection)
    assert await register.page(Filters(holds="fire_safety"), None, 9) == []


async def test_rebuilt_it_is_the_same(hall: Trade, ledger: PostgresLedger) -> None:
    async with ledger.pool.acquire() as connection:
        live = await digest(connection, projection)
        await rebuild(projection, ledger, ledger.pool)
        assert await digest(connection, projection) == live
    assert (live.rows, hall.position > 0) == (4, True)
