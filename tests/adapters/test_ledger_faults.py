"""What the library's own tests do not look for: killed writers, lost answers, dead connections, a crashed server."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID, uuid4

import asyncpg
import pytest

from adapters.embedded import EmbeddedPostgres
from adapters.ids import new_id
from adapters.ledger import PostgresLedger
from adapters.listener import Listener
from adapters.migrate import migrate
from adapters.postgres import Connection
from domain.ports import Append, Conflict, NewEvent, Receipt, Recorded, Unavailable
from tests.chaos_proxy import ChaosProxy

ROUNDS = int(os.environ.get("ROUNDS", "1"))
"""How often the crash tests repeat themselves; `make campaign ROUNDS=100` sets it."""


def event(stream: UUID, version: int = 1) -> NewEvent:
    return NewEvent(stream, version, "test.happened", b"{}")


def request(*events: NewEvent, command_id: UUID | None = None) -> Append:
    meta = f'{{"command_id":"{uuid4()}"}}'.encode()
    return Append(events=events, meta=meta, command_id=command_id, outcome=b"answered" if command_id else b"")


def through(dsn: str, port: int) -> str:
    """The same database, reached through another port."""
    parts = urlsplit(dsn)
    return urlunsplit(parts._replace(netloc=f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{port}"))


def target(dsn: str) -> tuple[str, int]:
    parts = urlsplit(dsn)
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port


class Tail:
    """A reader that follows the log from its beginning. Use as `async with Tail(ledger) as tail`."""

    def __init__(self, ledger: PostgresLedger) -> None:
        self._ledger = ledger
        self._grown = asyncio.Event()
        self.seen: list[Recorded] = []

    async def __aenter__(self) -> Self:
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)

    async def _read(self) -> None:
        async for batch in self._ledger.subscribe():
            self.seen.extend(batch)
            self._grown.set()

    async def comes_to(self, position: int) -> list[int]:
        """All positions seen, once the reader has come to this one."""
        async with asyncio.timeout(10):
            while not self.seen or self.seen[-1].position < position:
                self._grown.clear()
                await self._grown.wait()
        return [row.position for row in self.seen]


async def appender(dsn: str, seconds: float) -> asyncio.subprocess.Process:
    program = Path(__file__).with_name("append_process.py")
    root = Path(__file__).parents[2]
    return await asyncio.create_subprocess_exec(
        sys.executable, str(program), dsn, str(seconds), stdout=asyncio.subprocess.PIPE, env={"PYTHONPATH": str(root)}
    )


def acknowledged(output: bytes) -> dict[UUID, tuple[int, int]]:
    """Stream, number of events and last position of each acknowledged append; a cut last line does not count."""
    lines = output.decode().split("\n")[:-1]
    return {UUID(stream): (int(n), int(position)) for stream, n, position in (line.split() for line in lines)}


@pytest.mark.parametrize("_round", range(ROUNDS))
async def test_a_tailing_reader_loses_nothing_while_one_of_several_writers_is_killed(
    database: str, ledger: PostgresLedger, _round: int
) -> None:
    async with Tail(ledger) as tail:
        writers = [await appender(database, 3) for _ in range(3)]
        outputs = [asyncio.create_task(writer.communicate()) for writer in writers]
        await asyncio.sleep(1.5)  # real processes at work: there is no virtual time here
        os.kill(writers[0].pid, signal.SIGKILL)
        acked: dict[UUID, tuple[int, int]] = {}
        for output in outputs:
            acked |= acknowledged((await output)[0])
        rows = await ledger.pool.fetch("SELECT notification_id FROM linli_events ORDER BY 1")
        seen = await tail.comes_to(rows[-1][0])

    assert writers[0].returncode == -signal.SIGKILL
    assert [writer.returncode for writer in writers[1:]] == [0, 0]
    assert len(acked) > 100
    assert seen == [row[0] for row in rows]
    found: dict[UUID, list[Recorded]] = {}
    for row in tail.seen:
        found.setdefault(row.stream, []).append(row)
    for stream, (amount, position) in acked.items():
        assert [row.version for row in found[stream]] == list(range(1, amount + 1))
        assert found[stream][-1].position == position


@pytest.mark.parametrize("registered", [True, False])
async def test_an_answer_that_was_lost_gives_neither_a_duplicate_nor_a_false_conflict(
    database: str, *, registered: bool
) -> None:
    async with ChaosProxy(*target(database)) as proxy, PostgresLedger(through(database, proxy.port)) as ledger:
        await ledger.append(request(event(new_id())))
        for _ in range(5):
            proxy.swallow_after, proxy.swallow = b"test.happened", 1
            streams = [new_id() for _ in range(20)]
            receipts = await asyncio.gather(
                *(
                    ledger.append(request(event(s), event(s, 2), command_id=uuid4() if registered else None))
                    for s in streams
                )
            )
            assert proxy.swallow == 0
            for stream, receipt in zip(streams, receipts, strict=True):
                stored = await ledger.read(stream)
                assert [row.version for row in stored] == [1, 2]
                assert stored[-1].position == receipt.position
        assert len(await ledger.page()) == 1 + 5 * 40


async def test_a_true_conflict_stays_a_conflict_when_its_answer_is_lost(database: str) -> None:
    async with ChaosProxy(*target(database)) as proxy, PostgresLedger(through(database, proxy.port)) as ledger:
        stream = new_id()
        await ledger.append(request(event(stream)))
        proxy.swallow_after, proxy.swallow = b"test.happened", 1
        with pytest.raises(Conflict):
            await ledger.append(request(event(stream)))
        assert len(await ledger.page()) == 1


async def test_appends_wait_out_a_database_that_is_away_and_fail_plainly_when_it_stays_away(database: str) -> None:
    async with (
        ChaosProxy(*target(database)) as proxy,
        PostgresLedger(through(database, proxy.port), patience=1.0) as ledger,
    ):
        await ledger.append(request(event(new_id())))
        proxy.refuse = True
        proxy.cut()
        waiting = asyncio.create_task(ledger.append(request(event(new_id()))))
        await asyncio.sleep(0.2)
        proxy.refuse = False
        assert isinstance(await waiting, Receipt)

        proxy.refuse = True
        proxy.cut()
        with pytest.raises(Unavailable):
            await ledger.append(request(event(new_id())))
        with pytest.raises(Unavailable):
            await ledger.read(new_id())
        proxy.refuse = False
        assert await ledger.head() == 2


async def test_a_subscription_survives_its_connections(database: str) -> None:
    async with ChaosProxy(*target(database)) as proxy, PostgresLedger(through(database, proxy.port)) as ledger:
        async with Tail(ledger) as tail:
            seen: list[int] = []
            for _ in range(5):
                receipt = await ledger.append(request(event(new_id())))
                proxy.cut()
                seen = await tail.comes_to(receipt.position)
        assert seen == sorted(set(seen))
        assert len(seen) == 5


async def test_who_listens_can_be_stopped_while_its_connection_is_lost() -> None:
    waiting = asyncio.Event()

    async def connect() -> Connection:
        waiting.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            raise ConnectionError from None  # what the driver does when the connection ends at the same moment
        raise AssertionError

    listener = Listener(connect)
    await waiting.wait()
    async with asyncio.timeout(5):
        await listener.close()
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "ledger-listener"]


async def test_a_foreign_transaction_left_open_for_long_stalls_nobody(
    postgres: EmbeddedPostgres, database: str, ledger: PostgresLedger
) -> None:
    del postgres
    foreign = await asyncpg.connect(database)
    await foreign.execute("CREATE TABLE notes (n int)")
    held = foreign.transaction(isolation="repeatable_read")
    await held.start()
    await foreign.execute("INSERT INTO notes VALUES (1)")
    await foreign.fetch("SELECT count(*) FROM linli_events")

    async with Tail(ledger) as tail, asyncio.timeout(5):
        for _ in range(20):
            receipt = await ledger.append(request(event(new_id())))
            assert (await tail.comes_to(receipt.position))[-1] == receipt.position
    await held.rollback()
    await foreign.close()


@pytest.mark.parametrize("_round", range(ROUNDS))
async def test_a_killed_server_loses_no_acknowledged_append(tmp_path: Path, _round: int) -> None:
    server = await asyncio.to_thread(EmbeddedPostgres.start, tmp_path)
    try:
        await migrate(server.dsn)
        async with PostgresLedger(server.dsn, patience=30) as ledger:
            acked: list[tuple[UUID, int]] = []
            restarted = asyncio.Event()

            async def client() -> None:
                after = 0
                while after < 20:
                    after += restarted.is_set()
                    stream = new_id()
                    receipt = await ledger.append(request(event(stream), event(stream, 2)))
                    acked.append((stream, receipt.position))

            clients = [asyncio.create_task(client()) for _ in range(16)]
            await asyncio.sleep(0.7)  # real processes at work: there is no virtual time here
            before = len(acked)
            os.kill(server.pid, signal.SIGKILL)
            await asyncio.to_thread(server.stop)  # nothing left to stop but its record
            server = await asyncio.to_thread(EmbeddedPostgres.start, tmp_path, port=server.port)
            restarted.set()
            await asyncio.gather(*clients)

            assert before > 50
            stored: dict[UUID, list[Recorded]] = {}
            after = 0
            while batch := await ledger.page(after):
                after = batch[-1].position
                for row in batch:
                    stored.setdefault(row.stream, []).append(row)
            for stream, position in acked:
                assert [row.version for row in stored[stream]] == [1, 2]
                assert stored[stream][-1].position == position
    finally:
        await asyncio.to_thread(server.stop)
