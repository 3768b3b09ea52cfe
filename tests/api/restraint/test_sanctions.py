"""Sanctions over HTTP: from that instant on, in view of the vendor, heard by others on appeal, and public."""

from collections.abc import AsyncIterator, Mapping
from typing import Final
from uuid import UUID

import pytest
from msgspec.structs import replace

from adapters.door import LedgerDoor
from adapters.ledger import PostgresLedger
from adapters.rate_limit import RateLimiter
from api.limits import Limit, Limits
from api.ports import Files
from domain.access import permission
from domain.admission import admission_scheme, qualification, vendor
from domain.decider import Elapse
from domain.parties import area
from domain.ports import Context
from domain.restraint import fan_out, sanction
from projections import organisation_register
from projections.admission import qualification_board
from projections.restraint import fan_out_board, sanction_register
from tests import everybody
from tests.api.admission.test_vendors import Market
from tests.api.reception import Clock, application, counter
from tests.domain import trade
from tests.domain.admission import qualifying
from tests.domain.small_town import AREAS, WILLOWS, on
from tests.followed import followed

PATH: Final = f"/vendors/{trade.VENDOR}/sanctions"
SUSPEND: Final[Mapping[str, object]] = {"reason": "quality", "text": "三次返修不合格", "categories": ["cameras"]}
BLACKLIST: Final[Mapping[str, object]] = {
    "reason": "forged_documents",
    "text": "提供虚假材料谋取中标",
    "until": "2027-03-02T00:00:00+08:00",
}
FAN_OUT: Final = fan_out.stream(trade.VENDOR, 1)
BOARDS: Final = (
    organisation_register.projection,
    qualification_board.projection,
    sanction_register.projection,
    fan_out_board.projection,
)


class Bench(Market):
    """A market with a vendor that is qualified for cameras in a district."""

    judge: str

    async def furnish(self) -> None:
        await self.build()
        self.judge = await self.appointed("procurement_head")
        for known in AREAS:
            register = area.Register(at=on(1), code=known.code, name=known.name)
            await self.do_there(area.decider, area.stream(known.code), register)
        rules = admission_scheme.Publish(at=on(1), category="cameras", document=qualifying.RULES)
        await self.do_there(admission_scheme.decider, admission_scheme.stream("cameras"), rules)
        for command in (trade.REGISTER, trade.ACCEPT):
            await self.do_there(vendor.decider, vendor.stream(trade.VENDOR), command)
        stream = qualification.stream(trade.VENDOR, "cameras", qualifying.DISTRICT)
        for step in qualifying.granted(on(4)):
            await self.do_there(qualification.decider, stream, step)
        self.clock.at = on(5)

    async def read(self, **query: str) -> list[dict[str, object]]:
        """The public list, once it knows everything."""
        head = await self.ledger.head()
        for board in BOARDS:
            assert await self.ledger.wait(board.name, head, timeout=20)
        answer = await self.http.get("/public/vendors", params=query)
        assert answer.status_code == 200, answer.text
        return [dict(each) for each in answer.json()["items"]]


@pytest.fixture
async def bench(ledger: PostgresLedger, door: LedgerDoor, files: Files) -> AsyncIterator[Bench]:
    clock = Clock()
    real = everybody.real_door_to(ledger)
    app = application(ledger, real, clock, files=files, see=permission.sight, by_role=True)
    async with followed(ledger, *BOARDS), counter(app) as http:
        bench = Bench(http, clock)
        bench.door, bench.ledger = door, ledger
        await bench.furnish()
        yield bench


async def test_an_officer_suspends_and_the_vendor_sees_why(bench: Bench) -> None:
    assert (await bench.ask(bench.officer, f"{PATH}/suspend", SUSPEND))[0] == 200
    for who in (bench.agent, bench.officer, bench.auditor):
        seen = await bench.look(who, PATH)
        assert seen["in_force"] == [1]
    assert (await bench.see(PATH, headers={"Authorization": f"Bearer {bench.rival}"})).status_code == 404
    assert await bench.ask(bench.agent, f"{PATH}/suspend", SUSPEND) == (403, "NotPermitted")
    assert await bench.ask(bench.officer, f"{PATH}/blacklist", BLACKLIST) == (403, "NotPermitted")


