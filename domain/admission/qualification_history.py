"""What a qualification has come to: its state, folded from its events. No rule lives here, so all history can be read.

All grants that ever were are kept with their beginning and end, and all documents: a question about the past is
answered from the same state as one about now (`granted_at`).
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Final, Literal, NamedTuple, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from domain.admission import qualification_messages as told
from domain.admission.qualification_messages import (
    Answer,
    AppealBecause,
    LapsedBecause,
    Outcome,
    Paper,
    QualificationEvent,
    RefusedBecause,
    Result,
    RevokedBecause,
    Score,
    Terms,
    Verdict,
)
from domain.parties import area as areas

Stage: TypeAlias = Literal["documents", "review", "panel", "decision", "closed"]
"""Of a case: documents are checked, reviewers score, a panel settles, levels decide, nothing is left to do."""
CaseOutcome: TypeAlias = Literal["", "granted", "granted_conditionally", "refused", "withdrawn"]
Status: TypeAlias = Literal["none", "applied", "granted", "conditional", "refused", "lapsed", "revoked", "withdrawn"]
EndedBecause: TypeAlias = Literal["", LapsedBecause, "revoked", "replaced"]

CHINA: Final = timezone(timedelta(hours=8))
"""Days end in China's time, which has had no summer time since 1991."""
_LAST_DAY: Final = date(9999, 12, 29)


