"""Signing in at an organisation's own identity provider: a real one, and one that lies."""

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jws, jwt
from joserfc.jwk import OctKey, RSAKey

from adapters.door import LedgerDoor
from adapters.ledger import PostgresLedger
from adapters.openid import must_be_reachable
from adapters.passwords import ArgonPasswords
from adapters.wiring.desk import desk_on
from domain.access.credentials import NotSignedInThere
from tests.api.reception import Clock, application
from tests.api.test_sign_in import code
from tests.api.visitor import NAME, SITE, House, Visitor
from tests.everybody import master_key
from tests.identity_provider import PASSWORD, USER

PROVIDER = Path(__file__).parents[1] / "identity_provider.py"
CALLBACK = f"{SITE}/oidc/callback"
START = "/oidc/lifts/start?return_to=/work-orders"


@dataclass
class Registered:
    """How the organisation `lifts` says that its provider is reached."""

    issuer: str
    client_id: str
    client_secret: str
    subject: str = ""

    async def of(self, organisation: str) -> tuple[str, str] | None:
        """Issuer and client id."""
        return (self.issuer, self.client_id) if organisation == "lifts" else None


@pytest.fixture(scope="session")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registered]:
    """Django, in a process of its own."""
    folder = tmp_path_factory.mktemp("provider")
    with subprocess.Popen(  # noqa: S603 - our own
        [sys.executable, PROVIDER, folder, CALLBACK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        yield Registered(**json.loads(process.stdout.readline()))
        process.stdin.close()


async def house_with(ledger: PostgresLedger, door: LedgerDoor, registered: Registered, *, linked: bool = True) -> House:
    """The API at the time that it is, where Li is the subject at that provider."""
    clock = Clock(datetime.now(UTC))
    passwords = ArgonPasswords(ledger.pool)
    desk = desk_on(
        ledger.pool, door, master_key(), passwords, public_url=SITE, registered=registered.of, clock=clock.now
    )
    house = House(ledger, door, clock, replace(desk, least=0.0), application(ledger, door, clock, desk=desk))
    await house.open(house.li, NAME)
    staff = await house.inside()
    secret = {"client_secret": registered.client_secret}
    assert (await staff.post("/organisations/lifts/identity-provider-secret", secret)).status_code == 200
    if linked:
        body = {"issuer": registered.issuer, "subject": registered.subject}
        assert (await staff.post(f"/people/{house.li}/account/identities", body)).status_code == 200
    return house


@pytest.fixture
async def house(ledger: PostgresLedger, door: LedgerDoor, provider: Registered) -> House:
    """Li signs in at Django."""
    return await house_with(ledger, door, replace(provider))


async def depart(visitor: Visitor) -> str:
    """Where the provider wants the browser."""
    answer = await visitor.get(START)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


async def sign_in_there(url: str) -> str:
    """What a person does at Django: fill in the form, and be sent back. The address it is sent to, of ours."""
    async with httpx.AsyncClient(follow_redirects=False, trust_env=False) as browser:
        page = await browser.get(url)
        page = await browser.get(str(page.url.join(page.headers["Location"])))
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
        assert token is not None, page.text
        form = {"username": USER, "password": PASSWORD, "csrfmiddlewaretoken": token.group(1)}
        back = await browser.post(str(page.url), data=form)
        back = await browser.get(str(page.url.join(back.headers["Location"])))
        place: str = back.headers["Location"]
        assert place.startswith(CALLBACK + "?"), place
        return place.removeprefix(SITE)


# A real provider ------------------------------------------------------------------------------------------------------


async def test_somebody_signs_in_at_the_organisations_own_provider(house: House, provider: Registered) -> None:
    visitor = house.visitor()
    url = await depart(visitor)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert url.startswith(provider.issuer)
    assert (asked["response_type"], asked["scope"], asked["redirect_uri"]) == ("code", "openid", CALLBACK)
    assert asked["code_challenge_method"] == "S256"
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) >= 43
    answer = await visitor.get(await sign_in_there(url))
    assert answer.status_code == 303, answer.text
    assert answer.headers["Location"] == "/work-orders"
    assert answer.headers["Cache-Control"] == "no-store"
    me = (await visitor.get("/me")).json()
    assert me["id"] == house.li
    visitor.csrf_token = me["csrf_token"]
    assert (await visitor.post("/tokens")).status_code == 200
    assert "linli_session_oidc" not in visitor.http.cookies
    assert await house.ledger.pool.fetchval("SELECT count(*) FROM linli_oidc_attempts") == 0


async def test_nobody_gets_in_who_was_not_linked(
    ledger: PostgresLedger, door: LedgerDoor, provider: Registered
) -> None:
    house = await house_with(ledger, door, replace(provider), linked=False)
    visitor = house.visitor()
    back = await sign_in_there(await depart(visitor))
    assert code(await visitor.get(back)) == (401, "SignInFailed")
    assert code(await visitor.get("/me")) == (401, "NotIdentified")


async def test_a_disabled_account_does_not_get_in_that_way_either(house: House) -> None:
    staff = await house.inside()
    visitor = house.visitor()
    back = await sign_in_there(await depart(visitor))
    await staff.post(f"/people/{house.li}/account/disable", {"reason": "left"})
    assert code(await visitor.get(back)) == (401, "SignInFailed")


async def test_nobody_comes_back_twice(house: House) -> None:
    visitor = house.visitor()
    back = await sign_in_there(await depart(visitor))
    cookie = visitor.http.cookies["linli_session_oidc"]
    assert (await visitor.get(back)).status_code == 303
    thief = house.visitor()
    thief.http.cookies.set("linli_session_oidc", cookie)
    assert code(await thief.get(back)) == (401, "SignInFailed")


async def test_a_code_is_good_once_even_with_a_state_of_now(house: House) -> None:
    visitor = house.visitor()
    back = await sign_in_there(await depart(visitor))
    assert (await visitor.get(back)).status_code == 303
    again = parse_qs(urlsplit(await depart(visitor)).query)["state"][0]
    used = parse_qs(urlsplit(back).query)["code"][0]
    assert code(await visitor.get(f"/oidc/callback?code={used}&state={again}")) == (401, "SignInFailed")


async def test_only_the_browser_that_was_sent_may_come_back(house: House) -> None:
    visitor, victim = house.visitor(), house.visitor()
    back = await sign_in_there(await depart(visitor))
    assert code(await victim.get(back)) == (401, "SignInFailed")
    await depart(victim)
    assert code(await victim.get(back)) == (401, "SignInFailed")
    assert (await visitor.get(back)).status_code == 303


@pytest.mark.parametrize("column", ["nonce", "verifier"])
async def test_what_answers_to_somebody_else_is_refused(house: House, column: str) -> None:
    visitor = house.visitor()
    back = await sign_in_there(await depart(visitor))
    await house.ledger.pool.execute(f"UPDATE linli_oidc_attempts SET {column} = $1", "x" * 43)  # noqa: S608 - ours
    assert code(await visitor.get(back)) == (401, "SignInFailed")


async def test_whoever_takes_too_long_begins_again(house: House) -> None:
    visitor = house.visitor()
    back = await sign_in_there(await depart(visitor))
    house.clock.pass_by(minutes=10)
    assert code(await visitor.get(back)) == (401, "SignInFailed")


@pytest.mark.parametrize("more", ["&iss=https://evil.example", "&error=access_denied"])
async def test_another_issuer_or_an_error_lets_nobody_in(house: House, more: str) -> None:
    visitor = house.visitor()
    back = await sign_in_there(await depart(visitor))
    assert code(await visitor.get(back + more)) == (401, "SignInFailed")


async def test_an_organisation_without_a_provider_has_none(house: House) -> None:
    assert code(await house.visitor().get("/oidc/others/start")) == (404, "NotFound")


async def test_a_provider_that_says_it_is_another_is_not_asked(
    ledger: PostgresLedger, door: LedgerDoor, provider: Registered
) -> None:
    elsewhere = replace(provider, issuer=provider.issuer.replace("127.0.0.1", "localhost"))
    house = await house_with(ledger, door, elsewhere)
    assert code(await house.visitor().get(START)) == (502, "ProviderAway")


async def test_the_secret_is_sealed(house: House, provider: Registered) -> None:
    sealed = await house.ledger.pool.fetchval("SELECT sealed FROM linli_client_secrets")
    assert provider.client_secret.encode() not in sealed
    assert await house.desk.client_secrets.find("lifts") == provider.client_secret


@pytest.mark.parametrize(
    "path", ["https://evil.example", "//evil.example", "/\\evil.example", "work", "", "/a b", "/%0d%0a\r\nx", "/\t/x"]
)
async def test_nobody_is_sent_to_another_site(house: House, path: str) -> None:
    answer = await house.visitor().http.get("/oidc/lifts/start", params={"return_to": path})
    assert code(answer) == (400, "Malformed")


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://id.example/x", True),
        ("http://127.0.0.1:9/x", True),
        ("http://[::1]:9/x", True),
        ("http://localhost/x", True),
        ("http://id.example", False),
        ("http://127.0.0.1.evil.example", False),
        ("http://user@127.0.0.1", False),
        ("ftp://id.example", False),
        ("file:///etc/passwd", False),
        ("https://", False),
    ],
)
def test_providers_are_reached_over_https_or_on_this_machine(url: str, *, good: bool) -> None:
    if good:
        must_be_reachable(url)
        return
    with pytest.raises(NotSignedInThere):
        must_be_reachable(url)


