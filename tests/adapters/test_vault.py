"""Personal data is sealed to its place, opens only there, and never again once its key is destroyed."""

import asyncio
import hashlib
import hmac
import os
import string
import subprocess
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from adapters.embedded import postgres_programs
from adapters.ids import new_id
from adapters.ledger import PostgresLedger
from adapters.master_key import MasterKey, NotUnsealed
from adapters.postgres import Pool
from adapters.vault import PostgresVault
from domain import work_order
from domain.decider import Event, tag_of
from domain.ports import Append, Conflict, Forged, NewEvent, Receipt, SealedEvents
from domain.privacy.personal import ERASED, RESTRICTED, Kind, is_sealed, token, written
from domain.work_order import Commented, Evidence, Reported, Resolved, WorkOrder
from tests.domain.small_town import on

ALPHABET = string.ascii_letters + string.digits + "-_"
SECRET = "13812345678 张三 canary"  # noqa: S105 - of nobody


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    MasterKey.at(tmp_path / "master.json", create=True)
    return tmp_path / "master.json"


def vault_on(file: Path, pool: Pool) -> PostgresVault:
    return PostgresVault(pool, MasterKey.at(file, create=False))


@pytest.fixture
def vault(ledger: PostgresLedger, key_file: Path) -> PostgresVault:
    return vault_on(key_file, ledger.pool)


def reported(reporter: str = "r-1", summary: str = SECRET, place: str = "3-2") -> Reported:
    return Reported(
        at=on(2), community="garden", category="door", summary=summary, channel="phone", reporter=reporter, place=place
    )


def said(text: str = SECRET) -> Commented:
    return Commented(at=on(3), text=text)


Sealed = SealedEvents[WorkOrder, Any]


async def seal(vault: PostgresVault, stream: UUID, *events: Event, state: WorkOrder | None = None) -> Sealed:
    decider: Any = work_order.decider
    return await vault.seal(stream, 0, events, state or WorkOrder(), decider.evolve)


def request(stream: UUID, sealed: Sealed, *, version: int = 0, **more: Any) -> Append:
    events = tuple(
        NewEvent(stream, version + number, tag_of(event), msgspec.json.encode(event))
        for number, event in enumerate(sealed.events, 1)
    )
    return Append(
        events=events,
        meta=f'{{"command_id":"{new_id()}"}}'.encode(),
        sealed_with=tuple((key, stream) for key in sealed.keys),
        **more,
    )


def happened(stream: UUID, version: int = 1, **more: Any) -> Append:
    """An append of an event without personal data, and what it does in the vault."""
    event = NewEvent(stream, version, "test.happened", b"{}")
    return Append(events=(event,), meta=f'{{"command_id":"{new_id()}"}}'.encode(), **more)


async def text_of(vault: PostgresVault, stream: UUID, sealed: str, *, custody: bool = False) -> str:
    opened = await vault.open([(stream, sealed)], custody=custody)
    return opened[stream, sealed].text


async def keys(ledger: PostgresLedger) -> list[tuple[Any, ...]]:
    query = "SELECT subject, kind, wrapped IS NOT NULL, restricted_at IS NOT NULL, destroyed_at IS NOT NULL"
    return [tuple(row) for row in await ledger.pool.fetch(f"{query} FROM linli_keys ORDER BY subject, kind")]


# Texts ----------------------------------------------------------------------------------------------------------------


