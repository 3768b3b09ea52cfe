"""How a standing looks from outside: what it is, how it came to be, and what each figure of a period rests on."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from domain.admission.what import What
from domain.evaluation import scorecard, standing
from domain.evaluation.evidence import EvidenceKind
from domain.evaluation.periods import Length, is_a
from domain.evaluation.periods import period_of as period_at
from domain.evaluation.rating_rules import BLOCKS, Rules
from domain.evaluation.rating_scheme import RatingScheme
from domain.evaluation.scorecard import Explanation, Rating, Scorecard
from domain.evaluation.standing import Standing
from domain.ports import Recorded


class CardView(msgspec.Struct, frozen=True):
    """What a period came to."""

    period: str
    scheme_version: int
    total: int | None
    """In hundredths of a point; null: not rated."""
    band: Rating


class StandingView(msgspec.Struct, frozen=True, kw_only=True):
    """A vendor's standing at a version."""

    vendor: str
    version: int
    """0: nothing is known about it."""
    position: int
    band: Rating
    """Empty: not rated so far."""
    band_since: datetime | None
    tier: int
    kept_from: tuple[What, ...]
    """What its band keeps it from."""
    largest_award_fen: int | None
    """In a category without a limit of its own; null: no limit."""
    rated_until: str
    """The period that was rated last."""
    total: int | None
    """Of that period, in hundredths of a point."""
    closes_at: datetime | None
    """When the next period is closed."""
    periods: tuple[CardView, ...]
    """Those that are closed, the earliest first."""


