"""A short story, played through the HTTP API like any client would, with timers that really fire.

    accounts -> data -> report -> (nobody cares) warning -> breach -> escalation -> pause stops a clock -> dispatch
        -> not yours -> a refusal -> done -> how it stood then -> the board -> sealed, and erased
        -> a vendor is admitted, frozen, suspended and reinstated (`demo_vendors`)

Whoever does something signs in as themselves; only the accounts are made behind the stage, by the one who has the
command line of the machine. Every step checks what it got; the first that is wrong ends the story as failed.
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import quote
from uuid import UUID

from rich.console import Console
from rich.progress import track

from adapters import china_calendar, demo_vendors
from adapters.demo_city import ACCOUNTS, ANJIE, AREAS, COMMUNITIES, COMPANIES, MINGDA, PROGRAMS, STAGE
from adapters.demo_data import Case, agreement, cases, moment, stage_agreement
from adapters.demo_stage import NAMES, Api, Backstage, Cast, Json, StoryFailed, Teller, clock, must
from domain.access import role
from domain.access.newcomer import Post
from domain.privacy.personal import ERASED, PREFIX

_BACK = timedelta(days=30)  # the calendar and the agreement count from so long before the first start
_PATIENCE = 60.0  # seconds for something that the clocks should do within 15
_PHOTO = {"kind": "photo", "name": "IMG_2041.jpg", "sha256": "b" * 64}


# The data -------------------------------------------------------------------------------------------------------------


async def found(cast: Cast, teller: Teller, backstage: Backstage) -> None:
    """Let everybody in, and enter the city: areas, organisations, programs. A second time changes nothing."""
    teller.step("开户：每个角色一个账号（仅用于演示）", "one account for each role; these exist in the demo only")
    new = await backstage.let_in([each.newcomer for each in ACCOUNTS.values()])
    administrator = await cast.as_("administrator")
    for code, name in AREAS.items():
        await administrator.post("/areas", {"code": code, "name": name})
    for company in COMPANIES:
        body = {"name": company.name, "kinds": company.kinds, "credit_code": company.code, "area": "990101"}
        registered = await administrator.post("/organisations", body)
        must(registered["id"] == company.id, "an organisation is not where its code says")
    teller.row("登录名 login", "角色 role", "姓名与范围 who and where", "密码 password", style="bold")
    for each in ACCOUNTS.values():
        teller.row(each.login, role.by_name[each.post.role].zh, f"{each.name} {each.where}", each.password)
    for name, post in PROGRAMS.items():
        key = await _enter_program(administrator, name, post)
        teller.row(name, role.by_name[post.role].zh, "程序，凭密钥 X-API-Key", key)
    teller.fact(f"POST /sign-in → 会话 session, POST /tokens → 令牌 token；新账号 new accounts {new}")


async def _enter_program(administrator: Api, name: str, post: Post) -> str:
    """A program with its role; its key, which is shown once."""
    body = {"name": f"demo-{name}", "organisation": post.organisation, "kind": name}
    program = str((await administrator.post("/programs", body, key=f"demo-{name}"))["id"])
    appointed = {"role": post.role, "organisation": post.organisation, "area": post.area}
    await administrator.post(f"/principals/{program}/appointments", appointed)
    issued = await administrator.post(f"/programs/{program}/keys", {}, key=f"demo-{name}-key")
    return issued["secret"] or "（仅显示一次 shown at the first start only）"


async def load(cast: Cast, teller: Teller) -> None:
    """Publish a calendar and agreements, and send some weeks of work orders. A second time changes nothing."""
    teller.step("准备数据：日历、服务协议、工单", "data: a calendar, agreements, work orders")
    head = await cast.as_("procurement_head")
    calendar = await head.find("/work-calendars/cn")
    if calendar is None:
        calendar = await _publish_calendar(head)
        said = "全部为演示生成 all generated"
    else:
        said = "以前已导入，原样重发，一件也没有重复 loaded before, sent again, nothing is there twice"
    anchor = datetime.fromisoformat(calendar["versions"][0]["at"]) + _BACK
    published = (anchor - _BACK).isoformat()
    await head.post("/service-agreements/city-wide", {"lines": agreement(), "occurred_at": published})
    manager = await cast.as_("property_manager")
    await manager.post(f"/service-agreements/{STAGE}", {"lines": stage_agreement(), "occurred_at": published})
    lives = list(cases())
    for case in track(lives, description="   工单 work orders", console=teller.console, transient=True):
        await _live(cast, anchor, case)
    teller.fact(f"{'、'.join(AREAS[code] for code in COMMUNITIES)}：{len(lives)} 件工单 work orders；{said}")


async def _publish_calendar(api: Api) -> Json:
    """China's calendar. Its moment is what the data of this folder is told relative to."""
    at = datetime.now(UTC).replace(microsecond=0) - _BACK
    calendar = {"working_time": china_calendar.working_time(), "note": "国务院办公厅节假日安排"}
    await api.post("/work-calendars/cn", {**calendar, "occurred_at": at.isoformat()})
    return await api.get("/work-calendars/cn")


