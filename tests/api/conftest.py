"""The API on an empty ledger, at a time that the test sets."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from adapters.content_check import ContentChecker
from adapters.door import LedgerDoor
from adapters.files import PostgresFiles
from adapters.ledger import PostgresLedger
from api.ports import Files
from projections.follower import Follower
from projections.work_order_board import projection
from tests.api.reception import Clock, Reception, application, counter
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
async def board(ledger: PostgresLedger) -> AsyncIterator[None]:
    """The board of work orders follows the log."""
    following = asyncio.create_task(Follower(projection, ledger, ledger.pool).run())
    async with asyncio.timeout(20):
        while await ledger.pool.fetchval("SELECT to_regclass('reads.work_order_board')") is None:  # noqa: ASYNC110 - it is the database that is looked at
            await asyncio.sleep(0.01)
    yield
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
