"""Accounts: opened with a password that has to be changed, changed by their owners, reset and locked by staff."""

from uuid import uuid4

import httpx
import pytest

from tests.api.test_sign_in import code
from tests.api.visitor import NAME, PASSWORD, House, Visitor

NEW = "another horse and battery"


async def staff(house: House) -> Visitor:
    """Somebody of the staff, signed in."""
    return await house.inside()


async def test_a_new_account_gets_a_temporary_password_that_must_be_changed(house: House) -> None:
    someone, at_desk = str(uuid4()), await staff(house)
    answer = await at_desk.post(f"/people/{someone}/account", {"login": "wang.fang"})
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    temporary = answer.json()["temporary_password"]
    visitor = house.visitor()
    assert (await visitor.sign_in("wang.fang", temporary)).json()["must_change_password"]
    assert (await visitor.get("/me")).json()["must_change_password"]
    assert code(await visitor.post("/tokens")) == (403, "PasswordMustChange")
    account = f"/people/{someone}/account"
    changed = await visitor.post(f"{account}/password", {"current_password": temporary, "password": NEW})
    assert changed.status_code == 200, changed.text
    visitor.csrf_token = changed.json()["csrf_token"]
    assert (await visitor.post("/tokens")).status_code == 200
    assert code(await house.visitor().sign_in("wang.fang", temporary)) == (401, "SignInFailed")
    assert (await house.visitor().sign_in("wang.fang", NEW)).json()["must_change_password"] is False


async def test_a_temporary_password_that_nobody_used_is_worthless_after_three_days(house: House) -> None:
    temporary = await house.open(str(uuid4()), "wang.fang", "")
    assert temporary is not None
    house.clock.pass_by(days=3, seconds=1)
    assert code(await house.visitor().sign_in("wang.fang", temporary)) == (409, "TemporaryPasswordExpired")


async def test_an_account_is_opened_once(house: House) -> None:
    at_desk, someone = await staff(house), str(uuid4())
    first = await at_desk.post(f"/people/{someone}/account", {"login": "wang.fang", "password": NEW})
    assert first.json() == {"person": someone, "temporary_password": None}
    again = await at_desk.post(f"/people/{someone}/account", {"login": "wang.fang", "password": PASSWORD})
    assert code(again) == (409, "AccountExists")
    other = await at_desk.post(f"/people/{uuid4()}/account", {"login": "WANG.FANG"})
    assert code(other) == (409, "LoginTaken")
    assert (await house.visitor().sign_in("wang.fang", NEW)).status_code == 200


@pytest.mark.parametrize(
    ("password", "refusal"),
    [("short", "PasswordTooShort"), ("y" * 129, "PasswordTooLong"), ("wang.fang.wang", "PasswordIsLogin")],
)
async def test_a_bad_password_leaves_no_trace(house: House, password: str, refusal: str) -> None:
    at_desk, someone = await staff(house), str(uuid4())
    head = await house.ledger.head()
    answer = await at_desk.post(f"/people/{someone}/account", {"login": "wang.fang", "password": password})
    assert code(answer) == (409, refusal)
    assert password not in answer.text
    assert await house.ledger.head() == head
    assert await house.ledger.pool.fetchval("SELECT count(*) FROM linli_passwords WHERE person = $1", someone) == 0


async def test_your_own_password_is_changed_with_the_present_one_and_ends_the_other_sessions(house: House) -> None:
    here, there = await house.inside(), await house.inside()
    before = here.secret
    body = {"current_password": PASSWORD, "password": NEW}
    answer = await here.post(f"/people/{house.li}/account/password", body)
    assert answer.status_code == 200
    assert here.secret != before
    here.csrf_token = answer.json()["csrf_token"]
    assert (await here.post("/tokens")).status_code == 200
    assert code(await there.get("/me")) == (401, "CredentialsRefused")
    assert code(await house.visitor().sign_in(NAME, PASSWORD)) == (401, "SignInFailed")
    assert (await house.visitor().sign_in(NAME, NEW)).status_code == 200
    assert await house.ledger.pool.fetchval("SELECT count(*) FROM linli_passwords") == 1


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"current_password": "incorrect horse", "password": NEW}, (401, "SignInFailed")),
        ({"password": NEW}, (401, "SignInFailed")),
        ({"current_password": PASSWORD, "password": "short"}, (409, "PasswordTooShort")),
        ({"current_password": PASSWORD, "password": PASSWORD}, (409, "PasswordNotNew")),
    ],
)
async def test_a_change_that_is_refused_changes_nothing(
    house: House, body: dict[str, str], expected: tuple[int, str]
) -> None:
    visitor = await house.inside()
    assert code(await visitor.post(f"/people/{house.li}/account/password", body)) == expected
    assert (await visitor.get("/me")).status_code == 200
    assert (await house.visitor().sign_in()).status_code == 200


