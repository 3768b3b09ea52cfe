"""Filing: a case is submitted, its documents are added and checked one by one, or it is withdrawn."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from domain.admission import admission_scheme, vendor
from domain.admission import qualification_refusals as refusals
from domain.admission.qualification_clock import Story
from domain.admission.qualification_history import CHINA, Case, Filed, Qualification, end_of
from domain.admission.qualification_messages import (
    AddDocument,
    Answer,
    CheckDocument,
    DocumentAdded,
    DocumentChecked,
    Paper,
    Submit,
    Submitted,
    Withdraw,
    Withdrawn,
)
from domain.admission.scheme_document import Document
from domain.decider import Ask
from domain.parties import area, organisation

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_LONGEST_TEXT: Final = 128
_LONGEST_TERM: Final = timedelta(days=100 * 366)
_MOST_DOCUMENTS: Final = 200


def submit(story: Story, command: Submit, at: datetime, ask: Ask) -> None:
    """Open a case under the version of the scheme that counts now."""
    state = story.state
    if state.open_case is not None:
        if _is_the_same(state, state.open_case, command):
            return
        raise refusals.CaseStillOpen(case=state.current)
    if not ask(vendor.decider, vendor.stream(command.vendor)).registered:
        raise vendor.VendorNotRegistered(vendor=command.vendor)
    if command.area:
        area.must_be_open(command.area, ask)
    number, rules = admission_scheme.in_force(ask, command.category, at)
    _must_be_renewable(state, at)
    _must_answer(command.answers, rules)
    for paper in command.documents:
        must_be_plausible(paper, at, rules)
    if len(state.documents) + len(command.documents) > _MOST_DOCUMENTS:
        raise refusals.TooManyDocuments
    story.tell(
        Submitted(
            at=at,
            by=command.by,
            vendor=organisation.id_of(command.vendor),
            category=command.category,
            area=command.area,
            scheme_version=number,
            answers=command.answers,
            documents=command.documents,
        )
    )


def add_document(story: Story, command: AddDocument, at: datetime, rules: Document) -> None:
    """File one more document, in the open case or in place of one that a grant depends on."""
    state, case = story.state, story.state.open_case
    if case is not None and case.appeal is not None:
        raise refusals.EvidenceFrozen(position=case.appeal.position)
    if case is None and not state.live:
        raise refusals.NoOpenCase
    if any(each.paper == command.document and each.verdict != "rejected" for each in state.documents[-10:]):
        return
    must_be_plausible(command.document, at, rules)
    if len(state.documents) >= _MOST_DOCUMENTS:
        raise refusals.TooManyDocuments
    story.tell(DocumentAdded(at=at, by=command.by, document=command.document))


def check_document(story: Story, command: CheckDocument, at: datetime) -> None:
    """Accept it while it is valid, or reject it. An appeal may see a rejection otherwise."""
    state, case = story.state, story.state.open_case
    if not 0 < command.serial <= len(state.documents):
        raise refusals.DocumentUnknown(serial=command.serial)
    if (command.verdict == "rejected") != (command.reason is not None):
        raise refusals.RejectionNeedsReason
    found = state.documents[command.serial - 1]
    if found.verdict == command.verdict and found.reason == (command.reason or ""):
        return
    if case is None and not state.live:
        raise refusals.NoOpenCase
    if found.verdict is not None and not _is_heard_again(found, case):
        raise refusals.DocumentCheckedAlready(serial=command.serial)
    if command.verdict == "accepted" and found.ends is not None and at >= found.ends:
        raise refusals.DocumentRunOut(kind=found.paper.kind, until=found.ends)
    story.tell(
        DocumentChecked(at=at, by=command.by, serial=command.serial, verdict=command.verdict, reason=command.reason)
    )


def _is_heard_again(found: Filed, case: Case | None) -> bool:
    """A document of the case that was rejected in a round before."""
    if case is None or found.case != case.number:
        return False
    return found.verdict == "rejected" and found.checked_in < case.round


def withdraw(story: Story, command: Withdraw, at: datetime) -> None:
    """Take back the case, or the appeal: then what was decided stays."""
    if story.state.open_case is None:
        raise refusals.NoOpenCase
    story.tell(Withdrawn(at=at, by=command.by))


def must_be_documented(state: Qualification, case: Case, at: datetime, rules: Document) -> None:
    """Every document of the case is checked, every required kind accepted and valid. Raises DocumentsIncomplete."""
    of_case = [each for each in state.documents if each.case == case.number]
    unchecked = next((each.paper.kind for each in of_case if each.verdict is None), "")
    valid = {each.paper.kind for each in of_case if each.counts(at)}
    missing = next((kind for kind in rules.required if kind not in valid), "")
    if unchecked or missing:
        raise refusals.DocumentsIncomplete(kind=missing or unchecked)


def must_be_plausible(paper: Paper, at: datetime, rules: Document) -> None:
    """A document that could be what it says it is. Raises the refusal that fits."""
    rule = rules.kind(paper.kind)
    if rule is None:
        raise refusals.DocumentKindUnknown(kind=paper.kind)
    texts = (paper.number, paper.issuer)
    if not all(0 < len(each.strip()) <= len(each) <= _LONGEST_TEXT for each in texts):
        raise refusals.DocumentUnclear(kind=paper.kind)
    if not _SHA256.fullmatch(paper.sha256):
        raise refusals.DocumentUnclear(kind=paper.kind)
    today, until = at.astimezone(CHINA).date(), paper.valid_until
    too_long = until is not None and until - paper.valid_from > _LONGEST_TERM
    if paper.valid_from > today or too_long or (until is not None and until < paper.valid_from):
        raise refusals.DocumentDatesImpossible(kind=paper.kind)
    ends = end_of(until)
    if ends is not None and at >= ends:
        raise refusals.DocumentRunOut(kind=paper.kind, until=ends)
    if rule.expires and until is None:
        raise refusals.DocumentEndMissing(kind=paper.kind)
    if rule.longest_age is not None and (today - paper.valid_from).days > rule.longest_age:
        raise refusals.DocumentTooOld(kind=paper.kind)


def _is_the_same(state: Qualification, case: Case, command: Submit) -> bool:
    filed = tuple(each.paper for each in state.documents if each.case == case.number)
    return (
        case.appeal is None
        and case.stage == "documents"
        and case.answers == command.answers
        and filed == command.documents
        and command.by == case.filers[0]
    )


def _must_be_renewable(state: Qualification, at: datetime) -> None:
    if not state.live:
        return
    last = state.live[-1]
    if last.to_meet:
        raise refusals.ConditionsStillOpen(condition=last.to_meet[0].key)
    opens = last.until - timedelta(days=last.terms.renewal_opens)
    if at < opens:
        raise refusals.RenewalNotOpenYet(opens=opens)


def _must_answer(answers: Sequence[Answer], rules: Document) -> None:
    criteria = rules.criteria()
    given = [each.criterion for each in answers]
    for each in given:
        if each not in criteria or given.count(each) > 1:
            raise refusals.AnswerUnknown(criterion=each)
    for key, criterion in criteria.items():
        if criterion.steps and key not in given:
            raise refusals.AnswerMissing(criterion=key)
