"""Signing in and out, and what somebody who is in can ask about itself.

    POST /sign-in    name and password: a session, as a cookie
    POST /sign-out   this session, or all
    GET  /me         who am I
    POST /tokens     an access token for ten minutes, for a session

Whatever is wrong with name, password or account, the answer is the same. The cookie changes with every sign-in: one
that was there before is worth nothing afterwards.
"""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.handlers import HTTPRouteHandler
from litestar.params import BodyKwarg
from msgspec import Meta

from api.appointments import AppointmentView, shown
from api.asked import BODY, Asked
from api.desk import CONSOLE, Desk
from api.documentation import operation, problems
from api.identity import ALWAYS
from api.ports import Ports
from api.problems import (
    CredentialsRefused,
    InternalError,
    Invalid,
    LedgerAway,
    LockedByStaff,
    Malformed,
    NotFromHere,
    NotIdentified,
    NotJson,
    SessionNeeded,
    SignInFailed,
    TooBusy,
    TooLarge,
    TooManyFailures,
)
from api.sentences import language_of
from domain.access import appointment
from domain.access.account_messages import TemporaryPasswordExpired
from domain.access.credentials import Session

PERSON = "019a5b1e-0000-7000-8000-000000000017"
READABLE = (Malformed, TooLarge, NotJson, Invalid, InternalError, TooBusy, LedgerAway)
"""What can be wrong with any request that brings a body."""
IDENTITY = (NotIdentified, CredentialsRefused, NotFromHere)
SIGNED_IN = {
    "person": PERSON,
    "csrf_token": "q3Zk…",
    "expires_at": "2026-03-02T21:00:00Z",
    "must_change_password": False,
}


class SignIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A name and a password."""

    login: Annotated[str, Meta(min_length=1, max_length=256)]
    password: Annotated[str, Meta(min_length=1, max_length=1024)]


class SignedIn(msgspec.Struct, frozen=True):
    """A session. `csrf_token` goes into the header X-CSRF-Token of every change."""

    person: str
    csrf_token: str
    expires_at: datetime
    must_change_password: bool


class SignOut(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which sessions end: this one, or all of this person."""

    everywhere: bool = False


