"""The OpenAPI document: complete, true, and readable without a network."""

import re
from collections.abc import Iterator
from typing import Any, cast

import httpx
import msgspec
import pytest

from api.change import body_of
from api.problems import ProblemBody, kinds
from api.receipt import Receipt
from api.service_agreements import EXAMPLE as AGREEMENT
from api.service_agreements import PUBLISH as PUBLISH_AGREEMENT
from api.service_agreements import Agreement
from api.work_calendars import CONFIRM_YEAR, Calendar
from api.work_calendars import EXAMPLE as CALENDAR
from api.work_calendars import PUBLISH as PUBLISH_CALENDAR
from api.work_order_examples import EXAMPLE, HISTORY, OFFERS, REPORT
from api.work_order_view import History, WorkOrderView
from tests.api.reception import Reception

Document = dict[str, Any]  # JSON
OPEN = {"/health/live", "/health/ready", "/problems", "/problems/{code}"}
ORDER = "019a5b1e-0000-7000-8000-000000000001"


@pytest.fixture
async def document(reception: Reception) -> Document:
    answer = await reception.http.get("/openapi.json")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/vnd.oai.openapi+json"
    return cast("Document", answer.json())


def operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


async def test_it_is_openapi_3_1_with_everything_a_reader_looks_for(document: Document) -> None:
    assert document["openapi"].startswith("3.1.")
    assert document["info"]["title"] == "Linli 邻里"
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(ids) == len(set(ids)) > 25
    known = {tag["name"] for tag in document["tags"]}
    for path, method, operation in operations(document):
        assert operation["summary"], (path, method)
        assert set(operation["tags"]) <= known, (path, method)
        places = [(parameter["in"], parameter["name"]) for parameter in operation.get("parameters", [])]
        assert len(places) == len(set(places)), (path, method)
        in_path = {name for place, name in places if place == "path"}
        assert in_path == set(re.findall(r"{(\w+)}", path)), (path, method)


async def test_every_reference_leads_somewhere(document: Document) -> None:
    def references(value: object) -> Iterator[str]:
        if isinstance(value, dict):
            found = cast("dict[str, object]", value)
            if isinstance(reference := found.get("$ref"), str):
                yield reference
            for each in found.values():
                yield from references(each)
        elif isinstance(value, list):
            for each in cast("list[object]", value):
                yield from references(each)

    schemas = document["components"]["schemas"]
    found = list(references(document))
    assert len(found) > 50
    assert {reference for reference in found if reference.removeprefix("#/components/schemas/") not in schemas} == set()


async def test_every_operation_shows_what_is_sent_and_what_comes_back(document: Document) -> None:
    for path, method, operation in operations(document):
        answers = [*operation["responses"].values()]
        assert all(answer["description"] for answer in answers), (path, method)
        for message in (*answers, *([operation["requestBody"]] if method == "post" else [])):
            for media in message.get("content", {}).values():
                examples = media["examples"].values()
                assert examples, (path, method)
                assert all(set(example) <= {"summary", "value"} for example in examples), (path, method)


async def test_every_change_documents_every_no(document: Document) -> None:
    for path, method, operation in operations(document):
        if method != "post":
            continue
        expected = {"400", "401", "409", "413", "415", "422", "500", "503"}
        if path == "/work-orders":
            expected -= {"409"}
        assert expected <= set(operation["responses"]), path
        assert "429" in operation["responses"], path
        headers = {parameter["name"]: parameter for parameter in operation["parameters"]}
        assert "Idempotency-Key" in headers, path
        if "{order_id}" in path:
            assert {"404", "412", "428"} <= set(operation["responses"]), path
            assert "If-Match" in headers, path
        for status, answer in operation["responses"].items():
            if status.startswith(("4", "5")):
                assert list(answer["content"]) == ["application/problem+json"], (path, status)


