"""Where a vendor's standing has come to: its state, folded from its events. No rule lives here.

Evidence is kept by id for as long as its period can still be corrected; of final periods only the result is kept, and
how much evidence there was of which kind.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import assert_never

from msgspec import Struct, field
from msgspec.structs import replace

from domain.evaluation.evidence import Counted, Entry, Tally, tally
from domain.evaluation.periods import month_of, months_of, number_of, period_with
from domain.evaluation.scorecard import Rating, Scorecard
from domain.evaluation.standing_messages import (
    BandChanged,
    EvidenceWithdrawn,
    Noted,
    PeriodClosed,
    PeriodCorrected,
    PeriodOpened,
    StandingEvent,
    TierChanged,
)


class Opened(Struct, frozen=True, array_like=True):
    """A period in which something happened, and when it is closed."""

    period: str
    closes_at: datetime


class Card(Struct, frozen=True, array_like=True):
    """What a closed period came to."""

    period: str
    version: int
    """Of the scheme."""
    total: int | None
    """In hundredths of a point; None: not rated."""
    band: Rating


class Standing(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A vendor's standing."""

    vendor: str = ""
    band: Rating = ""
    """`""`: not rated so far."""
    tier: int = 0
    band_since: datetime | None = None
    months: dict[str, dict[str, Entry]] = field(default_factory=dict[str, dict[str, Entry]])
    """Evidence by month and id, as far back as it can be corrected."""
    past: dict[str, tuple[Counted, ...]] = field(default_factory=dict[str, tuple[Counted, ...]])
    """How much evidence there was in months that are final."""
    open: tuple[Opened, ...] = ()
    """Those that are to be closed, the earliest first."""
    cards: tuple[Card, ...] = ()
    """Those that are closed, the earliest first."""
    final_before: str = ""
    """Months before this one are corrected no more."""
    latest: datetime | None = None
    """The moment of the last event."""

    def card(self, period: str) -> Card | None:
        """What a period came to, once it is closed."""
        for card in reversed(self.cards):
            if card.period == period:
                return card
        return None

    @property
    def last_rated(self) -> Card | None:
        """The last period that was rated."""
        rated = [card for card in self.cards if card.band]
        return rated[-1] if rated else None

    def found(self, name: str) -> tuple[str, Entry] | None:
        """A piece of evidence by its id, and the month it counts in."""
        for month, entries in self.months.items():
            entry = entries.get(name)
            if entry is not None:
                return month, entry
        return None

    def entries(self, period: str) -> Mapping[str, Entry]:
        """The evidence of a period by id."""
        found: dict[str, Entry] = {}
        for month in months_of(period):
            found.update(self.months.get(month, {}))
        return found

    def tally(self, period: str) -> Tally:
        """The evidence of a period, counted, however long ago that was."""
        counted = Tally({}, {})
        for month in months_of(period):
            for each in self.past.get(month, ()):
                counted.take(each)
            for entry in self.months.get(month, {}).values():
                if not entry.withdrawn:
                    counted.add(entry.kind, entry.points)
        return counted

    def now(self, at: datetime) -> datetime:
        """The moment that counts: nothing that comes with an earlier date is before what is known already."""
        return at if self.latest is None else max(at, self.latest)


def evolve(standing: Standing, event: StandingEvent) -> Standing:
    """The state after one more fact."""
    after = _told(standing, event)
    return replace(after, latest=standing.now(event.at))


def _told(standing: Standing, event: StandingEvent) -> Standing:  # noqa: PLR0911 - one line a fact
    match event:
        case Noted():
            entry = Entry(event.kind, event.points)
            months = _with(standing, month_of(event.happened_at), event.id, entry)
            return replace(standing, vendor=event.vendor, months=months)
        case EvidenceWithdrawn():
            month, known = standing.found(event.id) or (month_of(event.happened_at), Entry(event.kind))
            months = _with(standing, month, event.id, replace(known, withdrawn=True))
            return replace(standing, vendor=event.vendor, months=months)
        case PeriodOpened():
            opened = Opened(event.period, event.closes_at)
            return replace(standing, open=tuple(sorted((*standing.open, opened), key=lambda one: one.closes_at)))
        case PeriodClosed():
            return _closed(standing, event)
        case PeriodCorrected():
            return replace(standing, cards=tuple(_cards(standing, event.card)))
        case BandChanged():
            return replace(standing, band=event.now, band_since=event.at)
        case TierChanged():
            return replace(standing, tier=event.now)
        case _:
            assert_never(event)


def _with(standing: Standing, month: str, name: str, entry: Entry) -> dict[str, dict[str, Entry]]:
    return {**standing.months, month: {**standing.months.get(month, {}), name: entry}}


def _closed(standing: Standing, event: PeriodClosed) -> Standing:
    final_before = max(standing.final_before, event.final_before)
    kept, past = dict(standing.months), dict(standing.past)
    for month, entries in standing.months.items():
        if is_final(month, quarter="Q" in event.card.period, final_before=final_before):
            past[month] = tally(entries.values()).kept()
            del kept[month]
    return replace(
        standing,
        vendor=event.vendor,
        months=kept,
        past=past,
        final_before=final_before,
        open=tuple([opened for opened in standing.open if opened.period != event.card.period]),
        cards=tuple(_cards(standing, event.card)),
    )


def is_final(month: str, *, quarter: bool, final_before: str) -> bool:
    """Whether the period of a month ended before another month."""
    months = months_of(period_with("quarter" if quarter else "month", month))
    return bool(months and months_of(final_before)) and number_of(months[-1]) < number_of(final_before)


def _cards(standing: Standing, drawn_up: Scorecard) -> Iterator[Card]:
    """The cards with this one among them, or in the place of the one before it."""
    new = Card(drawn_up.period, drawn_up.version, drawn_up.total, drawn_up.band)
    others = [card for card in standing.cards if card.period != new.period]
    yield from sorted((*others, new), key=lambda card: card.period)
