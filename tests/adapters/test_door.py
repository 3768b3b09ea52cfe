"""The door decides on what is, never on what it remembers, and gives a repeated command the answer of the first."""

import asyncio
import itertools
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TypeAlias, assert_never, final
from uuid import UUID, uuid4

import msgspec
import pytest

from adapters.door import LedgerDoor
from adapters.ids import new_id
from adapters.ledger import PostgresLedger
from domain.access.permission import DutiesKeptApart, Question
from domain.decider import Ask, Command, Decider, Event, Refused
from domain.ports import CommandIdReused, Context, Metadata, OtherLifecycle, VersionMismatch
from tests import everybody

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@final
class TurnOn(Command, frozen=True, tag="turn_on"): ...


@final
class TurnOff(Command, frozen=True, tag="turn_off"): ...


@final
class TurnedOn(Event, frozen=True, tag="lamp.turned_on"): ...


@final
class TurnedOff(Event, frozen=True, tag="lamp.turned_off"): ...


class Dark(Refused):
    """The lamp is off."""


LampCommand: TypeAlias = TurnOn | TurnOff
LampEvent: TypeAlias = TurnedOn | TurnedOff


class Lamp(msgspec.Struct, frozen=True):
    on: bool = False


def decide_lamp(command: LampCommand, state: Lamp, _ask: Ask) -> Sequence[LampEvent]:
    match command:
        case TurnOn():
            return [] if state.on else [TurnedOn()]
        case TurnOff():
            if not state.on:
                raise Dark(since=7)
            return [TurnedOff()]
        case _:
            assert_never(command)


def evolve_lamp(_state: Lamp, event: LampEvent) -> Lamp:
    return Lamp(on=isinstance(event, TurnedOn))


lamp: Decider[LampCommand, Lamp, LampEvent] = Decider(
    "lamp", Lamp(), decide_lamp, evolve_lamp, commands=(TurnOn, TurnOff), events=(TurnedOn, TurnedOff)
)


@final
class Read(Command, frozen=True, tag="read"):
    under: UUID


@final
class WasRead(Event, frozen=True, tag="page.was_read"): ...


class Pages(msgspec.Struct, frozen=True):
    read: int = 0


def decide_page(command: Read, _state: Pages, ask: Ask) -> Sequence[WasRead]:
    if not ask(lamp, command.under).on:
        raise Dark
    return [WasRead()]


def evolve_page(state: Pages, _event: WasRead) -> Pages:
    return Pages(state.read + 1)


page: Decider[Read, Pages, WasRead] = Decider(
    "page", Pages(), decide_page, evolve_page, commands=(Read,), events=(WasRead,)
)


def context(command_id: UUID | None = None, fingerprint: bytes = b"") -> Context:
    return Context(
        actor="tester", occurred_at=NOON, correlation_id="c-1", command_id=command_id, fingerprint=fingerprint
    )


@pytest.fixture
def other(ledger: PostgresLedger) -> LedgerDoor:
    """The door of another process: it remembers states of its own."""
    return everybody.door_to(ledger)


async def test_a_command_becomes_events_with_their_envelope(door: LedgerDoor, ledger: PostgresLedger) -> None:
    stream, command_id = new_id(), uuid4()
    wishes: list[LampCommand] = [TurnOn(), TurnOff()]
    done = await door.execute(lamp, stream, wishes, context(command_id))
    assert (done.stream, done.version, done.position, done.events, done.duplicate) == (stream, 2, 2, 2, False)
    on, off = await ledger.read(stream)
    assert (on.tag, on.body, off.tag) == ("lamp.turned_on", b'{"type":"lamp.turned_on"}', "lamp.turned_off")
    assert on.meta is not None
    assert msgspec.json.decode(on.meta, type=Metadata) == Metadata(
        actor="tester", occurred_at=NOON, command_id=command_id, correlation_id="c-1", grounds="everybody may"
    )
    assert await door.load(lamp, stream) == await everybody.door_to(ledger).load(lamp, stream)


