"""Who is asking, found out from the credentials of a request: the guard of every section that asks for identity.

Everything else reads `request.user`, an id without personal data; what needs to know more (the session, the scopes of a
key) reads `principal_of`.
"""

from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from litestar import Request
from litestar.datastructures import State
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import NotIdentified, PasswordMustChange
from domain.ports import Identification, Principal

ALWAYS: Final = "with_a_temporary_password"
"""The key of a route's `opt` that opens it to those who have to change their password first."""

Guard: TypeAlias = Callable[[Request[str, None, State]], Awaitable[None]]


def identified(identification: Identification) -> Guard:
    """Lets nobody through who has not shown who it is. Asked before anything else of a request is read."""

    async def guard(request: Request[str, None, State]) -> None:
        scope = request.scope
        principal = await identification.who(scope["state"]["headers"], scope["method"])
        if principal is None:
            raise NotIdentified
        scope["user"] = scope["state"]["actor"] = principal.id
        scope["state"]["principal"] = principal
        if principal.must_change_password and ALWAYS not in request.route_handler.opt:
            raise PasswordMustChange

    return guard


def principal_of(request: Request[str, None, State]) -> Principal:
    """Who asks, in a section that asks for identity."""
    principal: Principal = request.scope["state"]["principal"]
    return principal


def not_stored(app: ASGIApp) -> ASGIApp:
    """Middleware: no cache keeps an answer, whatever it is (RFC 9111, 5.2.2.5)."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"cache-control", b"no-store")]
            await send(message)

        await app(scope, receive, answer)

    return middleware
