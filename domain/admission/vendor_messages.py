"""What can be asked of a vendor's file (commands), and what can have happened to one (events).

Free input is held to a length where a command is decoded; events are held to nothing, so that what was once stored
decodes for ever. People are named by their ids: what is known of them stands on their own streams. A bank account is a
company's; the number of a member's own certificate is that person's.
"""

from datetime import date, datetime
from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

from domain.decider import Command, Elapse, Event
from domain.privacy.personal import Day, Key, Kind, NotPersonal, Personal

Instant: TypeAlias = Annotated[datetime, Meta(tz=True)]
GivenName: TypeAlias = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"\S")]
GivenPerson: TypeAlias = Annotated[str, Meta(min_length=1, max_length=36, description="The id of a person.")]
GivenBank: TypeAlias = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"\S")]
GivenAccount: TypeAlias = Annotated[
    str, Meta(min_length=1, max_length=64, description="8 to 34 letters and digits; blanks and hyphens are fine.")
]
GivenSite: TypeAlias = Annotated[str, Meta(max_length=255, pattern=r"^$|^https?://[!-~]+$")]
GivenAddress: TypeAlias = Annotated[str, Meta(max_length=255)]
GivenKey: TypeAlias = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{1,31}$", description="A key such as lift_mechanic.")]
GivenHash: TypeAlias = Annotated[str, Meta(pattern="^$|^[0-9a-f]{64}$", description="SHA-256 of the file.")]

ContactRole: TypeAlias = Literal["general", "sales", "technical", "finance", "emergency", "compliance"]
RejectReason: TypeAlias = Literal["name_differs", "representative_differs", "account_differs", "not_proven", "other"]
WithdrawReason: TypeAlias = Literal["replaced", "revoked_by_issuer", "forged", "mistake", "other"]
RemoveReason: TypeAlias = Literal["left", "no_longer_qualified", "mistake"]
Distance: TypeAlias = Literal[90, 30, 7]
"""So many days before a certificate runs out its end is told."""

CompanyName: TypeAlias = Annotated[str, NotPersonal("the registered name of a company")]
BankName: TypeAlias = Annotated[str, NotPersonal("the name of a bank")]
BankAccount: TypeAlias = Annotated[str, NotPersonal("the account of a company")]
Website: TypeAlias = Annotated[str, NotPersonal("the address of a company's site")]
Address: TypeAlias = Annotated[str, NotPersonal("the seat of a company")]
Scope: TypeAlias = Annotated[str, NotPersonal("what a company's certificate covers, in its issuer's words")]


class Contact(Struct, frozen=True):
    """Whom to turn to, for what."""

    person: Key
    role: ContactRole


class Facts(Struct, frozen=True):
    """What takes a second person to change: the sensitive facts."""

    name: CompanyName = ""
    legal_representative: Key = ""
    """The id of a person (法定代表人)."""
    bank: BankName = ""
    account: BankAccount = ""


GivenContacts: TypeAlias = Annotated[tuple[Contact, ...], Meta(min_length=1, max_length=16)]


class Register(Command, frozen=True, tag="register"):
    """Open a vendor's file. The organisation is registered already, and is called and coded as it says there."""

    at: Instant
    vendor: Annotated[str, Meta(min_length=1, max_length=36, description="The id of the organisation.")]
    name: GivenName
    legal_representative: GivenPerson
    contacts: GivenContacts
    bank: GivenBank
    account: GivenAccount
    founded_on: date
    registered_capital_fen: Annotated[int, Meta(ge=0, le=9_000_000_000_000_000, description="In fen (注册资本, 分).")]
    credit_code: Annotated[str, Meta(max_length=64, description="Blanks, small and full-width letters are fine.")] = ""
    registration_number: Annotated[
        str, Meta(max_length=64, description="Of whoever has no credit code: its number in its own country's register.")
    ] = ""
    website: GivenSite = ""
    address: GivenAddress = ""


class Correct(Command, frozen=True, tag="correct"):
    """Put right what is not sensitive. What is left out stays; an empty text takes it away."""

    at: Instant
    contacts: GivenContacts | None = None
    website: GivenSite | None = None
    address: GivenAddress | None = None


class Declare(Command, frozen=True, tag="declare"):
    """Say that a sensitive fact has changed. It counts once a second person has verified it; until then all is frozen.

    What is left out is as it was last verified: a declaration takes the place of one that still waits.
    """

    at: Instant
    name: GivenName | None = None
    legal_representative: GivenPerson | None = None
    bank: GivenBank | None = None
    account: GivenAccount | None = None


