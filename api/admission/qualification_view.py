"""How a qualification looks from outside. What one reviewer gives shows to nobody before all scores are in."""

from datetime import date, datetime
from typing import Final
from uuid import UUID

import msgspec

from api.admission.qualification_next import NextView
from domain.admission import qualification
from domain.admission.qualification import (
    Answer,
    Case,
    Filed,
    Grant,
    Qualification,
    Stage,
    Status,
)
from domain.admission.qualification_history import Approval, Contested, Sheet, TakenOut, ToMeet
from domain.admission.scheme_document import Dimension, DimensionRule, Document

_HUNDREDTHS: Final = 100


class DocumentView(msgspec.Struct, frozen=True, kw_only=True):
    """A document of the file."""

    serial: int
    case: int
    kind: str
    number: str
    issuer: str
    valid_from: date
    valid_until: date | None
    sha256: str
    verdict: str | None
    """accepted, rejected, or null: not checked yet."""
    reason: str
    added_at: datetime
    checked_at: datetime | None


class CaseView(msgspec.Struct, frozen=True, kw_only=True):
    """A case. Its scores are in the explanation."""

    number: int
    scheme_version: int
    submitted_at: datetime
    stage: Stage
    outcome: str
    round: int
    """2 once it was appealed."""
    answers: tuple[Answer, ...]
    reviewers: tuple[str, ...]
    panel: tuple[str, ...]
    awaiting: tuple[str, ...]
    """Who is to score or settle it now."""
    approvals: tuple[Approval, ...]
    reasons: tuple[str, ...]
    decided_at: datetime | None
    appeal: Contested | None


class GrantView(msgspec.Struct, frozen=True, kw_only=True):
    """What was granted."""

    case: int
    scheme_version: int
    since: datetime
    until: datetime
    """The end of its term."""
    ends_at: datetime
    """When it has ended, or ends unless something is done: by its term, a document, or a condition."""
    ends_because: str
    ended: bool
    """It has been told that it ended."""
    conditions: tuple[ToMeet, ...]
    taken_out: tuple[TakenOut, ...]


class QualificationView(msgspec.Struct, frozen=True, kw_only=True):
    """Everything between a vendor and a category in an area, at a version."""

    id: UUID
    version: int
    position: int
    vendor: str
    category: str
    area: str
    """Empty: the whole city."""
    status: Status
    stage: str
    """Of the case that is open; empty: none is."""
    cases: tuple[CaseView, ...]
    documents: tuple[DocumentView, ...]
    grants: tuple[GrantView, ...]
    next: tuple[NextView, ...]
    """Who has to do what, by when."""


class QualificationLine(msgspec.Struct, frozen=True, kw_only=True):
    """A qualification in a list."""

    id: UUID
    version: int
    vendor: str
    category: str
    area: str
    status: Status
    stage: str
    case: int
    submitted_at: datetime | None
    awaiting: tuple[str, ...]
    granted_until: datetime | None
    """When what is granted ends, unless something is done."""


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What one person gave for a criterion."""

    by: str
    points: int


class CriterionExplained(msgspec.Struct, frozen=True, kw_only=True):
    """A criterion: measured by the vendor's answer, or scored."""

    key: str
    name: str
    weight: int
    unit: str
    answer: int | None
    measured: int | None
    """The points that the answer earns; null where reviewers give them."""
    given: tuple[Given, ...]


class DimensionExplained(msgspec.Struct, frozen=True, kw_only=True):
    """A dimension: what it weighs, the least it must reach, and what it came to."""

    dimension: Dimension
    weight: int
    minimum: int
    points: float | None
    """Rounded down to hundredths; null while scores are missing."""
    reached: bool | None
    criteria: tuple[CriterionExplained, ...]


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """How a case came to what it came to."""

    id: UUID
    version: int
    case: int
    round: int
    scheme_version: int
    complete: bool
    """All scores are in. Before, nobody sees any."""
    divergent: bool
    """They lay further apart than the scheme bears."""
    settled_by: str
    """Who settled them on the panel; empty: nobody had to."""
    dimensions: tuple[DimensionExplained, ...]
    total: float | None
    pass_mark: int
    passed: bool | None
    levels: int
    approvals: tuple[Approval, ...]
    outcome: str
    reasons: tuple[str, ...]
    conditions: tuple[ToMeet, ...]
    documents: tuple[DocumentView, ...]


def view(
    stream: UUID, version: int, position: int, found: Qualification, coming: tuple[NextView, ...]
) -> QualificationView:
    """The qualification as it looks from outside."""
    return QualificationView(
        id=stream,
        version=version,
        position=position,
        vendor=found.vendor,
        category=found.category,
        area=found.area,
        status=found.status,
        stage=_stage(found),
        cases=tuple(_case(each) for each in found.cases),
        documents=documents(found),
        grants=tuple(_grant(found, each) for each in found.grants),
        next=coming,
    )


