"""Qualification over HTTP, under the table of permissions: filed by vendors, scored blind, decided by others."""

import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
import pytest

from adapters.door import LedgerDoor
from adapters.ids import new_id
from adapters.ledger import PostgresLedger
from api.admission import qualification_examples, scheme_examples
from api.admission.expiries import ExpiryView
from api.admission.qualification_view import Explanation, QualificationView
from api.ports import Files
from api.work_order_view import History
from domain.access import appointment, permission, role
from domain.admission import admission_scheme, qualification, vendor, waiver
from domain.decider import Command, Elapse
from domain.lifecycles import AnyDecider
from domain.parties import area, organisation, person
from domain.ports import Context
from domain.restraint import sanction
from projections.admission import qualification_board, scheme_register, vendor_register, waiver_register
from projections.restraint import sanction_register
from tests import everybody
from tests.adapters import hostile_files
from tests.api.reception import Clock, Reception, application, counter
from tests.domain import trade
from tests.domain.admission.qualifying import DISTRICT, GOOD, LASTING, LICENCE, MILLION_YUAN, RULES, SAFETY, VENDOR
from tests.domain.small_town import AREAS, WILLOWS, on
from tests.followed import followed

DOCUMENT: Final[dict[str, Any]] = msgspec.to_builtins(RULES)
PAPERS: Final[list[dict[str, Any]]] = [msgspec.to_builtins(each) for each in (LICENCE, LASTING)]
APPLICATION: Final[Mapping[str, object]] = {
    "vendor": VENDOR,
    "category": "cameras",
    "area": DISTRICT,
    "answers": [{"criterion": "capital", "value": 6 * MILLION_YUAN}],
    "documents": PAPERS,
}
STREAM: Final = qualification.stream(VENDOR, "cameras", DISTRICT)
PATH: Final = f"/qualifications/{STREAM}"


def scores(**changed: int) -> dict[str, object]:
    """Good scores, but for some."""
    return {"scores": [{"criterion": key, "points": points} for key, points in (GOOD | changed).items()]}


def emergency(at: datetime, *, days: int, place: str) -> waiver.Propose:
    """A waiver for what a typhoon has torn down."""
    return waiver.Propose(
        at=at,
        vendor=VENDOR,
        category="cameras",
        reason="disaster",
        text="台风",
        what=("work",),
        until=at + timedelta(days=days),
        area=place,
    )


class Gate(Reception):
    """A reception at which the table of permissions counts: a vendor, those who score and those who decide."""

    door: LedgerDoor
    ledger: PostgresLedger
    people: dict[str, str]

    async def build(self) -> None:
        """Put everything there that an application takes."""
        company = organisation.Register(at=on(1), name="明达水电", kinds=("vendor",), credit_code=trade.CODE)
        await self.put(organisation.decider, organisation.stream(trade.CODE), company)
        for each in trade.PEOPLE:
            await self.put(person.decider, each, person.Register(at=on(1), name="王建国"))
        await self.put(vendor.decider, vendor.stream(VENDOR), msgspec.structs.replace(trade.REGISTER, at=on(1)))
        for known in AREAS:
            register = area.Register(at=on(1), code=known.code, name=known.name)
            await self.put(area.decider, area.stream(known.code), register)
        self.people = {}
        await self.appoint("lin", "vendor_agent", VENDOR)
        await self.appoint("rival", "vendor_agent", str(new_id()))
        for name in ("ren", "shi", "qin", "wu"):
            await self.appoint(name, "procurement_officer")
        for name in ("head", "deputy", "third", "fourth"):
            await self.appoint(name, "procurement_head")
        await self.appoint("both", "vendor_agent", VENDOR)
        await self.appoint("both", "procurement_head")

    async def appoint(self, name: str, held: role.Name, company: str = "", place: str = "") -> None:
        """Give somebody a role, one more if they have one."""
        number = 1
        if name in self.people:
            number = 2
        else:
            self.people[name] = str(new_id())
            await self.put(person.decider, UUID(self.people[name]), person.Register(at=on(1), name=name))
        stream = appointment.stream(self.people[name])
        propose = appointment.Propose(
            at=on(1), principal=self.people[name], role=held, organisation=company, area=place
        )
        await self.put(appointment.decider, stream, propose)
        if held in role.POWERFUL:
            await self.put(appointment.decider, stream, appointment.Approve(at=on(1), number=number))

    async def put(self, decider: AnyDecider, stream: UUID, command: Command) -> None:
        """Something that was done before anybody asks."""
        await self.door.execute(decider, stream, command, Context(actor="mayor", occurred_at=on(1)))

    async def ask(self, who: str, command: str, body: object = None, *, path: str = PATH) -> tuple[int, str]:
        """A command as somebody, on the version that stands: the status, and the code of a no."""
        stream = UUID(path.rpartition("/")[2])
        version = (await self.door.load(qualification.decider, stream)).version
        answer = await self.send(f"{path}/{command}", body, actor=self.people[who], version=version)
        return answer.status_code, answer.json().get("code", "")

    async def do_as(self, who: str, command: str, body: object = None) -> None:
        """The same, and it must succeed."""
        assert await self.ask(who, command, body) == (200, ""), command

    async def look(self, who: str, path: str, **query: str) -> Any:
        """What somebody sees."""
        answer = await self.see(path, query, headers={"Authorization": f"Bearer {self.people[who]}"})
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def publish(self) -> None:
        """The rules."""
        answer = await self.send("/admission-schemes/cameras", {"document": DOCUMENT}, actor=self.people["head"])
        assert answer.status_code == 200, answer.text

    async def apply(self, who: str = "lin", **changes: object) -> tuple[int, str]:
        """An application."""
        answer = await self.send("/qualifications", {**APPLICATION, **changes}, actor=self.people[who])
        return answer.status_code, answer.json().get("code", "")

    async def in_review(self, *reviewers: str) -> None:
        """Published, applied, the papers accepted, the reviewers named."""
        await self.publish()
        assert await self.apply() == (201, "")
        for serial in (1, 2):
            await self.do_as("ren", "check-document", {"serial": serial, "verdict": "accepted"})
        await self.do_as("head", "assign-reviewers", {"reviewers": [self.people[each] for each in reviewers]})

    async def reviewed(self) -> None:
        """And both have scored."""
        await self.in_review("ren", "shi")
        for each in ("ren", "shi"):
            await self.do_as(each, "score", scores())

    async def granted(self) -> None:
        """And both levels have approved."""
        await self.reviewed()
        self.clock.pass_by(hours=1)
        await self.do_as("head", "decide", {"outcome": "grant"})
        self.clock.pass_by(hours=1)
        await self.do_as("deputy", "decide", {"outcome": "grant"})