async def test_what_is_sealed_opens_in_its_place(vault: PostgresVault) -> None:
    stream = new_id()
    proof = (Evidence(kind="note", text="换了灯"), Evidence(kind="photo", name="a.jpg", sha256="ab" * 32))
    events = (reported(), Resolved(at=on(4), evidence=proof, closes_at=on(5)))
    sealed = await seal(vault, stream, *events)
    first, second = sealed.events
    texts = [first.summary, first.place, second.evidence[0].text, second.evidence[1].name]
    assert all(map(is_sealed, texts))
    fields = [said.field for said in map(token, texts) if said is not None]
    assert fields == ["summary", "place", "evidence-0-text", "evidence-1-name"]
    assert second.note == ""
    assert second.evidence[1].sha256 == "ab" * 32
    assert len(sealed.keys) == 1
    assert sealed.state == work_order.decider.fold(sealed.events)
    opened = await vault.open([(stream, each) for each in texts])
    assert [opened[stream, each].text for each in texts] == [SECRET, "3-2", "换了灯", "a.jpg"]
    assert {(each.subject, each.readable) for each in opened.values()} == {("r-1", True)}
    assert opened[stream, first.place].kind is Kind.FREE_TEXT


async def test_whose_it_is_may_only_be_known_from_an_event_before_in_the_same_step(vault: PostgresVault) -> None:
    sealed = await seal(vault, new_id(), reported("r-9", place=""), said())
    assert len(sealed.keys) == 1


async def test_the_same_text_never_looks_the_same_twice(vault: PostgresVault) -> None:
    """Nor does a nonce come back, among a hundred thousand."""
    stream = new_id()
    await seal(vault, stream, reported())
    sealed = await seal(vault, stream, *[said("yes")] * 100_000, state=WorkOrder(reporter="r-1"))
    nonces = {each.text.rpartition(".")[2][:16] for each in sealed.events}
    assert len(nonces) == 100_000


async def test_every_change_of_a_single_character_is_noticed(vault: PostgresVault) -> None:
    stream = new_id()
    sealed = (await seal(vault, stream, reported())).events[0].summary
    for place, old in enumerate(sealed):
        others = set(ALPHABET) if place == len(sealed) - 1 else {chr(ord(old) ^ 1), "A", "B", "0", "."}
        for new in others - {old}:
            with pytest.raises(Forged):
                await vault.open([(stream, sealed[:place] + new + sealed[place + 1 :])])
    for other in (sealed + "A", sealed[:-1], sealed + "=", "", "plain"):
        with pytest.raises(Forged):
            await vault.open([(stream, other)])
    assert await text_of(vault, stream, sealed) == SECRET


async def test_what_is_moved_to_another_place_does_not_open(vault: PostgresVault) -> None:
    stream = new_id()
    mine, others = (await seal(vault, stream, reported(), said())).events
    other = token((await seal(vault, new_id(), reported("r-2"))).events[0].summary)
    found = token(mine.summary)
    assert found is not None
    assert other is not None
    with pytest.raises(Forged):
        await vault.open([(new_id(), mine.summary)])
    moved = [
        msgspec.structs.replace(found, version=2),
        msgspec.structs.replace(found, field="place"),
        msgspec.structs.replace(found, key=other.key),
        msgspec.structs.replace(found, key="0" * 32),
        msgspec.structs.replace(found, sealed=other.sealed),
    ]
    for each in moved:
        with pytest.raises(Forged):
            await vault.open([(stream, written(each))])
    bad = written(moved[0])
    with pytest.raises(Forged) as forged:
        await vault.open([(stream, mine.summary), (stream, bad), (stream, others.text)])
    assert forged.value.args == ((stream, bad),)


async def test_what_a_client_made_look_sealed_is_sealed_like_any_text(vault: PostgresVault) -> None:
    victim, stream = new_id(), new_id()
    stolen = (await seal(vault, victim, reported("victim"))).events[0].summary
    mine = (await seal(vault, stream, reported("thief", summary=stolen))).events[0].summary
    assert mine != stolen
    assert await text_of(vault, stream, mine) == stolen


