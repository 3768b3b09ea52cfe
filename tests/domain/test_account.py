"""An account lets in the right person, and makes guessing slow: failures lock it, each time for twice as long."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from domain.access import account, login
from domain.access.account import MOST_SESSIONS, TEMPORARY_PASSWORD_LASTS, Account
from domain.access.account_messages import (
    AccountCommand,
    AccountDisabled,
    AccountEvent,
    AccountExists,
    AccountLocked,
    AccountUnknown,
    Disable,
    Disabled,
    Enable,
    Enabled,
    FailSignIn,
    Lock,
    Locked,
    LoginNotTaken,
    Open,
    Opened,
    PasswordOutdated,
    PasswordSet,
    SetPassword,
    SignedIn,
    SignedOut,
    SignIn,
    SignInFailed,
    SignOut,
    TemporaryPasswordExpired,
    Unlock,
    Unlocked,
)
from domain.access.password import (
    PasswordIsLogin,
    PasswordTooLong,
    PasswordTooShort,
    PasswordTooSimple,
    must_be_acceptable,
)
from domain.decider import Elapse, Refused
from tests.domain.small_town import on
from tests.scenario import Given, given

NAME = login.stream("ab" * 32)
OPENED = Opened(at=on(2), person="li", login_key=str(NAME))
WITH_PASSWORD = (OPENED, PasswordSet(at=on(2), number=1, temporary=False))

Scenario = Given[AccountCommand, Account, AccountEvent]


def li(*events: AccountEvent) -> Scenario:
    """Li's account, whose name is taken for Li."""
    return given(account.decider, *events).knowing(login.decider, NAME, login.Taken(at=on(2), person="li"))


def minutes(count: float, since: datetime = on(3)) -> datetime:  # noqa: B008 - a value
    """So many minutes later."""
    return since + timedelta(minutes=count)


def failures(*at: datetime) -> Sequence[FailSignIn]:
    """Wrong passwords at these moments."""
    return [FailSignIn(at=moment) for moment in at]


def sign_in(at: datetime, session: str = "s1") -> SignIn:
    """The right password."""
    return SignIn(at=at, method="password", session=session)


def test_an_account_is_opened_under_a_name_that_is_taken_for_the_person() -> None:
    li().when(Open(at=on(2), person="li", login_key=str(NAME))).then(OPENED)


def test_opening_it_again_is_no_news_but_under_another_name_it_is_refused() -> None:
    li(OPENED).when(Open(at=on(3), person="li", login_key=str(NAME))).then_nothing()
    li(OPENED).when(Open(at=on(3), person="li", login_key=str(login.stream("cd")))).then_refused(AccountExists)


@pytest.mark.parametrize("key", [str(NAME), str(login.stream("nobody's")), "no id"])
def test_a_name_of_somebody_else_or_of_nobody_opens_no_account(key: str) -> None:
    li().when(Open(at=on(2), person="wang", login_key=key)).then_refused(LoginNotTaken)


@pytest.mark.parametrize("command", [sign_in(on(2)), FailSignIn(at=on(2)), SignOut(at=on(2)), Enable(at=on(2))])
def test_nothing_can_be_done_with_an_account_that_was_never_opened(command: AccountCommand) -> None:
    li().when(command).then_refused(AccountUnknown)


def test_the_right_person_gets_in_and_out() -> None:
    inside = li(*WITH_PASSWORD).when(sign_in(on(3))).then(SignedIn(at=on(3), method="password", session="s1"))
    assert inside.state.sessions == ("s1",)
    inside.when(sign_in(on(3))).then_nothing()
    outside = inside.when(SignOut(at=on(4), session="s1")).then(SignedOut(at=on(4), session="s1"))
    assert outside.state.sessions == ()
    outside.when(SignOut(at=on(4), session="s1")).then_nothing()
    outside.when(SignOut(at=on(4), everywhere=True)).then_nothing()