@pytest.fixture
async def gate(ledger: PostgresLedger, door: LedgerDoor, files: Files) -> AsyncIterator[Gate]:
    clock = Clock()
    real = everybody.real_door_to(ledger)
    app = application(ledger, real, clock, files=files, see=permission.sight, by_role=True)
    async with (
        followed(
            ledger,
            qualification_board.projection,
            scheme_register.projection,
            vendor_register.projection,
            waiver_register.projection,
            sanction_register.projection,
        ),
        counter(app) as http,
    ):
        gate = Gate(http, clock)
        gate.door, gate.ledger = door, ledger
        await gate.build()
        yield gate


# Schemes --------------------------------------------------------------------------------------------------------------


async def test_rules_are_published_by_the_head_and_read_by_all(gate: Gate) -> None:
    path, body = "/admission-schemes/cameras", {"document": DOCUMENT}
    refused = await gate.send(path, body, actor=gate.people["lin"])
    assert (refused.status_code, refused.json()["code"]) == (403, "NotPermitted")
    await gate.publish()
    scheme = await gate.look("lin", path)
    assert (scheme["category"], scheme["name"], scheme["version"]) == ("cameras", "视频监控", 1)
    assert (await gate.look("lin", f"{path}/versions/1"))["document"]["pass_mark"] == 60
    position = (await gate.send(path, body, actor=gate.people["head"])).json()["position"]
    listed = await gate.look("lin", "/admission-schemes", min_position=str(position))
    assert [each["category"] for each in listed["items"]] == ["cameras"]
    reader = {"Authorization": f"Bearer {gate.people['lin']}"}
    assert (await gate.see(f"{path}/versions/2", headers=reader)).status_code == 404
    assert (await gate.see("/admission-schemes/lifts", headers=reader)).status_code == 404


async def test_rules_that_make_no_sense_leave_no_trace(gate: Gate) -> None:
    dimensions = [{**each, "weight": 30} for each in DOCUMENT["dimensions"]]
    body = {"document": {**DOCUMENT, "dimensions": dimensions}}
    answer = await gate.send("/admission-schemes/cameras", body, actor=gate.people["head"])
    assert (answer.status_code, answer.json()["code"]) == (409, "SchemeWeightsDoNotSum")
    odd = await gate.send("/admission-schemes/Cameras!", {"document": DOCUMENT}, actor=gate.people["head"])
    assert odd.status_code == 404
    loaded = await gate.door.load(admission_scheme.decider, admission_scheme.stream("cameras"))
    assert loaded.version == 0


