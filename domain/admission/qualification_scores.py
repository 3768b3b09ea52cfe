"""What scores come to: exact in whole numbers, so that nobody passes or fails by rounding.

Weights are percents, so a dimension is exact in hundredths of a point and the total in ten-thousandths. The mean of
several reviewers is rounded down to hundredths, which never moves it across a whole number.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from domain.admission.qualification_messages import Answer, Result, Score
from domain.admission.qualification_refusals import BelowMinimum, BelowPassMark, ScoresIncomplete
from domain.admission.scheme_document import FULL, Document

HUNDREDTHS: Final = 100
_TOTAL_PARTS: Final = 10_000


class Tally(NamedTuple):
    """What one person's scores come to."""

    dimensions: tuple[int, ...]
    """Hundredths of a point, in the order of the scheme."""
    total: int
    """Ten-thousandths of a point."""


class Outcome(NamedTuple):
    """What all scores come to."""

    results: tuple[Result, ...]
    total: int
    """Hundredths of a point, as the results."""
    divergent: bool


def must_be_complete(scores: Sequence[Score], rules: Document) -> None:
    """Each criterion that is not measured has its points, once, and no other has. Raises ScoresIncomplete."""
    wanted = sorted(key for key, each in rules.criteria().items() if not each.steps)
    if sorted(each.criterion for each in scores) != wanted:
        raise ScoresIncomplete(criteria=", ".join(wanted))
    if not all(0 <= each.points <= FULL for each in scores):
        raise ScoresIncomplete(criteria=", ".join(wanted))


def outcome(sheets: Sequence[Sequence[Score]], answers: Sequence[Answer], rules: Document) -> Outcome:
    """The mean of what several people gave, and whether two of them lie further apart than the scheme bears."""
    tallies = [tally({each.criterion: each.points for each in sheet}, answers, rules) for sheet in sheets]
    count = len(tallies)
    results = tuple(
        Result(rule.key, sum(each.dimensions[place] for each in tallies) // count)
        for place, rule in enumerate(rules.dimensions)
    )
    total = sum(each.total for each in tallies) // (count * (_TOTAL_PARTS // HUNDREDTHS))
    apart = any(
        _spread([each.dimensions[place] for each in tallies]) > rules.divergence * HUNDREDTHS
        for place, _ in enumerate(rules.dimensions)
    )
    divergent = apart or _spread([each.total for each in tallies]) > rules.divergence * _TOTAL_PARTS
    return Outcome(results, total, divergent)


def tally(points: Mapping[str, int], answers: Sequence[Answer], rules: Document) -> Tally:
    """What one person's scores come to, with those that are measured."""
    said = {each.criterion: each.value for each in answers}
    dimensions = tuple(
        sum(
            each.weight * (each.points(said.get(each.key, 0)) if each.steps else points.get(each.key, 0))
            for each in rule.criteria
        )
        for rule in rules.dimensions
    )
    total = sum(rule.weight * found for rule, found in zip(rules.dimensions, dimensions, strict=True))
    return Tally(dimensions, total)


def must_pass(results: Sequence[Result], total: int, rules: Document) -> None:
    """The weakest plank decides, then the total. Raises BelowMinimum, BelowPassMark."""
    minimum = {rule.key: rule.minimum for rule in rules.dimensions}
    for each in results:
        if each.points < minimum[each.dimension] * HUNDREDTHS:
            raise BelowMinimum(dimension=each.dimension, points=each.points, minimum=minimum[each.dimension])
    if total < rules.pass_mark * HUNDREDTHS:
        raise BelowPassMark(points=total, pass_mark=rules.pass_mark)


def _spread(values: Sequence[int]) -> int:
    return max(values) - min(values)
