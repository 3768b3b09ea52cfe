"""Access tokens: one kind is accepted and no other, and keys come and go without anybody noticing."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OctKey, OKPKey

from adapters.ledger import PostgresLedger
from adapters.pooled import Pooled
from adapters.signing_keys import OVERLAP, SIGNS_FOR, SigningKeys
from adapters.tokens import SignedTokens
from domain.ports import BadCredentials
from tests.api.reception import Clock
from tests.everybody import master_key

ISSUER = "https://linli.example"


class Process:
    """What one process knows: its own copy of the keys, its own clock for how old that is."""

    def __init__(self, ledger: PostgresLedger, clock: Clock, issuer: str = ISSUER) -> None:
        self.seconds = 0.0
        self.keys = SigningKeys(ledger.pool, master_key(), clock.now, clock=lambda: self.seconds)
        self.tokens = SignedTokens(self.keys, issuer, clock.now)

    async def issue(self) -> str:
        """A token for somebody."""
        return (await self.tokens.issue("li", "console", "session-1", ("work_order.report",))).text

    async def refusal(self, token: str) -> str:
        """Why a token is refused; `""` when it is not."""
        try:
            await self.tokens.read(token)
        except BadCredentials as bad:
            return bad.reason
        return ""


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def process(ledger: PostgresLedger, clock: Clock) -> Process:
    return Process(ledger, clock)


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims."""
    header, claims, _ = token.split(".")
    decoded = [json.loads(base64.urlsafe_b64decode(part + "==")) for part in (header, claims)]
    return decoded[0], decoded[1]


async def signing(process: Process) -> OKPKey:
    """The key that the process signs with."""
    key = (await process.keys.signing()).private
    assert key is not None
    return key


async def forged(process: Process, header: dict[str, Any], claims: dict[str, Any]) -> str:
    """A token with other contents, signed with the right key."""
    token = await process.issue()
    h, c = parts(token)
    key = await signing(process)
    return jwt.encode({**h, **header}, {**c, **claims}, key, algorithms=["Ed25519"])


async def test_a_token_says_what_rfc_9068_asks_for(process: Process, clock: Clock) -> None:
    header, claims = parts(await process.issue())
    assert (header["alg"], header["typ"]) == ("Ed25519", "at+jwt")
    assert (claims["iss"], claims["aud"], claims["sub"], claims["client_id"]) == (ISSUER, ISSUER, "li", "console")
    assert claims["iat"] == int(clock.at.timestamp())
    assert claims["exp"] - claims["iat"] == 600
    assert claims["jti"] != parts(await process.issue())[1]["jti"]
    said = await process.tokens.read(await process.issue())
    assert (said.subject, said.source, said.scopes) == ("li", "session-1", ("work_order.report",))


async def test_it_is_good_for_ten_minutes_also_when_it_is_remembered(process: Process, clock: Clock) -> None:
    token, fresh = await process.issue(), await process.issue()
    assert await process.refusal(token) == ""
    clock.pass_by(minutes=9, seconds=59)
    assert await process.refusal(token) == ""
    clock.pass_by(seconds=1)
    assert await process.refusal(token) == "expired"
    assert await process.refusal(fresh) == "expired"


@pytest.mark.parametrize(
    ("header", "claims"),
    [
        ({"typ": "JWT"}, {}),
        ({"typ": "id+jwt"}, {}),
        ({"kid": "unheard-of"}, {}),
        ({}, {"iss": "https://evil.example"}),
        ({}, {"aud": "https://evil.example"}),
        ({}, {"aud": [ISSUER]}),
        ({}, {"exp": 2**40}),
        ({}, {"exp": "tomorrow"}),
        ({}, {"sub": 1}),
        ({}, {"iat": 2**33, "exp": 2**33 + 600}),
    ],
)
async def test_what_says_something_else_is_refused_though_the_key_is_ours(
    process: Process, header: dict[str, Any], claims: dict[str, Any]
) -> None:
    assert await process.refusal(await forged(process, {}, {})) == ""
    assert await process.refusal(await forged(process, header, claims)) == "unknown"


