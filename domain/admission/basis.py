"""By what a vendor is allowed something: a grant of a qualification case, or an emergency waiver."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from domain.privacy.personal import Key


class Basis(Struct, frozen=True, omit_defaults=True):
    """What an award, an offer or a payment rests on. Kept in its event, so that it can be shown for ever."""

    kind: Literal["grant", "waiver"]
    area: Key
    """Where the grant or the waiver counts: this area and all that lies in it; empty: the whole city."""
    number: int
    """Of the case or of the waiver, in its stream."""
    scheme_version: int = 0
    """Of the admission scheme that the case was judged by; 0 for a waiver."""
    until: datetime | None = None
