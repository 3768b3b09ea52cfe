"""An account: how one person signs in, and what stops whoever is not that person.

    unknown -> open <-> locked (until a moment, or until unlocked)
                    <-> disabled

Five wrong passwords within a quarter of an hour lock it for a quarter of an hour, and each further lock lasts twice as
long, until somebody signs in. While it is locked, five more passwords are looked at (so that whoever knows the right
one can be told to wait) and no more: otherwise a lock would not slow down those who guess.

The account knows which sessions are going on. One that it does not know is worth nothing, whatever else is stored of
it, so that a session ends at the moment it is ended. There is one stream for each person.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from domain.access import login
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
from domain.decider import Ask, Decider, Elapse, Whose, derived_id

FAILURES_TO_LOCK: Final = 5
FAILURES_COUNT_FOR: Final = timedelta(minutes=15)
FIRST_LOCK: Final = timedelta(minutes=15)
LONGEST_LOCK: Final = timedelta(hours=24)
TRIES_WHILE_LOCKED: Final = 5
TEMPORARY_PASSWORD_LASTS: Final = timedelta(hours=72)
MOST_SESSIONS: Final = 10
"""At the same time; one more ends the oldest."""


class Account(Struct, frozen=True):
    """How it stands; of the failures only those that still count."""

    person: str = ""
    login_key: str = ""
    password: int = 0
    """The number of the stored secret that counts; 0 while there is none."""
    temporary: bool = False
    password_set_at: datetime | None = None
    disabled: bool = False
    locked: bool = False
    """By somebody, until somebody unlocks it."""
    locked_until: datetime | None = None
    """By failures."""
    locks: int = 0
    """By failures, since the last success."""
    failures: tuple[datetime, ...] = ()
    """Since the last lock or success."""
    sessions: tuple[str, ...] = ()
    """The ids of those that are going on, the oldest first."""

    def locked_at(self, at: datetime) -> bool:
        """Whether it lets nobody in at that moment."""
        return self.locked or (self.locked_until is not None and at < self.locked_until)

    def looks_at_passwords(self, at: datetime) -> bool:
        """Whether a password is worth looking at: there is one, and in a lock not too many wrong ones came."""
        return self.password > 0 and not (self.locked_at(at) and len(self.failures) >= TRIES_WHILE_LOCKED)


def stream(person: str) -> UUID:
    """The stream of a person's account."""
    return derived_id("account", person)


def decide(command: AccountCommand, account: Account, ask: Ask) -> Sequence[AccountEvent]:  # noqa: C901, PLR0911 - one case a command
    """Let the right person in, and count the wrong passwords."""
    match command:
        case Elapse():
            return []
        case Open():
            return _open(command, account, ask)
        case _ if not account.person:
            raise AccountUnknown
        case SetPassword():
            return _set_password(command, account)
        case SignIn():
            return _sign_in(command, account)
        case FailSignIn(at=at):
            return _fail(at, account)
        case Lock(at=at, reason=reason):
            return [] if account.locked else [Locked(at=at, reason=reason)]
        case Unlock(at=at):
            return [Unlocked(at=at)] if account.locked_at(at) else []
        case Disable(at=at, reason=why):
            return [] if account.disabled else [Disabled(at=at, reason=why)]
        case Enable(at=at):
            return [Enabled(at=at)] if account.disabled else []
        case SignOut():
            return _sign_out(command, account)


def _open(command: Open, account: Account, ask: Ask) -> Sequence[AccountEvent]:
    if account.person:
        if account.login_key != command.login_key:
            raise AccountExists
        return []
    try:
        name = UUID(command.login_key)
    except ValueError:
        raise LoginNotTaken from None
    if ask(login.decider, name).person != command.person:
        raise LoginNotTaken
    return [Opened(at=command.at, person=command.person, login_key=command.login_key)]


def _set_password(command: SetPassword, account: Account) -> Sequence[AccountEvent]:
    if command.number < account.password:
        raise PasswordOutdated
    if command.number == account.password:
        return []
    return [PasswordSet(at=command.at, number=command.number, temporary=command.temporary, session=command.session)]


