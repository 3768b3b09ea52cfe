"""An emergency waiver (应急豁免): for a short while a vendor may do without a qualification.

    unknown -> proposed -> signed -> expired (by itself) | revoked
                        -> expired | revoked, where nobody signs

One stream for each vendor and category; its waivers are numbered from 1 and one at a time waits for its second
signature. Until a second person has signed it (that it is another one is a duty kept apart), a waiver allows nothing.
It lifts the need of a qualification and nothing else: no suspension, blacklist, debarment, freeze or band.

A single-use waiver is spent by one engagement. A decision changes one stream only, so the use is not told here: the
stream of that engagement is derived from the waiver (`engagement_stream`), and there can be only one.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Annotated, Final, Literal, TypeAlias, assert_never, final
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import replace

from domain.admission import admission_scheme
from domain.admission import vendor as vendors
from domain.admission.admission_scheme import CategoryUnknown
from domain.admission.basis import Basis
from domain.admission.category import Category
from domain.admission.in_order import must_not_be_back_dated
from domain.admission.vendor import VendorNotRegistered
from domain.admission.what import What
from domain.decider import Ask, Command, Decider, Due, Elapse, Event, Refused, Whose, derived_id
from domain.parties import area as areas
from domain.parties import organisation
from domain.privacy.personal import Key, NotPersonal
from domain.privacy.published import fit_to_publish

LONGEST: Final = timedelta(days=90)
"""An emergency is over by then, or it is none."""

Reason: TypeAlias = Literal["public_safety", "sole_source", "disaster", "service_gap", "other"]
"""公共安全、唯一来源、灾害、服务中断、其他."""
RevokeReason: TypeAlias = Literal["emergency_over", "qualified", "misuse", "mistake", "other"]
Status: TypeAlias = Literal["proposed", "signed", "revoked", "expired"]


class Waiver(Struct, frozen=True, omit_defaults=True):
    """One waiver as it stands."""

    number: int
    area: str
    """Where it counts: this area and all that lies in it; empty: the whole city."""
    what: tuple[What, ...]
    since: datetime
    until: datetime
    reason: Reason
    text: str
    proposed_by: str
    single_use: bool = False
    signed_by: str = ""
    signed_at: datetime | None = None
    status: Status = "proposed"

    def counts(self, at: datetime) -> bool:
        """Whether it allows something at a moment, as far as is known."""
        signed = self.status == "signed" and self.signed_at is not None and self.signed_at <= at
        return signed and self.since <= at < self.until


class Waivers(Struct, frozen=True):
    """All waivers of a vendor for a category, the first one first."""

    vendor: str = ""
    category: str = ""
    all: tuple[Waiver, ...] = ()
    latest: datetime | None = None
    """The moment of the last event."""

    def one(self, number: int) -> Waiver | None:
        """A waiver by its number."""
        return self.all[number - 1] if 0 < number <= len(self.all) else None

    @property
    def open(self) -> tuple[Waiver, ...]:
        """Those that wait for a signature or allow something."""
        return tuple([each for each in self.all if each.status in ("proposed", "signed")])


@final
class Propose(Command, frozen=True, tag="propose"):
    """Propose that a vendor may do without a qualification for a while. It counts once a second person has signed."""

    at: Annotated[datetime, Meta(tz=True)]
    vendor: Annotated[str, Meta(min_length=1, max_length=64)]
    category: Category
    reason: Reason
    text: Annotated[str, Meta(min_length=1, max_length=1000, pattern=r"\S", description="As it is published.")]
    what: Annotated[tuple[What, ...], Meta(min_length=1, max_length=5)]
    until: Annotated[datetime, Meta(tz=True, description="At most 90 days after it begins.")]
    area: Annotated[str, Meta(pattern=r"^[0-9]{0,15}$", description="Empty: the whole city.")] = ""
    since: Annotated[datetime, Meta(tz=True, description="Left out: at once.")] | None = None
    single_use: Annotated[bool, Meta(description="For one engagement only, which has to name it.")] = False
    by: Annotated[str, Meta(max_length=128)] = ""


@final
class Sign(Command, frozen=True, tag="sign"):
    """Sign, as a second person, what somebody else has proposed: from now on it counts."""

    at: Annotated[datetime, Meta(tz=True)]
    number: Annotated[int, Meta(ge=1)]
    by: Annotated[str, Meta(max_length=128)] = ""


@final
class Revoke(Command, frozen=True, tag="revoke"):
    """Take a waiver back, or a proposal. From this moment on it allows nothing."""

    at: Annotated[datetime, Meta(tz=True)]
    number: Annotated[int, Meta(ge=1)]
    reason: RevokeReason


@final
class Proposed(Event, frozen=True, tag="waiver.proposed"):
    at: datetime
    number: int
    vendor: Key
    category: Key
    reason: Reason
    text: Annotated[str, NotPersonal("the official reason of a waiver, as it is published")]
    what: tuple[What, ...]
    since: datetime
    until: datetime
    area: Key = ""
    single_use: bool = False
    by: Key = ""


@final
class Signed(Event, frozen=True, tag="waiver.signed"):
    at: datetime
    number: int
    by: Key = ""


@final
class Revoked(Event, frozen=True, tag="waiver.revoked"):
    at: datetime
    number: int
    reason: RevokeReason


@final
class Expired(Event, frozen=True, tag="waiver.expired"):
    at: datetime
    number: int


WaiverCommand: TypeAlias = Propose | Sign | Revoke | Elapse
WaiverEvent: TypeAlias = Proposed | Signed | Revoked | Expired


class WaiverTooLong(Refused):
    """An emergency waiver lasts at most 90 days."""


class WaiverEndsTooEarly(Refused):
    """A waiver must end after it begins, and cannot begin in the past."""


class WaiverAwaitsSignature(Refused):
    """A waiver for this vendor and category already waits for its second signature."""


class WaiverUnknown(Refused):
    """There is no waiver of this number."""


class WaiverOver(Refused):
    """This waiver has run out or was revoked."""


@lru_cache(maxsize=4096)
def stream(vendor: str, category: str) -> UUID:
    """The stream of a vendor's waivers for a category."""
    return derived_id("waiver", f"{organisation.id_of(vendor)}/{category}")


