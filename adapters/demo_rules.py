"""The rules of the demo: who is admitted as a vendor, and how vendors are rated, as they are sent to the API."""

from typing import Any, Final, TypeAlias

Json: TypeAlias = dict[str, Any]  # what the API is sent

SCORED: Final = ("premises", "projects", "staff", "plan")
"""The criteria that people score; the registered capital is measured."""


def _dimension(key: str, weight: int, minimum: int, *criteria: Json) -> Json:
    return {"key": key, "weight": weight, "minimum": minimum, "criteria": list(criteria)}


_CAPITAL: Final[Json] = {
    "key": "capital",
    "name": "注册资本",
    "weight": 60,
    "unit": "fen",
    "steps": [{"at_least": 100_000_000, "points": 40}, {"at_least": 500_000_000, "points": 80}],
}


def scheme(*, assets: int = 20) -> Json:
    """The admission scheme. With another weight of the assets its weights do not sum."""
    return {
        "dimensions": [
            _dimension("asset_scale", assets, 40, _CAPITAL, {"key": "premises", "name": "经营场所", "weight": 40}),
            _dimension("operating_experience", 30, 50, {"key": "projects", "name": "同类项目", "weight": 100}),
            _dimension("team", 25, 50, {"key": "staff", "name": "技术人员", "weight": 100}),
            _dimension("operating_plan", 25, 60, {"key": "plan", "name": "运营方案", "weight": 100}),
        ],
        "documents": [
            {"kind": "business_licence", "name": "营业执照"},
            {"kind": "safety_licence", "name": "安全生产许可证", "expires": True},
        ],
        "pass_mark": 60,
        "reviewers": 2,
        "levels": 2,
        "validity": 12,
    }


def _measure(key: str, name: str, of: str, weight: int, *steps: tuple[int, int]) -> Json:
    """The mean of the points of a kind of evidence, in hundredths."""
    rising = [{"figure": figure, "points": points} for figure, points in ((0, 0), *steps)]
    return {"key": key, "name": name, "formula": "average", "counts": [of], "weight": weight, "steps": rising}


def rating(inspections: int, normal: int) -> Json:
    """The rating scheme: inspections weigh so much, residents' stars the rest, and so many points are normal."""
    return {
        "measures": [
            _measure("inspections", "巡检", "inspection", inspections, (6000, 60), (8000, 85), (9000, 100)),
            _measure("stars", "居民评分", "rating", 100 - inspections, (300, 60), (400, 80), (450, 100)),
        ],
        "bands": [
            {"name": "watch", "points": 0},
            {"name": "normal", "points": normal},
            {"name": "preferred", "points": 85},
        ],
        "tiers": [{"largest_award_fen": 50_000_000}, {"periods": 3}],
        "grace_days": 0,
    }