class Verify(Command, frozen=True, tag="verify"):
    """Say whether what was declared is true. Registering is the first declaration."""

    at: Instant
    declaration: Annotated[int, Meta(ge=1, description="The number of the declaration that was looked at.")]
    accepted: bool
    reason: RejectReason | None = None
    """Why not."""


class AddCertificate(Command, frozen=True, tag="add_certificate"):
    """Put a certificate (资质证书) into the file. It is valid on its first and last day, and those in between."""

    at: Instant
    kind: GivenKey
    number: Annotated[str, Meta(min_length=1, max_length=64, pattern=r"\S")]
    issuer: Annotated[str, Meta(min_length=1, max_length=128, pattern=r"\S")]
    valid_from: date
    valid_until: date
    sha256: GivenHash = ""
    scope: Annotated[str, Meta(max_length=500)] = ""


class WithdrawCertificate(Command, frozen=True, tag="withdraw_certificate"):
    """A certificate counts no longer, from now on."""

    at: Instant
    certificate: Annotated[int, Meta(ge=1, description="Its number in the file, not the issuer's.")]
    reason: WithdrawReason


class AddMember(Command, frozen=True, tag="add_member"):
    """Somebody works for the vendor, with a qualification. What is said again of the same takes the place of it."""

    at: Instant
    person: GivenPerson
    qualification: GivenKey
    since: date
    until: date | None = None
    """The last day, where one is known."""
    certificate_number: Annotated[str, Meta(max_length=64)] = ""


class RemoveMember(Command, frozen=True, tag="remove_member"):
    """Somebody works for the vendor no longer; with a qualification: no longer with that one."""

    at: Instant
    person: GivenPerson
    reason: RemoveReason
    qualification: GivenKey | None = None


class Registered(Event, frozen=True, tag="vendor.registered"):
    at: datetime
    vendor: Key
    facts: Facts
    contacts: tuple[Contact, ...]
    founded_on: Day
    registered_capital_fen: int
    credit_code: Key = ""
    registration_number: Annotated[str, NotPersonal("a company's number in a public register")] = ""
    website: Website = ""
    address: Address = ""


class Corrected(Event, frozen=True, tag="vendor.corrected"):
    """What is null here stayed as it was."""

    at: datetime
    contacts: tuple[Contact, ...] | None = None
    website: Website | None = None
    address: Address | None = None


class Declared(Event, frozen=True, tag="vendor.declared"):
    at: datetime
    number: int
    facts: Facts
    """All of them, as they are to be."""


class Verified(Event, frozen=True, tag="vendor.verified"):
    at: datetime
    declaration: int


class Rejected(Event, frozen=True, tag="vendor.rejected"):
    at: datetime
    declaration: int
    reason: RejectReason


class CertificateAdded(Event, frozen=True, tag="vendor.certificate_added"):
    at: datetime
    certificate: int
    kind: Key
    number: Annotated[str, NotPersonal("the number of a company's certificate")]
    issuer: Annotated[str, NotPersonal("the authority that issued a certificate")]
    valid_from: Day
    valid_until: Day
    sha256: Key = ""
    scope: Scope = ""


class CertificateWithdrawn(Event, frozen=True, tag="vendor.certificate_withdrawn"):
    at: datetime
    certificate: int
    reason: WithdrawReason


class CertificateExpiring(Event, frozen=True, tag="vendor.certificate_expiring"):
    """It runs out in so many days."""

    at: datetime
    certificate: int
    days: Distance


class CertificateExpired(Event, frozen=True, tag="vendor.certificate_expired"):
    at: datetime
    certificate: int


class MemberAdded(Event, frozen=True, tag="vendor.member_added"):
    at: datetime
    person: Key
    qualification: Key
    since: Day
    until: Day | None = None
    certificate_number: Annotated[str, Personal("person", Kind.IDENTITY)] = ""


class MemberRemoved(Event, frozen=True, tag="vendor.member_removed"):
    at: datetime
    person: Key
    reason: RemoveReason
    qualification: Key = ""
    """`""`: with all of them."""


VendorCommand: TypeAlias = (
    Register | Correct | Declare | Verify | AddCertificate | WithdrawCertificate | AddMember | RemoveMember | Elapse
)
VendorEvent: TypeAlias = (
    Registered
    | Corrected
    | Declared
    | Verified
    | Rejected
    | CertificateAdded
    | CertificateWithdrawn
    | CertificateExpiring
    | CertificateExpired
    | MemberAdded
    | MemberRemoved
)
