"""Signing in with a password: what a browser gets, how long it lasts, and what is told to those who guess."""

import asyncio
import re
from dataclasses import replace
from time import perf_counter

import httpx
import pytest

from adapters.passwords import ArgonPasswords
from domain.access import account
from domain.access.account_messages import Disable, Enable
from domain.ports import Context
from tests.api.reception import application
from tests.api.visitor import NAME, PASSWORD, SITE, House, Visitor

WRONG = "incorrect horse battery"


def code(answer: httpx.Response) -> tuple[int, str]:
    """Status and stable name of a problem."""
    return answer.status_code, answer.json().get("code", "")


async def test_whoever_knows_name_and_password_gets_a_session(house: House) -> None:
    visitor = house.visitor()
    answer = await visitor.sign_in()
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    said = answer.json()
    assert (said["person"], said["must_change_password"]) == (house.li, False)
    assert said["expires_at"] == "2026-03-02T13:00:00Z"
    cookie = answer.headers["Set-Cookie"]
    assert re.fullmatch(r"linli_session=[\w-]{43}; HttpOnly; Path=/; SameSite=lax", cookie), cookie
    me = (await visitor.get("/me")).json()
    assert me == {
        "id": house.li,
        "kind": "person",
        "session": me["session"],
        "csrf_token": said["csrf_token"],
        "expires_at": said["expires_at"],
    }


async def test_how_a_name_is_written_makes_no_difference(house: House) -> None:
    assert (await house.visitor().sign_in("  LI.wei ")).status_code == 200


async def test_nobody_learns_what_was_wrong(house: House) -> None:
    await house.open("someone", "wang.fang")
    await house.door.execute(
        account.decider,
        account.stream("someone"),
        Disable(at=house.clock.now(), reason="left"),
        Context(actor="test", occurred_at=house.clock.now()),
    )
    answers = [
        await house.visitor().sign_in(NAME, WRONG),
        await house.visitor().sign_in("nobody", PASSWORD),
        await house.visitor().sign_in("wang.fang", PASSWORD),
    ]
    bodies = [{**answer.json(), "correlation_id": ""} for answer in answers]
    assert [code(answer) for answer in answers] == [(401, "SignInFailed")] * 3
    assert bodies[0] == bodies[1] == bodies[2]
    for answer in answers:
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in answer.headers


async def test_a_no_takes_its_time_whatever_the_reason(house: House) -> None:
    house.desk = replace(house.desk, least=0.15)
    house.app = application(house.ledger, house.door, house.clock, desk=house.desk)
    for name in (NAME, "nobody"):
        begun = perf_counter()
        assert code(await house.visitor().sign_in(name, WRONG)) == (401, "SignInFailed")
        assert 0.15 <= perf_counter() - begun


async def test_the_secret_before_signing_in_is_worthless_afterwards(house: House) -> None:
    visitor = await house.inside()
    before = visitor.secret
    assert (await visitor.sign_in()).status_code == 200
    assert visitor.secret != before
    old = house.visitor()
    old.http.cookies.set("linli_session", before)
    assert code(await old.get("/me")) == (401, "CredentialsRefused")
    assert (await visitor.get("/me")).status_code == 200


async def test_a_secret_that_somebody_made_up_is_not_taken_over(house: House) -> None:
    visitor = house.visitor()
    visitor.http.cookies.set("linli_session", "planted", domain="linli.test")
    assert (await visitor.sign_in()).status_code == 200
    planted = house.visitor()
    planted.http.cookies.set("linli_session", "planted")
    assert code(await planted.get("/me")) == (401, "CredentialsRefused")


async def test_half_an_hour_of_silence_ends_a_session(house: House) -> None:
    visitor = await house.inside()
    house.clock.pass_by(minutes=29)
    assert (await visitor.get("/me")).status_code == 200
    house.clock.pass_by(minutes=29, seconds=59)
    assert (await visitor.get("/me")).status_code == 200
    house.clock.pass_by(minutes=30)
    answer = await visitor.get("/me")
    assert (code(answer), answer.json()["details"]) == ((401, "CredentialsRefused"), {"reason": "expired"})


async def test_however_busy_it_is_a_session_ends_after_twelve_hours(house: House) -> None:
    visitor = await house.inside()
    for _ in range(35):
        house.clock.pass_by(minutes=20)
        assert (await visitor.get("/me")).status_code == 200
    house.clock.pass_by(minutes=20)
    assert code(await visitor.get("/me")) == (401, "CredentialsRefused")


