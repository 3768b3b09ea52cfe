"""A vendor at a glance, and the register asked by what other read models know."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from adapters.door import LedgerDoor
from adapters.ledger import PostgresLedger
from api.ports import Files
from domain.access import permission
from domain.admission import qualification
from projections.admission import vendor_register
from projections.evaluation import standing_register
from tests import everybody
from tests.api.reception import Clock, application, counter
from tests.api.restraint.test_sanctions import BOARDS, SUSPEND, Bench
from tests.domain import trade
from tests.domain.admission import qualifying
from tests.domain.small_town import WILLOWS, on
from tests.followed import followed

DOSSIER = f"/vendors/{trade.VENDOR}/dossier"
ALL = (*BOARDS, vendor_register.projection, standing_register.projection)


@pytest.fixture
async def bench(ledger: PostgresLedger, door: LedgerDoor, files: Files) -> AsyncIterator[Bench]:
    clock = Clock()
    app = application(ledger, everybody.real_door_to(ledger), clock, files=files, see=permission.sight, by_role=True)
    async with followed(ledger, *ALL), counter(app) as http:
        bench = Bench(http, clock)
        bench.door, bench.ledger = door, ledger
        await bench.furnish()
        yield bench


async def found(bench: Bench, **query: str) -> list[str]:
    """Whom the register finds, once all read models know everything."""
    head = await bench.ledger.head()
    for board in ALL:
        assert await bench.ledger.wait(board.name, head, timeout=20)
    answer = await bench.see("/vendors", query, headers={"Authorization": f"Bearer {bench.officer}"})
    assert answer.status_code == 200, answer.text
    return [each["id"] for each in answer.json()["items"]]


async def seen_by(bench: Bench, who: str, **query: str) -> dict[str, Any]:
    """The dossier as somebody sees it."""
    return dict(await bench.look(who, DOSSIER, **query))


def would(dossier: dict[str, Any]) -> dict[str, str]:
    """What the vendor would be told: the code of the refusal, by what it is about."""
    return {each["what"]: each["code"] for each in dossier["would"]}


async def test_the_register_finds_who_is_qualified_for_what_and_where(bench: Bench) -> None:
    here = [trade.VENDOR]
    assert await found(bench, category="cameras") == here
    assert await found(bench, category="cameras", area=qualifying.DISTRICT) == here
    assert await found(bench, category="cameras", area=WILLOWS) == here
    assert await found(bench, area=WILLOWS, band="", restrained="neither") == here
    assert await found(bench, category="lifts") == []
    assert await found(bench, category="cameras", area="") == []
    assert await found(bench, category="cameras", area="980101") == []
    assert await found(bench, band="watch") == []

    taken = qualification.Revoke(at=on(5), reason="poor_performance", areas=(WILLOWS,), by="mayor")
    await bench.do_there(
        qualification.decider, qualification.stream(trade.VENDOR, "cameras", qualifying.DISTRICT), taken
    )
    assert await found(bench, category="cameras", area=WILLOWS) == []
    assert await found(bench, category="cameras", area=qualifying.DISTRICT) == [], "a part of it is missing"
    assert await found(bench, category="cameras") == here


async def test_the_register_finds_who_is_restrained(bench: Bench) -> None:
    assert await found(bench, restrained="suspended") == []
    assert (await bench.ask(bench.officer, f"/vendors/{trade.VENDOR}/sanctions/suspend", SUSPEND))[0] == 200
    assert await found(bench, restrained="suspended") == [trade.VENDOR]
    assert await found(bench, restrained="blacklisted") == []
    assert await found(bench, restrained="neither") == []


async def test_a_dossier_tells_what_the_vendor_would_be_told_now(bench: Bench) -> None:
    head = await bench.ledger.head()
    assert await bench.ledger.wait("qualification_board", head, timeout=20)
    at = {"category": "cameras", "area": WILLOWS}
    seen = await seen_by(bench, bench.officer, **at)
    assert (seen["name"], seen["verified"], seen["debarred"], seen["sanctions"]) == (
        trade.COMPANY.name,
        True,
        False,
        [],
    )
    assert [(each["category"], each["status"]) for each in seen["qualifications"]] == [("cameras", "granted")]
    assert set(would(seen).values()) == {""}
    assert seen["would"][0]["basis"]["kind"] == "grant"

    elsewhere = await seen_by(bench, bench.officer, category="lifts")
    assert would(elsewhere)["award"] == "NotQualified"

    assert (await bench.ask(bench.officer, f"/vendors/{trade.VENDOR}/sanctions/suspend", SUSPEND))[0] == 200
    barred = await seen_by(bench, bench.officer, **at)
    assert set(would(barred).values()) == {"VendorSuspended"}
    assert [each["kind"] for each in barred["sanctions"]] == ["suspended"]
    assert (await seen_by(bench, bench.officer))["would"] == []


async def test_a_dossier_is_for_whoever_may_see_the_file(bench: Bench) -> None:
    assert (await seen_by(bench, bench.agent))["id"] == trade.VENDOR
    rival = {"Authorization": f"Bearer {bench.rival}"}
    assert (await bench.see(DOSSIER, headers=rival)).status_code == 404
    assert (await bench.see(f"/vendors/{trade.NOBODY}/dossier", headers=rival)).status_code == 404