async def test_seals_at_once_when_the_keys_are_at_hand_and_what_needs_none_always(vault: PostgresVault) -> None:
    stream, evolve = new_id(), work_order.decider.evolve
    assert vault.try_seal(stream, 0, [reported()], WorkOrder(), evolve) is None
    await seal(vault, stream, reported())
    done = vault.try_seal(stream, 0, [reported()], WorkOrder(), evolve)
    assert done is not None
    assert await text_of(vault, stream, done.state.summary) == SECRET
    empty = vault.try_seal(stream, 1, [work_order.Accepted(at=on(4))], WorkOrder(), evolve)
    assert empty is not None
    assert (empty.events, empty.keys) == ((work_order.Accepted(at=on(4)),), frozenset())


async def test_few_keys_are_kept_at_hand_and_all_open(ledger: PostgresLedger, key_file: Path) -> None:
    vault = PostgresVault(ledger.pool, MasterKey.at(key_file, create=False), remember=3)
    streams = {number: new_id() for number in range(20)}
    sealed = await asyncio.gather(*(seal(vault, streams[n], reported(f"r-{n}")) for n in streams))
    for number, each in enumerate(sealed):
        assert await text_of(vault, streams[number], each.events[0].summary) == SECRET


# Keys -----------------------------------------------------------------------------------------------------------------


async def test_many_who_need_a_key_at_once_agree_on_one(ledger: PostgresLedger, database: str, key_file: Path) -> None:
    async with PostgresLedger(database) as other:
        vaults = [vault_on(key_file, pool) for pool in (ledger.pool, other.pool, ledger.pool, other.pool)]
        people = [f"r-{number}" for number in range(40)]
        done = await asyncio.gather(
            *(seal(vault, new_id(), reported(person)) for person in people for vault in vaults for _ in range(3))
        )
    made = await ledger.pool.fetch("SELECT key_id FROM linli_keys")
    assert len(made) == 40
    assert {key for each in done for key in each.keys} == {row[0] for row in made}


async def test_a_key_is_made_for_everybody_who_waits_in_a_few_statements(
    ledger: PostgresLedger, vault: PostgresVault
) -> None:
    await asyncio.gather(*(seal(vault, new_id(), reported(f"r-{number}")) for number in range(200)))
    transactions = await ledger.pool.fetchval("SELECT count(DISTINCT xmin::text) FROM linli_keys")
    assert transactions <= 3


async def test_a_database_that_is_away_is_said_and_nobody_hangs(database: str, key_file: Path) -> None:
    async with PostgresLedger(database) as gone:
        vault = vault_on(key_file, gone.pool)
    with pytest.raises(Exception, match="no answer from the database"):
        await seal(vault, new_id(), reported())


async def test_it_is_remembered_which_streams_hold_something_of_a_person(
    ledger: PostgresLedger, vault: PostgresVault
) -> None:
    one, two, other = new_id(), new_id(), new_id()
    for stream, person in ((one, "r-1"), (two, "r-1"), (other, "r-2")):
        await ledger.append(request(stream, await seal(vault, stream, reported(person))))
    assert set(await vault.streams("r-1")) == {one, two}
    assert await vault.streams("r-2") == [other]
    assert await vault.streams("nobody") == []


# Erasing and restricting ----------------------------------------------------------------------------------------------


async def test_erasing_a_person_leaves_others_readable(
    ledger: PostgresLedger, vault: PostgresVault, key_file: Path
) -> None:
    stream = new_id()
    mine = (await seal(vault, stream, reported("r-1"))).events[0]
    theirs = (await seal(vault, stream, reported("r-2"))).events[0]
    await ledger.append(happened(new_id(), erases=("r-1",)))
    for each in (vault, vault_on(key_file, ledger.pool)):
        opened = await each.open([(stream, mine.summary), (stream, mine.place), (stream, theirs.summary)])
        assert opened[stream, mine.summary] == msgspec.structs.replace(
            opened[stream, mine.summary], text=ERASED, subject="r-1", kind=Kind.FREE_TEXT, readable=False
        )
        assert opened[stream, mine.place].text == ERASED
        assert opened[stream, theirs.summary].text == SECRET
        assert await text_of(each, stream, mine.summary, custody=True) == ERASED
    assert await keys(ledger) == [
        ("r-1", "free_text", False, False, True),
        ("r-2", "free_text", True, False, False),
    ]


