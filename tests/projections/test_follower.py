"""A read model is followed: each event is in it once, whatever is killed and whoever else follows."""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import asyncpg
import pytest

from adapters.ids import new_id
from adapters.ledger import PostgresLedger
from domain.ports import Append, NewEvent
from projections.fold import Fold
from projections.follower import Follower, Superseded
from projections.projection import Row, Unreadable
from projections.rebuild import rebuild
from projections.table import Connection, Table, digest
from tests.projections.parcel import SHOWN, Delivered, Moved, Parcel, Sender, Sent, shelf

PATIENCE = 20.0


@asynccontextmanager
async def following(
    ledger: PostgresLedger, *, batch: int = 10_000, remember: int = 20_000
) -> AsyncGenerator[asyncio.Task[None]]:
    follower = Follower(shelf, ledger, ledger.pool, batch=batch, remember=remember, stand_by=0.02)
    task = asyncio.create_task(follower.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def shown(ledger: PostgresLedger) -> set[tuple[object, ...]]:
    return {tuple(row) for row in await ledger.pool.fetch(SHOWN)}


async def shows(ledger: PostgresLedger, sender: Sender) -> bool:
    try:
        return await shown(ledger) == sender.expected
    except asyncpg.UndefinedTableError:
        return False


async def until(holds: Callable[[], Awaitable[object]]) -> None:
    """Look until it holds."""
    async with asyncio.timeout(PATIENCE):
        while not await holds():  # noqa: ASYNC110 - it is the database that is looked at
            await asyncio.sleep(0.01)


async def arrived(ledger: PostgresLedger, sender: Sender) -> bool:
    return await ledger.wait(shelf.name, sender.position, timeout=PATIENCE)


async def test_shows_what_happened_before_and_after_it_began(ledger: PostgresLedger) -> None:
    sender = Sender(ledger)
    first = await sender.send("Tianjin", moves=3)
    async with following(ledger):
        await sender.append(first, Delivered())
        await sender.send("Suzhou")
        assert await arrived(ledger, sender)
        assert await shown(ledger) == sender.expected


async def test_writes_many_rows_in_one_batch(ledger: PostgresLedger) -> None:
    sender = Sender(ledger)
    streams = [await sender.send(f"house {number}", moves=2) for number in range(200)]
    async with following(ledger):
        await asyncio.gather(*(sender.append(stream, Moved(metres=5)) for stream in streams))
        assert await arrived(ledger, sender)
        assert await shown(ledger) == sender.expected


async def test_goes_on_where_it_was_after_a_restart(ledger: PostgresLedger) -> None:
    sender = Sender(ledger)
    stream = await sender.send("Tianjin", moves=3)
    async with following(ledger):
        assert await arrived(ledger, sender)
    await sender.append(stream, Moved(metres=10))
    async with following(ledger):
        assert await arrived(ledger, sender)
        assert await shown(ledger) == sender.expected


async def test_passes_over_tags_it_does_not_know(ledger: PostgresLedger) -> None:
    sender = Sender(ledger)
    await sender.send("Tianjin")
    foreign = NewEvent(new_id(), 1, "elsewhere:Thing", b"not json")
    receipt = await ledger.append(Append(events=(foreign,)))
    async with following(ledger):
        assert await ledger.wait(shelf.name, receipt.position, timeout=PATIENCE)
        assert await shown(ledger) == sender.expected


async def test_stops_at_an_event_it_cannot_read_and_names_it(ledger: PostgresLedger) -> None:
    sender = Sender(ledger)
    await sender.send("Tianjin")
    broken = NewEvent(new_id(), 1, "parcel.sent", b'{"type":"parcel.sent","to":7}')
    receipt = await ledger.append(Append(events=(broken,)))
    async with following(ledger) as task:
        with pytest.raises(Unreadable, match=rf"event {receipt.position} \(parcel.sent\)"):
            await asyncio.wait_for(task, PATIENCE)


async def test_two_followers_apply_nothing_twice(ledger: PostgresLedger, database: str) -> None:
    sender = Sender(ledger)
    async with PostgresLedger(database) as other, following(ledger, batch=7), following(other, batch=7):
        streams = [await sender.send("Tianjin", moves=1) for _ in range(20)]
        for _ in range(20):
            await asyncio.gather(*(sender.append(stream, Moved(metres=1)) for stream in streams))
        assert await arrived(ledger, sender)
        assert await shown(ledger) == sender.expected


async def test_a_second_follower_takes_over_when_the_first_one_ends(ledger: PostgresLedger, database: str) -> None:
    sender = Sender(ledger)
    async with PostgresLedger(database) as other, following(ledger) as first:
        await sender.send("Tianjin")
        assert await arrived(ledger, sender)
        async with following(other):
            first.cancel()
            await sender.send("Suzhou")
            assert await arrived(ledger, sender)
            assert await shown(ledger) == sender.expected


async def test_a_batch_that_somebody_else_applied_meanwhile_is_not_applied_again(ledger: PostgresLedger) -> None:
    """The lock only saves work. What counts is the position, compared in the transaction that writes the rows."""
    sender = Sender(ledger)
    stream = await sender.send("Tianjin")
    async with following(ledger, remember=0), ledger.pool.acquire() as connection:
        assert await arrived(ledger, sender)
        begun = sender.position
        async with connection.transaction():
            await connection.execute("SELECT 1 FROM linli_projections WHERE name = $1 FOR UPDATE", shelf.name)
            await sender.append(stream, Moved(metres=1))
            await until_somebody_waits_for_a_lock(connection)
            table = Table(shelf)
            await table.prepare(connection)
            await Fold(table).apply(connection, await ledger.page(begun))
            await connection.execute("SELECT linli_projected($1, $2)", shelf.name, sender.position)
        await sender.append(stream, Moved(metres=1))
        assert await arrived(ledger, sender)
        assert await shown(ledger) == sender.expected


async def until_somebody_waits_for_a_lock(connection: Connection) -> None:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    await until(lambda: connection.fetchval(waiting))


async def test_applies_each_event_once_however_often_it_is_killed(ledger: PostgresLedger, database: str) -> None:
    """Cancelled at any moment, and its connections cut from the server's side, while others write."""
    sender = Sender(ledger)
    chance = random.Random(7)  # noqa: S311 - for the same disorder every time
    enough = asyncio.Event()

    async def write() -> None:
        streams = [await sender.send("Tianjin") for _ in range(30)]
        while not enough.is_set():
            await asyncio.gather(*(sender.append(stream, Moved(metres=1)) for stream in chance.sample(streams, 10)))

    writing = asyncio.create_task(write())
    async with PostgresLedger(database) as other:
        for number in range(30):
            async with following(other, batch=chance.randrange(1, 60)):
                await asyncio.sleep(chance.random() * 0.03)
                if number % 3 == 0:
                    await cut_writers_of(ledger, "%linli_projections%")
        enough.set()
        await writing
        async with following(other):
            assert await arrived(ledger, sender)
            assert await shown(ledger) == sender.expected


async def cut_writers_of(ledger: PostgresLedger, statement: str) -> None:
    await ledger.pool.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND query LIKE $1 AND pid <> pg_backend_pid()",
        statement,
    )


