"""Organisations over HTTP: one for each credit code, found by what they are and where, trusted as far as they are."""

from collections.abc import Mapping

import pytest

from tests.api.reception import Query, Reception

pytestmark = pytest.mark.usefixtures("registers")

CODE = "91110000600037341L"
VENDOR: Mapping[str, object] = {"name": "明达水电", "kinds": ["vendor"], "credit_code": CODE}


async def register(reception: Reception, **changes: object) -> str:
    """The path of a new organisation."""
    answer = await reception.send("/organisations", {**VENDOR, **changes})
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"]


async def listed(reception: Reception, query: Query) -> list[str]:
    answer = await reception.see("/organisations", query)
    assert answer.status_code == 200, answer.text
    return [item["name"] for item in answer.json()["items"]]


async def test_an_organisation_is_registered_and_seen(reception: Reception) -> None:
    path = await register(reception, credit_code="91 110000 600037341l")
    found = await reception.see(path)
    assert found.json() == {
        "id": path.rpartition("/")[2],
        "version": 1,
        "position": found.json()["position"],
        "name": "明达水电",
        "kinds": ["vendor"],
        "credit_code": CODE,
        "country": "CN",
        "area": "",
        "provider": None,
        "open": True,
        "registered_at": "2026-03-02T01:00:00Z",
        "closed_at": None,
        "closed_because": "",
    }
    again = await reception.see(path, headers={"If-None-Match": found.headers["ETag"]})
    assert again.status_code == 304


async def test_there_is_one_for_each_credit_code(reception: Reception) -> None:
    path = await register(reception)
    assert await register(reception, credit_code=CODE.lower()) == path
    other = await reception.send("/organisations", {**VENDOR, "name": "另一家"})
    assert (other.status_code, other.json()["code"]) == (409, "AlreadyRegistered")
    assert (await reception.see(path)).json()["version"] == 1


async def test_a_repeat_under_the_same_key_is_the_same_organisation_even_without_a_code(reception: Reception) -> None:
    committee = {"name": "柳园业委会", "kinds": ["owners_committee"]}
    one, again = [await reception.send("/organisations", committee, key="k-1") for _ in range(2)]
    other = await reception.send("/organisations", committee, key="k-2")
    assert one.headers["Location"] == again.headers["Location"] != other.headers["Location"]


@pytest.mark.parametrize(
    ("change", "code", "details"),
    [
        (
            {"credit_code": "91110000600037341N"},
            "CreditCodeInvalid",
            {"part": "check_digit", "found": "N", "position": 18},
        ),
        ({"credit_code": "12345"}, "CreditCodeInvalid", {"part": "length", "found": 5, "expected": 18}),
        ({"credit_code": ""}, "CreditCodeMissing", {}),
        ({"kinds": []}, "KindMissing", {}),
        ({"area": "330106"}, "AreaNotRegistered", {"area": "330106"}),
    ],
)
async def test_what_is_wrong_is_refused_by_name(
    reception: Reception, change: dict[str, object], code: str, details: dict[str, object]
) -> None:
    answer = await reception.send("/organisations", {**VENDOR, **change})
    assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert answer.json().get("details", {}) == details


@pytest.mark.parametrize("change", [{"kinds": ["club"]}, {"country": "China"}, {"name": ""}, {"secret": "x"}])
async def test_what_cannot_be_read_is_invalid(reception: Reception, change: dict[str, object]) -> None:
    answer = await reception.send("/organisations", {**VENDOR, **change})
    assert (answer.status_code, answer.json()["code"]) == (422, "Invalid")


async def test_its_life_is_one_command_after_the_other(reception: Reception) -> None:
    path = await register(reception)
    trusted = {"issuer": "https://id.example", "client_id": "linli"}
    await reception.do(path, "rename", {"name": "明达机电"})
    await reception.do(path, "extend", {"kinds": ["property_company"]})
    await reception.do(path, "trust-provider", trusted)
    seen = (await reception.see(path)).json()
    assert (seen["name"], seen["kinds"], seen["provider"]) == ("明达机电", ["vendor", "property_company"], trusted)
    await reception.do(path, "distrust-provider")
    await reception.do(path, "close", {"reason": "dissolved"})
    seen = (await reception.see(path)).json()
    assert (seen["version"], seen["provider"], seen["open"], seen["closed_because"]) == (6, None, False, "dissolved")
    no = await reception.send(f"{path}/rename", {"name": "x"}, version=6, language="zh")
    assert (no.status_code, no.json()["code"], no.json()["title"]) == (409, "OrganisationClosed", "该单位已注销。")


async def test_a_provider_without_encryption_is_not_trusted(reception: Reception) -> None:
    path = await register(reception)
    body = {"issuer": "http://id.example", "client_id": "linli"}
    answer = await reception.send(f"{path}/trust-provider", body, version=1)
    assert (answer.status_code, answer.json()["code"]) == (409, "NotAnIssuer")


@pytest.mark.parametrize("command", ["rename", "trust-provider", "distrust-provider", "close"])
async def test_what_two_may_do_at_once_needs_the_version(reception: Reception, command: str) -> None:
    path = await register(reception)
    bodies: dict[str, dict[str, str]] = {
        "rename": {"name": "x"},
        "trust-provider": {"issuer": "https://id.example", "client_id": "linli"},
        "close": {"reason": "mistake"},
    }
    body = bodies.get(command, {})
    assert (await reception.send(f"{path}/{command}", body)).status_code == 428
    assert (await reception.send(f"{path}/{command}", body, version=7)).status_code == 412


async def test_lists_find_what_they_are_asked_for(reception: Reception) -> None:
    for code, name in (("3301", "杭州市"), ("330106", "西湖区")):
        await reception.send("/areas", {"code": code, "name": name})
    await register(reception, area="330106")
    gone = await register(reception, name="Brightpipe", kinds=["partner"], credit_code="", country="GB")
    last = await reception.do(gone, "close", {"reason": "merged"})
    position = last.json()["position"]
    both = ["Brightpipe", "明达水电"]
    cases: tuple[tuple[Query, list[str]], ...] = (
        ({}, both),
        ({"kind": "vendor"}, ["明达水电"]),
        ({"within": "3301"}, ["明达水电"]),
        ({"q": "BRIGHT"}, ["Brightpipe"]),
        ({"credit_code": "91 110000 600037341l"}, ["明达水电"]),
        ({"credit_code": "12345"}, []),
        ({"open": "false"}, ["Brightpipe"]),
        ({"trusts_provider": "false"}, both),
    )
    for query, expected in cases:
        assert await listed(reception, {"min_position": position, **query}) == expected, query
    first = await reception.see("/organisations", {"limit": 1, "min_position": position})
    second = await reception.see(first.links["next"]["url"])
    assert [item["name"] for page in (first, second) for item in page.json()["items"]] == both
    assert second.json()["next"] is None


@pytest.mark.parametrize("query", ["kind=club", "within=x", "open=perhaps", "colour=red"])
async def test_a_filter_that_cannot_be_read_is_named(reception: Reception, query: str) -> None:
    answer = await reception.see(f"/organisations?{query}")
    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (400, query.partition("=")[0])


async def test_there_is_nothing_under_another_id(reception: Reception) -> None:
    area = (await reception.send("/areas", {"code": "33", "name": "浙江省"})).json()["id"]
    for stranger in ("019a5b1e-0000-7000-8000-000000000001", area):
        path = f"/organisations/{stranger}"
        assert (await reception.see(path)).status_code == 404
        assert (await reception.send(f"{path}/extend", {"kinds": ["vendor"]})).status_code == 404
