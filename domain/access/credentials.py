"""What signing in needs from outside: places for secrets that no log may hold, and whoever checks them.

Passwords, cookies and keys are stored as hashes only. What has to be read again (private keys, the secrets that we show
to identity providers) is sealed with a key from outside the database. All of it says no more than "this is the secret
of that session, of that key"; whether the session goes on and the key still counts, the log says.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Protocol, TypeAlias
from uuid import UUID

from msgspec import Struct


class Session(Struct, frozen=True):
    """A session, with what only its owner gets to see."""

    id: str
    """Names it in the log."""
    person: str
    secret: str
    """Goes into a cookie, and nowhere else."""
    csrf_token: str
    """Shown with everything that the session changes. Follows from the secret, which does not follow from it."""
    expires_at: datetime
    """However busy it is."""
    stale: bool = False
    """What the person may do has changed: give it another secret soon."""


class Claims(Struct, frozen=True):
    """What an access token says."""

    subject: str
    client_id: str
    """The program itself, or the console for a person."""
    source: str
    """The session or the key that it was issued for: it is worth nothing without."""
    scopes: tuple[str, ...]
    expires_at: datetime


class AccessToken(Struct, frozen=True):
    """A fresh access token, and for how many seconds it is good."""

    text: str
    expires_in: int


class Provider(Struct, frozen=True):
    """How an organisation's own identity provider knows us."""

    issuer: str
    client_id: str
    client_secret: str


class Departure(Struct, frozen=True):
    """Where a browser is sent to sign in, and the value that it has to bring back (also in a cookie)."""

    url: str
    state: str


class Arrival(Struct, frozen=True):
    """Who came back from an identity provider, and where it wanted to go."""

    issuer: str
    subject: str
    return_to: str


class NotSignedInThere(Exception):
    """The identity provider vouches for nobody, or is not the one that was asked."""

    def __init__(self, *, because: str) -> None:
        super().__init__(because)
        self.because = because
        """For logs."""


ProviderOf: TypeAlias = Callable[[str], Awaitable[Provider | None]]
"""The identity provider of an organisation, None where it has none."""


class Sealer(Protocol):
    """Seals with a key that is outside the database, and derives other keys from it."""

    def seal(self, purpose: str, secret: bytes) -> bytes: ...
    def unseal(self, purpose: str, sealed: bytes) -> bytes: ...
    def derive(self, purpose: str, length: int = 32) -> bytes:
        """A key for one purpose, the same for ever."""
        ...


class Names(Protocol):
    """Turns names into streams without keeping them."""

    def login(self, name: str) -> UUID:
        """The stream of a login by the name that somebody types."""
        ...

    def subject(self, issuer: str, subject: str) -> UUID:
        """The stream of a login by the subject at an identity provider."""
        ...


class Passwords(Protocol):
    """Keeps hashes of passwords, numbered for each person."""

    async def keep(self, person: str, password: str, at: datetime) -> int:
        """Store the hash of a new password: its number. It does not count until the account says so."""
        ...

    async def matches(self, person: str, number: int, password: str) -> bool:
        """Whether this is it. Takes as long when there is no such password. Raises `Busy` when too many wait."""
        ...

    async def forget(self, person: str, *, before: int | None = None, number: int | None = None) -> None:
        """Remove the hashes before a number, the one with a number, or all."""
        ...


class Sessions(Protocol):
    """Keeps hashes of the secrets of sessions, and when they were last seen."""

    async def begin(self, person: str, session: str, at: datetime) -> Session: ...
    async def find(self, secret: str, at: datetime) -> Session:
        """The session of a secret, seen at that moment. Raises `BadCredentials` (unknown, expired)."""
        ...

    async def rotate(self, secret: str, at: datetime) -> Session:
        """Give it another secret; the old one is worthless from then on. Raises as `find` does."""
        ...

    async def make_stale(self, person: str) -> None:
        """What this person may do has changed: the secrets of all sessions are to be rotated at the next look."""
        ...

    async def end(self, session: str) -> None: ...
    async def end_all(self, person: str, *, but: str = "") -> None: ...


class Tokens(Protocol):
    """Signs access tokens, and publishes what they are checked with."""

    async def issue(self, subject: str, client_id: str, source: str, scopes: tuple[str, ...] = ()) -> AccessToken: ...
    async def read(self, token: str) -> Claims:
        """What it says. Raises `BadCredentials` (unknown, expired)."""
        ...

    async def published(self) -> Mapping[str, object]:
        """The public keys, as a JSON Web Key Set (RFC 7517)."""
        ...


class ProgramKeys(Protocol):
    """Keeps hashes of the secrets of programs' keys."""

    async def make(self, program: UUID, key: UUID, at: datetime) -> str:
        """A secret for a key: the text that is shown once."""
        ...

    async def read(self, text: str) -> tuple[UUID, str]:
        """Program and id of a key that somebody shows. Raises `BadCredentials` (unknown)."""
        ...


class ClientSecrets(Protocol):
    """Keeps, sealed, the secrets that organisations' identity providers know us by."""

    async def keep(self, organisation: str, secret: str, at: datetime) -> None: ...
    async def find(self, organisation: str) -> str | None: ...


class OpenId(Protocol):
    """Sends people to their organisation's identity provider, and reads what it says when they come back."""

    async def start(self, organisation: str, return_to: str) -> Departure | None:
        """None where the organisation has no provider. Raises `NotSignedInThere` when it cannot be asked."""
        ...

    async def finish(self, answer: Mapping[str, str], state: str) -> Arrival:
        """`answer` is the query that the browser brings, `state` its cookie. Raises `NotSignedInThere`."""
        ...


class Doorkeeper(Protocol):
    """Finds out who asks, and whether a browser asks on its own account."""

    def is_ours(self, headers: Mapping[bytes, bytes]) -> bool:
        """Whether a browser that says from where it asks says: from here."""
        ...

    def session_secret(self, headers: Mapping[bytes, bytes]) -> str | None:
        """What is in the session's cookie."""
        ...