async def test_signing_out_ends_the_session_at_once_in_every_process(house: House) -> None:
    visitor, elsewhere = await house.inside(), house.elsewhere().visitor()
    elsewhere.http.cookies = visitor.http.cookies
    assert (await elsewhere.get("/me")).status_code == 200
    kept = visitor.secret
    answer = await visitor.post("/sign-out")
    assert answer.status_code == 200
    assert 'linli_session=""' in answer.headers["Set-Cookie"] or "Max-Age=0" in answer.headers["Set-Cookie"]
    elsewhere.http.cookies.set("linli_session", kept)
    assert code(await elsewhere.get("/me")) == (401, "CredentialsRefused")


async def test_signing_out_everywhere_ends_them_all(house: House) -> None:
    first, second = await house.inside(), await house.inside()
    assert (await first.post("/sign-out", {"everywhere": True})).status_code == 200
    assert code(await second.get("/me")) == (401, "CredentialsRefused")


async def test_a_session_whose_row_was_left_over_is_worth_nothing(house: House) -> None:
    visitor = await house.inside()
    kept = await house.ledger.pool.fetch("SELECT * FROM linli_sessions")
    secret = visitor.secret
    await visitor.post("/sign-out")
    await house.ledger.pool.execute(
        "INSERT INTO linli_sessions SELECT * FROM unnest($1::bytea[], $2::text[], $3::text[], $4::timestamptz[],"
        " $5::timestamptz[], $6::timestamptz[], $7::timestamptz[], $8::bool[])",
        *([value] for value in kept[0]),
    )
    visitor.http.cookies.set("linli_session", secret)
    assert code(await visitor.get("/me")) == (401, "CredentialsRefused")


async def test_a_disabled_account_is_out_at_once_and_may_come_back_by_signing_in(house: House) -> None:
    visitor, token = await house.inside(), None
    token = (await visitor.post("/tokens")).json()["access_token"]
    context = Context(actor="test", occurred_at=house.clock.now())
    stream = account.stream(house.li)
    await house.elsewhere().door.execute(account.decider, stream, Disable(at=house.clock.now(), reason="left"), context)
    refused = await visitor.get("/me")
    assert refused.json()["details"] == {"reason": "disabled"}
    assert code(await house.visitor().get("/me", Authorization=f"Bearer {token}")) == (401, "CredentialsRefused")
    await house.door.execute(account.decider, stream, Enable(at=house.clock.now()), context)
    assert code(await visitor.get("/me")) == (401, "CredentialsRefused")
    assert (await visitor.sign_in()).status_code == 200


# Guessing -------------------------------------------------------------------------------------------------------------


async def guess(house: House, times: int) -> None:
    """Wrong passwords, one after the other."""
    for _ in range(times):
        assert code(await house.visitor().sign_in(NAME, WRONG)) == (401, "SignInFailed")


async def test_after_five_wrong_passwords_the_right_one_has_to_wait(house: House) -> None:
    await guess(house, 5)
    answer = await house.visitor().sign_in()
    assert code(answer) == (429, "TooManyFailures")
    assert answer.headers["Retry-After"] == "901"
    assert code(await house.visitor().sign_in(NAME, WRONG)) == (401, "SignInFailed")
    house.clock.pass_by(minutes=15)
    assert (await house.visitor().sign_in()).status_code == 200


async def test_each_further_lock_lasts_twice_as_long(house: House) -> None:
    for quarters in (1, 2, 4):
        await guess(house, 5)
        assert (await house.visitor().sign_in()).headers["Retry-After"] == str(quarters * 900 + 1)
        house.clock.pass_by(minutes=15 * quarters)
    assert (await house.visitor().sign_in()).status_code == 200
    await guess(house, 5)
    assert (await house.visitor().sign_in()).headers["Retry-After"] == "901"


async def test_in_a_lock_guessing_on_finds_nothing(house: House) -> None:
    await guess(house, 10)
    assert code(await house.visitor().sign_in()) == (401, "SignInFailed")
    house.clock.pass_by(minutes=15)
    assert (await house.visitor().sign_in()).status_code == 200