@pytest.mark.parametrize("missing", ["iss", "aud", "sub", "iat", "exp", "jti", "client_id", "sid"])
async def test_what_says_less_is_refused(process: Process, missing: str) -> None:
    header, claims = parts(await process.issue())
    del claims[missing]
    token = jwt.encode(header, claims, await signing(process), algorithms=["Ed25519"])
    assert await process.refusal(token) == "unknown"


async def test_no_signature_is_no_signature(process: Process) -> None:
    token = await process.issue()
    _, claims, signature = token.split(".")
    kid = parts(token)[0]["kid"]
    for alg in ("none", "None", "NONE"):
        header = {"alg": alg, "typ": "at+jwt", "kid": kid}
        encoded = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
        assert await process.refusal(f"{encoded}.{claims}.") == "unknown"
        assert await process.refusal(f"{encoded}.{claims}.{signature}") == "unknown"
    assert await process.refusal(f"{token.rpartition('.')[0]}.") == "unknown"


async def test_our_public_key_is_nobodys_secret(process: Process) -> None:
    header, claims = parts(await process.issue())
    public: dict[str, str] = dict((await process.keys.signing()).public.as_dict(private=False))  # type: ignore[arg-type]  # all texts
    for secret in (json.dumps(public), public["x"], base64.urlsafe_b64decode(public["x"] + "==")):
        key = OctKey.import_key(secret)
        said = {**header, "alg": "HS256"}
        token = jws.serialize_compact(said, json.dumps(claims), key, algorithms=["HS256"])
        assert await process.refusal(token) == "unknown"


async def test_somebody_elses_key_is_not_ours(process: Process) -> None:
    header, claims = parts(await process.issue())
    stranger = OKPKey.generate_key("Ed25519", {"kid": header["kid"]})
    assert await process.refusal(jwt.encode(header, claims, stranger, algorithms=["Ed25519"])) == "unknown"
    curve = ECKey.generate_key("P-256")
    assert await process.refusal(jwt.encode({**header, "alg": "ES256"}, claims, curve)) == "unknown"


async def test_no_single_character_can_be_changed(process: Process) -> None:
    token = await process.issue()
    for place in range(len(token) - 1):  # the last character holds padding bits
        other = "A" if token[place] != "A" else "B"
        assert await process.refusal(token[:place] + other + token[place + 1 :]) != "", place


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "é", "x" * 10_000, "eyJ9.e30.x"])
async def test_nonsense_is_refused(process: Process, token: str) -> None:
    assert await process.refusal(token) == "unknown"


async def test_a_token_of_another_site_with_the_same_keys_is_refused(
    process: Process, ledger: PostgresLedger, clock: Clock
) -> None:
    assert await process.refusal(await Process(ledger, clock, "https://other.example").issue()) == "unknown"


# Keys come and go -----------------------------------------------------------------------------------------------------


async def test_old_tokens_verify_until_their_key_retires(process: Process, clock: Clock) -> None:
    old = await process.issue()
    kid = await process.keys.rotate()
    new = await process.issue()
    assert parts(new)[0]["kid"] == kid != parts(old)[0]["kid"]
    assert {await process.refusal(token) for token in (old, new)} == {""}
    assert len(await process.keys.published()) == 2
    clock.pass_by(minutes=9)
    assert await process.refusal(old) == ""
    clock.at += OVERLAP
    process.seconds += 61
    assert [key["kid"] for key in await process.keys.published()] == [kid]
    lasting = await forged_to_last(process, old, clock)
    assert await process.refusal(lasting) == "unknown"  # were it not expired: its key has retired


async def forged_to_last(process: Process, old: str, clock: Clock) -> str:
    """A token of now that names the key of an old one."""
    now = int(clock.at.timestamp())
    return await forged(process, {"kid": parts(old)[0]["kid"]}, {"iat": now, "exp": now + 600})