async def test_a_vendor_without_sanctions_has_an_empty_list(bench: Bench) -> None:
    seen = await bench.look(bench.agent, PATH)
    assert (seen["in_force"], seen["sanctions"], seen["version"]) == ([], [], 0)
    nobody = f"/vendors/{trade.NOBODY}/sanctions"
    assert (await bench.see(nobody, headers={"Authorization": f"Bearer {bench.officer}"})).status_code == 404


@pytest.mark.parametrize(
    ("command", "changed", "expected"),
    [
        ("suspend", {"categories": ["moon_travel"]}, (409, "CategoryUnknown")),
        ("suspend", {"areas": ["99"]}, (409, "AreaNotRegistered")),
        ("suspend", {"areas": ["west"]}, (422, "Invalid")),
        ("suspend", {"until": "2026-03-01T00:00:00Z"}, (409, "SanctionEndsTooEarly")),
        ("suspend", {"text": "请联系 13812345678"}, (409, "PublishedTextNamesPeople")),
        ("suspend", {"reason": "dislike"}, (422, "Invalid")),
        ("suspend", {"occurred_at": "2026-03-01T00:00:00Z"}, (422, "Invalid")),
        ("blacklist", {"until": "2029-06-01T00:00:00Z"}, (409, "BanTooLong")),
    ],
)
async def test_bad_input_is_refused_and_leaves_no_trace(
    bench: Bench, command: str, changed: Mapping[str, object], expected: tuple[int, str]
) -> None:
    body = {**(SUSPEND if command == "suspend" else BLACKLIST), **changed}
    assert await bench.ask(bench.head, f"{PATH}/{command}", body) == expected
    assert (await bench.door.load(sanction.decider, sanction.stream(trade.VENDOR))).version == 0


async def test_an_appeal_is_heard_by_somebody_else_on_what_was_known_when_it_was_made(bench: Bench) -> None:
    assert (await bench.ask(bench.head, f"{PATH}/suspend", SUSPEND))[0] == 200
    known = await bench.ledger.head()
    bench.clock.at = on(6)
    assert (await bench.ask(bench.agent, f"{PATH}/1/appeal", {"grounds": "已经修好"}))[0] == 200
    bench.clock.at = on(9)
    finding = {"finding": "证据不足，撤销原决定"}
    assert await bench.ask(bench.head, f"{PATH}/1/overturn", finding) == (403, "DutiesKeptApart")
    assert (await bench.ask(bench.judge, f"{PATH}/1/overturn", finding))[0] == 200

    said = (await bench.look(bench.agent, PATH))["sanctions"]
    assert isinstance(said, list)
    assert (said[0]["status"], said[0]["appeal"]["position"]) == ("overturned", known)
    assert said[0]["appeal"]["grounds"] == "已经修好"
    assert "已经修好" not in str(await bench.look(bench.auditor, PATH))
    then = await bench.look(bench.agent, PATH, as_of=str(known))
    assert then["in_force"] == [1]
    while_heard = await bench.look(bench.agent, PATH, as_of=on(8).isoformat(), basis="occurred")
    assert while_heard["in_force"] == [1]
    before = await bench.look(bench.agent, PATH, as_of=on(4).isoformat(), basis="occurred")
    assert (before["in_force"], before["sanctions"]) == ([], [])


async def test_a_choice_is_made_for_what_is_under_way(bench: Bench) -> None:
    assert (await bench.ask(bench.officer, f"{PATH}/suspend", SUSPEND))[0] == 200
    items = tuple(fan_out.Item("engagement", str(UUID(int=number)), "cameras", WILLOWS) for number in (1, 2))
    begin = fan_out.Begin(at=on(5), vendor=trade.VENDOR, sanction=1, items=items)
    await bench.do_there(fan_out.decider, FAN_OUT, begin)
    choice = {"item": items[0].id, "choice": "keep", "reason": "nearly_done"}
    assert (await bench.ask(bench.officer, f"/fan-outs/{FAN_OUT}/choose", choice))[0] == 200
    assert await bench.ask(bench.officer, f"/fan-outs/{FAN_OUT}/choose", {**choice, "item": "x"}) == (
        409,
        "NotUnderWay",
    )
    assert (await bench.ask(bench.agent, f"/fan-outs/{FAN_OUT}/choose", choice))[0] == 403
    seen = await bench.look(bench.agent, f"/fan-outs/{FAN_OUT}")
    assert seen["undecided"] == 1
    await bench.read()
    for who, many in ((bench.officer, 1), (bench.agent, 1), (bench.rival, 0)):
        listed = await bench.see("/fan-outs", {"undecided": "true"}, headers={"Authorization": f"Bearer {who}"})
        assert len(listed.json()["items"]) == many