async def test_nobody_gets_a_living_key_for_an_erased_person(
    ledger: PostgresLedger, vault: PostgresVault, key_file: Path
) -> None:
    """Neither who had the key at hand, nor who comes new, nor for another kind of data, nor when there was none yet."""
    stream = new_id()
    await seal(vault, stream, reported("r-1", place=""))
    await ledger.append(happened(new_id(), erases=("r-1", "r-never-seen")))
    for each in (vault, vault_on(key_file, ledger.pool)):
        for person in ("r-1", "r-never-seen"):
            late = await seal(each, stream, reported(person))
            assert await text_of(each, stream, late.events[0].summary) == ERASED
            assert await text_of(each, stream, late.events[0].place) == ERASED
            await ledger.append(request(new_id(), late))
    assert await ledger.pool.fetchval("SELECT count(*) FROM linli_keys WHERE wrapped IS NOT NULL") == 0
    assert await ledger.pool.fetchval("SELECT count(*) FROM linli_keys") == 2


async def test_sealing_that_races_with_erasing_leaves_nothing_readable(
    ledger: PostgresLedger, database: str, key_file: Path
) -> None:
    async with PostgresLedger(database) as other:
        for number in range(60):
            person, stream = f"r-{number}", new_id()
            vaults = [vault_on(key_file, pool) for pool in (ledger.pool, other.pool)]
            sealing = [seal(vault, stream, reported(person)) for vault in vaults]
            first, _, second = await asyncio.gather(
                sealing[0], ledger.append(happened(new_id(), erases=(person,))), sealing[1]
            )
            texts = [(stream, each.events[0].summary) for each in (first, second)]
            opened = await vaults[0].open(texts)
            assert {each.text for each in opened.values()} == {ERASED}
    assert await ledger.pool.fetchval("SELECT count(*) FROM linli_keys WHERE wrapped IS NOT NULL") == 0


async def test_what_is_restricted_opens_in_custody_only(
    ledger: PostgresLedger, vault: PostgresVault, key_file: Path
) -> None:
    stream = new_id()
    before = (await seal(vault, stream, reported("r-1", place=""))).events[0].summary
    await ledger.append(happened(new_id(), restricts=("r-1",)))
    late = (await seal(vault_on(key_file, ledger.pool), stream, reported("r-1"))).events[0]
    for text in (before, late.summary, late.place):
        assert await text_of(vault, stream, text) == RESTRICTED
    assert await text_of(vault, stream, before, custody=True) == SECRET
    assert await text_of(vault, stream, late.place, custody=True) == "3-2"
    await ledger.append(happened(new_id(), erases=("r-1",)))
    assert await text_of(vault, stream, before, custody=True) == ERASED


async def test_erasing_twice_is_erasing_once(ledger: PostgresLedger, vault: PostgresVault) -> None:
    await seal(vault, new_id(), reported("r-1"))
    await ledger.append(happened(new_id(), erases=("r-1",)))
    when = await ledger.pool.fetch("SELECT erased_at, destroyed_at FROM linli_subjects JOIN linli_keys USING (subject)")
    await ledger.append(happened(new_id(), erases=("r-1", "r-1")))
    assert when == await ledger.pool.fetch(
        "SELECT erased_at, destroyed_at FROM linli_subjects JOIN linli_keys USING (subject)"
    )


# In the transaction of the append -------------------------------------------------------------------------------------


async def erased(ledger: PostgresLedger) -> set[str]:
    rows = await ledger.pool.fetch("SELECT subject FROM linli_subjects WHERE erased_at IS NOT NULL")
    return {row[0] for row in rows}


