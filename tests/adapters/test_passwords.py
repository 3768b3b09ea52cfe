"""Passwords are slow to look at, and nobody else waits for it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from time import perf_counter

import pytest
from argon2 import PasswordHasher, extract_parameters

from adapters.ledger import PostgresLedger
from adapters.master_key import MasterKey
from adapters.names import KeyedNames
from adapters.passwords import LANES, MEMORY, ROUNDS, ArgonPasswords
from domain.ports import Busy
from tests.api.reception import on
from tests.everybody import master_key

LONG = "correct horse battery"


@pytest.fixture
async def passwords(ledger: PostgresLedger) -> AsyncIterator[ArgonPasswords]:
    kept = ArgonPasswords(ledger.pool)
    yield kept
    kept.close()


async def test_the_right_password_under_its_number_is_right(passwords: ArgonPasswords) -> None:
    assert await passwords.keep("li", LONG, on(2)) == 1
    assert await passwords.keep("li", LONG + "!", on(2)) == 2
    assert await passwords.matches("li", 1, LONG)
    assert await passwords.matches("li", 2, LONG + "!")
    for person, number, password in (("li", 2, LONG), ("li", 3, LONG), ("wang", 1, LONG), ("li", 1, LONG + " ")):
        assert not await passwords.matches(person, number, password)
    await passwords.forget("li", before=2)
    assert not await passwords.matches("li", 1, LONG)
    assert await passwords.matches("li", 2, LONG + "!")


async def test_hashes_cost_what_owasp_asks_for(passwords: ArgonPasswords, ledger: PostgresLedger) -> None:
    await passwords.keep("li", LONG, on(2))
    stored = await ledger.pool.fetchval("SELECT hash FROM linli_passwords")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    found = extract_parameters(stored)
    assert (found.memory_cost, found.time_cost, found.parallelism) == (MEMORY, ROUNDS, LANES)
    assert found.salt_len >= 16


async def test_two_people_with_one_password_have_different_hashes(
    passwords: ArgonPasswords, ledger: PostgresLedger
) -> None:
    for person in ("li", "wang"):
        await passwords.keep(person, LONG, on(2))
    assert len({row[0] for row in await ledger.pool.fetch("SELECT hash FROM linli_passwords")}) == 2


async def test_a_hash_of_weaker_times_is_replaced_when_its_owner_comes(
    passwords: ArgonPasswords, ledger: PostgresLedger
) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(LONG)
    await ledger.pool.execute("INSERT INTO linli_passwords VALUES ('li', 1, $1, $2)", weak, on(2))
    assert not await passwords.matches("li", 1, "not the password")
    assert await ledger.pool.fetchval("SELECT hash FROM linli_passwords") == weak
    assert await passwords.matches("li", 1, LONG)
    assert "m=19456,t=2,p=1" in await ledger.pool.fetchval("SELECT hash FROM linli_passwords")
    assert await passwords.matches("li", 1, LONG)


async def test_a_name_that_nobody_has_takes_as_long_as_a_wrong_password(passwords: ArgonPasswords) -> None:
    await passwords.keep("li", LONG, on(2))

    async def fastest(person: str) -> float:
        taken = list[float]()
        for _ in range(7):
            begun = perf_counter()
            assert not await passwords.matches(person, 1, "wrong wrong wrong")
            taken.append(perf_counter() - begun)
        return min(taken)

    known, unknown = await fastest("li"), await fastest("nobody")
    assert 0.5 < known / unknown < 2


async def test_the_event_loop_goes_on_while_eight_people_sign_in(passwords: ArgonPasswords) -> None:
    await passwords.keep("li", LONG, on(2))
    laps, working = list[float](), asyncio.gather(*(passwords.matches("li", 1, LONG) for _ in range(8)))
    begun = last = perf_counter()
    while not working.done():
        await asyncio.sleep(0.001)
        now = perf_counter()
        laps.append(now - last)
        last = now
    assert all(await working)
    took = last - begun
    laps.sort()
    assert len(laps) > 10
    assert laps[len(laps) // 2] < 0.01, "the loop stands still while a password is looked at"
    assert laps[-1] < took / 2


async def test_when_too_many_wait_the_next_one_is_told_to_come_back(ledger: PostgresLedger) -> None:
    kept = ArgonPasswords(ledger.pool, threads=1, most_waiting=2)
    outcomes = await asyncio.gather(*(kept.matches("li", 1, LONG) for _ in range(5)), return_exceptions=True)
    kept.close()
    assert [outcome for outcome in outcomes if outcome is False] == [False, False]
    assert sum(isinstance(outcome, Busy) for outcome in outcomes) == 3


def test_a_name_is_found_however_it_is_written_and_by_nobody_without_the_key(tmp_path: Path) -> None:
    names = KeyedNames(master_key())
    assert names.login("Li.Wei") == names.login(" li.wei ") == names.login("ｌｉ．ｗｅｉ")
    assert names.login("李伟") != names.login("李玮")
    assert KeyedNames(MasterKey.at(tmp_path / "master.json", create=True)).login("li.wei") != names.login("li.wei")


def test_nobody_takes_the_name_of_a_subject_at_an_identity_provider() -> None:
    names = KeyedNames(master_key())
    subject = names.subject("https://id.example", "17")
    for name in ("oidc\nhttps://id.example\n17", "https://id.example\n17", "17"):
        assert names.login(name) != subject
    assert names.subject("https://id.example", "17\n") != subject
    assert names.subject("https://id.example/", "17") != subject
