"""Screenings: the proof that one was done, matches that people judge, and what stands in the way of an award."""

from datetime import date, datetime

import pytest
from msgspec.structs import replace

from domain.decider import Elapse
from domain.restraint import debarment, screening
from domain.restraint.screening import (
    Compared,
    Confirm,
    Confirmed,
    Dismiss,
    Dismissed,
    Match,
    Matched,
    MatchGone,
    MatchNotFound,
    OnDebarmentList,
    Record,
    Screened,
    Screening,
    ScreeningAwaitsReview,
    ScreeningCommand,
    ScreeningEvent,
)
from tests.domain.restraint.test_debarment import CODE, LISTED
from tests.domain.small_town import on
from tests.scenario import Given, Streams, given

VENDOR = "00000000-0000-7000-8000-00000000b0b0"
ENTRY = debarment.stream("dishonest", "e-1")
NOW = Compared("dishonest", 1, "ab" * 32)
BY_CODE = Match(str(ENTRY), 1, "dishonest", "e-1", "code", "明达水电有限公司", CODE)
ALIKE = replace(BY_CODE, how="alike", credit_code="", likeness=92)
CONFIRM = Confirm(at=on(3), by="officer", entry=str(ENTRY), reason="same_code", evidence=7)
CONFIRMED = Confirmed(at=on(3), by="officer", entry=str(ENTRY), reason="same_code", evidence=7)
DISMISS = Dismiss(at=on(3), by="officer", entry=str(ENTRY), reason="other_place")
DISMISSED = Dismissed(at=on(3), by="officer", entry=str(ENTRY), reason="other_place")

Scenario = Given[ScreeningCommand, Screening, ScreeningEvent]


def record(day: int, *matches: Match) -> Record:
    return Record(at=on(day, 2), vendor=VENDOR, name="明达水电", credit_code=CODE, compared=(NOW,), matches=matches)


def screened(day: int, matches: int = 0) -> Screened:
    return Screened(at=on(day, 2), vendor=VENDOR, name="明达水电", credit_code=CODE, compared=(NOW,), matches=matches)


def vendor(*events: ScreeningEvent, entry: debarment.DebarmentEvent = LISTED) -> Scenario:
    """A vendor's screening, with one entry on the lists."""
    past = (LISTED,) if entry is LISTED else (LISTED, entry)
    return given(screening.decider, *events).knowing(debarment.decider, ENTRY, *past)


def test_it_is_on_record_also_when_nothing_is_found() -> None:
    told = vendor().when(record(2)).then(screened(2))
    told.when(record(3)).then(screened(3))
    told.when(Elapse(at=on(3), label="")).then_nothing()


def test_a_match_is_told_once_and_every_screening_is() -> None:
    told = vendor().when(record(2, ALIKE)).then(screened(2, 1), Matched(at=on(2, 2), match=ALIKE))
    told.when(record(3, ALIKE)).then(screened(3, 1))
    assert [each.match for each in told.state.awaiting] == [ALIKE]


def test_a_screening_that_comes_late_adds_nothing_to_a_later_one() -> None:
    vendor(screened(3)).when(record(2, ALIKE)).then_nothing()


def test_what_was_dismissed_stays_so_until_its_entry_changes() -> None:
    told = vendor(screened(2, 1), Matched(at=on(2, 2), match=ALIKE)).when(DISMISS).then(DISMISSED)
    same = told.when(record(4, ALIKE)).then(screened(4, 1))
    assert same.state.awaiting == ()
    changed = replace(ALIKE, edition=2)
    again = same.when(record(5, changed)).then(screened(5, 1), Matched(at=on(5, 2), match=changed))
    assert [each.match.edition for each in again.state.awaiting] == [2]


def test_what_was_dismissed_as_alike_is_looked_at_again_when_the_code_is_the_same() -> None:
    told = vendor(Matched(at=on(2), match=ALIKE), DISMISSED)
    told.when(record(4, BY_CODE)).then(screened(4, 1), Matched(at=on(4, 2), match=BY_CODE))


def test_a_matcher_that_knows_an_older_edition_brings_no_news() -> None:
    vendor(Matched(at=on(2), match=replace(ALIKE, edition=2)), DISMISSED).when(record(4, ALIKE)).then(screened(4, 1))


def test_a_match_goes_with_its_entry_and_not_because_the_vendor_takes_another_name() -> None:
    known = (Matched(at=on(2), match=BY_CODE), CONFIRMED)
    vendor(*known).when(record(4)).then(screened(4))
    delisted = debarment.Delisted(at=on(3), reason="gone_from_list")
    vendor(*known, entry=delisted).when(record(4)).then(screened(4), MatchGone(at=on(4, 2), entry=str(ENTRY)))


def test_what_was_confirmed_stays_so_when_its_entry_changes() -> None:
    changed = replace(BY_CODE, edition=2)
    told = vendor(Matched(at=on(2), match=BY_CODE), CONFIRMED).when(record(4, changed))
    state = told.then(screened(4, 1), Matched(at=on(4, 2), match=changed)).state
    assert [(each.status, each.match.edition) for each in state.found] == [("confirmed", 2)]


def test_only_what_was_found_is_judged_and_a_mind_can_be_changed() -> None:
    vendor().when(CONFIRM).then_refused(MatchNotFound)
    vendor().when(DISMISS).then_refused(MatchNotFound)
    told = vendor(Matched(at=on(2), match=ALIKE)).when(DISMISS).then(DISMISSED)
    told.when(DISMISS).then_nothing()
    told.when(CONFIRM).then(CONFIRMED)


@pytest.mark.parametrize(
    ("past", "refusal"),
    [
        ((), None),
        ((Matched(at=on(2), match=ALIKE),), None),
        ((Matched(at=on(2), match=BY_CODE),), ScreeningAwaitsReview),
        ((Matched(at=on(2), match=replace(BY_CODE, how="name")),), ScreeningAwaitsReview),
        ((Matched(at=on(2), match=BY_CODE), DISMISSED), None),
        ((Matched(at=on(2), match=ALIKE), CONFIRMED), OnDebarmentList),
    ],
)
def test_nothing_goes_to_who_stands_on_a_list(
    past: tuple[ScreeningEvent, ...], refusal: type[OnDebarmentList | ScreeningAwaitsReview] | None
) -> None:
    assert clear(on(4), *past) is refusal
    assert clear(on(1), *past) is refusal, "a moment in the past is judged by what is known now"
    assert clear(on(21, 0), *past) is None, "its term is over"
    assert clear(on(4), *past, entry=debarment.Delisted(at=on(3), reason="mistake")) is None


def clear(
    at: datetime, *past: ScreeningEvent, entry: debarment.DebarmentEvent = LISTED
) -> type[OnDebarmentList | ScreeningAwaitsReview] | None:
    entries = [LISTED, entry]
    states = {
        screening.stream(VENDOR): screening.decider.fold(past),
        ENTRY: debarment.decider.fold(entries if entry is not LISTED else entries[:1]),
    }
    try:
        screening.must_be_clear(Streams(states), VENDOR, at)
    except (OnDebarmentList, ScreeningAwaitsReview) as no:
        return type(no)
    return None


def test_the_last_day_of_a_term_is_the_one_in_china() -> None:
    assert LISTED.until == date(2026, 3, 20)
    past = (Matched(at=on(2), match=BY_CODE), CONFIRMED)
    assert clear(on(20, 23, 59), *past) is OnDebarmentList