async def _live(cast: Cast, anchor: datetime, case: Case) -> None:
    """One work order's life, in the order in which it happened."""
    key = f"demo-{anchor.timestamp():.0f}-{case.number}"
    api = await cast.as_(case.by)
    reported = await api.post("/work-orders", {**case.report, "occurred_at": _iso(anchor, case)}, key=f"{key}-report")
    for number, step in enumerate(case.steps):
        body = {**step.body, "occurred_at": _iso(anchor, case, step.after)}
        worker = await cast.as_(step.by)
        await worker.post(f"/work-orders/{reported['id']}/{step.command}", body, key=f"{key}-{number}")


def _iso(anchor: datetime, case: Case, after: timedelta = timedelta()) -> str:
    return moment(anchor, case, after).isoformat()


# The story ------------------------------------------------------------------------------------------------------------


async def play(cast: Cast, teller: Teller, backstage: Backstage, temporal_ui: str) -> None:
    """From a report that nobody cares for to its end. Raises StoryFailed."""
    order = await _report(cast, teller)
    paused = await _pause_another(cast, teller)
    manager = await cast.as_("property_manager")
    await _watch(manager, teller, order, temporal_ui)
    await _look_at_paused(await cast.as_("other_manager"), teller, paused)
    before = await _dispatch(cast, teller, order)
    await _is_not_yours(cast, teller, order)
    await _be_refused(await cast.as_("provider_worker"), teller, order)
    await _finish(cast, teller, order)
    await _look_back(manager, teller, order, before)
    await _look_at_board(manager, teller, order)
    await _forget(cast, teller, backstage)
    await demo_vendors.play(cast, teller)


async def _report(cast: Cast, teller: Teller) -> str:
    teller.step("居民报修，服务时限立即起算", "a resident reports a fault; the clock starts at once")
    api = await cast.as_("resident")
    report = {
        "community": STAGE,
        "category": "给排水",
        "summary": "三号楼大堂天花板漏水",
        "channel": "resident",
        "place": "3号楼大堂",
    }
    order = str((await api.post("/work-orders", report, key=f"{api.correlation_id}-report"))["id"])
    again = str((await api.post("/work-orders", report, key=f"{api.correlation_id}-report"))["id"])
    must(again == order, "a repeated request reported the fault twice")
    seen = await api.get(f"/work-orders/{order}")
    teller.fact(f"POST /work-orders → {order}")
    teller.fact(f"应完成 due {clock(seen['resolution_due'])}；同一请求重发一次，还是这一件 sent twice, reported once")
    return order


async def _pause_another(cast: Cast, teller: Teller) -> Json:
    teller.step("另一件工单派单、开工后挂起：等配件", "another order is paused: waiting for parts")
    staff, manager = await cast.as_("property_staff"), await cast.as_("property_manager")
    lifts = await cast.as_("other_manager")
    report = {"community": STAGE, "category": "电梯", "summary": "电梯停在三楼不动", "channel": "phone"}
    order = str((await staff.post("/work-orders", {**report, "reporter": ACCOUNTS["resident"].person}))["id"])
    for api, command, body in (
        (manager, "triage", {"priority": 1}),
        (manager, "assign", {"company": ANJIE.id}),
        (lifts, "start", {}),
        (lifts, "pause", {"reason": "parts", "note": "门机皮带，今天到货"}),
    ):
        await api.post(f"/work-orders/{order}/{command}", body)
    teller.fact(f"POST /work-orders/{order[:8]}…/pause → 挂起，时限停走 its clock stands still")
    return await lifts.get(f"/work-orders/{order}")


