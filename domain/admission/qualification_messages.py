"""What can be asked of a qualification (commands), and what can have happened to one (events).

Free input is held to a length and a shape where a command is decoded; events are held to nothing. `by` is who did it.
Points in events are whole hundredths of a point, rounded down: what is shown as 60.00 has reached 60.
"""

from datetime import datetime
from typing import Annotated, Literal, TypeAlias, final

from msgspec import Meta, Struct

from domain.admission.category import Category
from domain.admission.scheme_document import Dimension
from domain.decider import Command, Elapse, Event
from domain.privacy.personal import Day, Key, NotPersonal

Instant: TypeAlias = Annotated[datetime, Meta(tz=True)]
PersonId: TypeAlias = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9_:.\-]+$")]
VendorId: TypeAlias = Annotated[
    str,
    Meta(
        pattern="^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
        description="The id of the organisation.",
    ),
]
CodeOfArea: TypeAlias = Annotated[str, Meta(max_length=15, pattern="^[0-9]*$")]
Sha256: TypeAlias = Annotated[str, Meta(pattern="^[0-9a-f]{64}$", description="Hex, of the content of the file.")]
Serial: TypeAlias = Annotated[int, Meta(ge=1, description="The document's place in the file, from 1.")]
ConditionKey: TypeAlias = Annotated[str, Meta(min_length=1, max_length=32, pattern="^[a-z][a-z0-9_]*$")]

Verdict: TypeAlias = Literal["accepted", "rejected"]
WrongWithDocument: TypeAlias = Literal["illegible", "wrong_kind", "wrong_holder", "forged", "outdated", "incomplete"]
Outcome: TypeAlias = Literal["grant", "grant_conditionally", "refuse"]
RefusedBecause: TypeAlias = Literal[
    "below_pass_mark", "below_minimum", "documents_missing", "untrue_answers", "conflict_of_interest", "other"
]
RevokedBecause: TypeAlias = Literal[
    "misconduct", "false_documents", "safety", "insolvency", "poor_performance", "own_wish"
]
AppealBecause: TypeAlias = Literal["facts_wrong", "scores_unfair", "documents_overlooked", "procedure_wrong"]
LapsedBecause: TypeAlias = Literal["term", "document", "conditions", "renewed"]
"""Its term ended; a document ran out; conditions were not met in time; the grant that renews it took over."""


class Answer(Struct, frozen=True):
    """What a vendor says of itself about a criterion, in the criterion's unit."""

    criterion: Key
    value: int


class Paper(Struct, frozen=True, omit_defaults=True):
    """A document as it is filed: of which kind, its own number, who issued it, its first and last day, its content."""

    kind: Key
    number: Annotated[str, NotPersonal("the number of a company's certificate")]
    issuer: Annotated[str, NotPersonal("an authority or an institution")]
    valid_from: Day
    sha256: Key
    """Hex, of the content of the file."""
    valid_until: Day | None = None
    """The last day, inclusive; None: it does not run out."""


class Score(Struct, frozen=True):
    """What a reviewer gives for a criterion: 0 to 100."""

    criterion: Key
    points: int


class Condition(Struct, frozen=True):
    """What a vendor still has to do, and by when."""

    key: Key
    text: Annotated[str, NotPersonal("what a company has to do")]
    deadline: datetime


class Result(Struct, frozen=True):
    """What a dimension came to."""

    dimension: Dimension
    points: int
    """Hundredths of a point."""


@final
class Submit(Command, frozen=True, tag="submit"):
    """Open a case: be qualified for a category in an area, for the first time, again, or for another term."""

    at: Instant
    by: PersonId
    vendor: VendorId
    category: Category
    area: CodeOfArea = ""
    answers: Annotated[tuple[Answer, ...], Meta(max_length=80)] = ()
    documents: Annotated[tuple[Paper, ...], Meta(max_length=60)] = ()


@final
class AddDocument(Command, frozen=True, tag="add_document"):
    """File one more document: one that was missing or rejected, or in place of one that runs out."""

    at: Instant
    by: PersonId
    document: Paper


