"""An engagement: one thing that a vendor is given to do, from award or offer to payment (委托).

    unknown -> awarded | offered -> accepted -> started -> finished -> paid
                                 -> declined
    before it is finished: -> cancelled, or reassigned (awarded to another vendor)
    before it is paid: kept in spite of a sanction, its payment held and released

Whatever exposes the city to the vendor asks `exposure` first and keeps by what it was allowed. Such facts are never
told late: what was allowed is judged in the order in which it became known.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal, TypeAlias, assert_never
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from domain.admission import waiver
from domain.admission.basis import Basis
from domain.admission.in_order import must_not_be_back_dated
from domain.admission.what import What
from domain.decider import Ask, Decider, Elapse, Whose
from domain.engaging import exposure
from domain.engaging.engagement_messages import (
    Accept,
    Accepted,
    AlreadyEngaged,
    Award,
    Awarded,
    Cancel,
    Cancelled,
    Decline,
    Declined,
    EngagementCommand,
    EngagementEvent,
    EngagementHeld,
    EngagementOver,
    Finish,
    Finished,
    Held,
    Hold,
    Item,
    Keep,
    Kept,
    NotAwaitingAnswer,
    NotEngaged,
    NotFinished,
    NotStarted,
    NotTakenOn,
    Offer,
    Offered,
    PaidAlready,
    PaidOut,
    PayOut,
    Reassign,
    Reassigned,
    Release,
    Released,
    SameVendor,
    Start,
    Started,
)
from domain.parties import area as areas
from domain.restraint import fan_out
from domain.restraint import sanction as sanctions

__all__ = [
    "Accept",
    "Accepted",
    "AlreadyEngaged",
    "Award",
    "Awarded",
    "Cancel",
    "Cancelled",
    "Decline",
    "Declined",
    "Engagement",
    "EngagementCommand",
    "EngagementEvent",
    "EngagementHeld",
    "EngagementOver",
    "Finish",
    "Finished",
    "Held",
    "Hold",
    "Item",
    "Keep",
    "Kept",
    "NotAwaitingAnswer",
    "NotEngaged",
    "NotFinished",
    "NotStarted",
    "NotTakenOn",
    "Offer",
    "Offered",
    "PaidAlready",
    "PaidOut",
    "PayOut",
    "Reassign",
    "Reassigned",
    "Release",
    "Released",
    "SameVendor",
    "Start",
    "Started",
    "Status",
    "decide",
    "decider",
    "evolve",
    "whose",
]

Status: TypeAlias = Literal[
    "unknown", "awarded", "offered", "accepted", "declined", "started", "finished", "paid", "cancelled"
]
AWAITING_ANSWER: Final = frozenset[Status]({"awarded", "offered"})
UNDER_WAY: Final = frozenset[Status]({"awarded", "offered", "accepted", "started"})
"""Work that is to be done yet: it can be cancelled and given to another."""
IN_FLIGHT: Final = UNDER_WAY | {"finished"}
"""Work to be done, or to be paid for: what a sanction has to see to."""


class Engagement(Struct, frozen=True):
    """An engagement as it stands."""

    status: Status = "unknown"
    vendor: str = ""
    category: str = ""
    area: str = ""
    item: Item = "order"
    title: str = ""
    value_fen: int = 0
    currency: str = "CNY"
    basis: Basis | None = None
    """By what it was last allowed."""
    waiver: int = 0
    """The single-use waiver that it spends."""
    kept: tuple[str, ...] = ()
    """The numbers of the suspensions of its vendor in spite of which it goes on."""
    held: str = ""
    """Why it is held; empty: it is not."""
    since: datetime | None = None
    """When it was awarded or offered."""
    last_at: datetime | None = None
    """The moment of the last event."""

    @property
    def in_flight(self) -> bool:
        """Whether there is something to do, or to pay for."""
        return self.status in IN_FLIGHT


def decide(command: EngagementCommand, engagement: Engagement, ask: Ask) -> Sequence[EngagementEvent]:
    """Go on as its status allows; whatever exposes the city takes a vendor who is allowed it now."""
    match command:
        case Elapse():
            return []
        case Award() | Offer():
            return _give(command, engagement, ask)
        case _ if engagement.status == "unknown":
            raise NotEngaged
        case _:
            must_not_be_back_dated(command.at, engagement.last_at)
            return _go_on(command, engagement, ask)


def _give(command: Award | Offer, engagement: Engagement, ask: Ask) -> Sequence[EngagementEvent]:
    event = Awarded if isinstance(command, Award) else Offered
    if engagement.status != "unknown":
        must_not_be_back_dated(command.at, engagement.last_at)
        if not _is_the_same(command, engagement):
            raise AlreadyEngaged
        return []
    if command.area:
        areas.must_be_open(command.area, ask)
    vendor = exposure.vendor_id(command.vendor)
    wanted = exposure.Wanted(
        vendor=vendor,
        what="award" if isinstance(command, Award) else "offer",
        category=command.category,
        area=command.area,
        at=command.at,
        value_fen=command.value_fen,
        waiver=command.waiver,
    )
    basis = exposure.must_be_allowed(ask, wanted)
    return [
        event(
            at=command.at,
            vendor=vendor,
            category=command.category,
            item=command.item,
            title=command.title.strip(),
            value_fen=command.value_fen,
            basis=basis,
            area=command.area,
            waiver=command.waiver,
        )
    ]


def _is_the_same(command: Award | Offer, engagement: Engagement) -> bool:
    """Telling the same twice is no news, as long as nobody has answered."""
    vendor = exposure.vendor_id(command.vendor)
    said = (vendor, command.category, command.area, command.item, command.title.strip(), command.value_fen)
    known = (
        engagement.vendor,
        engagement.category,
        engagement.area,
        engagement.item,
        engagement.title,
        engagement.value_fen,
    )
    status = "awarded" if isinstance(command, Award) else "offered"
    return said == known and engagement.status == status and engagement.waiver == command.waiver


def _go_on(  # noqa: C901, PLR0911, PLR0912 - one case a command
    command: Accept | Decline | Start | Finish | Reassign | Cancel | Keep | Hold | Release | PayOut,
    engagement: Engagement,
    ask: Ask,
) -> Sequence[EngagementEvent]:
    at, status = command.at, engagement.status
    match command:
        case Accept():
            if status == "accepted":
                return []
            if status not in AWAITING_ANSWER:
                raise NotAwaitingAnswer
            _must_not_be_held(engagement)
            return [Accepted(at=at, basis=_allowed(ask, engagement, "accept", at))]
        case Decline(reason=reason):
            if status == "declined":
                return []
            if status not in AWAITING_ANSWER:
                raise NotAwaitingAnswer
            return [Declined(at=at, reason=reason)]
        case Start():
            if status == "started":
                return []
            if status != "accepted":
                raise NotTakenOn
            _must_not_be_held(engagement)
            return [Started(at=at, basis=_allowed(ask, engagement, "work", at))]
        case Finish():
            if status == "finished":
                return []
            if status != "started":
                raise NotStarted
            return [Finished(at=at)]
        case Reassign():
            return _reassign(command, engagement, ask)
        case Cancel(reason=reason):
            if status == "cancelled":
                return []
            if status not in UNDER_WAY:
                raise EngagementOver
            return [Cancelled(at=at, reason=reason)]
        case Keep(sanction=sanction):
            if not engagement.in_flight:
                raise EngagementOver
            if sanction in engagement.kept:
                return []
            _must_be_under_it(ask, engagement.vendor, sanction, at)
            return [Kept(at=at, sanction=sanction)]
        case Hold(reason=reason):
            if not engagement.in_flight:
                raise EngagementOver
            return [] if engagement.held else [Held(at=at, reason=reason)]
        case Release():
            return [Released(at=at)] if engagement.held else []
        case PayOut():
            return _pay_out(command, engagement, ask)
        case _:
            assert_never(command)


def _reassign(command: Reassign, engagement: Engagement, ask: Ask) -> Sequence[EngagementEvent]:
    """The new vendor is exposed to as by an award. A single-use waiver was for the former one only."""
    if engagement.status not in UNDER_WAY:
        raise EngagementOver
    vendor = exposure.vendor_id(command.vendor)
    if vendor == engagement.vendor:
        raise SameVendor
    basis = _allowed(ask, replace(engagement, vendor=vendor, kept=(), waiver=0), "award", command.at)
    return [Reassigned(at=command.at, vendor=vendor, former=engagement.vendor, reason=command.reason, basis=basis)]


def _pay_out(command: PayOut, engagement: Engagement, ask: Ask) -> Sequence[EngagementEvent]:
    if engagement.status == "paid":
        raise PaidAlready
    if engagement.status != "finished":
        raise NotFinished
    _must_not_be_held(engagement)
    basis = _allowed(ask, engagement, "pay_out", command.at)
    return [PaidOut(at=command.at, amount_fen=engagement.value_fen, basis=basis)]


def _must_be_under_it(ask: Ask, vendor: str, number: str, at: datetime) -> None:
    """Nothing is kept in spite of a sanction yet to come, nor of a blacklist; one that has ended does no harm."""
    known = ask(sanctions.decider, sanctions.stream(vendor))
    found = next((each for each in known.all if str(each.number) == number), None)
    if found is None:
        raise sanctions.NoSuchSanction(vendor=vendor)
    if found.kind == "blacklisted" and found.in_force(at if known.latest is None else max(at, known.latest)):
        raise fan_out.NotToBeKept


def _must_not_be_held(engagement: Engagement) -> None:
    if engagement.held:
        raise EngagementHeld(reason=engagement.held)


def _allowed(ask: Ask, engagement: Engagement, what: What, at: datetime) -> Basis:
    wanted = exposure.Wanted(
        vendor=engagement.vendor,
        what=what,
        category=engagement.category,
        area=engagement.area,
        at=at,
        value_fen=engagement.value_fen,
        kept=engagement.kept,
        waiver=engagement.waiver,
        engaged=engagement.basis,
    )
    return exposure.must_be_allowed(ask, wanted)


def evolve(engagement: Engagement, event: EngagementEvent) -> Engagement:  # noqa: C901, PLR0911 - one case an event
    """What the event makes of it."""
    at = event.at
    match event:
        case Awarded() | Offered():
            return Engagement(
                status="awarded" if isinstance(event, Awarded) else "offered",
                vendor=event.vendor,
                category=event.category,
                area=event.area,
                item=event.item,
                title=event.title,
                value_fen=event.value_fen,
                currency=event.currency,
                basis=event.basis,
                waiver=event.waiver,
                since=at,
                last_at=at,
            )
        case Accepted(basis=basis):
            return replace(engagement, status="accepted", basis=basis, last_at=at)
        case Declined():
            return replace(engagement, status="declined", last_at=at)
        case Started(basis=basis):
            return replace(engagement, status="started", basis=basis, last_at=at)
        case Finished():
            return replace(engagement, status="finished", last_at=at)
        case Reassigned(vendor=vendor, basis=basis):
            held = "" if engagement.held == "sanction" else engagement.held  # that was the former vendor's
            return replace(
                engagement, status="awarded", vendor=vendor, basis=basis, waiver=0, kept=(), held=held, last_at=at
            )
        case Cancelled():
            return replace(engagement, status="cancelled", last_at=at)
        case Kept(sanction=sanction):
            return replace(engagement, kept=(*engagement.kept, sanction), last_at=at)
        case Held(reason=reason):
            return replace(engagement, held=reason, last_at=at)
        case Released():
            return replace(engagement, held="", last_at=at)
        case PaidOut(basis=basis):
            return replace(engagement, status="paid", basis=basis, last_at=at)


def whose(_stream: UUID, engagement: Engagement, command: EngagementCommand | None) -> Whose:
    """An engagement concerns the vendor whose it is, or is to be, and its area."""
    named = command if isinstance(command, Award | Offer) else engagement
    vendor = exposure.vendor_id(command.vendor if isinstance(command, Reassign) else named.vendor)
    return Whose(
        organisations=(vendor,) if vendor else (),
        areas=(named.area,) if named.area else (),
    )


def stream_of(vendor: str, category: str, single_use_waiver: int) -> UUID:
    """The stream of the one engagement that spends a single-use waiver. All others have ids of their own."""
    return waiver.engagement_stream(exposure.vendor_id(vendor), category, single_use_waiver)


decider: Decider[EngagementCommand, Engagement, EngagementEvent] = Decider(
    name="engagement",
    initial=Engagement(),
    decide=decide,
    evolve=evolve,
    commands=(Award, Offer, Accept, Decline, Start, Finish, Reassign, Cancel, Keep, Hold, Release, PayOut, Elapse),
    events=(
        Awarded,
        Offered,
        Accepted,
        Declined,
        Started,
        Finished,
        Reassigned,
        Cancelled,
        Kept,
        Held,
        Released,
        PaidOut,
    ),
    whose=whose,
)
