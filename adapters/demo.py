"""A short story, played through the HTTP API like any client would, with timers that really fire.

    data -> report -> (nobody cares) warning -> breach -> escalation -> pause stops a clock -> dispatch -> a refusal
         -> done -> asked twice, done once -> how it stood then

Every step checks what it got; the first that is wrong ends the story as failed.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from urllib.parse import quote
from uuid import uuid4

import httpx
import msgspec
from rich.console import Console
from rich.progress import track

from adapters import china_calendar
from adapters.demo_data import (
    COMMUNITIES,
    STAGE,
    Case,
    agreement,
    cases,
    moment,
    stage_agreement,
)

Json: TypeAlias = dict[str, Any]  # what the API answered

_BACK = timedelta(days=30)  # the calendar and the agreement count from so long before the first start
_NOT_FOUND, _BUSY = 404, 503
_PATIENCE = 60.0  # seconds for something that the clocks should do within 15
_PHOTO = {"kind": "photo", "name": "IMG_2041.jpg", "sha256": "b" * 64}


class StoryFailed(Exception):
    """Something went otherwise than the story says."""


class Api:
    """The API as a client sees it. Says in whose name, in which language, and under which correlation id it asks."""

    def __init__(self, client: httpx.AsyncClient, correlation_id: str) -> None:
        self._client = client
        self.correlation_id = correlation_id

    async def get(self, path: str, **query: str | int) -> Json:
        """Read something that must be there."""
        return _json(await self._client.get(path, params=query, headers=self._headers()), 200)

    async def find(self, path: str) -> Json | None:
        """Read something that may not be there."""
        answer = await self._client.get(path, headers=self._headers())
        return None if answer.status_code == _NOT_FOUND else _json(answer, 200)

    async def post(
        self, path: str, body: Mapping[str, object], *, key: str = "", seen: str = "*", expect: int = 201
    ) -> Json:
        """Ask for a change: `key` makes a repeat harmless, `seen` is the version we believe in."""
        headers = self._headers() | {"If-Match": seen} | ({"Idempotency-Key": key} if key else {})
        content = msgspec.json.encode(body)
        answer = await self._client.post(path, content=content, headers=headers)
        while answer.status_code == _BUSY:
            await asyncio.sleep(float(answer.headers.get("Retry-After", "1")))
            answer = await self._client.post(path, content=content, headers=headers)
        return _json(answer, expect)

    def _headers(self) -> dict[str, str]:
        return {
            "X-Actor": "demo",
            "X-Correlation-Id": self.correlation_id,
            "Accept-Language": "zh",
            "Content-Type": "application/json",
        }


def _json(answer: httpx.Response, expected: int) -> Json:
    successes = {200, 201}
    if answer.status_code != expected and not {answer.status_code, expected} <= successes:
        msg = f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
        raise StoryFailed(msg)
    found: Json = answer.json()
    return found


@asynccontextmanager
async def calling(address: str) -> AsyncGenerator[Api]:
    """A client of the API at an address. One correlation id for the whole story."""
    async with httpx.AsyncClient(base_url=address, timeout=30, trust_env=False) as client:
        yield Api(client, f"demo-{uuid4().hex[:12]}")


class Teller:
    """Prints what happens, Chinese first."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._step = 0

    def step(self, zh: str, en: str) -> None:
        """The next thing in the story."""
        self._step += 1
        self.console.print(f"\n[bold cyan]{self._step:>2}[/] [bold]{zh}[/]  [dim]{en}[/]")

    def fact(self, *words: object) -> None:
        """What came of it."""
        self.console.print("  ", *words)

    def event(self, event: Json) -> None:
        """An event of the log."""
        told = _clock(event["occurred_at"])
        details = {key: value for key, value in event["data"].items() if key in {"of", "to", "level", "because"}}
        said = " ".join(f"{key}={value}" for key, value in details.items())
        who = event["actor"]
        self.console.print(
            f"   [green]{told}[/] {event['label']} [dim]{event['type']}[/] {said} [dim]@{event['position']} {who}[/]"
        )


# The data -------------------------------------------------------------------------------------------------------------


async def load(api: Api, teller: Teller) -> None:
    """Publish a calendar and agreements, and send some weeks of work orders. A second time changes nothing."""
    teller.step("准备数据：日历、服务协议、工单", "data: a calendar, agreements, work orders")
    calendar = await api.find("/work-calendars/cn")
    if calendar is None:
        calendar = await _publish_calendar(api)
        said = "全部为演示生成 all generated"
    else:
        said = "以前已导入，原样重发，一件也没有重复 loaded before, sent again, nothing is there twice"
    anchor = datetime.fromisoformat(calendar["versions"][0]["at"]) + _BACK
    published = (anchor - _BACK).isoformat()
    await api.post("/service-agreements/city-wide", {"lines": agreement(), "occurred_at": published})
    await api.post(f"/service-agreements/{quote(STAGE)}", {"lines": stage_agreement(), "occurred_at": published})
    lives = list(cases())
    for case in track(lives, description="   工单 work orders", console=teller.console, transient=True):
        await _live(api, anchor, case)
    teller.fact(f"{'、'.join(COMMUNITIES)}：{len(lives)} 件工单 work orders；{said}")