@final
class CheckDocument(Command, frozen=True, tag="check_document"):
    """Accept a document, or reject it with a reason."""

    at: Instant
    by: PersonId
    serial: Serial
    verdict: Verdict
    reason: WrongWithDocument | None = None


@final
class AssignReviewers(Command, frozen=True, tag="assign_reviewers"):
    """Say who scores the case; or, where the scores diverge too far, who settles it."""

    at: Instant
    by: PersonId
    reviewers: Annotated[tuple[PersonId, ...], Meta(min_length=1, max_length=9)]


@final
class GiveScore(Command, frozen=True, tag="score"):
    """Score the case, without having seen what others give."""

    at: Instant
    by: PersonId
    scores: Annotated[tuple[Score, ...], Meta(max_length=80)]


@final
class Settle(Command, frozen=True, tag="settle"):
    """Settle scores that diverge, as one of the panel."""

    at: Instant
    by: PersonId
    scores: Annotated[tuple[Score, ...], Meta(max_length=80)]


@final
class Decide(Command, frozen=True, tag="decide"):
    """Decide at the level whose turn it is. A grant counts from the last level on, a refusal of any level at once."""

    at: Instant
    by: PersonId
    outcome: Outcome
    conditions: Annotated[tuple[Condition, ...], Meta(max_length=20)] = ()
    reasons: Annotated[tuple[RefusedBecause, ...], Meta(max_length=6)] = ()


@final
class SubmitEvidence(Command, frozen=True, tag="submit_evidence"):
    """Show that a condition is met."""

    at: Instant
    by: PersonId
    condition: ConditionKey
    files: Annotated[tuple[Sha256, ...], Meta(min_length=1, max_length=20)]


@final
class ClearCondition(Command, frozen=True, tag="clear_condition"):
    """The evidence shows that a condition is met."""

    at: Instant
    by: PersonId
    condition: ConditionKey


@final
class Revoke(Command, frozen=True, tag="revoke"):
    """Take back what was granted, from this moment on: all of it, or some areas only."""

    at: Instant
    by: PersonId
    reason: RevokedBecause
    areas: Annotated[
        tuple[Annotated[str, Meta(min_length=2, max_length=15, pattern="^[0-9]+$")], ...], Meta(max_length=50)
    ] = ()


@final
class Appeal(Command, frozen=True, tag="appeal"):
    """Contest a refusal or a revocation. It is heard by others, on the evidence as it is now."""

    at: Instant
    by: PersonId
    reason: AppealBecause
    position: Annotated[int, Meta(ge=0)]
    """Of the log: what was in it by then is the evidence."""
    files: Annotated[tuple[Sha256, ...], Meta(max_length=20)] = ()
    """The statement of appeal."""


@final
class Withdraw(Command, frozen=True, tag="withdraw"):
    """Take back the case that is open, or the appeal."""

    at: Instant
    by: PersonId


@final
class Submitted(Event, frozen=True, tag="qualification.submitted"):
    at: datetime
    by: Key
    vendor: Key
    category: Key
    scheme_version: int
    area: Key = ""
    answers: tuple[Answer, ...] = ()
    documents: tuple[Paper, ...] = ()


@final
class DocumentAdded(Event, frozen=True, tag="qualification.document_added"):
    at: datetime
    by: Key
    document: Paper


@final
class DocumentChecked(Event, frozen=True, tag="qualification.document_checked"):
    at: datetime
    by: Key
    serial: int
    verdict: Verdict
    reason: WrongWithDocument | None = None


@final
class ReviewersAssigned(Event, frozen=True, tag="qualification.reviewers_assigned"):
    at: datetime
    by: Key
    reviewers: tuple[Key, ...]


@final
class Scored(Event, frozen=True, tag="qualification.scored"):
    at: datetime
    by: Key
    scores: tuple[Score, ...]


@final
class Reviewed(Event, frozen=True, tag="qualification.reviewed"):
    """All scores are in: what they come to, and whether they lie too far apart."""

    at: datetime
    results: tuple[Result, ...]
    total: int
    """Hundredths of a point."""
    divergent: bool = False


