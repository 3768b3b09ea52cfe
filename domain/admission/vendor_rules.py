"""What is allowed with a vendor's file: each command decided against what is known of it."""

import re
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from domain.admission.vendor_clock import settled
from domain.admission.vendor_history import (
    Certificate,
    Vendor,
    day_of,
    evolve,
)
from domain.admission.vendor_messages import (
    AddCertificate,
    AddMember,
    CertificateAdded,
    CertificateWithdrawn,
    Contact,
    Correct,
    Corrected,
    Declare,
    Declared,
    Facts,
    MemberAdded,
    MemberRemoved,
    Register,
    Registered,
    Rejected,
    RemoveMember,
    VendorCommand,
    VendorEvent,
    Verified,
    Verify,
    WithdrawCertificate,
)
from domain.admission.vendor_refusals import (
    AccountNumberInvalid,
    CertificateDatesReversed,
    CertificateKnown,
    CertificateNotYetValid,
    CertificateOver,
    CertificateTooLong,
    CertificateUnknown,
    DeclaredSince,
    FoundedInTheFuture,
    MemberDatesReversed,
    MemberUnknown,
    NothingDeclared,
    NothingToVerify,
    NotItsCreditCode,
    NotItsName,
    RegistrationNumberMissing,
    RejectionUnexplained,
    TooManyInFile,
    VendorAlreadyRegistered,
    VendorNotRegistered,
    VendorPersonUnknown,
)
from domain.decider import Ask, Elapse
from domain.parties import credit_code, organisation, person
from domain.parties.organisation import Organisation, OrganisationClosed, OrganisationNotRegistered

MOST: Final = 1000
"""So many certificates that count, and so many members with a qualification, a file holds at most."""
LONGEST: Final = 30
"""Years."""
LAST_YEAR: Final = 9000
_ACCOUNT: Final = re.compile("[0-9A-Z]{8,34}")


def decide(command: VendorCommand, vendor: Vendor, ask: Ask) -> Sequence[VendorEvent]:
    """First what came due by itself, then what is asked for."""
    if isinstance(command, Elapse):
        return settled(vendor, command.at, inclusive=True)
    due = settled(vendor, command.at)
    for event in due:
        vendor = evolve(vendor, event)
    news = _news(command, vendor, ask)
    return [*due, *news] if news else []


# Deciding -------------------------------------------------------------------------------------------------------------


def _news(  # noqa: PLR0911 - one line a command
    command: Register | Correct | Declare | Verify | AddCertificate | WithdrawCertificate | AddMember | RemoveMember,
    vendor: Vendor,
    ask: Ask,
) -> Sequence[VendorEvent]:
    if isinstance(command, Register):
        return _register(command, vendor, ask)
    if not vendor.registered:
        raise VendorNotRegistered
    match command:
        case Correct():
            return _correct(command, vendor, ask)
        case Declare():
            return _declare(command, vendor, ask)
        case Verify():
            return _verify(command, vendor, ask)
        case AddCertificate():
            return _add_certificate(command, vendor)
        case WithdrawCertificate(at=at, certificate=number, reason=reason):
            return _withdraw(vendor, CertificateWithdrawn(at=at, certificate=number, reason=reason))
        case AddMember():
            return _add_member(command, vendor, ask)
        case RemoveMember():
            return _remove_member(command, vendor)


def _register(command: Register, vendor: Vendor, ask: Ask) -> Sequence[VendorEvent]:
    wanted = Registered(
        at=command.at,
        vendor=organisation.id_of(command.vendor),
        facts=Facts(
            name=command.name.strip(),
            legal_representative=organisation.id_of(command.legal_representative),
            bank=command.bank.strip(),
            account=_account(command.account),
        ),
        contacts=_contacts(command.contacts),
        founded_on=command.founded_on,
        registered_capital_fen=command.registered_capital_fen,
        credit_code=credit_code.valid(command.credit_code) if command.credit_code.strip() else "",
        registration_number=command.registration_number.strip(),
        website=command.website,
        address=command.address.strip(),
    )
    if vendor.registered:
        if not _same(vendor, wanted):
            raise VendorAlreadyRegistered
        return []
    company = _open(organisation_of(command.vendor, ask))
    if wanted.credit_code != company.credit_code:
        raise NotItsCreditCode
    if not (wanted.credit_code or wanted.registration_number):
        raise RegistrationNumberMissing
    if wanted.facts.name != company.name:
        raise NotItsName(name=company.name)
    if command.founded_on > day_of(command.at):
        raise FoundedInTheFuture
    _must_be_known(wanted.facts.legal_representative, ask)
    _must_all_be_known(wanted.contacts, ask)
    return [wanted]