async def _publish_calendar(api: Api) -> Json:
    """China's calendar. Its moment is what the data of this folder is told relative to."""
    at = datetime.now(UTC).replace(microsecond=0) - _BACK
    calendar = {"working_time": china_calendar.working_time(), "note": "国务院办公厅节假日安排"}
    await api.post("/work-calendars/cn", {**calendar, "occurred_at": at.isoformat()})
    return await api.get("/work-calendars/cn")


async def _live(api: Api, anchor: datetime, case: Case) -> None:
    """One work order's life, in the order in which it happened."""
    key = f"demo-{anchor.timestamp():.0f}-{case.number}"
    reported = await api.post("/work-orders", {**case.report, "occurred_at": _iso(anchor, case)}, key=f"{key}-report")
    for number, step in enumerate(case.steps):
        body = {**step.body, "occurred_at": _iso(anchor, case, step.after)}
        await api.post(f"/work-orders/{reported['id']}/{step.command}", body, key=f"{key}-{number}")


def _clock(moment: str) -> str:
    """A moment of today on the wall clock of this machine."""
    return datetime.fromisoformat(moment).astimezone().strftime("%H:%M:%S")


def _iso(anchor: datetime, case: Case, after: timedelta = timedelta()) -> str:
    return moment(anchor, case, after).isoformat()


# The story ------------------------------------------------------------------------------------------------------------


async def play(api: Api, teller: Teller, temporal_ui: str) -> None:
    """From a report that nobody cares for to its end. Raises StoryFailed."""
    order = await _report(api, teller)
    paused = await _pause_another(api, teller)
    await _watch(api, teller, order, temporal_ui)
    await _look_at_paused(api, teller, paused)
    before = await _dispatch(api, teller, order)
    await _be_refused(api, teller, order)
    await _finish(api, teller, order)
    await _look_back(api, teller, order, before)
    await _look_at_board(api, teller, order)


async def _report(api: Api, teller: Teller) -> str:
    teller.step("居民报修，服务时限立即起算", "a resident reports a fault; the clock starts at once")
    report = {
        "community": STAGE,
        "category": "给排水",
        "summary": "三号楼大堂天花板漏水",
        "channel": "resident",
        "reporter": "resident-001",
        "place": "3号楼大堂",
    }
    order = str((await api.post("/work-orders", report, key=f"{api.correlation_id}-report"))["id"])
    again = str((await api.post("/work-orders", report, key=f"{api.correlation_id}-report"))["id"])
    _must(again == order, "a repeated request reported the fault twice")
    seen = await api.get(f"/work-orders/{order}")
    teller.fact(f"POST /work-orders → {order}")
    teller.fact(f"应完成 due {_clock(seen['resolution_due'])}；同一请求重发一次，还是这一件 sent twice, reported once")
    return order


async def _pause_another(api: Api, teller: Teller) -> Json:
    teller.step("另一件工单派单、开工后挂起：等配件", "another order is paused: waiting for parts")
    report = {"community": STAGE, "category": "电梯", "summary": "电梯停在三楼不动", "channel": "phone"}
    order = str((await api.post("/work-orders", {**report, "reporter": "resident-002"}))["id"])
    for command, body in (
        ("triage", {"priority": 1}),
        ("assign", {"company": "安捷电梯"}),
        ("start", {}),
        ("pause", {"reason": "parts", "note": "门机皮带，今天到货"}),
    ):
        await api.post(f"/work-orders/{order}/{command}", body)
    teller.fact(f"POST /work-orders/{order[:8]}…/pause → 挂起，时限停走 its clock stands still")
    return await api.get(f"/work-orders/{order}")


async def _watch(api: Api, teller: Teller, order: str, temporal_ui: str) -> None:
    teller.step("无人处理：预警、超时、逐级上报", "nobody acts: warning, breach, escalation, each by a timer")
    if temporal_ui:
        clock = quote(f"clock/work_order/{order}", safe="")
        teller.fact(f"[dim]{temporal_ui}/namespaces/linli/workflows/{clock}[/]")
    wanted = ["work_order.warned", "work_order.breached", "work_order.escalated", "work_order.escalated"]
    told = 0
    deadline = time.monotonic() + _PATIENCE
    while wanted:
        _must(time.monotonic() < deadline, f"no {wanted[0]} within {_PATIENCE:.0f} s")
        events = (await api.get(f"/work-orders/{order}/history"))["events"]
        for event in events[told:]:
            teller.event(event)
            if wanted and event["type"] == wanted[0]:
                wanted.pop(0)
                _must(event["correlation_id"] == api.correlation_id, "the clock lost the correlation id")
        told = len(events)
        await asyncio.sleep(0.25)


