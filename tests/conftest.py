"""The real engines for tests: one PostgreSQL and one Temporal server a session, one fresh database a test.

What a fixture needs is imported where it is needed: a test of a rule pays neither for an engine nor for its library.
"""
# ruff: noqa: PLC0415

import asyncio
import itertools
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import pytest

from adapters.embedded import EmbeddedPostgres

if TYPE_CHECKING:
    from temporalio.testing import WorkflowEnvironment

    from adapters.door import LedgerDoor
    from adapters.ledger import PostgresLedger
    from adapters.vault import PostgresVault

_TEMPLATE = "template_linli"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """A running PostgreSQL server. Not for tests of what a failing machine loses: it does not wait for the disk.

    Its folder is none of pytest's: another test run would take the rights to it away from the user that it runs as.
    """
    with tempfile.TemporaryDirectory(prefix="linli-test-") as folder:
        server = EmbeddedPostgres.start(Path(folder), unsafe_but_fast=True)
        yield server
        server.stop()


@pytest.fixture(scope="session")
async def template(postgres: EmbeddedPostgres) -> str:
    """The name of a migrated database that others are copied from."""
    from adapters.migrate import migrate

    await _on(postgres, f"create database {_TEMPLATE}")
    await migrate(postgres.dsn_of(_TEMPLATE))
    return _TEMPLATE


@pytest.fixture
async def database(postgres: EmbeddedPostgres, template: str) -> AsyncIterator[str]:
    """The address of a fresh, migrated database."""
    name = f"test_{next(_numbers)}"
    await _on(postgres, f"create database {name} template {template}")
    yield postgres.dsn_of(name)
    await _on(postgres, f"drop database {name} with (force)")


@pytest.fixture
async def ledger(database: str) -> "AsyncIterator[PostgresLedger]":
    """An empty ledger."""
    from adapters.ledger import PostgresLedger

    async with PostgresLedger(database, readers=32) as opened:
        yield opened


@pytest.fixture
def vault(ledger: "PostgresLedger") -> "PostgresVault":
    """The vault beside an empty ledger."""
    from adapters.vault import PostgresVault
    from tests.everybody import master_key

    return PostgresVault(ledger.pool, master_key())


@pytest.fixture
def door(ledger: "PostgresLedger", vault: "PostgresVault") -> "LedgerDoor":
    """The door for change to an empty ledger. Everybody may do everything."""
    from adapters.door import LedgerDoor
    from tests import everybody

    return LedgerDoor(ledger, permit=everybody.may, vault=vault)


@pytest.fixture(scope="session")
async def temporal() -> "AsyncIterator[WorkflowEnvironment]":
    """A real Temporal server in which every workflow has a clock of its own, which moves only when a test says so."""
    from tests.virtual_time import start_virtual_time

    env = await start_virtual_time()
    yield env
    await env.shutdown()
    await asyncio.sleep(0.3)  # the SDK's threads end after its shutdown; an interpreter that is faster crashes


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of large real files that the repository does not hold."""
    return Path(__file__).parents[1] / "../shared/data"


async def _on(server: EmbeddedPostgres, statement: str) -> None:
    connection = await asyncpg.connect(server.dsn_of("postgres"))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
