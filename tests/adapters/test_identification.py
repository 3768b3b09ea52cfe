"""Over https, cookies are bound to the host; and the hash of a key is not remembered for long."""

from uuid import uuid4

import pytest

from adapters.door import LedgerDoor
from adapters.identification import cookie_name
from adapters.ledger import PostgresLedger
from adapters.program_keys import REMEMBERED_FOR, PostgresProgramKeys
from adapters.sessions import PostgresSessions
from domain.ports import BadCredentials
from tests.api.reception import Clock, desk_at, on


def test_the_name_of_the_cookie_binds_it_to_the_host_where_that_is_possible() -> None:
    assert cookie_name("https://linli.example") == "__Host-linli"
    assert cookie_name("http://127.0.0.1:8000") == "linli_session"


async def test_cookies_are_secure_over_https(ledger: PostgresLedger, door: LedgerDoor) -> None:
    desk = desk_at(ledger, door, Clock(), "https://linli.example")
    said = desk.cookie_named(desk.cookie, "secret").to_header(header="")
    assert said == "__Host-linli=secret; HttpOnly; Path=/; SameSite=lax; Secure"


async def test_the_hash_of_a_key_is_remembered_for_a_few_seconds_only(ledger: PostgresLedger) -> None:
    seconds = 0.0
    keys = PostgresProgramKeys(ledger.pool, clock=lambda: seconds)
    program, key = uuid4(), uuid4()
    secret = await keys.make(program, key, on(2))
    assert await keys.read(secret) == (program, str(key))
    await ledger.pool.execute("DELETE FROM linli_key_secrets")
    assert await keys.read(secret) == (program, str(key))
    seconds = REMEMBERED_FOR.total_seconds()
    with pytest.raises(BadCredentials):
        await keys.read(secret)


async def test_sessions_that_have_ended_by_themselves_are_removed(ledger: PostgresLedger) -> None:
    sessions = PostgresSessions(ledger.pool)
    for day, name in ((2, "old"), (3, "new")):
        await sessions.begin("li", name, on(day))
    assert await sessions.prune(on(3, 9, 1)) == 1
    assert [row[0] for row in await ledger.pool.fetch("SELECT session FROM linli_sessions")] == ["new"]
