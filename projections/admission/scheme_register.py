"""The register of admission schemes: one row for each category, by its key."""

from collections.abc import Mapping
from typing import Final, TypeAlias

import msgspec

from domain.admission import admission_scheme
from domain.admission.admission_scheme import AdmissionScheme, AdmissionSchemeEvent
from projections.listing import ORDERED, Listed, Listing
from projections.projection import Projection, Row
from projections.table import Pool

ListedScheme: TypeAlias = Listed[AdmissionScheme]


def _row(found: AdmissionScheme) -> Row:
    return (found.category,)


projection: Final = Projection(
    name="scheme_register",
    lifecycle=admission_scheme.decider,
    columns={"category": ORDERED},
    row=_row,
    indexes=("(category, id)",),
)


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """Which schemes: all of them."""


_CONDITIONS: Final[Mapping[str, str]] = {}


class SchemeRegister(Listing[AdmissionScheme, AdmissionSchemeEvent]):
    """Questions to the register. They raise Unavailable while the database, or the register, is not there."""

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool, projection, order="category", conditions=_CONDITIONS)
