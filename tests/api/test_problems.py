"""Every no is a problem (RFC 9457), whatever went wrong, in the reader's language."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import httpx
import msgspec
import pytest

from adapters.door import LedgerDoor
from adapters.embedded import EmbeddedPostgres
from adapters.ledger import PostgresLedger
from adapters.migrate import migrate
from api.asked import decode, fault, must_be_shallow
from api.problems import Invalid, Malformed, ProblemBody
from domain.promise import Promise
from tests import everybody
from tests.api.reception import LEAK, Clock, Reception, application, counter

JSON = {"Authorization": "Bearer staff-1", "Content-Type": "application/json", "Accept-Language": "en"}
SOMEWHERE = "/work-orders/019a5b1e-0000-7000-8000-000000000001"


def problem(answer: httpx.Response) -> ProblemBody:
    """The problem that an answer is."""
    assert answer.headers["Content-Type"] == "application/problem+json"
    body = msgspec.json.decode(answer.content, type=ProblemBody)
    assert body.status == answer.status_code
    assert body.type == f"/problems/{body.code}"
    assert body.correlation_id == answer.headers["X-Correlation-Id"]
    assert answer.headers["Vary"] == "Accept-Language"
    return body


async def test_an_address_that_does_not_exist(reception: Reception) -> None:
    body = problem(await reception.see("/nowhere"))
    assert (body.status, body.code, body.instance) == (404, "NotFound", "/nowhere")


@pytest.mark.parametrize(
    ("method", "path"), [("DELETE", SOMEWHERE), ("PUT", "/work-orders"), ("GET", f"{SOMEWHERE}/start")]
)
async def test_a_method_that_an_address_does_not_know(reception: Reception, method: str, path: str) -> None:
    body = problem(await reception.http.request(method, path, headers=JSON))
    assert (body.status, body.code) == (405, "MethodNotAllowed")


@pytest.mark.parametrize("path", ["/work-orders", f"{SOMEWHERE}/start"])
@pytest.mark.parametrize("actor", [None, "", "  "])
async def test_who_does_not_say_who_it_is(reception: Reception, path: str, actor: str | None) -> None:
    headers = {} if actor is None else {"Authorization": f"Bearer {actor}"}
    answer = await reception.http.post(path, content=b"{not even json", headers=headers)
    assert (problem(answer).status, problem(answer).code) == (401, "NotIdentified")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("content", [b"{", b"{'a': 1}", b'{"community": "\xff"}', b""])
async def test_a_body_that_is_no_json(reception: Reception, content: bytes) -> None:
    body = problem(await reception.http.post("/work-orders", content=content, headers=JSON))
    expected = (422, "Invalid") if content == b"" else (400, "Malformed")
    assert (body.status, body.code) == expected


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"community": 7}, "#/community"),
        ({"community": ""}, "#/community"),
        ({"community": None}, "#/community"),
        ({"channel": "pigeon"}, "#/channel"),
        ({"summary": "x" * 501}, "#/summary"),
        ({"occurred_at": "2026-03-02T09:00:00"}, "#/occurred_at"),
        ({"occurred_at": "0001-01-01T00:00:00+14:00"}, "#/occurred_at"),
        ({"at": "2026-03-02T09:00:00Z"}, "#/at"),
        ({"do": "report"}, "#/do"),
    ],
)
async def test_a_body_with_a_fault_in_it(reception: Reception, change: dict[str, object], pointer: str) -> None:
    body = problem(await reception.send("/work-orders", {**LEAK, **change}))
    assert (body.status, body.code) == (422, "Invalid")
    assert [found.pointer for found in body.errors] == [pointer]


async def test_a_body_from_which_something_is_missing(reception: Reception) -> None:
    body = problem(await reception.send("/work-orders", {"community": "garden"}))
    assert body.errors[0].pointer == "#/category"


async def test_a_list_is_no_body(reception: Reception) -> None:
    body = problem(await reception.send("/work-orders", [LEAK]))
    assert (body.code, body.errors[0].pointer) == ("Invalid", "#")


class Deep(msgspec.Struct, forbid_unknown_fields=True):
    """A body with depth."""

    rungs: list[dict[str, Promise]] = []


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b'{"rungs": [{"a": {"kind": "wall_clock", "days": "one"}}]}', "#/rungs/0/.../days"),
        (b'{"rungs": [{"a": {"kind": "moon_phases"}}]}', "#/rungs/0/.../kind"),
        (b'{"rungs": [{}, 3]}', "#/rungs/1"),
        (b'{"a/b~c": 1}', "#/a~1b~0c"),
    ],
)
def test_a_fault_is_pointed_at_however_deep_it_lies(body: bytes, pointer: str) -> None:
    with pytest.raises(Invalid) as no:
        decode(body, Deep)
    assert no.value.errors[0].pointer == pointer


@pytest.mark.parametrize(
    ("body", "deep"),
    [
        (b"[" * 32 + b"]" * 32, False),
        (b"[" * 33 + b"]" * 33, True),
        (b'{"a":' * 33 + b"1" + b"}" * 33, True),
        (b'[{"a":' * 17 + b"1" + b"}]" * 17, True),
        (b"[" * 500_000 + b"]" * 500_000, True),
        (b"[" * 500_000, True),
        (b"[" + b"[]," * 300_000 + b"[]]", False),
        (b'["' + b"[" * 1000 + b'"]', False),
        (rb'["\\", "\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["]', False),
        (rb'["\\", [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[ "\""]', True),
    ],
)
async def test_a_body_has_no_more_than_so_many_things_inside_each_other(body: bytes, *, deep: bool) -> None:
    if deep:
        with pytest.raises(Malformed, match="Malformed"):
            must_be_shallow(body)
    else:
        must_be_shallow(body)


async def test_a_body_that_is_too_deep_is_malformed_and_no_bug(reception: Reception) -> None:
    deep = b'{"unheard":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    body = problem(await reception.http.post("/work-orders", content=deep, headers=JSON))
    assert (body.status, body.code) == (400, "Malformed")
    assert "32" in body.detail


def test_a_fault_without_a_place_is_of_the_whole() -> None:
    assert fault("Expected `object`, got `array`").pointer == "#"


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data"])
async def test_a_body_of_another_kind(reception: Reception, content_type: str) -> None:
    headers = {**JSON, "Content-Type": content_type}
    body = problem(await reception.http.post("/work-orders", content=b"a=1", headers=headers))
    assert (body.status, body.code) == (415, "NotJson")


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "application/vnd.linli+json", ""])
async def test_json_by_any_name_is_taken(reception: Reception, content_type: str) -> None:
    headers = {**JSON, "Content-Type": content_type}
    answer = await reception.http.post("/work-orders", content=msgspec.json.encode(LEAK), headers=headers)
    assert answer.status_code == 201


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_beyond_a_mebibyte(reception: Reception, *, announced: bool) -> None:
    content = msgspec.json.encode({**LEAK, "summary": "x" * (1 << 20)})

    async def in_pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 1 << 16):
            yield content[start : start + (1 << 16)]

    sent = content if announced else in_pieces()
    body = problem(await reception.http.post("/work-orders", content=sent, headers=JSON))
    assert (body.status, body.code) == (413, "TooLarge")


async def test_a_no_is_told_in_chinese_unless_english_is_asked_for(reception: Reception) -> None:
    order = await reception.report()
    for language, sentence in (
        ("zh-CN", "尚未定级：请先确定紧急程度。"),
        ("", "尚未定级：请先确定紧急程度。"),
        ("en", "Nobody has said yet how urgent this is: triage it first."),
    ):
        answer = await reception.send(f"{order}/start", language=language)
        assert problem(answer).detail == problem(answer).title == sentence
        assert answer.headers["Content-Language"] == (language or "zh")[:2]


async def test_a_bug_of_ours_keeps_its_insides_inside(ledger: PostgresLedger, door: LedgerDoor) -> None:
    class Stopped(Clock):
        def now(self) -> datetime:
            msg = "the clock of /srv/secret has stopped"
            raise RuntimeError(msg)

    async with counter(application(ledger, door, Stopped())) as http:
        answer = await http.post("/work-orders", json=LEAK, headers=JSON)
    body = problem(answer)
    assert (body.status, body.code) == (500, "InternalError")
    assert "secret" not in answer.text
    assert "RuntimeError" not in answer.text


async def test_a_ledger_whose_queue_is_full_asks_to_come_back(database: str) -> None:
    async with (
        PostgresLedger(database, max_queue=1) as ledger,
        counter(application(ledger, everybody.door_to(ledger), Clock())) as http,
    ):
        answers = await asyncio.gather(*(http.post("/work-orders", json=LEAK, headers=JSON) for _ in range(50)))
    busy = [answer for answer in answers if answer.status_code == 503]
    assert {answer.status_code for answer in answers} == {201, 503}
    assert (problem(busy[0]).code, busy[0].headers["Retry-After"]) == ("TooBusy", "1")


async def test_a_ledger_that_is_away_asks_for_the_same_again(tmp_path: Path) -> None:
    server = EmbeddedPostgres.start(tmp_path, unsafe_but_fast=True)
    await migrate(server.dsn)
    async with (
        PostgresLedger(server.dsn, patience=0.2) as ledger,
        counter(application(ledger, everybody.door_to(ledger), Clock())) as http,
    ):
        server.stop()
        written = await http.post("/work-orders", json=LEAK, headers=JSON)
        read = await http.get(SOMEWHERE, headers=JSON)
        listed = await http.get("/work-orders", headers=JSON)
    for answer in (written, read, listed):
        assert (answer.status_code, problem(answer).code) == (503, "LedgerAway")
        assert answer.headers["Retry-After"] == "2"
