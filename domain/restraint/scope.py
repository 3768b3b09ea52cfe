"""Where a sanction reaches: some categories of work or all, some areas or the whole city.

Codes of areas begin with the code of the area they lie in, so two areas overlap when one code begins with the other:
a sanction on a street also stands in the way of work in the whole district, for that takes in the street.
"""

from typing import Annotated, Final, TypeAlias

from msgspec import Meta, Struct

from domain.parties import area
from domain.privacy.personal import Key

Categories: TypeAlias = Annotated[
    tuple[Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{1,31}$")], ...],
    Meta(max_length=32, description="Categories of work; none: all of them."),
]
Areas: TypeAlias = Annotated[
    tuple[Annotated[str, Meta(max_length=15, pattern=r"^[0-9]*$")], ...],
    Meta(max_length=64, description="Codes of areas; none: the whole city."),
]


class Scope(Struct, frozen=True, omit_defaults=True):
    """Categories of work and areas; without any of them, all."""

    categories: tuple[Key, ...] = ()
    areas: tuple[Key, ...] = ()

    def touches(self, category: str, place: str) -> bool:
        """Whether work of a category (`""`: of any) in an area (`""`: in the whole city) falls under it."""
        of_kind = not self.categories or not category or category in self.categories
        return of_kind and (not self.areas or any(area.overlap(each, place) for each in self.areas))


EVERYTHING: Final = Scope()
"""All work in the whole city."""


def scope(categories: tuple[str, ...], areas: tuple[str, ...]) -> Scope:
    """What is said, once each and in order; what lies in another area of it needs no mention."""
    if "" in areas:
        return Scope(tuple(sorted(set(categories))))
    widest = {one for one in areas if not any(one != other and one.startswith(other) for other in areas)}
    return Scope(tuple(sorted(set(categories))), tuple(sorted(widest)))


def around(areas: tuple[str, ...]) -> tuple[str, ...]:
    """The smallest area that takes in all of these; none if that is the whole city.

    Whoever is responsible for one of several areas only may not decide for all of them.
    """
    if not areas:
        return ()
    above = (*area.ancestors_of(areas[0]), areas[0])
    shared = [code for code in above if all(each.startswith(code) for each in areas)]
    return (shared[-1],) if shared else ()
