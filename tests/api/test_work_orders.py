"""A work order over HTTP: its whole life, and every no it can meet."""

from typing import NamedTuple

import pytest

from domain import work_calendar
from tests.api.reception import LEAK, PHOTO, Reception, on

NOTHING: dict[str, object] = {}
RESOLVED = {"evidence": [PHOTO]}
BRIGHTPIPE = {"company": "brightpipe", "team": "east"}
CLEARWATER = {"company": "clearwater", "reason": "No plumber is free"}


async def test_a_report_answers_where_the_order_is_and_at_which_version(reception: Reception) -> None:
    answer = await reception.send("/work-orders", LEAK)
    assert answer.status_code == 201
    receipt = answer.json()
    assert answer.headers["Location"] == f"/work-orders/{receipt['id']}"
    assert answer.headers["ETag"] == f'"{receipt["version"]}"' == '"1"'
    assert answer.headers["X-Position"] == str(receipt["position"])
    assert receipt["events"] == 1
    seen = await reception.see(answer.headers["Location"])
    assert seen.status_code == 200
    assert seen.headers["ETag"] == '"1"'
    assert {
        "status": "reported",
        "summary": LEAK["summary"],
        "position": receipt["position"],
    }.items() <= seen.json().items()


async def test_an_order_goes_from_report_to_close(reception: Reception) -> None:
    await reception.agree()
    order = await reception.report()
    steps = (
        ("triage", {"priority": 2}, "triaged"),
        ("acknowledge", NOTHING, "triaged"),
        ("assign", BRIGHTPIPE, "assigned"),
        ("hand-over", CLEARWATER, "assigned"),
        ("start", NOTHING, "in_progress"),
        ("pause", {"reason": "parts"}, "paused"),
        ("resume", NOTHING, "in_progress"),
        ("comment", {"text": "Nearly there"}, "in_progress"),
        ("attach", {"attachment": PHOTO}, "in_progress"),
        ("reprioritise", {"priority": 1}, "in_progress"),
        ("resolve", RESOLVED, "resolved"),
        ("reopen", {"reason": "It drips again"}, "assigned"),
        ("start", NOTHING, "in_progress"),
        ("resolve", RESOLVED, "resolved"),
        ("accept", NOTHING, "accepted"),
        ("close", NOTHING, "closed"),
    )
    for command, body, status in steps:
        reception.clock.pass_by(minutes=1)
        answer = await reception.do(order, command, body)
        seen = await reception.see(order)
        assert seen.json()["status"] == status, command
        assert answer.headers["ETag"] == seen.headers["ETag"]
    final = (await reception.see(order)).json()
    assert (final["company"], final["reopened"], final["comments"], final["priority"]) == ("clearwater", 1, 1, 1)


async def test_the_promise_of_the_agreement_is_seen_on_the_order(reception: Reception) -> None:
    await reception.agree()
    seen = (await reception.see(await reception.report())).json()
    assert seen["response_due"] == "2026-03-02T02:00:00Z"
    assert seen["resolution_due"] == "2026-03-02T05:00:00Z"
    assert (seen["agreement"], seen["agreement_version"], seen["provisional"]) == ("", 1, False)


async def test_what_happened_earlier_is_told_with_its_own_time(reception: Reception) -> None:
    order = await reception.report(occurred_at="2026-02-27T15:00:00+08:00")
    entry = (await reception.see(f"{order}/history")).json()["events"][0]
    assert entry["occurred_at"] == "2026-02-27T07:00:00Z"
    assert (await reception.see(order)).json()["reported_at"] == "2026-02-27T07:00:00Z"


async def test_what_lies_ahead_is_no_fact_beyond_the_skew_of_a_clock(reception: Reception) -> None:
    soon = await reception.send("/work-orders", {**LEAK, "occurred_at": "2026-03-02T09:04:00+08:00"})
    late = await reception.send("/work-orders", {**LEAK, "occurred_at": "2026-03-02T09:06:00+08:00"})
    assert (soon.status_code, late.status_code) == (201, 422)
    assert late.json()["code"] == "InTheFuture"
    assert late.json()["errors"][0]["pointer"] == "#/occurred_at"


async def test_to_ask_twice_for_the_same_leaves_no_second_fact(reception: Reception) -> None:
    order = await reception.report()
    await reception.do(order, "acknowledge")
    again = await reception.do(order, "acknowledge")
    assert again.json()["events"] == 0
    assert again.headers["ETag"] == '"2"'


