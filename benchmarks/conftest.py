"""What is measured against: a durable PostgreSQL server, a database for each benchmark, and the report."""

import gc
import itertools
import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
import structlog
import uvloop

from adapters.embedded import EmbeddedPostgres
from adapters.master_key import MasterKey
from adapters.migrate import migrate
from benchmarks.report import Report

_numbers = itertools.count(1)
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Our own switch."""
    parser.addoption("--write-readme", action="store_true", help="put the results into benchmarks/README.md")


@pytest.fixture(scope="session")
def report(request: pytest.FixtureRequest) -> Iterator[Report]:
    """Collects results, and shows and writes them at the end."""
    collected = Report()
    yield collected
    collected.print()
    collected.write()
    if request.config.getoption("--write-readme"):
        collected.write_readme()


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """A folder for the data of servers. Not pytest's own: another run of pytest closes that to other accounts."""
    with tempfile.TemporaryDirectory(prefix="linli-bench-", ignore_cleanup_errors=True) as name:
        MasterKey.at(Path(name) / "keys" / "master.json", create=True)
        yield Path(name)


@pytest.fixture(scope="session")
def postgres(folder: Path) -> Iterator[EmbeddedPostgres]:
    """A server with its durable settings: a commit is on disk before it is answered."""
    gc.freeze()  # what the test runner brought along is none of our business
    server = EmbeddedPostgres.start(folder)
    yield server
    server.stop()


@pytest.fixture
def database(postgres: EmbeddedPostgres) -> Iterator[str]:
    """The address of a fresh, migrated database."""
    name = f"bench_{next(_numbers)}"
    dsn = postgres.dsn_of(name)
    uvloop.run(_on(postgres, f"create database {name}"))
    uvloop.run(migrate(dsn))
    yield dsn
    uvloop.run(_on(postgres, f"drop database {name} with (force)"))


async def _on(server: EmbeddedPostgres, statement: str) -> None:
    connection = await asyncpg.connect(server.dsn_of("postgres"))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
