"""Qualification: filed, checked, scored by several, decided level by level; by these sentences and no others."""

from datetime import date, datetime, timedelta

import pytest
from msgspec.structs import replace

from domain.admission import admission_scheme, qualification, vendor
from domain.admission.basis import Basis
from domain.admission.qualification import Answer, Paper, Qualification, Score
from domain.decider import Refused
from domain.parties import area
from domain.privacy.published import PublishedTextNamesPeople
from tests.domain import trade
from tests.domain.admission.qualifying import (
    ANSWERS,
    DISTRICT,
    FENCE,
    GOOD,
    LASTING,
    LICENCE,
    PUBLISHED,
    RULES,
    SAFETY,
    VENDOR,
    accept,
    approve,
    granted,
    qualifying,
    reviewed,
    scores,
    submit,
)
from tests.domain.small_town import WILLOWS, on
from tests.scenario import Streams

WEEK = timedelta(days=7)


def test_whoever_has_no_vendor_file_applies_for_nothing() -> None:
    qualifying().when(replace(submit(on(2)), vendor=trade.NOBODY)).then_refused(vendor.VendorNotRegistered)


def test_a_case_is_submitted_under_the_rules_that_count_then() -> None:
    told = qualifying().when(submit(on(2))).events()
    assert told == [
        qualification.Submitted(
            at=on(2),
            by="lin",
            vendor=VENDOR,
            category="cameras",
            area=DISTRICT,
            scheme_version=1,
            answers=ANSWERS,
            documents=(LICENCE, LASTING),
        )
    ]


def test_the_same_application_twice_is_one_and_another_is_refused() -> None:
    filed = qualifying().after(submit(on(2)))
    filed.when(submit(on(3))).then_nothing()
    filed.when(submit(on(3), papers=(LICENCE,))).then_refused(qualification.CaseStillOpen)


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"category": "parking"}, admission_scheme.CategoryUnknown),
        ({"at": on(1, 8)}, admission_scheme.CategoryUnknown),
        ({"area": "99"}, area.AreaNotRegistered),
        ({"answers": ()}, qualification.AnswerMissing),
        ({"answers": (Answer("height", 3),)}, qualification.AnswerUnknown),
        ({"answers": ANSWERS * 2}, qualification.AnswerUnknown),
    ],
)
def test_an_application_that_cannot_be_is_refused(change: dict[str, object], refusal: type[Refused]) -> None:
    qualifying().when(replace(submit(on(2)), **change)).then_refused(refusal)


@pytest.mark.parametrize(
    ("paper", "refusal"),
    [
        (replace(SAFETY, valid_until=date(2025, 3, 31)), qualification.DocumentDatesImpossible),
        (replace(SAFETY, valid_from=date(2026, 3, 3)), qualification.DocumentDatesImpossible),
        (replace(SAFETY, valid_until=date(2126, 3, 3)), qualification.DocumentDatesImpossible),
        (replace(SAFETY, valid_until=date(2026, 3, 1)), qualification.DocumentRunOut),
        (replace(SAFETY, valid_until=None), qualification.DocumentEndMissing),
        (replace(SAFETY, valid_from=date(2023, 1, 1)), qualification.DocumentTooOld),
        (replace(SAFETY, kind="horoscope"), qualification.DocumentKindUnknown),
        (replace(SAFETY, number=" "), qualification.DocumentUnclear),
        (replace(SAFETY, sha256="AB"), qualification.DocumentUnclear),
    ],
)
def test_a_document_that_cannot_be_true_is_refused_at_once(paper: Paper, refusal: type[Refused]) -> None:
    qualifying().when(submit(on(2), papers=(LICENCE, paper))).then_refused(refusal)
    filed = qualifying().after(submit(on(2)))
    filed.when(qualification.AddDocument(at=on(2, 10), by="lin", document=paper)).then_refused(refusal)


def test_a_document_counts_to_the_end_of_its_last_day() -> None:
    today = replace(SAFETY, valid_until=date(2026, 3, 2))
    filed = qualifying().after(submit(on(2, 23, 59), papers=(LICENCE, today)))
    filed.when(accept(on(2, 23, 59), 2)).events()
    filed.when(accept(on(3, 0), 2)).then_refused(qualification.DocumentRunOut)


