"""One correlation id from the request to its events, one log line a request, and no secrets in it."""

import pytest
import structlog

from api.edge import correlation_of
from tests.api.reception import LEAK, Reception

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