async def test_everybody_can_read_who_is_qualified_suspended_and_blacklisted(bench: Bench) -> None:
    (qualified,) = await bench.read(category="cameras", area=WILLOWS)
    assert qualified["id"] == f"CN-USCI-{trade.CODE}"
    assert (qualified["name"], qualified["areas"]) == ("明达水电", [qualifying.DISTRICT])
    assert await bench.read(category="lifts") == []
    assert await bench.read(area="11") == []
    assert await bench.read(status="suspended") == []

    assert (await bench.ask(bench.officer, f"{PATH}/suspend", {**SUSPEND, "areas": [WILLOWS]}))[0] == 200
    assert await bench.read(area=WILLOWS) == []
    (elsewhere,) = await bench.read()
    assert elsewhere["except_areas"] == [WILLOWS]
    (suspended,) = await bench.read(status="suspended")
    assert (suspended["text"], suspended["categories"], suspended["areas"]) == (
        "三次返修不合格",
        ["cameras"],
        [WILLOWS],
    )
    assert await bench.read(status="suspended", category="lifts") == []

    assert (await bench.ask(bench.head, f"{PATH}/blacklist", BLACKLIST))[0] == 200
    assert await bench.read() == []
    (blacklisted,) = await bench.read(status="blacklisted")
    assert blacklisted["until"] == BLACKLIST["until"]
    assert str(trade.BOSS) not in str(blacklisted)
    assert bench.head not in str(blacklisted)


async def test_a_sanction_leaves_the_list_at_its_last_moment_before_any_clock_says_so(bench: Bench) -> None:
    body = {**SUSPEND, "until": on(9).isoformat()}
    assert (await bench.ask(bench.officer, f"{PATH}/suspend", body))[0] == 200
    assert await bench.read() == []
    bench.clock.at = on(9)
    assert await bench.read(status="suspended") == []
    assert len(await bench.read()) == 1
    context = Context(actor="clock", occurred_at=on(9))
    elapse = Elapse(label="expire/1", at=on(9))
    await bench.door.execute(sanction.decider, sanction.stream(trade.VENDOR), elapse, context)
    assert len(await bench.read()) == 1


async def test_who_is_frozen_is_not_on_the_public_list_as_qualified_until_that_is_verified(bench: Bench) -> None:
    assert len(await bench.read()) == 1
    file = vendor.stream(trade.VENDOR)
    await bench.do_there(vendor.decider, file, replace(trade.DECLARE, at=on(5)))
    assert await bench.read() == []
    await bench.do_there(vendor.decider, file, replace(trade.ACCEPT, at=on(5, 10), declaration=2))
    assert len(await bench.read()) == 1


async def test_the_public_list_may_be_kept_and_is_not_sent_twice(bench: Bench) -> None:
    await bench.read()
    first = await bench.http.get("/public/vendors")
    assert first.headers["Cache-Control"] == "public, max-age=60"
    again = await bench.http.get("/public/vendors", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert (await bench.http.get("/public/vendors?statuss=x")).status_code == 400


async def test_nobody_reads_the_public_list_too_often(ledger: PostgresLedger, door: LedgerDoor) -> None:
    rates = RateLimiter(ledger.pool)
    app = application(ledger, door, Clock(), limits=Limits(rates=rates, reading=Limit("reading", 60, 2)))
    async with followed(ledger, *BOARDS), counter(app) as http:
        answers = [(await http.get("/public/vendors")).status_code for _ in range(3)]
    await rates.close()
    assert answers == [200, 200, 429]