# One that lies --------------------------------------------------------------------------------------------------------


@dataclass
class Liar:
    """A provider that signs whatever it is told to."""

    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "k"}))
    published: RSAKey | None = None
    claims: dict[str, Any] = field(default_factory=dict[str, Any])
    how: str = "RS256"
    issuer: str = ""

    def token(self) -> str:
        """An ID token."""
        if self.how == "none":
            return jwt_without_signature(self.claims)
        if self.how == "HS256":
            secret = OctKey.import_key(json.dumps((self.published or self.key).as_dict(private=False)))
            header = {"alg": "HS256", "kid": "k"}
            return jws.serialize_compact(header, json.dumps(self.claims), secret, algorithms=["HS256"])
        return jwt.encode({"alg": "RS256", "kid": "k"}, self.claims, self.key)

    def answers(self, path: str) -> object:
        """What it says at each address."""
        if path.endswith("openid-configuration"):
            names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
            return {"issuer": self.issuer, **{name: f"{self.issuer}/{name}" for name in names}}
        if path == "/jwks_uri":
            return {"keys": [{**(self.published or self.key).as_dict(private=False), "kid": "k"}]}
        return {"access_token": "x", "token_type": "Bearer", "id_token": self.token()}


def jwt_without_signature(claims: dict[str, Any]) -> str:
    """A token that nobody has signed."""
    signed = jws.serialize_compact({"alg": "HS256"}, json.dumps(claims), OctKey.generate_key(256), algorithms=["HS256"])
    header = "eyJhbGciOiJub25lIn0"  # {"alg":"none"}
    return f"{header}.{signed.split('.')[1]}."


