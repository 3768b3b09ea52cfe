"""Versions over HTTP: who acts on a stale page is told, who holds the present one is sent nothing."""

import asyncio

import pytest

from api.preconditions import already_seen, expected_version
from api.problems import Malformed, VersionMoved, VersionRequired
from tests.api.reception import Reception

NEEDS_A_VERSION = {
    "assign": {"company": "brightpipe"},
    "hand-over": {"company": "clearwater", "reason": "x"},
    "accept": {},
    "reopen": {"reason": "x"},
    "close": {},
    "cancel": {"reason": "x"},
    "reprioritise": {"priority": 1},
}


def test_the_version_is_what_stands_in_the_quotes() -> None:
    assert expected_version('"7"', required=True) == 7
    assert expected_version(' "7" ', required=False) == 7
    assert expected_version("*", required=True) is None
    assert expected_version(None, required=False) is None


@pytest.mark.parametrize("header", ['W/"7"', '"seven"', '"7-zh"', '""', '"-7"', '"7.0"'])
def test_what_no_version_can_be_never_matches(header: str) -> None:
    with pytest.raises(VersionMoved):
        expected_version(header, required=False)


@pytest.mark.parametrize("header", ["7", "", '"7', '"1", "2"', '"７"'])
def test_what_is_no_entity_tag_is_malformed(header: str) -> None:
    with pytest.raises(Malformed):
        expected_version(header, required=False)


def test_a_change_that_needs_a_version_says_so() -> None:
    with pytest.raises(VersionRequired):
        expected_version(None, required=True)


@pytest.mark.parametrize(
    ("header", "seen"),
    [('"7"', True), ('W/"7"', True), ('"6", "7"', True), ("*", True), ('"6"', False), (None, False), ("7", False)],
)
def test_who_holds_the_version_has_seen_it(header: str | None, *, seen: bool) -> None:
    assert already_seen(header, '"7"') is seen


@pytest.mark.parametrize("command", NEEDS_A_VERSION)
async def test_a_command_for_which_two_may_act_on_a_stale_page_needs_a_version(
    reception: Reception, command: str
) -> None:
    order = await reception.report()
    answer = await reception.send(f"{order}/{command}", NEEDS_A_VERSION[command])
    assert (answer.status_code, answer.json()["code"]) == (428, "VersionRequired")


async def test_of_two_who_saw_the_same_version_one_is_told_to_look_again(reception: Reception) -> None:
    order = await reception.report()
    await reception.do(order, "triage", {"priority": 2})
    both = [
        reception.send(f"{order}/assign", {"company": company}, version=2) for company in ("brightpipe", "clearwater")
    ]
    answers = sorted(await asyncio.gather(*both), key=lambda answer: answer.status_code)
    assert [answer.status_code for answer in answers] == [200, 412]
    assert answers[1].json()["code"] == "VersionMoved"
    assert answers[1].json()["details"] == {"expected": 2, "actual": 3}


async def test_a_version_may_be_named_where_none_is_needed(reception: Reception) -> None:
    order = await reception.report()
    stale = await reception.send(f"{order}/acknowledge", version=9)
    fresh = await reception.send(f"{order}/acknowledge", version=1)
    assert (stale.status_code, fresh.status_code) == (412, 200)


async def test_who_holds_the_present_version_is_sent_nothing(reception: Reception) -> None:
    order = await reception.report()
    seen = await reception.see(order)
    same = await reception.see(order, headers={"If-None-Match": seen.headers["ETag"]})
    assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", '"1"')
    await reception.do(order, "acknowledge")
    other = await reception.see(order, headers={"If-None-Match": seen.headers["ETag"]})
    assert (other.status_code, other.headers["ETag"]) == (200, '"2"')
