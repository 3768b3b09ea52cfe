"""A vendor's standing (供应商信用档案): the evidence about it, its scorecards, and what follows from them.

    noted, withdrawn -> period open -> closed: scorecard -> band changed, tier changed
                                         +--> corrected by what comes in late, while its period can be corrected

Evidence counts in the period in which it happened, whenever it comes in. A period in which something happened is closed
by the clock some days after its end, under the scheme in force at its end; what comes later corrects it: the log keeps
what was known when. Whoever awards, offers, accepts, works or pays asks `must_be_allowed` first.

There is one stream for each vendor. `vendor` is the id of its organisation.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import assert_never
from uuid import UUID

from domain.admission.what import What
from domain.decider import Ask, Decider, Due, Elapse, Whose, derived_id
from domain.evaluation import rating_scheme, scorecard
from domain.evaluation.evidence import must_be_on_scale
from domain.evaluation.ladder import Place, advance
from domain.evaluation.periods import FIRST_YEAR, ends_at, is_a, month_of, months_of, named, number_of, period_with
from domain.evaluation.rating_rules import BLOCKS, Rules
from domain.evaluation.rating_scheme import RatingScheme
from domain.evaluation.scorecard import Scorecard
from domain.evaluation.standing_history import Card, Opened, Standing, evolve, is_final
from domain.evaluation.standing_messages import (
    BandChanged,
    BeyondItsTier,
    ClosePeriod,
    EvidenceWithdrawn,
    NobodyToRate,
    NoSchemeInForce,
    Note,
    Noted,
    NotYetHappened,
    PeriodClosed,
    PeriodCorrected,
    PeriodNotOver,
    PeriodOpened,
    PeriodUnknown,
    StandingCommand,
    StandingEvent,
    StandsTooLow,
    TierChanged,
    TooLongAgo,
)
from domain.parties import organisation

__all__ = [
    "BandChanged",
    "BeyondItsTier",
    "Card",
    "ClosePeriod",
    "EvidenceWithdrawn",
    "NoSchemeInForce",
    "NobodyToRate",
    "NotYetHappened",
    "Note",
    "Noted",
    "Opened",
    "PeriodClosed",
    "PeriodCorrected",
    "PeriodNotOver",
    "PeriodOpened",
    "PeriodUnknown",
    "Standing",
    "StandingCommand",
    "StandingEvent",
    "StandsTooLow",
    "TierChanged",
    "TooLongAgo",
    "agenda",
    "as_of",
    "decide",
    "decider",
    "evolve",
    "must_be_allowed",
    "place",
    "stream",
    "whose",
]


@lru_cache(maxsize=16_384)
def stream(vendor: str) -> UUID:
    """The stream of a vendor's standing."""
    return derived_id("standing", organisation.id_of(vendor))


class _Story:
    """A decision in the making: the facts so far, what they lead to, and the scheme that counts."""

    __slots__ = ("events", "scheme", "standing", "vendor")

    def __init__(self, standing: Standing, scheme: RatingScheme, vendor: str) -> None:
        self.standing = standing
        self.scheme = scheme
        self.vendor = vendor
        self.events: list[StandingEvent] = []

    def tell(self, event: StandingEvent) -> None:
        self.events.append(event)
        self.standing = evolve(self.standing, event)


def decide(command: StandingCommand, standing: Standing, ask: Ask) -> Sequence[StandingEvent]:
    """Close what has come due, then note or close what is asked for."""
    scheme = ask(rating_scheme.decider, rating_scheme.stream(rating_scheme.VENDORS))
    vendor = standing.vendor if isinstance(command, Elapse) else organisation.id_of(command.vendor)
    story = _Story(standing, scheme, vendor)
    match command:
        case Elapse():
            _settle(story, command.at, inclusive=True)
        case Note():
            _must_be_known(vendor, ask)
            _settle(story, standing.now(command.at))
            _note(story, command)
        case ClosePeriod():
            _must_be_known(vendor, ask)
            _settle(story, standing.now(command.at))
            _close_by_hand(story, command)
        case _:
            assert_never(command)
    return story.events


def agenda(standing: Standing) -> Due | None:
    """The next period that is to be closed."""
    return Due(standing.open[0].closes_at, standing.open[0].period) if standing.open else None


