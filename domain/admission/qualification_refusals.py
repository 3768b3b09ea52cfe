"""Why something cannot be done with a qualification now. The class name is the code, the docstring the sentence."""

from domain.decider import Refused


class NotSubmitted(Refused):
    """Nothing was ever submitted for this vendor, category and area."""


class CaseStillOpen(Refused):
    """A case is open already: wait for its decision, or withdraw it first."""


class NoOpenCase(Refused):
    """No case is open here."""


class RenewalNotOpenYet(Refused):
    """This is granted already, and the time to renew it has not come."""


class ConditionsStillOpen(Refused):
    """The grant has conditions that are not met yet: those come first."""


class AnswerUnknown(Refused):
    """The scheme has no such criterion, or it is answered twice."""


class AnswerMissing(Refused):
    """The scheme measures this criterion: it needs an answer."""


class DocumentKindUnknown(Refused):
    """The scheme asks for no such document."""


class DocumentUnclear(Refused):
    """A document needs its number, who issued it, and the SHA-256 of its content."""


class DocumentDatesImpossible(Refused):
    """The dates of this document cannot be true: it ends before it begins, begins in the future, or lasts too long."""


class DocumentRunOut(Refused):
    """This document has run out."""


class DocumentTooOld(Refused):
    """This document was issued too long ago."""


class DocumentEndMissing(Refused):
    """A document of this kind must say until when it is valid."""


class DocumentUnknown(Refused):
    """There is no such document in the case."""


class DocumentCheckedAlready(Refused):
    """This document was checked already, with another verdict."""


class RejectionNeedsReason(Refused):
    """Say why the document is rejected; an accepted one has no reason."""


class TooManyDocuments(Refused):
    """The file is full: it holds at most 200 documents."""


class EvidenceFrozen(Refused):
    """An appeal is heard on the evidence as it was: nothing can be added to it."""


class DocumentsIncomplete(Refused):
    """Every document must be checked, and each required kind needs one that is accepted and valid."""


class WrongNumberOfReviewers(Refused):
    """The scheme says how many different people review a case."""


class ReviewerHasFiled(Refused):
    """Whoever filed something in this case cannot review it."""


class ReviewerHasHeardItBefore(Refused):
    """Whoever has reviewed the case before neither hears the appeal nor sits on the panel."""


class ReviewerHasScored(Refused):
    """A reviewer who has scored cannot be taken off the case."""


class ReviewOver(Refused):
    """All scores are in: the review is over."""


class NotAReviewer(Refused):
    """You are not among those who are to score this."""


class ScoredAlready(Refused):
    """You have given your scores already, and they stay."""


class ScoresIncomplete(Refused):
    """Give each criterion that is not measured points from 0 to 100, once, and no others."""


class NothingToSettle(Refused):
    """There are no diverging scores to settle."""


class ReviewNotComplete(Refused):
    """The review is not complete yet."""


class BelowMinimum(Refused):
    """A dimension is below its hard minimum: this cannot be granted, whatever the total."""


class BelowPassMark(Refused):
    """The total is below the pass mark: this cannot be granted."""


class RefusalNeedsReason(Refused):
    """Say why it is refused; a grant has no such reasons."""


class ConditionsUnclear(Refused):
    """A conditional grant needs conditions, each with a key of its own and up to 500 characters; others have none."""


class ConditionDeadlineOutOfRange(Refused):
    """The deadline of a condition lies ahead, and no further than the scheme allows."""


class ConditionUnknown(Refused):
    """There is no such open condition."""


class ConditionEvidenceMissing(Refused):
    """Nothing was submitted yet that shows that this condition is met."""


class NothingGranted(Refused):
    """Nothing is granted here that could be taken back."""


class AreaOutsideGrant(Refused):
    """Only areas that lie inside the area of the grant can be taken out of it."""


class NothingToAppeal(Refused):
    """There is no refusal or revocation here that can still be contested."""


class QualificationAppealTooLate(Refused):
    """The time in which this could be contested is over."""


class TermOverMeanwhile(Refused):
    """The term of what was revoked is over meanwhile: it takes a new case."""