def engagement_stream(vendor: str, category: str, number: int) -> UUID:
    """The stream of the one engagement that spends a single-use waiver."""
    return derived_id("engagement", f"{stream(vendor, category)}/{number}")


def basis(  # noqa: PLR0913, PLR0917 - what is asked for, where and when
    ask: Ask, vendor: str, category: str, area: str, at: datetime, what: What, single: int = 0
) -> Basis | None:
    """The waiver that allows a vendor something at a moment; None when there is none. Where a later fact is known
    already, it must count then too. A single-use waiver counts only for whoever names its number: `single`.
    """
    known = ask(decider, stream(vendor, category))
    moment = at if known.latest is None else max(at, known.latest)
    for each in reversed(known.all):
        fits = each.number == single if each.single_use else True
        if fits and what in each.what and area.startswith(each.area) and each.counts(at) and each.counts(moment):
            return Basis(kind="waiver", area=each.area, number=each.number, until=each.until)
    return None


def decide(command: WaiverCommand, waivers: Waivers, ask: Ask) -> Sequence[WaiverEvent]:
    """Let run out what has come to its end, then do what was asked for, or say why not."""
    expired = _expired(waivers, command.at)
    now = decider.fold(expired, waivers)
    if not isinstance(command, Elapse):
        must_not_be_back_dated(command.at, now.latest)
    return [*expired, *_do(command, now, ask)]


def _expired(waivers: Waivers, at: datetime) -> list[WaiverEvent]:
    """Each at its own end, the earliest first, however late somebody looks. At its end a waiver is over."""
    over = sorted((each.until, each.number) for each in waivers.open if each.until <= at)
    return [Expired(at=until, number=number) for until, number in over]