async def test_a_stolen_session_cannot_guess_the_password_for_long(house: House) -> None:
    visitor, path = await house.inside(), f"/people/{house.li}/account/password"
    for _ in range(5):
        await visitor.post(path, {"current_password": "guess", "password": NEW})
    right = {"current_password": PASSWORD, "password": NEW}
    assert code(await visitor.post(path, right)) == (429, "TooManyFailures")


async def test_staff_resets_a_password_without_choosing_it(house: House) -> None:
    someone, at_desk = str(uuid4()), await staff(house)
    await house.open(someone, "wang.fang")
    inside = house.visitor()
    await inside.sign_in("wang.fang")
    path = f"/people/{someone}/account/password"
    assert code(await at_desk.post(path, {"password": NEW})) == (422, "Invalid")
    temporary = (await at_desk.post(path)).json()["temporary_password"]
    assert code(await inside.get("/me")) == (401, "CredentialsRefused")
    assert code(await house.visitor().sign_in("wang.fang")) == (401, "SignInFailed")
    assert (await house.visitor().sign_in("wang.fang", temporary)).json()["must_change_password"]
    assert code(await at_desk.post(f"/people/{uuid4()}/account/password")) == (404, "NotFound")


async def test_a_locked_account_is_out_at_once_until_it_is_unlocked(house: House) -> None:
    someone, at_desk, inside = str(uuid4()), await staff(house), house.visitor()
    await house.open(someone, "wang.fang")
    await inside.sign_in("wang.fang")
    path = f"/people/{someone}/account"
    assert (await at_desk.post(f"{path}/lock", {"reason": "suspicion"})).status_code == 200
    assert (await inside.get("/me")).json()["details"] == {"reason": "unknown"}
    assert code(await house.visitor().sign_in("wang.fang")) == (403, "LockedByStaff")
    assert code(await house.visitor().sign_in("wang.fang", "wrong password")) == (401, "SignInFailed")
    assert (await at_desk.post(f"{path}/unlock")).status_code == 200
    assert (await inside.sign_in("wang.fang")).status_code == 200
    assert (await at_desk.post(f"{path}/disable", {"reason": "left"})).status_code == 200
    assert code(await house.visitor().sign_in("wang.fang")) == (401, "SignInFailed")
    assert (await at_desk.post(f"{path}/enable")).status_code == 200
    assert (await house.visitor().sign_in("wang.fang")).status_code == 200


@pytest.mark.parametrize("what", ["lock", "unlock", "disable", "enable"])
async def test_there_is_nothing_to_lock_where_there_is_no_account(house: House, what: str) -> None:
    at_desk = await staff(house)
    body = {"reason": "other"} if what in {"lock", "disable"} else {}
    answer: httpx.Response = await at_desk.post(f"/people/{uuid4()}/account/{what}", body)
    assert code(answer) == (404, "NotFound")


async def test_a_repeat_under_the_same_key_is_harmless(house: House) -> None:
    at_desk, path = await staff(house), f"/people/{house.li}/account/unlock"
    first = await at_desk.post(path, None, Idempotency_Key="k")
    again = await at_desk.post(path, None, Idempotency_Key="k")
    assert first.json() == again.json()
    assert again.headers["Idempotent-Replayed"] == "true"


async def test_a_subject_at_an_identity_provider_belongs_to_one_person(house: House) -> None:
    at_desk, other = await staff(house), str(uuid4())
    await house.open(other, "wang.fang")
    body = {"issuer": "https://id.example", "subject": "17"}
    for _ in range(2):
        assert (await at_desk.post(f"/people/{house.li}/account/identities", body)).status_code == 200
    assert code(await at_desk.post(f"/people/{other}/account/identities", body)) == (409, "LoginTaken")
    assert code(await at_desk.post(f"/people/{uuid4()}/account/identities", body)) == (404, "NotFound")
