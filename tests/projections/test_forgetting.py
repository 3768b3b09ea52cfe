"""Read models stay sealed but where they are searched, and there they forget whom the log says to forget."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from adapters.ids import new_id
from adapters.ledger import PostgresLedger
from adapters.master_key import MasterKey
from adapters.vault import PostgresVault, vault_at
from domain import work_order
from domain.decider import tag_of
from domain.ports import Append, NewEvent
from domain.privacy.personal import PREFIX, is_sealed
from domain.work_order import Reported, WorkOrder
from projections import rebuild as rebuilding
from projections.bulk import Processes
from projections.follower import Follower
from projections.opening import VaultMissing
from projections.rebuild import rebuild
from projections.table import Digest, digest
from projections.work_order_board import Filters, WorkOrderBoard
from projections.work_order_board import projection as board
from tests.domain.small_town import on
from tests.projections import resident
from tests.projections.resident import Left, LeftAlone, MovedIn, Spoke, Town, directory

PATIENCE = 20.0
DECIDERS = (resident.decider,)


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    MasterKey.at(tmp_path / "master.json", create=True)
    return tmp_path / "master.json"


@pytest.fixture
def vault(ledger: PostgresLedger, key_file: Path) -> PostgresVault:
    return PostgresVault(ledger.pool, MasterKey.at(key_file, create=False))


@pytest.fixture
def town(ledger: PostgresLedger, vault: PostgresVault) -> Town:
    return Town(ledger, vault)


@asynccontextmanager
async def following(ledger: PostgresLedger, vault: PostgresVault | None) -> AsyncGenerator[asyncio.Task[None]]:
    follower = Follower(directory, ledger, ledger.pool, vault=vault, deciders=DECIDERS, stand_by=0.02)
    task = asyncio.create_task(follower.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def shown(ledger: PostgresLedger) -> dict[UUID, tuple[str, str]]:
    rows = await ledger.pool.fetch("SELECT id, name, said FROM reads.resident_directory")
    return {row[0]: (row[1], row[2]) for row in rows}


async def arrived(ledger: PostgresLedger, town: Town) -> bool:
    return await ledger.wait(directory.name, town.position, timeout=PATIENCE)


async def digest_of(ledger: PostgresLedger) -> Digest:
    async with ledger.pool.acquire() as connection:
        return await digest(connection, directory)


async def test_shows_opened_what_is_to_be_searched_and_keeps_the_state_sealed(
    ledger: PostgresLedger, vault: PostgresVault, town: Town
) -> None:
    stream = await town.move_in("Zhang San", "The LAMP", "is out\0")
    async with following(ledger, vault):
        assert await arrived(ledger, town)
        assert await shown(ledger) == {stream: ("Zhang San", "the lamp  is out\ufffd ")}
    state = await ledger.pool.fetchval("SELECT state FROM reads.resident_directory")
    assert is_sealed(msgspec.json.decode(state, type=resident.Resident).name)
    assert b"Zhang" not in state


@pytest.mark.parametrize("way", [Left(), LeftAlone()])
async def test_whoever_is_to_be_forgotten_is_gone_from_every_row_and_nobody_else_is(
    ledger: PostgresLedger, vault: PostgresVault, town: Town, way: Left | LeftAlone
) -> None:
    zhang, li = await town.move_in("Zhang", "hello"), await town.move_in("Li", "good morning")
    await town.tell(li, Spoke(words="listen:", of=str(zhang), gossip="Zhang snores"))
    async with following(ledger, vault):
        assert await arrived(ledger, town)
        assert await shown(ledger) == {
            zhang: ("Zhang", "hello "),
            li: ("Li", "good morning  listen: zhang snores"),
        }
        await town.tell(zhang, way)
        assert await arrived(ledger, town)
        assert await shown(ledger) == {zhang: ("", " "), li: ("Li", "good morning  listen: ")}
        await town.tell(li, Spoke(words="still here", of=str(zhang), gossip="late"))
        assert await arrived(ledger, town)
        assert (await shown(ledger))[li] == ("Li", "good morning  listen:  still here ")
    dump = await ledger.pool.fetch("SELECT t::text FROM reads.resident_directory AS t")
    assert not [row for row in dump if "snores" in row[0] or "hello" in row[0]]


async def test_live_and_rebuilt_are_the_same_after_an_erasure(
    ledger: PostgresLedger,
    vault: PostgresVault,
    database: str,
    key_file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    town = Town(ledger, vault)
    monkeypatch.setattr(rebuilding, "_WORTH_A_PROCESS", 1)
    async with following(ledger, vault):
        people = [await town.move_in(f"Person {number}", "Hello", "again") for number in range(100)]
        assert await arrived(ledger, town)
        for number in range(0, 100, 7):
            await town.tell(people[number], Left())
            await town.tell(people[number + 1], LeftAlone(), Spoke(words="why?"))
        assert await arrived(ledger, town)
    live = await digest_of(ledger)
    await rebuild(directory, ledger, ledger.pool, vault=vault, deciders=DECIDERS)
    assert await digest_of(ledger) == live
    await ledger.pool.execute("ANALYZE linli_events")
    several = Processes(2, database, partial(vault_at, database, key_file))
    done = await rebuild(directory, ledger, ledger.pool, vault=vault, deciders=DECIDERS, processes=several)
    assert done.streams == 100
    assert await digest_of(ledger) == live
    assert sum(name.startswith("Person") for name, _ in (await shown(ledger)).values()) == 70


async def test_what_is_erased_while_a_rebuild_runs_is_not_in_the_new_table(
    ledger: PostgresLedger, vault: PostgresVault, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    zhang, li = await town.move_in("Zhang", "hello"), await town.move_in("Li", "good morning")
    head, asked = ledger.head, 0

    async def erased_by_the_way() -> int:
        nonlocal asked
        asked += 1
        if asked == 2:  # the table is filled, and is to catch up
            await town.tell(zhang, Left())
        return await head()

    monkeypatch.setattr(ledger, "head", erased_by_the_way)
    await rebuild(directory, ledger, ledger.pool, vault=vault, deciders=DECIDERS)
    assert await shown(ledger) == {zhang: ("", " "), li: ("Li", "good morning ")}


async def test_what_is_forged_stops_nobody_and_is_left_out(
    ledger: PostgresLedger, vault: PostgresVault, town: Town
) -> None:
    """Somebody with a hand in the database moves a sealed text to another stream."""
    zhang = await town.move_in("Zhang", "hello")
    [recorded] = await ledger.read(zhang, version=1)
    stolen = new_id()
    receipt = await ledger.append(Append(events=(NewEvent(stolen, 1, recorded.tag, recorded.body),)))
    odd = NewEvent(
        new_id(), 1, tag_of(MovedIn), msgspec.json.encode(MovedIn(name=f"{PREFIX}{'0' * 32}.1.a.b", house=""))
    )
    town.position = (await ledger.append(Append(events=(odd,)))).position
    assert receipt.position < town.position
    async with following(ledger, vault):
        assert await arrived(ledger, town)
        assert await shown(ledger) == {zhang: ("Zhang", "hello "), stolen: ("", ""), odd.stream: ("", "")}


async def test_without_a_vault_nothing_is_written_that_ought_to_be_opened(ledger: PostgresLedger, town: Town) -> None:
    await town.move_in("Zhang")
    async with following(ledger, None) as task:
        with pytest.raises(VaultMissing):
            await asyncio.wait_for(task, PATIENCE)


async def test_the_board_finds_a_work_order_by_its_sealed_words_until_they_are_erased(
    ledger: PostgresLedger, vault: PostgresVault
) -> None:
    person, stream = new_id(), new_id()
    said = Reported(
        at=on(2), community="garden", category="door", summary="Die TÜR klemmt", channel="phone", reporter=str(person),
        place="Block 3", external_key="K-1",
    )  # fmt: skip
    plain = msgspec.structs.replace(said, summary="Die Tür, von früher")
    old = new_id()
    await ledger.append(Append(events=(NewEvent(old, 1, tag_of(plain), msgspec.json.encode(plain)),)))
    sealed = await vault.seal(stream, 0, [said], WorkOrder(), work_order.decider.evolve)
    body = msgspec.json.encode(sealed.events[0])
    uses = tuple((key, stream) for key in sealed.keys)
    await ledger.append(Append(events=(NewEvent(stream, 1, tag_of(said), body),), sealed_with=uses))

    follower = Follower(board, ledger, ledger.pool, vault=vault, deciders=(work_order.decider, resident.decider))
    task = asyncio.create_task(follower.run())

    async def found(words: str) -> set[UUID]:
        assert await ledger.wait(board.name, await ledger.head(), timeout=PATIENCE)
        return {row.id for row in await WorkOrderBoard(ledger.pool).page(Filters(words=words))}

    assert await found("tür") == {stream, old}
    assert await found("block 3") == {stream, old}
    listed = await WorkOrderBoard(ledger.pool).get(stream)
    assert listed is not None
    assert is_sealed(listed.order.summary)
    gone = NewEvent(person, 1, tag_of(Left()), msgspec.json.encode(Left()))
    await ledger.append(Append(events=(gone,), erases=(str(person),)))
    assert await found("tür") == {old}
    assert await found("k-1") == {stream, old}
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    async with ledger.pool.acquire() as connection:
        live = await digest(connection, board)
        await rebuild(board, ledger, ledger.pool, vault=vault)
        assert await digest(connection, board) == live
