"""Programs show keys or tokens; what is revoked, disabled or too old stops working at once."""

import base64
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.api.test_sign_in import code
from tests.api.visitor import SITE, House, Visitor

GATEWAY = {"name": "lift-gateway", "organisation": "lifts", "kind": "device"}


async def program(staff: Visitor) -> str:
    """A program, by its path."""
    answer = await staff.post("/programs", GATEWAY)
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"]


async def key_of(staff: Visitor, path: str, **body: object) -> tuple[str, str]:
    """A key: its id, and what is shown once."""
    answer = await staff.post(f"{path}/keys", body)
    assert answer.status_code == 201, answer.text
    return answer.json()["key"], answer.json()["secret"]


async def me(house: House, **headers: str) -> httpx.Response:
    """What the API takes somebody for."""
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    return await house.program().get("/me", headers={"Accept-Language": "en"} | said)


async def token(house: House, form: dict[str, str], **headers: str) -> httpx.Response:
    """Ask for a token as an OAuth client does."""
    return await house.program().post("/oauth/token", data=form, headers=headers)


async def test_a_key_works_in_both_headers_and_tells_what_it_is_good_for(house: House) -> None:
    staff = await house.inside()
    path = await program(staff)
    key, secret = await key_of(staff, path, scopes=["work_order.report"])
    for headers in ({"X_API_Key": secret}, {"Authorization": f"Bearer {secret}"}):
        answer = await me(house, **headers)
        assert answer.json() == {
            "id": path.removeprefix("/programs/"),
            "kind": "program",
            "scopes": ["work_order.report"],
            "session": key,
        }


async def test_a_key_is_shown_once_and_cannot_be_found_again(house: House) -> None:
    staff = await house.inside()
    path = await program(staff)
    first = await staff.post(f"{path}/keys", {}, Idempotency_Key="same")
    again = await staff.post(f"{path}/keys", {}, Idempotency_Key="same")
    secret = first.json()["secret"]
    assert secret.startswith(f"lk_{path.removeprefix('/programs/').replace('-', '')}_")
    assert again.json() == {"key": first.json()["key"], "secret": None}
    assert (await me(house, X_API_Key=secret)).status_code == 200
    shown = await staff.get(path)
    assert [found["key"] for found in shown.json()["keys"]] == [first.json()["key"]]
    tail = secret.rpartition("_")[2] if "_" not in secret[-43:] else secret[-43:]
    assert tail not in shown.text
    for table in ("linli_events", "linli_commands", "linli_key_secrets"):
        for row in await house.ledger.pool.fetch(f"SELECT * FROM {table}"):  # noqa: S608 - of ours
            for value in row.values():
                text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
                assert tail not in text


async def test_a_revoked_key_stops_at_once_in_every_process_and_takes_its_tokens_along(house: House) -> None:
    staff, other = await house.inside(), house.elsewhere()
    path = await program(staff)
    key, secret = await key_of(staff, path)
    _, kept = await key_of(staff, path)
    form = {"grant_type": "client_credentials", "client_id": path.removeprefix("/programs/"), "client_secret": secret}
    bearer = f"Bearer {(await token(house, form)).json()['access_token']}"
    for headers in ({"X_API_Key": secret}, {"Authorization": bearer}):
        assert (await me(other, **headers)).status_code == 200
    assert (await staff.post(f"{path}/keys/{key}/revoke")).status_code == 200
    for headers in ({"X_API_Key": secret}, {"Authorization": bearer}):
        for each in (house, other):
            assert (await me(each, **headers)).json()["details"] == {"reason": "unknown"}
    assert (await me(other, X_API_Key=kept)).status_code == 200
    assert (await token(house, form)).status_code == 401


async def test_a_disabled_program_stops_at_once_and_goes_on_when_it_is_enabled(house: House) -> None:
    staff, other = await house.inside(), house.elsewhere()
    path = await program(staff)
    _, secret = await key_of(staff, path)
    assert (await me(other, X_API_Key=secret)).status_code == 200
    assert (await staff.post(f"{path}/disable")).status_code == 200
    assert (await me(other, X_API_Key=secret)).json()["details"] == {"reason": "disabled"}
    assert (await staff.post(f"{path}/enable")).status_code == 200
    assert (await me(other, X_API_Key=secret)).status_code == 200


async def test_a_key_ends_when_it_was_said_to(house: House) -> None:
    staff = await house.inside()
    path = await program(staff)
    until = (house.clock.at + timedelta(minutes=20)).isoformat()
    _, secret = await key_of(staff, path, until=until)
    house.clock.pass_by(minutes=19)
    assert (await me(house, X_API_Key=secret)).status_code == 200
    house.clock.pass_by(minutes=1)
    assert (await me(house, X_API_Key=secret)).json()["details"] == {"reason": "expired"}


async def test_a_key_that_was_tampered_with_opens_nothing(house: House) -> None:
    staff = await house.inside()
    path, other = await program(staff), await program(staff)
    _, secret = await key_of(staff, path)
    own, foreign = (each.removeprefix("/programs/").replace("-", "") for each in (path, other))
    end = "A" if secret[-1] != "A" else "B"
    for wrong in (secret[:-2] + end + secret[-1], secret.replace(own, foreign), secret[:-1], secret + "A", "lk_"):
        assert code(await me(house, X_API_Key=wrong)) == (401, "CredentialsRefused"), wrong
    assert (await me(house, X_API_Key=secret)).status_code == 200


