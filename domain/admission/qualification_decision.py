"""Deciding: level by level, with conditions or without; what was granted may be taken back, and that contested."""

from calendar import monthrange
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from domain.admission import admission_scheme
from domain.admission import qualification_refusals as refusals
from domain.admission import qualification_scores as scores
from domain.admission.qualification_clock import Story
from domain.admission.qualification_filing import must_be_documented
from domain.admission.qualification_history import CHINA, Case, Qualification, ToMeet
from domain.admission.qualification_messages import (
    Appeal,
    Appealed,
    ClearCondition,
    Condition,
    ConditionCleared,
    Decide,
    Decided,
    EvidenceSubmitted,
    Fulfilled,
    Granted,
    GrantedConditionally,
    Revoke,
    Revoked,
    SubmitEvidence,
    Terms,
    TurnedDown,
)
from domain.admission.scheme_document import Document
from domain.decider import Ask
from domain.parties import area
from domain.privacy.published import fit_to_publish

_LONGEST_TEXT: Final = 500
_LONGEST_KEY: Final = 32
_MOST_FILES: Final = 100


def decide(story: Story, command: Decide, at: datetime, rules: Document) -> None:
    """One level's decision; the last level's makes it effective."""
    case = story.state.open_case
    if case is None:
        raise refusals.NoOpenCase
    refuses = command.outcome == "refuse"
    if refuses != bool(command.reasons):
        raise refusals.RefusalNeedsReason
    if (command.outcome == "grant_conditionally") != bool(command.conditions):
        raise refusals.ConditionsUnclear
    if case.stage in {"review", "panel"} or (case.stage == "documents" and not refuses):
        raise refusals.ReviewNotComplete
    conditions = _together(case, command.conditions)
    if not refuses:
        _must_be_grantable(story.state, case, at, rules)
        _must_be_clear(command.conditions)
        _must_be_ahead(conditions, at, rules)
    level = len(case.approvals) + 1
    story.tell(
        Decided(
            at=at,
            by=command.by,
            level=level,
            outcome=command.outcome,
            conditions=command.conditions,
            reasons=command.reasons,
        )
    )
    if refuses:
        story.tell(TurnedDown(at=at, reasons=command.reasons))
    elif level >= rules.levels:
        _grant(story, at, conditions, rules)


def submit_evidence(story: Story, command: SubmitEvidence, at: datetime) -> None:
    """Files that show that a condition is met."""
    found = _condition(story.state, command.condition)
    new = tuple(each for each in dict.fromkeys(command.files) if each not in found.files)
    if len(found.files) + len(new) > _MOST_FILES:
        raise refusals.TooManyDocuments
    if new:
        story.tell(EvidenceSubmitted(at=at, by=command.by, condition=command.condition, files=new))


def clear_condition(story: Story, command: ClearCondition, at: datetime) -> None:
    """A condition is met; with the last one, the grant counts to its full term."""
    found = _condition(story.state, command.condition)
    if not found.files:
        raise refusals.ConditionEvidenceMissing(condition=command.condition)
    story.tell(ConditionCleared(at=at, by=command.by, condition=command.condition))
    if not story.state.grants[-1].to_meet:
        story.tell(Fulfilled(at=at))


def revoke(story: Story, command: Revoke, at: datetime) -> None:
    """Take back all of it, or areas that lie inside."""
    state = story.state
    if not state.live:
        raise refusals.NothingGranted
    out = {each.area for each in state.live[-1].taken_out}
    for each in command.areas:
        if state.area and not area.contains(state.area, each):
            raise refusals.AreaOutsideGrant(area=each)
    if not command.areas or state.area in command.areas:
        story.tell(Revoked(at=at, by=command.by, reason=command.reason))
        return
    new = tuple(each for each in dict.fromkeys(command.areas) if not any(each.startswith(known) for known in out))
    if new:
        story.tell(Revoked(at=at, by=command.by, reason=command.reason, areas=new))


