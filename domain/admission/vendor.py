"""A vendor: an organisation with a file of what makes it fit for work here, which it keeps itself.

    unknown -> registered -> verified <-> frozen          (a sensitive change waits for verification)

Who it is (name, legal representative, bank account) takes two people: one declares, another verifies, and until then
nothing is awarded, done or paid. What is declared stands beside what was verified last, and takes its place or falls.
A declaration takes the place of one that still waits, so its number says what was looked at.

Certificates run out by themselves. The file's stream is derived from the organisation's id, which is derived from its
credit code: there is one file for each company. What can be asked and can have happened is in `vendor_messages`, what
it comes to in `vendor_history`, what is allowed in `vendor_rules`, why something is refused in `vendor_refusals`; all
is used from here.
"""

from uuid import UUID

from domain.admission.vendor_clock import agenda
from domain.admission.vendor_history import (
    Certificate,
    Declaration,
    Member,
    Status,
    Vendor,
    evolve,
)
from domain.admission.vendor_messages import (
    AddCertificate,
    AddMember,
    CertificateAdded,
    CertificateExpired,
    CertificateExpiring,
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
    NotTheNamedPaper,
    RegistrationNumberMissing,
    RejectionUnexplained,
    TooManyInFile,
    VendorAlreadyRegistered,
    VendorFrozen,
    VendorNotRegistered,
    VendorNotVerified,
    VendorPersonUnknown,
)
from domain.admission.vendor_rules import MOST, decide, organisation_of
from domain.admission.what import What
from domain.decider import Ask, Decider, Elapse, Whose, derived_id
from domain.parties import organisation
from domain.parties.organisation import OrganisationClosed

__all__ = [
    "MOST",
    "AccountNumberInvalid",
    "AddCertificate",
    "AddMember",
    "Certificate",
    "CertificateAdded",
    "CertificateDatesReversed",
    "CertificateExpired",
    "CertificateExpiring",
    "CertificateKnown",
    "CertificateNotYetValid",
    "CertificateOver",
    "CertificateTooLong",
    "CertificateUnknown",
    "CertificateWithdrawn",
    "Contact",
    "Correct",
    "Corrected",
    "Declaration",
    "Declare",
    "Declared",
    "DeclaredSince",
    "Facts",
    "FoundedInTheFuture",
    "Member",
    "MemberAdded",
    "MemberDatesReversed",
    "MemberRemoved",
    "MemberUnknown",
    "NotItsCreditCode",
    "NotItsName",
    "NotTheNamedPaper",
    "NothingDeclared",
    "NothingToVerify",
    "Register",
    "Registered",
    "RegistrationNumberMissing",
    "Rejected",
    "RejectionUnexplained",
    "RemoveMember",
    "Status",
    "TooManyInFile",
    "Vendor",
    "VendorAlreadyRegistered",
    "VendorCommand",
    "VendorEvent",
    "VendorFrozen",
    "VendorNotRegistered",
    "VendorNotVerified",
    "VendorPersonUnknown",
    "Verified",
    "Verify",
    "WithdrawCertificate",
    "agenda",
    "decide",
    "decider",
    "evolve",
    "must_be_sound",
    "stream",
    "whose",
]


def stream(vendor_id: str) -> UUID:
    """The stream of the file of the organisation with this id, however the id is written."""
    return derived_id("vendor", organisation.id_of(vendor_id))


def must_be_sound(ask: Ask, vendor: str, what: What) -> None:
    """Raise unless it is sure who this vendor is. All that exposes the city takes that, so `what` makes no difference.

    An organisation that has been renamed is another one until that was declared and verified.
    """
    del what
    file = ask(decider, stream(vendor))
    if not file.registered:
        raise VendorNotRegistered(vendor=vendor)
    if not file.verified:
        raise VendorNotVerified(vendor=vendor)
    if file.frozen:
        raise VendorFrozen(vendor=vendor)
    company = organisation_of(file.vendor, ask)
    if company is not None and company.closed_at is not None:
        raise OrganisationClosed(vendor=vendor)
    if company is not None and company.registered_at is not None and company.name != file.name:
        raise VendorFrozen(vendor=vendor)


def whose(_stream: UUID, vendor: Vendor, command: VendorCommand | None) -> Whose:
    """A file concerns its organisation."""
    said = vendor.vendor
    if isinstance(command, Register) and not vendor.registered:
        said = organisation.id_of(command.vendor)
    return Whose(organisations=(said,) if said else ())


decider: Decider[VendorCommand, Vendor, VendorEvent] = Decider(
    name="vendor",
    initial=Vendor(),
    decide=decide,
    evolve=evolve,
    commands=(
        Register,
        Correct,
        Declare,
        Verify,
        AddCertificate,
        WithdrawCertificate,
        AddMember,
        RemoveMember,
        Elapse,
    ),
    events=(
        Registered,
        Corrected,
        Declared,
        Verified,
        Rejected,
        CertificateAdded,
        CertificateWithdrawn,
        CertificateExpiring,
        CertificateExpired,
        MemberAdded,
        MemberRemoved,
    ),
    agenda=agenda,
    whose=whose,
)
