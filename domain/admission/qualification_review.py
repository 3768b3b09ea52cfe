"""Reviewing: several people score a case without seeing each other; where they diverge, a panel settles it."""

from collections.abc import Sequence
from datetime import datetime

from domain.admission import qualification_refusals as refusals
from domain.admission import qualification_scores as scores
from domain.admission.qualification_clock import Story
from domain.admission.qualification_filing import must_be_documented
from domain.admission.qualification_history import Case
from domain.admission.qualification_messages import (
    AssignReviewers,
    GiveScore,
    PanelAssigned,
    Reviewed,
    ReviewersAssigned,
    Scored,
    Settle,
    Settled,
)
from domain.admission.scheme_document import Document


def assign_reviewers(story: Story, command: AssignReviewers, at: datetime, rules: Document) -> None:
    """Name the reviewers once the documents are in order, or the panel once the scores diverge."""
    case = _open(story)
    if case.stage == "decision":
        raise refusals.ReviewOver
    named = command.reviewers
    if named == (case.panel if case.stage == "panel" else case.reviewers):
        return
    _must_be_others(case, named)
    if case.stage == "panel":
        story.tell(PanelAssigned(at=at, by=command.by, panel=named))
        return
    if len(named) != rules.reviewers:
        raise refusals.WrongNumberOfReviewers(reviewers=rules.reviewers)
    for sheet in case.sheets:
        if sheet.by not in named:
            raise refusals.ReviewerHasScored(person=sheet.by)
    must_be_documented(story.state, case, at, rules)
    story.tell(ReviewersAssigned(at=at, by=command.by, reviewers=named))


def score(story: Story, command: GiveScore, at: datetime, rules: Document) -> None:
    """One more sheet; the last one completes the review."""
    case = _open(story)
    if command.by not in case.reviewers:
        raise refusals.NotAReviewer
    given = next((each for each in case.sheets if each.by == command.by), None)
    if given is not None:
        if given.scores == command.scores:
            return
        raise refusals.ScoredAlready
    scores.must_be_complete(command.scores, rules)
    story.tell(Scored(at=at, by=command.by, scores=command.scores))
    sheets = [each.scores for each in _open(story).sheets]
    if len(sheets) == rules.reviewers:
        found = scores.outcome(sheets, case.answers, rules)
        story.tell(Reviewed(at=at, results=found.results, total=found.total, divergent=found.divergent))


def settle(story: Story, command: Settle, at: datetime, rules: Document) -> None:
    """The panel's scores stand in for those that diverge."""
    case = _open(story)
    if case.settled is not None and case.settled.by == command.by and case.settled.scores == command.scores:
        return
    if case.stage != "panel":
        raise refusals.NothingToSettle
    if command.by not in case.panel:
        raise refusals.NotAReviewer
    scores.must_be_complete(command.scores, rules)
    found = scores.outcome([command.scores], case.answers, rules)
    story.tell(Settled(at=at, by=command.by, scores=command.scores))
    story.tell(Reviewed(at=at, results=found.results, total=found.total))


def _must_be_others(case: Case, named: Sequence[str]) -> None:
    if len(set(named)) != len(named):
        raise refusals.WrongNumberOfReviewers(reviewers=len(set(named)))
    for each in named:
        if each in case.filers:
            raise refusals.ReviewerHasFiled(person=each)
        if each in case.former or (case.stage == "panel" and each in case.reviewers):
            raise refusals.ReviewerHasHeardItBefore(person=each)


def _open(story: Story) -> Case:
    case = story.state.open_case
    if case is None:
        raise refusals.NoOpenCase
    return case