async def uses(ledger: PostgresLedger) -> set[tuple[UUID, UUID]]:
    return {tuple(row) for row in await ledger.pool.fetch("SELECT key_id, stream FROM linli_key_uses")}


async def test_only_what_is_appended_takes_effect(ledger: PostgresLedger) -> None:
    """A batch in which some requests clash: each of the others has its effects, and none of those that clash."""
    taken = new_id()
    await ledger.append(happened(taken))
    key, streams = new_id(), [new_id() for _ in range(40)]
    asked = [
        happened(taken if number % 4 == 0 else stream, erases=(f"r-{number}",), sealed_with=((key, stream),))
        for number, stream in enumerate(streams)
    ]
    answers = await asyncio.gather(*map(ledger.append, asked), return_exceptions=True)
    fine = [number for number, answer in enumerate(answers) if isinstance(answer, Receipt)]
    assert [type(answers[number]) for number in range(0, 40, 4)] == [Conflict] * 10
    assert len(fine) == 30
    assert await erased(ledger) == {f"r-{number}" for number in fine}
    assert await uses(ledger) == {(key, streams[number]) for number in fine}


async def test_a_batch_in_which_nothing_clashes_takes_effect_as_a_whole(ledger: PostgresLedger) -> None:
    key, streams = new_id(), [new_id() for _ in range(40)]
    asked = [
        happened(stream, erases=(f"r-{number}",), restricts=(f"k-{number}",), sealed_with=((key, stream),))
        for number, stream in enumerate(streams)
    ]
    await asyncio.gather(*map(ledger.append, asked))
    assert await erased(ledger) == {f"r-{number}" for number in range(40)}
    assert await uses(ledger) == {(key, stream) for stream in streams}
    kept = await ledger.pool.fetchval("SELECT count(*) FROM linli_subjects WHERE restricted_at IS NOT NULL")
    assert kept == 40


async def test_a_repeated_request_has_no_effect_of_its_own(ledger: PostgresLedger) -> None:
    command_id = new_id()
    key, stream, other = new_id(), new_id(), new_id()
    await ledger.append(happened(stream, command_id=command_id, erases=("r-1",), sealed_with=((key, stream),)))
    again = await ledger.append(
        happened(other, command_id=command_id, erases=("r-2",), restricts=("r-3",), sealed_with=((key, other),))
    )
    assert again.duplicate
    assert await erased(ledger) == {"r-1"}
    assert await uses(ledger) == {(key, stream)}
    assert await ledger.pool.fetchval("SELECT count(*) FROM linli_subjects") == 1


async def test_a_use_that_was_not_appended_is_written_down_the_next_time(ledger: PostgresLedger) -> None:
    key, stream, taken = new_id(), new_id(), new_id()
    await ledger.append(happened(taken))
    use = ((key, stream),)
    with pytest.raises(Conflict):
        await ledger.append(happened(taken, sealed_with=use))
    assert await uses(ledger) == set()
    for version in (1, 2, 3):
        await ledger.append(happened(stream, version, sealed_with=use))
        assert await uses(ledger) == set(use)


async def test_a_stream_that_was_guarded_and_moved_on_keeps_the_key_alive(
    ledger: PostgresLedger, vault: PostgresVault
) -> None:
    watched, stream = new_id(), new_id()
    text = (await seal(vault, stream, reported("r-1"))).events[0].summary
    await ledger.append(happened(watched))
    with pytest.raises(Conflict):
        await ledger.append(happened(new_id(), guards=((watched, 0),), erases=("r-1",)))
    assert await text_of(vault, stream, text) == SECRET


# The master key -------------------------------------------------------------------------------------------------------


