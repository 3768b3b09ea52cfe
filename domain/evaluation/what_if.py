"""What if other rules had counted? Who would have been in another band in a past period. Nothing is written.

evidence of all vendors, by period -> the rules that counted, the rules proposed -> whose band differs
"""

from collections.abc import Sequence
from typing import NamedTuple

from msgspec import Struct

from domain.evaluation import scorecard
from domain.evaluation.rating_rules import Rules
from domain.evaluation.scorecard import Rating
from domain.evaluation.standing_history import Standing


class Change(Struct, frozen=True):
    """A vendor's period that would have come out otherwise. Totals in hundredths of a point; None: not rated."""

    vendor: str
    period: str
    was: Rating
    would_be: Rating
    total_was: int | None
    total_would_be: int | None


class Period(NamedTuple):
    """A period, and the rules that it was rated by."""

    name: str
    rules: Rules


class Compared(NamedTuple):
    """What came of a vendor: how many of its periods were rated, and those that would have come out otherwise."""

    rated: int
    changes: list[Change]


def compare(found: Standing, periods: Sequence[Period], proposed: Rules) -> Compared:
    """One vendor."""
    rated, changes = 0, list[Change]()
    for period in periods:
        counted = found.tally(period.name)
        if not counted.counts:
            continue
        total = scorecard.total_of(period.rules, counted)
        other = total if period.rules is proposed else scorecard.total_of(proposed, counted)
        was, would_be = scorecard.band(period.rules, total), scorecard.band(proposed, other)
        rated += bool(was)
        if was != would_be:
            changes.append(Change(found.vendor, period.name, was, would_be, total, other))
    return Compared(rated, changes)
