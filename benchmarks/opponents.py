"""What our ledger is compared with: each appends the same event, and has it on disk before it answers."""

import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import asyncpg
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg.conninfo import conninfo_to_dict
from umadb import Client, Event

from adapters.ids import new_id
from adapters.postgres import Connection
from adapters.supervised import accepts, free_port
from benchmarks.sample import BODY, META, TAG

_MOST_CONNECTIONS = 64  # of the stock recorder's pool; more threads than that wait for one


class Stock:
    """The library's recorder in its default mode, which locks the table for each insert."""

    def __init__(self, dsn: str, threads: int) -> None:
        parts = {key: str(value) for key, value in conninfo_to_dict(dsn).items()}
        self._datastore = PostgresDatastore(
            parts["dbname"],
            parts["host"],
            parts["port"],
            parts["user"],
            parts["password"],
            pool_size=min(threads, _MOST_CONNECTIONS),
            connect_timeout=60,
        )
        self._recorder = PostgresApplicationRecorder(self._datastore, events_table_name="stock_events")
        self._recorder.create_table()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._datastore.close()

    def append(self, _number: int) -> None:
        """Insert one event of a new stream."""
        self._recorder.insert_events([StoredEvent(new_id(), 1, TAG, BODY)])


class Raw:
    """The least that PostgreSQL has to do: arrays of 1,000 rows, unnested into a table like ours by one statement."""

    ROWS = 1000
    _INSERT = (
        "INSERT INTO raw_events (originator_id, originator_version, topic, state, meta)"
        " SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::bytea[], $5::bytea[])"
    )

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @classmethod
    async def open(cls, dsn: str) -> Self:
        """Connect, and make the table with both indexes."""
        connection = await asyncpg.connect(dsn)
        await connection.execute("CREATE TABLE IF NOT EXISTS raw_events (LIKE linli_events INCLUDING ALL)")
        return cls(connection)

    async def close(self) -> None:
        """Disconnect."""
        await self._connection.close()

    async def insert(self, _number: int) -> None:
        """Insert 1,000 events of as many new streams."""
        rows = self.ROWS
        ids = [new_id() for _ in range(rows)]
        await self._connection.execute(self._INSERT, ids, [1] * rows, [TAG] * rows, [BODY] * rows, [META] * rows)


class Uma:
    """UmaDB through its own Python client. One tag stands for the stream; no condition is asked for."""

    def __init__(self, port: int) -> None:
        self._client = Client(f"http://127.0.0.1:{port}")

    def append(self, _number: int) -> None:
        """Append one event of a new stream."""
        stream = new_id()
        self._client.append([Event(event_type=TAG, data=BODY, tags=[stream.hex], uuid=stream)])


@contextmanager
def umadb_server(folder: Path) -> Generator[int]:
    """Run UmaDB's own server on a folder. The port it listens on."""
    port = free_port(None, what="umadb")
    program = Path(sys.executable).with_name("umadb")
    arguments = [str(program), "--listen", f"127.0.0.1:{port}", "--db-path", str(folder / "uma.db")]
    with (folder / "umadb.log").open("wb") as log:
        process = subprocess.Popen(arguments, stdout=log, stderr=log)  # noqa: S603 - the command is ours
    try:
        while not accepts(port):
            if process.poll() is not None:
                msg = f"UmaDB ended: {(folder / 'umadb.log').read_text()}"
                raise RuntimeError(msg)
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(10)
