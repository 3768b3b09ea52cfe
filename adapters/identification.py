"""Who asks: a bearer token, a program's key, or the cookie of a session, in this order, and the first one found counts.

Nothing that was ended, revoked or disabled works a moment longer: whatever the credentials, the account or the program
is read anew (a look at the log past what is remembered of a small stream, shared by all who look at the same time).
Credentials that are worth nothing are refused; they never make somebody anonymous.

A browser sends its cookie along whoever made it ask. So a change that comes with a cookie has to show the session's
CSRF token too, which other sites cannot read, and must not say that it comes from elsewhere.
"""

import hmac
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from adapters.program_keys import PREFIX
from domain.access import account, program
from domain.access.credentials import ProgramKeys, Sessions, Tokens
from domain.ports import BadCredentials, Door, Principal

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_OURS: Final = frozenset({b"same-origin", b"none"})


def cookie_name(public_url: str) -> str:
    """The name of the session's cookie. The prefix makes browsers take it over https, from this very host only."""
    return "__Host-linli" if public_url.startswith("https://") else "linli_session"


class CredentialsOfHeaders:
    """Implements `domain.ports.Identification` and `domain.access.credentials.Doorkeeper`."""

    def __init__(  # noqa: PLR0913 - what it looks at, each by its name
        self,
        *,
        door: Door,
        sessions: Sessions,
        tokens: Tokens,
        keys: ProgramKeys,
        public_url: str,
        now: Callable[[], datetime],
    ) -> None:
        self._door = door
        self._sessions = sessions
        self._tokens = tokens
        self._keys = keys
        self._origin = public_url.encode()
        self._cookie = cookie_name(public_url)
        self._now = now

    async def who(self, headers: Mapping[bytes, bytes], method: str) -> Principal | None:
        """The principal whose credentials these are; None without any. Raises `BadCredentials`."""
        authorization = headers.get(b"authorization")
        if authorization is not None:
            return await self._bearer(authorization)
        key = headers.get(b"x-api-key")
        if key is not None:
            return await self._program_of(key.decode("latin-1").strip())
        secret = self.session_secret(headers)
        return None if secret is None else await self._browser(secret, headers, method)

    def is_ours(self, headers: Mapping[bytes, bytes]) -> bool:
        """Whether a browser that says from where it asks says: from here."""
        origin, site = headers.get(b"origin"), headers.get(b"sec-fetch-site")
        return (origin is None or origin == self._origin) and (site is None or site in _OURS)

    def session_secret(self, headers: Mapping[bytes, bytes]) -> str | None:
        """What is in the session's cookie. Two different ones are one too many: somebody has put one there."""
        found = set(cookies(headers, self._cookie))
        if len(found) > 1:
            raise BadCredentials(reason="unknown")
        return found.pop() if found else None

    async def _bearer(self, authorization: bytes) -> Principal:
        scheme, _, text = authorization.decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            raise BadCredentials(reason="unknown")
        if text.startswith(PREFIX):
            return await self._program_of(text.strip())
        claims = await self._tokens.read(text.strip())
        if claims.client_id != claims.subject:  # the console's, for a person
            return await self._person(claims.subject, claims.source, claims.scopes)
        return await self._program(UUID(claims.subject), claims.source, claims.scopes)

    async def _program_of(self, key: str) -> Principal:
        return await self._program(*await self._keys.read(key))

    async def _program(self, program_id: UUID, key: str, scopes: tuple[str, ...] = ()) -> Principal:
        state = (await self._door.load(program.decider, program_id)).state
        if state.disabled:
            raise BadCredentials(reason="disabled")
        found = state.key(key)
        if found is None or found.revoked_at is not None:
            raise BadCredentials(reason="unknown")
        if not found.usable(self._now()):
            raise BadCredentials(reason="expired")
        return Principal(id=str(program_id), kind="program", scopes=scopes or found.scopes, session=key)

    async def _browser(self, secret: str, headers: Mapping[bytes, bytes], method: str) -> Principal:
        session = await self._sessions.find(secret, self._now())
        if method not in SAFE:
            shown = headers.get(b"x-csrf-token", b"")
            if not self.is_ours(headers) or not hmac.compare_digest(shown, session.csrf_token.encode()):
                raise BadCredentials(reason="csrf")
        return await self._person(session.person, session.id)

    async def _person(self, person: str, session: str, scopes: tuple[str, ...] = ()) -> Principal:
        state = (await self._door.load(account.decider, account.stream(person))).state
        if state.disabled:
            raise BadCredentials(reason="disabled")
        if state.locked:
            raise BadCredentials(reason="locked")
        if session not in state.sessions:
            raise BadCredentials(reason="expired")
        return Principal(id=person, kind="person", scopes=scopes, session=session, must_change_password=state.temporary)


def cookies(headers: Mapping[bytes, bytes], name: str) -> list[str]:
    """The values of a cookie."""
    pairs = (pair.strip().partition("=") for pair in headers.get(b"cookie", b"").decode("latin-1").split(";"))
    return [value for key, _, value in pairs if key == name and value]
