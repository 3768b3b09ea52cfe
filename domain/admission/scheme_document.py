"""The rules of an admission scheme, as one document: what is asked of vendors of a category, and how it is judged.

Four dimensions (资产规模、运营经验、团队储备、运营方案) with weights that sum to 100; in each, criteria whose weights
sum to 100 too. A criterion with steps is measured: its points follow from the vendor's answer. Any other is scored by
the reviewers, 0 to 100. Months and days are of the calendar, in China's time.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Annotated, Final, Literal, TypeAlias, get_args

from msgspec import Struct

from domain.decider import Refused
from domain.privacy.personal import Key, NotPersonal

Dimension: TypeAlias = Literal["asset_scale", "operating_experience", "team", "operating_plan"]
DIMENSIONS: Final[tuple[Dimension, ...]] = get_args(Dimension)
FULL: Final = 100
"""Percent, and points: weights sum to it, scores go up to it."""

Title: TypeAlias = Annotated[str, NotPersonal("the words of a published rule")]


class Step(Struct, frozen=True):
    """From this value on a measured criterion earns so many points."""

    at_least: int
    points: int


class Criterion(Struct, frozen=True, omit_defaults=True):
    """One thing that is looked at within a dimension."""

    key: Key
    name: Title
    weight: int
    """Percent of its dimension."""
    unit: Key = ""
    """What the vendor's answer counts: `fen`, `people`, `years`."""
    steps: tuple[Step, ...] = ()
    """Rising; below the first it earns nothing."""

    def points(self, value: int) -> int:
        """What an answer earns where the criterion is measured."""
        return max((step.points for step in self.steps if value >= step.at_least), default=0)


class DimensionRule(Struct, frozen=True, omit_defaults=True):
    """A dimension: how much it weighs, and the least it must reach whatever the total is (木桶效应)."""

    key: Dimension
    weight: int
    """Percent of the total."""
    minimum: int
    """Points, 0 to 100."""
    criteria: tuple[Criterion, ...]


class DocumentRule(Struct, frozen=True, omit_defaults=True):
    """A kind of document that belongs into the file."""

    kind: Key
    name: Title
    required: bool = True
    expires: bool = False
    """It must say until when it is valid."""
    longest_age: int | None = None
    """Days since its first day when it is filed; None: however old."""