async def test_a_refusal_leaves_nothing_and_asking_twice_is_not_a_new_fact(
    door: LedgerDoor, ledger: PostgresLedger
) -> None:
    stream = new_id()
    wishes: list[LampCommand] = [TurnOn(), TurnOff(), TurnOff()]
    with pytest.raises(Dark) as refused:
        await door.execute(lamp, stream, wishes, context())
    assert refused.value.details == {"since": 7}
    assert await ledger.head() == 0
    await door.execute(lamp, stream, TurnOn(), context())
    done = await door.execute(lamp, stream, TurnOn(), context())
    assert (done.events, done.version, done.position) == (0, 1, 1)


async def test_what_another_process_did_is_seen_whatever_is_remembered(door: LedgerDoor, other: LedgerDoor) -> None:
    stream = new_id()
    await door.execute(lamp, stream, TurnOn(), context())
    await other.execute(lamp, stream, TurnOff(), context())
    assert (await door.execute(lamp, stream, TurnOn(), context())).version == 3  # remembered: on, nothing to do
    await other.execute(lamp, stream, TurnOff(), context())
    await other.execute(lamp, stream, TurnOn(), context())
    assert (await door.execute(lamp, stream, TurnOff(), context())).version == 6  # remembered: version 3
    await other.execute(lamp, stream, TurnOn(), context())
    assert (await door.execute(lamp, stream, TurnOff(), context())).version == 8  # remembered: off, refuse
    assert (await other.load(lamp, stream)).state == Lamp(on=False)


async def test_commands_of_two_processes_on_one_stream_all_come_through(door: LedgerDoor, other: LedgerDoor) -> None:
    under, stream = new_id(), new_id()
    await door.execute(lamp, under, TurnOn(), context())
    await asyncio.gather(
        *(each.execute(page, stream, Read(under=under), context()) for each in (door, other) for _ in range(50))
    )
    assert (await door.load(page, stream)).state.read == 100


async def test_a_rule_that_spans_lifecycles_holds_at_every_position(
    door: LedgerDoor, other: LedgerDoor, ledger: PostgresLedger
) -> None:
    under, streams = new_id(), [new_id() for _ in range(4)]

    tried = asyncio.Event()

    async def flicker() -> None:
        wishes: tuple[LampCommand, LampCommand] = (TurnOn(), TurnOff())
        for wish in itertools.cycle(wishes):
            await other.execute(lamp, under, wish, context())
            await tried.wait()
            tried.clear()

    async def read(stream: UUID) -> int:
        read = 0
        async with asyncio.timeout(30):
            while read < 5:
                with suppress(Dark):
                    await door.execute(page, stream, Read(under=under), context())
                    read += 1
                tried.set()
        return read

    flickering = asyncio.create_task(flicker())
    counts = await asyncio.gather(*map(read, streams))
    flickering.cancel()
    await asyncio.gather(flickering, return_exceptions=True)

    lit, read_in_the_light = False, 0
    for row in await ledger.page():
        if row.stream == under:
            lit = row.tag == "lamp.turned_on"
        else:
            assert lit, f"read in the dark at {row.position}"
            read_in_the_light += 1
    assert read_in_the_light == sum(counts) > 0


async def test_who_saw_another_version_is_told(door: LedgerDoor, other: LedgerDoor) -> None:
    stream = new_id()
    with pytest.raises(VersionMismatch):
        await door.execute(lamp, stream, TurnOn(), context(), expected_version=3)
    await door.execute(lamp, stream, TurnOn(), context(), expected_version=0)
    await other.execute(lamp, stream, TurnOff(), context(), expected_version=1)
    with pytest.raises(VersionMismatch) as mismatch:
        await door.execute(lamp, stream, TurnOff(), context(), expected_version=1)
    assert (mismatch.value.expected, mismatch.value.actual) == (1, 2)


async def test_a_repeated_command_gets_the_first_answer_whatever_happened_since(
    door: LedgerDoor, other: LedgerDoor
) -> None:
    stream, first = new_id(), context(uuid4())
    done = await door.execute(lamp, stream, TurnOn(), first, expected_version=0)
    await door.execute(lamp, stream, TurnOff(), context())
    for each in (door, other):
        again = await each.execute(lamp, stream, TurnOn(), first, expected_version=0)
        assert (again.version, again.position, again.events, again.duplicate) == (1, done.position, 1, True)
    assert (await door.load(lamp, stream)).version == 2