# Applying -------------------------------------------------------------------------------------------------------------


async def test_only_who_acts_for_the_vendor_applies_and_bad_papers_leave_no_trace(gate: Gate) -> None:
    assert await gate.apply() == (409, "CategoryUnknown")
    await gate.publish()
    assert await gate.apply("rival") == (403, "OutOfScope")
    forged = {**msgspec.to_builtins(SAFETY), "valid_until": "2024-01-01"}
    assert await gate.apply(documents=[PAPERS[0], forged]) == (409, "DocumentDatesImpossible")
    assert await gate.apply(area="99") == (409, "AreaNotRegistered")
    assert await gate.apply(category="parking") == (409, "CategoryUnknown")
    assert await gate.apply(vendor="no id") == (422, "Invalid")
    assert (await gate.door.load(qualification.decider, STREAM)).version == 0
    assert await gate.apply() == (201, "")
    seen = await gate.look("lin", PATH)
    assert (seen["status"], seen["stage"], seen["cases"][0]["scheme_version"]) == ("applied", "documents", 1)
    rival = {"Authorization": f"Bearer {gate.people['rival']}"}
    assert (await gate.see(PATH, headers=rival)).status_code == 404


# Reviewing ------------------------------------------------------------------------------------------------------------


async def test_scores_show_to_nobody_before_all_are_in(gate: Gate) -> None:
    await gate.in_review("ren", "shi")
    await gate.do_as("ren", "score", scores(plan=63))
    for who in ("ren", "shi", "head", "lin"):
        for path, query in (
            (PATH, {}),
            (f"{PATH}/history", {}),
            (f"{PATH}/history", {"as_of": str(await gate.ledger.head())}),
            (f"{PATH}/explanation", {}),
            (f"{PATH}/explanation", {"as_of": str(await gate.ledger.head())}),
            (PATH, {"as_of": str(await gate.ledger.head())}),
            ("/qualifications", {"min_position": str(await gate.ledger.head())}),
        ):
            text = msgspec.json.encode(await gate.look(who, path, **query)).decode()
            assert '"points":63' not in text, f"{path} tells {who}"
            assert "sheets" not in text
    before = await gate.look("shi", f"{PATH}/explanation")
    assert (before["complete"], before["total"]) == (False, None)
    assert all(not each["given"] for rule in before["dimensions"] for each in rule["criteria"])
    await gate.do_as("shi", "score", scores(plan=64))
    after = await gate.look("shi", f"{PATH}/explanation")
    msgspec.convert(after, Explanation)
    plan = after["dimensions"][3]
    assert (after["complete"], plan["points"], plan["minimum"], plan["reached"]) == (True, 63.5, 60, True)
    assert plan["criteria"][0]["given"] == [
        {"by": gate.people["ren"], "points": 63},
        {"by": gate.people["shi"], "points": 64},
    ]
    capital = after["dimensions"][0]["criteria"][0]
    assert (capital["answer"], capital["measured"], capital["given"]) == (6 * MILLION_YUAN, 80, [])
    then = await gate.look("shi", PATH, as_of=str(await gate.ledger.head()))
    msgspec.convert(then, QualificationView)


async def test_a_history_tells_everything_and_each_score_once_all_of_its_round_are_in(gate: Gate) -> None:
    await gate.in_review("ren", "shi")
    await gate.do_as("ren", "score", scores(plan=63))
    half = await gate.ledger.head()
    await gate.do_as("shi", "score", scores(plan=64))
    told = await gate.look("lin", f"{PATH}/history")
    msgspec.convert(told, History)
    assert [each["type"].partition(".")[2] for each in told["events"]] == [
        *("submitted", "document_checked", "document_checked", "reviewers_assigned", "scored", "scored", "reviewed")
    ]
    assert told["events"][4]["label"] == "Scored"
    assert [{"criterion": "plan", "points": 63} in each["data"]["scores"] for each in told["events"][4:6]] == [
        *(True, False)
    ]
    before = await gate.look("lin", f"{PATH}/history", as_of=str(half))
    assert before["events"][-1]["data"].keys() == {"at", "by"}
    await gate.do_as("head", "decide", {"outcome": "refuse", "reasons": ["other"]})
    await gate.do_as("lin", "appeal", {"reason": "facts_wrong"})
    await gate.do_as("third", "assign-reviewers", {"reviewers": [gate.people["qin"], gate.people["wu"]]})
    await gate.do_as("qin", "score", scores(plan=91))
    await gate.do_as("third", "assign-reviewers", {"reviewers": [gate.people["qin"], gate.people["both"]]})
    heard_again = await gate.look("wu", f"{PATH}/history")
    assert [each["type"].partition(".")[2] for each in heard_again["events"][-2:]] == ["scored", "reviewers_assigned"]
    assert heard_again["events"][-2]["data"].keys() == {"at", "by"}
    assert "scores" in heard_again["events"][4]["data"]
    rival = {"Authorization": f"Bearer {gate.people['rival']}"}
    assert (await gate.see(f"{PATH}/history", headers=rival)).status_code == 404


