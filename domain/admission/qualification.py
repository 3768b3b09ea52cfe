"""A qualification: whether a vendor may work in a category and an area, from the first application to the last renewal.

    nothing -> submitted -> documents checked -> reviewed by several -> (panel) -> decided, level by level
                  |                                                                     |
                  +-> withdrawn          refused <- - - - - - - - - - - - - - - - - - - +
                                            |                                           |
                                            +-> appealed: heard again by others         +-> granted (conditionally)
                                            |                                           |
                                            +<- - - - - - revoked <- - - - - - - - - - -+-> renewed, or lapsed by itself

There is one stream for each vendor, category and area; its cases are numbered from 1. A case finishes on the version of
the scheme that it was submitted under. A grant counts from the last level's approval to the end of its term, and ends
before that by itself when a required document runs out or a condition is not met in time.

What can be asked and can have happened is in `qualification_messages`, what is allowed in `qualification_rules` and the
modules it names, what it comes to in `qualification_history`, what happens by itself in `qualification_clock`. All
their names are used from here: `qualification.Submit`, `qualification.Granted`, `qualification.BelowMinimum`.
"""

from datetime import datetime
from functools import lru_cache
from uuid import UUID

from domain.admission.basis import Basis
from domain.admission.qualification_clock import agenda
from domain.admission.qualification_history import (
    Case,
    Filed,
    Grant,
    Qualification,
    Stage,
    Status,
    covering,
    end,
    ended,
    evolve,
    granted_at,
)
from domain.admission.qualification_messages import (
    AddDocument,
    Answer,
    Appeal,
    Appealed,
    AssignReviewers,
    CheckDocument,
    ClearCondition,
    Condition,
    ConditionCleared,
    Decide,
    Decided,
    DocumentAdded,
    DocumentChecked,
    EvidenceSubmitted,
    ExpiryNoted,
    Fulfilled,
    GiveScore,
    Granted,
    GrantedConditionally,
    Lapsed,
    PanelAssigned,
    Paper,
    QualificationCommand,
    QualificationEvent,
    Result,
    Reviewed,
    ReviewersAssigned,
    Revoke,
    Revoked,
    Score,
    Scored,
    Settle,
    Settled,
    Submit,
    SubmitEvidence,
    Submitted,
    Terms,
    TurnedDown,
    Withdraw,
    Withdrawn,
)
from domain.admission.qualification_refusals import (
    AnswerMissing,
    AnswerUnknown,
    AreaOutsideGrant,
    BelowMinimum,
    BelowPassMark,
    CaseStillOpen,
    ConditionDeadlineOutOfRange,
    ConditionEvidenceMissing,
    ConditionsStillOpen,
    ConditionsUnclear,
    ConditionUnknown,
    DocumentCheckedAlready,
    DocumentDatesImpossible,
    DocumentEndMissing,
    DocumentKindUnknown,
    DocumentRunOut,
    DocumentsIncomplete,
    DocumentTooOld,
    DocumentUnclear,
    DocumentUnknown,
    EvidenceFrozen,
    NoOpenCase,
    NotAReviewer,
    NothingGranted,
    NothingToAppeal,
    NothingToSettle,
    NotSubmitted,
    QualificationAppealTooLate,
    RefusalNeedsReason,
    RejectionNeedsReason,
    RenewalNotOpenYet,
    ReviewerHasFiled,
    ReviewerHasHeardItBefore,
    ReviewerHasScored,
    ReviewNotComplete,
    ReviewOver,
    ScoredAlready,
    ScoresIncomplete,
    TermOverMeanwhile,
    TooManyDocuments,
    WrongNumberOfReviewers,
)
from domain.admission.qualification_rules import decide
from domain.decider import Ask, Decider, Elapse, Whose, derived_id
from domain.parties import area as areas
from domain.parties import organisation