def line(stream: UUID, version: int, found: Qualification) -> QualificationLine:
    """The qualification in a list."""
    case, open_case = found.case, found.open_case
    return QualificationLine(
        id=stream,
        version=version,
        vendor=found.vendor,
        category=found.category,
        area=found.area,
        status=found.status,
        stage=_stage(found),
        case=found.current,
        submitted_at=None if case is None else case.submitted_at,
        awaiting=() if open_case is None else open_case.awaiting,
        granted_until=max((qualification.end(found, each).at for each in found.live), default=None),
    )


def documents(found: Qualification, case: int | None = None) -> tuple[DocumentView, ...]:
    """All documents, or those of a case."""
    return tuple(
        document(serial, each) for serial, each in enumerate(found.documents, 1) if case is None or each.case == case
    )


def document(serial: int, filed: Filed) -> DocumentView:
    """A document as it looks from outside."""
    paper = filed.paper
    return DocumentView(
        serial=serial,
        case=filed.case,
        kind=paper.kind,
        number=paper.number,
        issuer=paper.issuer,
        valid_from=paper.valid_from,
        valid_until=paper.valid_until,
        sha256=paper.sha256,
        verdict=filed.verdict,
        reason=filed.reason,
        added_at=filed.at,
        checked_at=filed.checked_at,
    )


def explanation(stream: UUID, version: int, found: Qualification, case: Case, rules: Document) -> Explanation:
    """How a case came to what it came to, by the rules it was submitted under."""
    review = case.review
    points = {} if review is None else {each.dimension: each.points for each in review.results}
    sheets = () if review is None else (*case.sheets, *(() if case.settled is None else (case.settled,)))
    grants = [each for each in found.grants if each.case == case.number]
    return Explanation(
        id=stream,
        version=version,
        case=case.number,
        round=case.round,
        scheme_version=case.scheme_version,
        complete=review is not None,
        divergent=case.settled is not None or (review is not None and review.divergent),
        settled_by="" if case.settled is None else case.settled.by,
        dimensions=tuple(_dimension(each, case, sheets, points.get(each.key)) for each in rules.dimensions),
        total=None if review is None else review.total / _HUNDREDTHS,
        pass_mark=rules.pass_mark,
        passed=None if review is None else review.total >= rules.pass_mark * _HUNDREDTHS,
        levels=rules.levels,
        approvals=case.approvals,
        outcome=case.outcome,
        reasons=case.reasons,
        conditions=grants[-1].conditions if grants else (),
        documents=documents(found, case.number),
    )


def _dimension(rule: DimensionRule, case: Case, sheets: tuple[Sheet, ...], points: int | None) -> DimensionExplained:
    answers = {each.criterion: each.value for each in case.answers}
    return DimensionExplained(
        dimension=rule.key,
        weight=rule.weight,
        minimum=rule.minimum,
        points=None if points is None else points / _HUNDREDTHS,
        reached=None if points is None else points >= rule.minimum * _HUNDREDTHS,
        criteria=tuple(
            CriterionExplained(
                key=each.key,
                name=each.name,
                weight=each.weight,
                unit=each.unit,
                answer=answers.get(each.key),
                measured=each.points(answers.get(each.key, 0)) if each.steps else None,
                given=tuple(
                    Given(by=sheet.by, points=score.points)
                    for sheet in sheets
                    for score in sheet.scores
                    if score.criterion == each.key
                ),
            )
            for each in rule.criteria
        ),
    )


def _stage(found: Qualification) -> str:
    return "" if found.open_case is None else found.open_case.stage


def _case(case: Case) -> CaseView:
    return CaseView(
        number=case.number,
        scheme_version=case.scheme_version,
        submitted_at=case.submitted_at,
        stage=case.stage,
        outcome=case.outcome,
        round=case.round,
        answers=case.answers,
        reviewers=case.reviewers,
        panel=case.panel,
        awaiting=case.awaiting,
        approvals=case.approvals,
        reasons=case.reasons,
        decided_at=case.decided_at,
        appeal=case.appeal,
    )


def _grant(found: Qualification, grant: Grant) -> GrantView:
    end = qualification.end(found, grant)
    return GrantView(
        case=grant.case,
        scheme_version=grant.scheme_version,
        since=grant.since,
        until=grant.until,
        ends_at=grant.ended_at or end.at,
        ends_because=grant.ended_because or end.because,
        ended=grant.ended_at is not None,
        conditions=grant.conditions,
        taken_out=grant.taken_out,
    )