async def test_whoever_follows_a_case_reads_who_has_to_do_what_next(gate: Gate) -> None:
    async def coming(language: str = "en") -> list[tuple[str, str, list[str], str]]:
        said = {"Authorization": f"Bearer {gate.people['lin']}", "Accept-Language": language}
        seen = (await gate.see(PATH, headers=said)).json()
        return [(each["do"], each["who"], each["about"] or each["people"], each["title"]) for each in seen["next"]]

    await gate.publish()
    assert await gate.apply(documents=[PAPERS[0]]) == (201, "")
    assert await coming() == [
        ("file_documents", "vendor", ["safety_licence"], "The vendor has to file documents of these kinds."),
        ("check_documents", "procurement_officer", ["business_licence"], "Procurement has to check these documents."),
    ]
    assert (await coming("zh"))[0][3] == "供应商须提交这些种类的材料。"
    await gate.do_as("lin", "add-document", {"document": PAPERS[1]})
    for serial in (1, 2):
        await gate.do_as("ren", "check-document", {"serial": serial, "verdict": "accepted"})
    assert [each[0] for each in await coming()] == ["assign_reviewers"]
    await gate.do_as("head", "assign-reviewers", {"reviewers": [gate.people["ren"], gate.people["shi"]]})
    await gate.do_as("ren", "score", scores())
    assert [each[:3] for each in await coming()] == [("score", "reviewers", [gate.people["shi"]])]
    await gate.do_as("shi", "score", scores())
    assert [each[:3] for each in await coming()] == [("decide", "procurement_head", ["1/2"])]
    fence = {"key": "fence", "text": "安装围栏", "deadline": "2026-04-20T16:00:00Z"}
    conditionally = {"outcome": "grant_conditionally", "conditions": [fence]}
    await gate.do_as("head", "decide", conditionally)
    assert [each[:3] for each in await coming()] == [("decide", "procurement_head", ["2/2"])]
    await gate.do_as("deputy", "decide", conditionally)
    assert [each[:3] for each in await coming()] == [("submit_evidence", "vendor", ["fence"])]
    await gate.do_as("lin", "submit-evidence", {"condition": "fence", "files": ["a1" * 32]})
    assert [each[:3] for each in await coming()] == [("clear_condition", "procurement_officer", ["fence"])]
    await gate.do_as("ren", "clear-condition", {"condition": "fence"})
    assert await coming() == []
    await gate.do_as("head", "revoke", {"reason": "safety"})
    assert [each[0] for each in await coming()] == ["appeal", "apply"]


async def test_whoever_checks_a_document_can_open_it(gate: Gate) -> None:
    scan = hostile_files.picture()
    sha256 = hashlib.sha256(scan).hexdigest()
    path = f"/vendors/{VENDOR}/files/{sha256}"

    async def sent(who: str) -> int:
        said = {"Authorization": f"Bearer {gate.people[who]}", "Content-Type": "image/jpeg"}
        return (await gate.http.put(path, content=scan, headers=said)).status_code

    async def opened(who: str) -> bytes:
        answer = await gate.see(path, headers={"Authorization": f"Bearer {gate.people[who]}"})
        return answer.content if answer.status_code == 200 else b""

    await gate.publish()
    assert await sent("lin") == 404, "nothing names it"
    assert await gate.apply(documents=[{**PAPERS[0], "sha256": sha256}]) == (201, "")
    assert [await sent(who) for who in ("rival", "ren", "lin", "lin")] == [404, 403, 204, 204]
    assert [await opened(who) for who in ("ren", "lin", "rival")] == [scan, scan, b""]


async def test_each_reviewer_has_a_board_of_what_waits_for_them(gate: Gate) -> None:
    await gate.in_review("ren", "shi")
    await gate.do_as("ren", "score", scores())
    for who, expected in (("shi", [str(STREAM)]), ("ren", []), ("wu", [])):
        position = str(await gate.ledger.head())
        listed = await gate.look(who, "/qualifications", awaiting="me", min_position=position)
        assert [each["id"] for each in listed["items"]] == expected, who
    assert await gate.ask("wu", "score", scores()) == (403, "OutOfScope")
    assert await gate.ask("lin", "score", scores()) == (403, "NotPermitted")


