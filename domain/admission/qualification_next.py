"""What comes next with a qualification: who has to do what, about what, by when. It decides nothing.

    documents -> review -> (panel) -> decision -> conditions, renewal, papers in place of old ones | appeal

A vendor follows its case by it, and so does everybody who has a hand in it.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from domain.admission.qualification_decision import contestable
from domain.admission.qualification_history import Case, Qualification, end
from domain.admission.qualification_refusals import NothingToAppeal
from domain.admission.scheme_document import Document

Do: TypeAlias = Literal[
    "file_documents",
    "check_documents",
    "assign_reviewers",
    "score",
    "assign_panel",
    "settle",
    "decide",
    "submit_evidence",
    "clear_condition",
    "replace_document",
    "renew",
    "appeal",
    "apply",
]
Who: TypeAlias = Literal["vendor", "procurement_officer", "procurement_head", "reviewers", "panel"]

SENTENCES: Final[Mapping[Do, str]] = MappingProxyType(
    {
        "file_documents": "The vendor has to file documents of these kinds.",
        "check_documents": "Procurement has to check these documents.",
        "assign_reviewers": "A procurement head has to name who scores the case.",
        "score": "The reviewers named have to score the case.",
        "assign_panel": "The scores diverge: a procurement head has to name a panel.",
        "settle": "The scores diverge: the panel has to settle them.",
        "decide": "A procurement head has to decide at this level.",
        "submit_evidence": "The vendor has to show that this condition is met, or the grant lapses.",
        "clear_condition": "Procurement has to confirm that this condition is met, or the grant lapses.",
        "replace_document": "The vendor has to file a new document of this kind, or the grant lapses.",
        "renew": "The vendor may apply for a renewal; without one the grant ends.",
        "appeal": "The vendor may appeal.",
        "apply": "The vendor may apply.",
    }
)
"""What people read of each."""


class NextStep(Struct, frozen=True, kw_only=True):
    """Something that somebody has to do, or may do."""

    do: Do
    who: Who
    people: tuple[str, ...] = ()
    """Whoever of them it waits for, where they are named."""
    about: tuple[str, ...] = ()
    """Kinds of documents, keys of conditions, or the level that decides."""
    by: datetime | None = None
    """None: no time is set."""


def steps(state: Qualification, rules: Document | None, at: datetime) -> tuple[NextStep, ...]:
    """What comes next, as of a moment. `rules` are those of the case that is, or was last, worked on."""
    if not state.cases or rules is None:
        return ()
    case = state.open_case
    return (
        *(() if case is None else _of_case(state, case, rules, at)),
        *_of_grant(state, at),
        *_after(state, rules, at),
    )


def _of_case(state: Qualification, case: Case, rules: Document, at: datetime) -> Iterator[NextStep]:
    match case.stage:
        case "documents":
            yield from _documents(state, case, rules, at)
        case "review":
            yield NextStep(do="score", who="reviewers", people=case.awaiting)
        case "panel" if not case.panel:
            yield NextStep(do="assign_panel", who="procurement_head")
        case "panel":
            yield NextStep(do="settle", who="panel", people=case.panel)
        case "decision":
            level = f"{len(case.approvals) + 1}/{rules.levels}"
            yield NextStep(do="decide", who="procurement_head", about=(level,))
        case "closed":
            pass


def _documents(state: Qualification, case: Case, rules: Document, at: datetime) -> Iterator[NextStep]:
    filed = [each for each in state.documents if each.case == case.number]
    unchecked = tuple(dict.fromkeys(each.paper.kind for each in filed if each.verdict is None))
    there = {each.paper.kind for each in filed if each.counts(at)}.union(unchecked)
    missing = tuple(kind for kind in rules.required if kind not in there)
    if missing and case.appeal is None:  # an appeal is heard on what was filed
        yield NextStep(do="file_documents", who="vendor", about=missing)
    if unchecked:
        yield NextStep(do="check_documents", who="procurement_officer", about=unchecked)
    if not missing and not unchecked:
        yield NextStep(do="assign_reviewers", who="procurement_head")


def _of_grant(state: Qualification, at: datetime) -> Iterator[NextStep]:
    """What keeps the grant alive."""
    if not state.live:
        return
    last = state.live[-1]
    for each in last.to_meet:
        if each.files:
            yield NextStep(do="clear_condition", who="procurement_officer", about=(each.key,), by=each.deadline)
        else:
            yield NextStep(do="submit_evidence", who="vendor", about=(each.key,), by=each.deadline)
    if state.open_case is None:
        late = [each.paper.kind for each in state.documents if each.verdict is None]
        if late:
            yield NextStep(do="check_documents", who="procurement_officer", about=tuple(dict.fromkeys(late)))
        if not last.to_meet and at >= last.until - timedelta(days=last.terms.renewal_opens):
            yield NextStep(do="renew", who="vendor", by=last.until)
    first = end(state, last)
    soon = timedelta(days=max(last.terms.reminders, default=0))
    if first.because == "document" and at >= first.at - soon:
        kind = state.documents[first.serial - 1].paper.kind
        yield NextStep(do="replace_document", who="vendor", about=(kind,), by=first.at)


def _after(state: Qualification, rules: Document, at: datetime) -> Iterator[NextStep]:
    """What a vendor may do about a no."""
    if state.open_case is not None:
        return
    try:
        _, _, since = contestable(state)
    except NothingToAppeal:
        pass
    else:
        closes = since + timedelta(days=rules.appeal_window)
        if at <= closes:
            yield NextStep(do="appeal", who="vendor", by=closes)
    if not state.live:
        yield NextStep(do="apply", who="vendor")
