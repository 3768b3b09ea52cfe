"""Concession agreements over HTTP: signed, proved milestone by milestone, and as they stood then."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from adapters.door import LedgerDoor
from adapters.ids import new_id
from adapters.ledger import PostgresLedger
from domain.admission import vendor
from domain.parties import area, organisation, person
from domain.ports import Context
from projections import concession_board
from tests.api.reception import Query, Reception, on
from tests.domain import trade
from tests.followed import followed

AREA = "33"
CONTRACT: Mapping[str, Any] = {
    "begins": "2026-03-01T00:00:00+08:00",
    "ends": "2027-03-01T00:00:00+08:00",
    "sha256": "9f" * 32,
    "milestones": [{"key": "cameras", "name": "摄像头上线", "due": "2026-03-20T00:00:00+08:00"}],
    "shares": [{"of": "risk", "key": "theft", "party": "vendor", "percent": 100}],
}
SHOW: Mapping[str, object] = {"milestone": "cameras", "sha256": "8e" * 32, "note": "王工签字的验收单"}


@pytest.fixture(autouse=True)
async def boards(ledger: PostgresLedger) -> AsyncIterator[None]:
    """The board follows the log."""
    async with followed(ledger, concession_board.projection):
        yield


@pytest.fixture
async def parties(door: LedgerDoor) -> dict[str, str]:
    """A grantor and a vendor whose file is verified, in a province."""
    context = Context(actor="clerk", occurred_at=on(1))
    await door.execute(area.decider, area.stream(AREA), area.Register(at=on(1), code=AREA, name="浙江省"), context)
    grantor = new_id()
    committee = organisation.Register(at=on(1), name="grantor", kinds=("residents_committee",))
    await door.execute(organisation.decider, grantor, committee, context)
    company = organisation.Register(at=on(1), name="明达水电", kinds=("vendor",), credit_code=trade.CODE)
    await door.execute(organisation.decider, organisation.stream(trade.CODE), company, context)
    for each in trade.PEOPLE:
        await door.execute(person.decider, each, person.Register(at=on(1), name="Bo"), context)
    for command in (trade.REGISTER, trade.ACCEPT):
        await door.execute(vendor.decider, vendor.stream(trade.VENDOR), command, context)
    return {"grantor": str(grantor), "vendor": trade.VENDOR}


async def sign(reception: Reception, parties: Mapping[str, str], **changes: object) -> str:
    """The path of an agreement."""
    body = {**parties, "area": AREA, "contract": {**CONTRACT, **changes}}
    answer = await reception.send("/concessions", body)
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"]


async def test_a_milestone_is_proved_and_confirmed_and_the_past_stays_what_it_was(
    reception: Reception, parties: dict[str, str]
) -> None:
    path = await sign(reception, parties)
    signed = (await reception.see(path)).json()
    assert (signed["agreed"], signed["running"], signed["vendor"]) == (1, True, parties["vendor"])
    reception.clock.at = on(19)
    await reception.do(path, "submit-evidence", SHOW)
    reception.clock.at = on(21)
    await reception.do(path, "confirm", {"milestone": "cameras"})
    (progress,) = (await reception.see(path)).json()["progress"]
    assert (progress["status"], progress["confirmed_by"]) == ("confirmed", "staff-1")
    assert [(each["by"], each["note"]) for each in progress["evidence"]] == [("staff-1", "王工签字的验收单")]
    then = (await reception.see(path, {"as_of": signed["position"]})).json()
    assert then["progress"][0].get("status", "open") == "open"
    history = (await reception.see(f"{path}/history")).json()
    assert [each["type"] for each in history["events"]] == [
        "concession.signed",
        "concession.evidence_submitted",
        "concession.confirmed",
    ]


async def test_what_people_write_lies_sealed_in_the_log(
    reception: Reception, ledger: PostgresLedger, parties: dict[str, str]
) -> None:
    path = await sign(reception, parties)
    await reception.do(path, "submit-evidence", SHOW)
    assert not any("王工".encode() in row.body for row in await ledger.page())


async def test_late_evidence_counts_and_is_marked(reception: Reception, parties: dict[str, str]) -> None:
    path = await sign(reception, parties)
    reception.clock.at = on(22)
    answer = await reception.do(path, "submit-evidence", SHOW)
    (progress,) = (await reception.see(path)).json()["progress"]
    assert progress["missed_at"] == "2026-03-20T00:00:00+08:00"
    assert progress["evidence"][0]["late"] is True
    asked: Query = {"missed": "true", "submitted": "true", "min_position": answer.headers["X-Position"]}
    found = await reception.see("/concessions", asked)
    assert [f"/concessions/{each['id']}" for each in found.json()["items"]] == [path]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"shares": [{"of": "risk", "key": "theft", "party": "vendor", "percent": 99}]}, "SharesDoNotSum"),
        ({"shares": [{"of": "risk", "key": "theft", "party": "mafia", "percent": 100}]}, "Invalid"),
        ({"ends": "2026-03-01T00:00:00+08:00"}, "TermEndsBeforeItBegins"),
        ({"ends": "2026-03-10T00:00:00+08:00"}, "MilestoneOutsideTerm"),
        ({"milestones": [{"key": "x", "name": "x", "due": "2026-03-20T00:00:00"}]}, "Invalid"),
        ({"sha256": "none"}, "Invalid"),
        ({"surprise": 1}, "Invalid"),
    ],
)
async def test_what_makes_no_sense_leaves_no_trace(
    reception: Reception, ledger: PostgresLedger, parties: dict[str, str], changes: dict[str, object], code: str
) -> None:
    head = await ledger.head()
    answer = await reception.send("/concessions", {**parties, "area": AREA, "contract": {**CONTRACT, **changes}})
    assert answer.json()["code"] == code, answer.text
    assert await ledger.head() == head


async def test_agreements_are_found_by_party_and_place(reception: Reception, parties: dict[str, str]) -> None:
    path = await sign(reception, parties)
    ended = await sign(reception, parties)
    answer = await reception.do(ended, "end", {"reason": "by_agreement"})
    queries: list[tuple[Query, set[str]]] = [
        ({}, {path, ended}),
        ({"vendor": parties["vendor"]}, {path, ended}),
        ({"vendor": parties["grantor"]}, set()),
        ({"grantor": parties["grantor"], "running": "true"}, {path}),
        ({"within": "33"}, {path, ended}),
        ({"within": "34"}, set()),
        ({"due_before": "2026-03-20T00:00:00+08:00"}, set()),
        ({"due_before": "2026-03-20T00:00:01+08:00"}, {path}),
    ]
    for query, expected in queries:
        found = await reception.see("/concessions", {**query, "min_position": answer.headers["X-Position"]})
        assert {f"/concessions/{each['id']}" for each in found.json()["items"]} == expected, query
