"""Who is asking: a person at the console, or a program with a token or a key. Asked before anything else is read.

Everything else reads `request.user`, an id without personal data that no client can set, and `request.principal`.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from litestar import Request
from litestar.datastructures import State
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import NotIdentified, PasswordMustChange
from domain.ports import Principal

PRINCIPAL = "principal"
"""The key of the request's state that holds the principal."""
ALWAYS = "with_a_temporary_password"
"""The key of a route's `opt` that opens it to those who have to change their password first."""

Identify: TypeAlias = Callable[[Mapping[bytes, bytes], str], Awaitable[Principal | None]]
"""Finds out from headers and method of a request who asks; None when nobody says. Raises for what is not true."""
Hook: TypeAlias = Callable[[Request[str, None, State]], Awaitable[None]]


def identified(identify: Identify) -> Hook:
    """Let nobody through of whom we are not sure."""

    async def before(request: Request[str, None, State]) -> None:
        state = request.scope["state"]
        principal = await identify(state["headers"], request.scope["method"])
        if principal is None:
            raise NotIdentified
        request.scope["user"] = state["actor"] = principal.id
        state[PRINCIPAL] = principal
        if principal.must_change_password and ALWAYS not in request.route_handler.opt:
            raise PasswordMustChange

    return before


def not_stored(app: ASGIApp) -> ASGIApp:
    """Middleware: no cache keeps an answer, whatever it is (RFC 9111, 5.2.2.5)."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"cache-control", b"no-store")]
            await send(message)

        await app(scope, receive, answer)

    return middleware