async def test_a_panel_settles_what_diverges_and_its_members_have_not_scored(gate: Gate) -> None:
    await gate.in_review("ren", "shi")
    await gate.do_as("ren", "score", scores(plan=90))
    await gate.do_as("shi", "score", scores(plan=61))
    assert await gate.ask("wu", "settle", scores()) == (403, "OutOfScope")
    await gate.do_as("head", "assign-reviewers", {"reviewers": [gate.people["wu"]]})
    assert await gate.ask("ren", "settle", scores()) == (403, "DutiesKeptApart")
    await gate.do_as("wu", "settle", scores(plan=70))
    told = await gate.look("lin", f"{PATH}/explanation")
    assert (told["divergent"], told["settled_by"], told["dimensions"][3]["points"]) == (True, gate.people["wu"], 70.0)


# Deciding -------------------------------------------------------------------------------------------------------------


async def test_who_applies_does_not_approve_through_the_api_either(gate: Gate) -> None:
    await gate.publish()
    assert await gate.apply("both") == (201, "")
    for serial in (1, 2):
        body = {"serial": serial, "verdict": "accepted"}
        assert await gate.ask("both", "check-document", body) == (403, "DutiesKeptApart")
        await gate.do_as("ren", "check-document", body)
    await gate.do_as("head", "assign-reviewers", {"reviewers": [gate.people["ren"], gate.people["shi"]]})
    for each in ("ren", "shi"):
        await gate.do_as(each, "score", scores())
    assert await gate.ask("both", "decide", {"outcome": "grant"}) == (403, "DutiesKeptApart")


async def test_whoever_filed_last_counts_as_having_applied(gate: Gate) -> None:
    await gate.publish()
    assert await gate.apply() == (201, "")
    await gate.do_as("both", "add-document", {"document": {**PAPERS[1], "number": "2"}})
    assert await gate.ask("both", "check-document", {"serial": 1, "verdict": "accepted"}) == (403, "DutiesKeptApart")


async def test_one_level_of_two_enables_nothing_and_nobody_is_both(gate: Gate) -> None:
    await gate.reviewed()
    await gate.do_as("head", "decide", {"outcome": "grant"})
    assert (await gate.look("lin", PATH))["status"] == "applied"
    asked = {"category": "cameras", "area": DISTRICT}
    assert (await gate.look("lin", f"/vendors/{VENDOR}/qualified", **asked))["qualified"] is False
    assert await gate.ask("head", "decide", {"outcome": "grant"}) == (403, "DutiesKeptApart")
    assert await gate.ask("lin", "decide", {"outcome": "grant"}) == (403, "NotPermitted")
    await gate.do_as("deputy", "decide", {"outcome": "grant"})
    assert (await gate.look("lin", PATH))["status"] == "granted"


async def test_conditions_are_shown_to_be_met_by_one_side_and_cleared_by_the_other(gate: Gate) -> None:
    await gate.reviewed()
    condition = {"key": "fence", "text": "安装围栏", "deadline": "2026-04-01T00:00:00Z"}
    await gate.do_as("head", "decide", {"outcome": "grant_conditionally", "conditions": [condition]})
    await gate.do_as("deputy", "decide", {"outcome": "grant"})
    assert (await gate.look("lin", PATH))["status"] == "conditional"
    ending = await gate.look("head", "/expiries", min_position=str(await gate.ledger.head()))
    assert [(each["because"], each["conditions"]) for each in ending["items"]] == [("conditions", ["fence"])]
    await gate.do_as("lin", "submit-evidence", {"condition": "fence", "files": ["d4" * 32]})
    assert await gate.ask("lin", "clear-condition", {"condition": "fence"}) == (403, "NotPermitted")
    await gate.do_as("ren", "clear-condition", {"condition": "fence"})
    assert (await gate.look("lin", PATH))["status"] == "granted"


