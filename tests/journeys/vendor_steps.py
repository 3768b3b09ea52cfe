"""What journeys of vendors do again and again: open a file, be admitted, be given something to do, be rated."""

from datetime import datetime, timedelta
from typing import Any, Final, cast

from adapters.demo_city import ANJIE, MINGDA
from api.admission.scheme_examples import DOCUMENT
from api.evaluation.rating_schemes import RULES
from tests.journeys.vendor_city import COMMUNITY, City

CATEGORY: Final = "access_control"


def _listed(said: object) -> list[dict[str, object]]:
    """A list of an example, which knows no types."""
    return [dict(each) for each in cast("list[dict[str, object]]", said)]


SCHEME: Final[dict[str, object]] = {**DOCUMENT, "reviewers": 2, "levels": 2, "validity": 12}
"""Two score each case, two approve it, and it counts for a year."""
LOPSIDED: Final[dict[str, object]] = {
    **SCHEME,
    "dimensions": [{**each, "weight": 30} for each in _listed(SCHEME["dimensions"])],
}
"""Its weights do not sum."""
RATING: Final[dict[str, object]] = {
    **RULES,
    "measures": [{**measure, "least": 1} for measure in _listed(RULES["measures"])],
}
"""One of a kind is sample enough."""
BY_THE_WALL: Final = {"resolution": {"kind": "wall_clock", "seconds": 8 * 3600}}
PROMISED: Final = timedelta(hours=8)
FENCE: Final = "fence"
SCORED: Final = ("premises", "projects", "staff", "plan")
PHOTO: Final = {"kind": "photo", "name": "gate.jpg", "sha256": "9f" * 32}


async def open_file(city: City, who: str = "agent") -> str:
    """A vendor's agent opens its file; the path of that."""
    company = MINGDA if who == "agent" else ANJIE
    person = city.people[who]
    file = {
        "vendor": company.id,
        "name": company.name,
        "credit_code": company.code,
        "legal_representative": person,
        "contacts": [{"person": person, "role": "general"}],
        "bank": "中国工商银行杭州文三支行",
        "account": "6222 0000 0000 0001",
        "founded_on": "2015-06-01",
        "registered_capital_fen": 600_000_000,
    }
    return await city.make(who, "/vendors", file)


def paper(city: City, kind: str, number: str, *, years: int | None = None) -> dict[str, object]:
    """A document that was issued a month ago, and is valid for so many years."""
    today = (city.now - timedelta(days=30)).date()
    end = {} if years is None else {"valid_until": today.replace(year=today.year + years, day=28).isoformat()}
    return {
        "kind": kind,
        "number": number,
        "issuer": "杭州市西湖区市场监督管理局",
        "valid_from": today.isoformat(),
        "sha256": "a1" * 32,
        **end,
    }


async def submit(city: City, *papers: dict[str, object]) -> str:
    """The agent applies; the path of the qualification."""
    application = {
        "vendor": city.vendor,
        "category": CATEGORY,
        "area": COMMUNITY[:6],
        "answers": [{"criterion": "capital", "value": 600_000_000}],
        "documents": list(papers),
    }
    return await city.make("agent", "/qualifications", application)


async def review(city: City, case: str) -> None:
    """Two officers score it, the one not knowing what the other gives."""
    officers = ("officer", "second officer")
    await city.do("third head", f"{case}/assign-reviewers", {"reviewers": [city.people[each] for each in officers]})
    for points, each in zip((80, 75), officers, strict=True):
        (waits,) = (await city.see(each, "/qualifications", awaiting="me"))["items"]
        assert waits["id"] in case
        await city.do(each, f"{case}/score", {"scores": scores(points)})


def scores(points: int) -> list[dict[str, object]]:
    """The same for every criterion that people score."""
    return [{"criterion": each, "points": points} for each in SCORED]


def conditionally(deadline: datetime) -> dict[str, object]:
    """Granted, if a fence is put up in time."""
    condition = {"key": FENCE, "text": "在施工区域安装围栏", "deadline": deadline.isoformat()}
    return {"outcome": "grant_conditionally", "conditions": [condition]}


def job(city: City, title: str = "翠苑社区门禁改造") -> dict[str, object]:
    """Something to do for the vendor."""
    return {
        "vendor": city.vendor,
        "category": CATEGORY,
        "item": "job",
        "title": title,
        "value_fen": 1_250_000,
        "area": COMMUNITY,
    }


async def engage(city: City, title: str, *steps: str, by: str = "officer") -> str:
    """An award, and how far the vendor has come with it; its path."""
    engaged = await city.make(by, "/engagements/awards", job(city, title))
    for step in steps:
        await city.do("agent", f"{engaged}/{step}")
    return engaged


async def order(city: City) -> str:
    """A fault is reported that nobody has to mend yet; its path."""
    fault = {
        "community": COMMUNITY,
        "category": CATEGORY,
        "summary": "the gate does not open",
        "channel": "staff",
        "reporter": city.people["manager"],
    }
    made = await city.make("manager", "/work-orders", fault)
    await city.do("manager", f"{made}/triage", {"priority": 2})
    return made


async def agree(city: City) -> None:
    """What is promised for every work order: done within eight hours."""
    lines = [{"priority": priority, "terms": BY_THE_WALL} for priority in (1, 2, 3, 4)]
    await city.do("head", f"/service-agreements/{COMMUNITY}", {"lines": lines})


async def work(city: City, *, late: bool = False) -> str:
    """A work order of the vendor's, done in time or not."""
    made = await order(city)
    await city.do("manager", f"{made}/assign", {"company": city.vendor})
    await city.do("agent", f"{made}/start")
    await city.pass_by(hours=9 if late else 2)
    await city.do("agent", f"{made}/resolve", {"evidence": [PHOTO]})
    await city.do("manager", f"{made}/accept")
    return made


async def note(city: City, kind: str, number: int = 1, **said: Any) -> None:
    """Something that happened just now, so many times."""
    for each in range(1, number + 1):
        named = "/".join((kind, city.now.isoformat(), *map(str, said.values()), str(each)))
        fact = {"id": named, "kind": kind, "happened_at": city.now.isoformat(), "area": COMMUNITY, **said}
        await city.do("second officer", f"/standings/{city.vendor}/notes", fact)


async def qualified(city: City, at: datetime, **known: int) -> Any:
    """Whether the vendor was qualified here at a moment."""
    asked: dict[str, str | int] = {"category": CATEGORY, "area": COMMUNITY, "at": at.isoformat(), **known}
    return await city.see("head", f"/vendors/{city.vendor}/qualified", **asked)
