"""What is done with an engagement, what happens to it, and why something is refused."""

from datetime import datetime
from typing import Annotated, Literal, TypeAlias, final

from msgspec import Meta

from domain.admission.basis import Basis
from domain.admission.category import Category
from domain.decider import Command, Elapse, Event, Refused
from domain.privacy.personal import Key, NotPersonal

Item: TypeAlias = Literal["order", "job", "booking", "contract"]
"""订单、工作、预约、合同."""
DeclineReason: TypeAlias = Literal["no_capacity", "terms", "other"]
CancelReason: TypeAlias = Literal["not_needed", "vendor_unable", "sanction", "mistake", "other"]
ReassignReason: TypeAlias = Literal["vendor_unable", "sanction", "quality", "other"]
HoldReason: TypeAlias = Literal["dispute", "sanction", "audit", "other"]

Instant: TypeAlias = Annotated[datetime, Meta(tz=True)]
VendorId: TypeAlias = Annotated[str, Meta(min_length=1, max_length=64, description="Id of the organisation.")]
AreaCode: TypeAlias = Annotated[str, Meta(pattern=r"^[0-9]{0,15}$", description="Empty: the whole city.")]
TITLE = "what a company is engaged for, as it is published"
Title: TypeAlias = Annotated[
    str, Meta(min_length=1, max_length=200, pattern=r"\S", description="As it is published: no names of people.")
]
Fen: TypeAlias = Annotated[int, Meta(ge=0, le=10**15, description="In fen (分), a hundredth of a yuan.")]
Waived: TypeAlias = Annotated[
    int, Meta(ge=0, description="The number of the single-use waiver that is spent by this; 0: none.")
]


@final
class Award(Command, frozen=True, tag="award"):
    """Give a vendor something to do. It must be allowed that at this very moment."""

    at: Instant
    vendor: VendorId
    category: Category
    item: Item
    title: Title
    value_fen: Fen
    area: AreaCode = ""
    waiver: Waived = 0


@final
class Offer(Command, frozen=True, tag="offer"):
    """Offer a vendor something to do. It must be allowed that at this very moment."""

    at: Instant
    vendor: VendorId
    category: Category
    item: Item
    title: Title
    value_fen: Fen
    area: AreaCode = ""
    waiver: Waived = 0


@final
class Accept(Command, frozen=True, tag="accept"):
    """The vendor takes it on."""

    at: Instant


@final
class Decline(Command, frozen=True, tag="decline"):
    """The vendor does not take it on."""

    at: Instant
    reason: DeclineReason


@final
class Start(Command, frozen=True, tag="start"):
    """The vendor begins with the work."""

    at: Instant


@final
class Finish(Command, frozen=True, tag="finish"):
    """The work is done: what is left is to pay for it."""

    at: Instant


@final
class Reassign(Command, frozen=True, tag="reassign"):
    """Give it to another vendor, who must be allowed it at this very moment."""

    at: Instant
    vendor: VendorId
    reason: ReassignReason


@final
class Cancel(Command, frozen=True, tag="cancel"):
    """It is not done after all."""

    at: Instant
    reason: CancelReason


@final
class Keep(Command, frozen=True, tag="keep"):
    """Let it come to its end in spite of a suspension of its vendor: work and payment go on."""

    at: Instant
    sanction: Annotated[str, Meta(min_length=1, max_length=128, description="The number of the suspension.")]


@final
class Hold(Command, frozen=True, tag="hold"):
    """Nothing goes on and nothing is paid until this is released."""

    at: Instant
    reason: HoldReason


@final
class Release(Command, frozen=True, tag="release"):
    """It may go on, and be paid for, again."""

    at: Instant


@final
class PayOut(Command, frozen=True, tag="pay_out"):
    """Pay the vendor for finished work. It must be allowed that at this very moment."""

    at: Instant


class _Given(Event, frozen=True):
    at: datetime
    vendor: Key
    category: Key
    item: Item
    title: Annotated[str, NotPersonal(TITLE)]
    value_fen: int
    basis: Basis
    area: Key = ""
    waiver: int = 0
    """The number of the single-use waiver that this spends."""
    currency: Key = "CNY"


@final
class Awarded(_Given, frozen=True, tag="engagement.awarded"):
    pass


@final
class Offered(_Given, frozen=True, tag="engagement.offered"):
    pass


@final
class Accepted(Event, frozen=True, tag="engagement.accepted"):
    at: datetime
    basis: Basis


@final
class Declined(Event, frozen=True, tag="engagement.declined"):
    at: datetime
    reason: DeclineReason


@final
class Started(Event, frozen=True, tag="engagement.started"):
    at: datetime
    basis: Basis


@final
class Finished(Event, frozen=True, tag="engagement.finished"):
    at: datetime


@final
class Reassigned(Event, frozen=True, tag="engagement.reassigned"):
    at: datetime
    vendor: Key
    """Whose it is from now on."""
    former: Key
    """Whose it was."""
    reason: ReassignReason
    basis: Basis


@final
class Cancelled(Event, frozen=True, tag="engagement.cancelled"):
    at: datetime
    reason: CancelReason


@final
class Kept(Event, frozen=True, tag="engagement.kept"):
    at: datetime
    sanction: Key


@final
class Held(Event, frozen=True, tag="engagement.held"):
    at: datetime
    reason: HoldReason


@final
class Released(Event, frozen=True, tag="engagement.released"):
    at: datetime


@final
class PaidOut(Event, frozen=True, tag="engagement.paid_out"):
    at: datetime
    amount_fen: int
    basis: Basis


EngagementCommand: TypeAlias = (
    Award | Offer | Accept | Decline | Start | Finish | Reassign | Cancel | Keep | Hold | Release | PayOut | Elapse
)
EngagementEvent: TypeAlias = (
    Awarded
    | Offered
    | Accepted
    | Declined
    | Started
    | Finished
    | Reassigned
    | Cancelled
    | Kept
    | Held
    | Released
    | PaidOut
)


class NotEngaged(Refused):
    """Nobody was engaged for anything under this number."""


class AlreadyEngaged(Refused):
    """Something else was awarded or offered under this number, or this waiver is spent."""


class NotAwaitingAnswer(Refused):
    """The vendor has answered already, or this is over."""


class NotTakenOn(Refused):
    """The vendor has not taken this on, or has begun with it already."""


class NotStarted(Refused):
    """The work has not begun, or is finished already."""


class NotFinished(Refused):
    """The work is not finished: there is nothing to pay for yet."""


class EngagementOver(Refused):
    """This is over: it was declined, cancelled, finished or paid for."""


class PaidAlready(Refused):
    """This was paid for already."""


class EngagementHeld(Refused):
    """This is held: nothing goes on and nothing is paid until it is released."""


class SameVendor(Refused):
    """It is this vendor's already."""