async def test_everything_that_ends_before_long_is_in_one_list(gate: Gate) -> None:
    await gate.reviewed()
    condition = {"key": "fence", "text": "安装围栏", "deadline": "2026-04-01T00:00:00Z"}
    await gate.do_as("head", "decide", {"outcome": "grant_conditionally", "conditions": [condition]})
    await gate.do_as("deputy", "decide", {"outcome": "grant"})
    at = gate.clock.at
    for number, until in (("1", date(2026, 5, 31)), ("2", date(2026, 4, 30))):
        certificate = vendor.AddCertificate(
            at=at, kind="lift_maintenance", number=number, issuer="局", valid_from=date(2026, 1, 1), valid_until=until
        )
        await gate.put(vendor.decider, vendor.stream(VENDOR), certificate)
    propose = emergency(at, days=20, place=DISTRICT)
    await gate.put(waiver.decider, waiver.stream(VENDOR, "cameras"), propose)
    ban = sanction.Blacklist(
        at=at, vendor=VENDOR, by="head", reason="forged_documents", text="弄虚作假", until=at + timedelta(days=40)
    )
    await gate.put(sanction.decider, sanction.stream(VENDOR), ban)

    async def ending(who: str = "lin", **asked: str) -> list[tuple[str, int, str]]:
        page = await gate.look(who, "/expiries", min_position=str(await gate.ledger.head()), **asked)
        for each in page["items"]:
            msgspec.convert(each, ExpiryView)
        return [(each["kind"], each["number"], each["ends_at"][:10]) for each in page["items"]]

    all_of_it = [
        *(("waiver", 1, "2026-03-22"), ("grant", 1, "2026-04-01")),
        *(("sanction", 1, "2026-04-11"), ("certificate", 2, "2026-04-30")),
    ]
    assert await ending() == await ending("head") == all_of_it
    assert await ending("rival") == []
    assert await ending(before="2026-04-05T00:00:00Z") == all_of_it[:2]
    assert await ending(kind="certificate") == all_of_it[3:]
    assert await ending(category="cameras") == all_of_it[:2]
    assert await ending(within=DISTRICT) == all_of_it[1:2]
    first = await gate.look("lin", "/expiries", limit="3")
    rest = await gate.look("lin", "/expiries", limit="3", cursor=first["next"])
    assert [each["kind"] for page in (first, rest) for each in page["items"]] == [kind for kind, _, _ in all_of_it]
    (certificate,) = rest["items"]
    assert [(each["number"], each["ends_at"][:10]) for each in certificate["also"]] == [(1, "2026-05-31")]


async def test_an_appeal_is_heard_by_others_on_the_evidence_at_a_position_of_the_log(gate: Gate) -> None:
    await gate.reviewed()
    await gate.do_as("head", "decide", {"outcome": "refuse", "reasons": ["other"]})
    head = await gate.ledger.head()
    contested = await gate.look("lin", f"{PATH}/explanation")
    assert await gate.ask("head", "appeal", {"reason": "facts_wrong"}) == (403, "NotPermitted")
    forged = await gate.send(f"{PATH}/appeal", {"reason": "facts_wrong", "position": 1}, actor=gate.people["lin"])
    assert forged.status_code == 422
    await gate.do_as("lin", "appeal", {"reason": "facts_wrong", "files": ["e5" * 32]})
    assert (await gate.look("lin", PATH))["cases"][0]["appeal"]["position"] == head
    assert (await gate.look("lin", f"{PATH}/explanation"))["complete"] is False
    assert await gate.look("lin", f"{PATH}/explanation", as_of=str(head)) == contested, "it stays to be looked up"
    named = {"reviewers": [gate.people["ren"], gate.people["qin"]]}
    assert await gate.ask("third", "assign-reviewers", named) == (409, "ReviewerHasHeardItBefore")
    await gate.do_as("third", "assign-reviewers", {"reviewers": [gate.people["wu"], gate.people["qin"]]})
    for each in ("wu", "qin"):
        await gate.do_as(each, "score", scores())
    assert await gate.ask("head", "decide", {"outcome": "grant"}) == (403, "DutiesKeptApart")
    await gate.do_as("third", "decide", {"outcome": "grant"})
    await gate.do_as("fourth", "decide", {"outcome": "grant"})
    assert (await gate.look("lin", PATH))["status"] == "granted"


# Who was qualified when -----------------------------------------------------------------------------------------------


async def test_nothing_of_it_is_dated_back_into_a_window_or_under_rules_of_before(gate: Gate) -> None:
    """Who is late says it was in time; who fails by the rules of now applies by those of then."""
    await gate.reviewed()
    await gate.do_as("head", "decide", {"outcome": "refuse", "reasons": ["other"]})
    in_time = gate.clock.at
    gate.clock.pass_by(days=20)
    late: Mapping[str, object] = {"reason": "facts_wrong"}
    assert await gate.ask("lin", "appeal", late) == (409, "QualificationAppealTooLate")
    dated = {"occurred_at": in_time.isoformat()}
    steps: Sequence[tuple[str, str, Mapping[str, object]]] = (
        ("lin", "appeal", late),
        ("lin", "submit-evidence", {"condition": "fence", "files": ["e5" * 32]}),
        ("head", "clear-condition", {"condition": "fence"}),
        ("head", "decide", {"outcome": "grant"}),
        ("ren", "check-document", {"serial": 1, "verdict": "accepted"}),
        ("lin", "add-document", {"document": PAPERS[1]}),
    )
    for who, command, body in steps:
        assert await gate.ask(who, command, {**body, **dated}) == (422, "Invalid"), command
    assert await gate.apply(area="", occurred_at=in_time.isoformat()) == (422, "Invalid")
    publish = {"document": DOCUMENT, **dated}
    answer = await gate.send("/admission-schemes/lifts", publish, actor=gate.people["head"])
    assert answer.status_code == 422, answer.text


