"""What is known of a vendor: the state, folded from its events. No rule lives here, so every history can be read."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import StrEnum
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from domain.admission.vendor_messages import (
    CertificateAdded,
    CertificateExpired,
    CertificateExpiring,
    CertificateWithdrawn,
    Contact,
    Corrected,
    Declared,
    Facts,
    MemberAdded,
    MemberRemoved,
    Registered,
    Rejected,
    VendorEvent,
    Verified,
)

CHINA: Final = timezone(timedelta(hours=8))
"""Chinese days begin and end here, all over the country; there is no summer time (since 1991)."""


class Status(StrEnum):
    """Where a vendor's file stands."""

    UNKNOWN = "unknown"
    REGISTERED = "registered"
    VERIFIED = "verified"
    FROZEN = "frozen"


class Declaration(Struct, frozen=True):
    """Sensitive facts that wait to be verified."""

    number: int
    facts: Facts
    at: datetime


class Certificate(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A certificate in the file. It is valid from the start of its first day to the end of its last."""

    id: int
    kind: str
    number: str
    issuer: str
    valid_from: date
    valid_until: date
    sha256: str = ""
    scope: str = ""
    added_at: datetime
    reminded: int = 0
    """The nearest distance in days that was told; 0: none yet."""
    expired_at: datetime | None = None
    withdrawn_at: datetime | None = None
    withdrawn_because: str = ""

    @property
    def ends_at(self) -> datetime:
        """The moment from which it is valid no longer."""
        last = datetime.combine(self.valid_until, time(), CHINA)
        return (last + timedelta(days=1)).astimezone(UTC)

    @property
    def in_file(self) -> bool:
        """Neither withdrawn nor told to have run out."""
        return self.withdrawn_at is None and self.expired_at is None

    def valid(self, at: datetime) -> bool:
        """Whether it counts at a moment."""
        withdrawn = self.withdrawn_at is not None and self.withdrawn_at <= at
        return self.valid_from <= day_of(at) <= self.valid_until and not withdrawn


class Member(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Somebody who works for the vendor, with one qualification."""

    person: str
    qualification: str
    since: date
    until: date | None = None
    """The last day."""
    certificate_number: str = ""
    """Sealed, as a rule."""

    def counts(self, at: datetime) -> bool:
        """Whether it holds at a moment."""
        return self.since <= day_of(at) and (self.until is None or day_of(at) <= self.until)


class Vendor(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A vendor's file as it stands."""

    vendor: str = ""
    """The id of the organisation."""
    facts: Facts = Facts()
    """The sensitive facts that count: as they were registered, and from then on as they were last verified."""
    declared: Declaration | None = None
    """What waits to be verified beside them."""
    declarations: int = 0
    """How many there were; registering was the first."""
    judged: int = 0
    """The number of the last one that was verified or rejected."""
    rejected_because: str = ""
    """Why that one was rejected; empty if it was not."""
    credit_code: str = ""
    registration_number: str = ""
    founded_on: date | None = None
    registered_capital_fen: int = 0
    contacts: tuple[Contact, ...] = ()
    website: str = ""
    address: str = ""
    certificates: tuple[Certificate, ...] = ()
    members: tuple[Member, ...] = ()
    registered_at: datetime | None = None
    verified_at: datetime | None = None
    """When the facts that count were verified; None: never yet."""
    latest: datetime | None = None
    """The moment of the last event."""

    @property
    def registered(self) -> bool:
        """There is a file."""
        return self.registered_at is not None

    @property
    def verified(self) -> bool:
        """The facts that count were verified by a second person."""
        return self.verified_at is not None

    @property
    def frozen(self) -> bool:
        """A sensitive change waits for verification: nothing may be awarded or paid."""
        return self.verified and self.declared is not None

    @property
    def status(self) -> Status:
        """Where the file stands."""
        if not self.registered:
            return Status.UNKNOWN
        if not self.verified:
            return Status.REGISTERED
        return Status.FROZEN if self.frozen else Status.VERIFIED

    @property
    def name(self) -> str:
        """The name that counts."""
        return self.facts.name

    def certificate(self, number: int) -> Certificate | None:
        """A certificate by its number in the file."""
        return next((each for each in self.certificates if each.id == number), None)

    def holds(self, kind: str, at: datetime) -> bool:
        """Whether it has a valid certificate of a kind at a moment."""
        return any(each.kind == kind and each.valid(at) for each in self.certificates)

    def staff(self, qualification: str, at: datetime) -> int:
        """How many people work for it with a qualification at a moment."""
        return sum(1 for each in self.members if each.qualification == qualification and each.counts(at))


def day_of(at: datetime) -> date:
    """The day on which a moment lies."""
    return at.astimezone(CHINA).date()


def evolve(vendor: Vendor, event: VendorEvent) -> Vendor:
    """What the event makes of it."""
    after = _evolved(vendor, event)
    return replace(after, latest=event.at if vendor.latest is None else max(vendor.latest, event.at))


def _evolved(vendor: Vendor, event: VendorEvent) -> Vendor:  # noqa: PLR0911 - one case an event
    match event:
        case Registered():
            return _registered(vendor, event)
        case Corrected(contacts=contacts, website=website, address=address):
            return replace(
                vendor,
                contacts=vendor.contacts if contacts is None else contacts,
                website=vendor.website if website is None else website,
                address=vendor.address if address is None else address,
            )
        case Declared(at=at, number=number, facts=facts):
            return replace(vendor, declared=Declaration(number, facts, at), declarations=number)
        case Verified(at=at, declaration=number):
            facts = vendor.facts if vendor.declared is None else vendor.declared.facts
            return replace(vendor, facts=facts, declared=None, judged=number, rejected_because="", verified_at=at)
        case Rejected(declaration=number, reason=reason):
            return replace(vendor, declared=None, judged=number, rejected_because=reason)
        case MemberAdded():
            return replace(vendor, members=(*_others(vendor, event), _member(event)))
        case MemberRemoved():
            return replace(vendor, members=tuple(_others(vendor, event)))
        case _:
            return replace(vendor, certificates=tuple(_certificates(vendor.certificates, event)))


def _registered(vendor: Vendor, event: Registered) -> Vendor:
    return replace(
        vendor,
        vendor=event.vendor,
        facts=event.facts,
        declared=Declaration(1, event.facts, event.at),
        declarations=1,
        credit_code=event.credit_code,
        registration_number=event.registration_number,
        founded_on=event.founded_on,
        registered_capital_fen=event.registered_capital_fen,
        contacts=event.contacts,
        website=event.website,
        address=event.address,
        registered_at=event.at,
    )


def _member(event: MemberAdded) -> Member:
    return Member(
        person=event.person,
        qualification=event.qualification,
        since=event.since,
        until=event.until,
        certificate_number=event.certificate_number,
    )


def _others(vendor: Vendor, event: MemberAdded | MemberRemoved) -> Iterator[Member]:
    for each in vendor.members:
        if each.person != event.person or event.qualification not in ("", each.qualification):
            yield each


def _certificates(
    known: tuple[Certificate, ...],
    event: CertificateAdded | CertificateWithdrawn | CertificateExpiring | CertificateExpired,
) -> Iterator[Certificate]:
    for each in known:
        yield each if each.id != event.certificate else _changed(each, event)
    if isinstance(event, CertificateAdded) and all(each.id != event.certificate for each in known):
        yield Certificate(
            id=event.certificate,
            kind=event.kind,
            number=event.number,
            issuer=event.issuer,
            valid_from=event.valid_from,
            valid_until=event.valid_until,
            sha256=event.sha256,
            scope=event.scope,
            added_at=event.at,
        )


def _changed(
    each: Certificate, event: CertificateAdded | CertificateWithdrawn | CertificateExpiring | CertificateExpired
) -> Certificate:
    match event:
        case CertificateAdded():
            return each
        case CertificateWithdrawn(at=at, reason=reason):
            return replace(each, withdrawn_at=at, withdrawn_because=reason)
        case CertificateExpiring(days=days):
            return replace(each, reminded=days)
        case CertificateExpired(at=at):
            return replace(each, expired_at=at)
