"""Evidence about a vendor: facts that count when it is rated, each with the source it came from.

Devices, work orders and marketplaces tell it, people note it. What a fact means is for the rating scheme to say.
"""

from collections.abc import Iterable
from typing import Final, Literal, TypeAlias, get_args

from msgspec import Struct

from domain.decider import Refused

EvidenceKind: TypeAlias = Literal[
    "sla_kept",
    "sla_breached",
    "repeat_fault",
    "no_show",
    "rating",
    "inspection",
    "complaint",
    "late_handover",
    "work_done",
]
KINDS: Final[tuple[EvidenceKind, ...]] = get_args(EvidenceKind)

SCALES: Final[dict[EvidenceKind, tuple[int, int]]] = {"rating": (1, 5), "inspection": (0, 100)}
"""Least and most points of the kinds that have points: residents' stars, an inspector's points. Others have none."""


class Entry(Struct, frozen=True, array_like=True):
    """A piece of evidence, as short as it can be kept."""

    kind: EvidenceKind
    points: int = 0
    withdrawn: bool = False


class Counted(Struct, frozen=True, array_like=True):
    """How often a kind was seen, and the sum of its points: what is kept of evidence that is final."""

    kind: EvidenceKind
    count: int
    points: int = 0


class Tally(Struct):
    """How often each kind was seen, and the sum of its points."""

    counts: dict[EvidenceKind, int]
    sums: dict[EvidenceKind, int]

    def add(self, kind: EvidenceKind, points: int) -> None:
        """One more."""
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if points:
            self.sums[kind] = self.sums.get(kind, 0) + points

    def take(self, counted: Counted) -> None:
        """So many more."""
        self.counts[counted.kind] = self.counts.get(counted.kind, 0) + counted.count
        self.sums[counted.kind] = self.sums.get(counted.kind, 0) + counted.points

    def kept(self) -> tuple[Counted, ...]:
        """What to keep of it."""
        return tuple([Counted(kind, count, self.sums.get(kind, 0)) for kind, count in sorted(self.counts.items())])

    def count(self, kinds: Iterable[EvidenceKind]) -> int:
        """How many there are of these kinds."""
        return sum([self.counts.get(kind, 0) for kind in kinds])

    def sum(self, kinds: Iterable[EvidenceKind]) -> int:
        """The points of these kinds."""
        return sum([self.sums.get(kind, 0) for kind in kinds])


def tally(entries: Iterable[Entry]) -> Tally:
    """Count what was not withdrawn."""
    counted = Tally({}, {})
    for entry in entries:
        if not entry.withdrawn:
            counted.add(entry.kind, entry.points)
    return counted


class PointsOffScale(Refused):
    """A rating has 1 to 5 points, an inspection 0 to 100, and no other evidence has any."""


def must_be_on_scale(kind: EvidenceKind, points: int | None) -> int:
    """The points that count. Raises PointsOffScale."""
    scale = SCALES.get(kind)
    if (scale is None) != (points is None):
        raise PointsOffScale(kind=kind)
    if scale is None or points is None:
        return 0
    if not scale[0] <= points <= scale[1]:
        raise PointsOffScale(kind=kind, points=points)
    return points
