"""Generated data for the demo: a few communities, what they are promised, and some weeks of their work orders.

The same seed gives the same data, relative to an anchor that is chosen once for a data folder; so whoever loads it
twice asks for the same things twice, which changes nothing.
"""

import hashlib
import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, TypeAlias

from adapters.demo_city import ANJIE, COMMUNITIES, MINGDA, QINGHE, person_of
from domain.promise import Promise, WallClock, WorkingHours
from domain.service_agreement import Line
from domain.terms import Rung, Terms

_FAULTS: Mapping[str, tuple[str, ...]] = {
    "给排水": ("厨房下水道堵塞", "楼道天花板滴水", "水压不足，热水器点不着", "地下室集水井溢水"),
    "电气": ("楼道灯不亮", "配电箱跳闸", "路灯白天常亮", "充电桩无法启动"),
    "电梯": ("电梯停在三楼不动", "电梯门反复开合", "轿厢内异响", "平层误差大，老人绊脚"),
    "门禁": ("单元门禁读不出卡", "对讲机无声音", "道闸抬杆缓慢"),
    "消防": ("消防通道被车占用", "灭火器压力不足", "烟感误报"),
    "绿化保洁": ("树枝压到晾衣架", "垃圾桶满溢两天", "积水滋生蚊虫"),
}
_TEAMS: Sequence[tuple[str, str, str]] = (  # who works on what was given to whom
    (MINGDA.id, person_of("provider_worker"), "provider_worker"),
    (MINGDA.id, "", "provider_manager"),
    (ANJIE.id, "", "other_manager"),
    (QINGHE.id, "", "property_staff"),
)
_STAFF = "property_manager"
_CHANNELS = ("resident", "resident", "resident", "phone", "staff", "device")
_WAITS = (("parts", "等待配件到货"), ("resident_absent", "住户不在家，另约时间"), ("weather", "暴雨，室外暂停"))


Body: TypeAlias = Mapping[str, object]


class Step(NamedTuple):
    """A command on a work order, so long after its report, and the login of who asks for it."""

    after: timedelta
    command: str
    body: Body
    by: str


class _Wish(NamedTuple):
    """A command, so many minutes after the one before: at least, and at most; and who asks for it."""

    command: str
    body: Body
    shortest: int
    longest: int
    by: str = _STAFF


class Case(NamedTuple):
    """The life of one work order: its report, so long before the anchor, and what followed."""

    number: int
    before: timedelta
    report: Body
    by: str
    steps: tuple[Step, ...]


def cases(amount: int = 48, seed: int = 20260301) -> Iterator[Case]:
    """Work orders at all stages of their lives."""
    chance = random.Random(seed)  # noqa: S311 - the same every time is what we want
    for number in range(1, amount + 1):
        before = timedelta(hours=chance.randint(2, 20 * 24), minutes=chance.randint(0, 59))
        report = _report(chance)
        by = "resident" if report["channel"] == "resident" else "property_staff"
        yield Case(number, before, report, by, tuple(_life(chance, before)))


def _report(chance: random.Random) -> Body:
    community = chance.choice(list(COMMUNITIES))
    category = chance.choice(list(_FAULTS))
    building = chance.randint(1, COMMUNITIES[community])
    return {
        "community": community,
        "category": category,
        "summary": chance.choice(_FAULTS[category]),
        "channel": chance.choice(_CHANNELS),
        "reporter": person_of("resident"),
        "place": f"{building}号楼{chance.randint(1, 3)}单元",
    }


def _life(chance: random.Random, before: timedelta) -> Iterator[Step]:
    """What happens after the report, as far as there was time for it."""
    at = timedelta()
    for command, body, shortest, longest, by in _course(chance):
        at += timedelta(minutes=chance.randint(shortest, longest))
        if at >= before:
            return
        yield Step(at, command, body, by)


def _course(chance: random.Random) -> Sequence[_Wish]:
    """One of the courses that things take."""
    triage = _Wish("triage", {"priority": chance.choice((1, 2, 2, 3, 3, 3, 4))}, 5, 90)
    company, person, worker = chance.choice(_TEAMS)
    assign = _Wish("assign", {"company": company, "person": person}, 5, 240)
    start = _Wish("start", {}, 20, 600, worker)
    reason, note = chance.choice(_WAITS)
    wait = [_Wish("pause", {"reason": reason, "note": note}, 10, 60, worker), _Wish("resume", {}, 120, 2000, worker)]
    resolve = _Wish("resolve", {"evidence": [_photo(chance)], "note": "已修复，现场试运行正常"}, 20, 300, worker)
    accept = _Wish("accept", {"note": "满意"}, 30, 1000, "resident")
    courses: tuple[list[_Wish], ...] = (
        [triage],
        [triage, assign],
        [triage, assign, start],
        [triage, assign, start, wait[0]],
        [triage, assign, start, *wait, resolve],
        [triage, assign, start, resolve],
        [triage, assign, start, resolve, accept],
        [triage, assign, start, resolve, accept],
        [triage, assign, start, *wait, resolve, accept],
        [triage, _Wish("cancel", {"reason": "重复报修"}, 10, 60)],
        [],
    )
    return chance.choice(courses)


def _photo(chance: random.Random) -> Body:
    name = f"IMG_{chance.randint(1000, 9999)}.jpg"
    return {"kind": "photo", "name": name, "sha256": hashlib.sha256(name.encode()).hexdigest()}


def agreement() -> tuple[Line, ...]:
    """What the whole city is promised, in working hours of China's calendar."""
    hours = {1: (1, 4), 2: (2, 8), 3: (4, 24), 4: (8, 80)}
    return tuple(
        Line(
            priority=priority,
            terms=Terms(
                response=WorkingHours(response * 3600),
                resolution=WorkingHours(resolution * 3600),
                assign_within=WorkingHours(response * 3600),
                warn_before=1800,
                ladder=(Rung(of="resolution", to="物业主管"), Rung(of="resolution", to="街道值班", after=4 * 3600)),
                reopen_window=WallClock(days=7),
                calendar="cn",
            ),
        )
        for priority, (response, resolution) in hours.items()
    )


def stage_agreement() -> tuple[Line, ...]:
    """The same, quick enough to watch: warning after 4 s, breach after 8 s, escalation after 10 s and 13 s."""
    hour: Promise = WallClock(seconds=3600)
    terms = Terms(
        response=hour,
        resolution=WallClock(seconds=8),
        assign_within=hour,
        warn_before=4,
        ladder=(Rung(of="resolution", to="物业主管", after=2), Rung(of="resolution", to="街道值班", after=5)),
    )
    return tuple(Line(priority=priority, terms=terms) for priority in (1, 2, 3, 4))


def moment(anchor: datetime, case: Case, after: timedelta = timedelta()) -> datetime:
    """When something in a life happened."""
    return anchor - case.before + after