def _same(vendor: Vendor, wanted: Registered) -> bool:
    """It says what the file says, or what waits to be verified for it."""
    facts = vendor.facts if vendor.declared is None else vendor.declared.facts
    said = evolve(replace(vendor, facts=facts), wanted)
    return replace(vendor, facts=facts, declared=None) == replace(
        said,
        declared=None,
        declarations=vendor.declarations,
        registered_at=vendor.registered_at,
        latest=vendor.latest,
    )


def _correct(command: Correct, vendor: Vendor, ask: Ask) -> Sequence[VendorEvent]:
    contacts = None if command.contacts is None else _contacts(command.contacts)
    if contacts == vendor.contacts:
        contacts = None
    if contacts is not None:
        _must_all_be_known(contacts, ask)
    corrected = Corrected(
        at=command.at,
        contacts=contacts,
        website=None if command.website == vendor.website else command.website,
        address=None
        if command.address is None or command.address.strip() == vendor.address
        else command.address.strip(),
    )
    return [] if corrected == Corrected(at=command.at) else [corrected]


def _declare(command: Declare, vendor: Vendor, ask: Ask) -> Sequence[VendorEvent]:
    if command.name is command.legal_representative is command.bank is command.account is None:
        raise NothingDeclared
    known = vendor.facts
    facts = Facts(
        name=known.name if command.name is None else command.name.strip(),
        legal_representative=(
            known.legal_representative
            if command.legal_representative is None
            else organisation.id_of(command.legal_representative)
        ),
        bank=known.bank if command.bank is None else command.bank.strip(),
        account=known.account if command.account is None else _account(command.account),
    )
    if vendor.declared is not None and facts == vendor.declared.facts:
        return []
    if vendor.declared is None and vendor.verified and facts == known:
        return []
    if facts.legal_representative != known.legal_representative:
        _must_be_known(facts.legal_representative, ask)
    return [Declared(at=command.at, number=vendor.declarations + 1, facts=facts)]


def _verify(command: Verify, vendor: Vendor, ask: Ask) -> Sequence[VendorEvent]:
    if command.accepted == (command.reason is not None):
        raise RejectionUnexplained
    if vendor.declared is None:
        again = command.declaration == vendor.judged and (command.reason or "") == vendor.rejected_because
        if again:
            return []
        raise NothingToVerify
    if command.declaration != vendor.declared.number:
        raise DeclaredSince(declaration=vendor.declared.number)
    if command.reason is not None:
        return [Rejected(at=command.at, declaration=command.declaration, reason=command.reason)]
    company = _open(organisation_of(vendor.vendor, ask))
    if company.name != vendor.declared.facts.name:
        raise NotItsName(name=company.name)
    return [Verified(at=command.at, declaration=command.declaration)]


def _add_certificate(command: AddCertificate, vendor: Vendor) -> Sequence[VendorEvent]:
    wanted = CertificateAdded(
        at=command.at,
        certificate=len(vendor.certificates) + 1,
        kind=command.kind,
        number=command.number.strip(),
        issuer=command.issuer.strip(),
        valid_from=command.valid_from,
        valid_until=command.valid_until,
        sha256=command.sha256,
        scope=command.scope.strip(),
    )
    for known in vendor.certificates:
        if known.in_file and (known.number, known.issuer) == (wanted.number, wanted.issuer):
            if _says(known) == _says(wanted):
                return []
            if wanted.valid_from <= known.valid_until:
                raise CertificateKnown(certificate=known.id)
    _must_be_true(command, vendor)
    if sum(1 for each in vendor.certificates if each.in_file) >= MOST:
        raise TooManyInFile(most=MOST)
    return [wanted]