async def test_after_a_rotation_the_old_wrapping_key_is_not_needed_any_more(
    ledger: PostgresLedger, vault: PostgresVault, key_file: Path
) -> None:
    texts: dict[UUID, str] = {}
    for number in range(30):
        stream = new_id()
        texts[stream] = (await seal(vault, stream, reported(f"r-{number}"))).events[0].summary
    await ledger.append(happened(new_id(), erases=("r-0",)))
    old = kept(key_file)
    fresh = PostgresVault(ledger.pool, MasterKey.rotated(key_file))
    assert await fresh.wrapped_otherwise() == 29
    assert await fresh.rewrap() == 29
    assert await fresh.wrapped_otherwise() == 0
    MasterKey.pruned(key_file)
    for each in (vault_on(key_file, ledger.pool), vault):  # one that starts now, and one that runs on
        opened = await each.open(texts.items())
        assert sorted(found.text for found in opened.values()) == sorted([ERASED] + [SECRET] * 29)
        stream = new_id()
        late = (await seal(each, stream, reported(f"r-late-{id(each)}"))).events[0].summary
        assert await text_of(vault_on(key_file, ledger.pool), stream, late) == SECRET
    put_back(key_file, old)
    with pytest.raises(NotUnsealed):
        await vault_on(key_file, ledger.pool).open(texts.items())


async def test_keys_are_wrapped_anew_while_others_make_and_destroy_them(
    ledger: PostgresLedger, vault: PostgresVault, key_file: Path
) -> None:
    texts: dict[UUID, str] = {}

    async def one(person: str) -> None:
        stream = new_id()
        texts[stream] = (await seal(vault, stream, reported(person))).events[0].summary

    await asyncio.gather(*(one(f"old-{number}") for number in range(300)))
    fresh = PostgresVault(ledger.pool, MasterKey.rotated(key_file))
    await asyncio.gather(
        fresh.rewrap(),
        *(one(f"new-{number}") for number in range(100)),
        *(ledger.append(happened(new_id(), erases=(f"old-{number}",))) for number in range(0, 300, 3)),
    )
    await fresh.rewrap()
    MasterKey.pruned(key_file)
    opened = await vault_on(key_file, ledger.pool).open(texts.items())
    assert sum(each.readable for each in opened.values()) == 300


# The database ---------------------------------------------------------------------------------------------------------


async def test_a_dump_of_the_database_holds_neither_text_nor_key(
    ledger: PostgresLedger, vault: PostgresVault, database: str, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets: list[bytes] = []
    random = os.urandom

    def told(amount: int) -> bytes:
        secrets.append(random(amount))
        return secrets[-1]

    monkeypatch.setattr("adapters.vault.os.urandom", told)
    stream = new_id()
    sealed = await seal(vault, stream, reported(), said("canary in a comment"))
    await ledger.append(request(stream, sealed, command_id=new_id(), outcome=b"{}"))
    dump = await asyncio.to_thread(dumped, database)
    assert str(stream).encode() in dump
    data_keys = [secret for secret in secrets if len(secret) == 32]
    assert len(data_keys) == 1
    master = msgspec.json.decode(kept(key_file))
    told_in_file = [master["root"].encode(), master["keys"][0]["secret"].encode()]
    for hidden in (SECRET.encode(), b"canary", *data_keys, *told_in_file):
        for look in (hidden, hidden.hex().encode()):
            assert look not in dump
    assert b"\\x" in dump  # bytes are written as hex in it


def kept(file: Path) -> bytes:
    return file.read_bytes()


def put_back(file: Path, content: bytes) -> None:
    file.write_bytes(content)


def dumped(database: str) -> bytes:
    return subprocess.run(  # noqa: S603 - our own words
        [postgres_programs() / "pg_dump", database], check=True, capture_output=True
    ).stdout


def test_what_was_said_cannot_be_guessed_from_its_fingerprint_without_the_key(vault: PostgresVault) -> None:
    said = b'{"phone":"13812345678"}'
    kept = vault.fingerprint(said)
    assert kept == vault.fingerprint(said)
    assert kept != vault.fingerprint(said + b" ")
    assert kept != hashlib.sha256(said).digest()
    assert kept != hmac.digest(b"", said, "sha256")
