"""Consent: for one recipient and one purpose, in force until it ends or is withdrawn."""

from datetime import timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain.privacy import consent
from domain.privacy.consent import ConsentMovedOn, Give, Given, Withdraw, Withdrawn, in_force
from domain.privacy.personal import Kind
from tests.domain.small_town import on
from tests.scenario import given

GIVE = Give(
    at=on(2),
    person="anna",
    recipient="fixit",
    purpose="service_contact",
    text_version="2026-1",
    kinds=(Kind.CONTACT, Kind.ADDRESS, Kind.CONTACT),
)
gave = Given(
    at=on(2),
    person="anna",
    recipient="fixit",
    purpose="service_contact",
    text_version="2026-1",
    kinds=(Kind.ADDRESS, Kind.CONTACT),
)
withdrawn = Withdrawn(at=on(4))


def again(**changes: object) -> Give:
    return replace(GIVE, **{"at": on(5), **changes})


def test_consent_counts_from_the_moment_it_is_given() -> None:
    state = given(consent.decider).when(GIVE).then(gave).state
    assert not in_force(state, on(2) - timedelta(seconds=1))
    assert in_force(state, on(2))
    assert in_force(state, on(30))


def test_giving_the_same_again_is_no_news() -> None:
    given(consent.decider, gave).when(again(kinds=(Kind.CONTACT, Kind.ADDRESS))).then_nothing()


def test_another_text_is_another_consent() -> None:
    anew = given(consent.decider, gave).when(again(text_version="2026-2", kinds=(Kind.CONTACT,))).go_on()
    assert len(anew.past) == 2
    then, now = consent.granted(anew.state, on(3)), consent.granted(anew.state, on(5))
    assert then is not None
    assert now is not None
    assert (then.text_version, now.text_version) == ("2026-1", "2026-2")
    assert now.kinds == (Kind.CONTACT,)


def test_withdrawing_ends_it_at_that_moment_and_not_before() -> None:
    state = given(consent.decider, gave).when(Withdraw(at=on(4))).then(withdrawn).state
    assert in_force(state, on(4) - timedelta(seconds=1))
    assert not in_force(state, on(4))


def test_withdrawing_twice_is_no_news_and_withdrawing_nothing_is_a_mistake() -> None:
    given(consent.decider, gave, withdrawn).when(Withdraw(at=on(5))).then_nothing()
    given(consent.decider).when(Withdraw(at=on(5))).then_refused(consent.NothingConsentedTo)


def test_what_was_withdrawn_can_be_given_anew() -> None:
    state = given(consent.decider, gave, withdrawn).when(again(at=on(6))).state
    assert [in_force(state, on(day)) for day in (3, 5, 6)] == [True, False, True]


def test_a_consent_that_comes_in_late_does_not_undo_a_withdrawal() -> None:
    given(consent.decider, gave, withdrawn).when(again(at=on(3))).then_refused(ConsentMovedOn)
    given(consent.decider, gave).when(again(at=on(1), text_version="2025-9")).then_refused(ConsentMovedOn)


def test_it_ends_by_itself_when_it_says_so_and_can_then_be_given_again() -> None:
    limited = given(consent.decider).when(again(at=on(2), until=on(10))).go_on()
    assert in_force(limited.state, on(10) - timedelta(seconds=1))
    assert not in_force(limited.state, on(10))
    limited.when(again(at=on(9), until=on(10))).then_nothing()
    renewed = limited.when(again(at=on(11), until=on(20)))
    assert in_force(renewed.state, on(11))


def test_a_consent_ends_after_it_begins_and_names_what_may_be_known() -> None:
    given(consent.decider).when(again(until=on(5))).then_refused(consent.ConsentOverAlready)
    given(consent.decider).when(again(kinds=())).then_refused(consent.NothingToDisclose)


def test_each_recipient_and_purpose_is_asked_for_on_its_own() -> None:
    one = consent.stream("anna", "fixit", "service_contact")
    assert one == consent.stream("anna", "fixit", "service_contact")
    others = {consent.stream("anna", "fixit", "care"), consent.stream("anna", "other", "service_contact")}
    assert len({one, *others}) == 3


@pytest.mark.parametrize("state", [consent.decider.initial, consent.decider.fold([gave])])
def test_it_is_the_persons(state: consent.Consent) -> None:
    assert consent.whose(UUID(int=1), state, GIVE).people == ("anna",)
