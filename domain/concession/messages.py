"""What can be asked of a concession agreement (commands), and what can have happened to one (events).

Who bears what is said by party, not by organisation: a party of the agreement stays what it is when its name changes.
Notes are written by people, and are personal data of whoever wrote them.
"""

from datetime import datetime
from typing import Annotated, Literal, TypeAlias, final

from msgspec import Meta, Struct

from domain.decider import Command, Elapse, Event
from domain.privacy.personal import Key, Kind, NotPersonal, Personal

Instant: TypeAlias = Annotated[datetime, Meta(tz=True)]
Party: TypeAlias = Literal["grantor", "vendor", "owners"]
"""Who grants (a government, a community), who builds and runs it, and the owners who live with it (业主)."""
Id: TypeAlias = Annotated[str, Meta(min_length=1, max_length=36)]
Word: TypeAlias = Annotated[Key, Meta(max_length=64, pattern="^[a-z][a-z0-9_]{0,63}$")]
Hash: TypeAlias = Annotated[Key, Meta(pattern="^[0-9a-f]{64}$", description="SHA-256 of the file, in hex.")]
Said: TypeAlias = Annotated[str, Personal("by", Kind.FREE_TEXT)]
EndReason: TypeAlias = Literal["completed", "by_agreement", "breach_of_vendor", "breach_of_grantor", "force_majeure"]
RejectReason: TypeAlias = Literal["incomplete", "not_done", "poor_quality", "wrong_document"]


class Obligation(Struct, frozen=True, omit_defaults=True):
    """Something that has to be done, and the party that has to."""

    key: Word
    bears: Party
    text: Annotated[str, NotPersonal("an obligation, as agreed"), Meta(max_length=1000)] = ""


class Milestone(Struct, frozen=True, omit_defaults=True):
    """What has to be there by when, and which obligations it proves."""

    key: Word
    name: Annotated[str, NotPersonal("the name of a milestone"), Meta(min_length=1, max_length=128, pattern=r"\S")]
    due: Instant
    obligations: Annotated[tuple[Word, ...], Meta(max_length=50)] = ()


class Share(Struct, frozen=True, omit_defaults=True):
    """How much of a benefit or of a risk a party has: whole per cent."""

    of: Literal["benefit", "risk"]
    key: Word
    party: Party
    percent: Annotated[int, Meta(ge=1, le=100)]


class Contract(Struct, frozen=True, omit_defaults=True):
    """What was agreed in one version of the agreement."""

    begins: Instant
    ends: Instant
    sha256: Hash
    milestones: Annotated[tuple[Milestone, ...], Meta(max_length=100)] = ()
    obligations: Annotated[tuple[Obligation, ...], Meta(max_length=100)] = ()
    shares: Annotated[tuple[Share, ...], Meta(max_length=200)] = ()


# Commands -------------------------------------------------------------------------------------------------------------


@final
class Sign(Command, frozen=True, tag="sign"):
    """A concession agreement is signed (特许经营协议)."""

    at: Instant
    grantor: Annotated[Id, Meta(description="The id of the organisation that grants it.")]
    vendor: Annotated[Id, Meta(description="The id of the organisation that builds and runs it.")]
    area: Annotated[str, Meta(max_length=15, description="The code of the area it is for.")]
    contract: Contract


@final
class Amend(Command, frozen=True, tag="amend"):
    """Agree on another version. What was confirmed stays as it was."""

    at: Instant
    contract: Contract


@final
class SubmitEvidence(Command, frozen=True, tag="submit_evidence"):
    """Show that a milestone is reached. After its due moment that is late, and stays so."""

    at: Instant
    by: Key
    milestone: Word
    sha256: Hash
    note: Annotated[str, Meta(max_length=2000)] = ""


@final
class Confirm(Command, frozen=True, tag="confirm"):
    """The milestone is reached: its evidence proves it."""

    at: Instant
    by: Key
    milestone: Word


@final
class Reject(Command, frozen=True, tag="reject"):
    """The evidence does not prove it. It is kept; better evidence may follow."""

    at: Instant
    by: Key
    milestone: Word
    reason: RejectReason
    note: Annotated[str, Meta(max_length=2000)] = ""


@final
class End(Command, frozen=True, tag="end"):
    """The agreement ends before its term is over."""

    at: Instant
    reason: EndReason


# Events ---------------------------------------------------------------------------------------------------------------


@final
class Signed(Event, frozen=True, tag="concession.signed"):
    at: datetime
    grantor: Key
    vendor: Key
    area: Key
    contract: Contract


@final
class Amended(Event, frozen=True, tag="concession.amended"):
    at: datetime
    version: int
    contract: Contract


@final
class EvidenceSubmitted(Event, frozen=True, tag="concession.evidence_submitted"):
    at: datetime
    by: Key
    number: int
    milestone: Key
    sha256: Key
    note: Said = ""
    late: bool = False


@final
class Confirmed(Event, frozen=True, tag="concession.confirmed"):
    at: datetime
    by: Key
    milestone: Key
    evidence: tuple[int, ...] = ()
    """The numbers of the evidence that it was confirmed by."""


@final
class Rejected(Event, frozen=True, tag="concession.rejected"):
    at: datetime
    by: Key
    milestone: Key
    reason: RejectReason
    note: Said = ""


@final
class Missed(Event, frozen=True, tag="concession.missed"):
    """The due moment of a milestone came and nobody had shown anything."""

    at: datetime
    milestone: Key


@final
class Ended(Event, frozen=True, tag="concession.ended"):
    at: datetime
    reason: EndReason | Literal["term_over"]


ConcessionCommand: TypeAlias = Sign | Amend | SubmitEvidence | Confirm | Reject | End | Elapse
ConcessionEvent: TypeAlias = Signed | Amended | EvidenceSubmitted | Confirmed | Rejected | Missed | Ended