class Me(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who asks. `scopes`: the only permissions that these credentials are good for."""

    id: str
    kind: str
    scopes: tuple[str, ...] = ()
    session: str = ""
    must_change_password: bool = False
    csrf_token: str = ""
    expires_at: datetime | None = None
    roles: list[AppointmentView] = []
    """The appointments that count now."""


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing needs to be said."""


class Token(msgspec.Struct, frozen=True):
    """An access token: send it as `Authorization: Bearer`."""

    access_token: str
    token_type: str
    expires_in: int


TOKEN = {"access_token": "eyJ0eXAi…", "token_type": "Bearer", "expires_in": 600}
ME = {"id": PERSON, "kind": "person", "session": "019a5b1e-0000-7000-8000-000000000018", "csrf_token": "q3Zk…"}


def public_routes(desk: Desk) -> list[HTTPRouteHandler]:
    """What somebody can ask who has not said who it is."""

    @post(
        "/sign-in",
        status_code=200,
        summary="Sign in (登录)",
        operation_id="signIn",
        operation_class=operation(
            sends={"login": "li.wei", "password": "a long sentence is easy to remember"}, gives=SIGNED_IN
        ),
        responses=problems(
            *READABLE, SignInFailed, NotFromHere, LockedByStaff, TooManyFailures, TemporaryPasswordExpired
        ),
        opt={BODY: SignIn},
    )
    async def sign_in(
        request: Asked, data: Annotated[SignIn, BodyKwarg(media_type=RequestEncodingType.JSON)]
    ) -> Response[SignedIn]:
        if not desk.doorkeeper.is_ours(request.scope["state"]["headers"]):
            raise NotFromHere
        person = await desk.person_of(desk.names.login(data.login))
        found = await desk.prove(request, person, data.password)
        return signed_in(desk, await desk.let_in(request, person, "password"), must_change=found.temporary)

    return [sign_in]


def signed_in(desk: Desk, session: Session, *, must_change: bool) -> Response[SignedIn]:
    """The answer to somebody who is in, with the cookie."""
    said = SignedIn(session.person, session.csrf_token, session.expires_at, must_change)
    return Response(said, status_code=200, cookies=[desk.cookie_of(session)])


def routes(ports: Ports, desk: Desk) -> list[HTTPRouteHandler]:
    """What somebody can ask who is in."""
    return [_sign_out(desk), _me(ports, desk), _tokens(desk)]


def _sign_out(desk: Desk) -> HTTPRouteHandler:
    @post(
        "/sign-out",
        status_code=200,
        summary="Sign out (退出)",
        operation_id="signOut",
        operation_class=operation(sends={"everywhere": True}, gives={}),
        responses=problems(*READABLE, *IDENTITY, SessionNeeded),
        opt={BODY: SignOut, ALWAYS: True},
    )
    async def sign_out(
        request: Asked, data: Annotated[SignOut, BodyKwarg(media_type=RequestEncodingType.JSON)]
    ) -> Response[Nothing]:
        principal = request.principal
        if principal.kind != "person":
            raise SessionNeeded
        await desk.sign_out(request, principal.id, session=principal.session, everywhere=data.everywhere)
        return Response(Nothing(), status_code=200, cookies=[desk.cookie_named(desk.cookie, None)])

    return sign_out


def _me(ports: Ports, desk: Desk) -> HTTPRouteHandler:
    @get(
        "/me",
        summary="Who am I?",
        operation_id="me",
        operation_class=operation(gives=ME),
        responses=problems(Malformed, *IDENTITY, InternalError, LedgerAway),
        opt={ALWAYS: True},
    )
    async def me(request: Asked) -> Response[Me]:
        principal = request.principal
        language, now = language_of(request.said(b"accept-language")), ports.now()
        held = (await ports.door.load(appointment.decider, appointment.stream(principal.id))).state.held(now)
        said = Me(
            principal.id,
            principal.kind,
            principal.scopes,
            principal.session,
            principal.must_change_password,
            roles=[shown(each, now, language) for each in held],
        )
        session = await session_of(request, desk)
        if session is None:
            return Response(said)
        cookies = []
        if session.stale:  # what the person may do has changed
            session = await desk.sessions.rotate(session.secret, desk.now())
            cookies = [desk.cookie_of(session)]
        said = msgspec.structs.replace(said, csrf_token=session.csrf_token, expires_at=session.expires_at)
        return Response(said, cookies=cookies)

    return me


async def session_of(request: Asked, desk: Desk) -> Session | None:
    """The session that the request was asked in, None if it was with a token or a key."""
    headers = request.scope["state"]["headers"]
    if b"authorization" in headers or b"x-api-key" in headers:
        return None
    secret = desk.doorkeeper.session_secret(headers)
    return None if secret is None else await desk.sessions.find(secret, desk.now())


def _tokens(desk: Desk) -> HTTPRouteHandler:
    @post(
        "/tokens",
        status_code=200,
        summary="An access token for this session (令牌)",
        operation_id="issueToken",
        operation_class=operation(sends={}, gives=TOKEN),
        responses=problems(*READABLE, *IDENTITY, SessionNeeded),
        opt={BODY: Nothing},
    )
    async def tokens(
        request: Asked, data: Annotated[Nothing, BodyKwarg(media_type=RequestEncodingType.JSON)]
    ) -> Response[Token]:
        del data
        session = await session_of(request, desk)  # not with a token: it could be prolonged for ever
        if session is None:
            raise SessionNeeded
        token = await desk.tokens.issue(session.person, CONSOLE, session.id)
        return Response(Token(token.text, "Bearer", token.expires_in), status_code=200)

    return tokens
