"""The story of a vendor: who may work here is decided by rules, by several people, and can be told from the log later.

    rules -> its file -> verified by another -> documents, blind scores, two levels -> work
        -> another bank account freezes all -> suspended, with a choice for what is under way -> appeal -> reinstated
        -> was it qualified then? -> who is on the public list -> what if other rules had counted?

Every command has a key of its own, so a story that was cut short goes on where it stopped. One that was told to its end
is not told again: only what can be seen of it.
"""

import asyncio
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from adapters import demo_rules
from adapters.demo_city import ACCOUNTS, ANJIE, MINGDA, STAGE
from adapters.demo_stage import NAMES, Api, Cast, Json, Teller, clock, must

CATEGORY: Final = "access_control"
DISTRICT: Final = STAGE[:6]
FILE: Final = f"/vendors/{MINGDA.id}"
_BACK = timedelta(days=30)  # the calendar counts from so long before the first start
_PATIENCE = 60.0  # seconds for something that the workflows should do within 5


class _Story(NamedTuple):
    """Everybody in it, and the moment that all dates are told relative to, which is the same at every start."""

    cast: Cast
    teller: Teller
    anchor: datetime

    async def do(self, who: str, path: str, body: Mapping[str, object], key: str, *, expect: int = 201) -> Json:
        """A command that is done once, however often it is sent."""
        return await (await self.cast.as_(who)).post(path, body, key=f"demo-vendor-{key}", expect=expect)

    async def refused(self, who: str, path: str, body: Mapping[str, object], key: str, code: str) -> None:
        """A command that must be refused, and why."""
        expect = 403 if code in {"NotPermitted", "DutiesKeptApart"} else 409
        no = await self.do(who, path, body, key, expect=expect)
        must(no["code"] == code, f"{path} was refused as {no['code']}")
        self.teller.fact(f"{_name(who)} POST {_short(path)} → {expect} {no['code']}：{no['title']}", markup=False)

    async def award(self, key: str, title: str) -> str:
        """Something to do for the vendor; its path."""
        made = await self.do("procurement_officer", "/engagements/awards", _job(title), f"award-{key}")
        self.teller.fact(f"{_name('procurement_officer')} POST /engagements/awards → 201 「{title}」", markup=False)
        return f"/engagements/{made['id']}"

    async def no_award(self, key: str, code: str) -> None:
        """The same, which must be refused."""
        await self.refused("procurement_officer", "/engagements/awards", _job("门禁改造"), f"no-award-{key}", code)


async def play(cast: Cast, teller: Teller) -> None:
    """From the rules to a vendor that is reinstated. Raises StoryFailed."""
    head = await cast.as_("procurement_head")
    calendar = await head.get("/work-calendars/cn")
    story = _Story(cast, teller, datetime.fromisoformat(calendar["versions"][0]["at"]) + _BACK)
    if await _was_told(head):
        teller.step("供应商准入：以前已演过，只看结果", "vendor access was played before: only what came of it")
    else:
        await _publish(story)
        await _open_file(story)
        await _admit(story)
        await _change_account(story)
        await _suspend(story)
        await _reinstate(story)
    await _look_back(head, story)
    await _what_if(head, story)


async def _was_told(head: Api) -> bool:
    known = await head.find(f"{FILE}/sanctions")
    return known is not None and any(each["status"] == "overturned" for each in known["sanctions"])


async def _publish(story: _Story) -> None:
    story.teller.step("发布准入方案与考评办法", "the rules: who is admitted, and how vendors are rated")
    scheme, lopsided = f"/admission-schemes/{CATEGORY}", {"document": demo_rules.scheme(assets=30)}
    await story.refused("procurement_head", scheme, lopsided, "scheme-lopsided", "SchemeWeightsDoNotSum")
    await story.do("procurement_head", scheme, {"document": demo_rules.scheme()}, "scheme")
    rating = {"counts_from": (story.anchor - timedelta(days=365)).isoformat(), "rules": demo_rules.rating(60, 60)}
    await story.do("procurement_head", "/rating-schemes/vendors", rating, "rating")
    story.teller.fact(
        f"门禁 {CATEGORY}：四个维度各有最低分，2 人盲评，2 级审批，有效 12 个月 two blind reviewers, two levels"
    )


