"""One correlation id from the request to its events, one log line a request, no secrets in it, and careful browsers."""

import httpx
import pytest
import structlog

from adapters.door import LedgerDoor
from adapters.ledger import PostgresLedger
from api.browser_safety import Safety
from api.edge import correlation_of
from tests.api.reception import LEAK, Clock, Reception, application, counter

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({}, None),
        ({b"x-correlation-id": b"shift-7"}, "shift-7"),
        ({b"x-correlation-id": b"two words"}, None),
        ({b"x-correlation-id": b"a\nb"}, None),
        ({b"x-correlation-id": "工单".encode()}, None),
        ({b"x-correlation-id": b"x" * 129}, None),
        ({b"x-correlation-id": b""}, None),
        ({b"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01".encode()}, TRACE),
        ({b"traceparent": b"00-nonsense-01"}, None),
        ({b"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01".encode(), b"x-correlation-id": b"mine"}, "mine"),
    ],
)
def test_the_id_is_the_callers_if_it_does_no_harm(headers: dict[bytes, bytes], found: str | None) -> None:
    assert correlation_of(headers) == found


async def test_the_id_is_echoed_and_kept_with_every_event(reception: Reception) -> None:
    headers = {"Authorization": "Bearer staff-1", "X-Correlation-Id": "shift-7"}
    answer = await reception.http.post("/work-orders", json=LEAK, headers=headers)
    assert answer.headers["X-Correlation-Id"] == "shift-7"
    (entry,) = (await reception.see(f"{answer.headers['Location']}/history")).json()["events"]
    assert entry["correlation_id"] == "shift-7"


@pytest.mark.parametrize("path", ["/nowhere", "/health/live", "/work-orders/nonsense", "/docs/nowhere"])
async def test_every_answer_has_an_id(reception: Reception, path: str) -> None:
    one, two = await reception.see(path), await reception.see(path)
    assert one.headers["X-Correlation-Id"] != two.headers["X-Correlation-Id"]


async def test_a_request_is_one_line_in_the_log(reception: Reception) -> None:
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        headers = {"Authorization": "Bearer staff-1", "X-Correlation-Id": "shift-7"}
        await reception.http.post("/work-orders?token=hush", json=LEAK, headers=headers)
        await reception.http.get("/nowhere", headers=headers)
    assert [
        {name: line[name] for name in ("event", "method", "path", "actor", "status", "correlation_id")}
        for line in lines
    ] == [
        {
            "event": "http.request",
            "method": "POST",
            "path": "/work-orders",
            "actor": "staff-1",
            "status": 201,
            "correlation_id": "shift-7",
        },
        {
            "event": "http.request",
            "method": "GET",
            "path": "/nowhere",
            "actor": None,
            "status": 404,
            "correlation_id": "shift-7",
        },
    ]
    assert all(line["ms"] > 0 for line in lines)


async def test_no_body_and_no_query_is_ever_logged(
    reception: Reception, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    canary = "canary-4711"
    await reception.report(summary=f"Call {canary}", reporter=canary)
    await reception.send("/work-orders", {**LEAK, "phone": canary})
    await reception.send("/work-orders", {**LEAK, "channel": canary})
    await reception.see("/work-orders", {"q": canary, "colour": canary})
    out, err = capsys.readouterr()
    assert canary not in out + err + caplog.text


async def test_the_log_of_one_request_does_not_leak_into_the_next(reception: Reception) -> None:
    await reception.see("/health/live", headers={"X-Correlation-Id": "first"})
    assert "correlation_id" not in structlog.contextvars.get_contextvars()


# --- what every answer tells a browser

CONSOLE = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
NOWHERE = "/work-orders/019a5b1e-0000-7000-8000-000000000001"
PUBLIC = ("/docs", "/docs/style.css", "/openapi.json", "/health/live", "/health/ready", "/problems")
NOES = ("/nowhere", "/docs/nowhere", NOWHERE, "/work-orders?asof=1", f"{NOWHERE}/start")


def policy(answer: httpx.Response) -> dict[str, str]:
    """The directives of an answer's policy."""
    (value,) = answer.headers.get_list("Content-Security-Policy")
    return dict(directive.split(" ", 1) for directive in value.split("; "))


@pytest.mark.parametrize("path", [*PUBLIC, *NOES])
@pytest.mark.parametrize("actor", ["staff-1", ""])
async def test_every_answer_tells_browsers_to_be_careful(reception: Reception, path: str, actor: str) -> None:
    answer = await reception.see(path, headers={"Authorization": f"Bearer {actor}"})
    said = answer.headers
    assert said.get_list("X-Content-Type-Options") == ["nosniff"]
    assert said.get_list("Referrer-Policy") == ["no-referrer"]
    assert said.get_list("Cross-Origin-Opener-Policy") == ["same-origin"]
    assert said.get_list("Cross-Origin-Resource-Policy") == ["same-origin"]
    assert "camera=()" in said["Permissions-Policy"]
    assert "Strict-Transport-Security" not in said
    expected = CONSOLE if said["Content-Type"].startswith("text/html") else NO_PAGE
    assert policy(answer) == expected


NO_PAGE = {"default-src": "'none'", "frame-ancestors": "'none'"}


async def test_answers_to_commands_do_so_too(reception: Reception) -> None:
    done = await reception.send("/work-orders", LEAK)
    refused = await reception.send(f"{done.headers['Location']}/start")
    assert (done.status_code, refused.status_code) == (201, 409)
    for answer in (done, refused, await reception.http.post("/work-orders", json=LEAK)):
        assert policy(answer) == NO_PAGE
        assert answer.headers["Cache-Control"] == "no-store"


async def test_no_cache_keeps_what_somebody_may_see_nor_a_no(reception: Reception) -> None:
    order = await reception.report()
    for path in (order, f"{order}/history", f"{order}/files", *NOES):
        assert (await reception.see(path)).headers.get_list("Cache-Control") == ["no-store"], path
    for path in PUBLIC:
        assert "Cache-Control" not in (await reception.http.get(path)).headers, path


async def test_only_https_is_asked_for_where_people_come_by_https(ledger: PostgresLedger, door: LedgerDoor) -> None:
    async with counter(application(ledger, door, Clock(), https=True)) as http:
        for path in ("/docs", "/nowhere", "/health/live"):
            said = (await http.get(path)).headers
            assert said["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


@pytest.mark.parametrize(
    "path",
    [
        "/<script>alert(1)</script>",
        "/docs/<script>alert(1)</script>",
        "/problems/<script>alert(1)</script>",
        "/work-orders?<script>alert(1)</script>=1",
        "/work-orders?cursor=<script>alert(1)</script>",
        f"{NOWHERE}/files/<script>alert(1)</script>",
        "/service-agreements/<script>alert(1)</script>",
    ],
)
async def test_what_is_sent_back_is_never_a_page(reception: Reception, path: str) -> None:
    answer = await reception.see(path)
    assert answer.status_code in {400, 404}
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_route_that_knows_better_is_left_alone() -> None:
    safety = Safety(https=False)
    own = [(b"Content-Type", b"text/html"), (b"content-security-policy", b"sandbox"), (b"Cache-Control", b"private")]
    added = dict(safety.fields(own, personal=True))
    assert b"content-security-policy" not in added
    assert b"cache-control" not in added
    assert added[b"x-content-type-options"] == b"nosniff"
