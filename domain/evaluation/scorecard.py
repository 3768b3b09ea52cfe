"""A scorecard: what the evidence of a period comes to under the rules, and why.

    tally -> figure -> points, or neutral where the sample is too small -> total -> band

What is neutral is left out and the other weights stand for the whole; where everything is neutral the period is not
rated. A scorecard does not depend on the order in which evidence came in.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Literal, NamedTuple, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from domain.evaluation.evidence import Entry, Tally, tally
from domain.evaluation.rating_rules import HUNDREDTHS, BandName, Formula, Measure, Rules
from domain.privacy.personal import Key, NotPersonal

Rating: TypeAlias = BandName | Literal[""]
"""A band, or `""`: not rated."""


class Figure(Struct, frozen=True, omit_defaults=True):
    """One measure of a period."""

    measure: Key
    formula: Formula
    weight: int
    sample: int = 0
    value: int | None = None
    """In hundredths: of a percent, of a star, of a case for each 100 works. None: there is nothing to reckon with."""
    points: int | None = None
    """From 0 to 100. None: neutral."""
    rests_on: tuple[Key, ...] = ()
    """Ids of the evidence."""


class Scorecard(Struct, frozen=True, omit_defaults=True):
    """A vendor's period, rated."""

    period: Key
    scheme: Key
    version: int
    """Of the scheme."""
    as_of: datetime
    """What was known then is in it."""
    figures: tuple[Figure, ...]
    total: int | None = None
    """In hundredths of a point, from 0 to 10000. None: not rated."""
    band: Rating = ""


class Reckoned(NamedTuple):
    """What evidence comes to in one measure; as in `Figure`."""

    sample: int
    value: int | None
    points: int | None


def reckon(measure: Measure, counted: Tally) -> Reckoned:
    """What the evidence comes to in one measure."""
    good, against = counted.count(measure.counts), counted.count(measure.against)
    sample, above = good, counted.sum(measure.counts)
    if measure.formula == "share":
        sample, above = good + against, good * HUNDREDTHS
    elif measure.formula == "rate":
        sample, above = against, good * HUNDREDTHS
    value = above * HUNDREDTHS // sample if sample else None
    points = None if value is None or sample < measure.least else points_of(measure, value)
    return Reckoned(sample, value, points)


def figure(measure: Measure, counted: Tally) -> Figure:
    """The same, as it stands on a scorecard."""
    return Figure(measure.key, measure.formula, measure.weight, *reckon(measure, counted))


def points_of(measure: Measure, value: int) -> int:
    """The points of the highest step that a figure has reached."""
    return [step.points for step in measure.steps if step.figure <= value][-1]


def total(weighted: Iterable[tuple[int, int | None]]) -> int | None:
    """The mean of what is not neutral, (weight, points) each, in hundredths of a point, rounded down."""
    rated = [(weight, points) for weight, points in weighted if points is not None]
    if not rated:
        return None
    return sum([weight * points for weight, points in rated]) * HUNDREDTHS // sum([weight for weight, _ in rated])


def band(rules: Rules, reached: int | None) -> Rating:
    """The band of a total."""
    return "" if reached is None else rules.band(reached)


def total_of(rules: Rules, counted: Tally) -> int | None:
    """The total of a period without its scorecard."""
    return total([(measure.weight, reckon(measure, counted).points) for measure in rules.measures])


def rate(  # noqa: PLR0913 - what stands on the card, each by its name
    rules: Rules, entries: Mapping[str, Entry], *, period: str, scheme: str, version: int, as_of: datetime
) -> Scorecard:
    """The scorecard of a period, with what each figure rests on."""
    counted = tally(entries.values())
    figures = [replace(figure(each, counted), rests_on=_ids(each, entries)) for each in rules.measures]
    reached = total([(each.weight, each.points) for each in figures])
    return Scorecard(period, scheme, version, as_of, tuple(figures), reached, band(rules, reached))


def _ids(measure: Measure, entries: Mapping[str, Entry]) -> tuple[str, ...]:
    kinds = {*measure.counts, *measure.against}
    return tuple(sorted([name for name, entry in entries.items() if entry.kind in kinds and not entry.withdrawn]))


def same(one: Scorecard, other: Scorecard) -> bool:
    """Whether two scorecards of a period say the same, whenever they were drawn up."""
    return replace(one, as_of=other.as_of) == other


# Explaining -----------------------------------------------------------------------------------------------------------


class Line(Struct, frozen=True):
    """One measure, as it is explained."""

    measure: str
    name: Annotated[str, NotPersonal("the name of a measure, as published")]
    formula: Formula
    value: int | None
    sample: int
    least: int
    """The smallest sample that counts."""
    neutral: Literal["", "nothing_to_reckon_with", "sample_too_small"]
    step: int | None
    """The figure from which on these points are given."""
    points: int | None
    weight: int
    weighted: int | None
    """Weight times points."""
    rests_on: tuple[str, ...]


class Explanation(Struct, frozen=True):
    """How a total came about: `weighted * 100 // weights` is the total."""

    lines: tuple[Line, ...]
    weighted: int
    """Sum of what was weighted."""
    weights: int
    """Sum of the weights of what is not neutral."""
    total: int | None
    band: Rating
    band_from: int | None
    """Points from which on the band counts."""
    version: int
    as_of: datetime


def explain(card: Scorecard, rules: Rules) -> Explanation:
    """Every input, weight and sum of a scorecard, under the rules that it was drawn up by."""
    lines = tuple(_line(each, measure) for each, measure in zip(card.figures, rules.measures, strict=False))
    edges = [each.points for each in rules.bands if each.name == card.band]
    return Explanation(
        lines=lines,
        weighted=sum(line.weighted for line in lines if line.weighted is not None),
        weights=sum(line.weight for line in lines if line.points is not None),
        total=card.total,
        band=card.band,
        band_from=edges[0] if edges else None,
        version=card.version,
        as_of=card.as_of,
    )


def _line(said: Figure, measure: Measure) -> Line:
    step = None
    if said.points is not None and said.value is not None:
        step = [each.figure for each in measure.steps if each.figure <= said.value][-1]
    neutral: Literal["", "nothing_to_reckon_with", "sample_too_small"] = ""
    if said.points is None:
        neutral = "sample_too_small" if said.sample else "nothing_to_reckon_with"
    return Line(
        measure=said.measure,
        name=measure.name,
        formula=said.formula,
        value=said.value,
        sample=said.sample,
        least=measure.least,
        neutral=neutral,
        step=step,
        points=said.points,
        weight=said.weight,
        weighted=None if said.points is None else said.weight * said.points,
        rests_on=said.rests_on,
    )