def test_documents_are_checked_one_by_one_with_a_reason_for_no() -> None:
    filed = qualifying().after(submit(on(2)))
    no = qualification.CheckDocument(at=on(3), by="desk", serial=2, verdict="rejected", reason="illegible")
    filed.when(replace(no, reason=None)).then_refused(qualification.RejectionNeedsReason)
    filed.when(replace(no, verdict="accepted")).then_refused(qualification.RejectionNeedsReason)
    filed.when(replace(no, serial=3)).then_refused(qualification.DocumentUnknown)
    rejected = filed.after(no, accept(on(3), 1))
    rejected.when(no).then_nothing()
    rejected.when(accept(on(4), 2)).then_refused(qualification.DocumentCheckedAlready)
    named = qualification.AssignReviewers(at=on(4), by="head", reviewers=("ren", "shi"))
    rejected.when(named).then_refused(qualification.DocumentsIncomplete)
    again = rejected.after(qualification.AddDocument(at=on(4), by="lin", document=LASTING))
    again.when(named).then_refused(qualification.DocumentsIncomplete)
    again.after(accept(on(5), 3), named)


def test_as_many_review_as_the_scheme_says_and_none_who_filed_anything() -> None:
    checked = qualifying().after(submit(on(2)), accept(on(2), 1), accept(on(2), 2))
    named = qualification.AssignReviewers(at=on(3), by="head", reviewers=("ren", "shi"))
    for wrong in (("ren",), ("ren", "ren"), ("ren", "shi", "qin")):
        checked.when(replace(named, reviewers=wrong)).then_refused(qualification.WrongNumberOfReviewers)
    checked.when(replace(named, reviewers=("ren", "lin"))).then_refused(qualification.ReviewerHasFiled)
    begun = checked.after(named, qualification.GiveScore(at=on(3), by="ren", scores=scores()))
    begun.when(replace(named, reviewers=("qin", "shi"))).then_refused(qualification.ReviewerHasScored)
    changed = begun.after(replace(named, reviewers=("ren", "qin")))
    changed.when(qualification.GiveScore(at=on(3), by="shi", scores=scores())).then_refused(qualification.NotAReviewer)


def test_a_sheet_is_complete_and_stays() -> None:
    begun = qualifying().after(*[submit(on(2)), *reviewed(on(2))][:4])
    give = qualification.GiveScore(at=on(3), by="ren", scores=scores())
    for wrong in (scores()[1:], (*scores(), Score("capital", 100)), scores() + scores(), scores(plan=101)):
        begun.when(replace(give, scores=wrong)).then_refused(qualification.ScoresIncomplete)
    given = begun.after(give)
    given.when(give).then_nothing()
    given.when(replace(give, scores=scores(plan=1))).then_refused(qualification.ScoredAlready)
    given.when(approve(on(4))).then_refused(qualification.ReviewNotComplete)


def test_scores_come_to_exact_points() -> None:
    state = qualifying().after(submit(on(2)), *reviewed(on(2))).state
    assert state.case is not None
    review = state.case.review
    assert review is not None
    assert [each.points for each in review.results] == [8000, 7000, 7500, 8000]
    assert (review.total, review.divergent) == (7575, False)
    assert state.case.stage == "decision"


def test_level_one_of_two_enables_nothing() -> None:
    case = qualifying().after(submit(on(2)), *reviewed(on(2)), approve(on(3)))
    assert case.state.status == "applied"
    assert qualification.granted_at(case.state, on(3)) is None
    both = case.after(approve(on(4), by="deputy"))
    assert both.state.status == "granted"
    assert qualification.granted_at(both.state, on(4) - timedelta(microseconds=1)) is None
    assert qualification.granted_at(both.state, on(4)) == both.state.grants[0]


def test_a_refusal_of_any_level_is_one() -> None:
    case = qualifying().after(submit(on(2)), *reviewed(on(2)), approve(on(3)))
    no = qualification.Decide(at=on(4), by="deputy", outcome="refuse", reasons=("untrue_answers",))
    case.when(replace(no, reasons=())).then_refused(qualification.RefusalNeedsReason)
    refused = case.after(no)
    assert refused.state.status == "refused"
    refused.when(approve(on(5), by="deputy")).then_refused(qualification.NoOpenCase)


def test_the_weakest_plank_fails_whatever_the_total() -> None:
    weak = qualifying().after(submit(on(2)), *reviewed(on(2), premises=100, projects=100, staff=100, plan=59))
    assert weak.state.case is not None
    assert weak.state.case.review is not None
    assert weak.state.case.review.total > 8000
    refused = weak.when(approve(on(3))).then_refused(qualification.BelowMinimum)
    assert refused.details == {"dimension": "operating_plan", "points": 5900, "minimum": 60}
    weak.when(approve(on(3), conditions=[FENCE])).then_refused(qualification.BelowMinimum)
    edge = qualifying().after(submit(on(2)), *reviewed(on(2), plan=60))
    edge.after(approve(on(3)))