async def _open_file(story: _Story) -> None:
    story.teller.step("供应商自行登记，由第二人核验", "a vendor opens its file; a second person verifies it")
    file = {
        "vendor": MINGDA.id,
        "name": MINGDA.name,
        "credit_code": MINGDA.code,
        "legal_representative": ACCOUNTS["provider_manager"].person,
        "contacts": [{"person": ACCOUNTS["vendor_agent"].person, "role": "general"}],
        "bank": "示范银行示范支行",
        "account": "6222 0000 0000 0001",
        "founded_on": "2015-06-01",
        "registered_capital_fen": 600_000_000,
    }
    await story.do("vendor_agent", "/vendors", file, "register")
    story.teller.fact(f"{_name('vendor_agent')} POST /vendors → 201 {MINGDA.name} {MINGDA.code}")
    verify = {"declaration": 1, "accepted": True}
    await story.refused("vendor_agent", f"{FILE}/verify", verify, "verify-oneself", "NotPermitted")
    await story.no_award("unverified", "VendorNotVerified")
    await story.do("procurement_officer", f"{FILE}/verify", verify, "verify")
    story.teller.fact(f"{_name('procurement_officer')} POST …/verify → 已核验 verified")


async def _admit(story: _Story) -> None:
    story.teller.step("申请准入：逐份核验、盲评、两级审批", "documents checked one by one, blind scores, two levels")
    application = {
        "vendor": MINGDA.id,
        "category": CATEGORY,
        "area": DISTRICT,
        "answers": [{"criterion": "capital", "value": 600_000_000}],
        "documents": [_paper(story, "business_licence", 0), _paper(story, "safety_licence", 2)],
    }
    case = f"/qualifications/{(await story.do('vendor_agent', '/qualifications', application, 'submit'))['id']}"
    for serial in (1, 2):
        checked = {"serial": serial, "verdict": "accepted"}
        await story.do("procurement_officer", f"{case}/check-document", checked, f"check-{serial}")
    reviewers = ("procurement_officer", "second_officer")
    named = {"reviewers": [ACCOUNTS[each].person for each in reviewers]}
    await story.do("procurement_head", f"{case}/assign-reviewers", named, "reviewers")
    for points, each in zip((80, 76), reviewers, strict=True):
        await story.do(each, f"{case}/score", {"scores": _scores(points)}, f"score-{each}")
    explained = await (await story.cast.as_("vendor_agent")).get(f"{case}/explanation")
    must(explained["passed"], "the case did not pass")
    story.teller.fact(f"总分 total {explained['total']}，及格线 pass mark {explained['pass_mark']}")
    grant = {"outcome": "grant"}
    await story.do("procurement_head", f"{case}/decide", grant, "decide-1")
    await story.no_award("half-decided", "NotQualified")
    await story.refused("procurement_head", f"{case}/decide", grant, "decide-twice", "DutiesKeptApart")
    await story.do("second_head", f"{case}/decide", grant, "decide-2")
    kept = await story.award("kept", "演示社区门禁改造")
    dropped = await story.award("dropped", "演示社区道闸更换")
    for engaged in (kept, dropped):
        await story.do("vendor_agent", f"{engaged}/accept", {}, f"accept-{engaged}")
    await story.do("vendor_agent", f"{kept}/start", {}, "start")


