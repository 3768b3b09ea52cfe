"""What can be asked of an account (commands), what can have happened to one (events), and why it says no.

No password, hash, name or address is in any of them: a password is known by its number, a session by its id, a name by
the id of its stream.
"""

from datetime import datetime
from typing import Annotated, Literal, TypeAlias, final

from msgspec import Meta

from domain.decider import Command, Elapse, Event, Refused
from domain.privacy.personal import Key

Instant: TypeAlias = Annotated[datetime, Meta(tz=True)]
Id: TypeAlias = Annotated[Key, Meta(min_length=1, max_length=128)]
OptionalId: TypeAlias = Annotated[Key, Meta(max_length=128)]

Method: TypeAlias = Literal["password", "oidc"]
LockReason: TypeAlias = Literal["suspicion", "request", "investigation", "other"]
DisableReason: TypeAlias = Literal["left", "misuse", "request", "erased", "other"]


@final
class Open(Command, frozen=True, tag="open"):
    """Let a person sign in from now on, with the name whose stream is `login_key`."""

    at: Instant
    person: Id
    login_key: Id


@final
class SetPassword(Command, frozen=True, tag="set_password"):
    """From now on the stored secret with this number counts. A temporary one must be changed, and soon.

    All sessions end but `session`, the one in which the password was changed.
    """

    at: Instant
    number: Annotated[int, Meta(ge=1)]
    temporary: bool
    session: OptionalId = ""


@final
class SignIn(Command, frozen=True, tag="sign_in"):
    """Somebody has shown that it is this person: by the password, or at an identity provider."""

    at: Instant
    method: Method
    session: Id


@final
class FailSignIn(Command, frozen=True, tag="fail_sign_in"):
    """Somebody has given a wrong password."""

    at: Instant


@final
class Lock(Command, frozen=True, tag="lock"):
    """Let nobody in until it is unlocked, and end all sessions."""

    at: Instant
    reason: LockReason


@final
class Unlock(Command, frozen=True, tag="unlock"):
    """Let the person in again, whoever or whatever has locked it."""

    at: Instant


@final
class Disable(Command, frozen=True, tag="disable"):
    """This account is not used any more. All sessions end."""

    at: Instant
    reason: DisableReason


@final
class Enable(Command, frozen=True, tag="enable"):
    """This account is used again."""

    at: Instant


@final
class SignOut(Command, frozen=True, tag="sign_out"):
    """End a session, or all of them."""

    at: Instant
    session: OptionalId = ""
    everywhere: bool = False


@final
class Opened(Event, frozen=True, tag="account.opened"):
    at: datetime
    person: Key
    login_key: Key


@final
class PasswordSet(Event, frozen=True, tag="account.password_set"):
    at: datetime
    number: int
    temporary: bool
    session: Key = ""
    """The session that goes on; all others have ended."""


@final
class SignedIn(Event, frozen=True, tag="account.signed_in"):
    at: datetime
    method: Method
    session: Key


@final
class SignInFailed(Event, frozen=True, tag="account.sign_in_failed"):
    at: datetime


@final
class Locked(Event, frozen=True, tag="account.locked"):
    at: datetime
    reason: LockReason | Literal["failures"]
    until: datetime | None = None
    """None: until somebody unlocks it."""


@final
class Unlocked(Event, frozen=True, tag="account.unlocked"):
    at: datetime


@final
class Disabled(Event, frozen=True, tag="account.disabled"):
    at: datetime
    reason: DisableReason


@final
class Enabled(Event, frozen=True, tag="account.enabled"):
    at: datetime


@final
class SignedOut(Event, frozen=True, tag="account.signed_out"):
    at: datetime
    session: Key = ""
    everywhere: bool = False


AccountCommand: TypeAlias = (
    Open | SetPassword | SignIn | FailSignIn | Lock | Unlock | Disable | Enable | SignOut | Elapse
)
AccountEvent: TypeAlias = (
    Opened | PasswordSet | SignedIn | SignInFailed | Locked | Unlocked | Disabled | Enabled | SignedOut
)


class AccountUnknown(Refused):
    """This person has no account."""


class AccountExists(Refused):
    """This person has an account already."""


class LoginNotTaken(Refused):
    """The name of an account must be taken for this person first."""


class AccountLocked(Refused):
    """This account is locked: after too many wrong passwords for a while, otherwise until somebody unlocks it."""


class AccountDisabled(Refused):
    """This account is not in use."""


class PasswordOutdated(Refused):
    """A newer password has been set meanwhile."""


class TemporaryPasswordExpired(Refused):
    """The temporary password was not used in time: have a new one given to you."""