def test_the_pass_mark_is_reached_or_not() -> None:
    strict = replace(PUBLISHED, at=on(1, 10), counts_from=on(1, 10), document=replace(RULES, pass_mark=76))
    qualifying(strict).after(submit(on(2)), *reviewed(on(2))).when(approve(on(3))).then_refused(
        qualification.BelowPassMark
    )


def test_a_running_case_finishes_on_the_rules_it_was_submitted_under() -> None:
    stricter = replace(PUBLISHED, at=on(3), counts_from=on(3), document=replace(RULES, pass_mark=99, levels=1))
    case = qualifying(stricter).after(submit(on(2)), *reviewed(on(3)), approve(on(4)))
    assert case.state.status == "applied"
    assert case.after(approve(on(5), by="deputy")).state.grants[0].scheme_version == 1
    later = qualifying(stricter).after(submit(on(3)), *reviewed(on(3)))
    later.when(approve(on(4))).then_refused(qualification.BelowPassMark)


def test_scores_too_far_apart_go_to_a_panel_that_has_not_scored() -> None:
    case = qualifying().after(*[submit(on(2)), *reviewed(on(2))][:5])
    within = case.after(qualification.GiveScore(at=on(3), by="shi", scores=scores(plan=GOOD["plan"] - 20)))
    assert within.state.case is not None
    assert within.state.case.stage == "decision"
    apart = case.after(qualification.GiveScore(at=on(3), by="shi", scores=scores(plan=GOOD["plan"] - 21)))
    assert apart.state.case is not None
    assert apart.state.case.stage == "panel"
    apart.when(approve(on(3))).then_refused(qualification.ReviewNotComplete)
    settle = qualification.Settle(at=on(4), by="qin", scores=scores(plan=65))
    apart.when(settle).then_refused(qualification.NotAReviewer)
    panel = qualification.AssignReviewers(at=on(4), by="head", reviewers=("qin",))
    apart.when(replace(panel, reviewers=("ren",))).then_refused(qualification.ReviewerHasHeardItBefore)
    named = apart.after(panel)
    assert named.state.case is not None
    assert named.state.case.awaiting == ("qin",)
    settled = named.after(settle)
    assert settled.state.case is not None
    assert settled.state.case.review is not None
    assert settled.state.case.review.results[3].points == 6500
    settled.when(settle).then_nothing()
    settled.after(approve(on(5)), approve(on(5), by="deputy"))


def test_nothing_is_granted_on_a_document_that_ran_out_meanwhile() -> None:
    short = replace(SAFETY, valid_until=date(2026, 3, 4))
    case = qualifying().after(submit(on(2), papers=(LICENCE, short)), *reviewed(on(2)), approve(on(3)))
    case.when(approve(on(5), by="deputy")).then_refused(qualification.DocumentsIncomplete)
    replaced = case.after(qualification.AddDocument(at=on(5), by="lin", document=LASTING))
    replaced.when(approve(on(5), by="deputy")).then_refused(qualification.DocumentsIncomplete)
    assert replaced.after(accept(on(6), 3), approve(on(6), by="deputy")).state.status == "granted"


def test_conditions_of_any_level_stay_and_have_deadlines_ahead() -> None:
    case = qualifying().after(submit(on(2)), *reviewed(on(2)))
    case.when(approve(on(3), conditions=[FENCE, FENCE])).then_refused(qualification.ConditionsUnclear)
    case.when(approve(on(3), conditions=[replace(FENCE, text="")])).then_refused(qualification.ConditionsUnclear)
    told = replace(FENCE, text="请联系 13812345678")
    case.when(approve(on(3), conditions=[told])).then_refused(PublishedTextNamesPeople)
    for deadline in (on(3), on(3) + timedelta(days=60, seconds=1)):
        late = approve(on(3), conditions=[replace(FENCE, deadline=deadline)])
        case.when(late).then_refused(qualification.ConditionDeadlineOutOfRange)
    first = case.after(approve(on(3), conditions=[FENCE]))
    assert first.after(approve(on(4), by="deputy")).state.status == "conditional"
    first.when(approve(on(3, month=4), by="deputy")).then_refused(qualification.ConditionDeadlineOutOfRange)
    new = replace(FENCE, deadline=on(20, month=4))
    moved = first.after(approve(on(3, month=4), by="deputy", conditions=[new])).state
    assert [each.deadline for each in moved.grants[0].conditions] == [on(20, month=4)]


