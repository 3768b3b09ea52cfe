"""A scheme, a vendor and its papers: what scenarios of qualification are told with."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

from domain.admission import admission_scheme, qualification, vendor
from domain.admission.qualification import (
    Answer,
    Condition,
    Paper,
    Qualification,
    QualificationCommand,
    QualificationEvent,
    Score,
)
from domain.admission.qualification_messages import Outcome
from domain.admission.scheme_document import Criterion, DimensionRule, Document, DocumentRule, Step
from domain.parties import area
from tests.domain import trade
from tests.domain.small_town import AREAS, WILLOWS, on
from tests.scenario import Given, given

VENDOR: Final = trade.VENDOR
DISTRICT: Final = WILLOWS[:6]
MILLION_YUAN: Final = 100_000_000
LICENCE_ENDS: Final = date(2027, 3, 31)
"""Before the term of a grant that is given this spring."""

RULES: Final = Document(
    dimensions=(
        DimensionRule(
            key="asset_scale",
            weight=20,
            minimum=40,
            criteria=(
                Criterion(
                    key="capital",
                    name="注册资本",
                    weight=60,
                    unit="fen",
                    steps=(Step(MILLION_YUAN, 40), Step(5 * MILLION_YUAN, 80), Step(20 * MILLION_YUAN, 100)),
                ),
                Criterion(key="premises", name="经营场所", weight=40),
            ),
        ),
        DimensionRule(
            key="operating_experience",
            weight=30,
            minimum=50,
            criteria=(Criterion(key="projects", name="同类项目", weight=100),),
        ),
        DimensionRule(
            key="team", weight=25, minimum=50, criteria=(Criterion(key="staff", name="技术人员", weight=100),)
        ),
        DimensionRule(
            key="operating_plan", weight=25, minimum=60, criteria=(Criterion(key="plan", name="运营方案", weight=100),)
        ),
    ),
    documents=(
        DocumentRule(kind="business_licence", name="营业执照"),
        DocumentRule(kind="safety_licence", name="安全生产许可证", expires=True, longest_age=3 * 366),
        DocumentRule(kind="award", name="获奖证书", required=False),
    ),
    pass_mark=60,
    reviewers=2,
    divergence=20,
    levels=2,
    validity=24,
    reminders=(90, 30, 7),
    appeal_window=15,
    longest_deadline=60,
    renewal_opens=90,
)
PUBLISHED: Final = admission_scheme.Published(at=on(1), category="cameras", counts_from=on(1), document=RULES)

LICENCE: Final = Paper(
    kind="business_licence",
    number="91110000600037341L",
    issuer="区市场监督管理局",
    valid_from=date(2020, 5, 6),
    sha256="a1" * 32,
)
SAFETY: Final = Paper(
    kind="safety_licence",
    number="(浙)JZ安许证字[2025]0001",
    issuer="省住房和城乡建设厅",
    valid_from=date(2025, 4, 1),
    valid_until=LICENCE_ENDS,
    sha256="b2" * 32,
)
LASTING: Final = Paper(
    kind="safety_licence",
    number="(浙)JZ安许证字[2025]0002",
    issuer="省住房和城乡建设厅",
    valid_from=date(2026, 1, 1),
    valid_until=date(2035, 12, 31),
    sha256="c3" * 32,
)
ANSWERS: Final = (Answer("capital", 6 * MILLION_YUAN),)
GOOD: Final = {"premises": 80, "projects": 70, "staff": 75, "plan": 80}
"""With the capital: 80 · 70 · 75 · 80, in total 75.75."""
FENCE: Final = Condition("fence", "安装围栏", on(2, month=4))


def scores(**changed: int) -> tuple[Score, ...]:
    """Good scores, but for some."""
    return tuple(Score(key, points) for key, points in (GOOD | changed).items())


def qualifying(*more: admission_scheme.Published) -> Given[QualificationCommand, Qualification, QualificationEvent]:
    """Nothing was submitted yet; the scheme is published, and the areas are known."""
    world = given(qualification.decider).knowing(
        admission_scheme.decider, admission_scheme.stream("cameras"), PUBLISHED, *more
    )
    world = world.knowing(vendor.decider, vendor.stream(VENDOR), trade.REGISTERED)
    for known in AREAS:
        world = world.knowing(area.decider, area.stream(known.code), known)
    return world


def submit(
    at: datetime, *, papers: Sequence[Paper] = (LICENCE, LASTING), place: str = DISTRICT
) -> qualification.Submit:
    """The application."""
    return qualification.Submit(
        at=at,
        by="lin",
        vendor=VENDOR,
        category="cameras",
        area=place,
        answers=ANSWERS,
        documents=tuple(papers),
    )


def accept(at: datetime, serial: int) -> qualification.CheckDocument:
    """A document is in order."""
    return qualification.CheckDocument(at=at, by="desk", serial=serial, verdict="accepted")


def reviewed(
    at: datetime, *, first: int = 1, reviewers: tuple[str, str] = ("ren", "shi"), **less: int
) -> list[QualificationCommand]:
    """The two papers from `first` on are in order, and both reviewers give the same."""
    return [
        accept(at, first),
        accept(at, first + 1),
        qualification.AssignReviewers(at=at, by="head", reviewers=reviewers),
        *(qualification.GiveScore(at=at, by=each, scores=scores(**less)) for each in reviewers),
    ]


def approve(at: datetime, *, by: str = "head", conditions: Sequence[Condition] = ()) -> qualification.Decide:
    """One level's yes."""
    outcome: Outcome = "grant_conditionally" if conditions else "grant"
    return qualification.Decide(at=at, by=by, outcome=outcome, conditions=tuple(conditions))


def granted(
    at: datetime, *, papers: Sequence[Paper] = (LICENCE, LASTING), conditions: Sequence[Condition] = ()
) -> list[QualificationCommand]:
    """All the way to a grant that counts from a moment."""
    before = at - timedelta(hours=1)
    return [
        submit(before, papers=papers),
        *reviewed(before),
        approve(before, by="head", conditions=conditions),
        approve(at, by="deputy"),
    ]


def when(year: int, month: int, day: int) -> datetime:
    """Midnight in China at the beginning of a day."""
    return datetime(year, month, day, tzinfo=UTC) - timedelta(hours=8)