async def test_the_log_answers_who_was_qualified_where_and_when_by_what(gate: Gate) -> None:
    await gate.granted()
    known = await gate.ledger.head()
    answer = f"/vendors/{VENDOR}/qualified"
    asked = {"category": "cameras", "area": f"{WILLOWS}001"}
    found = await gate.look("lin", answer, **asked)
    ground = found["ground"]
    assert (found["qualified"], ground["id"], ground["area"], ground["case"]) == (True, str(STREAM), DISTRICT, 1)
    assert ground["scheme_version"] == 1
    assert [(each["kind"], each["number"], each["sha256"]) for each in ground["documents"]] == [
        (LICENCE.kind, LICENCE.number, LICENCE.sha256),
        (LASTING.kind, LASTING.number, LASTING.sha256),
    ]
    rows = {row.position: row.tag.removeprefix("qualification.") for row in await gate.ledger.read(STREAM)}
    assert [rows[each] for each in ground["positions"]] == [
        "submitted",
        "document_checked",
        "document_checked",
        "reviewed",
        "decided",
        "decided",
        "granted",
    ]
    assert (await gate.look("lin", answer, **asked, at="2026-03-02T02:59:59Z"))["qualified"] is False
    assert (await gate.look("lin", answer, **asked, at="2026-03-02T03:00:00Z"))["qualified"] is True
    assert (await gate.look("lin", answer, category="cameras"))["qualified"] is False, "not in the whole city"

    gate.clock.pass_by(days=5)
    await gate.do_as("head", "revoke", {"reason": "safety"})
    now = await gate.look("lin", answer, **asked)
    assert (now["qualified"], [each["because"] for each in now["ended"]]) == (False, ["revoked"])
    assert (await gate.look("lin", answer, **asked, at="2026-03-03T00:00:00Z"))["qualified"] is True
    before = await gate.look("lin", answer, **asked, at="2026-03-20T00:00:00Z", as_known_at=str(known))
    assert (before["qualified"], before["known_at"]) == (True, known), "as we knew it then"
    assert (await gate.look("lin", answer, **asked, at="2026-03-20T00:00:00Z"))["qualified"] is False


async def test_an_emergency_waiver_is_named_where_there_is_no_grant(gate: Gate) -> None:
    await gate.publish()
    stream, began = waiver.stream(VENDOR, "cameras"), gate.clock.at
    propose = emergency(began, days=30, place=DISTRICT)
    answer, asked = f"/vendors/{VENDOR}/qualified", {"category": "cameras", "area": WILLOWS}
    await gate.put(waiver.decider, stream, propose)
    assert (await gate.look("lin", answer, **asked))["waivers"] == [], "one signature is none"
    await gate.put(waiver.decider, stream, waiver.Sign(at=began + timedelta(hours=1), number=1))
    gate.clock.pass_by(hours=2)
    found = await gate.look("lin", answer, **asked)
    named = [(each["number"], each["area"], each["what"], each["reason"]) for each in found["waivers"]]
    assert (found["qualified"], named) == (False, [(1, DISTRICT, ["work"], "disaster")])
    assert found["waivers"][0]["positions"] == [row.position for row in await gate.ledger.read(stream)]
    elsewhere = await gate.look("lin", answer, category="cameras")
    assert elsewhere["waivers"] == [], "not in the whole city"
    gate.clock.pass_by(days=2)
    await gate.put(waiver.decider, stream, waiver.Revoke(at=gate.clock.at, number=1, reason="emergency_over"))
    assert (await gate.look("lin", answer, **asked))["waivers"] == []
    then = await gate.look("lin", answer, **asked, at=(began + timedelta(days=1)).isoformat())
    assert [each["number"] for each in then["waivers"]] == [1], "it counted then"


