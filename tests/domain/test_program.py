"""Programs ask with keys, which are good for some things and some time, until somebody revokes them."""

from datetime import timedelta
from uuid import UUID

import pytest

from domain.access import program
from domain.access.program import (
    MOST_KEYS,
    Disable,
    Disabled,
    Enable,
    Enabled,
    IssueKey,
    KeyEndsBeforeItBegins,
    KeyIdTaken,
    KeyIssued,
    KeyRevoked,
    KeyUnknown,
    Program,
    ProgramCommand,
    ProgramDisabled,
    ProgramExists,
    ProgramUnknown,
    Register,
    Registered,
    RevokeKey,
    TooManyKeys,
)
from domain.decider import Elapse
from tests.domain.small_town import on
from tests.scenario import given

REGISTER = Register(at=on(2), name="lift-gateway", organisation="lifts", kind="device")
REGISTERED = Registered(at=on(2), name="lift-gateway", organisation="lifts", kind="device")
ISSUE = IssueKey(at=on(2), key="k1", scopes=("work_order.report",), until=on(9))
ISSUED = KeyIssued(at=on(2), key="k1", scopes=("work_order.report",), until=on(9))


def test_a_program_is_registered_once() -> None:
    known = given(program.decider).when(REGISTER).then(REGISTERED)
    known.when(REGISTER).then_nothing()
    known.when(Register(at=on(3), name="other", organisation="lifts", kind="device")).then_refused(ProgramExists)


@pytest.mark.parametrize("command", [ISSUE, RevokeKey(at=on(2), key="k1"), Disable(at=on(2)), Enable(at=on(2))])
def test_what_was_never_registered_gets_no_key(command: ProgramCommand) -> None:
    given(program.decider).when(command).then_refused(ProgramUnknown)


def test_a_key_is_good_until_its_end() -> None:
    known = given(program.decider, REGISTERED).when(ISSUE).then(ISSUED)
    key = known.state.key("k1")
    assert key is not None
    assert key.scopes == ("work_order.report",)
    assert key.usable(on(9) - timedelta(seconds=1))
    assert not key.usable(on(9))
    assert known.state.key("k2") is None


def test_the_same_key_again_is_no_news_but_another_one_needs_another_id() -> None:
    known = given(program.decider, REGISTERED, ISSUED)
    known.when(ISSUE).then_nothing()
    known.when(IssueKey(at=on(2), key="k1")).then_refused(KeyIdTaken)


def test_a_key_that_has_ended_before_it_begins_is_refused() -> None:
    known = given(program.decider, REGISTERED)
    known.when(IssueKey(at=on(2), key="k1", until=on(2))).then_refused(KeyEndsBeforeItBegins)


def test_a_revoked_key_stays_revoked() -> None:
    revoked = (
        given(program.decider, REGISTERED, ISSUED)
        .when(RevokeKey(at=on(3), key="k1"))
        .then(KeyRevoked(at=on(3), key="k1"))
    )
    key = revoked.state.key("k1")
    assert key is not None
    assert not key.usable(on(3))
    revoked.when(RevokeKey(at=on(4), key="k1")).then_nothing()
    revoked.when(RevokeKey(at=on(4), key="k2")).then_refused(KeyUnknown)
    revoked.when(ISSUE).then_nothing()


def test_there_are_never_too_many_keys_to_keep_an_eye_on() -> None:
    full = given(program.decider, REGISTERED).after(
        *(IssueKey(at=on(2), key=f"k{number}") for number in range(MOST_KEYS))
    )
    full.when(IssueKey(at=on(3), key="one more")).then_refused(TooManyKeys)
    full.after(RevokeKey(at=on(3), key="k0")).when(IssueKey(at=on(3), key="one more")).events()


def test_a_disabled_program_gets_no_key() -> None:
    disabled = given(program.decider, REGISTERED).when(Disable(at=on(3))).then(Disabled(at=on(3)))
    disabled.when(Disable(at=on(3))).then_nothing()
    disabled.when(IssueKey(at=on(3), key="k1")).then_refused(ProgramDisabled)
    enabled = disabled.when(Enable(at=on(4))).then(Enabled(at=on(4)))
    enabled.when(Enable(at=on(4))).then_nothing()


def test_it_is_its_organisations() -> None:
    whose, stream, known = program.decider.whose, UUID(int=1), given(program.decider, REGISTERED).state
    assert whose(stream, Program(), REGISTER).organisations == ("lifts",)
    assert whose(stream, known, ISSUE).organisations == ("lifts",)
    assert whose(stream, Program(), None).organisations == ()


def test_no_moment_is_on_its_agenda() -> None:
    given(program.decider, REGISTERED).when(Elapse(label="", at=on(9))).then_nothing()
