"""A read model is replayed beside the live one and put in its place; nobody notices, but for what it shows."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from adapters.ids import new_id
from adapters.ledger import PostgresLedger
from domain.ports import Append, NewEvent
from projections import rebuild as rebuilding
from projections.bulk import Load, Processes, Share, load
from projections.follower import Follower
from projections.projection import Unreadable
from projections.rebuild import ReadersInTheWay, RebuildUnderWay, rebuild
from projections.shares import ShareFailed
from projections.table import Digest, Table, digest
from tests.projections.parcel import SHOWN, Delivered, Moved, Sender, shelf

PATIENCE = 30.0


@asynccontextmanager
async def following(ledger: PostgresLedger) -> AsyncGenerator[None]:
    task = asyncio.create_task(Follower(shelf, ledger, ledger.pool, batch=50, stand_by=0.02).run())
    try:
        yield
    finally:
        assert not task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def shown(ledger: PostgresLedger) -> set[tuple[object, ...]]:
    return {tuple(row) for row in await ledger.pool.fetch(SHOWN)}


async def digest_of(ledger: PostgresLedger) -> Digest:
    async with ledger.pool.acquire() as connection:
        return await digest(connection, shelf)


async def leftovers(ledger: PostgresLedger) -> int:
    found: int = await ledger.pool.fetchval("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'rebuild/%'")
    return found


async def a_history(sender: Sender, parcels: int = 60) -> None:
    for number in range(parcels):
        stream = await sender.send(f"house {number}", moves=number % 7)
        if number % 3 == 0:
            await sender.append(stream, Moved(metres=number), Delivered())


async def test_shows_the_whole_past_without_ever_having_followed(ledger: PostgresLedger) -> None:
    sender = Sender(ledger)
    await a_history(sender)
    done = await rebuild(shelf, ledger, ledger.pool)
    assert await shown(ledger) == sender.expected
    assert (done.position, done.streams) == (sender.position, 60)
    assert done.events == await ledger.pool.fetchval("SELECT count(*) FROM linli_events")
    assert await ledger.wait(shelf.name, sender.position, timeout=0)


async def test_what_is_appended_meanwhile_is_left_to_the_catching_up(ledger: PostgresLedger) -> None:
    sender = Sender(ledger)
    stream = await sender.send("Tianjin", moves=3)
    upto, expected = sender.position, sender.expected
    await sender.append(stream, Moved(metres=9))
    await sender.send("too late")
    table = Table(shelf)
    async with ledger.pool.acquire() as connection:
        await table.create(connection)
    assert await load(table, ledger.pool, Share("reads", upto)) == Load(events=4, streams=1)
    assert await shown(ledger) == expected


async def test_no_read_fails_or_finds_less_while_writers_write_and_the_table_is_swapped(ledger: PostgresLedger) -> None:
    sender = Sender(ledger)
    await a_history(sender)
    enough = asyncio.Event()
    reads = 0

    async def write() -> None:
        while not enough.is_set():
            stream = await sender.send("late", moves=2)
            await sender.append(stream, Delivered())

    async def read() -> None:
        nonlocal reads
        seen = 0
        while not enough.is_set():
            rows = await ledger.pool.fetch(SHOWN)
            assert len(rows) >= seen
            seen, reads = len(rows), reads + 1

    async with following(ledger):
        assert await ledger.wait(shelf.name, sender.position, timeout=PATIENCE)
        others = [asyncio.create_task(each) for each in (write(), read(), read(), read())]
        for _ in range(4):
            await rebuild(shelf, ledger, ledger.pool)
        enough.set()
        await asyncio.gather(*others)
        assert await ledger.wait(shelf.name, sender.position, timeout=PATIENCE)
        assert await shown(ledger) == sender.expected
    assert reads > 10
    live = await digest_of(ledger)
    await rebuild(shelf, ledger, ledger.pool)
    assert await digest_of(ledger) == live


async def test_several_processes_make_the_same_table(
    ledger: PostgresLedger, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuilding, "_WORTH_A_PROCESS", 1)
    sender = Sender(ledger)
    await a_history(sender, 200)
    await ledger.pool.execute("ANALYZE linli_events")
    alone = await rebuild(shelf, ledger, ledger.pool)
    expected = await digest_of(ledger)
    told: list[Load] = []
    together = await rebuild(shelf, ledger, ledger.pool, processes=Processes(2, database), progress=told.append)
    assert await digest_of(ledger) == expected
    assert (together.events, together.streams) == (alone.events, alone.streams)
    assert sum(load.streams for load in told) == 200


async def test_a_rebuild_that_dies_changes_nothing_and_the_next_one_cleans_up(
    ledger: PostgresLedger, database: str
) -> None:
    sender = Sender(ledger)
    await a_history(sender)
    await rebuild(shelf, ledger, ledger.pool)
    before = await digest_of(ledger)
    async with PostgresLedger(database) as doomed:
        begun = asyncio.Event()

        def told(_load: Load) -> None:
            begun.set()
            raise ConnectionAbortedError

        with pytest.raises(ConnectionAbortedError):
            await rebuild(shelf, doomed, doomed.pool, progress=told)
        assert begun.is_set()
    await ledger.pool.execute('CREATE SCHEMA "rebuild/parcel_shelf/dead"')  # as one leaves that is killed
    assert await digest_of(ledger) == before
    await rebuild(shelf, ledger, ledger.pool)
    assert await digest_of(ledger) == before
    assert await leftovers(ledger) == 0


async def test_a_rebuild_that_is_cancelled_leaves_nothing_behind(ledger: PostgresLedger) -> None:
    sender = Sender(ledger)
    await a_history(sender)
    for pause in (0.0, 0.005, 0.01, 0.02, 0.04):
        task = asyncio.create_task(rebuild(shelf, ledger, ledger.pool))
        await asyncio.sleep(pause)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await rebuild(shelf, ledger, ledger.pool)
    assert await shown(ledger) == sender.expected
    assert await leftovers(ledger) == 0


async def test_an_event_that_cannot_be_read_fails_the_rebuild_in_one_process_or_many(
    ledger: PostgresLedger, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuilding, "_WORTH_A_PROCESS", 1)
    sender = Sender(ledger)
    await a_history(sender)
    await rebuild(shelf, ledger, ledger.pool)
    stream = new_id()
    await ledger.append(Append(events=(NewEvent(stream, 1, "parcel.sent", b"{"),)))
    with pytest.raises(Unreadable, match=str(stream)):
        await rebuild(shelf, ledger, ledger.pool)
    with pytest.raises((ShareFailed, Unreadable), match=str(stream)):
        await rebuild(shelf, ledger, ledger.pool, processes=Processes(2, database))
    assert await shown(ledger) == sender.expected
    assert await leftovers(ledger) == 0


async def test_a_second_rebuild_at_the_same_time_is_refused(ledger: PostgresLedger) -> None:
    await a_history(Sender(ledger))
    answers = await asyncio.gather(*(rebuild(shelf, ledger, ledger.pool) for _ in range(2)), return_exceptions=True)
    assert [type(answer) for answer in answers if isinstance(answer, BaseException)] == [RebuildUnderWay]


async def test_waits_for_a_long_reader_and_swaps_when_it_is_done(ledger: PostgresLedger) -> None:
    sender = Sender(ledger)
    await a_history(sender, 10)
    await rebuild(shelf, ledger, ledger.pool)
    async with ledger.pool.acquire() as reader:
        reading = reader.transaction()
        await reading.start()
        await reader.fetch(SHOWN)
        rebuilt = asyncio.create_task(rebuild(shelf, ledger, ledger.pool))
        await sender.send("late")
        await asyncio.sleep(0.5)  # longer than the first try is patient
        assert not rebuilt.done()
        assert len(await reader.fetch(SHOWN)) == 10
        await reading.commit()
        assert (await rebuilt).position == sender.position
    assert await shown(ledger) == sender.expected


async def test_gives_up_when_readers_never_leave_and_keeps_the_live_table(
    ledger: PostgresLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuilding, "_PATIENCE", (0.01, 0.01))
    sender = Sender(ledger)
    await a_history(sender, 10)
    await rebuild(shelf, ledger, ledger.pool)
    async with ledger.pool.acquire() as reader, reader.transaction():
        await reader.fetch(SHOWN)
        with pytest.raises(ReadersInTheWay):
            await rebuild(shelf, ledger, ledger.pool)
    assert await shown(ledger) == sender.expected
    assert await leftovers(ledger) == 0


async def test_indexes_keep_their_names(ledger: PostgresLedger) -> None:
    names = "SELECT array_agg(indexname ORDER BY indexname) FROM pg_indexes WHERE schemaname = 'reads'"
    await rebuild(shelf, ledger, ledger.pool)
    first = await ledger.pool.fetchval(names)
    await rebuild(shelf, ledger, ledger.pool)
    assert await ledger.pool.fetchval(names) == first
    assert "parcel_shelf_pkey" in first
