"""The rules of a rating scheme, as a document: what is measured, how much it weighs, what the total leads to.

    evidence -> figure -> points (by steps) -> weighted total -> band -> tier -> rights

Whole numbers throughout, so a score can be checked with pencil and paper: figures in hundredths (9500 is 95.00 %, 350
are 3.50 stars, 120 are 1.20 for each 100 works), points from 0 to 100, totals in hundredths of a point. Divisions round
down, so nothing is ever lifted over an edge. Every edge belongs to what begins with it: 80.00 is in the band from 80.
"""

import re
from collections.abc import Sequence
from typing import Annotated, Final, Literal, TypeAlias

from msgspec import Struct

from domain.admission.what import What
from domain.decider import Refused
from domain.evaluation.evidence import KINDS, SCALES, EvidenceKind
from domain.evaluation.periods import Length
from domain.privacy.personal import Key, NotPersonal

Formula: TypeAlias = Literal["share", "rate", "average"]
BandName: TypeAlias = Literal["preferred", "normal", "watch", "no_new_work", "suspended"]

BEST_FIRST: Final[tuple[BandName, ...]] = ("preferred", "normal", "watch", "no_new_work", "suspended")
BLOCKS: Final[dict[str, frozenset[What]]] = {
    "no_new_work": frozenset({"award", "offer", "accept", "work"}),
    "suspended": frozenset({"award", "offer", "accept", "work", "pay_out"}),
}
"""What a band keeps a vendor from. `preferred` is asked first, `watch` costs a tier; neither keeps from anything."""

TOP: Final = 100
"""Points, and the sum of the weights."""
HUNDREDTHS: Final = 100


class Step(Struct, frozen=True):
    """From this figure on (in hundredths), so many points from 0 to 100."""

    figure: int
    points: int


class Measure(Struct, frozen=True, omit_defaults=True):
    """One figure of the scorecard.

    share: `counts` among `counts` and `against`, in percent. rate: `counts` for each 100 of `against`. average: mean of
    the points of `counts`.
    """

    key: Key
    formula: Formula
    counts: tuple[EvidenceKind, ...]
    weight: int
    steps: tuple[Step, ...]
    against: tuple[EvidenceKind, ...] = ()
    least: int = 1
    """With a smaller sample it is neutral: left out, and the others weigh more. A share's and an average's sample is
    what it is made of, a rate's the works that it is for each 100 of."""
    name: Annotated[str, NotPersonal("the name of a measure, as published")] = ""


class Band(Struct, frozen=True):
    """From so many points on, up to where the next one begins."""

    name: BandName
    points: int


class Limit(Struct, frozen=True, omit_defaults=True):
    """The largest award in a category, in fen; None: no limit."""

    category: Key
    largest_award_fen: int | None = None


class Tier(Struct, frozen=True, omit_defaults=True):
    """What a vendor may do that has come so far. The first tier is number 0, where everybody begins."""

    largest_award_fen: int | None = None
    """In fen; None: no limit."""
    periods: int = 0
    """Rated periods in `band` or better, one after the other on the tier below, that lead here."""
    band: BandName = "normal"
    limits: tuple[Limit, ...] = ()
    """Categories with a limit of their own."""

    def largest(self, category: str) -> int | None:
        """The largest award in a category, in fen; None: no limit."""
        for limit in self.limits:
            if limit.category == category:
                return limit.largest_award_fen
        return self.largest_award_fen


class Rules(Struct, frozen=True, omit_defaults=True):
    """A whole document."""

    measures: tuple[Measure, ...]
    bands: tuple[Band, ...]
    tiers: tuple[Tier, ...]
    period: Length = "month"
    grace_days: int = 3
    """Days after a period for facts to come in, before it is closed."""
    correctable_months: int = 6
    """How many months back evidence still counts: a period that is closed is corrected by it."""

    def band(self, total: int) -> BandName:
        """The band of a total, in hundredths of a point."""
        return max(
            [band for band in self.bands if band.points * HUNDREDTHS <= total], key=lambda each: each.points
        ).name


def rank(band: str) -> int:
    """How good a band is; the worst one is 0."""
    return len(BEST_FIRST) - 1 - BEST_FIRST.index(band)


class MeasureWeightsDoNotSum(Refused):
    """The weights of the measures must sum to exactly 100, and each must be 1 or more."""


class MeasureMissing(Refused):
    """A rating scheme needs at least one measure, and at most 20."""


class SameMeasureTwice(Refused):
    """Two measures have the same key."""


class MeasureNameless(Refused):
    """A measure needs a key of small letters, digits and underscores, and a name of at most 64 letters."""


class MeasureIncomplete(Refused):
    """A share and a rate need evidence that counts and evidence it is set against; an average needs evidence with
    points on one scale only.
    """


class CountedTwice(Refused):
    """A measure counts the same kind of evidence twice."""


class SampleTooSmall(Refused):
    """The smallest sample that counts is 1 or more."""


class StepsBroken(Refused):
    """The steps of a measure must begin at the figure 0 and rise, with points from 0 to 100."""