def appeal(story: Story, command: Appeal, at: datetime, ask: Ask) -> None:
    """Reopen the case that was refused, or that of the grant that was taken back, once, within the window."""
    state = story.state
    if state.open_case is not None:
        raise refusals.CaseStillOpen(case=state.current)
    case, against, since = contestable(state)
    rules = admission_scheme.rules(ask, state.category, case.scheme_version)
    closes = since + timedelta(days=rules.appeal_window)
    if at > closes:
        raise refusals.QualificationAppealTooLate(until=closes)
    story.tell(
        Appealed(
            at=at,
            by=command.by,
            case=case.number,
            against="revocation" if against else "refusal",
            reason=command.reason,
            position=command.position,
            files=command.files,
        )
    )


def later(at: datetime, months: int) -> datetime:
    """The same time of the same day so many months later, or of the last day of that month; in China's time."""
    local = at.astimezone(CHINA)
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    day = min(local.day, monthrange(year, month + 1)[1])
    return local.replace(year=year, month=month + 1, day=day).astimezone(at.tzinfo)


def _grant(story: Story, at: datetime, conditions: tuple[Condition, ...], rules: Document) -> None:
    state, case = story.state, story.state.case
    terms = Terms(documents=rules.required, reminders=rules.reminders, renewal_opens=rules.renewal_opens)
    replaces, since = False, at
    if case is not None and case.appeal is not None and case.appeal.against == "revocation":
        revoked = state.revocation
        until = revoked.until if revoked is not None else at
        replaces = bool(state.live)
        if until <= at:
            raise refusals.TermOverMeanwhile(until=until)
    else:
        if state.live:  # a renewal goes on from where the term ends
            since = state.live[-1].until
        until = later(since, rules.validity)
    if conditions:
        story.tell(
            GrantedConditionally(at=at, since=since, until=until, terms=terms, conditions=conditions, replaces=replaces)
        )
    else:
        story.tell(Granted(at=at, since=since, until=until, terms=terms, replaces=replaces))


def _must_be_grantable(state: Qualification, case: Case, at: datetime, rules: Document) -> None:
    if case.review is None:
        raise refusals.ReviewNotComplete
    must_be_documented(state, case, at, rules)
    scores.must_pass(case.review.results, case.review.total, rules)


def _together(case: Case, more: Sequence[Condition]) -> tuple[Condition, ...]:
    """Conditions that a level has set stay; a later level may set another deadline under the same key."""
    by_key = {each.key: each for approval in case.approvals for each in approval.conditions}
    by_key |= {each.key: each for each in more}
    return tuple(by_key.values())


def _must_be_clear(conditions: Sequence[Condition]) -> None:
    keys = [each.key for each in conditions]
    fits = all(
        0 < len(each.key) <= _LONGEST_KEY and 0 < len(fit_to_publish(each.text)) <= len(each.text) <= _LONGEST_TEXT
        for each in conditions
    )
    if not fits or len(set(keys)) != len(keys):
        raise refusals.ConditionsUnclear


def _must_be_ahead(conditions: Sequence[Condition], at: datetime, rules: Document) -> None:
    latest = at + timedelta(days=rules.longest_deadline)
    for each in conditions:
        if each.deadline.tzinfo is None or not at < each.deadline <= latest:
            raise refusals.ConditionDeadlineOutOfRange(condition=each.key, latest=latest)


def _condition(state: Qualification, key: str) -> ToMeet:
    """An open condition of the grant that counts or is to count."""
    live = state.live
    found = next((each for each in live[-1].to_meet if each.key == key), None) if live else None
    if found is None:
        raise refusals.ConditionUnknown(condition=key)
    return found


def contestable(state: Qualification) -> tuple[Case, bool, datetime]:
    """The case to hear again, whether against a revocation, and since when the window runs."""
    last = state.cases[-1]
    revoked = state.revocation
    if revoked is not None and 0 < revoked.case <= len(state.cases):
        case = state.cases[revoked.case - 1]
        newer = last.number > case.number and last.outcome != "withdrawn"
        if not newer and (case.appeal is None or case.appeal.at < revoked.at):
            return case, True, revoked.at
    if last.outcome == "refused" and last.appeal is None and last.decided_at is not None:
        return last, False, last.decided_at
    raise refusals.NothingToAppeal
