"""The OpenAPI document: complete, true, and readable without a network."""

import re
from collections.abc import Iterator
from typing import Any, cast

import httpx
import msgspec
import pytest

from api import areas, estates, organisations, people_examples
from api.admission import (
    engagements,
    expiries,
    qualification_examples,
    qualification_view,
    qualified,
    scheme_examples,
    schemes,
    vendor_examples,
    vendor_view,
    vendors,
    waivers,
)
from api.change import body_of
from api.consents import ConsentView
from api.documentation import SECURITY
from api.people import Contact
from api.person_view import PersonView
from api.personal_data import DisclosureView, Export, Processed
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
OPEN = {"/health/live", "/health/ready", "/problems", "/problems/{code}", "/public/vendors", "/ocds/releases"}
WAYS_IN = {
    "/ocds/records/{ocid}": 404,
    "/sign-in": 422,
    "/oauth/token": 400,
    "/oidc/{organisation}/start": 404,
    "/oidc/callback": 401,
    "/.well-known/jwks.json": 200,
    "/.well-known/oauth-authorization-server": 200,
}
"""What is open because somebody shows there who it is, and what comes of a request that says nothing."""
HOLD_SECRETS = {
    "/sign-in",
    "/sign-out",
    "/tokens",
    "/oauth/token",
    "/people/{person}/account",
    "/programs/{program_id}/keys",
    "/people/{person}/account/password",
    "/people/{person}/account/identities",
    "/organisations/{organisation}/identity-provider-secret",
}
"""What is no plain command: a repeat cannot be given the first answer, which nobody has kept."""
ASKED_BY_POST = {"/rating-schemes/{key}/what-if"}
"""What changes nothing, but asks too long a question for an address."""
ORDER = "019a5b1e-0000-7000-8000-000000000001"
IN_PATH = {
    "community": "garden",
    "key": "cn",
    "code": "NotFound",
    "number": "1",
    "sha256": "9f" * 32,
    "recipient": "fixit",
    "purpose": "service_contact",
}
"""What stands for a part of an address; for all others an id."""


def _in_path(found: re.Match[str]) -> str:
    return IN_PATH.get(found[1], ORDER)


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
        if method != "post" or path in HOLD_SECRETS | ASKED_BY_POST:
            continue
        expected = {"400", "401", "409", "413", "415", "422", "500", "503"}
        if path in {"/work-orders", "/programs"}:
            expected -= {"409"}
        assert expected <= set(operation["responses"]), path
        assert "429" in operation["responses"], path
        headers = {parameter["name"]: parameter for parameter in operation["parameters"]}
        assert "Idempotency-Key" in headers, path
        if "_id}/" in path or "{code}/" in path:
            assert {"404", "412", "428"} <= set(operation["responses"]), path
            assert "If-Match" in headers, path
        for status, answer in operation["responses"].items():
            if status.startswith(("4", "5")):
                assert list(answer["content"]) == ["application/problem+json"], (path, status)


async def test_whoever_does_not_say_who_it_is_gets_in_nowhere(reception: Reception, document: Document) -> None:
    for path, method, operation in operations(document):
        address = re.sub(r"{(\w+)}", _in_path, path)
        answer: httpx.Response = await reception.http.request(method.upper(), address)
        if path in OPEN:
            assert answer.status_code in {200, 503}, path
            assert "security" not in operation, path
        elif path in WAYS_IN:
            assert answer.status_code == WAYS_IN[path], path
            assert "security" not in operation, path
        else:
            assert answer.status_code == 401, (method, path)
            assert operation["security"] in ([{"actor": []}], SECURITY), (method, path)


def test_every_example_of_what_cannot_be_told_late_is_one() -> None:
    for given in (*(offer for _, offer in engagements.GIVING), *engagements.OFFERS):
        msgspec.convert(given.example, body_of(given.command, "Body", dated=False))
    for waived in (waivers.PROPOSE, *waivers.SETTLING):
        body = body_of(waived.command, "Body", ["vendor", "category", "number", "by"], dated=False)
        msgspec.convert(waived.example, body)