def _must_be_known(vendor: str, ask: Ask) -> None:
    try:
        known = ask(organisation.decider, UUID(vendor)).registered_at is not None
    except ValueError:
        known = False
    if not known:
        raise NobodyToRate(vendor=vendor)


# Evidence -------------------------------------------------------------------------------------------------------------


def _note(story: _Story, command: Note) -> None:
    now = story.standing.now(command.at)
    points = must_be_on_scale(command.kind, command.points)
    if command.happened_at > now:
        raise NotYetHappened(happened_at=command.happened_at)
    if command.happened_at.year < FIRST_YEAR:
        raise TooLongAgo(month=month_of(command.happened_at))
    happened_at = command.happened_at.astimezone(UTC)
    known = story.standing.found(command.id)
    if known is not None and (known[1].withdrawn or not command.withdrawn):
        return
    month = known[0] if known else month_of(command.happened_at)
    if _is_final(story, month, now):
        raise TooLongAgo(month=month)
    before = _drawn_up(story, month, now)
    if command.withdrawn:
        story.tell(
            EvidenceWithdrawn(
                at=command.at,
                vendor=story.vendor,
                id=command.id,
                kind=command.kind,
                happened_at=happened_at,
                source=command.source,
            )
        )
    else:
        story.tell(
            Noted(
                at=command.at,
                vendor=story.vendor,
                id=command.id,
                kind=command.kind,
                happened_at=happened_at,
                subject=command.subject,
                category=command.category,
                area=command.area,
                points=points,
                source=command.source,
            )
        )
    after = _drawn_up(story, month, now)
    if before is not None and after is not None and not scorecard.same(before, after):
        story.tell(PeriodCorrected(at=now, card=after, because=command.id))
        _follow_up(story, now, after.period)
    _open(story, now)


def _is_final(story: _Story, month: str, now: datetime) -> bool:
    """Whether the period of a month is corrected no more: so long after it, or since later ones were closed."""
    rules = story.scheme.rules(now)
    quarter = story.scheme.length == "quarter"
    earliest = "" if rules is None else _final_before(rules, now)
    return any(is_final(month, quarter=quarter, final_before=each) for each in (earliest, story.standing.final_before))


def _final_before(rules: Rules, at: datetime) -> str:
    return named(number_of(month_of(at)) - rules.correctable_months)


def _drawn_up(story: _Story, month: str, now: datetime) -> Scorecard | None:
    """The scorecard of a closed period by what is known now, under the version that it was rated by."""
    period = period_with(story.scheme.length, month)
    card = story.standing.card(period)
    return None if card is None else _scorecard(story, period, card.version, now)


def _scorecard(story: _Story, period: str, number: int, at: datetime) -> Scorecard | None:
    version = story.scheme.version(number)
    if version is None:
        return None
    return scorecard.rate(
        version.rules,
        story.standing.entries(period),
        period=period,
        scheme=story.scheme.key,
        version=number,
        as_of=at,
    )


# Periods --------------------------------------------------------------------------------------------------------------


def _open(story: _Story, now: datetime) -> None:
    """Open every period in which something happened, if a scheme rates it; one whose time is over is closed at once."""
    length = story.scheme.length
    known = {card.period for card in story.standing.cards} | {opened.period for opened in story.standing.open}
    periods = {period_with(length, month) for month in story.standing.months}
    for period in sorted(periods - known):
        version = story.scheme.version(story.scheme.at_the_end_of(period))
        if version is None or _is_final(story, months_of(period)[-1], now):
            continue
        closes_at = ends_at(period) + timedelta(days=version.rules.grace_days)
        if closes_at < now:
            _close(story, period, now)
        else:
            story.tell(PeriodOpened(at=now, period=period, closes_at=closes_at))


def _settle(story: _Story, until: datetime, *, inclusive: bool = False) -> None:
    """Close every period that came due before a moment (or, `inclusive`, right then), each at its own moment."""
    while (due := agenda(story.standing)) is not None and (due.at < until or (inclusive and due.at == until)):
        _close(story, due.label, due.at)


