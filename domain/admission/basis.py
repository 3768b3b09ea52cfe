"""On what ground a vendor may be engaged somewhere: a grant of a qualification case, or an emergency waiver."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from domain.privacy.personal import Key


class Basis(Struct, frozen=True, omit_defaults=True):
    """The ground that counted at a moment."""

    kind: Literal["grant", "waiver"]
    area: Key
    """Of the area that it was given for, which may lie above the one that was asked about; `""`: the whole city."""
    number: int
    """Of the case or the waiver, in its stream."""
    scheme_version: int = 0
    """By which rules the case was decided; 0 for a waiver."""
    until: datetime | None = None
    """It counts before this moment."""