async def _watch(api: Api, teller: Teller, order: str, temporal_ui: str) -> None:
    teller.step("无人处理：预警、超时、逐级上报", "nobody acts: warning, breach, escalation, each by a timer")
    if temporal_ui:
        clock = quote(f"clock/work_order/{order}", safe="")
        teller.fact(f"[dim]{temporal_ui}/namespaces/linli/workflows/{clock}[/]")
    wanted = ["work_order.warned", "work_order.breached", "work_order.escalated", "work_order.escalated"]
    told = 0
    deadline = time.monotonic() + _PATIENCE
    while wanted:
        must(time.monotonic() < deadline, f"no {wanted[0]} within {_PATIENCE:.0f} s")
        events = (await api.get(f"/work-orders/{order}/history"))["events"]
        for event in events[told:]:
            teller.event(event)
            if wanted and event["type"] == wanted[0]:
                wanted.pop(0)
                must(event["correlation_id"] == api.correlation_id, "the clock lost the correlation id")
        told = len(events)
        await asyncio.sleep(0.25)


async def _look_at_paused(api: Api, teller: Teller, paused: Json) -> None:
    teller.step("挂起的工单没有超时；恢复后时限顺延", "the paused one is not late; resumed, its deadline has moved")
    order = paused["id"]
    before = await api.get(f"/work-orders/{order}")
    must(before["version"] == paused["version"], "something happened to a paused order")
    await api.post(f"/work-orders/{order}/resume", {})
    after = await api.get(f"/work-orders/{order}")
    must(after["resolution_due"] > before["resolution_due"], "the pause gave nothing back")
    teller.fact(f"应完成 due {clock(before['resolution_due'])} → {clock(after['resolution_due'])}")


async def _dispatch(cast: Cast, teller: Teller, order: str) -> int:
    """Triage, assign, start; the log position before all that."""
    teller.step("定级、派单、开工", "triage, assign, start")
    manager, worker = await cast.as_("property_manager"), await cast.as_("provider_worker")
    before = await manager.get(f"/work-orders/{order}")
    await manager.post(f"/work-orders/{order}/triage", {"priority": 1})
    stale = await manager.post(
        f"/work-orders/{order}/assign", {"company": MINGDA.id}, seen=f'"{before["version"]}"', expect=412
    )
    teller.fact(f"412 {stale['title']}：看到的是旧版本 an If-Match of an old page")
    assigned = {"company": MINGDA.id, "person": ACCOUNTS["provider_worker"].person}
    await manager.post(f"/work-orders/{order}/assign", assigned)
    await worker.post(f"/work-orders/{order}/start", {})
    teller.fact(f"201 {MINGDA.name} · {ACCOUNTS['provider_worker'].name}")
    return int(before["position"])


async def _is_not_yours(cast: Cast, teller: Teller, order: str) -> None:
    teller.step("别家的工单：看不到，也动不了", "somebody else's: not to be seen, and not to be touched")
    other, resident = await cast.as_("other_manager"), await cast.as_("resident")
    unseen = await other.get(f"/work-orders/{order}", expect=404)
    teller.fact(f"安捷电梯 GET /work-orders/{order[:8]}… → 404 {unseen['title']}")
    untouched = await other.post(f"/work-orders/{order}/resolve", {"evidence": [_PHOTO]}, expect=404)
    teller.fact(f"安捷电梯 POST …/resolve → 404 {untouched['title']}")
    no = await resident.post(f"/work-orders/{order}/reprioritise", {"priority": 1, "reason": "急"}, expect=403)
    teller.fact(f"居民 POST …/reprioritise → 403 {no['code']}：{no['title']}")


async def _be_refused(api: Api, teller: Teller, order: str) -> None:
    teller.step("没有凭证不能完工", "no resolution without evidence: a refusal is an answer")
    no = await api.post(f"/work-orders/{order}/resolve", {"evidence": []}, expect=409)
    must(no["code"] == "NoEvidence", f"refused as {no['code']}")
    teller.fact(f"409 {no['code']}：{no['title']}")


