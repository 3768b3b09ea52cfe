"""Engagements, emergency waivers and open data over HTTP, on the real database."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from adapters.door import LedgerDoor
from adapters.ledger import PostgresLedger
from domain.admission import admission_scheme, vendor
from domain.decider import Command
from domain.lifecycles import AnyDecider
from domain.parties import area, organisation, person
from domain.ports import Context
from domain.restraint import sanction
from projections.admission import engagement_board, waiver_register
from projections.admission.engagement_board import EngagementBoard
from tests import everybody
from tests.api.reception import Reception
from tests.domain import trade
from tests.domain.admission import qualifying
from tests.domain.small_town import WILLOWS, on
from tests.followed import followed
from tests.projections.admission.official import merged, must_be_valid

VENDOR = trade.VENDOR
EMERGENCY = {
    "reason": "public_safety",
    "text": "道闸失控",
    "what": ["award", "accept", "work"],
    "until": (on(2) + timedelta(days=30)).isoformat(),
    "area": WILLOWS,
}
AWARD = {
    "vendor": VENDOR,
    "category": "parking",
    "item": "job",
    "title": "道闸大修",
    "value_fen": 1_250_050,
    "area": WILLOWS,
}


@pytest.fixture
async def town(reception: Reception, door: LedgerDoor) -> Reception:
    """Somebody at the counter, in a town with a verified vendor and an admission scheme for parking."""

    async def do(decider: AnyDecider, stream: UUID, command: Command) -> None:
        await door.execute(decider, stream, command, Context(actor="mayor", occurred_at=on(1)))

    for code in (*area.ancestors_of(WILLOWS), WILLOWS):
        await do(area.decider, area.stream(code), area.Register(at=on(1), code=code, name=f"第{len(code)}级"))
    for each in trade.PEOPLE:
        await do(person.decider, each, person.Register(at=on(1), name="Bo"))
    company = organisation.Register(at=on(1), name="明达水电", kinds=("vendor",), credit_code=trade.CODE)
    await do(organisation.decider, organisation.stream(trade.CODE), company)
    await do(vendor.decider, vendor.stream(VENDOR), trade.REGISTER)
    await do(vendor.decider, vendor.stream(VENDOR), trade.ACCEPT)
    scheme = admission_scheme.Publish(at=on(1), category="parking", document=qualifying.RULES)
    await do(admission_scheme.decider, admission_scheme.stream("parking"), scheme)
    return reception


async def waived(town: Reception, **change: object) -> None:
    """Two people have waived the qualification."""
    answer = await town.send(f"/waivers/{VENDOR}/parking", {**EMERGENCY, **change}, actor="anna")
    assert answer.status_code == 200, answer.text
    answer = await town.send(f"/waivers/{VENDOR}/parking/1/sign", actor="bo")
    assert answer.status_code == 200, answer.text


async def awarded(town: Reception, **change: object) -> str:
    """The path of a new engagement."""
    answer = await town.send("/engagements/awards", {**AWARD, **change})
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"]


async def test_who_is_not_qualified_is_awarded_nothing_and_told_why(town: Reception) -> None:
    no = await town.send("/engagements/awards", AWARD)
    assert (no.status_code, no.json()["code"], no.json()["details"]["reason"]) == (409, "NotQualified", "never")
    said = await town.send("/engagements/awards", AWARD, language="zh")
    assert said.json()["title"] == "该供应商在此区域没有此类别的准入资格，也没有有效的应急豁免。"


async def test_a_waiver_of_two_people_lets_an_engagement_go_its_way_to_the_payment(town: Reception) -> None:
    await waived(town)
    path = await awarded(town)
    for step in ("accept", "start", "finish", "pay-out"):
        await town.do(path, step)
    found = (await town.see(path)).json()
    assert (found["status"], found["in_flight"], found["basis"]["kind"]) == ("paid", False, "waiver")
    waivers = (await town.see(f"/waivers/{VENDOR}/parking")).json()["waivers"]
    assert [(each["proposed_by"], each["signed_by"], each["status"]) for each in waivers] == [("anna", "bo", "signed")]


async def test_a_single_use_waiver_is_used_once_however_often_it_is_tried(town: Reception) -> None:
    await waived(town, single_use=True)
    assert (await town.send("/engagements/awards", AWARD)).json()["code"] == "NotQualified"
    path = await awarded(town, waiver=1)
    for change in ({"title": "另一件"}, {"vendor": VENDOR.upper(), "value_fen": 1}):
        again = await town.send("/engagements/awards", {**AWARD, **change, "waiver": 1})
        assert (again.status_code, again.json()["code"]) == (409, "AlreadyEngaged")
    assert (await town.send("/engagements/awards", {**AWARD, "waiver": 1})).headers["Location"] == path


async def test_nothing_of_it_can_be_told_late(town: Reception) -> None:
    for path, body in (("/engagements/awards", AWARD), (f"/waivers/{VENDOR}/parking", EMERGENCY)):
        answer = await town.send(path, {**body, "occurred_at": "2026-03-01T00:00:00Z"})
        assert answer.status_code == 422, answer.text


async def test_from_the_instant_of_a_suspension_on_nothing_goes_on_through_any_door(
    town: Reception, door: LedgerDoor
) -> None:
    await waived(town)
    path = await awarded(town)
    order = await town.report()
    await town.do(order, "triage", {"priority": 3})
    suspend = sanction.Suspend(at=on(2), vendor=VENDOR, by="lin", reason="quality", text="三次返修")
    context = Context(actor="mayor", occurred_at=on(2))
    await door.execute(sanction.decider, sanction.stream(VENDOR), suspend, context)
    for address, body in (
        ("/engagements/awards", AWARD),
        ("/engagements/offers", AWARD),
        (f"{path}/accept", {}),
        (f"{order}/assign", {"company": VENDOR}),
    ):
        version = None if "awards" in address or "offers" in address else (await town.see(address.rpartition("/")[0]))
        answer = await town.send(address, body, version=None if version is None else version.json()["version"])
        assert (answer.status_code, answer.json()["code"]) == (409, "VendorSuspended"), address
    await town.do(path, "keep", {"sanction": "1"})
    assert (await town.send(f"{path}/accept")).json()["code"] == "VendorSuspended"


async def test_lists_find_what_they_are_asked_for(town: Reception, ledger: PostgresLedger) -> None:
    await waived(town)
    first, second = await awarded(town), await awarded(town, title="另一件")
    position = (await town.do(second, "cancel", {"reason": "not_needed"})).json()["position"]
    async with followed(ledger, engagement_board.projection, waiver_register.projection):
        for query, expected in (
            ({}, [first, second]),
            ({"in_flight": "true"}, [first]),
            ({"status": "cancelled"}, [second]),
            ({"vendor": VENDOR, "category": "parking", "within": "3301"}, [first, second]),
            ({"within": "34"}, []),
            ({"held": "true"}, []),
        ):
            answer = await town.see("/engagements", {"min_position": position, **query})
            assert [f"/engagements/{each['id']}" for each in answer.json()["items"]] == expected, query
        flying = await EngagementBoard(ledger.pool).in_flight(VENDOR)
        assert [f"/engagements/{each.id}" for each in flying] == [first]
        for query, number in (
            ({}, 1),
            ({"open": "true"}, 1),
            ({"awaits_signature": "true"}, 0),
            ({"category": "x"}, 0),
        ):
            answer = await town.see("/waivers", {"min_position": position, **query})
            assert len(answer.json()["items"]) == number, query


async def test_what_is_done_with_public_money_is_open_data(town: Reception) -> None:
    await waived(town)
    path = await awarded(town)
    for step in ("accept", "start", "hold", "release", "finish", "pay-out"):
        await town.do(path, step, {"reason": "audit"} if step == "hold" else None)
    ocid = f"ocds-linli0-{path.rpartition('/')[2]}"
    record = await town.http.get(f"/ocds/records/{ocid}")
    assert record.status_code == 200, record.text
    [found] = record.json()["records"]
    assert [each["tag"] for each in found["releases"]] == [
        ["award"], ["awardUpdate", "contract"], ["contractUpdate"], ["contractUpdate"], ["implementation"],
    ]  # fmt: skip
    for each in (*found["releases"], found["compiledRelease"]):
        must_be_valid(each)
    assert found["compiledRelease"] == merged(found["releases"])
    assert found["compiledRelease"]["parties"][0]["id"] == f"CN-USCI-{trade.CODE}"
    seen, address = list[str](), "/ocds/releases?limit=2"
    while address:
        package = (await town.http.get(address)).json()
        seen += [each["id"] for each in package["releases"]]
        address = package.get("links", {}).get("next", "")
    assert seen == ["ocds-linli0-parking-1", *(each["id"] for each in found["releases"])]
    assert "6222000000000001" not in record.text
    for unknown in ("ocds-linli0-moon", "ocds-other-1", f"ocds-linli0-{VENDOR}"):
        assert (await town.http.get(f"/ocds/records/{unknown}")).status_code == 404


async def test_a_company_is_called_in_a_release_as_it_was_called_then(town: Reception, door: LedgerDoor) -> None:
    await waived(town)
    path = await awarded(town)
    renamed = organisation.Rename(at=on(3), name="新名")
    context = Context(actor="mayor", occurred_at=on(3))
    await door.execute(organisation.decider, organisation.stream(trade.CODE), renamed, context)
    record = (await town.http.get(f"/ocds/records/ocds-linli0-{path.rpartition('/')[2]}")).json()
    assert record["records"][0]["releases"][0]["parties"][0]["name"] == "明达水电"


async def test_in_the_log_no_award_stands_behind_the_suspension_however_close_they_come(
    town: Reception, ledger: PostgresLedger
) -> None:
    """Four go on awarding until they are refused; meanwhile another process suspends the vendor."""
    await waived(town)
    other, begun = everybody.door_to(ledger), asyncio.Event()
    suspend = sanction.Suspend(at=on(2), vendor=VENDOR, by="lin", reason="quality", text="三次返修")

    async def award(who: int) -> int:
        for number in range(200):
            answer = await town.send("/engagements/awards", {**AWARD, "title": f"{who}/{number}"})
            if answer.status_code != 201:
                assert answer.json()["code"] == "VendorSuspended"
                return number
            begun.set()
        raise AssertionError

    async def restrain() -> None:
        await begun.wait()
        context = Context(actor="mayor", occurred_at=on(2))
        await other.execute(sanction.decider, sanction.stream(VENDOR), suspend, context)

    *numbers, _ = await asyncio.gather(*map(award, range(4)), restrain())
    awarded_at = [each.position for each in await ledger.page(tags=("engagement.awarded",))]
    [suspended_at] = [each.position for each in await ledger.page(tags=("sanction.suspended",))]
    assert len(awarded_at) == sum(number for number in numbers if number)
    assert max(awarded_at) < suspended_at
