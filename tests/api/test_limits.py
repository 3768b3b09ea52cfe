"""How often somebody may ask: each for himself, told when to come back, and by address where nobody is known yet."""

from collections.abc import AsyncIterator
from typing import Any, cast

import httpx
import pytest
from litestar import Litestar, Request, get
from litestar.datastructures import State
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from adapters.door import LedgerDoor
from adapters.ids import new_id
from adapters.ledger import PostgresLedger
from adapters.rate_limit import RateLimiter
from api.edge import Edge
from api.limits import Limit, Limits, address
from api.problems import answer
from domain.ports import Admitted, Unavailable
from tests.api.reception import LEAK, Clock, Reception, application, counter


@pytest.fixture
async def hasty(ledger: PostgresLedger, door: LedgerDoor) -> AsyncIterator[Reception]:
    """A counter at which everybody may ask three times, and once more each minute."""
    clock = Clock()
    limits = Limits(rates=RateLimiter(ledger.pool), requests=Limit("requests", 1, 3))
    async with counter(application(ledger, door, clock, limits=limits)) as http:
        yield Reception(http, clock)


async def test_who_asks_too_often_is_told_when_to_come_back(hasty: Reception) -> None:
    for _ in range(3):
        assert (await hasty.see("/work-orders/counts")).status_code != 429
    no = await hasty.see("/work-orders/counts")
    assert no.status_code == 429
    assert no.json()["code"] == "TooManyRequests"
    assert 55 <= int(no.headers["Retry-After"]) <= 60
    assert no.headers["RateLimit-Policy"] == '"requests";q=3;w=180'
    assert no.headers["RateLimit"] == f'"requests";r=0;t={no.headers["Retry-After"]}'


async def test_everybody_is_counted_for_himself(hasty: Reception) -> None:
    statuses = [(await hasty.send("/work-orders", LEAK, actor="busy")).status_code for _ in range(4)]
    assert statuses == [201, 201, 201, 429]
    assert (await hasty.send("/work-orders", LEAK, actor="quiet")).status_code == 201


async def test_reads_and_changes_of_all_kinds_count_alike(hasty: Reception) -> None:
    answers = [
        await hasty.see("/work-orders/counts"),
        await hasty.send("/work-orders", LEAK),
        await hasty.see("/service-agreements/garden"),
        await hasty.see("/work-calendars/cn"),
    ]
    assert [each.status_code == 429 for each in answers] == [False, False, False, True]


async def test_a_refused_change_leaves_no_trace(hasty: Reception, ledger: PostgresLedger) -> None:
    for _ in range(5):
        await hasty.send("/work-orders", LEAK)
    assert len({row.stream for row in await ledger.page()}) == 3


async def test_who_does_not_say_who_it_is_uses_up_nothing_and_health_is_for_everybody(hasty: Reception) -> None:
    for _ in range(5):
        assert (await hasty.http.get("/work-orders/counts")).status_code == 401
        assert (await hasty.http.get("/health/live")).status_code == 200


@pytest.mark.parametrize("limit", [Limit("requests", 0, 1)])
async def test_zero_is_no_limit(ledger: PostgresLedger, door: LedgerDoor, limit: Limit) -> None:
    limits = Limits(rates=RateLimiter(ledger.pool), requests=limit)
    async with counter(application(ledger, door, Clock(), limits=limits)) as http:
        here = Reception(http, Clock())
        assert {(await here.send("/work-orders", LEAK)).status_code for _ in range(5)} == {201}


class Away:
    """The database cannot be reached."""

    async def admit(self, key: str, *, rate: int, burst: int) -> Admitted:
        del key, rate, burst
        raise Unavailable


async def test_nobody_gets_in_while_nobody_can_count(ledger: PostgresLedger, door: LedgerDoor) -> None:
    async with counter(application(ledger, door, Clock(), limits=Limits(rates=Away()))) as http:
        no = await Reception(http, Clock()).send("/work-orders", LEAK)
    assert (no.status_code, no.json()["code"], no.headers["Retry-After"]) == (503, "LedgerAway", "2")
    assert await ledger.head() == 0


# --- addresses


@get("/")
async def where(request: Request[str, None, State]) -> str:
    """From where a request comes."""
    return address(request)


def behind(trusted: list[str], peer: str) -> httpx.AsyncClient:
    app = ProxyHeadersMiddleware(cast("Any", Litestar([where])), trusted_hosts=trusted)
    transport = httpx.ASGITransport(app=cast("Any", app), client=(peer, 1234))
    return httpx.AsyncClient(transport=transport, base_url="http://linli.test")


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "expected"),
    [
        ([], "203.0.113.9", None, "203.0.113.9"),
        ([], "127.0.0.1", "198.51.100.7", "127.0.0.1"),
        (["10.0.0.0/8"], "203.0.113.9", "198.51.100.7", "203.0.113.9"),
        (["10.0.0.0/8"], "10.1.2.3", "198.51.100.7", "198.51.100.7"),
        (["10.0.0.0/8"], "10.1.2.3", "1.1.1.1, 198.51.100.7, 10.9.9.9", "198.51.100.7"),
        (["10.0.0.0/8"], "10.1.2.3", "1.1.1.1, 198.51.100.7:4711", "198.51.100.7"),
        (["10.0.0.0/8"], "10.1.2.3", "x" * 300, "x" * 64),
        (["10.0.0.0/8"], "10.1.2.3", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ([], "2001:db8:1:2:ffff::1", None, "2001:db8:1:2::/64"),
        ([], "::ffff:203.0.113.9", None, "203.0.113.9"),
    ],
)
async def test_the_address_is_the_peers_or_what_a_trusted_proxy_says(
    trusted: list[str], peer: str, forwarded: str | None, expected: str
) -> None:
    async with behind(trusted, peer) as http:
        headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
        assert (await http.get("/", headers=headers)).text == expected


async def test_signing_in_is_counted_by_address(ledger: PostgresLedger) -> None:
    limits = Limits(rates=RateLimiter(ledger.pool), sign_ins=Limit("sign_ins", 2, 2))

    @get("/sign-in", before_request=limits.within_sign_ins)
    async def sign_in() -> str:
        return "?"

    app = Litestar([sign_in], exception_handlers={Exception: answer})
    app.asgi_handler = Edge(app.asgi_handler, new_id)
    statuses: list[int] = []
    for peer in ("203.0.113.9", "203.0.113.9", "203.0.113.9", "203.0.113.10"):
        transport = httpx.ASGITransport(app=cast("Any", app), client=(peer, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://linli.test") as http:
            statuses.append((await http.get("/sign-in")).status_code)
    assert statuses == [200, 200, 429, 200]
