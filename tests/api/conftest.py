"""The API on an empty ledger, at a time that the test sets."""

from collections.abc import AsyncIterator

import pytest

from adapters.content_check import ContentChecker
from adapters.door import LedgerDoor
from adapters.files import PostgresFiles
from adapters.ledger import PostgresLedger
from api.ports import Discretion, Files
from projections import (
    area_tree,
    consent_register,
    estate_register,
    organisation_register,
    person_register,
    work_order_board,
)
from tests.api.office import Office, PaperVault, Roles
from tests.api.reception import Clock, Reception, application, counter
from tests.api.visitor import House, house_of
from tests.everybody import vault_on
from tests.followed import followed
from tests.sealing import KeysInMemory


@pytest.fixture(scope="session")
async def checker() -> AsyncIterator[ContentChecker]:
    """Looks into files."""
    async with ContentChecker() as opened:
        yield opened


@pytest.fixture
def files(ledger: PostgresLedger, checker: ContentChecker) -> Files:
    """A place for files; the largest may have 100 kB."""
    return Files(store=PostgresFiles(ledger.pool), check=checker, sealer=KeysInMemory(), largest=100_000)


@pytest.fixture
async def reception(ledger: PostgresLedger, door: LedgerDoor, files: Files) -> AsyncIterator[Reception]:
    """Somebody at the counter of the API."""
    clock = Clock()
    async with counter(application(ledger, door, clock, files=files)) as http:
        yield Reception(http, clock)


@pytest.fixture
async def office(ledger: PostgresLedger, door: LedgerDoor) -> AsyncIterator[Office]:
    """The office that knows people: the API with roles and keys that a test sets."""
    clock, roles, vault = Clock(), Roles(), PaperVault(beside=vault_on(ledger))
    discretion = Discretion(insight=roles, vault=vault, holdings=vault)
    async with (
        followed(ledger, person_register.projection, consent_register.projection),
        counter(application(ledger, door, clock, discretion=discretion)) as http,
    ):
        yield Office(Reception(http, clock), ledger, roles, vault)


@pytest.fixture
async def board(ledger: PostgresLedger) -> AsyncIterator[None]:
    """The board of work orders follows the log."""
    async with followed(ledger, work_order_board.projection):
        yield


@pytest.fixture
async def registers(ledger: PostgresLedger) -> AsyncIterator[None]:
    """The area tree and the registers of organisations and estates follow the log."""
    async with followed(ledger, area_tree.projection, organisation_register.projection, estate_register.projection):
        yield


@pytest.fixture
async def house(ledger: PostgresLedger, door: LedgerDoor) -> House:
    """The API, and Li, who may sign in."""
    return await house_of(ledger, door)
