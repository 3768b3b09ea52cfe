"""The ledger keeps what it says: atomic, exactly once, in order, and readable up to any point."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from adapters.ids import new_id
from adapters.ledger import PostgresLedger
from domain.ports import Append, Busy, CommandIdReused, Conflict, LedgerError, NewEvent, Receipt, Recorded


def event(stream: UUID, version: int = 1, tag: str = "test.happened", body: bytes = b"{}") -> NewEvent:
    return NewEvent(stream, version, tag, body)


def request(*events: NewEvent, command_id: UUID | None = None, guards: tuple[tuple[UUID, int], ...] = ()) -> Append:
    return Append(
        events=events,
        meta=f'{{"command_id":"{uuid4()}"}}'.encode(),
        command_id=command_id,
        fingerprint=b"asked" if command_id else b"",
        outcome=b"answered" if command_id else b"",
        guards=guards,
    )


async def collect(batches: AsyncIterator[list[Recorded]], amount: int) -> list[Recorded]:
    """The first so many events of a subscription."""
    found: list[Recorded] = []
    async for batch in batches:
        found.extend(batch)
        if len(found) >= amount:
            break
    return found


def positions(rows: list[Recorded]) -> list[int]:
    return [row.position for row in rows]


async def test_what_was_appended_is_read_back_by_stream_and_by_log(ledger: PostgresLedger) -> None:
    one, two = new_id(), new_id()
    first = await ledger.append(request(event(one, 1), event(one, 2), event(two, 1, "test.other", b'{"a":1}')))
    await ledger.append(request(event(one, 3)))

    assert first == Receipt(3)
    assert [row.version for row in await ledger.read(one)] == [1, 2, 3]
    assert [row.version for row in await ledger.read(one, after=2)] == [3]
    [other] = await ledger.read(two)
    assert (other.tag, other.body, other.position, other.stream) == ("test.other", b'{"a":1}', 3, two)
    assert positions(await ledger.page()) == [1, 2, 3, 4]
    assert positions(await ledger.page(1, limit=2)) == [2, 3]
    assert positions(await ledger.page(tags=["test.other"])) == [3]
    assert await ledger.head() == 4


async def test_a_stream_is_read_up_to_a_version_a_position_or_a_moment(ledger: PostgresLedger) -> None:
    stream = new_id()
    for version in (1, 2, 3):
        await ledger.append(request(event(stream, version)))
    rows = await ledger.read(stream)

    assert await ledger.read(stream, version=2) == rows[:2]
    assert await ledger.read(stream, position=2) == rows[:2]
    assert await ledger.read(stream, moment=rows[1].recorded_at) == rows[:2]
    assert await ledger.read(stream, moment=datetime(2020, 1, 1, tzinfo=UTC)) == []


async def test_a_taken_version_is_a_conflict_and_leaves_nothing(ledger: PostgresLedger) -> None:
    stream, other = new_id(), new_id()
    await ledger.append(request(event(stream)))
    with pytest.raises(Conflict):
        await ledger.append(request(event(other), event(stream)))
    assert await ledger.read(other) == []


async def test_a_request_that_clashes_with_itself_is_a_conflict(ledger: PostgresLedger) -> None:
    stream = new_id()
    with pytest.raises(Conflict):
        await ledger.append(request(event(stream), event(stream)))
    assert await ledger.head() == 0


async def test_a_conflict_inside_a_batch_fails_only_that_request(ledger: PostgresLedger) -> None:
    taken = [new_id() for _ in range(30)]
    await asyncio.gather(*(ledger.append(request(event(stream))) for stream in taken))
    fresh = [new_id() for _ in range(270)]
    requests: list[Append] = []
    for number, stream in enumerate(fresh):
        requests.append(request(event(stream), event(stream, 2)))
        if number % 9 == 0:
            requests.append(request(event(new_id()), event(taken[number // 9])))

    answers = await asyncio.gather(*map(ledger.append, requests), return_exceptions=True)

    assert sum(isinstance(answer, Conflict) for answer in answers) == 30
    assert sum(isinstance(answer, Receipt) for answer in answers) == 270
    for asked, answer in zip(requests, answers, strict=True):
        stored = await ledger.read(asked.events[0].stream)
        assert len(stored) == (2 if isinstance(answer, Receipt) else 0)
        if isinstance(answer, Receipt):
            assert stored[-1].position == answer.position


async def test_what_cannot_be_stored_fails_only_that_request(ledger: PostgresLedger) -> None:
    good, bad = [new_id() for _ in range(20)], new_id()
    answers = await asyncio.gather(
        *(ledger.append(request(event(stream))) for stream in good[:10]),
        ledger.append(request(event(bad, tag="nul\0byte"))),
        *(ledger.append(request(event(stream))) for stream in good[10:]),
        return_exceptions=True,
    )
    refused = [answer for answer in answers if not isinstance(answer, Receipt)]
    assert [type(answer) for answer in refused] == [LedgerError]
    assert await ledger.head() >= 20


async def test_a_command_id_is_appended_once_and_answers_the_same(ledger: PostgresLedger) -> None:
    command_id, stream = uuid4(), new_id()
    first = await ledger.append(request(event(stream), command_id=command_id))
    again = await ledger.append(request(event(stream, 2), command_id=command_id))

    assert (first.position, first.duplicate) == (1, False)
    assert again == Receipt(1, duplicate=True, outcome=b"answered")
    assert len(await ledger.read(stream)) == 1
    assert await ledger.find(command_id) == (b"asked", again)
    assert await ledger.find(uuid4()) is None


async def test_a_hundred_racing_repeats_of_one_command_have_one_effect(ledger: PostgresLedger) -> None:
    command_id = uuid4()
    receipts = await asyncio.gather(
        *(ledger.append(request(event(new_id()), command_id=command_id)) for _ in range(100))
    )
    assert sum(not receipt.duplicate for receipt in receipts) == 1
    assert {receipt.position for receipt in receipts} == {1}
    assert await ledger.head() == 1


async def test_a_command_without_events_is_remembered_too(ledger: PostgresLedger) -> None:
    command_id = uuid4()
    await ledger.append(request(event(new_id())))
    first = await ledger.append(request(command_id=command_id))
    assert (first.position, first.duplicate) == (1, False)
    assert (await ledger.append(request(command_id=command_id))).duplicate


async def test_a_command_id_used_for_something_else_is_refused(ledger: PostgresLedger) -> None:
    command_id, stream = uuid4(), new_id()
    await ledger.append(request(event(stream), command_id=command_id))
    other = Append(events=(event(new_id()),), command_id=command_id, fingerprint=b"something else")
    with pytest.raises(CommandIdReused):
        await ledger.append(other)
    assert await ledger.head() == 1


async def test_a_guard_lets_pass_only_while_the_other_stream_stands_still(ledger: PostgresLedger) -> None:
    watched, stream = new_id(), new_id()
    await ledger.append(request(event(stream, 1), guards=((watched, 0),)))
    await ledger.append(request(event(watched)))
    with pytest.raises(Conflict):
        await ledger.append(request(event(stream, 2), guards=((watched, 0),)))
    await ledger.append(request(event(stream, 2), guards=((watched, 1),)))
    assert [row.version for row in await ledger.read(stream)] == [1, 2]


async def test_racing_guards_never_let_two_decisions_rest_on_each_other(ledger: PostgresLedger) -> None:
    """Write skew: each of two requests guards the stream that the other writes. At most one may pass."""
    for _ in range(50):
        one, two = new_id(), new_id()
        answers = await asyncio.gather(
            ledger.append(request(event(one), guards=((two, 0),))),
            ledger.append(request(event(two), guards=((one, 0),))),
            return_exceptions=True,
        )
        assert sum(isinstance(answer, Receipt) for answer in answers) == 1


async def test_a_full_queue_refuses_instead_of_growing(database: str) -> None:
    async with PostgresLedger(database, max_queue=50) as small:
        answers = await asyncio.gather(
            *(small.append(request(event(new_id()))) for _ in range(200)), return_exceptions=True
        )
        accepted = sum(isinstance(answer, Receipt) for answer in answers)
        assert sum(isinstance(answer, Busy) for answer in answers) == 200 - accepted > 0
        assert await small.head() == accepted


async def test_a_subscription_catches_up_and_then_follows(ledger: PostgresLedger) -> None:
    for _ in range(3):
        await ledger.append(request(event(new_id())))
    following = asyncio.create_task(collect(ledger.subscribe(1, limit=1), 4))
    await asyncio.sleep(0)
    for _ in range(2):
        await ledger.append(request(event(new_id())))
    assert positions(await asyncio.wait_for(following, 10)) == [2, 3, 4, 5]


async def test_waiting_for_a_projection_ends_when_it_comes_along(ledger: PostgresLedger) -> None:
    assert not await ledger.wait("board", 7, timeout=0.05)
    waiting = asyncio.create_task(ledger.wait("board", 7, timeout=10))
    await asyncio.sleep(0)
    await ledger.pool.execute("SELECT linli_projected('board', 6)")
    await ledger.pool.execute("SELECT linli_projected('board', 7)")
    assert await asyncio.wait_for(waiting, 2)
    assert await ledger.wait("board", 5, timeout=0)


def test_new_ids_rise() -> None:
    ids = [new_id() for _ in range(1000)]
    assert sorted(ids, key=lambda each: each.int >> 64) == ids
    assert {each.version for each in ids} == {7}
