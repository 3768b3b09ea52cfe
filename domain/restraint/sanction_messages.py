"""What is said to and of the sanctions on a vendor: commands and events."""

from datetime import datetime
from typing import Annotated, Literal, TypeAlias, final

from msgspec import Meta

from domain.decider import Command, Elapse, Event
from domain.privacy.personal import Key, Kind, NotPersonal, Personal
from domain.restraint.scope import EVERYTHING, Areas, Categories, Scope

Reason: TypeAlias = Literal[
    "safety",
    "quality",
    "fraud",
    "forged_documents",
    "bribery",
    "collusion",
    "data_breach",
    "breach_of_contract",
    "insurance_missing",
    "debarred_elsewhere",
    "investigation",
    "other",
]
"""Why a vendor is restrained (compare 政府采购法 77: 虚假材料、不正当手段、串通、贿赂、拒绝检查)."""
LiftedBecause: TypeAlias = Literal["remedied", "cleared", "mistake", "other"]
SanctionKind: TypeAlias = Literal["suspended", "blacklisted"]

Instant: TypeAlias = Annotated[datetime, Meta(tz=True)]
VendorId: TypeAlias = Annotated[str, Meta(min_length=1, max_length=64, description="The id of its organisation.")]
Published: TypeAlias = Annotated[
    str, Meta(min_length=1, max_length=500, pattern=r"\S", description="As it is published: names no people.")
]
Number: TypeAlias = Annotated[int, Meta(ge=1)]
By: TypeAlias = Annotated[str, Meta(max_length=128)]

_REASON = NotPersonal("the official reason for a sanction on a company, as it is published")


@final
class Suspend(Command, frozen=True, tag="suspend"):
    """Let nothing new begin with this vendor, from now on; until a moment, or until it is lifted."""

    at: Instant
    vendor: VendorId
    by: By
    reason: Reason
    text: Published
    categories: Categories = ()
    areas: Areas = ()
    until: Instant | None = None


@final
class Blacklist(Command, frozen=True, tag="blacklist"):
    """Bar this vendor for a term, from now on, for everybody to see (严重违法失信行为记录名单)."""

    at: Instant
    vendor: VendorId
    by: By
    reason: Reason
    text: Published
    until: Annotated[datetime, Meta(tz=True, description="At most three years from now (政府采购法 77).")]
    categories: Categories = ()
    areas: Areas = ()


@final
class Lift(Command, frozen=True, tag="lift"):
    """End a sanction from now on."""

    at: Instant
    by: By
    number: Number
    reason: LiftedBecause


@final
class Appeal(Command, frozen=True, tag="appeal"):
    """Object to a sanction. What is known at this position of the log is what the appeal is heard on."""

    at: Instant
    by: By
    number: Number
    grounds: Annotated[str, Meta(min_length=1, max_length=4000, pattern=r"\S")]
    position: Annotated[int, Meta(ge=0)]


@final
class Uphold(Command, frozen=True, tag="uphold"):
    """Find against an appeal: the sanction stands."""

    at: Instant
    by: By
    number: Number
    finding: Published


@final
class Overturn(Command, frozen=True, tag="overturn"):
    """Find for an appeal: the sanction ends now."""

    at: Instant
    by: By
    number: Number
    finding: Published


@final
class Suspended(Event, frozen=True, tag="sanction.suspended"):
    at: datetime
    vendor: Key
    number: int
    by: Key
    reason: Reason
    text: Annotated[str, _REASON]
    scope: Scope = EVERYTHING
    until: datetime | None = None


@final
class Blacklisted(Event, frozen=True, tag="sanction.blacklisted"):
    at: datetime
    vendor: Key
    number: int
    by: Key
    reason: Reason
    text: Annotated[str, _REASON]
    until: datetime
    scope: Scope = EVERYTHING


@final
class Lifted(Event, frozen=True, tag="sanction.lifted"):
    at: datetime
    by: Key
    number: int
    reason: LiftedBecause


@final
class Appealed(Event, frozen=True, tag="sanction.appealed"):
    at: datetime
    by: Key
    number: int
    grounds: Annotated[str, Personal("by", Kind.FREE_TEXT)]
    position: int
    """Of the log: the evidence is what was known then."""


@final
class Upheld(Event, frozen=True, tag="sanction.upheld"):
    at: datetime
    by: Key
    number: int
    finding: Annotated[str, NotPersonal("the official finding on an appeal, as it is published")]


@final
class Overturned(Event, frozen=True, tag="sanction.overturned"):
    at: datetime
    by: Key
    number: int
    finding: Annotated[str, NotPersonal("the official finding on an appeal, as it is published")]


@final
class Expired(Event, frozen=True, tag="sanction.expired"):
    at: datetime
    """When its term ran out, however late that was noticed."""
    number: int


SanctionCommand: TypeAlias = Suspend | Blacklist | Lift | Appeal | Uphold | Overturn | Elapse
SanctionEvent: TypeAlias = Suspended | Blacklisted | Lifted | Appealed | Upheld | Overturned | Expired