async def _finish(cast: Cast, teller: Teller, order: str) -> None:
    teller.step("完工并附照片，居民验收", "resolved with a photo, accepted by the resident")
    worker, resident = await cast.as_("provider_worker"), await cast.as_("resident")
    await worker.post(f"/work-orders/{order}/resolve", {"evidence": [_PHOTO], "note": "更换密封圈，试水无渗漏"})
    await resident.post(f"/work-orders/{order}/accept", {"note": "满意"})
    now = await resident.get(f"/work-orders/{order}")
    teller.fact(f"状态 status {now['status']}，超时 breaches {now['breaches']}，上报级别 level {now['level']}")


async def _look_back(api: Api, teller: Teller, order: str, before: int) -> None:
    teller.step("回看：派单之前是什么样子", "as of then: how it stood before the dispatch")
    then = await api.get(f"/work-orders/{order}", as_of=before)
    now = await api.get(f"/work-orders/{order}")
    must((then["status"], then["company"]) == ("reported", ""), f"as of {before} it was {then['status']}")
    teller.fact(f"GET /work-orders/{order[:8]}…?as_of={before} → {then['status']} (v{then['version']})")
    teller.fact(f"GET /work-orders/{order[:8]}… → {now['status']} (v{now['version']}) {NAMES[now['company']]}")


async def _look_at_board(api: Api, teller: Teller, order: str) -> None:
    teller.step("工单看板：多少件、几件超时", "the board: how many stand where, which are late")
    written = int((await api.get(f"/work-orders/{order}"))["position"])
    counts = await api.get("/work-orders/counts", min_position=written)
    must(counts["status"].get("accepted", 0) > 0, "the board does not show what was accepted")
    standing = "，".join(f"{status} {count}" for status, count in sorted(counts["status"].items()))
    teller.fact(f"GET /work-orders/counts → {standing}；超时 overdue {counts['overdue']}")
    late = await api.get("/work-orders", open="true", resolution_breached="true", sort="due", limit=4)
    for item in late["items"]:
        summary = f"{AREAS[item['community']]} · {item['summary']}"
        teller.fact(f"  {summary}  [dim]{item['status']} P{item['priority']} level {item['level']}[/]")


async def _forget(cast: Cast, teller: Teller, backstage: Backstage) -> None:
    teller.step(
        "个人信息：存的是密文；删除后谁也读不到", "personal data is stored sealed; once erased, nobody reads it"
    )
    manager, officer = await cast.as_("property_manager"), await cast.as_("privacy_officer")
    moved_out = str((await manager.post("/people", {"name": "钱七", "phone": "13800000000", "home": STAGE}))["id"])
    words = {"summary": "五楼钱七家门锁坏了", "category": "门禁", "channel": "phone"}
    order = str((await manager.post("/work-orders", {**words, "community": STAGE, "reporter": moved_out}))["id"])
    lying = "".join(await backstage.stored(UUID(order)))
    must(words["summary"] not in lying and PREFIX in lying, "what somebody reported lies open in the log")
    teller.fact(f"日志 the log: summary = {lying[lying.index(PREFIX) :][:56]}…")
    read = await manager.get(f"/work-orders/{order}")
    teller.fact(f"物业经理读到 the manager reads: {read['summary']}")
    await officer.post(f"/people/{moved_out}/erase", {"reason": "request"})
    left = await manager.get(f"/work-orders/{order}")
    must(left["summary"] == ERASED, f"after erasing one still reads {left['summary']}")
    teller.fact(f"POST /people/{moved_out[:8]}…/erase → 「{left['summary']}」", markup=False)


async def tell(address: str, temporal_ui: str, console: Console, backstage: Backstage) -> None:
    """Found the city, load its data and play the story against a running platform. Raises StoryFailed."""
    teller = Teller(console)
    async with Cast(address) as cast:
        await found(cast, teller, backstage)
        await load(cast, teller)
        await play(cast, teller, backstage, temporal_ui)


__all__: Sequence[str] = ["Backstage", "StoryFailed", "tell"]