def _do(command: WaiverCommand, waivers: Waivers, ask: Ask) -> Sequence[WaiverEvent]:
    match command:
        case Elapse():
            return []
        case Propose():
            return _propose(command, waivers, ask)
        case Sign(at=at, number=number, by=by):
            return [] if _open(waivers, number).status == "signed" else [Signed(at=at, number=number, by=by)]
        case Revoke(at=at, number=number, reason=reason):
            known = waivers.one(number)
            if known is not None and known.status == "revoked":
                return []
            return [Revoked(at=at, number=_open(waivers, number).number, reason=reason)]
        case _:
            assert_never(command)


def _propose(command: Propose, waivers: Waivers, ask: Ask) -> Sequence[WaiverEvent]:
    since = command.at if command.since is None else command.since
    if since < command.at or command.until <= since:
        raise WaiverEndsTooEarly
    if command.until - since > LONGEST:
        raise WaiverTooLong
    if any(each.status == "proposed" for each in waivers.all):
        raise WaiverAwaitsSignature
    if not ask(vendors.decider, vendors.stream(command.vendor)).registered:
        raise VendorNotRegistered(vendor=command.vendor)
    if not admission_scheme.exists(ask, command.category):
        raise CategoryUnknown(category=command.category)
    if command.area:
        areas.must_be_open(command.area, ask)
    return [
        Proposed(
            at=command.at,
            number=len(waivers.all) + 1,
            vendor=organisation.id_of(command.vendor),
            category=command.category,
            reason=command.reason,
            text=fit_to_publish(command.text),
            what=tuple(dict.fromkeys(command.what)),
            since=since,
            until=command.until,
            area=command.area,
            single_use=command.single_use,
            by=command.by,
        )
    ]


def _open(waivers: Waivers, number: int) -> Waiver:
    known = waivers.one(number)
    if known is None:
        raise WaiverUnknown
    if known.status in ("revoked", "expired"):
        raise WaiverOver
    return known


def evolve(waivers: Waivers, event: WaiverEvent) -> Waivers:
    """What the event makes of them."""
    latest = event.at if waivers.latest is None else max(event.at, waivers.latest)
    match event:
        case Proposed():
            new = Waiver(
                number=event.number,
                area=event.area,
                what=event.what,
                since=event.since,
                until=event.until,
                reason=event.reason,
                text=event.text,
                proposed_by=event.by,
                single_use=event.single_use,
            )
            return Waivers(event.vendor, event.category, (*waivers.all, new), latest)
        case Signed(at=at, number=number, by=by):
            return _changed(waivers, latest, number, status="signed", signed_at=at, signed_by=by)
        case Revoked(number=number):
            return _changed(waivers, latest, number, status="revoked")
        case Expired(number=number):
            return _changed(waivers, latest, number, status="expired")


def _changed(waivers: Waivers, latest: datetime, number: int, **change: object) -> Waivers:
    after = tuple([replace(each, **change) if each.number == number else each for each in waivers.all])
    return replace(waivers, all=after, latest=latest)


def agenda(waivers: Waivers) -> Due | None:
    """The next end of a waiver, or of a proposal that nobody has signed."""
    return min((Due(each.until, f"expire:{each.number}") for each in waivers.open), default=None)


def whose(_stream: UUID, waivers: Waivers, command: WaiverCommand | None) -> Whose:
    """A waiver concerns its vendor and its area; the file of a vendor's waivers all areas that one of them is for."""
    if isinstance(command, Propose):
        return Whose(organisations=(organisation.id_of(command.vendor),), areas=(command.area,) if command.area else ())
    number = getattr(command, "number", 0)
    wanted = [each for each in waivers.all if number in (0, each.number)]
    found = dict.fromkeys(each.area for each in wanted if each.area)
    return Whose(organisations=(waivers.vendor,) if waivers.vendor else (), areas=tuple(found))


decider: Decider[WaiverCommand, Waivers, WaiverEvent] = Decider(
    name="waiver",
    initial=Waivers(),
    decide=decide,
    evolve=evolve,
    commands=(Propose, Sign, Revoke, Elapse),
    events=(Proposed, Signed, Revoked, Expired),
    agenda=agenda,
    whose=whose,
)