async def test_a_repeated_refusal_and_a_repeated_nothing_to_do_stay_what_they_were(
    door: LedgerDoor, other: LedgerDoor
) -> None:
    stream, refused, nothing = new_id(), context(uuid4()), context(uuid4())
    with pytest.raises(Dark):
        await door.execute(lamp, stream, TurnOff(), refused)
    await door.execute(lamp, stream, TurnOn(), context())
    assert (await door.execute(lamp, stream, TurnOn(), nothing)).events == 0
    with pytest.raises(Dark) as again:
        await other.execute(lamp, stream, TurnOff(), refused)
    assert again.value.details == {"since": 7}
    await door.execute(lamp, stream, TurnOff(), context())
    assert (await other.execute(lamp, stream, TurnOn(), nothing)).events == 0
    assert (await door.load(lamp, stream)).state == Lamp(on=False)


async def test_a_repeat_gets_the_first_answer_though_having_done_it_is_why_it_is_denied_by_now(
    ledger: PostgresLedger, door: LedgerDoor
) -> None:
    stream, first = new_id(), context(uuid4(), b"turn it on")
    done = await door.execute(lamp, stream, TurnOn(), first)

    def nobody(question: Question, _ask: Ask) -> str:
        raise DutiesKeptApart(question.permission)

    strict = LedgerDoor(ledger, permit=nobody, vault=everybody.vault_on(ledger))
    again = await strict.execute(lamp, stream, TurnOn(), first)
    assert (again.position, again.duplicate) == (done.position, True)
    for another in (context(first.command_id, b"something else"), context(uuid4()), context()):
        with pytest.raises(DutiesKeptApart):
            await strict.execute(lamp, stream, TurnOff(), another)


async def test_a_command_id_cannot_be_used_for_something_else(door: LedgerDoor) -> None:
    used = context(uuid4())
    await door.execute(lamp, new_id(), TurnOn(), used)
    with pytest.raises(CommandIdReused):
        await door.execute(lamp, new_id(), TurnOn(), used)
    sent = uuid4()
    stream = new_id()
    await door.execute(lamp, stream, TurnOn(), context(sent, b"what was sent"))
    assert (await door.execute(lamp, stream, TurnOff(), context(sent, b"what was sent"))).duplicate
    with pytest.raises(CommandIdReused):
        await door.execute(lamp, stream, TurnOff(), context(sent, b"something else"))


async def test_racing_repeats_have_one_effect(door: LedgerDoor, other: LedgerDoor) -> None:
    stream, same = new_id(), context(uuid4())
    answers = await asyncio.gather(
        *(each.execute(lamp, stream, TurnOn(), same) for each in (door, other) for _ in range(20))
    )
    assert {(answer.version, answer.position) for answer in answers} == {(1, 1)}
    assert sum(not answer.duplicate for answer in answers) == 1


async def test_memory_is_bounded_and_forgetting_changes_nothing(ledger: PostgresLedger) -> None:
    forgetful = everybody.door_to(ledger, remember=2)
    streams = [new_id() for _ in range(5)]
    for stream in streams:
        await forgetful.execute(lamp, stream, TurnOn(), context())
    for stream in streams:
        assert (await forgetful.execute(lamp, stream, TurnOff(), context())).version == 2


async def test_a_decision_that_asks_for_a_thing_of_another_kind_is_told_that_there_is_none(
    ledger: PostgresLedger, door: LedgerDoor, other: LedgerDoor
) -> None:
    book = new_id()
    await door.execute(page, book, Read(await _lit(door)), context())
    for each in (door, other):  # one remembers what the stream holds, one has to look it up
        with pytest.raises(Dark):
            await each.execute(page, new_id(), Read(book), context())
        with pytest.raises(Dark):
            await each.execute(page, new_id(), Read(book), context(uuid4()))
    assert await ledger.head() == 2


async def _lit(door: LedgerDoor) -> UUID:
    stream = new_id()
    await door.execute(lamp, stream, TurnOn(), context())
    return stream


async def test_a_stream_of_another_lifecycle_is_not_folded(door: LedgerDoor, other: LedgerDoor) -> None:
    stream = new_id()
    await door.execute(lamp, stream, TurnOn(), context())
    with pytest.raises(OtherLifecycle, match=r"not an event of page"):
        await other.load(page, stream)
    with pytest.raises(OtherLifecycle, match=r"not a page"):
        await door.load(page, stream)
