"""Agreements are published in versions; each counts from a moment on, and none is ever changed."""

from datetime import datetime

import pytest
from msgspec.structs import replace

from domain import service_agreement, work_calendar
from domain.decider import Elapse
from domain.promise import Moment
from domain.service_agreement import Line, Publish, Published, Rung, Terms
from tests.domain.small_town import GARDEN, LINES, NORMAL, URGENT, agreed, on, published
from tests.scenario import Given, given

Scenario = Given[
    service_agreement.ServiceAgreementCommand,
    service_agreement.ServiceAgreement,
    service_agreement.ServiceAgreementEvent,
]


def agreement(*events: Published) -> Scenario:
    return given(service_agreement.decider, *events).knowing(
        work_calendar.decider, work_calendar.stream("office"), published
    )


def publish(*lines: Line, at: datetime | None = None) -> Publish:
    return Publish(at=at or on(2), community=GARDEN, lines=lines)


def with_terms(terms: Terms) -> Publish:
    return publish(Line(priority=1, terms=terms), *LINES[1:])


def test_a_version_is_published() -> None:
    agreement().when(publish(*LINES)).then(Published(at=on(2), community=GARDEN, lines=LINES))


def test_publishing_the_same_twice_is_not_a_new_fact() -> None:
    agreement(agreed).when(publish(*LINES)).then_nothing()


def test_a_version_counts_from_its_moment_on_and_earlier_ones_stay() -> None:
    state = agreement(agreed).when(publish(*LINES[:4], at=on(5))).state
    assert [state.in_force(at) for at in (on(1, 8, month=1), on(4), on(5), on(6))] == [0, 1, 1 + 1, 2]
    first, latest = state.version(1), state.latest
    assert (first is not None and first.lines, latest is not None and latest.lines) == (LINES, LINES[:4])
    assert (state.version(0), state.version(3)) == (None, None)


def test_a_category_with_a_line_of_its_own_has_other_terms() -> None:
    version = agreement(agreed).state.latest
    assert version is not None
    assert version.terms("lift", 1) == LINES[-1].terms
    assert version.terms("door", 1) == URGENT
    assert version.terms("lift", 3) == NORMAL


def test_there_is_nothing_to_know_before_the_first_version() -> None:
    assert agreement().state.latest is None


def test_the_next_version_cannot_count_from_before_the_last() -> None:
    refused = agreement(replace(agreed, at=on(9))).when(publish(*LINES[:4], at=on(8)))
    assert refused.then_refused(service_agreement.CountsFromBeforeLatest).details == {"latest": on(9)}


def test_every_priority_needs_terms() -> None:
    agreement().when(publish(*LINES[:3])).then_refused(service_agreement.PriorityMissing)


def test_there_is_no_fifth_priority() -> None:
    wrong = Line(priority=5, terms=NORMAL)
    agreement().when(publish(*LINES, wrong)).then_refused(service_agreement.PriorityUnknown)


def test_two_lines_cannot_speak_for_the_same() -> None:
    agreement().when(publish(*LINES, LINES[0])).then_refused(service_agreement.SameLineTwice)


def test_a_calendar_must_be_published_before_it_is_agreed_on() -> None:
    terms = replace(NORMAL, calendar="moon")
    agreement().when(with_terms(terms)).then_refused(service_agreement.CalendarUnknown)


@pytest.mark.parametrize("field", ["response", "resolution", "assign_within", "reopen_window"])
def test_an_agreement_promises_no_fixed_moment(field: str) -> None:
    terms = replace(NORMAL, **{field: Moment(on(9))})
    agreement().when(with_terms(terms)).then_refused(service_agreement.PromisesAMoment)


def test_a_warning_after_the_due_moment_is_none() -> None:
    agreement().when(with_terms(replace(NORMAL, warn_before=-1))).then_refused(service_agreement.WarningAfterDue)


def test_a_rung_must_lead_to_somebody() -> None:
    terms = replace(NORMAL, ladder=(Rung(of="resolution", to=" "),))
    agreement().when(with_terms(terms)).then_refused(service_agreement.RoleMissing)


def test_no_moment_is_on_its_agenda() -> None:
    agreement(agreed).when(Elapse(label="", at=on(9))).then_nothing()
    assert service_agreement.decider.agenda(agreement(agreed).state) is None
