"""Service agreements and work calendars over HTTP: published in versions, kept for ever."""

import pytest

from tests.api.reception import LINES, URGENT, WEEK, Reception

CALENDAR = {"working_time": {"zone": "Asia/Shanghai", "week": WEEK, "confirmed_years": [2026]}}
CLOSED: list[object] = []
OVERLAPPING = [{"opens": "09:00:00", "closes": "12:00:00"}, {"opens": "11:00:00", "closes": "13:00:00"}]
EMPTY = [{"opens": "09:00:00", "closes": "09:00:00"}]
AGREEMENT = {"lines": LINES}


async def test_a_calendar_is_published_confirmed_and_read_in_all_its_versions(reception: Reception) -> None:
    first = await reception.send("/work-calendars/cn", CALENDAR)
    assert (first.status_code, first.headers["ETag"]) == (200, '"1"')
    same = await reception.send("/work-calendars/cn", CALENDAR)
    assert (same.json()["events"], same.headers["ETag"]) == (0, '"1"')
    year = {"year": 2027, "holidays": ["2027-01-01"], "makeup": [{"on": "2027-01-03", "like": 1}]}
    assert (await reception.send("/work-calendars/cn/confirm-year", year)).status_code == 200
    seen = (await reception.see("/work-calendars/cn")).json()
    assert (seen["key"], seen["version"], len(seen["versions"])) == ("cn", 2, 2)
    assert seen["versions"][0]["working_time"]["confirmed_years"] == [2026]
    assert seen["versions"][1]["working_time"]["confirmed_years"] == [2026, 2027]
    assert seen["versions"][1]["working_time"]["holidays"] == ["2027-01-01"]


async def test_an_agreement_is_published_and_read_in_all_its_versions(reception: Reception) -> None:
    await reception.send("/work-calendars/office", CALENDAR)
    first = await reception.send("/service-agreements/garden", AGREEMENT)
    assert (first.status_code, first.json()["version"]) == (200, 1)
    reception.clock.pass_by(days=1)
    stale = await reception.send("/service-agreements/garden", {**AGREEMENT, "default_priority": 4}, version=9)
    fresh = await reception.send("/service-agreements/garden", {**AGREEMENT, "default_priority": 4}, version=1)
    assert (stale.status_code, fresh.status_code) == (412, 200)
    seen = await reception.see("/service-agreements/garden")
    assert [version.get("default_priority", 3) for version in seen.json()["versions"]] == [3, 4]
    assert seen.json()["community"] == "garden"
    same = await reception.see("/service-agreements/garden", headers={"If-None-Match": seen.headers["ETag"]})
    assert same.status_code == 304


async def test_the_agreement_of_the_city_counts_where_a_community_has_none(reception: Reception) -> None:
    await reception.send("/work-calendars/office", CALENDAR)
    await reception.send("/service-agreements/city-wide", AGREEMENT)
    assert (await reception.see("/service-agreements/city-wide")).json()["community"] == "city-wide"
    order = (await reception.see(await reception.report(community="harbour"))).json()
    assert (order["agreement"], order["resolution_due"]) == ("", "2026-03-02T05:00:00Z")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"lines": LINES[:3]}, "PriorityMissing"),
        ({"lines": [*LINES, LINES[0]]}, "SameLineTwice"),
        ({"lines": [*LINES[:3], {"priority": 4, "terms": {**URGENT, "calendar": "moon"}}]}, "CalendarUnknown"),
        ({"lines": [*LINES[:3], {"priority": 4, "terms": {"ladder": [{"of": "response", "to": " "}]}}]}, "RoleMissing"),
        ({"lines": [*LINES[:3], {"priority": 4, "terms": {"warn_before": -1}}]}, "WarningAfterDue"),
        ({**AGREEMENT, "occurred_at": "2020-01-01T00:00:00Z", "default_priority": 4}, "CountsFromBeforeLatest"),
    ],
)
async def test_an_agreement_that_makes_no_sense_is_refused(
    reception: Reception, body: dict[str, object], code: str
) -> None:
    await reception.send("/work-calendars/office", CALENDAR)
    await reception.send("/service-agreements/garden", AGREEMENT)
    answer = await reception.send("/service-agreements/garden", body)
    assert (answer.status_code, answer.json()["code"]) == (409, code)


@pytest.mark.parametrize(
    ("day", "code"),
    [
        (CLOSED, "NeverOpen"),
        (OVERLAPPING, "WindowsOverlap"),
        (EMPTY, "WindowEmpty"),
    ],
)
async def test_a_calendar_that_makes_no_sense_is_refused(reception: Reception, day: list[object], code: str) -> None:
    answer = await reception.send("/work-calendars/cn", {"working_time": {"zone": "Asia/Shanghai", "week": [day] * 7}})
    assert (answer.status_code, answer.json()["code"]) == (409, code)


async def test_a_zone_that_does_not_exist_is_refused(reception: Reception) -> None:
    answer = await reception.send("/work-calendars/cn", {"working_time": {"zone": "Asia/Atlantis", "week": WEEK}})
    assert (answer.status_code, answer.json()["code"]) == (409, "ZoneUnknown")


async def test_what_nobody_published_is_not_found(reception: Reception) -> None:
    for path in ("/work-calendars/cn", "/service-agreements/garden"):
        assert (await reception.see(path)).status_code == 404
    answer = await reception.send("/work-calendars/cn/confirm-year", {"year": 2027, "holidays": []})
    assert (answer.status_code, answer.json()["code"]) == (404, "NotFound")


async def test_a_year_can_be_confirmed_only_with_days_in_it(reception: Reception) -> None:
    await reception.send("/work-calendars/cn", CALENDAR)
    for year, code in (
        ({"year": 2027, "holidays": ["2028-01-01"]}, "OutsideYear"),
        ({"year": 2027, "holidays": ["2027-01-01", "2027-01-01"]}, "DateTwice"),
        ({"year": 2027, "holidays": ["2027-01-01"], "makeup": [{"on": "2027-01-01"}]}, "HolidayAndMakeUp"),
    ):
        answer = await reception.send("/work-calendars/cn/confirm-year", year)
        assert (answer.status_code, answer.json()["code"]) == (409, code)


async def test_a_word_that_is_misspelt_deep_inside_is_not_passed_over(reception: Reception) -> None:
    lines = [*LINES[:3], {"priority": 4, "terms": {"resoltuion": {"kind": "wall_clock", "days": 1}}}]
    answer = await reception.send("/service-agreements/garden", {"lines": lines})
    assert (answer.status_code, answer.json()["code"]) == (422, "Invalid")
    assert answer.json()["errors"][0]["pointer"] == "#/lines/3/terms/resoltuion"
