"""The ladder: what periods, one after the other, make of a vendor's band and tier.

rated -> the band of that period; so many good periods in a row -> one tier up
watch -> one tier down; worse than watch -> back to the first tier
not rated -> nothing changes: no activity is neither good nor bad
"""

from msgspec import Struct

from domain.evaluation.rating_rules import Rules, rank
from domain.evaluation.scorecard import Rating


class Place(Struct, frozen=True):
    """Where a vendor stands."""

    band: Rating = ""
    tier: int = 0
    in_a_row: int = 0
    """Periods that count towards the next tier."""


def advance(place: Place, band: Rating, rules: Rules) -> Place:
    """The place after one more period, under the rules that it was rated by."""
    if not band:
        return place
    tier = min(place.tier, len(rules.tiers) - 1)
    if rank(band) < rank("watch"):
        return Place(band, 0)
    if band == "watch":
        return Place(band, max(0, tier - 1))
    if tier + 1 == len(rules.tiers):
        return Place(band, tier)
    above = rules.tiers[tier + 1]
    in_a_row = place.in_a_row + 1 if rank(band) >= rank(above.band) else 0
    return Place(band, tier + 1) if in_a_row >= above.periods else Place(band, tier, in_a_row)
