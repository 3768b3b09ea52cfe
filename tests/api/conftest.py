"""The API on an empty ledger, at a time that the test sets."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from adapters.door import LedgerDoor
from adapters.ledger import PostgresLedger
from api.ports import Discretion
from projections import consent_register, person_register
from projections.follower import Follower
from projections.work_order_board import projection
from tests.api.office import Office, PaperVault, Roles
from tests.api.reception import Clock, Reception, application, counter


@pytest.fixture
async def reception(ledger: PostgresLedger, door: LedgerDoor) -> AsyncIterator[Reception]:
    """Somebody at the counter of the API."""
    clock = Clock()
    async with counter(application(ledger, door, clock)) as http:
        yield Reception(http, clock)


@pytest.fixture
async def office(ledger: PostgresLedger, door: LedgerDoor) -> AsyncIterator[Office]:
    """The office that knows people: the API with roles and keys that a test sets."""
    clock, roles, vault = Clock(), Roles(), PaperVault()
    discretion = Discretion(insight=roles, vault=vault, holdings=vault)
    followers = [
        asyncio.create_task(Follower(person_register.projection, ledger, ledger.pool).run()),
        asyncio.create_task(Follower(consent_register.projection, ledger, ledger.pool).run()),
    ]
    async with counter(application(ledger, door, clock, discretion=discretion)) as http:
        yield Office(Reception(http, clock), ledger, roles, vault)
    for follower in followers:
        follower.cancel()
    await asyncio.gather(*followers, return_exceptions=True)


@pytest.fixture
async def board(ledger: PostgresLedger) -> AsyncIterator[None]:
    """The board of work orders follows the log."""
    following = asyncio.create_task(Follower(projection, ledger, ledger.pool).run())
    async with asyncio.timeout(20):
        while await ledger.pool.fetchval("SELECT to_regclass('reads.work_order_board')") is None:  # noqa: ASYNC110 - it is the database that is looked at
            await asyncio.sleep(0.01)
    yield
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
