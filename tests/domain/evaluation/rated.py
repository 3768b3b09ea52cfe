"""A city that rates its vendors: the scheme, a vendor, and evidence about it."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from domain.decider import Elapse
from domain.evaluation import rating_scheme, standing
from domain.evaluation.evidence import SCALES, EvidenceKind
from domain.evaluation.periods import ends_at
from domain.evaluation.rating_rules import Band, Limit, Measure, Rules, Step, Tier
from domain.evaluation.standing import Standing, StandingCommand, StandingEvent
from domain.parties import organisation
from tests.domain.small_town import on
from tests.scenario import Given, given

FIXIT: Final = UUID(int=0xF1)
registered: Final = organisation.Registered(at=on(1, month=1), name="明达水电", kinds=("vendor",))

RULES: Final = Rules(
    measures=(
        Measure(
            key="in_time",
            name="按时完成率",
            formula="share",
            counts=("sla_kept",),
            against=("sla_breached",),
            weight=50,
            least=2,
            steps=(Step(0, 0), Step(5000, 40), Step(8000, 70), Step(9500, 100)),
        ),
        Measure(
            key="repeats",
            formula="rate",
            counts=("repeat_fault", "no_show"),
            against=("work_done",),
            weight=20,
            least=2,
            steps=(Step(0, 100), Step(1, 80), Step(1000, 30), Step(5000, 0)),
        ),
        Measure(
            key="stars",
            formula="average",
            counts=("rating",),
            weight=30,
            steps=(Step(0, 0), Step(300, 60), Step(400, 80), Step(500, 100)),
        ),
    ),
    bands=(Band("suspended", 0), Band("no_new_work", 20), Band("watch", 60), Band("normal", 75), Band("preferred", 90)),
    tiers=(
        Tier(largest_award_fen=100_000, limits=(Limit("lifts", 0),)),
        Tier(largest_award_fen=1_000_000, periods=2, band="normal", limits=(Limit("lifts", 500_000),)),
        Tier(largest_award_fen=None, periods=2, band="preferred"),
    ),
)
STRICTER: Final = replace(RULES, bands=(*RULES.bands[:-1], Band("preferred", 100)))

PUBLISH: Final = rating_scheme.Publish(at=on(1, month=1), key="vendors", counts_from=on(1, month=1), rules=RULES)
published: Final = rating_scheme.Published(at=on(1, month=1), key="vendors", counts_from=on(1, month=1), rules=RULES)

StandingScenario = Given[StandingCommand, Standing, StandingEvent]


def vendor(*events: StandingEvent, scheme: tuple[rating_scheme.Published, ...] = (published,)) -> StandingScenario:
    """A registered vendor, in a city with this scheme."""
    known = given(standing.decider, *events).knowing(organisation.decider, FIXIT, registered)
    return known.knowing(rating_scheme.decider, rating_scheme.stream("vendors"), *scheme)


def note(
    kind: EvidenceKind,
    happened_at: datetime,
    *,
    name: str = "",
    points: int | None = None,
    at: datetime | None = None,
    withdrawn: bool = False,
) -> standing.Note:
    """Something happened, and is noted a minute later."""
    if points is None and kind in SCALES:
        points = SCALES[kind][1]
    return standing.Note(
        at=at or happened_at + timedelta(minutes=1),
        vendor=str(FIXIT),
        id=name or f"{kind}/{happened_at.isoformat()}",
        kind=kind,
        happened_at=happened_at,
        points=points,
        withdrawn=withdrawn,
    )


def good_month(month: int) -> list[standing.Note]:
    """Two works in time, and five stars."""
    return [
        note("sla_kept", on(3, month=month)),
        note("sla_kept", on(4, month=month)),
        note("work_done", on(4, month=month)),
        note("work_done", on(5, month=month)),
        note("rating", on(6, month=month)),
    ]


def bad_month(month: int) -> list[standing.Note]:
    """Nothing in time, one star."""
    return [
        note("sla_breached", on(3, month=month)),
        note("sla_breached", on(4, month=month)),
        note("rating", on(6, month=month), points=1),
    ]


def fair_month(month: int) -> list[standing.Note]:
    """One in five late, three stars: on watch."""
    kept = [note("sla_kept", on(day, month=month)) for day in (3, 4, 5, 6)]
    return [*kept, note("sla_breached", on(7, month=month)), note("rating", on(8, month=month), points=3)]


def closing(period: str) -> Elapse:
    """The clock closes a period."""
    return Elapse(label=period, at=ends_at(period) + timedelta(days=RULES.grace_days))
