"""The one decision about exposure: whether this vendor may be given this, or be paid for it, here and now.

Every command that exposes the city to a vendor asks it first, whichever door it comes in by.
"""

from datetime import datetime
from typing import Final

from msgspec import Struct

from domain.admission import waiver
from domain.admission.basis import Basis
from domain.admission.what import What
from domain.decider import Ask, Refused
from domain.restraint import sanction


class Wanted(Struct, frozen=True, kw_only=True):
    """What is asked for: a vendor is to be given this."""

    vendor: str
    what: What
    category: str
    area: str
    at: datetime
    value_fen: int = 0
    kept: str = ""
    """The sanction in spite of which this one engagement was allowed to come to its end."""
    waiver: int = 0
    """The number of the single-use waiver that this engagement spends."""
    engaged: Basis | None = None
    """What the engagement rests on so far: what is earned is paid, also when the qualification has lapsed since."""


class NotQualified(Refused):
    """This vendor is not qualified for this category in this area, and no emergency waiver is in force."""


EARNED: Final[frozenset[What]] = frozenset({"pay_out"})
"""What takes no qualification at that moment: it was there when the work was given."""


def must_be_allowed(ask: Ask, wanted: Wanted) -> Basis:
    """By what the vendor may be given this now. Raises the most telling refusal first."""
    sanction.must_not_restrain(
        ask, wanted.vendor, wanted.what, wanted.category, wanted.area, wanted.at, kept=bool(wanted.kept)
    )
    if wanted.what in EARNED and wanted.engaged is not None:
        return wanted.engaged
    found = waiver.basis(ask, wanted.vendor, wanted.category, wanted.area, wanted.at, wanted.what, single=wanted.waiver)
    if found is None:
        raise NotQualified(category=wanted.category, area=wanted.area)
    return found