async def _change_account(story: _Story) -> None:
    story.teller.step("变更银行账户：核验前冻结授予与付款", "another bank account: nothing until that is verified")
    declared = {"bank": "示范银行新城支行", "account": "6227 0000 0000 0002"}
    await story.do("vendor_agent", f"{FILE}/declare", declared, "declare")
    await story.no_award("frozen", "VendorFrozen")
    await story.do("second_officer", f"{FILE}/verify", {"declaration": 2, "accepted": True}, "verify-again")
    story.teller.fact(f"{_name('second_officer')} POST …/verify → 已核验 verified")


async def _suspend(story: _Story) -> None:
    story.teller.step(
        "暂停资格：立即生效，在途业务逐项处置", "suspended: at once, and a choice for all that is under way"
    )
    said = {"reason": "quality", "text": "门禁返修三次不合格", "categories": [CATEGORY]}
    await story.do("second_head", f"{FILE}/sanctions/suspend", said, "suspend")
    await story.no_award("suspended", "VendorSuspended")
    officer = await story.cast.as_("procurement_officer")
    listed = await officer.get("/public/vendors", status="suspended", min_position=await _position(officer))
    must(any(each["name"] == MINGDA.name for each in listed["items"]), "the public list does not show it")
    found = await _fan_out(officer)
    for item in found["items"]:
        choice = {"keep": "准予完成", "cancel": "取消"}
        chosen = "keep" if item["found"] == "started" else "cancel"
        body = {"item": item["id"], "choice": chosen, "reason": "nearly_done" if chosen == "keep" else "not_needed"}
        await story.do("procurement_officer", f"/fan-outs/{found['id']}/choose", body, f"choose-{item['id']}")
        story.teller.fact(f"在途 under way：{item['found']} → {choice[chosen]} {chosen}")
    report = (await _closed(officer, found["id"]))["report"]
    told = "，".join(f"{each['choice']} {each['number']}" for each in report)
    story.teller.fact(f"GET /fan-outs/{found['id'][:8]}… → 处置报告 report：{told}")


async def _reinstate(story: _Story) -> None:
    story.teller.step("申诉由他人裁定：撤销暂停", "the appeal is heard by another: overturned")
    sanction = f"{FILE}/sanctions/1"
    await story.do("vendor_agent", f"{sanction}/appeal", {"grounds": "返修已验收合格"}, "appeal")
    finding = {"finding": "证据不足，撤销原决定"}
    await story.refused("second_head", f"{sanction}/overturn", finding, "overturn-oneself", "DutiesKeptApart")
    await story.do("procurement_head", f"{sanction}/overturn", finding, "overturn")
    story.teller.fact(f"{_name('procurement_head')} POST …/overturn → 已撤销 overturned")
    await story.award("again", "演示社区门禁维保")


async def _look_back(head: Api, story: _Story) -> None:
    story.teller.step("回看：当时有资格吗？依据是什么？", "was it qualified then, by which rule, with which documents?")
    (told,) = (await head.get(f"{FILE}/sanctions"))["sanctions"]
    for at, wanted in ((story.anchor - timedelta(days=1), False), (datetime.fromisoformat(told["since"]), True)):
        answer = await head.get(f"{FILE}/qualified", category=CATEGORY, area=STAGE, at=at.isoformat())
        must(answer["qualified"] is wanted, f"at {at} it was qualified: {answer['qualified']}")
        ground = answer["ground"]
        because = (
            "" if ground is None else f"，方案第 {ground['scheme_version']} 版，材料 {len(ground['documents'])} 份"
        )
        story.teller.fact(f"{at:%Y-%m-%d} {clock(at.isoformat())} → {'有资格 yes' if wanted else '无资格 no'}{because}")
    listed = await head.get("/public/vendors", category=CATEGORY, min_position=await _position(head))
    must(MINGDA.name in [each["name"] for each in listed["items"]], "the public list does not show who is qualified")
    names = "、".join(each["name"] for each in listed["items"])
    story.teller.fact(f"GET /public/vendors → 合格供应商 qualified：{names}")