def test_evidence_clears_conditions_and_then_the_grant_counts_to_its_term() -> None:
    case = qualifying().after(*granted(on(3), conditions=[FENCE]))
    clear = qualification.ClearCondition(at=on(5), by="desk", condition="fence")
    case.when(clear).then_refused(qualification.ConditionEvidenceMissing)
    show = qualification.SubmitEvidence(at=on(4), by="lin", condition="fence", files=("d4" * 32,))
    case.when(replace(show, condition="roof")).then_refused(qualification.ConditionUnknown)
    shown = case.after(show)
    shown.when(show).then_nothing()
    shown.when(clear).then(
        qualification.ConditionCleared(at=on(5), by="desk", condition="fence"), qualification.Fulfilled(at=on(5))
    )
    assert shown.after(clear).state.status == "granted"


def test_what_is_granted_is_taken_back_whole_or_in_part() -> None:
    case = qualifying().after(*granted(on(3)))
    revoke = qualification.Revoke(at=on(5), by="head", reason="safety", areas=(WILLOWS,))
    case.when(replace(revoke, areas=("3302",))).then_refused(qualification.AreaOutsideGrant)
    part = case.after(revoke)
    part.when(revoke).then_nothing()
    assert counts(part.state, WILLOWS) == (False, True)
    assert qualification.granted_at(part.state, on(4), WILLOWS) is not None
    assert counts(part.state, f"{DISTRICT}002") == (True, True)
    whole = case.after(replace(revoke, areas=()))
    assert whole.state.status == "revoked"
    assert counts(whole.state, DISTRICT) == (False, False)
    assert qualification.granted_at(whole.state, on(4), WILLOWS) is not None
    whole.when(revoke).then_refused(qualification.NothingGranted)


def counts(state: Qualification, place: str) -> tuple[bool, bool]:
    """Whether it is granted for a place, and for the whole area."""
    return (
        qualification.granted_at(state, on(5), place) is not None,
        qualification.granted_at(state, on(5)) is not None,
    )


def test_what_reaches_into_an_area_that_was_taken_out_is_not_granted_for_all_of_it() -> None:
    """Whoever is out in one community is not given a job for the whole district: that one would be in it."""
    part = qualifying().after(*granted(on(3)), revoke_part(on(5)))
    for place in (WILLOWS, DISTRICT):
        assert qualification.granted_at(part.state, on(5), place) is None
        assert basis_of(part.state, place, on(5)) is None
        assert basis_of(part.state, place, on(4)) is None, "dated back"
    assert basis_of(part.state, f"{DISTRICT}002", on(5)) is not None
    assert qualification.granted_at(part.state, on(5)) is not None, "the grant itself still stands"


def revoke_part(at: datetime) -> qualification.Revoke:
    """One community is taken out."""
    return qualification.Revoke(at=at, by="head", reason="safety", areas=(WILLOWS,))


def basis_of(state: Qualification, place: str, at: datetime) -> Basis | None:
    """By what this is granted in a place."""
    ask = Streams({qualification.stream(VENDOR, "cameras", DISTRICT): state})
    return qualification.basis(ask, VENDOR, "cameras", place, at)


def test_a_revocation_that_is_set_right_does_not_bring_back_what_was_taken_out_before() -> None:
    """Nobody has contested the first one."""
    others = ("qin", "wu")
    back = (
        qualifying()
        .after(
            *granted(on(3)),
            revoke_part(on(4)),
            qualification.Revoke(at=on(5), by="head", reason="misconduct"),
            qualification.Appeal(at=on(6), by="lin", reason="facts_wrong", position=9),
            qualification.AssignReviewers(at=on(7), by="head", reviewers=others),
            *(qualification.GiveScore(at=on(7), by=each, scores=scores()) for each in others),
            approve(on(8), by="third"),
            approve(on(9), by="fourth"),
        )
        .state
    )
    assert qualification.granted_at(back, on(9), f"{DISTRICT}002") is not None
    assert qualification.granted_at(back, on(9), WILLOWS) is None