class Filed(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A document in the file, and what came of checking it."""

    paper: Paper
    case: int
    at: datetime
    by: str
    verdict: Verdict | None = None
    reason: str = ""
    checked_at: datetime | None = None
    checked_by: str = ""
    checked_in: int = 0
    """The round of the case in which it was checked."""

    @property
    def ends(self) -> datetime | None:
        """The moment from which it no longer counts; None: it does not run out."""
        return end_of(self.paper.valid_until)

    def counts(self, at: datetime) -> bool:
        """Whether it is accepted and valid."""
        return self.verdict == "accepted" and (self.ends is None or at < self.ends)


class Sheet(Struct, frozen=True):
    """What one person gave."""

    by: str
    at: datetime
    scores: tuple[Score, ...]


class Review(Struct, frozen=True):
    """What the scores came to, in hundredths of a point."""

    at: datetime
    results: tuple[Result, ...]
    total: int
    divergent: bool


class Approval(Struct, frozen=True, omit_defaults=True):
    """What one level decided."""

    level: int
    by: str
    at: datetime
    outcome: Outcome
    conditions: tuple[told.Condition, ...] = ()
    reasons: tuple[RefusedBecause, ...] = ()


class Contested(Struct, frozen=True):
    """An appeal."""

    at: datetime
    by: str
    against: Literal["refusal", "revocation"]
    reason: AppealBecause
    position: int
    """Of the log: what was in it by then is the evidence."""
    files: tuple[str, ...] = ()


class Case(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One case; they are numbered from 1."""

    number: int
    scheme_version: int
    submitted_at: datetime
    filers: tuple[str, ...]
    """Who filed anything in it."""
    answers: tuple[Answer, ...] = ()
    stage: Stage = "documents"
    outcome: CaseOutcome = ""
    round: int = 1
    """2 once it was appealed."""
    reviewers: tuple[str, ...] = ()
    panel: tuple[str, ...] = ()
    former: tuple[str, ...] = ()
    """Who reviewed it in earlier rounds."""
    sheets: tuple[Sheet, ...] = ()
    settled: Sheet | None = None
    review: Review | None = None
    approvals: tuple[Approval, ...] = ()
    reasons: tuple[RefusedBecause, ...] = ()
    decided_at: datetime | None = None
    appeal: Contested | None = None

    @property
    def open(self) -> bool:
        """Something is left to do."""
        return self.stage != "closed"

    @property
    def awaiting(self) -> tuple[str, ...]:
        """Who is to score or settle now."""
        if self.stage == "review":
            scored = {sheet.by for sheet in self.sheets}
            return tuple(each for each in self.reviewers if each not in scored)
        return self.panel if self.stage == "panel" else ()


class ToMeet(Struct, frozen=True, omit_defaults=True):
    """A condition of a grant."""

    key: str
    text: str
    deadline: datetime
    files: tuple[str, ...] = ()
    """SHA-256 of what was submitted to show that it is met."""
    cleared_at: datetime | None = None
    cleared_by: str = ""


class TakenOut(Struct, frozen=True):
    """An area that is taken out of a grant, with all that lies in it."""

    area: str
    since: datetime

    def touches(self, place: str, at: datetime) -> bool:
        """Whether a place lies in it or it lies in the place: then not all of the place is granted any more."""
        return self.since <= at and areas.overlap(place, self.area)


class Noted(Struct, frozen=True):
    """An end that was remembered, so many days before."""

    until: datetime
    days: int
    serial: int = 0
    """Of the document; 0: the grant itself."""


class Grant(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What was granted, from when to when."""

    case: int
    scheme_version: int
    decided_at: datetime
    since: datetime
    until: datetime
    """The end of its term."""
    terms: Terms
    conditions: tuple[ToMeet, ...] = ()
    taken_out: tuple[TakenOut, ...] = ()
    noted: tuple[Noted, ...] = ()
    ended_at: datetime | None = None
    ended_because: EndedBecause = ""

    @property
    def to_meet(self) -> tuple[ToMeet, ...]:
        """The conditions that are still open."""
        return tuple(each for each in self.conditions if each.cleared_at is None)


class Revocation(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What was taken back last."""

    at: datetime
    by: str
    case: int
    reason: RevokedBecause
    until: datetime
    """The end of the term that it would have had."""
    areas: tuple[str, ...] = ()


class Qualification(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Everything there is between a vendor and a category in an area."""

    vendor: str = ""
    category: str = ""
    area: str = ""
    cases: tuple[Case, ...] = ()
    current: int = 0
    """The number of the case that is, or was last, worked on."""
    documents: tuple[Filed, ...] = ()
    grants: tuple[Grant, ...] = ()
    revocation: Revocation | None = None
    outcome: Literal["", "refused", "lapsed", "revoked", "withdrawn"] = ""
    """How it last came to nothing."""
    latest: datetime | None = None
    """The moment of the last thing that happened."""

    @property
    def case(self) -> Case | None:
        """The case that is, or was last, worked on."""
        return self.cases[self.current - 1] if 0 < self.current <= len(self.cases) else None

    @property
    def open_case(self) -> Case | None:
        """The case that is open."""
        return self.case if self.case is not None and self.case.open else None

    @property
    def live(self) -> tuple[Grant, ...]:
        """The grants that nothing has ended yet, those that are still to begin too."""
        return tuple(each for each in self.grants if each.ended_at is None)

    @property
    def status(self) -> Status:
        """Where it stands, as far as events have told."""
        if self.live:
            return "conditional" if self.live[-1].to_meet else "granted"
        if self.open_case is not None:
            return "applied"
        return self.outcome or "none"


class End(NamedTuple):
    """When a grant ends by itself, and why."""

    at: datetime
    because: LapsedBecause
    serial: int = 0


def end_of(day: date | None) -> datetime | None:
    """The moment at which a last day is over."""
    if day is None or day > _LAST_DAY:
        return None
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=CHINA).astimezone(UTC)


def covering(state: Qualification, kind: str) -> tuple[int, Filed] | None:
    """The accepted document of a kind that counts longest, with its serial number."""
    accepted = [
        (number, each)
        for number, each in enumerate(state.documents, 1)
        if each.paper.kind == kind and each.verdict == "accepted"
    ]
    lasting = [found for found in accepted if found[1].ends is None]
    return (
        lasting[-1]
        if lasting
        else max(accepted, key=lambda found: (found[1].paper.valid_until, found[0]), default=None)
    )


def end(state: Qualification, grant: Grant) -> End:
    """When a grant ends unless something happens before: its term, a document, or a condition."""
    ends = [End(grant.until, "renewed" if _is_renewed(state, grant) else "term")]
    ends += [End(each.deadline, "conditions") for each in grant.to_meet]
    for kind in grant.terms.documents:
        found = covering(state, kind)
        if found is not None and found[1].ends is not None:
            ends.append(End(found[1].ends, "document", found[0]))
    return min(ends, key=lambda each: each.at)


def _is_renewed(state: Qualification, grant: Grant) -> bool:
    return any(each.ended_at is None and each.since == grant.until for each in state.grants)


def ended(state: Qualification, grant: Grant) -> datetime:
    """The moment from which a grant no longer counts, whether or not that has been told yet."""
    return grant.ended_at or end(state, grant).at


def granted_at(state: Qualification, at: datetime, area: str | None = None) -> Grant | None:
    """The grant that counted at a moment, for all of an area inside that of the grant (None: for whatever is left of
    its own); also of a moment long past.
    """
    for grant in reversed(state.grants):
        if grant.since <= at < ended(state, grant):
            out = area is not None and any(each.touches(area, at) for each in grant.taken_out)
            return None if out else grant
    return None


def evolve(state: Qualification, event: QualificationEvent) -> Qualification:
    """The state after one more fact."""
    return replace(_FOLDS[type(event)](state, event), latest=event.at)


def _with_case(state: Qualification, change: Callable[[Case], Case]) -> Qualification:
    case = state.case
    if case is None:
        return state
    cases = tuple(change(each) if each.number == case.number else each for each in state.cases)
    return replace(state, cases=cases)


def _submitted(state: Qualification, event: told.Submitted) -> Qualification:
    number = len(state.cases) + 1
    case = Case(
        number=number,
        scheme_version=event.scheme_version,
        submitted_at=event.at,
        filers=(event.by,),
        answers=event.answers,
    )
    filed = tuple(Filed(paper=each, case=number, at=event.at, by=event.by) for each in event.documents)
    return replace(
        state,
        vendor=event.vendor,
        category=event.category,
        area=event.area,
        cases=(*state.cases, case),
        current=number,
        documents=state.documents + filed,
    )


def _document_added(state: Qualification, event: told.DocumentAdded) -> Qualification:
    filed = Filed(paper=event.document, case=state.current, at=event.at, by=event.by)
    state = replace(state, documents=(*state.documents, filed))
    if state.open_case is None or event.by in state.open_case.filers:
        return state
    return _with_case(state, lambda case: replace(case, filers=(*case.filers, event.by)))


def _document_checked(state: Qualification, event: told.DocumentChecked) -> Qualification:
    case = state.case
    documents = [
        replace(
            each,
            verdict=event.verdict,
            reason=event.reason or "",
            checked_at=event.at,
            checked_by=event.by,
            checked_in=case.round if case else 0,
        )
        if number == event.serial
        else each
        for number, each in enumerate(state.documents, 1)
    ]
    return replace(state, documents=tuple(documents))


def _reviewers_assigned(state: Qualification, event: told.ReviewersAssigned) -> Qualification:
    return _with_case(state, lambda case: replace(case, reviewers=event.reviewers, stage="review"))


def _scored(state: Qualification, event: told.Scored) -> Qualification:
    sheet = Sheet(event.by, event.at, event.scores)
    return _with_case(state, lambda case: replace(case, sheets=(*case.sheets, sheet)))


def _reviewed(state: Qualification, event: told.Reviewed) -> Qualification:
    review = Review(event.at, event.results, event.total, event.divergent)
    stage: Stage = "panel" if event.divergent else "decision"
    return _with_case(state, lambda case: replace(case, review=review, stage=stage))


def _panel_assigned(state: Qualification, event: told.PanelAssigned) -> Qualification:
    return _with_case(state, lambda case: replace(case, panel=event.panel))


def _settled(state: Qualification, event: told.Settled) -> Qualification:
    sheet = Sheet(event.by, event.at, event.scores)
    return _with_case(state, lambda case: replace(case, settled=sheet))


def _decided(state: Qualification, event: told.Decided) -> Qualification:
    approval = Approval(event.level, event.by, event.at, event.outcome, event.conditions, event.reasons)
    return _with_case(state, lambda case: replace(case, approvals=(*case.approvals, approval)))


def _granted(state: Qualification, event: told.Granted | told.GrantedConditionally) -> Qualification:
    case, conditions = state.case, tuple[ToMeet, ...]()
    outcome: CaseOutcome = "granted"
    if isinstance(event, told.GrantedConditionally):
        outcome = "granted_conditionally"
        conditions = tuple(ToMeet(each.key, each.text, each.deadline) for each in event.conditions)
    taken_out = _taken_out_before(state, case)
    if event.replaces:
        state = _end(state, event.at, "replaced", lambda _: True)
    grant = Grant(
        case=case.number if case else 0,
        scheme_version=case.scheme_version if case else 0,
        decided_at=event.at,
        since=event.since,
        until=event.until,
        terms=event.terms,
        conditions=conditions,
        taken_out=taken_out,
    )
    state = replace(state, grants=(*state.grants, grant), outcome="")
    return _with_case(state, lambda case: replace(case, stage="closed", outcome=outcome, decided_at=event.at))


def _taken_out_before(state: Qualification, case: Case | None) -> tuple[TakenOut, ...]:
    """What stays out: of the grant that stood when the case was submitted, also if that has ended meanwhile. Whoever
    applies once nothing stands any more is judged anew.
    """
    before = state.grants[-1] if state.grants else None
    if before is None or case is None or (before.ended_at is not None and before.ended_at <= case.submitted_at):
        return ()
    contested = case.appeal is not None and case.appeal.against == "revocation"
    set_right = state.revocation if contested else None
    if set_right is None:
        return before.taken_out
    return tuple(
        each for each in before.taken_out if (each.since, each.area in set_right.areas) != (set_right.at, True)
    )


def _turned_down(state: Qualification, event: told.TurnedDown) -> Qualification:
    def change(case: Case) -> Case:
        return replace(case, stage="closed", outcome="refused", reasons=event.reasons, decided_at=event.at)

    return replace(_with_case(state, change), outcome="refused")


def _evidence_submitted(state: Qualification, event: told.EvidenceSubmitted) -> Qualification:
    return _with_condition(state, event.condition, lambda each: replace(each, files=each.files + event.files))


def _condition_cleared(state: Qualification, event: told.ConditionCleared) -> Qualification:
    def change(each: ToMeet) -> ToMeet:
        return replace(each, cleared_at=event.at, cleared_by=event.by)

    return _with_condition(state, event.condition, change)


def _with_condition(state: Qualification, key: str, change: Callable[[ToMeet], ToMeet]) -> Qualification:
    if not state.grants:
        return state
    grant = state.grants[-1]
    conditions = tuple(change(each) if each.key == key else each for each in grant.conditions)
    return replace(state, grants=(*state.grants[:-1], replace(grant, conditions=conditions)))


def _fulfilled(state: Qualification, _event: told.Fulfilled) -> Qualification:
    return _with_case(state, lambda case: replace(case, outcome="granted") if case.stage == "closed" else case)


def _expiry_noted(state: Qualification, event: told.ExpiryNoted) -> Qualification:
    noted = Noted(event.until, event.days, event.serial)
    grants = tuple(
        replace(each, noted=(*each.noted, noted)) if each.ended_at is None else each for each in state.grants
    )
    return replace(state, grants=grants)


def _lapsed(state: Qualification, event: told.Lapsed) -> Qualification:
    return replace(_end(state, event.at, event.because, lambda grant: grant.case == event.case), outcome="lapsed")


def _revoked(state: Qualification, event: told.Revoked) -> Qualification:
    if state.grants:
        last = (state.live or state.grants)[-1]
        revocation = Revocation(
            at=event.at, by=event.by, case=last.case, reason=event.reason, until=last.until, areas=event.areas
        )
        state = replace(state, revocation=revocation)
    if not event.areas:
        return replace(_end(state, event.at, "revoked", lambda _: True), outcome="revoked")
    more = tuple(TakenOut(each, event.at) for each in event.areas)
    grants = tuple(
        replace(each, taken_out=each.taken_out + more) if each.ended_at is None else each for each in state.grants
    )
    return replace(state, grants=grants)


def _end(state: Qualification, at: datetime, because: EndedBecause, which: Callable[[Grant], bool]) -> Qualification:
    grants = tuple(
        replace(each, ended_at=at, ended_because=because) if each.ended_at is None and which(each) else each
        for each in state.grants
    )
    return replace(state, grants=grants)


def _appealed(state: Qualification, event: told.Appealed) -> Qualification:
    appeal = Contested(event.at, event.by, event.against, event.reason, event.position, event.files)

    def change(case: Case) -> Case:
        settled = (case.settled.by,) if case.settled is not None else ()
        return replace(
            case,
            stage="documents",
            round=case.round + 1,
            filers=case.filers if event.by in case.filers else (*case.filers, event.by),
            former=tuple(dict.fromkeys((*case.former, *case.reviewers, *case.panel, *settled))),
            reviewers=(),
            panel=(),
            sheets=(),
            settled=None,
            review=None,
            approvals=(),
            appeal=appeal,
        )

    return _with_case(replace(state, current=event.case), change)


def _withdrawn(state: Qualification, _event: told.Withdrawn) -> Qualification:
    def change(case: Case) -> Case:
        return replace(case, stage="closed", outcome=case.outcome or "withdrawn")

    return replace(_with_case(state, change), outcome=state.outcome or "withdrawn")


_FOLDS: Final[dict[type, Callable[..., Qualification]]] = {
    told.Submitted: _submitted,
    told.DocumentAdded: _document_added,
    told.DocumentChecked: _document_checked,
    told.ReviewersAssigned: _reviewers_assigned,
    told.Scored: _scored,
    told.Reviewed: _reviewed,
    told.PanelAssigned: _panel_assigned,
    told.Settled: _settled,
    told.Decided: _decided,
    told.Granted: _granted,
    told.GrantedConditionally: _granted,
    told.TurnedDown: _turned_down,
    told.EvidenceSubmitted: _evidence_submitted,
    told.ConditionCleared: _condition_cleared,
    told.Fulfilled: _fulfilled,
    told.ExpiryNoted: _expiry_noted,
    told.Lapsed: _lapsed,
    told.Revoked: _revoked,
    told.Appealed: _appealed,
    told.Withdrawn: _withdrawn,
}