async def _what_if(head: Api, story: _Story) -> None:
    story.teller.step("试算：换一套权重，谁会换档", "what if other weights had counted: who would change band?")
    for company, points, stars in ((MINGDA, 88, (5, 4)), (ANJIE, 62, (4,))):
        at = story.anchor.replace(day=1) - timedelta(days=3)
        facts: list[tuple[str, int]] = [("inspection", points), *(("rating", each) for each in stars)]
        for number, (kind, said) in enumerate(facts):
            fact: Json = {"id": f"demo/{kind}/{number}", "kind": kind, "happened_at": at.isoformat(), "points": said}
            await story.do(
                "procurement_officer", f"/standings/{company.id}/notes", fact, f"note-{company.code}-{number}"
            )
    period = f"{story.anchor.replace(day=1) - timedelta(days=3):%Y-%m}"
    wondered = {"first": period, "last": period, "rules": demo_rules.rating(80, 70)}
    deadline = time.monotonic() + _PATIENCE
    answer = await head.post("/rating-schemes/vendors/what-if", wondered)
    while answer["rated"] < len((MINGDA, ANJIE)):
        must(time.monotonic() < deadline, "the register of standings does not know of two vendors")
        await asyncio.sleep(0.2)
        answer = await head.post("/rating-schemes/vendors/what-if", wondered)
    must([each["vendor"] for each in answer["changes"]] == [ANJIE.id], "others would change band than expected")
    for each in answer["changes"]:
        moved = f"{each['total_was'] / 100:.2f} → {each['total_would_be'] / 100:.2f}"
        story.teller.fact(
            f"{period} {NAMES[each['vendor']]}：{each['was']} → {each['would_be']}（{moved}），未写入 nothing written"
        )


# What the steps are made of -------------------------------------------------------------------------------------------


def _job(title: str) -> Json:
    return {
        "vendor": MINGDA.id,
        "category": CATEGORY,
        "item": "job",
        "title": title,
        "value_fen": 1_250_000,
        "area": STAGE,
    }


def _paper(story: _Story, kind: str, years: int) -> Json:
    """A document that was issued a month before, and is valid for so many years; 0: without an end."""
    issued = (story.anchor - timedelta(days=31)).astimezone(UTC).date()
    end = {"valid_until": (issued + timedelta(days=365 * years)).isoformat()} if years else {}
    return {
        "kind": kind,
        "number": f"演示-{kind}",
        "issuer": "示范区市场监督管理局",
        "valid_from": issued.isoformat(),
        "sha256": "c" * 64,
        **end,
    }


def _scores(points: int) -> list[Json]:
    return [{"criterion": each, "points": points} for each in demo_rules.SCORED]


def _name(login: str) -> str:
    return ACCOUNTS[login].name


def _short(path: str) -> str:
    """An address with the long ids in it cut short."""
    return re.sub(r"([0-9a-f]{8})-[0-9a-f-]{27}", r"\1…", path)


async def _position(api: Api) -> int:
    """How far in the log the file has come, and with it what was just done about the vendor."""
    return int((await api.get(f"{FILE}/sanctions"))["position"])


async def _fan_out(api: Api) -> Json:
    """The fan-out of the suspension, once it has found what is under way."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        found = (await api.get("/fan-outs", vendor=MINGDA.id))["items"]
        if found:
            seen: Json = await api.get(f"/fan-outs/{found[0]['id']}")
            return seen
        must(time.monotonic() < deadline, f"no fan-out within {_PATIENCE:.0f} s")
        await asyncio.sleep(0.2)


async def _closed(api: Api, fan_out: str) -> Json:
    deadline = time.monotonic() + _PATIENCE
    while (seen := await api.get(f"/fan-outs/{fan_out}"))["closed_at"] is None:
        must(time.monotonic() < deadline, f"the fan-out was not closed within {_PATIENCE:.0f} s")
        await asyncio.sleep(0.2)
    return seen
