"""A city that rates its vendors: a year of evidence about all of them, decided as in the product, put into the log.

Each vendor's year is decided by the real lifecycle with its periods closed by the clock, and appended as it is; nothing
is measured here.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Final
from uuid import UUID

from adapters.ledger import PostgresLedger
from benchmarks.sample import META, encode
from domain.decider import Elapse, Event, Lifecycle, S, tag_of
from domain.evaluation import rating_scheme, standing
from domain.evaluation.evidence import EvidenceKind
from domain.evaluation.periods import CHINA, ends_at
from domain.evaluation.rating_rules import Band, Measure, Rules, Step, Tier
from domain.parties import organisation
from domain.ports import Append, NewEvent

YEAR: Final = 2025
BEGINNING: Final = datetime(YEAR, 1, 1, tzinfo=CHINA)
MONTHS: Final = tuple(f"{YEAR}-{month:02}" for month in range(1, 13))

RULES: Final = Rules(
    measures=(
        Measure(
            key="in_time",
            formula="share",
            counts=("sla_kept",),
            against=("sla_breached",),
            weight=40,
            least=2,
            steps=(Step(0, 0), Step(6000, 40), Step(8000, 70), Step(9500, 100)),
        ),
        Measure(
            key="repeats",
            formula="rate",
            counts=("repeat_fault", "no_show"),
            against=("work_done",),
            weight=20,
            least=2,
            steps=(Step(0, 100), Step(1000, 70), Step(3000, 20)),
        ),
        Measure(
            key="stars",
            formula="average",
            counts=("rating",),
            weight=25,
            steps=(Step(0, 0), Step(300, 50), Step(400, 80), Step(450, 100)),
        ),
        Measure(
            key="inspected",
            formula="average",
            counts=("inspection",),
            weight=15,
            steps=(Step(0, 0), Step(6000, 60), Step(8000, 100)),
        ),
    ),
    bands=(Band("suspended", 0), Band("no_new_work", 25), Band("watch", 50), Band("normal", 70), Band("preferred", 90)),
    tiers=(Tier(10_000_000), Tier(100_000_000, periods=3), Tier(None, periods=6, band="preferred")),
)
PUBLISHED: Final = rating_scheme.Published(at=BEGINNING, key="vendors", counts_from=BEGINNING, rules=RULES)

_OFTEN: Final[tuple[EvidenceKind, ...]] = ("sla_kept", "work_done")
_AT_TIMES: Final[tuple[EvidenceKind, ...]] = ("sla_breached", "repeat_fault", "no_show", "inspection", "complaint")
_RATED: Final[tuple[EvidenceKind, ...]] = ("rating",)
_KINDS: Final = (*_OFTEN * 6, *_RATED * 3, *_AT_TIMES)
_AREA: Final = "330106001001"


class _City:
    """What decisions ask for: the scheme, and that every vendor is registered."""

    def __init__(self) -> None:
        self._scheme = rating_scheme.decider.fold([PUBLISHED])
        self._known = organisation.Organisation(name="vendor", registered_at=BEGINNING)

    def __call__(self, lifecycle: Lifecycle[S], _stream: UUID, /) -> S:
        state = self._scheme if lifecycle.name == "rating_scheme" else self._known
        assert isinstance(state, type(lifecycle.initial))
        return state


def year_of(vendor: UUID, notes: int, random: Random) -> list[Event]:
    """What happens to a vendor's standing in a year with so many pieces of evidence."""
    city, state, told = _City(), standing.Standing(), list[Event]()
    moments = sorted(BEGINNING + timedelta(minutes=random.randrange(365 * 1440)) for _ in range(notes))
    for number, happened_at in enumerate(moments):
        kind = random.choice(_KINDS)
        points = (
            random.randrange(1, 6) if kind == "rating" else random.randrange(40, 101) if kind == "inspection" else None
        )
        command = standing.Note(
            at=happened_at + timedelta(minutes=1),
            vendor=str(vendor),
            id=f"work_order/{UUID(int=random.getrandbits(128))}/{number}",
            kind=kind,
            happened_at=happened_at,
            subject=f"work_order/{UUID(int=random.getrandbits(128))}",
            category="lifts",
            area=_AREA,
            points=points,
            source=number + 1,
        )
        events = standing.decide(command, state, city)
        told += events
        state = standing.decider.fold(events, state)
    return [*told, *standing.decide(Elapse(label="", at=ends_at(MONTHS[-1]) + timedelta(days=3)), state, city)]


async def fill(ledger: PostgresLedger, vendors: int, notes: int) -> int:
    """Put a year of so many vendors into the log; how many pieces of evidence."""
    random = Random(20)  # noqa: S311 - no secret
    await ledger.append(_append(rating_scheme.stream("vendors"), [PUBLISHED]))
    waiting: list[Append] = []
    for number in range(vendors):
        vendor = UUID(int=(0xF1 << 64) + number)
        waiting.append(_append(standing.stream(str(vendor)), year_of(vendor, notes, random)))
        if len(waiting) == 200 or number == vendors - 1:
            await asyncio.gather(*(ledger.append(each) for each in waiting))
            waiting.clear()
    return vendors * notes


def _append(stream: UUID, told: Sequence[Event]) -> Append:
    events = [NewEvent(stream, version, tag_of(event), encode(event)) for version, event in enumerate(told, 1)]
    return Append(events=tuple(events), meta=META)