@pytest.mark.parametrize("path", ["", "/history", "/nothing"])
async def test_an_order_that_nobody_reported_is_not_found(reception: Reception, path: str) -> None:
    answer = await reception.see(f"/work-orders/019a5b1e-0000-7000-8000-000000000001{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, "NotFound")


@pytest.mark.parametrize("version", [None, 3])
async def test_a_command_to_an_order_that_nobody_reported_is_not_found(
    reception: Reception, version: int | None
) -> None:
    path = "/work-orders/019a5b1e-0000-7000-8000-000000000001/start"
    answer = await reception.send(path, version=version)
    assert (answer.status_code, answer.json()["code"]) == (404, "NotFound")


async def test_the_stream_of_something_else_is_not_a_work_order(reception: Reception) -> None:
    await reception.agree()
    stream = work_calendar.stream("office")
    for seen in (
        await reception.see(f"/work-orders/{stream}"),
        await reception.see(f"/work-orders/{stream}/history"),
        await reception.see(f"/work-orders/{stream}", {"as_of": "2036-01-01T00:00:00Z"}),
        await reception.send(f"/work-orders/{stream}/start"),
    ):
        assert (seen.status_code, seen.json()["code"]) == (404, "NotFound")


class No(NamedTuple):
    """A life so far, a command, and why it cannot be."""

    past: tuple[tuple[str, object], ...]
    command: str
    body: object
    code: str


TRIAGED = (("triage", {"priority": 2}),)
ASSIGNED = (*TRIAGED, ("assign", BRIGHTPIPE))
STARTED = (*ASSIGNED, ("start", NOTHING))
PAUSED = (*STARTED, ("pause", {"reason": "parts"}))
DONE = (*STARTED, ("resolve", RESOLVED))
REOPENED = (*DONE, ("reopen", {"reason": "It drips"}))
CLOSED = (*DONE, ("close", {"note": "Resident content"}))
CANCELLED = (("cancel", {"reason": "Reported twice"}),)
EARLIER = {"occurred_at": "2026-03-02T08:59:00+08:00"}
DURING = {"occurred_at": "2026-03-02T09:03:30+08:00"}
"""Between the third and the fourth step: after the start, before the next fact."""

REFUSED = (
    No(TRIAGED, "triage", {"priority": 1}, "AlreadyTriaged"),
    No((), "assign", BRIGHTPIPE, "NotTriaged"),
    No((), "reprioritise", {"priority": 1}, "NotTriaged"),
    No(ASSIGNED, "assign", {"company": "clearwater"}, "AlreadyAssigned"),
    No(TRIAGED, "hand-over", CLEARWATER, "NotAssigned"),
    No(ASSIGNED, "hand-over", {"company": "clearwater", "reason": " "}, "NoteMissing"),
    No(TRIAGED, "start", NOTHING, "NotAssigned"),
    No(PAUSED, "start", NOTHING, "StillPaused"),
    No(PAUSED, "resolve", RESOLVED, "StillPaused"),
    No(PAUSED, "pause", {"reason": "weather"}, "AlreadyPaused"),
    No(STARTED, "pause", {"reason": "other"}, "NoteMissing"),
    No(STARTED, "resume", NOTHING, "NotPaused"),
    No(PAUSED, "resume", DURING, "BeforePaused"),
    No(STARTED, "resolve", {"evidence": []}, "NoEvidence"),
    No(STARTED, "resolve", {"evidence": [{"kind": "note"}]}, "NotEvidence"),
    No(STARTED, "resolve", {"evidence": [{"kind": "photo", "name": "x"}]}, "NotEvidence"),
    No(STARTED, "resolve", RESOLVED | {"occurred_at": "2026-03-02T09:02:30+08:00"}, "BeforeStarted"),
    No(DONE, "resolve", RESOLVED, "AlreadyResolved"),
    No(DONE, "start", NOTHING, "AlreadyResolved"),
    No(STARTED, "accept", NOTHING, "NotResolved"),
    No(STARTED, "close", {"note": "x"}, "NotResolved"),
    No(STARTED, "reopen", {"reason": "x"}, "NotResolved"),
    No(DONE, "accept", DURING, "BeforeResolved"),
    No(DONE, "reopen", {"reason": "x", "occurred_at": "2026-03-20T09:00:00+08:00"}, "ReopenWindowPassed"),
    No(DONE, "close", NOTHING, "NoteMissing"),
    No(REOPENED, "start", {"occurred_at": "2026-03-02T09:04:30+08:00"}, "BeforeReopened"),
    No(CLOSED, "cancel", {"reason": "x"}, "AlreadyClosed"),
    No(CLOSED, "acknowledge", NOTHING, "AlreadyClosed"),
    No(CANCELLED, "triage", {"priority": 1}, "AlreadyCancelled"),
    No(CANCELLED, "reopen", {"reason": "x"}, "AlreadyCancelled"),
    No((), "cancel", {"reason": ""}, "NoteMissing"),
    No((), "comment", {"text": "x", **EARLIER}, "BeforeReported"),
    No((), "attach", {"attachment": {"kind": "note"}}, "NotEvidence"),
)


@pytest.mark.parametrize("no", REFUSED, ids=[f"{number}-{no.command}-{no.code}" for number, no in enumerate(REFUSED)])
async def test_a_refusal_names_its_reason_and_changes_nothing(reception: Reception, no: No) -> None:
    order = await reception.report()
    for command, body in no.past:
        reception.clock.pass_by(minutes=1)
        await reception.do(order, command, body)
    reception.clock.at = max(reception.clock.at, on(25)) if no.code == "ReopenWindowPassed" else reception.clock.at
    reception.clock.pass_by(minutes=1)
    before = (await reception.see(order)).json()
    answer = await reception.send(f"{order}/{no.command}", no.body, version=before["version"])
    assert (answer.status_code, answer.json()["code"]) == (409, no.code)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (await reception.see(order)).json() == before


async def test_a_work_order_that_was_paused_at_a_moment_cannot_have_been_resolved_then(reception: Reception) -> None:
    order = await reception.report()
    for command, body in (*PAUSED, ("resume", NOTHING)):
        reception.clock.pass_by(minutes=2)
        await reception.do(order, command, body)
    during = (reception.clock.at.replace(minute=9)).isoformat()
    answer = await reception.send(f"{order}/resolve", RESOLVED | {"occurred_at": during})
    assert (answer.status_code, answer.json()["code"]) == (409, "BeforeResumed")


async def test_an_unknown_kind_of_field_is_named(reception: Reception) -> None:
    answer = await reception.send("/work-orders", {**LEAK, "urgency": "high"})
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"detail": "Object contains unknown field `urgency`", "pointer": "#/urgency"}]