def _sign_in(command: SignIn, account: Account) -> Sequence[AccountEvent]:
    if account.disabled:
        raise AccountDisabled
    if account.locked_at(command.at):
        raise AccountLocked(until=None if account.locked else account.locked_until)
    if command.method == "password" and _too_late(account, command.at):
        raise TemporaryPasswordExpired
    if command.session in account.sessions:
        return []
    return [SignedIn(at=command.at, method=command.method, session=command.session)]


def _too_late(account: Account, at: datetime) -> bool:
    since = account.password_set_at
    return account.temporary and since is not None and at - since > TEMPORARY_PASSWORD_LASTS


def _fail(at: datetime, account: Account) -> Sequence[AccountEvent]:
    failed = SignInFailed(at=at)
    if account.locked_at(at):
        return [] if len(account.failures) >= TRIES_WHILE_LOCKED else [failed]
    count = 1 + sum(_counts(failure, at) for failure in account.failures if _after_lock(failure, account))
    if count < FAILURES_TO_LOCK:
        return [failed]
    return [failed, Locked(at=at, reason="failures", until=at + _lasts(account.locks))]


def _counts(failure: datetime, at: datetime) -> bool:
    return at - failure <= FAILURES_COUNT_FOR


def _after_lock(failure: datetime, account: Account) -> bool:
    """Those that came while it was locked were counted there."""
    return account.locked_until is None or failure >= account.locked_until


def _lasts(locks: int) -> timedelta:
    """How long the next lock is, after so many: 15 minutes, 30, 60 ... a day."""
    return min(FIRST_LOCK * (1 << min(locks, 10)), LONGEST_LOCK)


def _sign_out(command: SignOut, account: Account) -> Sequence[AccountEvent]:
    going_on = account.sessions if command.everywhere else [s for s in account.sessions if s == command.session]
    if not going_on:
        return []
    return [SignedOut(at=command.at, session=command.session, everywhere=command.everywhere)]


def evolve(account: Account, event: AccountEvent) -> Account:  # noqa: PLR0911 - one case an event
    """What the account comes to."""
    match event:
        case Opened():
            return replace(account, person=event.person, login_key=event.login_key)
        case PasswordSet():
            kept = tuple(session for session in account.sessions if session == event.session)
            return replace(
                account,
                password=event.number,
                temporary=event.temporary,
                password_set_at=event.at,
                sessions=kept,
            )
        case SignedIn():
            sessions = (*account.sessions, event.session)[-MOST_SESSIONS:]
            return replace(account, sessions=sessions, failures=(), locks=0, locked_until=None)
        case SignInFailed():
            return replace(
                account, failures=(*account.failures, event.at)[-max(FAILURES_TO_LOCK, TRIES_WHILE_LOCKED) :]
            )
        case Locked():
            return _locked(account, event)
        case Unlocked():
            return replace(account, locked=False, locked_until=None, locks=0, failures=())
        case Disabled():
            return replace(account, disabled=True, sessions=())
        case Enabled():
            return replace(account, disabled=False)
        case SignedOut():
            left = () if event.everywhere else tuple(s for s in account.sessions if s != event.session)
            return replace(account, sessions=left)


def _locked(account: Account, event: Locked) -> Account:
    """A lock by failures lets sessions go on: whoever guesses cannot throw out the one who is in."""
    if event.until is None:
        return replace(account, locked=True, failures=(), sessions=())
    return replace(account, locked_until=event.until, locks=account.locks + 1, failures=())


def _whose(_stream: UUID, account: Account, command: AccountCommand | None) -> Whose:
    person = command.person if isinstance(command, Open) else account.person
    first = isinstance(command, SetPassword) and not account.password
    return Whose(people=(person,) if person else (), facet="first" if first else "")


decider: Decider[AccountCommand, Account, AccountEvent] = Decider(
    name="account",
    initial=Account(),
    decide=decide,
    evolve=evolve,
    commands=(Open, SetPassword, SignIn, FailSignIn, Lock, Unlock, Disable, Enable, SignOut, Elapse),
    events=(Opened, PasswordSet, SignedIn, SignInFailed, Locked, Unlocked, Disabled, Enabled, SignedOut),
    whose=_whose,
)