async def _look_at_paused(api: Api, teller: Teller, paused: Json) -> None:
    teller.step("挂起的工单没有超时；恢复后时限顺延", "the paused one is not late; resumed, its deadline has moved")
    order = paused["id"]
    before = await api.get(f"/work-orders/{order}")
    _must(before["version"] == paused["version"], "something happened to a paused order")
    await api.post(f"/work-orders/{order}/resume", {})
    after = await api.get(f"/work-orders/{order}")
    _must(after["resolution_due"] > before["resolution_due"], "the pause gave nothing back")
    teller.fact(f"应完成 due {_clock(before['resolution_due'])} → {_clock(after['resolution_due'])}")


async def _dispatch(api: Api, teller: Teller, order: str) -> int:
    """Triage, assign, start; the log position before all that."""
    teller.step("定级、派单、开工", "triage, assign, start")
    before = await api.get(f"/work-orders/{order}")
    await api.post(f"/work-orders/{order}/triage", {"priority": 1})
    stale = await api.post(
        f"/work-orders/{order}/assign", {"company": "明达水电"}, seen=f'"{before["version"]}"', expect=412
    )
    teller.fact(f"412 {stale['title']}：看到的是旧版本 an If-Match of an old page")
    await api.post(f"/work-orders/{order}/assign", {"company": "明达水电", "person": "技师-07"})
    await api.post(f"/work-orders/{order}/start", {})
    teller.fact("201 明达水电 · 技师-07")
    return int(before["position"])


async def _be_refused(api: Api, teller: Teller, order: str) -> None:
    teller.step("没有凭证不能完工", "no resolution without evidence: a refusal is an answer")
    no = await api.post(f"/work-orders/{order}/resolve", {"evidence": []}, expect=409)
    _must(no["code"] == "NoEvidence", f"refused as {no['code']}")
    teller.fact(f"409 {no['code']}：{no['title']}")


async def _finish(api: Api, teller: Teller, order: str) -> None:
    teller.step("完工并附照片，居民验收", "resolved with a photo, accepted by the resident")
    await api.post(f"/work-orders/{order}/resolve", {"evidence": [_PHOTO], "note": "更换密封圈，试水无渗漏"})
    await api.post(f"/work-orders/{order}/accept", {"note": "满意"})
    now = await api.get(f"/work-orders/{order}")
    teller.fact(f"状态 status {now['status']}，超时 breaches {now['breaches']}，上报级别 level {now['level']}")


async def _look_back(api: Api, teller: Teller, order: str, before: int) -> None:
    teller.step("回看：派单之前是什么样子", "as of then: how it stood before the dispatch")
    then = await api.get(f"/work-orders/{order}", as_of=before)
    now = await api.get(f"/work-orders/{order}")
    _must((then["status"], then["company"]) == ("reported", ""), f"as of {before} it was {then['status']}")
    teller.fact(f"GET /work-orders/{order[:8]}…?as_of={before} → {then['status']} (v{then['version']})")
    teller.fact(f"GET /work-orders/{order[:8]}… → {now['status']} (v{now['version']}) {now['company']}")


async def _look_at_board(api: Api, teller: Teller, order: str) -> None:
    teller.step("工单看板：多少件、几件超时", "the board: how many stand where, which are late")
    written = int((await api.get(f"/work-orders/{order}"))["position"])
    counts = await api.get("/work-orders/counts", min_position=written)
    _must(counts["status"].get("accepted", 0) > 0, "the board does not show what was accepted")
    standing = "，".join(f"{status} {count}" for status, count in sorted(counts["status"].items()))
    teller.fact(f"GET /work-orders/counts → {standing}；超时 overdue {counts['overdue']}")
    late = await api.get("/work-orders", open="true", resolution_breached="true", sort="due", limit=4)
    for item in late["items"]:
        summary = f"{item['community']} · {item['summary']}"
        teller.fact(f"  {summary}  [dim]{item['status']} P{item['priority']} level {item['level']}[/]")


def _must(so: bool, otherwise: str) -> None:  # noqa: FBT001 - the question is the argument
    if not so:
        raise StoryFailed(otherwise)


async def tell(address: str, temporal_ui: str, console: Console) -> None:
    """Load the data and play the story against a running platform. Raises StoryFailed."""
    teller = Teller(console)
    async with calling(address) as api:
        await load(api, teller)
        await play(api, teller, temporal_ui)


__all__: Sequence[str] = ["StoryFailed", "tell"]
