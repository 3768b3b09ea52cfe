"""Areas over HTTP: entered from the top down, found by code and by name, changed on the version that was seen."""

import pytest

from tests.api.reception import Query, Reception

pytestmark = pytest.mark.usefixtures("registers")

TOWN = (("33", "浙江省"), ("3301", "杭州市"), ("330106", "西湖区"), ("330106001", "翠苑街道"))


async def register(reception: Reception, *areas: tuple[str, str]) -> int:
    """The position of the last of them."""
    position = 0
    for code, name in areas:
        answer = await reception.send("/areas", {"code": code, "name": name})
        assert answer.status_code == 201, answer.text
        position = answer.json()["position"]
    return position


async def listed(reception: Reception, query: Query) -> list[str]:
    answer = await reception.see("/areas", query)
    assert answer.status_code == 200, answer.text
    return [item["code"] for item in answer.json()["items"]]


async def test_an_area_is_found_under_its_code_with_the_way_down_to_it(reception: Reception) -> None:
    position = await register(reception, *TOWN[:-1])
    answer = await reception.send("/areas", {"code": "330106001", "name": "翠苑街道"})
    assert (answer.status_code, answer.headers["Location"]) == (201, "/areas/330106001")
    found = await reception.see(answer.headers["Location"], {"min_position": position})
    assert found.headers["ETag"] == '"1"'
    assert found.json() == {
        "id": answer.json()["id"],
        "version": 1,
        "position": answer.json()["position"],
        "code": "330106001",
        "name": "翠苑街道",
        "level": "street",
        "parent": "330106",
        "open": True,
        "closed_at": None,
        "closed_because": "",
        "ancestors": [{"code": code, "name": name} for code, name in TOWN[:-1]],
    }


async def test_lists_go_from_an_area_to_what_lies_in_it(reception: Reception) -> None:
    position = await register(reception, *TOWN, ("3302", "宁波市"), ("4401", "广州市"))
    cases: tuple[tuple[Query, list[str]], ...] = (
        ({"parent": ""}, ["33"]),
        ({"parent": "33"}, ["3301", "3302"]),
        ({"within": "3301"}, ["3301", "330106", "330106001"]),
        ({"level": "city", "q": "州"}, ["3301", "4401"]),
        ({"open": "false"}, []),
        ({"q": "西湖"}, ["330106"]),
    )
    for query, expected in cases:
        assert await listed(reception, {"min_position": position, **query}) == expected, query


async def test_pages_lead_on_by_their_link(reception: Reception) -> None:
    position = await register(reception, *TOWN)
    seen: list[str] = []
    path: str | None = f"/areas?limit=2&within=33&min_position={position}"
    while path is not None:
        answer = await reception.see(path)
        seen += [item["code"] for item in answer.json()["items"]]
        link = answer.links.get("next")
        path = link["url"] if link else None
        assert (path is None) == (answer.json()["next"] is None)
    assert seen == [code for code, _ in TOWN]


async def test_a_cursor_is_good_for_its_own_list_and_question_only(reception: Reception) -> None:
    position = await register(reception, *TOWN)
    cursor = (await reception.see("/areas", {"limit": 1, "min_position": position})).json()["next"]
    assert (await reception.see("/areas", {"limit": 3, "cursor": cursor})).status_code == 200
    for path, query in (
        ("/areas", {"cursor": cursor, "parent": "33"}),
        ("/areas", {"cursor": cursor[:-2]}),
        ("/organisations", {"cursor": cursor}),
        ("/estates", {"cursor": cursor}),
    ):
        answer = await reception.see(path, query)
        assert (answer.status_code, answer.json()["code"]) == (400, "Malformed"), (path, query)
        assert answer.json()["errors"][0]["parameter"] == "cursor"


@pytest.mark.parametrize("query", ["colour=red", "within=", "within=3x", "parent=x", "level=planet", "limit=0"])
async def test_a_filter_that_cannot_be_read_is_named(reception: Reception, query: str) -> None:
    answer = await reception.see(f"/areas?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "Malformed")
    assert answer.json()["errors"][0]["parameter"] == query.partition("=")[0]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"code": "330", "name": "x"}, 409, "AreaCodeInvalid"),
        ({"code": "330107", "name": "x"}, 409, "AreaNotRegistered"),
        ({"code": "33", "name": "浙江"}, 409, "AreaAlreadyRegistered"),
        ({"code": "33", "name": " "}, 422, "Invalid"),
        ({"code": "3" * 16, "name": "x"}, 422, "Invalid"),
        ({"code": "33"}, 422, "Invalid"),
    ],
)
async def test_what_does_not_fit_is_refused_and_leaves_no_trace(
    reception: Reception, body: dict[str, str], status: int, code: str
) -> None:
    position = await register(reception, TOWN[0])
    answer = await reception.send("/areas", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (await register(reception, TOWN[0])) == position


async def test_a_refusal_is_told_in_chinese(reception: Reception) -> None:
    answer = await reception.send("/areas", {"code": "330", "name": "x"}, language="zh")
    assert answer.json()["title"] == "区划代码应为 2、4、6、9、12 或 15 位数字。"
    assert answer.json()["details"] == {"code": "330"}


async def test_registering_again_is_no_news(reception: Reception) -> None:
    first = await reception.send("/areas", {"code": "33", "name": "浙江省"}, key="k-1")
    for key in ("k-1", "k-2", None):
        again = await reception.send("/areas", {"code": "33", "name": "浙江省"}, key=key)
        assert (again.status_code, again.json()["version"]) == (201, 1)
        assert again.json()["position"] == first.json()["position"] or key == "k-2"
    assert (await reception.see("/areas/33")).json()["version"] == 1


async def test_it_is_renamed_and_closed_on_the_version_that_was_seen(reception: Reception) -> None:
    await register(reception, *TOWN)
    assert (await reception.send("/areas/33/rename", {"name": "浙江"})).status_code == 428
    renamed = await reception.send("/areas/33/rename", {"name": "浙江"}, version=1)
    assert (renamed.status_code, renamed.headers["ETag"]) == (200, '"2"')
    assert (await reception.send("/areas/33/close", {"reason": "mistake"}, version=1)).status_code == 412
    closed = await reception.send("/areas/33/close", {"reason": "mistake"}, version=2)
    assert closed.status_code == 200
    seen = (await reception.see("/areas/330106001", {"min_position": closed.json()["position"]})).json()
    assert seen["ancestors"][0] == {"code": "33", "name": "浙江"}
    assert (await reception.see("/areas/33")).json()["closed_because"] == "mistake"
    assert (await reception.send("/areas/33/close", {"reason": "whim"}, version=3)).status_code == 422


async def test_there_is_nothing_under_another_code(reception: Reception) -> None:
    for path in ("/areas/99", "/areas/x"):
        assert (await reception.see(path)).status_code == 404
    assert (await reception.send("/areas/99/rename", {"name": "x"}, version=1)).status_code == 404
    assert (await reception.see(f"/areas/{'9' * 16}")).status_code == 422