def test_a_refusal_is_contested_once_within_the_window_before_others() -> None:
    no = qualification.Decide(at=on(3), by="head", outcome="refuse", reasons=("other",))
    refused = qualifying().after(submit(on(2)), *reviewed(on(2)), no)
    appeal = qualification.Appeal(at=on(18), by="lin", reason="scores_unfair", position=77, files=("e5" * 32,))
    refused.when(replace(appeal, at=on(18) + timedelta(seconds=1))).then_refused(
        qualification.QualificationAppealTooLate
    )
    heard = refused.after(appeal)
    assert qualification.granted_at(heard.state, on(18)) is None
    assert heard.state.case is not None
    assert heard.state.case.appeal is not None
    assert heard.state.case.appeal.position == 77
    heard.when(qualification.AddDocument(at=on(19), by="lin", document=SAFETY)).then_refused(
        qualification.EvidenceFrozen
    )
    named = qualification.AssignReviewers(at=on(19), by="head", reviewers=("qin", "ren"))
    heard.when(named).then_refused(qualification.ReviewerHasHeardItBefore)
    others = ("qin", "wu")
    again = heard.after(
        replace(named, reviewers=others),
        *(qualification.GiveScore(at=on(19), by=each, scores=scores()) for each in others),
        approve(on(20), by="third"),
    )
    assert qualification.granted_at(again.state, on(20)) is None
    assert again.after(approve(on(21), by="fourth")).state.status == "granted"
    lost = again.after(replace(no, at=on(21), by="fourth"))
    lost.when(replace(appeal, at=on(22))).then_refused(qualification.NothingToAppeal)


def test_an_appeal_may_see_a_rejected_document_otherwise() -> None:
    no = qualification.CheckDocument(at=on(2), by="desk", serial=2, verdict="rejected", reason="forged")
    refuse = qualification.Decide(at=on(3), by="head", outcome="refuse", reasons=("documents_missing",))
    appeal = qualification.Appeal(at=on(4), by="lin", reason="documents_overlooked", position=9)
    heard = qualifying().after(submit(on(2)), accept(on(2), 1), no, refuse, appeal)
    assert heard.after(accept(on(5), 2)).state.documents[1].verdict == "accepted"


def test_a_revocation_that_is_set_right_counts_to_the_old_end_and_not_in_between() -> None:
    revoke = qualification.Revoke(at=on(5), by="head", reason="safety")
    case = qualifying().after(*granted(on(3)), revoke)
    until = case.state.grants[0].until
    others = ("qin", "wu")
    back = case.after(
        qualification.Appeal(at=on(6), by="lin", reason="facts_wrong", position=9),
        qualification.AssignReviewers(at=on(7), by="head", reviewers=others),
        *(qualification.GiveScore(at=on(7), by=each, scores=scores()) for each in others),
        approve(on(8), by="third"),
        approve(on(9), by="fourth"),
    ).state
    assert qualification.granted_at(back, on(8)) is None
    found = qualification.granted_at(back, on(9))
    assert found is not None
    assert found.until == until


def test_a_partial_revocation_that_is_set_right_gives_the_area_back() -> None:
    revoke = qualification.Revoke(at=on(5), by="head", reason="safety", areas=(WILLOWS,))
    others = ("qin", "wu")
    back = (
        qualifying()
        .after(
            *granted(on(3)),
            revoke,
            qualification.Appeal(at=on(6), by="lin", reason="facts_wrong", position=9),
            qualification.AssignReviewers(at=on(7), by="head", reviewers=others),
            *(qualification.GiveScore(at=on(7), by=each, scores=scores()) for each in others),
            approve(on(8), by="third"),
            approve(on(9), by="fourth"),
        )
        .state
    )
    assert qualification.granted_at(back, on(8), WILLOWS) is None
    assert qualification.granted_at(back, on(8)) is not None
    assert qualification.granted_at(back, on(8), DISTRICT) is None, "a part of it is missing"
    assert qualification.granted_at(back, on(9), WILLOWS) is not None
    assert qualification.granted_at(back, on(9), DISTRICT) is not None
    assert len(back.live) == 1


def test_whoever_withdraws_begins_anew() -> None:
    withdraw = qualification.Withdraw(at=on(3), by="lin")
    case = qualifying().after(submit(on(2)), withdraw)
    assert case.state.status == "withdrawn"
    case.when(withdraw).then_refused(qualification.NoOpenCase)
    assert case.after(submit(on(4))).state.current == 2


def test_nothing_can_be_done_to_what_was_never_submitted() -> None:
    qualifying().when(qualification.Withdraw(at=on(3), by="lin")).then_refused(qualification.NotSubmitted)


def test_what_is_dated_back_counts_from_what_is_known() -> None:
    case = qualifying().after(submit(on(2)), *reviewed(on(5)), approve(on(5)))
    told = case.when(approve(on(1), by="deputy")).events()
    assert {each.at for each in told} == {on(5)}


def test_it_concerns_the_vendor_the_area_and_who_reviews() -> None:
    command = submit(on(2))
    stream = qualification.stream(VENDOR, "cameras", DISTRICT)
    assert qualification.whose(stream, Qualification(), command).organisations == (VENDOR,)
    case = qualifying().after(command, *reviewed(on(2))).state
    found = qualification.whose(stream, case, None)
    assert (found.areas, found.people) == ((DISTRICT,), ("ren", "shi"))