class Document(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """All rules of a version."""

    dimensions: tuple[DimensionRule, ...]
    documents: tuple[DocumentRule, ...]
    pass_mark: int
    """Points of the total, 0 to 100."""
    reviewers: int = 3
    """How many score each case, each without seeing the others."""
    divergence: int = 20
    """Points between two reviewers, in a dimension or the total, beyond which a panel settles it."""
    levels: int = 1
    """How many people must approve, one after the other."""
    validity: int = 24
    """Months that a grant lasts."""
    reminders: tuple[int, ...] = (90, 30, 7)
    """Days before an end at which it is remembered."""
    appeal_window: int = 15
    """Days after a refusal or a revocation."""
    longest_deadline: int = 90
    """Days within which conditions must be met at the latest."""
    renewal_opens: int = 90
    """Days before the end of a grant."""

    def criteria(self) -> dict[str, Criterion]:
        """All criteria by key."""
        return {each.key: each for dimension in self.dimensions for each in dimension.criteria}

    def kind(self, key: str) -> DocumentRule | None:
        """What is asked of a kind of document; None for one that nobody asks for."""
        return next((each for each in self.documents if each.kind == key), None)

    @property
    def required(self) -> tuple[str, ...]:
        """The kinds of documents without which nothing is granted."""
        return tuple(each.kind for each in self.documents if each.required)


class SchemeWeightsDoNotSum(Refused):
    """The weights of the dimensions, and of the criteria in each of them, are whole percents that sum to 100."""


class DimensionMissing(Refused):
    """A scheme has exactly four dimensions: asset scale, operating experience, team and operating plan."""


class SchemeKeyTwice(Refused):
    """Two criteria or two documents of a scheme have the same key."""


class SchemeKeyInvalid(Refused):
    """Keys in a scheme are small letters, digits and underscores, at most 32; names have up to 128 characters."""


class PassMarkOutOfRange(Refused):
    """A pass mark, a minimum, a divergence and points of a step go from 0 to 100."""


class StepsDoNotRise(Refused):
    """The steps of a criterion rise, in value and in points, and there are at most 20."""


class NoDocumentRequired(Refused):
    """A scheme requires at least one document."""


class SchemeOutOfRange(Refused):
    """A number of the scheme is out of range.

    Reviewers go from 1 to 9, levels from 1 to 3, months of validity from 1 to 120, days from 1 to 3650; there are at
    most 20 criteria in a dimension, 30 documents and 6 different reminders.
    """


_KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")
_LONGEST_NAME: Final = 128
_MOST_STEPS: Final = 20
_MOST_CRITERIA: Final = 20
_MOST_DOCUMENTS: Final = 30
_MOST_REMINDERS: Final = 6
_MOST_DAYS: Final = 3650
_MOST_REVIEWERS: Final = 9
_MOST_LEVELS: Final = 3
_MOST_MONTHS: Final = 120


def must_make_sense(document: Document) -> None:
    """Raises a refusal for rules that nobody could keep or judge by."""
    _must_have_four(document.dimensions)
    _must_be_different([each.kind for each in document.documents])
    _must_be_different([each.key for dimension in document.dimensions for each in dimension.criteria])
    for rule in document.documents:
        _must_be_named(rule.kind, rule.name)
    for dimension in document.dimensions:
        for criterion in dimension.criteria:
            _must_be_named(criterion.key, criterion.name)
            _must_rise(criterion.steps)
    points = [document.pass_mark, document.divergence, *(each.minimum for each in document.dimensions)]
    for each in points:
        if not 0 <= each <= FULL:
            raise PassMarkOutOfRange(points=each)
    if not document.required:
        raise NoDocumentRequired
    _must_be_in_range(document)


def _must_have_four(dimensions: Sequence[DimensionRule]) -> None:
    keys: list[str] = [each.key for each in dimensions]
    if sorted(keys) != sorted(DIMENSIONS):
        missing = [each for each in DIMENSIONS if each not in keys]
        raise DimensionMissing(dimension=missing[0] if missing else "")
    _must_sum([each.weight for each in dimensions], "")
    for each in dimensions:
        _must_sum([criterion.weight for criterion in each.criteria], each.key)


def _must_sum(weights: Sequence[int], dimension: str) -> None:
    if sum(weights) != FULL or any(each < 0 for each in weights):
        raise SchemeWeightsDoNotSum(dimension=dimension, sum=sum(weights))


def _must_be_different(keys: Iterable[str]) -> None:
    seen = set[str]()
    for key in keys:
        if key in seen:
            raise SchemeKeyTwice(key=key)
        seen.add(key)


def _must_be_named(key: str, name: str) -> None:
    if not _KEY.fullmatch(key) or not 0 < len(name.strip()) <= len(name) <= _LONGEST_NAME:
        raise SchemeKeyInvalid(key=key)


def _must_rise(steps: Sequence[Step]) -> None:
    for each in steps:
        if not 0 <= each.points <= FULL:
            raise PassMarkOutOfRange(points=each.points)
    rising = all(a.at_least < b.at_least and a.points < b.points for a, b in pairwise(steps))
    if not rising or len(steps) > _MOST_STEPS:
        raise StepsDoNotRise


def _must_be_in_range(document: Document) -> None:
    days = [document.appeal_window, document.longest_deadline, document.renewal_opens, *document.reminders]
    days += [each.longest_age for each in document.documents if each.longest_age is not None]
    fits = (
        1 <= document.reviewers <= _MOST_REVIEWERS
        and 1 <= document.levels <= _MOST_LEVELS
        and 1 <= document.validity <= _MOST_MONTHS
        and all(1 <= each <= _MOST_DAYS for each in days)
        and len(set(document.reminders)) == len(document.reminders) <= _MOST_REMINDERS
        and len(document.documents) <= _MOST_DOCUMENTS
        and all(len(each.criteria) <= _MOST_CRITERIA for each in document.dimensions)
    )
    if not fits:
        raise SchemeOutOfRange
