"""A name to sign in with is one person's at a time."""

from domain.access import login
from domain.access.login import Login, LoginTaken, Release, Released, Take, Taken
from domain.decider import Elapse
from tests.domain.small_town import on
from tests.scenario import given

TAKEN = Taken(at=on(2), person="li")


def test_a_free_name_is_given_to_whoever_asks_first() -> None:
    taken = given(login.decider).when(Take(at=on(2), person="li")).then(TAKEN)
    taken.when(Take(at=on(3), person="li")).then_nothing()
    taken.when(Take(at=on(3), person="wang")).then_refused(LoginTaken)


def test_a_name_that_was_given_up_is_free_again() -> None:
    free = given(login.decider, TAKEN).when(Release(at=on(3))).then(Released(at=on(3), person="li"))
    free.when(Release(at=on(3))).then_nothing()
    free.when(Take(at=on(4), person="wang")).then(Taken(at=on(4), person="wang"))


def test_it_is_about_whoever_has_it_or_wants_it() -> None:
    whose, stream = login.decider.whose, login.stream("00")
    assert whose(stream, Login(), None).people == ()
    assert whose(stream, Login("li"), Release(at=on(3))).people == ("li",)
    assert whose(stream, Login(), Take(at=on(3), person="wang")).people == ("wang",)


def test_no_moment_is_on_its_agenda() -> None:
    given(login.decider, TAKEN).when(Elapse(label="", at=on(9))).then_nothing()