async def test_many_guesses_at_once_are_counted_like_many_in_a_row(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at = list[int]()
    matches = ArgonPasswords.matches

    async def counted(self: ArgonPasswords, person: str, number: int, password: str) -> bool:
        looked_at.append(number)
        return await matches(self, person, number, password)

    monkeypatch.setattr(ArgonPasswords, "matches", counted)
    answers = await asyncio.gather(*(house.visitor().sign_in(NAME, WRONG) for _ in range(20)))
    assert {code(answer) for answer in answers} == {(401, "SignInFailed")}
    state = (await house.door.load(account.decider, account.stream(house.li))).state
    assert (state.locks, len(state.failures)) == (1, 5)
    assert sorted(looked_at) == [0] * 10 + [1] * 10  # five until it is locked, five in the lock, then none


async def test_whoever_guesses_does_not_throw_out_who_is_in(house: House) -> None:
    visitor = await house.inside()
    await guess(house, 5)
    assert (await visitor.get("/me")).status_code == 200


# Changes that come with a cookie --------------------------------------------------------------------------------------


@pytest.mark.parametrize("shown", ["", "wrong", "é"])
async def test_a_change_needs_the_csrf_token_of_its_session(house: House, shown: str) -> None:
    visitor = await house.inside()
    right = visitor.csrf_token
    headers = {b"Accept-Language": b"en"} | ({b"X-CSRF-Token": shown.encode()} if shown else {})
    refused = await visitor.http.post("/sign-out", json={}, headers=headers)
    assert code(refused) == (403, "NotFromHere")
    assert (await visitor.get("/me")).json()["csrf_token"] == right


async def test_the_csrf_token_of_another_session_does_not_do(house: House) -> None:
    visitor, other = await house.inside(), await house.inside()
    visitor.csrf_token = other.csrf_token
    assert code(await visitor.post("/sign-out")) == (403, "NotFromHere")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": SITE}, 200),
        ({"Sec_Fetch_Site": "same-origin"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": SITE + ".evil.example"}, 403),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Sec_Fetch_Site": "same-site"}, 403),
    ],
)
async def test_a_change_must_not_come_from_elsewhere(house: House, headers: dict[str, str], status: int) -> None:
    visitor = await house.inside()
    assert (await visitor.post("/tokens", None, **headers)).status_code == status
    stranger = house.visitor()
    answer = await stranger.post("/sign-in", {"login": NAME, "password": PASSWORD}, **headers)
    assert answer.status_code == status


async def test_two_cookies_are_one_too_many(house: House) -> None:
    visitor = await house.inside()
    cookie = f"linli_session={visitor.secret}; linli_session=planted"
    assert code(await house.visitor().get("/me", Cookie=cookie)) == (401, "CredentialsRefused")


async def test_bad_credentials_are_never_the_same_as_none(house: House) -> None:
    assert code(await house.visitor().get("/me")) == (401, "NotIdentified")
    for headers in ({"Authorization": "Bearer x"}, {"Authorization": "Basic eA=="}, {"X_API_Key": "lk_x"}):
        assert code(await house.visitor().get("/me", **headers)) == (401, "CredentialsRefused")


async def test_a_session_is_renewed_when_rights_have_changed(house: House) -> None:
    visitor = await house.inside()
    before = visitor.secret
    await house.desk.sessions.make_stale(house.li)
    answer = await visitor.get("/me")
    assert visitor.secret != before
    visitor.csrf_token = answer.json()["csrf_token"]
    assert (await visitor.post("/tokens")).status_code == 200
    old = house.visitor()
    old.http.cookies.set("linli_session", before)
    assert code(await old.get("/me")) == (401, "CredentialsRefused")


# What is stored -------------------------------------------------------------------------------------------------------


async def test_nothing_that_opens_a_door_is_stored_and_no_name_at_all(house: House) -> None:
    visitor = await house.inside()
    await house.visitor().sign_in("nobody.at.all", "what i think it is")
    stored = ""
    for table in ("linli_events", "linli_commands", "linli_passwords", "linli_sessions"):
        for row in await house.ledger.pool.fetch(f"SELECT * FROM {table}"):  # noqa: S608 - of ours
            stored += " ".join(v.decode("latin-1") if isinstance(v, bytes) else str(v) for v in row.values())
    assert house.li in stored
    assert "argon2id" in stored
    for secret in (visitor.secret, visitor.csrf_token, PASSWORD, NAME, "nobody.at.all", "what i think"):
        assert secret not in stored
        assert secret.encode().hex() not in stored


async def test_bodies_that_make_no_sense_are_refused_without_an_echo(house: House) -> None:
    visitor: Visitor = house.visitor()
    answer = await visitor.post("/sign-in", {"login": NAME, "password": "x" * 2000})
    assert answer.status_code == 422
    assert "xxxx" not in answer.text