async def test_whoever_does_not_say_who_it_is_gets_in_nowhere(reception: Reception, document: Document) -> None:
    for path, method, operation in operations(document):
        address = path.replace("{order_id}", ORDER).format(
            community="garden", key="cn", code="NotFound", sha256="9f" * 32
        )
        answer: httpx.Response = await reception.http.request(method.upper(), address)
        if path in OPEN:
            assert answer.status_code in {200, 503}, path
            assert "security" not in operation, path
        else:
            assert answer.status_code == 401, (method, path)
            assert operation["security"] == [{"actor": []}], (method, path)


def test_every_example_of_a_body_is_one() -> None:
    for offer in (REPORT, *OFFERS):
        msgspec.convert(offer.example, body_of(offer.command, "Body"))
    for other, without in ((PUBLISH_AGREEMENT, ["community"]), (PUBLISH_CALENDAR, ["key"])):
        msgspec.convert(other.example, body_of(other.command, "Body", without))
    msgspec.convert(CONFIRM_YEAR.example, body_of(CONFIRM_YEAR.command, "Body"))


def test_every_example_of_an_answer_is_one() -> None:
    msgspec.convert(EXAMPLE, WorkOrderView)
    msgspec.convert(HISTORY, History)
    msgspec.convert(AGREEMENT, Agreement)
    msgspec.convert(CALENDAR, Calendar)


async def test_the_examples_work_when_they_are_sent(reception: Reception) -> None:
    for path, offer in (
        ("/work-calendars/cn", PUBLISH_CALENDAR),
        ("/work-calendars/cn/confirm-year", CONFIRM_YEAR),
        ("/service-agreements/city-wide", PUBLISH_AGREEMENT),
    ):
        answer = await reception.send(path, offer.example)
        assert answer.status_code == 200, answer.text
        msgspec.json.decode(answer.content, type=Receipt, strict=True)
    order = (await reception.send("/work-orders", REPORT.example)).headers["Location"]
    examples = {offer.name: offer.example for offer in OFFERS}
    life = (
        "triage acknowledge reprioritise assign hand-over start pause resume comment attach resolve"
        " reopen start resolve accept close"
    )
    for name in life.split():
        reception.clock.pass_by(minutes=1)
        await reception.do(order, name, examples[name])
    other = (await reception.send("/work-orders", REPORT.example)).headers["Location"]
    await reception.do(other, "cancel", examples["cancel"])
    assert set(examples) == {*life.split(), "cancel"}
    msgspec.json.decode((await reception.see(order)).content, type=WorkOrderView)


async def test_every_kind_of_problem_can_be_looked_up(reception: Reception) -> None:
    listed = (await reception.see("/problems")).json()
    assert {found["code"] for found in listed} == {kind.code for kind in kinds()}
    no = msgspec.json.decode((await reception.see("/nowhere")).content, type=ProblemBody)
    meant = await reception.see(no.type, headers={"Accept-Language": "zh"})
    assert meant.json() == {"code": "NotFound", "status": 404, "sentence": "这里什么也没有。"}
    assert (await reception.see("/problems/Unheard")).status_code == 404


async def test_the_page_for_people_needs_nothing_from_elsewhere(reception: Reception, document: Document) -> None:
    answer = await reception.http.get("/docs")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    page = answer.text
    assert re.findall(r"(?:src|href)\s*=\s*[\"'](?!/)", page) == []
    assert "<script" not in page
    assert "<style" not in page
    (address,) = re.findall(r'<link rel="stylesheet" href="([^"]+)">', page)
    style = await reception.http.get(address)
    assert (style.status_code, style.headers["Content-Type"]) == (200, "text/css; charset=utf-8")
    assert "summary{" in style.text
    assert "//" not in re.sub(r"https?://linli\.test\S*", "", re.sub(r"<pre>.*?</pre>", "", page, flags=re.DOTALL))
    for path, _, operation in operations(document):
        assert f"<code>{path}</code>" in page
        assert operation["summary"] in page