async def test_a_program_cannot_do_what_needs_a_session(house: House) -> None:
    staff = await house.inside()
    path = await program(staff)
    _, secret = await key_of(staff, path)
    for address in ("/tokens", "/sign-out"):
        answer = await house.program().post(address, json={}, headers={"X-API-Key": secret})
        assert code(answer) == (403, "SessionNeeded")
    issued = (await staff.post("/tokens")).json()["access_token"]
    answer = await house.program().post("/tokens", json={}, headers={"Authorization": f"Bearer {issued}"})
    assert code(answer) == (403, "SessionNeeded")  # or ten minutes would last for ever


async def test_the_token_of_a_session_ends_with_it(house: House) -> None:
    staff = await house.inside()
    issued = (await staff.post("/tokens")).json()
    assert (issued["token_type"], issued["expires_in"]) == ("Bearer", 600)
    bearer = f"Bearer {issued['access_token']}"
    assert (await me(house, Authorization=bearer)).json()["id"] == house.li
    await staff.post("/sign-out")
    assert (await me(house, Authorization=bearer)).json()["details"] == {"reason": "expired"}


async def test_there_is_no_program_where_there_is_none(house: House) -> None:
    staff, nowhere = await house.inside(), f"/programs/{uuid4()}"
    assert code(await staff.get(nowhere)) == (404, "NotFound")
    for what in ("keys", "disable", "enable", f"keys/{uuid4()}/revoke"):
        assert code(await staff.post(f"{nowhere}/{what}")) == (404, "NotFound")
    path = await program(staff)
    assert code(await staff.post(f"{path}/keys/{uuid4()}/revoke")) == (409, "KeyUnknown")
    assert code(await staff.post(f"{path}/keys", {"scopes": ["everything"]})) == (422, "Invalid")


# OAuth 2.0 ------------------------------------------------------------------------------------------------------------


async def client(house: House) -> tuple[str, str]:
    """Id and secret of an OAuth client."""
    staff = await house.inside()
    path = await program(staff)
    _, secret = await key_of(staff, path, scopes=["work_order.report", "work_order.comment"])
    return path.removeprefix("/programs/"), secret


def basic(user: str, password: str) -> str:
    """An Authorization header."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


async def test_a_client_gets_a_token_in_both_ways_of_the_standard(house: House) -> None:
    client_id, secret = await client(house)
    form = {"grant_type": "client_credentials"}
    ways = [
        await token(house, {**form, "client_id": client_id, "client_secret": secret}),
        await token(house, {**form, "scope": "work_order.report"}, Authorization=basic(client_id, secret)),
    ]
    for answer, scopes in zip(ways, ("work_order.report work_order.comment", "work_order.report"), strict=True):
        assert answer.status_code == 200, answer.text
        assert (answer.headers["Cache-Control"], answer.headers["Pragma"]) == ("no-store", "no-cache")
        said = answer.json()
        assert (said["token_type"], said["expires_in"], said["scope"]) == ("Bearer", 600, scopes)
        bearer = f"Bearer {said['access_token']}"
        found = (await me(house, Authorization=bearer)).json()
        assert (found["id"], found["kind"], " ".join(found["scopes"])) == (client_id, "program", scopes)


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "authorization_code"}, 400, "unsupported_grant_type"),
        ({"grant_type": None}, 400, "invalid_request"),
        ({"scope": "work_order.close"}, 400, "invalid_scope"),
        ({"client_secret": "lk_wrong"}, 401, "invalid_client"),
        ({"client_secret": "é"}, 401, "invalid_client"),
        ({"client_secret": None}, 401, "invalid_client"),
        ({"client_id": "019a5b1e-0000-7000-8000-000000000001"}, 401, "invalid_client"),
    ],
)
async def test_what_a_client_does_wrong_it_hears_in_the_words_of_the_standard(
    house: House, change: dict[str, str | None], status: int, error: str
) -> None:
    client_id, secret = await client(house)
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret, **change}
    answer = await token(house, {name: value for name, value in form.items() if value is not None})
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Type"].startswith("application/json")


async def test_a_client_that_cannot_be_understood_is_told_so(house: House) -> None:
    client_id, secret = await client(house)
    form = {"grant_type": "client_credentials"}
    for header in ("Basic !", "Basic " + base64.b64encode(b"no colon").decode(), f"Bearer {secret}"):
        answer = await token(house, form, Authorization=header)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
        assert answer.headers["WWW-Authenticate"].startswith("Basic")
    both = await token(house, {**form, "client_secret": secret}, Authorization=basic(client_id, secret))
    assert both.json()["error"] == "invalid_request"
    as_json = await house.program().post("/oauth/token", json=form)
    assert as_json.json()["error"] == "invalid_request"
    twice = await house.program().post(
        "/oauth/token",
        content="grant_type=client_credentials&grant_type=password",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert twice.json()["error"] == "invalid_request"


async def test_anybody_can_check_a_token_with_what_is_published(house: House) -> None:
    client_id, secret = await client(house)
    issued = await token(house, {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret})
    about = (await house.program().get("/.well-known/oauth-authorization-server")).json()
    assert about["issuer"] == SITE
    keys = (await house.program().get(about["jwks_uri"])).json()
    assert [(key["kty"], key["crv"], key["use"], "d" in key) for key in keys["keys"]] == [
        ("OKP", "Ed25519", "sig", False)
    ]
    found = jwt.decode(issued.json()["access_token"], KeySet.import_key_set(keys), algorithms=["Ed25519"])
    assert found.claims["sub"] == client_id
