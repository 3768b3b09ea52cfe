"""A vendor's life, from its file to its reinstatement, over a year and a half that pass in seconds."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from adapters.demo_city import MINGDA
from domain.admission import qualification
from domain.evaluation import standing
from tests.journeys import vendor_steps as steps
from tests.journeys.vendor_city import COMMUNITY, ELSEWHERE, City, city, month, months_on
from tests.journeys.vendor_steps import CATEGORY, engage, job, note, qualified


@pytest.fixture
async def here(database: str, tmp_path: Path) -> AsyncIterator[City]:
    async with city(database, tmp_path / "var") as made, made.following(), made.working():
        yield made


async def test_a_vendor_is_admitted_rated_suspended_and_reinstated(here: City) -> None:
    moments = {"before": here.now}
    await _opens_its_file(here)
    case = await _is_admitted_on_a_condition(here, moments)
    await _meets_it_in_time(here, case, moments)
    await _is_admitted_for_another_year(here, case, moments)
    await _is_rated_down_and_recovers(here)
    await _is_suspended_and_reinstated(here)
    await _all_of_it_can_be_told(here, moments)


async def _opens_its_file(here: City) -> None:
    scheme = f"/admission-schemes/{CATEGORY}"
    assert await here.refused("head", scheme, {"document": steps.LOPSIDED}) == "SchemeWeightsDoNotSum"
    assert await here.refused("officer", scheme, {"document": steps.SCHEME}) == "NotPermitted"
    await here.do("head", scheme, {"document": steps.SCHEME})
    assert await here.refused("officer", "/engagements/awards", job(here)) == "VendorNotRegistered"

    file = await steps.open_file(here)

    assert await here.refused("officer", "/engagements/awards", job(here)) == "VendorNotVerified"
    assert await here.refused("agent", f"{file}/verify", {"declaration": 1, "accepted": True}) == "NotPermitted"
    await here.do("officer", f"{file}/verify", {"declaration": 1, "accepted": True})
    assert await here.refused("officer", "/engagements/awards", job(here)) == "NotQualified: never"


async def _is_admitted_on_a_condition(here: City, moments: dict[str, datetime]) -> str:
    await here.pass_by(days=1)
    blurred = steps.paper(here, "business_licence", "1")
    case = await steps.submit(here, blurred, steps.paper(here, "safety_licence", "2", years=2))
    await here.do("officer", f"{case}/check-document", {"serial": 1, "verdict": "rejected", "reason": "illegible"})
    await here.do("agent", f"{case}/add-document", {"document": {**blurred, "sha256": "c3" * 32}})
    for serial in (2, 3):
        await here.do("officer", f"{case}/check-document", {"serial": serial, "verdict": "accepted"})

    await here.pass_by(days=1)
    officers = [here.people["officer"], here.people["second officer"]]
    await here.do("third head", f"{case}/assign-reviewers", {"reviewers": officers})
    await here.do("officer", f"{case}/score", {"scores": steps.scores(80)})
    blind = await here.see("second officer", f"{case}/explanation")
    assert not blind["complete"]
    assert blind["total"] is None
    assert not [each for one in blind["dimensions"] for each in one["criteria"] if each["given"]]
    await here.do("second officer", f"{case}/score", {"scores": steps.scores(75)})
    assert (await here.see("agent", f"{case}/explanation"))["passed"]

    deadline = here.now + timedelta(days=30)
    conditions = steps.conditionally(deadline)
    assert await here.refused("officer", f"{case}/decide", conditions) == "NotPermitted"
    await here.do("head", f"{case}/decide", conditions)
    assert (await here.see("agent", case))["cases"][0]["approvals"][0]["level"] == 1
    assert await here.refused("officer", "/engagements/awards", job(here)) == "NotQualified: undecided"
    assert await here.refused("head", f"{case}/decide", conditions) == "DutiesKeptApart"
    moments["decided once"] = here.now

    await here.pass_by(hours=3)
    await here.do("second head", f"{case}/decide", conditions)
    moments["conditional"] = await here.pass_by(hours=1)
    engaged = await engage(here, "首个项目", "accept", "start", "finish")
    basis = (await here.see("officer", engaged))["basis"]
    assert (basis["kind"], basis["number"], basis["scheme_version"]) == ("grant", 1, 1)
    assert datetime.fromisoformat(basis["until"]) == deadline, "it lasts no longer than its condition"
    assert await here.refused("officer", f"{engaged}/pay-out") == "NotPermitted"
    await here.do("head", f"{engaged}/pay-out")
    assert (
        await here.refused("officer", "/engagements/awards", job(here) | {"area": ELSEWHERE}) == "NotQualified: never"
    )
    return case


async def _meets_it_in_time(here: City, case: str, moments: dict[str, datetime]) -> None:
    await here.pass_by(days=20)
    (ending,) = (await here.see("agent", "/expiries"))["items"]
    assert (ending["because"], ending["conditions"]) == ("conditions", [steps.FENCE])
    met = {"condition": steps.FENCE}
    assert await here.refused("third officer", f"{case}/clear-condition", met) == "ConditionEvidenceMissing"
    await here.do("agent", f"{case}/submit-evidence", met | {"files": ["d4" * 32]})
    await here.do("third officer", f"{case}/clear-condition", met)

    moments["cleared"] = await here.pass_by(days=20)  # beyond the deadline

    assert (await here.see("agent", case))["status"] == "granted"
    assert await here.by_itself(qualification.decider, _id(case)) == []
    await _changes_its_account(here, await engage(here, "第二个项目", "accept", "start", "finish"))


async def _changes_its_account(here: City, finished: str) -> None:
    """Until a second person has verified another bank account, nothing is paid or begun."""
    file = f"/vendors/{here.vendor}"
    await here.do("agent", f"{file}/declare", {"account": "6227 0000 0000 0002"})
    assert await here.refused("head", f"{finished}/pay-out") == "VendorFrozen"
    assert await here.refused("officer", "/engagements/awards", job(here)) == "VendorFrozen"
    assert (await here.see("agent", file))["account"] == "6222000000000001", "what was verified counts still"
    await here.do("third officer", f"{file}/verify", {"declaration": 2, "accepted": True})
    await here.do("head", f"{finished}/pay-out")


async def _is_admitted_for_another_year(here: City, case: str, moments: dict[str, datetime]) -> None:
    await here.do("head", f"/admission-schemes/{CATEGORY}", {"document": {**steps.SCHEME, "pass_mark": 70}})
    (grant,) = (await here.see("agent", case))["grants"]
    ends = datetime.fromisoformat(grant["until"])
    papers = (steps.paper(here, "business_licence", "1"), steps.paper(here, "safety_licence", "2", years=2))
    early = {"vendor": here.vendor, "category": CATEGORY, "area": COMMUNITY[:6], "documents": papers}
    assert await here.refused("agent", "/qualifications", early) == "RenewalNotOpenYet"

    await here.pass_to(ends - timedelta(days=20))
    assert await here.by_itself(qualification.decider, _id(case)) == [
        qualification.ExpiryNoted(at=ends - timedelta(days=days), of="grant", until=ends, days=days)
        for days in (90, 30)
    ]

    papers = (steps.paper(here, "business_licence", "1"), steps.paper(here, "safety_licence", "3", years=2))
    assert await steps.submit(here, *papers) == case
    for serial in (4, 5):
        await here.do("officer", f"{case}/check-document", {"serial": serial, "verdict": "accepted"})
    await steps.review(here, case)
    for head in ("head", "second head"):
        await here.do(head, f"{case}/decide", {"outcome": "grant"})

    moments["renewed"] = await here.pass_to(ends + timedelta(days=1))
    told = await here.by_itself(qualification.decider, _id(case))
    assert told[-1] == qualification.Lapsed(at=ends, case=1, because="renewed")
    await here.do("head", f"{await engage(here, '第三个项目', 'accept', 'start', 'finish')}/pay-out")


async def _is_rated_down_and_recovers(here: City) -> None:
    await steps.agree(here)
    await here.pass_to(months_on(here.now, 1))
    first = month(here.now)
    await here.do("head", "/rating-schemes/vendors", {"counts_from": here.now.isoformat(), "rules": steps.RATING})
    awarded = await engage(here, "考评前的项目")

    await steps.work(here)
    await steps.work(here, late=True)
    await note(here, "rating", points=5)
    assert (await here.see("agent", f"/standings/{here.vendor}/periods/{first}"))["closed"] is False
    await here.pass_to(months_on(here.now, 1) + timedelta(days=3))  # the days of grace are over
    watched = await here.see("agent", f"/standings/{here.vendor}")
    assert (watched["band"], watched["total"], watched["kept_from"]) == ("watch", 6000, [])
    await here.do("officer", f"{await engage(here, '观察期的项目')}/cancel", {"reason": "not_needed"})

    second = month(here.now)
    await steps.work(here, late=True)
    await note(here, "work_done", 19)
    await note(here, "no_show")
    await note(here, "rating", 2, points=4)
    await note(here, "rating", points=3)
    await here.pass_to(months_on(here.now, 1) + timedelta(days=3))
    period = await here.see("agent", f"/standings/{here.vendor}/periods/{second}")
    assert period["closed"]
    assert period["explanation"]["total"] == 3900
    assert {each["kind"] for each in period["evidence"]} >= {"sla_breached", "no_show", "rating", "work_done"}
    assert all(each["source"] for each in period["evidence"] if each["kind"] == "sla_breached")
    assert (await here.see("agent", f"/standings/{here.vendor}"))["band"] == "no_new_work"
    for door in ("awards", "offers"):
        assert await here.refused("officer", f"/engagements/{door}", job(here)) == "StandsTooLow"
    assert await here.refused("agent", f"{awarded}/accept") == "StandsTooLow"
    waits = await steps.order(here)
    assert await here.refused("manager", f"{waits}/assign", {"company": here.vendor}) == "StandsTooLow"
    await here.do("manager", f"{waits}/cancel", {"reason": "mended by ourselves"})

    await note(here, "sla_kept", 3)
    await note(here, "work_done", 3)
    await note(here, "rating", points=4)
    await here.pass_to(months_on(here.now, 1) + timedelta(days=3))
    assert (await here.see("agent", f"/standings/{here.vendor}"))["band"] == "preferred"
    closed = await here.by_itself(standing.decider, standing.stream(here.vendor))
    assert [each.card.period for each in closed if isinstance(each, standing.PeriodClosed)] == [
        first,
        second,
        month(here.now - timedelta(days=20)),
    ]
    assert await here.refused("officer", "/engagements/awards", job(here) | {"value_fen": 5_000_001}) == "BeyondItsTier"
    for step in ("accept", "start", "finish"):
        await here.do("agent", f"{awarded}/{step}")
    await here.do("head", f"{awarded}/pay-out")


async def _is_suspended_and_reinstated(here: City) -> None:
    await _let_the_other_in(here)
    kept, unpaid, moved, left = [
        await engage(here, title, *done)
        for title, done in (
            ("继续的项目", ("accept", "start")),
            ("未付款的项目", ("accept", "start", "finish")),
            ("改派的项目", ()),
            ("无人处理的项目", ("accept",)),
        )
    ]
    dropped = await here.make("officer", "/engagements/offers", job(here, "取消的邀约"))
    assigned, waits = await steps.order(here), await steps.order(here)
    await here.do("manager", f"{assigned}/assign", {"company": here.vendor})

    reason = {"reason": "quality", "text": "三次返修不合格"}
    assert await here.refused("agent", f"/vendors/{here.vendor}/sanctions/suspend", reason) == "NotPermitted"
    await here.do("second head", f"/vendors/{here.vendor}/sanctions/suspend", reason)

    # at that very instant, in every door
    for who, path, body in (
        ("officer", "/engagements/awards", job(here)),
        ("officer", "/engagements/offers", job(here)),
        ("agent", f"{dropped}/accept", None),
        ("agent", f"{left}/start", None),
        ("head", f"{unpaid}/pay-out", None),
        ("manager", f"{waits}/assign", {"company": here.vendor}),
    ):
        assert (await here.refused(who, path, body)).startswith("VendorSuspended"), path

    assert await _public(here, "suspended") == [(MINGDA.name, reason["text"])]
    assert await _public(here, "qualified") == []

    fan_out = await _fan_out(here, 6)
    under_way = {each["id"]: each["found"] for each in (await here.see("agent", fan_out))["items"]}
    assert under_way == {
        str(_id(kept)): "started",
        str(_id(unpaid)): "finished",
        str(_id(moved)): "awarded",
        str(_id(left)): "accepted",
        str(_id(dropped)): "offered",
        str(_id(assigned)): "assigned",
    }
    assert await here.refused("agent", f"{fan_out}/choose", _choice(kept, "keep", "nearly_done")) == "NotPermitted"
    for choice in (
        _choice(kept, "keep", "nearly_done"),
        _choice(unpaid, "hold", "investigation"),
        _choice(moved, "reassign", "replacement_found", to=here.other),
        _choice(dropped, "cancel", "not_needed"),
        _choice(assigned, "keep", "no_replacement"),
    ):
        await here.do("third officer", f"{fan_out}/choose", choice)
    await here.until(lambda: _all_done(here, fan_out, but=1))

    await here.do("agent", f"{kept}/finish")
    await here.do("head", f"{kept}/pay-out")
    assert await here.refused("head", f"{unpaid}/pay-out") == "EngagementHeld: sanction"
    assert (await here.see("officer", dropped))["status"] == "cancelled"
    assert (await here.see("officer", moved))["vendor"] == here.other
    await here.do("rival", f"{moved}/accept")
    assert (await here.see("agent", fan_out))["closed_at"] is None, "one is left"

    deadline = datetime.fromisoformat((await here.see("agent", fan_out))["deadline"])
    assert deadline == here.now + timedelta(days=3)
    await here.pass_to(deadline)
    await here.until(lambda: _closed(here, fan_out))
    assert await here.refused("third officer", f"{fan_out}/choose", _choice(left, "keep", "other")) == "FanOutClosed"
    report = (await here.see("agent", fan_out))["report"]
    assert {(each["choice"], each["outcome"], each["by_default"]): each["number"] for each in report} == {
        ("cancel", "done", False): 1,
        ("hold", "done", False): 1,
        ("hold", "done", True): 1,
        ("keep", "done", False): 2,
        ("reassign", "done", False): 1,
    }
    assert (await here.see("agent", left))["held"] == "sanction"

    await _is_heard(here)
    await engage(here, "恢复后的项目", "accept")
    await here.do("manager", f"{waits}/assign", {"company": here.vendor})
    assert await here.refused("agent", f"{left}/start") == "EngagementHeld: sanction"
    for held in (left, unpaid):
        await here.do("head", f"{held}/release")
    await here.do("agent", f"{left}/start")
    await here.do("head", f"{unpaid}/pay-out")


async def _public(here: City, status: str) -> list[tuple[str, str]]:
    """Whom the list that is open to everybody holds, and why."""
    items = (await here.see("manager", "/public/vendors", status=status, area=COMMUNITY))["items"]
    return [(each["name"], each["text"]) for each in items]


async def _let_the_other_in(here: City) -> None:
    """Another vendor helps out in an emergency: two people sign for that."""
    file = await steps.open_file(here, "rival")
    await here.do("second officer", f"{file}/verify", {"declaration": 1, "accepted": True})
    waiver = f"/waivers/{here.other}/{CATEGORY}"
    emergency = {
        "reason": "public_safety",
        "text": "门禁停用，需立即接手",
        "what": ["award", "accept", "work"],
        "until": (here.now + timedelta(days=60)).isoformat(),
        "area": COMMUNITY,
    }
    await here.do("officer", waiver, emergency)
    theirs = job(here) | {"vendor": here.other}
    assert await here.refused("officer", "/engagements/awards", theirs) == "NotQualified: never"
    assert await here.refused("officer", f"{waiver}/1/sign") == "DutiesKeptApart"
    await here.do("head", f"{waiver}/1/sign")


async def _is_heard(here: City) -> None:
    """The vendor appeals, and whoever suspended it does not hear that."""
    sanction = f"/vendors/{here.vendor}/sanctions/1"
    known = await here.core.ledger.head()
    await here.do("agent", f"{sanction}/appeal", {"grounds": "返修已验收合格"})
    await note(here, "complaint")
    finding = {"finding": "证据不足，撤销原决定"}
    assert await here.refused("agent", f"{sanction}/overturn", finding) == "NotPermitted"
    assert await here.refused("second head", f"{sanction}/overturn", finding) == "DutiesKeptApart"
    assert (await here.refused("officer", "/engagements/awards", job(here))).startswith("VendorSuspended")
    await here.do("head", f"{sanction}/overturn", finding)
    (told,) = (await here.see("agent", f"/vendors/{here.vendor}/sanctions"))["sanctions"]
    assert (told["status"], told["appeal"]["outcome"]) == ("overturned", "overturned")
    assert told["appeal"]["position"] == known, "what came later is no evidence"


async def _fan_out(here: City, items: int) -> str:
    """The path of the one fan-out, once it has found so many items."""

    async def found() -> bool:
        return any(each["items"] == items for each in (await here.see("head", "/fan-outs"))["items"])

    await here.until(found)
    (one,) = (await here.see("agent", "/fan-outs", vendor=here.vendor, undecided=True))["items"]
    return f"/fan-outs/{one['id']}"


def _choice(path: str, choice: str, reason: str, **to: str) -> dict[str, str]:
    return {"item": str(_id(path)), "choice": choice, "reason": reason, **to}


async def _all_done(here: City, fan_out: str, *, but: int) -> bool:
    items = (await here.see("head", fan_out))["items"]
    assert not [each["code"] for each in items if each["status"] == "refused"]
    waiting: int = sum(each["status"] != "done" for each in items)
    return waiting == but


async def _closed(here: City, fan_out: str) -> bool:
    shown = await here.see("head", fan_out)
    return shown["closed_at"] is not None


async def _all_of_it_can_be_told(here: City, moments: dict[str, datetime]) -> None:
    """Everything that shows the vendor agrees, and the log knows how it was."""
    told = {name: await qualified(here, at) for name, at in moments.items()}
    assert {name: each["qualified"] for name, each in told.items()} == {
        "before": False,
        "decided once": False,
        "conditional": True,
        "cleared": True,
        "renewed": True,
    }
    grounds = {name: each["ground"] for name, each in told.items() if each["qualified"]}
    assert {name: _in_short(each) for name, each in grounds.items()} == {
        "conditional": (1, 1, True, [2, 3]),
        "cleared": (1, 1, False, [2, 3]),
        "renewed": (2, 2, False, [2, 3, 4, 5]),  # the older papers are valid still
    }
    known = max(grounds["conditional"]["positions"])
    assert (await qualified(here, moments["cleared"], as_known_at=known))["qualified"] is False, "it would lapse"
    assert (await qualified(here, moments["conditional"], as_known_at=known - 1))["qualified"] is False
    later = await qualified(here, here.now + timedelta(days=400))
    assert [(each["case"], each["because"]) for each in later["ended"]] == [(1, "renewed"), (2, "term")]

    (line,) = (await here.see("officer", "/vendors", q="明达"))["items"]
    assert (line["id"], line["status"], line["frozen"]) == (here.vendor, "verified", False)
    (granted,) = (await here.see("officer", "/qualifications", vendor=here.vendor, granted=True))["items"]
    assert granted["granted_until"] == grounds["renewed"]["ends_at"]
    turns = (await here.see("officer", f"/standings/{here.vendor}/history"))["turns"]
    bands = [each["now"] for each in turns if each["event"].endswith("band_changed")]
    assert bands == ["watch", "no_new_work", "preferred"]
    assert (await here.see("officer", f"/standings/{here.vendor}"))["band"] == bands[-1]
    assert (await here.see("officer", f"/vendors/{here.vendor}/sanctions"))["in_force"] == []
    assert await _public(here, "suspended") == []
    assert await _public(here, "qualified") == [(MINGDA.name, "")]
    dossier = await here.see("officer", f"/vendors/{here.vendor}/dossier", category=CATEGORY, area=COMMUNITY)
    assert (dossier["standing"]["band"], dossier["sanctions"]) == ("preferred", [])
    assert all(each["allowed"] for each in dossier["would"]), dossier["would"]


def _in_short(ground: Any) -> tuple[int, int, bool, list[int]]:
    """The case, the version of the rules, whether a condition was open, and the documents."""
    documents = [each["serial"] for each in ground["documents"]]
    return ground["case"], ground["scheme_version"], ground["conditional"], documents


def _id(path: str) -> UUID:
    return UUID(path.rpartition("/")[2])