def test_signing_out_everywhere_ends_all_sessions() -> None:
    inside = li(*WITH_PASSWORD).after(sign_in(on(3), "s1"), sign_in(on(3), "s2"))
    assert inside.when(SignOut(at=on(4), everywhere=True)).state.sessions == ()
    assert inside.when(SignOut(at=on(4), session="s1")).state.sessions == ("s2",)


def test_one_session_too_many_ends_the_oldest() -> None:
    state = li(*WITH_PASSWORD).after(*(sign_in(on(3), f"s{n}") for n in range(MOST_SESSIONS + 1))).state
    assert state.sessions == tuple(f"s{n}" for n in range(1, MOST_SESSIONS + 1))


def test_four_failures_are_forgiven_and_a_success_forgets_them() -> None:
    tried = li(*WITH_PASSWORD).after(*failures(*map(minutes, range(4))), sign_in(minutes(5)))
    assert tried.state.failures == ()
    tried.when(FailSignIn(at=minutes(6))).then(SignInFailed(at=minutes(6)))


def test_the_fifth_failure_within_a_quarter_of_an_hour_locks_it_for_another_quarter() -> None:
    tried = li(*WITH_PASSWORD).after(*failures(*map(minutes, range(4))))
    at = minutes(15)
    locked = tried.when(FailSignIn(at=at)).then(
        SignInFailed(at=at), Locked(at=at, reason="failures", until=minutes(30))
    )
    assert locked.when(sign_in(minutes(29.9))).then_refused(AccountLocked).details == {"until": minutes(30)}
    assert locked.when(sign_in(minutes(30))).events()


def test_failures_that_lie_far_apart_do_not_lock_it() -> None:
    tried = li(*WITH_PASSWORD).after(*failures(minutes(0), *map(minutes, range(1, 4))))
    assert not tried.when(FailSignIn(at=minutes(15.1))).state.locked_at(minutes(15.2))


def test_each_further_lock_lasts_twice_as_long_up_to_a_day_and_a_success_begins_anew() -> None:
    now, scenario, lasted = on(3), li(*WITH_PASSWORD), list[float]()
    for _ in range(9):
        scenario = scenario.after(*failures(*[now] * 5))
        until = scenario.state.locked_until
        assert until is not None
        lasted.append((until - now) / timedelta(minutes=15))
        now = until
    assert lasted == [1, 2, 4, 8, 16, 32, 64, 96, 96]
    scenario = scenario.after(sign_in(now), *failures(*[now] * 5))
    assert scenario.state.locked_until == now + timedelta(minutes=15)


def test_while_it_is_locked_five_more_passwords_are_looked_at_and_no_more() -> None:
    locked = li(*WITH_PASSWORD).after(*failures(*[on(3)] * 5))
    for _ in range(5):
        assert locked.state.looks_at_passwords(minutes(1))
        locked = locked.when(FailSignIn(at=minutes(1))).then(SignInFailed(at=minutes(1)))
    assert not locked.state.looks_at_passwords(minutes(1))
    locked.when(FailSignIn(at=minutes(2))).then_nothing()
    assert locked.state.looks_at_passwords(minutes(16))
    locked.when(FailSignIn(at=minutes(16))).then(SignInFailed(at=minutes(16)))  # those of the lock do not count again


def test_a_lock_by_failures_does_not_throw_out_who_is_in_but_one_by_staff_does() -> None:
    inside = li(*WITH_PASSWORD).after(sign_in(on(2, 12)))
    assert inside.after(*failures(*[on(3)] * 5)).state.sessions == ("s1",)
    locked = inside.when(Lock(at=on(3), reason="suspicion")).then(Locked(at=on(3), reason="suspicion"))
    assert locked.state.sessions == ()
    locked.when(Lock(at=on(3), reason="other")).then_nothing()
    assert locked.when(sign_in(on(30))).then_refused(AccountLocked).details == {"until": None}


