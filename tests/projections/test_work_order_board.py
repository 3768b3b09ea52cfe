"""The board shows every work order as its history says, in pages that neither skip nor repeat."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from random import Random
from typing import Any
from uuid import UUID

import pytest

from adapters.door import LedgerDoor
from adapters.ids import new_id
from adapters.ledger import PostgresLedger
from domain import work_order
from domain.access.permission import Sight
from domain.ports import Context, Unavailable
from domain.promise import Moment, WallClock
from domain.terms import Rung, Terms
from domain.work_order import Evidence, Status, WorkOrder, WorkOrderCommand
from projections.follower import Follower
from projections.projection import Codec
from projections.rebuild import rebuild
from projections.table import digest
from projections.work_order_board import Filters, Key, Listed, Sort, WorkOrderBoard, projection
from tests.domain.any_message import made_up
from tests.everybody import vault_on

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
NOTE = Evidence(kind="note", text="换了灯")


def on(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def reported(at: datetime, **other: Any) -> work_order.Report:
    said: dict[str, Any] = {
        "community": "garden",
        "category": "lighting",
        "summary": "Lamp out",
        "channel": "phone",
        "reporter": "r-1",
    }
    return work_order.Report(at=at, **(said | other))


class Desk:
    """Sends commands, and waits until the board shows what came of them."""

    def __init__(self, door: LedgerDoor, ledger: PostgresLedger) -> None:
        self._door, self._ledger = door, ledger
        self.board = WorkOrderBoard(ledger.pool)
        self.position = 0

    async def send(self, *commands: WorkOrderCommand, stream: UUID | None = None) -> UUID:
        stream = stream or new_id()
        context = Context(actor="desk", occurred_at=START)
        done = await self._door.execute(work_order.decider, stream, commands, context)
        self.position = max(self.position, done.position)
        return stream

    async def shown(self) -> None:
        assert await self._ledger.wait(projection.name, self.position, timeout=20)


@pytest.fixture
async def desk(door: LedgerDoor, ledger: PostgresLedger) -> AsyncIterator[Desk]:
    following = asyncio.create_task(Follower(projection, ledger, ledger.pool, vault=vault_on(ledger)).run())
    yield Desk(door, ledger)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


async def all_pages(board: WorkOrderBoard, filters: Filters, sort: Sort, limit: int) -> list[Listed]:
    found: list[Listed] = []
    after: Key | None = None
    while page := await board.page(filters, sort, after, limit):
        assert len(page) <= limit
        found += page
        after = page[-1].key(sort)
    return found


async def test_shows_what_the_door_knows(desk: Desk, door: LedgerDoor) -> None:
    stream = await desk.send(
        reported(on(0), place="Block 3", device="lamp-7"),
        work_order.Triage(at=on(1), priority=2, terms=Terms(resolution=WallClock(seconds=3600), warn_before=600)),
        work_order.Assign(at=on(1), company="fixit", team="light", person="p-9"),
        work_order.Start(at=on(3)),
    )
    await desk.shown()
    listed = await desk.board.get(stream)
    loaded = await door.load(work_order.decider, stream)
    assert listed == Listed(stream, loaded.version, loaded.position, loaded.state)
    assert await desk.board.get(new_id()) is None


async def test_a_row_holds_the_whole_state_whatever_it_is() -> None:
    codec = Codec(projection)
    for seed in range(300):
        random = Random(seed)  # noqa: S311 - no secret
        state = WorkOrder()
        for _ in range(random.randrange(1, 25)):
            state = work_order.decider.evolve(state, made_up(random.choice(work_order.decider.events), random))
        stored = codec.encode(state)
        assert codec.decode(stored) == state
        assert codec.encode(codec.decode(stored)) == stored


@pytest.mark.parametrize("sort", ["newest", "due"])
async def test_pages_neither_skip_nor_repeat(desk: Desk, sort: Sort) -> None:
    for number in range(23):
        terms = Terms(resolution=Moment(on(100 + number % 4))) if number % 3 else Terms()
        await desk.send(reported(on(number // 5)), work_order.Triage(at=on(9), priority=1, terms=terms))
    await desk.shown()
    expected = await desk.board.page(Filters(), sort, None, 100)
    assert len(expected) == 23
    for limit in (1, 4, 23, 50):
        assert await all_pages(desk.board, Filters(), sort, limit) == expected
    keys = [row.key(sort) for row in expected]
    assert all(a > b if sort == "newest" else a < b for a, b in pairwise(keys))


async def town(desk: Desk) -> dict[str, UUID]:
    """Work orders in all sorts of places."""
    soon, late = Terms(resolution=Moment(on(10)), warn_before=3600), Terms(resolution=Moment(on(90)))
    ladder = Terms(assign_within=WallClock(seconds=600), ladder=(Rung(of="assignment", to="desk", after=60),))
    triage = work_order.Triage
    assigned = work_order.Assign(at=on(2), company="fixit", team="light", person="p-9")
    return {
        "fresh": await desk.send(reported(on(0), summary="Ölfleck im HOF")),
        "elsewhere": await desk.send(reported(on(1), community="harbour", channel="resident", reporter="r-2")),
        "urgent": await desk.send(reported(on(0), device="lift-1"), triage(at=on(1), priority=1, terms=soon)),
        "assigned": await desk.send(reported(on(0)), triage(at=on(1), priority=2, terms=late), assigned),
        "late": await desk.send(
            reported(on(0), category="water"),
            triage(at=on(1), priority=2, terms=soon),
            work_order.Assign(at=on(2), company="aqua"),
            work_order.Start(at=on(12)),
        ),
        "paused": await desk.send(
            reported(on(0)),
            triage(at=on(1), priority=3, terms=soon),
            assigned,
            work_order.Pause(at=on(3), reason="parts"),
        ),
        "done late": await desk.send(
            reported(on(0), external_key="B-77"),
            triage(at=on(1), priority=3, terms=soon),
            work_order.Resolve(at=on(11), evidence=(NOTE,)),
            work_order.Close(at=on(12), note="called back"),
        ),
        "cancelled": await desk.send(reported(on(0)), work_order.Cancel(at=on(1), reason="twice")),
        "escalated": await desk.send(
            reported(on(0)), triage(at=on(0), priority=4, terms=ladder), work_order.Comment(at=on(4), text="?")
        ),
    }


FOUND: Sequence[tuple[Filters, set[str]]] = [
    (Filters(status=(Status.REPORTED, Status.CANCELLED)), {"fresh", "elsewhere", "cancelled"}),
    (Filters(open=False), {"done late", "cancelled"}),
    (Filters(priority=(1, 4)), {"urgent", "escalated"}),
    (Filters(community="harbour"), {"elsewhere"}),
    (Filters(category="water"), {"late"}),
    (Filters(channel="resident", reporter="r-2"), {"elsewhere"}),
    (Filters(company="fixit", team="light", person="p-9"), {"assigned", "paused"}),
    (Filters(company="", open=True), {"fresh", "elsewhere", "urgent", "escalated"}),
    (Filters(device="lift-1"), {"urgent"}),
    (Filters(external_key="B-77"), {"done late"}),
    (Filters(words="ölfleck im hof"), {"fresh"}),
    (Filters(words="b-77"), {"done late"}),
    (Filters(words="100%"), set()),
    (Filters(sight=Sight(areas=("harb",))), {"elsewhere"}),
    (Filters(sight=Sight(people=("r-2",))), {"elsewhere"}),
    (Filters(sight=Sight(people=("p-9",))), {"assigned", "paused"}),
    (Filters(sight=Sight(both=(("fixit", "harb"),))), set()),
    (Filters(sight=Sight()), set()),
    (Filters(resolution_breached=True), {"late", "done late"}),
    (Filters(assignment_breached=True), {"escalated"}),
    (Filters(breached=True), {"late", "done late", "escalated"}),
    (Filters(warned=True), {"late", "done late"}),
    (Filters(level=1), {"escalated"}),
    (Filters(due_before=on(50), open=True), {"urgent", "late", "paused"}),
    (Filters(overdue_at=on(9)), {"late"}),
    (Filters(overdue_at=on(11)), {"urgent", "late"}),
    (Filters(overdue_at=on(91)), {"urgent", "late", "assigned"}),
    (Filters(reported_from=on(1), reported_before=on(2)), {"elsewhere"}),
    (Filters(community="'; DROP TABLE reads.work_order_board; --"), set()),
    (Filters(community="gar\0den"), set()),
    (
        Filters(reported_from=datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))), community="harbour"),
        {"elsewhere"},
    ),
]


async def test_every_filter_finds_what_it_says(desk: Desk) -> None:
    names = {stream: name for name, stream in (await town(desk)).items()}
    await desk.shown()
    for filters, expected in FOUND:
        found = {names[row.id] for row in await desk.board.page(filters)}
        assert found == expected, filters
    tried = {
        name for filters, _ in FOUND for name in filters.__struct_fields__ if getattr(filters, name) not in (None, ())
    }
    assert set(Filters.__struct_fields__) - tried == {"provisional", "response_breached"}
    assert len(await desk.board.page(Filters(provisional=False, response_breached=False))) == len(names)


async def test_counts_agree_with_the_list(desk: Desk) -> None:
    await town(desk)
    await desk.shown()
    for at in (on(9), on(11), on(91)):
        counts = await desk.board.counts(at)
        assert counts.overdue == len(await desk.board.page(Filters(overdue_at=at)))
        assert counts.open == len(await desk.board.page(Filters(open=True)))
        for status in Status:
            assert counts.status.get(status.value, 0) == len(await desk.board.page(Filters(status=(status,))))
    assert (await desk.board.counts(on(11), Filters(community="harbour"))).status == {"reported": 1}


async def test_clocks_are_those_with_something_on_their_agenda(desk: Desk, door: LedgerDoor) -> None:
    streams = (await town(desk)).values()
    await desk.shown()
    states = {stream: (await door.load(work_order.decider, stream)).state for stream in streams}
    waiting = {stream: due.at for stream, state in states.items() if (due := work_order.agenda(state)) is not None}
    found = [stream async for stream in desk.board.open_clocks()]
    assert set(found) == set(waiting)
    assert [waiting[stream] for stream in found] == sorted(waiting.values())


async def test_live_and_rebuilt_boards_are_the_same(desk: Desk, ledger: PostgresLedger) -> None:
    streams = await town(desk)
    await desk.shown()
    for stream in streams.values():
        await desk.send(work_order.Comment(at=on(20), text="still there?"), stream=stream)
    await desk.shown()
    async with ledger.pool.acquire() as connection:
        live = await digest(connection, projection)
        await rebuild(projection, ledger, ledger.pool, vault=vault_on(ledger))
        assert await digest(connection, projection) == live
    assert live.rows == len(streams)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda: reported(on(0), summary="zero\0byte", community="gar\0den"),
        lambda: reported(datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))),
        lambda: reported(datetime(9999, 12, 31, 23, tzinfo=timezone(-timedelta(hours=12)))),
    ],
    ids=["zero byte", "before the year 1", "after the year 9999"],
)
async def test_odd_input_of_one_does_not_stop_the_rows_of_others(
    desk: Desk, ledger: PostgresLedger, spoil: Callable[[], work_order.Report]
) -> None:
    odd = await desk.send(spoil())
    fine = await desk.send(reported(on(0)))
    await desk.shown()
    assert await desk.board.get(fine) is not None
    listed = await desk.board.get(odd)
    assert listed is not None
    assert listed.order.reported_at == spoil().at
    assert len(await all_pages(desk.board, Filters(), "newest", 1)) == 2
    await rebuild(projection, ledger, ledger.pool, vault=vault_on(ledger))
    assert await desk.board.get(odd) == listed


async def test_says_so_while_there_is_no_board(ledger: PostgresLedger) -> None:
    with pytest.raises(Unavailable):
        await WorkOrderBoard(ledger.pool).get(new_id())
