"""Lists of debarment and screenings over HTTP: entered, found, judged, and the proof of every screening."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from adapters.door import LedgerDoor
from adapters.ledger import PostgresLedger
from domain.ports import Context
from domain.restraint import debarment, screening
from domain.restraint.screening import Compared, Match
from projections.restraint import debarment_register, screening_board
from tests.api.reception import Query, Reception, on
from tests.followed import followed

CODE = "91110000600037341L"
VENDOR = "019a5b1e-0000-7000-8000-0000000000b0"
ENTRY: Mapping[str, object] = {
    "list_key": "tax",
    "entry_key": "e-1",
    "name": "明达水电有限公司",
    "credit_code": CODE,
    "listed_on": "2026-01-15",
    "source": "国家税务总局",
}
MATCH = Match(str(debarment.stream("tax", "e-1")), 1, "tax", "e-1", "code", "明达水电有限公司", CODE)


@pytest.fixture(autouse=True)
async def boards(ledger: PostgresLedger) -> AsyncIterator[None]:
    """The read models follow the log."""
    async with followed(ledger, debarment_register.projection, screening_board.projection):
        yield


async def enter(reception: Reception, **changes: object) -> str:
    """The path of an entry."""
    answer = await reception.send("/debarments", {**ENTRY, **changes})
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"]


async def names(reception: Reception, path: str, query: Query) -> list[str]:
    answer = await reception.see(path, query)
    assert answer.status_code == 200, answer.text
    return [item["name"] for item in answer.json()["items"]]


async def screened(door: LedgerDoor, *matches: Match, vendor: str = VENDOR, name: str = "明达水电") -> int:
    """A vendor was compared with the lists: the position of the log."""
    command = screening.Record(
        at=on(2, 2),
        vendor=vendor,
        name=name,
        credit_code=CODE,
        compared=(Compared("tax", 1, "ab" * 32),),
        position=1,
        matches=matches,
    )
    context = Context(actor="screening", occurred_at=on(2, 2))
    return (await door.execute(screening.decider, screening.stream(vendor), command, context)).position


async def test_an_entry_is_listed_by_hand_and_taken_off(reception: Reception) -> None:
    path = await enter(reception)
    found = (await reception.see(path)).json()
    assert {key: found[key] for key in ("name", "credit_code", "listed", "edition", "until", "sha256")} == {
        "name": "明达水电有限公司",
        "credit_code": CODE,
        "listed": True,
        "edition": 1,
        "until": None,
        "sha256": "",
    }
    assert await enter(reception) == path, "the same again is no news"
    assert (await reception.see(path)).json()["version"] == 1
    await reception.do(path, "delist", {"reason": "corrected"})
    gone = (await reception.see(path)).json()
    assert (gone["listed"], gone["delisted_because"]) == (False, "corrected")


async def test_entries_are_found_by_what_they_say(reception: Reception) -> None:
    await enter(reception)
    other = {"entry_key": "e-2", "name": "宏远物业有限公司", "credit_code": "", "until": "2026-02-01"}
    path = await enter(reception, **other, list_key="dishonest")
    position = (await reception.see(path)).json()["position"]
    queries: list[tuple[Query, list[str]]] = [
        ({}, ["宏远物业有限公司", "明达水电有限公司"]),
        ({"list_key": "tax"}, ["明达水电有限公司"]),
        ({"q": "物业"}, ["宏远物业有限公司"]),
        ({"credit_code": CODE.lower()}, ["明达水电有限公司"]),
        ({"listed": "false"}, []),
        ({"counts_on": "2026-02-01"}, ["宏远物业有限公司", "明达水电有限公司"]),
        ({"counts_on": "2026-02-02"}, ["明达水电有限公司"]),
    ]
    for query, expected in queries:
        assert await names(reception, "/debarments", {**query, "min_position": position}) == expected, query


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": "王小明", "credit_code": ""}, "NamesAPerson"),
        ({"reason": "身份证11010119800101123X"}, "NamesAPerson"),
        ({"credit_code": "91110000600037341N"}, "CreditCodeInvalid"),
        ({"until": "2026-01-14"}, "TermEndsBeforeListing"),
        ({"listed_on": "2026-03-03"}, "ListedInTheFuture"),
        ({"listed_on": "2026-02-30"}, "Invalid"),
        ({"list_key": "Tax List"}, "Invalid"),
        ({"sha256": "ab"}, "Invalid"),
    ],
)
async def test_what_is_no_entry_leaves_no_trace(
    reception: Reception, ledger: PostgresLedger, changes: dict[str, object], code: str
) -> None:
    answer = await reception.send("/debarments", {**ENTRY, **changes})
    assert answer.json()["code"] == code, answer.text
    assert await ledger.head() == 0


async def test_a_match_is_judged_by_a_person_and_who_it_was_is_on_record(
    reception: Reception, door: LedgerDoor
) -> None:
    await enter(reception)
    position = await screened(door, MATCH)
    assert await names(reception, "/screenings", {"awaiting": "true", "min_position": position}) == ["明达水电"]
    path = f"/vendors/{VENDOR}/screening"
    await reception.do(path, "confirm", {"entry": MATCH.entry, "reason": "same_code", "evidence": position})
    seen: dict[str, Any] = (await reception.see(path)).json()
    (match,) = seen["matches"]
    assert (match["status"], match["by"], match["reason"], match["evidence"]) == (
        "confirmed",
        "staff-1",
        "same_code",
        position,
    )
    asked: Query = {"min_position": seen["position"]}
    assert await names(reception, "/screenings", {**asked, "awaiting": "true"}) == []
    assert await names(reception, "/screenings", {**asked, "confirmed": "true"}) == ["明达水电"]
    await reception.do(path, "dismiss", {"entry": MATCH.entry, "reason": "other_organisation"})
    assert (await reception.see(path)).json()["matches"][0]["status"] == "dismissed"


async def test_the_proof_of_a_screening_says_what_was_compared_also_when_nothing_was_found(
    reception: Reception, door: LedgerDoor
) -> None:
    await screened(door)
    seen = (await reception.see(f"/vendors/{VENDOR}/screening")).json()
    assert seen["compared"] == [{"list_key": "tax", "entries": 1, "sha256": "ab" * 32}]
    assert (seen["matches"], seen["screened_at"]) == ([], "2026-03-02T02:00:00+08:00")
    history = (await reception.see(f"/vendors/{VENDOR}/screening/history")).json()
    assert [each["label"] for each in history["events"]] == ["Screened"]
    assert history["events"][0]["data"]["compared"] == seen["compared"]


async def test_what_was_not_found_cannot_be_judged(reception: Reception, door: LedgerDoor) -> None:
    path = f"/vendors/{VENDOR}/screening"
    assert (await reception.see(path)).status_code == 404
    judged = await reception.send(f"{path}/confirm", {"entry": MATCH.entry, "reason": "same_code"}, version=0)
    assert judged.status_code == 404
    await screened(door)
    judged = await reception.send(f"{path}/confirm", {"entry": MATCH.entry, "reason": "same_code"}, version=1)
    assert (judged.status_code, judged.json()["code"]) == (409, "MatchNotFound")
    unversioned = await reception.send(f"{path}/confirm", {"entry": MATCH.entry, "reason": "same_code"})
    assert unversioned.status_code == 428
