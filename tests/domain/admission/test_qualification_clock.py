"""What happens to a qualification by itself, each at its own moment, once, however late the timer fires."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.admission import qualification
from domain.admission.qualification import Lapsed, Qualification, QualificationCommand, QualificationEvent
from domain.decider import Ask, Elapse, Refused
from tests.domain.admission.qualifying import (
    DISTRICT,
    FENCE,
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
    when,
)
from tests.domain.small_town import WILLOWS, on
from tests.scenario import Streams

SHOW = qualification.SubmitEvidence(at=on(4), by="lin", condition="fence", files=("d4" * 32,))
CLEAR = qualification.ClearCondition(at=on(2, month=4), by="desk", condition="fence")
LATE = datetime.fromisoformat("2040-01-01T00:00:00+00:00")
TERM = on(3) + timedelta(days=731)
"""24 months from 3 March 2026: 2028 is a leap year, but its 29 February lies before."""


def wake(at: datetime) -> Elapse:
    """The clock."""
    return Elapse(label="", at=at)


def test_conditions_that_are_not_met_in_time_end_the_grant_by_themselves_and_once() -> None:
    case = qualifying().after(*granted(on(3), conditions=[FENCE]), SHOW)
    due = qualification.agenda(case.state)
    assert due is not None
    assert (due.at, due.label) == (FENCE.deadline, "lapse")
    lapsed = Lapsed(at=FENCE.deadline, case=1, because="conditions")
    after = case.when(wake(LATE)).then(lapsed)
    after.when(wake(LATE)).then_nothing()
    assert after.state.status == "lapsed"
    assert qualification.granted_at(after.state, FENCE.deadline - timedelta(seconds=1)) is not None
    assert qualification.granted_at(after.state, FENCE.deadline) is None
    late = replace(CLEAR, at=FENCE.deadline + timedelta(seconds=1))
    case.when(late).then_refused(qualification.ConditionUnknown)


def test_what_is_cleared_at_the_very_deadline_is_in_time() -> None:
    case = qualifying().after(*granted(on(3), conditions=[FENCE]), SHOW, CLEAR)
    assert case.state.status == "granted"
    assert qualification.granted_at(case.state, FENCE.deadline) is not None


def test_ends_are_remembered_at_the_distances_of_the_scheme_and_then_the_grant_lapses() -> None:
    case = qualifying().after(*granted(on(3)))
    told = case.when(wake(LATE)).events()
    assert [(type(each).__name__, TERM - each.at) for each in told] == [
        ("ExpiryNoted", timedelta(days=90)),
        ("ExpiryNoted", timedelta(days=30)),
        ("ExpiryNoted", timedelta(days=7)),
        ("Lapsed", timedelta()),
    ]


def test_a_grant_ends_with_a_required_document_that_nobody_replaced() -> None:
    ends = when(2027, 4, 1)
    case = qualifying().after(*granted(on(3), papers=(LICENCE, SAFETY)))
    told = case.when(wake(LATE)).events()
    assert [each.at for each in told] == [ends - timedelta(days=days) for days in (90, 30, 7, 0)]
    assert told[-1] == Lapsed(at=ends, case=1, because="document", serial=2)
    assert qualification.granted_at(case.state, ends) is None, "even before anybody has noticed"


def test_a_document_that_is_replaced_in_time_keeps_the_grant() -> None:
    case = qualifying().after(*granted(on(3), papers=(LICENCE, SAFETY)))
    filed = case.after(qualification.AddDocument(at=when(2027, 3, 31), by="lin", document=LASTING))
    assert qualification.granted_at(filed.state, when(2027, 4, 1)) is None, "nobody has accepted it yet"
    kept = filed.after(accept(when(2027, 3, 31), 3))
    assert qualification.granted_at(kept.state, when(2027, 4, 1)) is not None
    assert kept.when(wake(LATE)).events()[-1] == Lapsed(at=TERM, case=1, because="term")


def test_a_document_that_is_replaced_while_a_renewal_is_under_way_keeps_the_grant_too() -> None:
    ends = TERM - timedelta(days=20)
    short = replace(LASTING, valid_until=ends.date())
    case = qualifying().after(
        *granted(on(3), papers=(LICENCE, short)),
        qualification.AddDocument(at=ends - timedelta(days=30), by="lin", document=LASTING),
        submit(ends - timedelta(days=29)),
        accept(ends - timedelta(days=28), 3),
    )
    assert qualification.granted_at(case.state, ends + timedelta(days=2)) is not None


def test_a_document_that_need_not_be_there_is_remembered_and_ends_nothing() -> None:
    prize = replace(SAFETY, kind="award")
    case = qualifying().after(
        *granted(on(3)),
        qualification.AddDocument(at=on(4), by="lin", document=prize),
        accept(on(4), 3),
    )
    told = case.when(wake(when(2027, 6, 1))).events()
    assert [(type(each).__name__, each.at) for each in told] == [
        ("ExpiryNoted", when(2027, 4, 1) - timedelta(days=days)) for days in (90, 30, 7)
    ]


def renewed(at: datetime) -> list[QualificationCommand]:
    """A renewal that is granted at a moment."""
    before = at - timedelta(hours=2)
    return [submit(before), *reviewed(before, first=3), approve(before), approve(at, by="deputy")]


def test_a_renewal_goes_on_from_the_old_end_and_nothing_lies_between() -> None:
    case = qualifying().after(*granted(on(3)))
    opens = TERM - timedelta(days=90)
    case.when(submit(opens - timedelta(seconds=1))).then_refused(qualification.RenewalNotOpenYet)
    after = case.after(*renewed(TERM - timedelta(days=10)))
    old, new = after.state.grants
    assert (new.since, new.until) == (old.until, TERM + timedelta(days=730))
    told = after.when(wake(TERM)).then(Lapsed(at=TERM, case=1, because="renewed"))
    assert told.state.status == "granted"
    for moment in (TERM - timedelta(seconds=1), TERM, TERM + timedelta(seconds=1)):
        assert qualification.granted_at(told.state, moment) is not None
        assert qualification.granted_at(after.state, moment) is not None
    assert told.when(wake(LATE)).events()[-1] == Lapsed(at=new.until, case=2, because="term")


def test_a_renewal_that_is_decided_too_late_counts_from_then() -> None:
    case = qualifying().after(*granted(on(3)), submit(TERM - timedelta(days=1)))
    late = TERM + timedelta(days=5)
    after = case.after(*reviewed(late, first=3), approve(late), approve(late, by="deputy")).state
    assert [each.since for each in after.grants] == [on(3), late]
    assert qualification.granted_at(after, TERM) is None


def test_what_was_taken_out_stays_out_when_it_is_renewed() -> None:
    out = qualification.Revoke(at=on(5), by="head", reason="safety", areas=(WILLOWS,))
    after = qualifying().after(*granted(on(3)), out, *renewed(TERM - timedelta(days=10))).state
    assert qualification.granted_at(after, TERM, WILLOWS) is None
    assert qualification.granted_at(after, TERM, f"{DISTRICT}002") is not None


def test_what_was_taken_out_stays_out_when_it_is_renewed_too_late() -> None:
    out = qualification.Revoke(at=on(5), by="head", reason="safety", areas=(WILLOWS,))
    late = TERM + timedelta(days=5)
    case = qualifying().after(*granted(on(3)), out, submit(TERM - timedelta(days=1)))
    after = case.after(*reviewed(late, first=3), approve(late), approve(late, by="deputy")).state
    assert qualification.granted_at(after, late, f"{DISTRICT}002") is not None
    assert qualification.granted_at(after, late, WILLOWS) is None


def test_who_applies_anew_after_the_end_is_judged_anew() -> None:
    out = qualification.Revoke(at=on(5), by="head", reason="safety", areas=(WILLOWS,))
    late = TERM + timedelta(days=5)
    case = qualifying().after(*granted(on(3)), out, submit(late))
    after = case.after(*reviewed(late, first=3), approve(late), approve(late, by="deputy")).state
    assert qualification.granted_at(after, late, WILLOWS) is not None


def test_open_conditions_come_before_a_renewal() -> None:
    rules = replace(PUBLISHED, at=on(1, 10), counts_from=on(1, 10), document=replace(RULES, renewal_opens=1000))
    case = qualifying(rules).after(*granted(on(3), conditions=[FENCE]))
    case.when(submit(on(4))).then_refused(qualification.ConditionsStillOpen)


# The ground that others ask for ---------------------------------------------------------------------------------------


def knowing(state: Qualification, place: str = DISTRICT) -> Ask:
    """A world with this one qualification."""
    return Streams({qualification.stream(VENDOR, "cameras", place): state})


def test_a_grant_covers_what_lies_in_its_area_and_nothing_else() -> None:
    ask = knowing(qualifying().after(*granted(on(3))).state)
    found = qualification.basis(ask, VENDOR, "cameras", f"{WILLOWS}001", on(4))
    assert found is not None
    assert (found.kind, found.area, found.number, found.scheme_version, found.until) == (
        "grant",
        DISTRICT,
        1,
        1,
        TERM,
    )
    for place in ("", DISTRICT[:4], "330105", "330105001001"):
        assert qualification.basis(ask, VENDOR, "cameras", place, on(4)) is None
    assert qualification.basis(ask, VENDOR, "lifts", WILLOWS, on(4)) is None
    assert qualification.basis(ask, "somebody", "cameras", WILLOWS, on(4)) is None
    assert qualification.basis(ask, VENDOR, "cameras", WILLOWS, on(2)) is None


def test_a_grant_for_the_city_covers_every_area() -> None:
    ask = knowing(qualifying().after(*[replace(granted(on(3))[0], area=""), *granted(on(3))[1:]]).state, "")
    for place in ("", "33", WILLOWS):
        assert qualification.basis(ask, VENDOR, "cameras", place, on(4)) is not None


def test_nothing_dated_back_slips_in_before_a_revocation() -> None:
    revoke = qualification.Revoke(at=on(5), by="head", reason="safety")
    state = qualifying().after(*granted(on(3)), revoke).state
    assert qualification.granted_at(state, on(4)) is not None, "so it was"
    assert qualification.basis(knowing(state), VENDOR, "cameras", DISTRICT, on(4)) is None


# Random histories -----------------------------------------------------------------------------------------------------

Step = tuple[int, int, int]
"""Which command, with which content, so many hours after the one before."""
steps = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 7), st.integers(0, 24 * 40)), max_size=40)
SHORT = replace(PUBLISHED, at=on(1, 10), counts_from=on(1, 10), document=replace(RULES, validity=3, renewal_opens=60))
"""Terms of three months, so that random histories get to their ends."""
PEOPLE = ("ren", "shi", "qin", "wu", "zhu", "song")


def command(step: Step, at: datetime, state: Qualification) -> QualificationCommand:  # noqa: C901, PLR0911, PLR0912 - one line each
    kind, content, _ = step
    case, day = state.case, at.date()
    paper = replace(
        SAFETY,
        number=str(content),
        valid_from=day - timedelta(days=1),
        valid_until=day + timedelta(days=30 * content + 1),
    )
    match kind:
        case 0:
            return submit(at, papers=(LICENCE, paper))
        case 1:
            return qualification.AddDocument(at=at, by="lin", document=paper)
        case 2 | 3:
            open_ones = [n for n, each in enumerate(state.documents, 1) if each.verdict is None] or [1]
            return accept(at, open_ones[content % len(open_ones)])
        case 4:
            first = 2 if case is not None and case.former else 0
            named = PEOPLE[first : first + 2] if case is None or case.stage != "panel" else ("zhu",)
            return qualification.AssignReviewers(at=at, by="head", reviewers=named)
        case 5 | 6:
            awaiting = case.awaiting if case is not None and case.awaiting else PEOPLE
            if case is not None and case.stage == "panel":
                return qualification.Settle(at=at, by=awaiting[0], scores=scores())
            return qualification.GiveScore(at=at, by=awaiting[0], scores=scores(plan=80 - 5 * content))
        case 7 | 8:
            deadline = replace(FENCE, deadline=at + timedelta(days=5 * content))
            return approve(at, conditions=[deadline] if 0 < content < 4 else ())
        case 9:
            if content == 0:
                return qualification.Revoke(at=at, by="head", reason="safety")
            if content == 1:
                return qualification.Decide(at=at, by="head", outcome="refuse", reasons=("other",))
            return qualification.SubmitEvidence(at=at, by="lin", condition="fence", files=(f"{content:064x}",))
        case 10:
            return qualification.ClearCondition(at=at, by="desk", condition="fence")
        case _:
            if content < 6:
                return qualification.Appeal(at=at, by="lin", reason="facts_wrong", position=1)
            return qualification.Withdraw(at=at, by="lin")


def history(drawn: Sequence[Step], *, timer: bool) -> tuple[Qualification, list[QualificationEvent], int]:
    """What comes of it, with a clock that fires in time, or none but at the very end; and how much was done."""
    world = qualifying(SHORT)
    ask, state, past, done = Streams(world.states), Qualification(), list[QualificationEvent](), 0
    at = on(2)
    for number, step in enumerate(drawn):
        at += timedelta(hours=step[2], microseconds=number + 1)
        while timer and (due := qualification.agenda(state)) is not None and due.at <= at:
            told = qualification.decide(Elapse(label=due.label, at=due.at), state, ask)
            assert told
            assert {each.at for each in told} == {due.at}
            state, past = qualification.decider.fold(told, state), past + list(told)
        try:
            told = qualification.decide(command(step, at, settled(state, at, ask)), state, ask)
        except Refused:
            continue
        done += 1
        state, past = qualification.decider.fold(told, state), past + list(told)
    told = qualification.decide(wake(LATE), state, ask)
    return qualification.decider.fold(told, state), past + list(told), done


def settled(state: Qualification, at: datetime, ask: Ask) -> Qualification:
    """The state in which somebody finds it who asks before they command."""
    told = qualification.decide(wake(at), state, ask)
    return qualification.decider.fold(told, state)


@settings(max_examples=300, deadline=None)
@given(drawn=steps)
def test_it_makes_no_difference_whether_the_timer_fires_in_time_late_or_never(drawn: list[Step]) -> None:
    awake, in_time, _ = history(drawn, timer=True)
    asleep, late, _ = history(drawn, timer=False)
    assert in_time == late
    assert awake == asleep


@settings(max_examples=300, deadline=None)
@given(drawn=steps)
def test_nothing_is_ever_granted_but_by_all_levels_on_valid_documents_and_only_to_its_end(drawn: list[Step]) -> None:
    state, past, _ = history(drawn, timer=False)
    _check(state, past)


def test_random_histories_come_to_what_matters() -> None:
    """The generator is worth something: grants, lapses of each kind, revocations and appeals do occur."""
    seen = set[str]()
    for seed in range(400):
        random = Random(seed)  # noqa: S311 - no secret
        likely = [0, 2, 2, 4, 5, 5, 7, 7, 9, 9, 10, 2, 4, 5, 6, 7, 8, 9, 10, 11]
        drawn = [(kind, random.randrange(8), random.randrange(200)) for kind in likely * 2]
        state, past, _ = history(drawn, timer=bool(seed % 2))
        _check(state, past)
        seen |= {f"{type(each).__name__} {each.because if isinstance(each, Lapsed) else ''}".strip() for each in past}
    assert {
        "Granted",
        "GrantedConditionally",
        "Fulfilled",
        "Lapsed conditions",
        "Lapsed document",
        "Lapsed term",
        "Lapsed renewed",
        "Revoked",
        "Appealed",
        "TurnedDown",
        "PanelAssigned",
        "Settled",
    } <= seen


def _check(state: Qualification, past: Sequence[QualificationEvent]) -> None:
    moments = [each.at for each in past]
    assert moments == sorted(moments), "in the order of time"
    level = 0
    for event in past:
        match event:
            case qualification.Submitted() | qualification.Appealed():
                level = 0
            case qualification.Decided(outcome=outcome):
                level = level + 1 if outcome != "refuse" else 0
            case qualification.Granted() | qualification.GrantedConditionally():
                assert level == RULES.levels
            case _:
                pass
    for grant in state.grants:
        last = qualification.ended(state, grant)
        for moment in (grant.since, grant.since + (last - grant.since) / 2, last - timedelta(microseconds=1)):
            if not grant.since <= moment < last:
                continue
            for kind in RULES.required:
                assert any(
                    each.paper.kind == kind and each.counts(moment) and (each.checked_at or LATE) <= moment
                    for each in state.documents
                ), f"{kind} did not count at {moment}"
            overdue = [each for each in grant.conditions if each.deadline < moment]
            assert all(each.cleared_at is not None and each.cleared_at <= each.deadline for each in overdue)