async def test_a_committee_sees_the_waivers_of_its_area_and_no_others(gate: Gate) -> None:
    await gate.publish()
    await gate.appoint("fang", "committee", str(new_id()), WILLOWS)
    stream, at = waiver.stream(VENDOR, "cameras"), gate.clock.at
    for number, place in enumerate((DISTRICT, WILLOWS), 1):
        propose = emergency(at, days=30, place=place)
        await gate.put(waiver.decider, stream, propose)
        await gate.put(waiver.decider, stream, waiver.Sign(at=at, number=number))
    path, position = f"/waivers/{VENDOR}/cameras", str(await gate.ledger.head())
    assert [each["number"] for each in (await gate.look("fang", path))["waivers"]] == [2]
    (listed,) = (await gate.look("fang", "/waivers", min_position=position))["items"]
    assert [each["number"] for each in listed["waivers"]] == [2]
    assert [each["number"] for each in (await gate.look("lin", path))["waivers"]] == [1, 2]


async def test_whoever_asks_when_a_grant_ends_is_told_the_same_everywhere(gate: Gate) -> None:
    await gate.publish()
    assert await gate.apply(documents=[PAPERS[0], msgspec.to_builtins(SAFETY)]) == (201, "")
    for serial in (1, 2):
        await gate.do_as("ren", "check-document", {"serial": serial, "verdict": "accepted"})
    await gate.do_as("head", "assign-reviewers", {"reviewers": [gate.people[each] for each in ("ren", "shi")]})
    for each in ("ren", "shi"):
        await gate.do_as(each, "score", scores())
    for each in ("head", "deputy"):
        await gate.do_as(each, "decide", {"outcome": "grant"})
    now = {"min_position": str(await gate.ledger.head())}
    (listed,) = (await gate.look("lin", "/qualifications", **now))["items"]
    (ending,) = (await gate.look("lin", "/expiries", **now))["items"]
    (held,) = (await gate.look("lin", f"/vendors/{VENDOR}/dossier"))["qualifications"]
    answered = await gate.look("lin", f"/vendors/{VENDOR}/qualified", category="cameras", area=DISTRICT)
    (grant,) = (await gate.look("lin", PATH))["grants"]
    ends = {listed["granted_until"], ending["ends_at"], held["granted_until"], answered["ground"]["ends_at"]}
    assert ends == {grant["ends_at"]} == {"2027-03-31T16:00:00Z"}, "with the licence, long before the term"


async def test_nobody_asks_about_others_or_about_nothing(gate: Gate) -> None:
    for who, path, query, status in (
        ("rival", f"/vendors/{VENDOR}/qualified", {"category": "cameras"}, 404),
        ("lin", f"/vendors/{VENDOR}/qualified", {}, 400),
        ("lin", f"/vendors/{VENDOR}/qualified", {"category": "cameras", "year": "2026"}, 400),
        ("head", f"/vendors/{new_id()}/qualified", {"category": "cameras"}, 404),
        ("head", f"{PATH}/explanation", {}, 404),
        ("head", "/qualifications", {"status": "fine"}, 400),
    ):
        answer = await gate.see(path, query, headers={"Authorization": f"Bearer {gate.people[who]}"})
        assert answer.status_code == status, (path, query, answer.text)


async def test_a_grant_that_lapsed_while_nobody_looked_has_lapsed_at_its_moment(gate: Gate) -> None:
    await gate.granted()
    asked = {"category": "cameras", "area": DISTRICT}
    answer = f"/vendors/{VENDOR}/qualified"
    term = datetime(2028, 3, 2, 3, tzinfo=UTC)
    assert (await gate.look("lin", answer, **asked, at="2028-03-02T02:59:59Z"))["qualified"] is True
    assert (await gate.look("lin", answer, **asked, at="2028-03-02T03:00:00Z"))["qualified"] is False
    late = Elapse(label="lapse", at=datetime(2029, 1, 1, tzinfo=UTC))
    context = Context(actor="clock", occurred_at=late.at)
    first = await gate.door.execute(qualification.decider, STREAM, late, context)
    again = await gate.door.execute(qualification.decider, STREAM, late, context)
    assert (first.events, again.events) == (4, 0)
    grant = (await gate.look("lin", PATH))["grants"][0]
    assert (grant["ended"], grant["ends_because"], datetime.fromisoformat(grant["ends_at"])) == (True, "term", term)


async def test_the_examples_are_such(gate: Gate) -> None:
    msgspec.convert(qualification_examples.EXAMPLE, QualificationView)
    msgspec.convert(qualification_examples.EXPLANATION, Explanation)
    body = {"document": scheme_examples.DOCUMENT}
    answer = await gate.send("/admission-schemes/cameras", body, actor=gate.people["head"])
    assert answer.status_code == 200, answer.text
    example = {**qualification_examples.SUBMIT.example, "vendor": VENDOR}
    answer = await gate.send("/qualifications", example, actor=gate.people["lin"])
    assert answer.status_code == 201, answer.text