async def test_a_key_that_retires_takes_what_is_remembered_along(process: Process) -> None:
    token = await process.issue()
    assert await process.refusal(token) == ""
    await process.keys.rotate(at_once=True)
    assert await process.refusal(token) == "unknown"


async def test_another_process_learns_a_new_key_when_it_meets_it(
    process: Process, ledger: PostgresLedger, clock: Clock
) -> None:
    other = Process(ledger, clock)
    assert await other.refusal(await process.issue()) == ""
    await process.keys.rotate()
    token = await process.issue()
    assert await other.refusal(token) == "unknown"  # it looked less than half a second ago
    other.seconds += 0.5
    assert await other.refusal(token) == ""


async def test_made_up_keys_do_not_make_us_ask_the_database_each_time(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    await process.issue()
    asked = 0
    look = Pooled.rows

    async def counted(self: Pooled, query: str, *args: object) -> Any:
        nonlocal asked
        asked += 1
        return await look(self, query, *args)

    monkeypatch.setattr(Pooled, "rows", counted)
    process.seconds += 1
    for number in range(100):
        assert await process.refusal(await forged(process, {"kid": f"made-up-{number}"}, {})) == "unknown"
    assert asked == 1


async def test_another_process_signs_with_the_new_key_within_a_minute_and_while_it_does_not_it_is_believed(
    process: Process, ledger: PostgresLedger, clock: Clock
) -> None:
    other = Process(ledger, clock)
    first = parts(await other.issue())[0]["kid"]
    second = await process.keys.rotate()
    assert parts(await other.issue())[0]["kid"] == first
    assert await process.refusal(await other.issue()) == ""
    other.seconds += 60
    assert parts(await other.issue())[0]["kid"] == second


async def test_the_private_part_of_a_retired_key_is_destroyed(
    process: Process, ledger: PostgresLedger, clock: Clock
) -> None:
    first = parts(await process.issue())[0]["kid"]
    await process.keys.rotate()
    clock.at += OVERLAP
    await process.keys.rotate()
    rows = await ledger.pool.fetch("SELECT kid, sealed, destroyed_at FROM linli_signing_keys ORDER BY kid")
    assert [(row["kid"] == first, row["sealed"] is None, row["destroyed_at"] is None) for row in rows] == [
        (True, True, False),
        (False, False, True),
        (False, False, True),
    ]


async def test_what_is_stored_signs_nothing_without_the_master_key(process: Process, ledger: PostgresLedger) -> None:
    key = (await signing(process)).as_dict(private=True)
    row = await ledger.pool.fetchrow("SELECT * FROM linli_signing_keys")
    assert row is not None
    private = str(key["d"])
    assert private not in row["public"]
    assert private.encode() not in row["sealed"]
    assert base64.urlsafe_b64decode(private + "==") not in row["sealed"]


async def test_a_key_that_has_signed_for_a_month_is_rotated_by_whoever_signs_next(
    process: Process, ledger: PostgresLedger, clock: Clock
) -> None:
    first = parts(await process.issue())[0]["kid"]
    clock.at += SIGNS_FOR - timedelta(seconds=1)
    assert parts(await process.issue())[0]["kid"] == first
    clock.at += timedelta(seconds=1)
    other = Process(ledger, clock)
    kids = {parts(await each.issue())[0]["kid"] for each in (process, other, process)}
    assert len(kids) == 1
    assert kids != {first}


async def test_the_first_keys_that_many_processes_make_at_once_are_all_believed(
    ledger: PostgresLedger, clock: Clock
) -> None:
    many = [Process(ledger, clock) for _ in range(4)]
    tokens = [await each.issue() for each in many]
    for each in many:
        each.seconds += 1
        assert {await each.refusal(token) for token in tokens} == {""}
    assert len({parts(token)[0]["kid"] for token in tokens}) == 1
