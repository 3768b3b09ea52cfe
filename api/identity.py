"""Who is asking: a person at the console, or a program with a token or a key. Asked before anything else is read.

Everything else reads `request.user`, an id without personal data that no client can set, and `request.principal`.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from litestar import Request
from litestar.datastructures import State

from api.problems import NotIdentified, PasswordTemporary
from domain.ports import Principal

PRINCIPAL = "principal"
"""The key of the request's state that holds the principal."""
WITH_A_TEMPORARY_PASSWORD = "with_a_temporary_password"  # noqa: S105 - the name of an option of a route
"""The key of a route's `opt` that lets somebody in whose password was set by somebody else."""

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
        if principal.must_change_password and not request.route_handler.opt.get(WITH_A_TEMPORARY_PASSWORD):
            raise PasswordTemporary

    return before