@pytest.fixture
def liar() -> Iterator[Liar]:
    """It listens on loopback."""
    lying = Liar()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(lying.answers(self.path)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        lying.issuer = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield lying
        server.shutdown()
        thread.join()


async def believed(ledger: PostgresLedger, door: LedgerDoor, liar: Liar, **lies: object) -> int:
    """The status with which somebody comes back from it."""
    house = await house_with(ledger, door, Registered(liar.issuer, "linli", "secret", "17"))
    visitor = house.visitor()
    asked = {name: values[0] for name, values in parse_qs(urlsplit(await depart(visitor)).query).items()}
    now = int(house.clock.at.timestamp())
    truth = {"iss": liar.issuer, "sub": "17", "aud": "linli", "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
    told = {
        name: value + now if name in {"iat", "exp"} and isinstance(value, int) else value
        for name, value in lies.items()
    }
    liar.claims = {name: value for name, value in {**truth, **told}.items() if value is not None}
    return (await visitor.get(f"/oidc/callback?code=x&state={asked['state']}")).status_code


async def test_a_true_token_is_believed(ledger: PostgresLedger, door: LedgerDoor, liar: Liar) -> None:
    assert await believed(ledger, door, liar) == 303


@pytest.mark.parametrize(
    "lies",
    [
        {"iss": "https://evil.example"},
        {"aud": "another"},
        {"aud": ["linli", "another"]},
        {"azp": "another"},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": -61},
        {"iat": 3600},
        {"sub": None},
        {"sub": ""},
        {"sub": "18"},
    ],
)
async def test_a_token_that_says_something_else_is_not_believed(
    ledger: PostgresLedger, door: LedgerDoor, liar: Liar, lies: dict[str, object]
) -> None:
    assert await believed(ledger, door, liar, **lies) == 401


@pytest.mark.parametrize("how", ["none", "HS256", "another key"])
async def test_a_token_that_it_has_not_signed_is_not_believed(
    ledger: PostgresLedger, door: LedgerDoor, liar: Liar, how: str
) -> None:
    if how == "another key":
        liar.published = RSAKey.generate_key(2048, {"kid": "k"})
    else:
        liar.how = how
    assert await believed(ledger, door, liar) == 401
