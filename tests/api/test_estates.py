"""Estates over HTTP: in their community, with their buildings."""

import pytest

from tests.api.reception import Query, Reception

pytestmark = pytest.mark.usefixtures("registers")

COMMUNITY = "330106001001"


@pytest.fixture
async def town(reception: Reception) -> Reception:
    """Somebody at the counter, in a town with one community."""
    for length in (2, 4, 6, 9, 12):
        answer = await reception.send("/areas", {"code": COMMUNITY[:length], "name": f"第{length}级"})
        assert answer.status_code == 201, answer.text
    return reception


async def register(town: Reception, name: str = "柳园小区") -> str:
    """The path of a new estate."""
    answer = await town.send("/estates", {"name": name, "community": COMMUNITY})
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"]


async def listed(town: Reception, query: Query) -> list[str]:
    answer = await town.see("/estates", query)
    assert answer.status_code == 200, answer.text
    return [item["name"] for item in answer.json()["items"]]


async def test_an_estate_grows_building_by_building(town: Reception) -> None:
    path = await register(town)
    for number, floors in (("3", 18), ("5", 6), ("3", 18)):
        answer = await town.send(f"{path}/buildings", {"number": number, "floors": floors})
        assert answer.status_code == 200, answer.text
    found = await town.see(path)
    assert found.headers["ETag"] == '"3"'
    assert found.json() == {
        "id": path.rpartition("/")[2],
        "version": 3,
        "position": found.json()["position"],
        "name": "柳园小区",
        "community": COMMUNITY,
        "buildings": [{"number": "3", "floors": 18}, {"number": "5", "floors": 6}],
        "open": True,
        "registered_at": "2026-03-02T01:00:00Z",
        "closed_at": None,
        "closed_because": "",
    }
    assert (await town.see(path, headers={"If-None-Match": '"3"'})).status_code == 304
    other = await town.send(f"{path}/buildings", {"number": "3", "floors": 6})
    assert (other.status_code, other.json()["details"]) == (409, {"number": "3", "floors": 18})


@pytest.mark.parametrize(
    ("community", "code"), [("330106", "NotACommunity"), ("330106001009", "AreaNotRegistered"), ("", "NotACommunity")]
)
async def test_it_lies_in_a_community_that_is_there(town: Reception, community: str, code: str) -> None:
    answer = await town.send("/estates", {"name": "柳园小区", "community": community})
    assert (answer.status_code, answer.json()["code"]) == (409, code)


@pytest.mark.parametrize("floors", [0, 201, "three", None])
async def test_a_building_has_floors(town: Reception, floors: object) -> None:
    path = await register(town)
    answer = await town.send(f"{path}/buildings", {"number": "3", "floors": floors})
    assert (answer.status_code, answer.json()["code"]) == (422, "Invalid")


async def test_it_is_renamed_and_closed_on_the_version_that_was_seen(town: Reception) -> None:
    path = await register(town)
    assert (await town.send(f"{path}/rename", {"name": "柳园新村"})).status_code == 428
    assert (await town.send(f"{path}/close", {"reason": "merged"})).status_code == 428
    await town.do(path, "rename", {"name": "柳园新村"})
    assert (await town.send(f"{path}/close", {"reason": "merged"}, version=1)).status_code == 412
    await town.do(path, "close", {"reason": "merged"})
    no = await town.send(f"{path}/buildings", {"number": "9", "floors": 6}, language="zh")
    assert (no.status_code, no.json()["code"], no.json()["title"]) == (409, "EstateClosed", "该小区已停用。")


async def test_lists_find_what_they_are_asked_for(town: Reception) -> None:
    await register(town)
    gone = await register(town, "Willow Court")
    position = (await town.do(gone, "close", {"reason": "demolished"})).json()["position"]
    both = ["Willow Court", "柳园小区"]
    cases: tuple[tuple[Query, list[str]], ...] = (
        ({}, both),
        ({"community": COMMUNITY}, both),
        ({"community": "3301"}, both),
        ({"community": "34"}, []),
        ({"q": "willow"}, ["Willow Court"]),
        ({"open": "true"}, ["柳园小区"]),
    )
    for query, expected in cases:
        assert await listed(town, {"min_position": position, **query}) == expected, query
    first = await town.see("/estates", {"limit": 1, "min_position": position})
    second = await town.see(first.links["next"]["url"])
    assert [item["name"] for page in (first, second) for item in page.json()["items"]] == both


async def test_there_is_nothing_under_another_id(town: Reception) -> None:
    path = "/estates/019a5b1e-0000-7000-8000-000000000001"
    assert (await town.see(path)).status_code == 404
    assert (await town.send(f"{path}/buildings", {"number": "1", "floors": 1})).status_code == 404
    assert (await town.see("/estates", {"community": "x"})).status_code == 400