def _says(of: Certificate | CertificateAdded) -> tuple[object, ...]:
    return of.kind, of.valid_from, of.valid_until, of.sha256, of.scope


def _must_be_true(command: AddCertificate, vendor: Vendor) -> None:
    """Dates that no true certificate has, and one that has run out. Whoever dates back is judged by the file's last."""
    today = day_of(command.at)
    if command.valid_until <= command.valid_from:
        raise CertificateDatesReversed
    if command.valid_from > today + timedelta(days=1):
        raise CertificateNotYetValid
    if command.valid_until.year > LAST_YEAR or command.valid_until > _years_later(command.valid_from, LONGEST):
        raise CertificateTooLong
    if command.valid_until < (today if vendor.latest is None else max(today, day_of(vendor.latest))):
        raise CertificateOver


def _withdraw(vendor: Vendor, withdrawn: CertificateWithdrawn) -> Sequence[VendorEvent]:
    known = vendor.certificate(withdrawn.certificate)
    if known is not None and known.withdrawn_at is not None:
        return []
    if known is None or not known.in_file:
        raise CertificateUnknown
    return [withdrawn]


def _add_member(command: AddMember, vendor: Vendor, ask: Ask) -> Sequence[VendorEvent]:
    added = MemberAdded(
        at=command.at,
        person=organisation.id_of(command.person),
        qualification=command.qualification,
        since=command.since,
        until=command.until,
        certificate_number=command.certificate_number.strip(),
    )
    if added.until is not None and added.until < added.since:
        raise MemberDatesReversed
    if evolve(vendor, added).members == vendor.members:
        return []
    _must_be_known(added.person, ask)
    known = any((each.person, each.qualification) == (added.person, added.qualification) for each in vendor.members)
    if not known and len(vendor.members) >= MOST:
        raise TooManyInFile(most=MOST)
    return [added]


def _remove_member(command: RemoveMember, vendor: Vendor) -> Sequence[VendorEvent]:
    removed = MemberRemoved(
        at=command.at,
        person=organisation.id_of(command.person),
        reason=command.reason,
        qualification=command.qualification or "",
    )
    if evolve(vendor, removed).members == vendor.members:
        raise MemberUnknown
    return [removed]


# What must be so ------------------------------------------------------------------------------------------------------


def organisation_of(vendor: str, ask: Ask) -> Organisation | None:
    """The organisation with this id; None for what is no id."""
    try:
        return ask(organisation.decider, UUID(organisation.id_of(vendor)))
    except ValueError:
        return None


def _open(company: Organisation | None) -> Organisation:
    if company is None or company.registered_at is None:
        raise OrganisationNotRegistered
    if not company.open:
        raise OrganisationClosed
    return company


def _must_all_be_known(contacts: Iterable[Contact], ask: Ask) -> None:
    for each in contacts:
        _must_be_known(each.person, ask)


def _must_be_known(person_id: str, ask: Ask) -> None:
    try:
        known = ask(person.decider, UUID(organisation.id_of(person_id))).status is person.Status.REGISTERED
    except ValueError:
        known = False
    if not known:
        raise VendorPersonUnknown(person=person_id)


def _contacts(said: Iterable[Contact]) -> tuple[Contact, ...]:
    return tuple(dict.fromkeys(Contact(organisation.id_of(each.person), each.role) for each in said))


def _account(said: str) -> str:
    number = credit_code.normalised(said.replace("-", ""))
    if not _ACCOUNT.fullmatch(number):
        raise AccountNumberInvalid
    return number


def _years_later(day: date, years: int) -> date:
    """The day before the same day so many years later: where a validity that begins now ends."""
    later = day.year + years
    if later > LAST_YEAR:
        return date(LAST_YEAR, 12, 31)
    leap = (day.month, day.day) == (2, 29)
    return date(later, 3, 1) if leap else day.replace(year=later)


# Whose it is ----------------------------------------------------------------------------------------------------------
