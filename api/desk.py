"""The desk where people sign in: what it has at hand, and how a password is looked at.

The passwords of one account are looked at one after the other, so that a thousand guesses at once are counted like a
thousand in a row. A "no" takes at least a quarter of a second, whatever the reason: neither the answer nor the time
that it takes tells whether there is such a name.
"""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID
from weakref import WeakValueDictionary

from litestar.datastructures import Cookie

from api.asked import Asked
from api.problems import LockedByStaff, SignInFailed, TooManyFailures
from domain.access import account, login
from domain.access.account import Account
from domain.access.account_messages import AccountDisabled, AccountLocked, FailSignIn, Method, SignIn, SignOut
from domain.access.credentials import (
    ClientSecrets,
    Doorkeeper,
    Names,
    OpenId,
    Passwords,
    ProgramKeys,
    Session,
    Sessions,
    Tokens,
)
from domain.ports import BadCredentials, Context, Door, Identification, Principal

DESK: Final = "sign-in"
"""The part of the platform that notes who has come in and who has not."""
CONSOLE: Final = "linli-console"
"""The OAuth client that tokens of people are for."""
_EASY_TO_READ: Final = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True)
class Desk:
    """What signing in needs."""

    door: Door
    names: Names
    passwords: Passwords
    sessions: Sessions
    tokens: Tokens
    keys: ProgramKeys
    client_secrets: ClientSecrets
    openid: OpenId
    identification: Identification
    doorkeeper: Doorkeeper
    public_url: str
    cookie: str
    """The name of the session's cookie."""
    new_id: Callable[[], UUID]
    now: Callable[[], datetime]
    least: float = 0.25
    """Seconds that a "no" takes."""
    turns: "WeakValueDictionary[str, asyncio.Lock]" = field(default_factory=WeakValueDictionary[str, asyncio.Lock])

    @property
    def secure(self) -> bool:
        """Whether cookies travel over https only."""
        return self.public_url.startswith("https://")

    def context(self, request: Asked, at: datetime, actor: str = DESK) -> Context:
        """The envelope of what is noted here."""
        principal: Principal | None = request.scope["state"].get("principal")
        limits = principal.scopes if principal is not None and principal.id == actor else ()
        return Context(actor=actor, occurred_at=at, asked_at=at, scopes=limits, correlation_id=request.correlation_id)

    async def account(self, person: str) -> Account:
        """A person's account as it stands."""
        return (await self.door.load(account.decider, account.stream(person))).state

    async def person_of(self, name: UUID) -> str:
        """Whose a login is; `""` when it is nobody's."""
        return (await self.door.load(login.decider, name)).state.person

    # Passwords --------------------------------------------------------------------------------------------------------

    async def prove(self, request: Asked, person: str, password: str) -> Account:
        """The account of the person whose password this is.

        Raises `SignInFailed` after at least `least` seconds; what was wrong with an existing account is counted.
        """
        loop = asyncio.get_running_loop()
        soonest = loop.time() + self.least
        async with self.turns.setdefault(person, asyncio.Lock()):
            found = await self._proved(request, person, password)
        if found is None or found.disabled:
            await asyncio.sleep(max(0.0, soonest - loop.time()))
            raise SignInFailed
        must_be_open(found, self.now())
        return found

    async def _proved(self, request: Asked, person: str, password: str) -> Account | None:
        at = self.now()
        state = await self.account(person)
        number = state.password if state.looks_at_passwords(at) else 0
        if await self.passwords.matches(person, number, password):
            return state
        if state.person:
            await self.door.execute(
                account.decider, account.stream(person), FailSignIn(at=at), self.context(request, at)
            )
        return None

    # Sessions ---------------------------------------------------------------------------------------------------------

    async def let_in(self, request: Asked, person: str, method: Method) -> Session:
        """A new session for somebody who has shown who it is. The one that this browser had before ends."""
        at = self.now()
        await self._leave_old(request, at)
        session = str(self.new_id())
        try:
            await self.door.execute(
                account.decider,
                account.stream(person),
                SignIn(at=at, method=method, session=session),
                self.context(request, at),
            )
        except AccountDisabled:
            raise SignInFailed from None
        except AccountLocked:
            must_be_open(await self.account(person), at)
            raise
        return await self.sessions.begin(person, session, at)

    async def _leave_old(self, request: Asked, at: datetime) -> None:
        headers = request.scope["state"]["headers"]
        try:
            secret = self.doorkeeper.session_secret(headers)
            old = None if secret is None else await self.sessions.find(secret, at)
        except BadCredentials:
            return
        if old is not None:
            await self.sign_out(request, old.person, session=old.id)

    async def sign_out(self, request: Asked, person: str, *, session: str = "", everywhere: bool = False) -> None:
        """End a session of a person, or all."""
        at = self.now()
        command = SignOut(at=at, session=session, everywhere=everywhere)
        await self.door.execute(account.decider, account.stream(person), command, self.context(request, at, person))
        await (self.sessions.end_all(person) if everywhere else self.sessions.end(session))

    def cookie_of(self, session: Session) -> Cookie:
        """What the browser is to remember, until it is closed."""
        return self.cookie_named(self.cookie, session.secret)

    def cookie_named(self, name: str, value: str | None) -> Cookie:
        """A cookie that scripts cannot read and other sites hardly send; no value: forget it."""
        return Cookie(
            key=name,
            value=value or "",
            path="/",
            httponly=True,
            secure=self.secure,
            samesite="lax",
            max_age=None if value else 0,
        )


def must_be_open(found: Account, at: datetime) -> None:
    """Tell somebody who has shown the right password that the account is locked, and for how long."""
    if found.locked:
        raise LockedByStaff
    if found.locked_until is not None and at < found.locked_until:
        raise TooManyFailures(retry_after=int((found.locked_until - at).total_seconds()) + 1)


def temporary_password() -> str:
    """Such as `k7m3-…`: 79 random bits that can be read out on the telephone."""
    return "-".join("".join(secrets.choice(_EASY_TO_READ) for _ in range(4)) for _ in range(4))