@final
class PanelAssigned(Event, frozen=True, tag="qualification.panel_assigned"):
    at: datetime
    by: Key
    panel: tuple[Key, ...]


@final
class Settled(Event, frozen=True, tag="qualification.settled"):
    at: datetime
    by: Key
    scores: tuple[Score, ...]


@final
class Decided(Event, frozen=True, tag="qualification.decided"):
    """One level has decided; that alone enables nothing."""

    at: datetime
    by: Key
    level: int
    outcome: Outcome
    conditions: tuple[Condition, ...] = ()
    reasons: tuple[RefusedBecause, ...] = ()


class Terms(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a grant depends on, by the scheme it was given under."""

    documents: tuple[Key, ...] = ()
    """The kinds of documents without which it lapses."""
    reminders: tuple[int, ...] = ()
    """Days before an end."""
    renewal_opens: int = 0
    """Days before its end."""


@final
class Granted(Event, frozen=True, tag="qualification.granted"):
    at: datetime
    since: datetime
    until: datetime
    terms: Terms
    replaces: bool = False
    """It stands in for what was taken back in part, which an appeal has set right."""


@final
class GrantedConditionally(Event, frozen=True, tag="qualification.granted_conditionally"):
    at: datetime
    since: datetime
    until: datetime
    terms: Terms
    conditions: tuple[Condition, ...]
    replaces: bool = False


@final
class TurnedDown(Event, frozen=True, tag="qualification.refused"):
    at: datetime
    reasons: tuple[RefusedBecause, ...]


@final
class EvidenceSubmitted(Event, frozen=True, tag="qualification.evidence_submitted"):
    at: datetime
    by: Key
    condition: Key
    files: tuple[Key, ...]


@final
class ConditionCleared(Event, frozen=True, tag="qualification.condition_cleared"):
    at: datetime
    by: Key
    condition: Key


@final
class Fulfilled(Event, frozen=True, tag="qualification.fulfilled"):
    """All conditions are met: the grant counts to the end of its term."""

    at: datetime


@final
class ExpiryNoted(Event, frozen=True, tag="qualification.expiry_noted"):
    """Something runs out before long."""

    at: datetime
    of: Literal["grant", "document"]
    until: datetime
    days: int
    """Before the end."""
    serial: int = 0
    """Which document."""


@final
class Lapsed(Event, frozen=True, tag="qualification.lapsed"):
    """A grant has ended by itself."""

    at: datetime
    case: int
    because: LapsedBecause
    serial: int = 0
    """Which document ran out."""


@final
class Revoked(Event, frozen=True, tag="qualification.revoked"):
    at: datetime
    by: Key
    reason: RevokedBecause
    areas: tuple[Key, ...] = ()
    """Only these were taken out; empty: all of it."""


@final
class Appealed(Event, frozen=True, tag="qualification.appealed"):
    at: datetime
    by: Key
    case: int
    against: Literal["refusal", "revocation"]
    reason: AppealBecause
    position: int
    files: tuple[Key, ...] = ()


@final
class Withdrawn(Event, frozen=True, tag="qualification.withdrawn"):
    at: datetime
    by: Key


QualificationCommand: TypeAlias = (
    Submit
    | AddDocument
    | CheckDocument
    | AssignReviewers
    | GiveScore
    | Settle
    | Decide
    | SubmitEvidence
    | ClearCondition
    | Revoke
    | Appeal
    | Withdraw
    | Elapse
)
QualificationEvent: TypeAlias = (
    Submitted
    | DocumentAdded
    | DocumentChecked
    | ReviewersAssigned
    | Scored
    | Reviewed
    | PanelAssigned
    | Settled
    | Decided
    | Granted
    | GrantedConditionally
    | TurnedDown
    | EvidenceSubmitted
    | ConditionCleared
    | Fulfilled
    | ExpiryNoted
    | Lapsed
    | Revoked
    | Appealed
    | Withdrawn
)