class Turn(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that changed a standing."""

    event: str
    at: datetime
    recorded_at: datetime
    version: int
    position: int
    period: str
    was: str | int | None = None
    now: str | int | None = None
    total: int | None = None
    because: str = ""
    """Id of the evidence that a correction comes from."""


class HistoryView(msgspec.Struct, frozen=True):
    """Scorecards, corrections, bands and tiers, the earliest first."""

    vendor: str
    version: int
    turns: list[Turn]


class EvidenceView(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of evidence, and where it is in the log."""

    id: str
    kind: EvidenceKind
    happened_at: datetime
    noted_at: datetime
    subject: str
    category: str
    area: str
    points: int
    source: int
    """Position in the log of the event that it comes from; 0: it was noted by hand."""
    version: int
    position: int
    withdrawn: bool


class PeriodView(msgspec.Struct, frozen=True, kw_only=True):
    """A period of a vendor: the scorecard, explained."""

    vendor: str
    period: str
    closed: bool
    """False: what it would come to by what is known now."""
    corrections: int
    explanation: Explanation
    evidence: tuple[EvidenceView, ...]
    """Everything that happened in it, also what counts in no measure."""


def view(vendor: str, version: int, position: int, found: Standing, rules: Rules | None) -> StandingView:
    """The standing under the rules that count now."""
    rated, due = found.last_rated, standing.agenda(found)
    limits = None if rules is None else rules.tiers[min(found.tier, len(rules.tiers) - 1)].largest_award_fen
    return StandingView(
        vendor=vendor,
        version=version,
        position=position,
        band=found.band,
        band_since=found.band_since,
        tier=found.tier,
        kept_from=tuple(sorted(BLOCKS.get(found.band, ()))),
        largest_award_fen=limits,
        rated_until="" if rated is None else rated.period,
        total=None if rated is None else rated.total,
        closes_at=None if due is None else due.at,
        periods=tuple(CardView(card.period, card.version, card.total, card.band) for card in found.cards),
    )


def history_of(vendor: str, rows: Sequence[Recorded]) -> HistoryView:
    """What of the events changed something."""
    turns = [turn for row in rows if (turn := _turn(row)) is not None]
    return HistoryView(vendor, rows[-1].version if rows else 0, turns)


def _event(row: Recorded) -> standing.StandingEvent:
    return msgspec.json.decode(row.body, type=standing.decider.tags[row.tag])


def _turn(row: Recorded) -> Turn | None:
    event = _event(row)
    was: str | int | None = None
    now: str | int | None = None
    period, total, because = "", None, ""
    match event:
        case standing.PeriodClosed(card=card):
            period, now, total = card.period, card.band, card.total
        case standing.PeriodCorrected(card=card):
            period, now, total, because = card.period, card.band, card.total, event.because
        case standing.BandChanged() | standing.TierChanged():
            period, was, now = event.because, event.was, event.now
        case _:
            return None
    return Turn(
        event=row.tag,
        at=event.at,
        recorded_at=row.recorded_at,
        version=row.version,
        position=row.position,
        period=period,
        was=was,
        now=now,
        total=total,
        because=because,
    )


def period_of(
    vendor: str, period: str, rows: Sequence[Recorded], scheme: RatingScheme, now: datetime
) -> PeriodView | None:
    """A period as far as these events tell; None where no scheme rates such a period, or it has not begun."""
    told = [(row, _event(row)) for row in rows]
    cards = [
        event.card
        for _, event in told
        if isinstance(event, standing.PeriodClosed | standing.PeriodCorrected) and event.card.period == period
    ]
    if not cards and (not is_a(scheme.length, period) or period > period_at(scheme.length, now)):
        return None
    card = cards[-1] if cards else _so_far(period, rows, scheme, now)
    version = None if card is None else scheme.version(card.version)
    if card is None or version is None:
        return None
    return PeriodView(
        vendor=vendor,
        period=period,
        closed=bool(cards),
        corrections=max(0, len(cards) - 1),
        explanation=scorecard.explain(card, version.rules),
        evidence=tuple(_evidence(period, told)),
    )


def _so_far(period: str, rows: Sequence[Recorded], scheme: RatingScheme, now: datetime) -> Scorecard | None:
    number = scheme.at_the_end_of(period)
    version = scheme.version(number)
    if version is None:
        return None
    state = standing.decider.fold([_event(row) for row in rows])
    return scorecard.rate(
        version.rules, state.entries(period), period=period, scheme=scheme.key, version=number, as_of=now
    )


def _evidence(period: str, told: Iterable[tuple[Recorded, standing.StandingEvent]]) -> Iterable[EvidenceView]:
    all_of_it = list(told)
    withdrawn = {event.id for _, event in all_of_it if isinstance(event, standing.EvidenceWithdrawn)}
    length: Length = "quarter" if "Q" in period else "month"
    for row, event in all_of_it:
        if isinstance(event, standing.Noted) and period_at(length, event.happened_at) == period:
            yield EvidenceView(
                id=event.id,
                kind=event.kind,
                happened_at=event.happened_at,
                noted_at=event.at,
                subject=event.subject,
                category=event.category,
                area=event.area,
                points=event.points,
                source=event.source,
                version=row.version,
                position=row.position,
                withdrawn=event.id in withdrawn,
            )


STANDING_EXAMPLE: dict[str, object] = {
    "vendor": "019a5b1e-0000-7000-8000-000000000003",
    "version": 41,
    "position": 9130,
    "band": "watch",
    "band_since": "2026-03-03T16:00:00Z",
    "tier": 1,
    "kept_from": [],
    "largest_award_fen": 50_000_000,
    "rated_until": "2026-02",
    "total": 7375,
    "closes_at": "2026-04-03T16:00:00Z",
    "periods": [{"period": "2026-02", "scheme_version": 1, "total": 7375, "band": "watch"}],
}
HISTORY_EXAMPLE: dict[str, object] = {
    "vendor": "019a5b1e-0000-7000-8000-000000000003",
    "version": 41,
    "turns": [
        {
            "event": "standing.band_changed",
            "at": "2026-03-03T16:00:00Z",
            "recorded_at": "2026-03-03T16:00:00Z",
            "version": 38,
            "position": 9021,
            "period": "2026-02",
            "was": "normal",
            "now": "watch",
        }
    ],
}
PERIOD_EXAMPLE: dict[str, object] = {
    "vendor": "019a5b1e-0000-7000-8000-000000000003",
    "period": "2026-02",
    "closed": True,
    "corrections": 0,
    "explanation": {
        "lines": [
            {
                "measure": "stars",
                "name": "居民评分",
                "formula": "average",
                "value": 400,
                "sample": 3,
                "least": 3,
                "neutral": "",
                "step": 350,
                "points": 70,
                "weight": 30,
                "weighted": 2100,
                "rests_on": ["work_order/019a5b1e-0000-7000-8000-000000000001/12"],
            }
        ],
        "weighted": 2100,
        "weights": 30,
        "total": 7000,
        "band": "watch",
        "band_from": 60,
        "version": 1,
        "as_of": "2026-03-03T16:00:00Z",
    },
    "evidence": [
        {
            "id": "work_order/019a5b1e-0000-7000-8000-000000000001/12",
            "kind": "rating",
            "happened_at": "2026-02-20T08:00:00Z",
            "noted_at": "2026-02-20T08:00:05Z",
            "subject": "work_order/019a5b1e-0000-7000-8000-000000000001",
            "category": "lifts",
            "area": "330106001001",
            "points": 4,
            "source": 8990,
            "version": 12,
            "position": 8991,
            "withdrawn": False,
        }
    ],
}
