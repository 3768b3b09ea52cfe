"""How a vendor's file looks from outside: to its own people, to whoever verifies it, and to others who may see it.

A bank account is shown in full to whoever may declare or verify it; all others see its last four digits. The numbers of
members' own certificates are masked wherever many are shown, and plain for one member at a time, on record.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final, Literal, TypeAlias
from uuid import UUID

import msgspec
from msgspec import structs

from api.work_order_view import Entry, History
from domain.admission.vendor import Certificate, Contact, Declaration, Facts, Member, Status, Vendor
from projections.listing import Listed

SHOWN: Final = 4
"""So many of the last characters of an account number are no secret."""


Standing: TypeAlias = Literal["in_file", "expired", "withdrawn"]


class DeclarationView(msgspec.Struct, frozen=True, kw_only=True):
    """Sensitive facts that wait to be verified."""

    number: int
    at: datetime
    name: str
    legal_representative: str
    bank: str
    account: str


class CertificateView(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate. `in_file`: it was neither withdrawn, nor has it run out."""

    id: int
    kind: str
    number: str
    issuer: str
    valid_from: date
    valid_until: date
    ends_at: datetime
    """The moment from which it is valid no longer."""
    sha256: str
    scope: str
    status: Standing
    withdrawn_because: str


class MemberView(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who works for the vendor, with one qualification."""

    person: str
    qualification: str
    since: date
    until: date | None
    certificate_number: str


class VendorView(msgspec.Struct, frozen=True, kw_only=True):
    """A vendor's file as it stands at a version."""

    id: UUID
    """Of the organisation."""
    version: int
    position: int
    status: Status
    verified: bool
    frozen: bool
    """A sensitive change waits for verification: nothing is awarded, done or paid."""
    name: str
    credit_code: str
    registration_number: str
    legal_representative: str
    """The id of a person."""
    bank: str
    account: str
    declared: DeclarationView | None
    """What waits to be verified beside what counts."""
    declarations: int
    judged: int
    """The number of the last declaration that was verified or rejected."""
    rejected_because: str
    founded_on: date | None
    registered_capital_fen: int
    """In fen."""
    contacts: tuple[Contact, ...]
    website: str
    address: str
    certificates: tuple[CertificateView, ...]
    members: tuple[MemberView, ...]
    registered_at: datetime | None
    verified_at: datetime | None


class VendorLine(msgspec.Struct, frozen=True, kw_only=True):
    """A vendor in a list."""

    id: UUID
    """Of the organisation."""
    version: int
    position: int
    status: Status
    frozen: bool
    awaits_verification: bool
    name: str
    credit_code: str
    registration_number: str
    certificates: tuple[str, ...]
    """The kinds of those that are in the file."""
    certificate_ends_at: datetime | None
    """When the first of them runs out."""
    registered_at: datetime | None
    verified_at: datetime | None


_TAKEN: Final = (
    "status",
    "verified",
    "frozen",
    "name",
    "credit_code",
    "registration_number",
    "declarations",
    "judged",
    "rejected_because",
    "founded_on",
    "registered_capital_fen",
    "contacts",
    "website",
    "address",
    "registered_at",
    "verified_at",
)


def view(vendor_id: UUID, version: int, position: int, file: Vendor, *, in_full: bool) -> VendorView:
    """The file as it looks from outside, what is sealed still sealed."""
    taken = {name: getattr(file, name) for name in _TAKEN}
    return VendorView(
        id=vendor_id,
        version=version,
        position=position,
        legal_representative=file.facts.legal_representative,
        bank=file.facts.bank,
        account=account(file.facts.account, in_full=in_full),
        declared=None if file.declared is None else _declaration(file.declared, in_full=in_full),
        certificates=tuple(map(_certificate, file.certificates)),
        members=tuple(map(member, file.members)),
        **taken,
    )


def line(row: Listed[Vendor]) -> VendorLine:
    """A vendor as it looks in a list."""
    file = row.state
    held = [each for each in file.certificates if each.in_file]
    return VendorLine(
        id=UUID(file.vendor),
        version=row.version,
        position=row.position,
        status=file.status,
        frozen=file.frozen,
        awaits_verification=file.declared is not None,
        name=file.name,
        credit_code=file.credit_code,
        registration_number=file.registration_number,
        certificates=tuple(sorted({each.kind for each in held})),
        certificate_ends_at=min((each.ends_at for each in held), default=None),
        registered_at=file.registered_at,
        verified_at=file.verified_at,
    )


def account(number: str, *, in_full: bool) -> str:
    """The number of a bank account as it is shown."""
    return number if in_full else f"{'*' * (len(number) - SHOWN)}{number[-SHOWN:]}"


def member(known: Member) -> MemberView:
    """A member as it looks from outside, what is sealed still sealed."""
    return MemberView(
        person=known.person,
        qualification=known.qualification,
        since=known.since,
        until=known.until,
        certificate_number=known.certificate_number,
    )


def told(vendor_id: UUID, found: History, *, in_full: bool) -> History:
    """A history under the organisation's id, account numbers shown as they may be."""
    events = found.events if in_full else _covered(found.events)
    return structs.replace(found, id=vendor_id, events=events)


def _covered(events: Sequence[Entry]) -> list[Entry]:
    return [structs.replace(each, data={**each.data, **_facts(each.data)}) for each in events]


def _facts(data: Mapping[str, object]) -> Mapping[str, object]:
    """The sensitive facts that an event tells, in its own shape."""
    if "facts" not in data:
        return {}
    facts = msgspec.convert(data["facts"], Facts)
    return {"facts": structs.replace(facts, account=account(facts.account, in_full=False))}


def _declaration(declared: Declaration, *, in_full: bool) -> DeclarationView:
    facts = declared.facts
    return DeclarationView(
        number=declared.number,
        at=declared.at,
        name=facts.name,
        legal_representative=facts.legal_representative,
        bank=facts.bank,
        account=account(facts.account, in_full=in_full),
    )


def _certificate(known: Certificate) -> CertificateView:
    return CertificateView(
        id=known.id,
        kind=known.kind,
        number=known.number,
        issuer=known.issuer,
        valid_from=known.valid_from,
        valid_until=known.valid_until,
        ends_at=known.ends_at,
        sha256=known.sha256,
        scope=known.scope,
        status=_standing(known),
        withdrawn_because=known.withdrawn_because,
    )


def _standing(known: Certificate) -> Standing:
    if known.withdrawn_at is not None:
        return "withdrawn"
    return "in_file" if known.expired_at is None else "expired"