async def test_makes_its_table_anew_when_it_was_dropped(ledger: PostgresLedger) -> None:
    sender = Sender(ledger)
    stream = await sender.send("Tianjin", moves=2)
    async with following(ledger):
        assert await arrived(ledger, sender)
        await ledger.pool.execute("DROP TABLE reads.parcel_shelf")
        await sender.append(stream, Moved(metres=1))
        await until(lambda: shows(ledger, sender))


def only_where_to(parcel: Parcel) -> Row:
    return (parcel.to,)


async def test_replays_when_the_definition_has_changed(ledger: PostgresLedger) -> None:
    sender = Sender(ledger)
    await sender.send("Tianjin", moves=2)
    older = replace(shelf, columns={"place": "text"}, row=only_where_to, indexes=())
    await rebuild(older, ledger, ledger.pool)
    async with following(ledger):
        await sender.send("Suzhou")
        assert await arrived(ledger, sender)
        assert await shown(ledger) == sender.expected


async def test_a_follower_of_older_code_stops_when_newer_code_has_replayed(ledger: PostgresLedger) -> None:
    sender = Sender(ledger)
    await sender.send("Tianjin")
    async with following(ledger) as older:
        assert await arrived(ledger, sender)
        await rebuild(replace(shelf, revision=2), ledger, ledger.pool)
        await sender.send("Suzhou")
        with pytest.raises(Superseded):
            await asyncio.wait_for(older, PATIENCE)


async def test_live_and_rebuilt_are_the_same(ledger: PostgresLedger) -> None:
    sender = Sender(ledger)
    async with following(ledger, batch=5):
        for _ in range(10):
            stream = await sender.send("Tianjin", moves=3)
            await sender.append(stream, Moved(metres=4), Delivered())
        assert await arrived(ledger, sender)
    async with ledger.pool.acquire() as connection:
        live = await digest(connection, shelf)
        await rebuild(shelf, ledger, ledger.pool)
        assert await digest(connection, shelf) == live
        assert live.rows == 10
        await connection.execute(
            "UPDATE reads.parcel_shelf SET metres = 8 WHERE id IN (SELECT id FROM reads.parcel_shelf LIMIT 1)"
        )
        assert await digest(connection, shelf) != live


async def test_states_that_are_not_remembered_are_read_back_from_the_table(ledger: PostgresLedger) -> None:
    sender = Sender(ledger)
    streams = [await sender.send("Tianjin", moves=1) for _ in range(40)]
    follower = Follower(shelf, ledger, ledger.pool, batch=10, remember=3)
    task = asyncio.create_task(follower.run())
    for _ in range(3):
        await asyncio.gather(*(sender.append(stream, Moved(metres=2)) for stream in streams))
    assert await arrived(ledger, sender)
    task.cancel()
    assert await shown(ledger) == sender.expected


async def test_a_stream_may_begin_with_any_event(ledger: PostgresLedger) -> None:
    """The past always folds, whatever order tools of old wrote it in."""
    sender = Sender(ledger)
    async with following(ledger):
        await sender.append(new_id(), Moved(metres=2), Sent(to="Tianjin"))
        assert await arrived(ledger, sender)
        assert await shown(ledger) == sender.expected