def _close(story: _Story, period: str, at: datetime) -> None:
    number = story.scheme.at_the_end_of(period)
    version, card = story.scheme.version(number), _scorecard(story, period, number, at)
    if version is None or card is None:
        raise NoSchemeInForce(period=period)
    final_before = _final_before(version.rules, at)
    story.tell(PeriodClosed(at=at, vendor=story.vendor, card=card, final_before=final_before))
    _follow_up(story, at, period)


def _close_by_hand(story: _Story, command: ClosePeriod) -> None:
    now, period = story.standing.now(command.at), command.period
    if story.standing.card(period) is not None:
        return
    if not months_of(period) or not is_a(story.scheme.length, period):
        raise PeriodUnknown(period=period)
    if ends_at(period) > now:
        raise PeriodNotOver(ends_at=ends_at(period))
    if _is_final(story, months_of(period)[-1], now):
        raise TooLongAgo(month=months_of(period)[-1])
    _close(story, period, now)


def _follow_up(story: _Story, at: datetime, period: str) -> None:
    """What a scorecard leads to: another band, another tier."""
    reached = place(story.standing.cards, story.scheme)
    if reached.band != story.standing.band:
        story.tell(BandChanged(at=at, was=story.standing.band, now=reached.band, because=period))
    if reached.tier != story.standing.tier:
        story.tell(TierChanged(at=at, was=story.standing.tier, now=reached.tier, because=period))


def place(cards: Sequence[Card], scheme: RatingScheme) -> Place:
    """Where these periods lead to, each under the version that it was rated by."""
    reached = Place()
    for card in cards:
        version = scheme.version(card.version)
        if version is not None:
            reached = advance(reached, card.band, version.rules)
    return reached


# What it may do -------------------------------------------------------------------------------------------------------


def as_of(standing: Standing, scheme: RatingScheme, at: datetime) -> Standing:
    """The standing at a moment, with every period closed that has come due by then, even if the clock is late."""
    story = _Story(standing, scheme, standing.vendor)
    _settle(story, at, inclusive=True)
    return story.standing


def must_be_allowed(  # noqa: PLR0913, PLR0917 - what is asked for, each by its name
    ask: Ask, vendor: str, what: What, at: datetime, value_fen: int = 0, category: str = ""
) -> None:
    """Raises StandsTooLow or BeyondItsTier where a vendor's standing keeps it from this.

    Judged as of `at`, or the last event of the standing if that is later: an earlier date slips past nothing. A vendor
    that was never rated stands on the first tier. Where no scheme is in force nothing is kept from anybody.
    """
    scheme = ask(rating_scheme.decider, rating_scheme.stream(rating_scheme.VENDORS))
    standing = ask(decider, stream(vendor))
    moment = standing.now(at)
    standing = as_of(standing, scheme, moment)
    if what in BLOCKS.get(standing.band, ()):
        raise StandsTooLow(band=standing.band, since=standing.band_since)
    rules = scheme.rules(moment)
    if rules is None or what not in _WITH_A_VALUE:
        return
    tier = min(standing.tier, len(rules.tiers) - 1)
    largest = rules.tiers[tier].largest(category)
    if largest is not None and value_fen > largest:
        raise BeyondItsTier(tier=tier, largest_award_fen=largest)


_WITH_A_VALUE: frozenset[What] = frozenset({"award", "offer", "accept"})


def whose(_stream: UUID, standing: Standing, command: StandingCommand | None) -> Whose:
    """A standing concerns its vendor; a piece of evidence also whoever is responsible for where it happened."""
    if isinstance(command, Note | ClosePeriod):
        area = command.area if isinstance(command, Note) else ""
        return Whose(organisations=(organisation.id_of(command.vendor),), areas=(area,) if area else ())
    return Whose(organisations=(standing.vendor,) if standing.vendor else ())


decider: Decider[StandingCommand, Standing, StandingEvent] = Decider(
    name="standing",
    initial=Standing(),
    decide=decide,
    evolve=evolve,
    commands=(Note, ClosePeriod, Elapse),
    events=(Noted, EvidenceWithdrawn, PeriodOpened, PeriodClosed, PeriodCorrected, BandChanged, TierChanged),
    agenda=agenda,
    whose=whose,
)
