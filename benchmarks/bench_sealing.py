"""What sealing adds to a command, and how long it takes to erase one person in a log of a million events.

Sealing: whole lives of work orders through two doors in turns, one with the vault and one with a vault that seals
nothing; all else is the same. Erasing: the command as it comes, with the destruction of the person's keys in its
transaction. What is cleared away afterwards, by those who follow the log, is not in it.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from time import perf_counter
from typing import TypeVar
from uuid import UUID

import uvloop

from adapters.ids import new_id
from adapters.ledger import PostgresLedger
from benchmarks.bench_command import lives
from benchmarks.measure import Comparison, in_turns
from benchmarks.report import ERASING, SEALING, Report
from benchmarks.sample import MORNING, agree, appoint, door_to, said
from domain import work_order
from domain.decider import Event
from domain.parties import person
from domain.ports import Opened, SealedEvents

S = TypeVar("S")
E = TypeVar("E", bound=Event)

_EVENTS = 1_000_000
_OF_A_STREAM = 10
_PEOPLE = 20
_REPORTS = 25  # of each of them
_OFFICER = "019a5b1e-0000-7000-8000-000000000004"

_PAST = f"""
INSERT INTO linli_events (originator_id, originator_version, topic, state, meta)
SELECT md5((n / {_OF_A_STREAM})::text)::uuid, 1 + n % {_OF_A_STREAM}, 'work_order.commented',
       convert_to('{{"type":"work_order.commented","at":"2026-03-10T01:00:00Z","text":"' || repeat('x', 150) || '"}}',
                  'UTF8'),
       convert_to('{{"actor":"{_OFFICER}"}}', 'UTF8')
FROM generate_series(0, {_EVENTS} - 1) AS n
"""  # noqa: S608 - our own numbers
_KEYS = f"""
WITH people AS (
    SELECT n, md5('person ' || n)::uuid AS id FROM generate_series(1, {_EVENTS // _OF_A_STREAM // 5}) AS n
), known AS (
    INSERT INTO linli_subjects (subject) SELECT id::text FROM people
), made AS (
    INSERT INTO linli_keys (key_id, subject, kind, wrapped, wrapped_by)
    SELECT md5(kind || n)::uuid, id::text, kind, decode(repeat('ab', 68), 'hex'), 'bench'
    FROM people CROSS JOIN unnest(ARRAY['identity', 'contact', 'address', 'free_text']) AS kind
)
INSERT INTO linli_key_uses (key_id, stream)
SELECT md5('free_text' || n)::uuid, md5((n * 5 + i)::text)::uuid FROM people CROSS JOIN generate_series(0, 4) AS i
"""  # noqa: S608 - our own numbers


class NothingSealed:
    """Implements `domain.ports.Vault`, and leaves everything as it is."""

    def try_seal(
        self, stream: UUID, version: int, events: Sequence[E], state: S, evolve: Callable[[S, E], S]
    ) -> SealedEvents[S, E] | None:
        """The events, and the state that they lead to."""
        del stream, version
        for event in events:
            state = evolve(state, event)
        return SealedEvents(tuple(events), state)

    async def seal(
        self, stream: UUID, version: int, events: Sequence[E], state: S, evolve: Callable[[S, E], S]
    ) -> SealedEvents[S, E]:
        """The same; nobody has to ask."""
        raise NotImplementedError

    async def open(
        self, sealed: Collection[tuple[UUID, str]], *, custody: bool = False
    ) -> Mapping[tuple[UUID, str], Opened]:
        """Nothing is sealed."""
        raise NotImplementedError

    async def streams(self, subject: str) -> list[UUID]:
        """Nothing is sealed anywhere."""
        del subject
        return []

    def fingerprint(self, said: bytes) -> bytes:
        """As it is."""
        return said


def bench_sealing(database: str, report: Report) -> None:
    """Two doors to one ledger, in turns."""
    uvloop.run(_sealing(database, report))


async def _sealing(database: str, report: Report) -> None:
    async with PostgresLedger(database) as ledger:
        sealing, plain = door_to(ledger), door_to(ledger, NothingSealed())
        await agree(sealing)
        sides = {"sealed": lives(sealing, 64), "nothing sealed": lives(plain, 64)}
        await in_turns(sides, rounds=1)
        rounds = await in_turns(sides, rounds=9)
    shown = Comparison("Whole lives of work orders", "commands")
    shown.add("64 concurrent", rounds)
    shown.print()
    report.measured(SEALING, (rounds.ratio("nothing sealed", "sealed") - 1) * 100)


def bench_erasing(database: str, report: Report) -> None:
    """Twenty people, one after the other; the slowest counts."""
    uvloop.run(_erasing(database, report))


async def _erasing(database: str, report: Report) -> None:
    async with PostgresLedger(database) as ledger:
        await ledger.pool.execute(_PAST, timeout=300)
        await ledger.pool.execute(_KEYS, timeout=300)
        await ledger.pool.execute("ANALYZE")
        door = door_to(ledger)
        await agree(door)
        await appoint(door, _OFFICER, "privacy_officer")
        people = [new_id() for _ in range(_PEOPLE)]
        for each in people:
            known = person.Register(at=MORNING, name="李伟", phone="13812345678", home="990101001001")
            await door.execute(person.decider, each, known, said(actor="operator"))
            report_it = work_order.Report(
                at=MORNING, community="990101001001", category="水", summary="漏水", channel="staff", reporter=str(each)
            )
            for _ in range(_REPORTS):
                await door.execute(work_order.decider, new_id(), report_it, said())
        seconds: list[float] = []
        for each in people:
            begun = perf_counter()
            await door.execute(person.decider, each, person.Erase(at=MORNING, reason="request"), said(actor=_OFFICER))
            seconds.append(perf_counter() - begun)
        left = "SELECT count(*) FROM linli_keys WHERE subject = ANY($1) AND destroyed_at IS NULL"
        assert await ledger.pool.fetchval(left, [str(each) for each in people]) == 0
        assert await ledger.head() > _EVENTS
    print(f"erasing: the quickest took {min(seconds) * 1000:.1f} ms, the slowest {max(seconds) * 1000:.1f} ms")
    report.measured(ERASING, max(seconds))