__all__ = [
    "AddDocument",
    "Answer",
    "AnswerMissing",
    "AnswerUnknown",
    "Appeal",
    "Appealed",
    "AreaOutsideGrant",
    "AssignReviewers",
    "BelowMinimum",
    "BelowPassMark",
    "Case",
    "CaseStillOpen",
    "CheckDocument",
    "ClearCondition",
    "Condition",
    "ConditionCleared",
    "ConditionDeadlineOutOfRange",
    "ConditionEvidenceMissing",
    "ConditionUnknown",
    "ConditionsStillOpen",
    "ConditionsUnclear",
    "Decide",
    "Decided",
    "DocumentAdded",
    "DocumentChecked",
    "DocumentCheckedAlready",
    "DocumentDatesImpossible",
    "DocumentEndMissing",
    "DocumentKindUnknown",
    "DocumentRunOut",
    "DocumentTooOld",
    "DocumentUnclear",
    "DocumentUnknown",
    "DocumentsIncomplete",
    "Elapse",
    "EvidenceFrozen",
    "EvidenceSubmitted",
    "ExpiryNoted",
    "Filed",
    "Fulfilled",
    "GiveScore",
    "Grant",
    "Granted",
    "GrantedConditionally",
    "Lapsed",
    "NoOpenCase",
    "NotAReviewer",
    "NotSubmitted",
    "NothingGranted",
    "NothingToAppeal",
    "NothingToSettle",
    "PanelAssigned",
    "Paper",
    "Qualification",
    "QualificationAppealTooLate",
    "QualificationCommand",
    "QualificationEvent",
    "RefusalNeedsReason",
    "RejectionNeedsReason",
    "RenewalNotOpenYet",
    "Result",
    "ReviewNotComplete",
    "ReviewOver",
    "Reviewed",
    "ReviewerHasFiled",
    "ReviewerHasHeardItBefore",
    "ReviewerHasScored",
    "ReviewersAssigned",
    "Revoke",
    "Revoked",
    "Score",
    "Scored",
    "ScoredAlready",
    "ScoresIncomplete",
    "Settle",
    "Settled",
    "Stage",
    "Status",
    "Submit",
    "SubmitEvidence",
    "Submitted",
    "TermOverMeanwhile",
    "Terms",
    "TooManyDocuments",
    "TurnedDown",
    "Withdraw",
    "Withdrawn",
    "WrongNumberOfReviewers",
    "agenda",
    "basis",
    "covering",
    "decide",
    "decider",
    "end",
    "ended",
    "evolve",
    "granted_at",
    "stream",
    "whose",
]


@lru_cache(maxsize=65536)
def stream(vendor: str, category: str, area: str) -> UUID:
    """The stream of a vendor (the id of its organisation) in a category and an area; `""` is the whole city."""
    return derived_id("qualification", f"{organisation.id_of(vendor)}/{category}/{area}")


def basis(ask: Ask, vendor: str, category: str, area: str, at: datetime) -> Basis | None:
    """The grant that counts at a moment in an area: of the area itself or of one above it, the nearest first.

    It must count as of the last thing that happened to it too: an engagement that is dated back does not slip in before
    a revocation.
    """
    for each in dict.fromkeys((area, *reversed(areas.ancestors_of(area)), "")):
        found = ask(decider, stream(vendor, category, each))
        grant = granted_at(found, at, area)
        if grant is None or (found.latest is not None and granted_at(found, max(at, found.latest), area) is None):
            continue
        return Basis(
            kind="grant",
            area=each,
            number=grant.case,
            scheme_version=grant.scheme_version,
            until=ended(found, grant),
        )
    return None


def whose(_stream: UUID, state: Qualification, command: QualificationCommand | None) -> Whose:
    """It concerns the vendor, the area, and those who review the case that is open."""
    if isinstance(command, Submit) and not state.vendor:
        return Whose(organisations=(organisation.id_of(command.vendor),), areas=(command.area,) if command.area else ())
    case = state.open_case
    return Whose(
        organisations=(state.vendor,) if state.vendor else (),
        areas=(state.area,) if state.area else (),
        people=() if case is None else tuple(dict.fromkeys((*case.reviewers, *case.panel))),
    )


decider: Decider[QualificationCommand, Qualification, QualificationEvent] = Decider(
    name="qualification",
    initial=Qualification(),
    decide=decide,
    evolve=evolve,
    commands=(
        Submit,
        AddDocument,
        CheckDocument,
        AssignReviewers,
        GiveScore,
        Settle,
        Decide,
        SubmitEvidence,
        ClearCondition,
        Revoke,
        Appeal,
        Withdraw,
        Elapse,
    ),
    events=(
        Submitted,
        DocumentAdded,
        DocumentChecked,
        ReviewersAssigned,
        Scored,
        Reviewed,
        PanelAssigned,
        Settled,
        Decided,
        Granted,
        GrantedConditionally,
        TurnedDown,
        EvidenceSubmitted,
        ConditionCleared,
        Fulfilled,
        ExpiryNoted,
        Lapsed,
        Revoked,
        Appealed,
        Withdrawn,
    ),
    agenda=agenda,
    whose=whose,
)
