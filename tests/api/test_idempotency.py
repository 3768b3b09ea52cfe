"""The same request twice is one request: under an Idempotency-Key it happens once and is answered the same."""

import asyncio

import httpx

from adapters.ledger import PostgresLedger
from tests.api.reception import LEAK, Reception

TELLING = ("etag", "x-position", "location", "content-type")


def told(answer: httpx.Response) -> tuple[int, bytes, list[str | None]]:
    """What an answer says: status, body, headers."""
    return answer.status_code, answer.content, [answer.headers.get(name) for name in TELLING]


async def test_a_repeated_report_is_answered_as_the_first(reception: Reception, ledger: PostgresLedger) -> None:
    first = await reception.send("/work-orders", LEAK, key="k-1")
    head = await ledger.head()
    reception.clock.pass_by(hours=3)
    again = await reception.send("/work-orders", LEAK, key="k-1")
    assert told(again) == told(first)
    assert first.status_code == 201
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert await ledger.head() == head


async def test_a_repeat_after_others_have_gone_on_is_answered_as_the_first(reception: Reception) -> None:
    order = await reception.report()
    first = await reception.send(f"{order}/cancel", {"reason": "Reported twice"}, key="k-1", version=1)
    await reception.do(order, "comment", {"text": "Which one is the other?"})
    again = await reception.send(f"{order}/cancel", {"reason": "Reported twice"}, key="k-1", version=1)
    assert first.status_code == 200
    assert told(again) == told(first)


async def test_blanks_and_the_order_of_fields_do_not_make_it_another_request(reception: Reception) -> None:
    headers = {"Authorization": "Bearer staff-1", "Idempotency-Key": "k-1", "Content-Type": "application/json"}
    order = await reception.report()
    path = f"{order}/triage"
    first = await reception.http.post(path, content=b'{"priority":2,"terms":null}', headers=headers)
    again = await reception.http.post(path, content=b'{ "terms": null,\n "priority": 2 }', headers=headers)
    assert first.status_code == 200
    assert told(again) == told(first)


async def test_another_body_under_the_same_key_is_refused(reception: Reception) -> None:
    await reception.send("/work-orders", LEAK, key="k-1")
    other = await reception.send("/work-orders", {**LEAK, "category": "lift"}, key="k-1")
    assert (other.status_code, other.json()["code"]) == (422, "KeyReused")


async def test_another_moment_under_the_same_key_is_refused(reception: Reception) -> None:
    await reception.send("/work-orders", LEAK, key="k-1")
    other = await reception.send("/work-orders", {**LEAK, "occurred_at": "2026-03-01T09:00:00+08:00"}, key="k-1")
    assert (other.status_code, other.json()["code"]) == (422, "KeyReused")


async def test_another_address_under_the_same_key_is_refused(reception: Reception) -> None:
    one, two = await reception.report(), await reception.report()
    first = await reception.send(f"{one}/acknowledge", key="k-1")
    other = await reception.send(f"{two}/acknowledge", key="k-1")
    assert (first.status_code, other.status_code) == (200, 422)
    assert (await reception.see(two)).json()["acknowledged_at"] is None


async def test_a_key_belongs_to_whoever_sends_it(reception: Reception) -> None:
    one = await reception.send("/work-orders", LEAK, key="k-1", actor="staff-1")
    two = await reception.send("/work-orders", {**LEAK, "category": "lift"}, key="k-1", actor="staff-2")
    assert (one.status_code, two.status_code) == (201, 201)
    assert one.json()["id"] != two.json()["id"]


async def test_a_refusal_is_repeated_even_when_it_could_be_granted_by_now(reception: Reception) -> None:
    order = await reception.report()
    no = await reception.send(f"{order}/start", key="k-1")
    await reception.do(order, "triage", {"priority": 2})
    await reception.do(order, "assign", {"company": "brightpipe"})
    again = await reception.send(f"{order}/start", key="k-1")
    assert (no.status_code, no.json()["code"]) == (409, "NotTriaged")
    assert {**again.json(), "correlation_id": ""} == {**no.json(), "correlation_id": ""}
    assert (await reception.send(f"{order}/start", key="k-2")).status_code == 200


async def test_the_details_of_a_refusal_are_repeated_as_they_were(reception: Reception) -> None:
    order = await reception.report()
    early = {"text": "x", "occurred_at": "2026-02-02T08:00:00+08:00"}
    no, again = [await reception.send(f"{order}/comment", early, key="k-1") for _ in range(2)]
    assert no.json()["code"] == "BeforeReported"
    assert no.json()["details"] == again.json()["details"] == {"reported": "2026-03-02T01:00:00+00:00"}


async def test_who_looks_again_after_a_412_may_send_the_same_key_again(reception: Reception) -> None:
    order = await reception.report()
    await reception.do(order, "acknowledge")
    stale = await reception.send(f"{order}/cancel", {"reason": "x"}, key="k-1", version=1)
    fresh = await reception.send(f"{order}/cancel", {"reason": "x"}, key="k-1", version=2)
    assert (stale.status_code, fresh.status_code) == (412, 200)


async def test_of_twenty_at_once_one_takes_effect_and_all_are_answered_alike(
    reception: Reception, ledger: PostgresLedger
) -> None:
    answers = await asyncio.gather(*(reception.send("/work-orders", LEAK, key="k-1") for _ in range(20)))
    assert len({str(told(answer)) for answer in answers}) == 1
    assert answers[0].status_code == 201
    assert len(await ledger.page()) == 1


async def test_of_twenty_comments_at_once_under_one_key_one_is_made(reception: Reception) -> None:
    order = await reception.report()
    path = f"{order}/comment"
    answers = await asyncio.gather(*(reception.send(path, {"text": "Hello"}, key="k-1") for _ in range(20)))
    assert len({str(told(answer)) for answer in answers}) == 1
    assert (await reception.see(order)).json()["comments"] == 1


async def test_a_key_that_nobody_could_mean_is_malformed(reception: Reception) -> None:
    for key in (" ", "k" * 256):
        answer = await reception.send("/work-orders", LEAK, key=key)
        assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (400, "Idempotency-Key")
