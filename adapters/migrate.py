"""Bring a database to the schema that this code wants: numbered SQL files, each applied once and in order.

Only the log and what stands beside it is migrated. Events are never changed, and read models are dropped and replayed.
"""

import hashlib
from importlib.resources import files
from typing import NamedTuple

import asyncpg

from adapters.postgres import Connection, Pool

_LOCK = 7809645202


class Migration(NamedTuple):
    """One numbered SQL file."""

    number: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


class SchemaMismatch(Exception):
    """The database was migrated by other code than this."""


def migrations() -> list[Migration]:
    """All migrations of this code, in order."""
    found = [path for path in files("adapters").joinpath("migrations").iterdir() if path.name.endswith(".sql")]
    return sorted(Migration(int(path.name[:4]), path.name, path.read_text(encoding="utf-8")) for path in found)


async def migrate(dsn: str) -> list[str]:
    """Apply what is missing and return the names. Safe to call from many processes at once: the others wait.

    Raises SchemaMismatch when an applied file was edited since, or the database is newer than this code.
    """
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS linli_migrations (number int PRIMARY KEY, name text NOT NULL,"
            " sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT clock_timestamp())"
        )
        applied = await _applied(connection)
        missing = _missing(applied)
        for migration in missing:
            async with connection.transaction():
                await connection.execute(migration.sql)
                await connection.execute(
                    "INSERT INTO linli_migrations (number, name, sha256) VALUES ($1, $2, $3)",
                    migration.number,
                    migration.name,
                    migration.sha256,
                )
        return [migration.name for migration in missing]
    finally:
        await connection.close()


async def is_current(connection: Pool | Connection) -> bool:
    """Whether the database has exactly the schema that this code wants."""
    try:
        return not _missing(await _applied(connection))
    except (asyncpg.UndefinedTableError, SchemaMismatch):
        return False


async def _applied(connection: Pool | Connection) -> dict[int, str]:
    rows = await connection.fetch("SELECT number, sha256 FROM linli_migrations")
    return {row["number"]: row["sha256"] for row in rows}


def _missing(applied: dict[int, str]) -> list[Migration]:
    wanted = {migration.number: migration for migration in migrations()}
    for number, sha256 in applied.items():
        if number not in wanted:
            msg = f"the database has migration {number}, which this version of linli does not know: use a newer version"
            raise SchemaMismatch(msg)
        if wanted[number].sha256 != sha256:
            msg = f"migration {wanted[number].name} was edited after it had been applied"
            raise SchemaMismatch(msg)
    return [migration for number, migration in wanted.items() if number not in applied]