@pytest.mark.parametrize("locking", [failures(*[on(3)] * 5), [Lock(at=on(3), reason="request")]])
def test_whatever_has_locked_it_it_can_be_unlocked(locking: Sequence[AccountCommand]) -> None:
    unlocked = li(*WITH_PASSWORD).after(*locking).when(Unlock(at=minutes(1))).then(Unlocked(at=minutes(1)))
    unlocked.when(Unlock(at=minutes(2))).then_nothing()
    assert unlocked.when(sign_in(minutes(2))).events()


def test_a_disabled_account_lets_nobody_in_and_ends_all_sessions() -> None:
    disabled = (
        li(*WITH_PASSWORD)
        .after(sign_in(on(3)))
        .when(Disable(at=on(4), reason="left"))
        .then(Disabled(at=on(4), reason="left"))
    )
    assert disabled.state.sessions == ()
    disabled.when(Disable(at=on(4), reason="misuse")).then_nothing()
    disabled.when(sign_in(on(5))).then_refused(AccountDisabled)
    enabled = disabled.when(Enable(at=on(5))).then(Enabled(at=on(5)))
    enabled.when(Enable(at=on(5))).then_nothing()
    assert enabled.when(sign_in(on(5))).events()


def test_a_new_password_ends_all_sessions_but_the_one_that_set_it() -> None:
    inside = li(*WITH_PASSWORD).after(sign_in(on(3), "s1"), sign_in(on(3), "s2"))
    own = SetPassword(at=on(4), number=2, temporary=False, session="s2")
    changed = inside.when(own).then(PasswordSet(at=on(4), number=2, temporary=False, session="s2"))
    assert (changed.state.sessions, changed.state.password) == (("s2",), 2)
    changed.when(own).then_nothing()
    changed.when(SetPassword(at=on(4), number=1, temporary=False)).then_refused(PasswordOutdated)
    assert inside.when(SetPassword(at=on(4), number=2, temporary=True)).state.sessions == ()


def test_a_temporary_password_has_to_be_used_in_time() -> None:
    given_one = li(OPENED).after(SetPassword(at=on(3), number=1, temporary=True))
    in_time = on(3) + TEMPORARY_PASSWORD_LASTS
    assert given_one.when(sign_in(in_time)).state.temporary
    given_one.when(sign_in(in_time + timedelta(seconds=1))).then_refused(TemporaryPasswordExpired)
    assert given_one.when(SignIn(at=on(30), method="oidc", session="s")).events()


def test_it_is_about_its_person_and_tells_whether_a_password_is_the_first() -> None:
    whose, state, stream = account.decider.whose, li(OPENED).state, account.stream("li")
    assert whose(stream, Account(), Open(at=on(2), person="li", login_key=str(NAME))).people == ("li",)
    assert whose(stream, state, None).people == ("li",)
    later = account.decider.fold((PasswordSet(at=on(2), number=1, temporary=True),), state)
    for known, facet in ((state, "first"), (later, "")):
        assert whose(stream, known, SetPassword(at=on(3), number=2, temporary=True)).facet == facet


def test_no_moment_is_on_its_agenda() -> None:
    li(OPENED).when(Elapse(label="", at=on(9))).then_nothing()


@pytest.mark.parametrize(
    ("password", "refusal"),
    [
        ("eleven char", PasswordTooShort),
        ("x" * 129, PasswordTooLong),
        ("Li.Wei@Example", PasswordIsLogin),
        ("li.wei@example1", PasswordIsLogin),
        ("aaaabbbbcccc", PasswordTooSimple),
    ],
)
def test_a_password_that_can_be_guessed_is_none(password: str, refusal: type[Refused]) -> None:
    with pytest.raises(refusal):
        must_be_acceptable(password, "li.wei@example")


def test_a_long_sentence_is_a_password_in_any_script() -> None:
    must_be_acceptable("correct horse battery", "li.wei")
    must_be_acceptable("春眠不觉晓处处闻啼鸟夜来", "李伟")
    must_be_acceptable("twelve chars", "")