class BandsBroken(Refused):
    """The bands must cover the points from 0 to 100 exactly once: one begins at 0, and better ones begin higher."""


class TiersBroken(Refused):
    """Tiers begin with one for everybody, each higher one takes at least one rated period, and none has less rights
    than the one below.
    """


class DeadlinesBroken(Refused):
    """A period closes at most 60 days after its end, and is corrected for 1 to 24 months."""


_KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")
_CATEGORY: Final = re.compile(r"[a-z][a-z0-9_]{1,31}")
_MOST_MEASURES: Final = 20
_MOST_STEPS: Final = 101
_MOST_TIERS: Final = 10
_MOST_LIMITS: Final = 100
_MOST_PERIODS: Final = 60
_LONGEST_NAME: Final = 64


def must_make_sense(rules: Rules) -> None:
    """Raises what is wrong with a document, the first thing first."""
    if not 1 <= len(rules.measures) <= _MOST_MEASURES:
        raise MeasureMissing
    if len({measure.key for measure in rules.measures}) != len(rules.measures):
        raise SameMeasureTwice
    for measure in rules.measures:
        _must_measure(measure)
    if sum(measure.weight for measure in rules.measures) != TOP or any(each.weight < 1 for each in rules.measures):
        raise MeasureWeightsDoNotSum(sum=sum(measure.weight for measure in rules.measures))
    _must_cover(rules.bands)
    _must_rise(rules.tiers)
    if not (0 <= rules.grace_days <= 60 and 1 <= rules.correctable_months <= 24):  # noqa: PLR2004 - said in the refusal
        raise DeadlinesBroken


def _must_measure(measure: Measure) -> None:
    if not _KEY.fullmatch(measure.key) or len(measure.name) > _LONGEST_NAME:
        raise MeasureNameless(measure=measure.key)
    kinds = (*measure.counts, *measure.against)
    if len(set(kinds)) != len(kinds):
        raise CountedTwice(measure=measure.key)
    average = measure.formula == "average"
    on_one_scale = len(measure.counts) == 1 and measure.counts[0] in SCALES
    if not measure.counts or average == bool(measure.against) or (average and not on_one_scale):
        raise MeasureIncomplete(measure=measure.key)
    if measure.least < 1:
        raise SampleTooSmall(measure=measure.key)
    figures = [step.figure for step in measure.steps]
    rises = figures == sorted(set(figures)) and figures[:1] == [0] and len(figures) <= _MOST_STEPS
    if not rises or not all(0 <= step.points <= TOP for step in measure.steps):
        raise StepsBroken(measure=measure.key)


def _must_cover(bands: Sequence[Band]) -> None:
    """Edges that rise from 0, one for each name, and the better name always the higher edge."""
    in_order = sorted(bands, key=lambda band: band.points)
    edges = [band.points for band in in_order]
    ranks = [rank(band.name) for band in in_order]
    if edges[:1] != [0] or edges != sorted(set(edges)) or ranks != sorted(set(ranks)) or edges[-1] > TOP:
        raise BandsBroken


def _must_rise(tiers: Sequence[Tier]) -> None:
    if not 1 <= len(tiers) <= _MOST_TIERS or any(not _is_sound(tier) for tier in tiers):
        raise TiersBroken
    for number, tier in enumerate(tiers[1:], 1):
        below = tiers[number - 1]
        named = {limit.category for limit in (*tier.limits, *below.limits)}
        if not 1 <= tier.periods <= _MOST_PERIODS or rank(tier.band) < rank("normal"):
            raise TiersBroken(tier=number)
        for category in ("", *named):
            if _as_number(tier.largest(category)) < _as_number(below.largest(category)):
                raise TiersBroken(tier=number)


def _is_sound(tier: Tier) -> bool:
    categories = [limit.category for limit in tier.limits]
    amounts = [tier.largest_award_fen, *(limit.largest_award_fen for limit in tier.limits)]
    return (
        len(set(categories)) == len(categories) <= _MOST_LIMITS
        and all(_CATEGORY.fullmatch(category) for category in categories)
        and all(amount is None or 0 <= amount <= _NO_LIMIT for amount in amounts)
    )


_NO_LIMIT: Final = 10**15


def _as_number(amount: int | None) -> int:
    return _NO_LIMIT + 1 if amount is None else amount


__all__ = [
    "BEST_FIRST",
    "BLOCKS",
    "HUNDREDTHS",
    "KINDS",
    "TOP",
    "Band",
    "BandName",
    "BandsBroken",
    "CountedTwice",
    "DeadlinesBroken",
    "EvidenceKind",
    "Formula",
    "Limit",
    "Measure",
    "MeasureIncomplete",
    "MeasureMissing",
    "MeasureNameless",
    "MeasureWeightsDoNotSum",
    "Rules",
    "SameMeasureTwice",
    "SampleTooSmall",
    "Step",
    "StepsBroken",
    "Tier",
    "TiersBroken",
    "must_make_sense",
    "rank",
]