def test_every_example_of_a_body_is_one() -> None:
    for offer in (REPORT, *OFFERS):
        msgspec.convert(offer.example, body_of(offer.command, "Body"))
    for other, without in ((PUBLISH_AGREEMENT, ["community"]), (PUBLISH_CALENDAR, ["key"])):
        msgspec.convert(other.example, body_of(other.command, "Body", without))
    msgspec.convert(CONFIRM_YEAR.example, body_of(CONFIRM_YEAR.command, "Body"))
    for kind in (areas, organisations, estates):
        for each in (kind.REGISTER, *kind.OFFERS):
            msgspec.convert(each.example, body_of(each.command, "Body"))
    for about in (people_examples.REGISTER, *people_examples.OFFERS):
        msgspec.convert(about.example, body_of(about.command, "Body"))
    for file in (vendor_examples.REGISTER, *vendor_examples.OFFERS):
        msgspec.convert(file.example, body_of(file.command, "Body"))
    for asked in (qualification_examples.SUBMIT, *qualification_examples.OFFERS):
        msgspec.convert(asked.example, body_of(asked.command, "Body", ["by"]))
    contested = qualification_examples.APPEAL
    msgspec.convert(contested.example, body_of(contested.command, "Body", ["by", "position"]))
    msgspec.convert(scheme_examples.PUBLISH.example, body_of(scheme_examples.PUBLISH.command, "Body", ["category"]))
    for agreed, without in ((people_examples.GIVE, ["person"]), (people_examples.WITHDRAW, [])):
        msgspec.convert(agreed.example, body_of(agreed.command, "Body", without))


def test_every_example_of_an_answer_is_one() -> None:
    msgspec.convert(EXAMPLE, WorkOrderView)
    msgspec.convert(HISTORY, History)
    msgspec.convert(AGREEMENT, Agreement)
    msgspec.convert(CALENDAR, Calendar)
    msgspec.convert(areas.EXAMPLE, areas.AreaView)
    msgspec.convert(organisations.EXAMPLE, organisations.OrganisationView)
    msgspec.convert(estates.EXAMPLE, estates.EstateView)
    for example, shape in (
        (people_examples.PERSON, PersonView),
        (people_examples.CONTACT, Contact),
        (people_examples.CONSENT, ConsentView),
        (people_examples.DISCLOSURE, DisclosureView),
        (people_examples.RECORD, Processed),
        (people_examples.EXPORT, Export),
        (vendor_examples.EXAMPLE, vendor_view.VendorView),
        (vendor_examples.LINE, vendor_view.VendorLine),
        (vendor_examples.HISTORY, History),
        ({"items": [vendor_examples.MEMBER]}, vendors.Members),
        (scheme_examples.SCHEME, schemes.Scheme),
        (scheme_examples.LINE, schemes.SchemeLine),
        (qualification_examples.EXAMPLE, qualification_view.QualificationView),
        (qualification_examples.LINE, qualification_view.QualificationLine),
        (expiries.EXAMPLE, expiries.ExpiryView),
        (qualification_examples.EXPLANATION, qualification_view.Explanation),
        (qualification_examples.QUALIFIED, qualified.Qualified),
    ):
        msgspec.convert(example, shape)


async def test_the_examples_work_when_they_are_sent(reception: Reception) -> None:
    for path, offer in (
        ("/work-calendars/cn", PUBLISH_CALENDAR),
        ("/work-calendars/cn/confirm-year", CONFIRM_YEAR),
        ("/service-agreements/city-wide", PUBLISH_AGREEMENT),
    ):
        answer = await reception.send(path, offer.example)
        assert answer.status_code == 200, answer.text
        msgspec.json.decode(answer.content, type=Receipt, strict=True)
    person = (await reception.send("/people", people_examples.REGISTER.example)).headers["Location"]
    await reception.send(person + "/consents", people_examples.GIVE.example)
    for about in people_examples.OFFERS:
        answer = await reception.send(f"{person}/{about.name}", about.example)
        assert answer.status_code in {200, 409}, answer.text
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


@pytest.mark.usefixtures("registers")
async def test_the_examples_of_parties_and_places_work_too(reception: Reception) -> None:
    grid = str(areas.REGISTER.example["code"])
    for length in (2, 4, 6, 9, 12):
        answer = await reception.send("/areas", {"code": grid[:length], "name": f"level {length}"})
        assert answer.status_code == 201, answer.text
    for path, kind in (("/areas", areas), ("/organisations", organisations), ("/estates", estates)):
        made = await reception.send(path, kind.REGISTER.example)
        assert made.status_code == 201, made.text
        for offer in kind.OFFERS:
            await reception.do(made.headers["Location"], offer.name, offer.example)


async def test_the_examples_of_a_vendors_file_work_too(reception: Reception) -> None:
    person = (await reception.send("/people", people_examples.REGISTER.example)).json()["id"]
    made = await reception.send("/organisations", organisations.REGISTER.example)
    known = {vendor_examples.PERSON: person, vendor_examples.VENDOR: made.json()["id"]}

    def named(example: object) -> object:
        text = msgspec.json.encode(example).decode()
        for placeholder, real in known.items():
            text = text.replace(placeholder, real)
        return msgspec.json.decode(text)

    file = (await reception.send("/vendors", named(vendor_examples.REGISTER.example))).headers["Location"]
    await reception.do(file, "verify", {"declaration": 1, "accepted": True})
    for offer in vendor_examples.OFFERS:
        if offer.name != "verify":
            await reception.do(file, offer.name, named(offer.example))
    msgspec.json.decode((await reception.see(file)).content, type=vendor_view.VendorView)


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
