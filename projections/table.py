"""The table of a read model: made, filled, read back and compared.

Rows are written a batch at a time: a few in one pipelined statement, many through COPY into a temporary table. The
table's comment holds the definition it was filled under; it moves with the table from schema to schema. What is sealed
in columns that are to be opened is opened on the way in.
"""

from collections.abc import Sequence
from typing import Generic, NamedTuple, TypeAlias, TypeVar
from uuid import UUID

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from domain.decider import Event
from domain.ports import Vault
from projections.opening import opened_rows
from projections.projection import Codec, Projection, Row

S = TypeVar("S")
E = TypeVar("E", bound=Event)

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"

LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError,  # the server shuts down or starts up
    OSError,
    TimeoutError,
)
"""Errors after which a connection is gone."""

LIVE = "reads"
"""The schema that is read from. A rebuild fills a table in a schema of its own and then moves it here."""

_FEW = 64


class Digest(NamedTuple):
    """What a table holds, whatever the order of its rows."""

    rows: int
    content: str


class Table(Generic[S, E]):
    """A table of a projection in one schema. Writing to one with columns that are opened needs a vault."""

    def __init__(self, projection: Projection[S, E], schema: str = LIVE, vault: Vault | None = None) -> None:
        self.projection = projection
        self.schema = schema
        self.codec = Codec(projection)
        self.vault = vault
        self._opened = projection.opened_columns
        self.name = f'"{schema}"."{projection.name}"'
        self._staging = f'pg_temp."staged_{projection.name}"'
        names = ", ".join(projection.column_names)
        taken = ", ".join(f"{name} = excluded.{name}" for name in projection.column_names if name != "id")
        upsert = f"ON CONFLICT (id) DO UPDATE SET {taken}"
        places = ", ".join(f"${number}" for number, _ in enumerate(projection.column_names, 1))
        self._write_few = f"INSERT INTO {self.name} ({names}) VALUES ({places}) {upsert}"  # noqa: S608 - our own names
        self._write_many = (
            f"INSERT INTO {self.name} ({names}) SELECT {names} FROM {self._staging} {upsert};"  # noqa: S608
            f" TRUNCATE {self._staging}"
        )

    # The table itself -------------------------------------------------------------------------------------------------

    async def create(self, connection: Connection) -> None:
        """Make the table, empty and without indexes."""
        columns = ", ".join(f'"{name}" {kind}' for name, kind in self.projection.typed_columns.items())
        await connection.execute(
            f"CREATE TABLE {self.name} ({columns}); COMMENT ON TABLE {self.name} IS '{self.projection.definition}';"
            f" ALTER TABLE {self.name} ALTER COLUMN state SET STATISTICS 0"  # nobody asks for it
        )

    @property
    def indexing(self) -> list[str]:
        """The statements that make the indexes; each can run beside the others."""
        name = self.projection.name
        return [
            f'CREATE UNIQUE INDEX "{name}_pkey" ON {self.name} (id)',
            *(
                f'CREATE INDEX "{name}_{number}" ON {self.name} {index}'
                for number, index in enumerate(self.projection.indexes, 1)
            ),
        ]

    async def finish(self, connection: Connection) -> None:
        """Make the first index the primary key, and take a quick sample; autovacuum takes a better one."""
        await connection.execute(
            f'ALTER TABLE {self.name} ADD PRIMARY KEY USING INDEX "{self.projection.name}_pkey";'
            f" SET LOCAL default_statistics_target = 20; ANALYZE {self.name}"
        )

    async def definition(self, connection: Connection) -> str | None:
        """The definition that the table was filled under; None without a table."""
        found: str | None = await connection.fetchval(
            "SELECT coalesce(obj_description(t, 'pg_class'), '') FROM to_regclass($1) AS t WHERE t IS NOT NULL",
            self.name,
        )
        return found

    # Rows -------------------------------------------------------------------------------------------------------------

    async def read(self, connection: Connection, ids: Sequence[UUID]) -> dict[UUID, S]:
        """The states that the rows of these streams hold. Streams without a row are left out."""
        query = f"SELECT id, state FROM {self.name} WHERE id = ANY($1)"  # noqa: S608
        return {row[0]: self.codec.decode(row[1]) for row in await connection.fetch(query, ids)}

    async def renew(self, connection: Connection, ids: Sequence[UUID]) -> int:
        """Write the rows of these streams anew from the states they hold: keys that they need have changed. How many.

        Needs `prepare`.
        """
        query = f"SELECT id, version, position, state FROM {self.name} WHERE id = ANY($1)"  # noqa: S608
        codec, found = self.codec, await connection.fetch(query, ids)
        await self.write(connection, [codec.row(row[0], row[1], row[2], codec.decode(row[3])) for row in found])
        return len(found)

    async def prepare(self, connection: Connection) -> None:
        """Make the temporary table that many rows are written through; once for each connection."""
        await connection.execute(f"DROP TABLE IF EXISTS {self._staging}")
        await connection.execute(f"CREATE TEMPORARY TABLE {self._staging[8:]} (LIKE {self.name})")

    async def write(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Insert or replace rows. Needs `prepare`."""
        rows = await opened_rows(rows, self._opened, self.vault)
        if len(rows) <= _FEW:
            await connection.executemany(self._write_few, rows)
            return
        names = self.projection.column_names
        await connection.copy_records_to_table(
            f"staged_{self.projection.name}", records=rows, columns=names, schema_name="pg_temp"
        )
        await connection.execute(self._write_many)

    async def add(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Insert rows that are not in the table, the fastest way."""
        rows = await opened_rows(rows, self._opened, self.vault)
        names = self.projection.column_names
        await connection.copy_records_to_table(
            self.projection.name, records=rows, columns=names, schema_name=self.schema
        )

    async def digest(self, connection: Connection) -> Digest:
        """Number of rows and a hash of their content that does not depend on their order."""
        async with connection.transaction():
            await connection.execute("SET LOCAL timezone = 'UTC'")
            row = await connection.fetchrow(
                f"SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text FROM {self.name} AS t"  # noqa: S608
            )
        assert row is not None  # noqa: S101 - an aggregate has one row
        return Digest(row[0], row[1])


async def digest(connection: Connection, projection: Projection[S, E]) -> Digest:
    """What the live table of a read model holds. Equal digests: live and rebuilt are the same."""
    return await Table(projection).digest(connection)
