"""The outermost layer: one correlation id from here to the command, its events and workflows, one log line, and what
every answer tells a browser (`browser_safety`).

The id is the caller's (`X-Correlation-Id`, or the trace id of a W3C `traceparent`) or a fresh one. It is echoed in
every answer, also where no route was found, and bound to everything that is logged while the request lasts. No body and
no query is ever logged.
"""

import re
from collections.abc import Callable, Mapping
from time import perf_counter
from uuid import UUID

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from api.browser_safety import Safety

HEADER = b"x-correlation-id"
_NO = 400  # and above: an answer about what somebody asked for
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_ACCEPTABLE = re.compile(r"[\x21-\x7e]{1,128}")


class Edge:
    """Wraps the whole application. `https`: people reach it by https only."""

    def __init__(self, app: ASGIApp, new_id: Callable[[], UUID], *, https: bool = False) -> None:
        self._app = app
        self._new_id = new_id
        self._safety = Safety(https=https)
        self._log = structlog.get_logger()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        correlation_id = correlation_of(headers) or self._new_id().hex
        scope["state"].update(headers=headers, correlation_id=correlation_id)
        echo = (HEADER, correlation_id.encode())
        status = 0
        begun = perf_counter()

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                said = message["headers"]
                personal = status >= _NO or "actor" in scope["state"]
                message["headers"] = [*said, echo, *self._safety.fields(said, personal=personal)]
            await send(message)

        structlog.contextvars.bind_contextvars(correlation_id=correlation_id)
        try:
            await self._app(scope, receive, answer)
        finally:
            self._log.info(
                "http.request",
                method=scope["method"],
                path=scope["path"],
                actor=scope["state"].get("actor"),
                status=status,
                ms=round((perf_counter() - begun) * 1000, 2),
            )
            structlog.contextvars.unbind_contextvars("correlation_id")


def correlation_of(headers: Mapping[bytes, bytes]) -> str | None:
    """The id that the caller gave to this request, if it gave one that can be logged and echoed without harm."""
    given = headers.get(HEADER)
    if given is not None and _ACCEPTABLE.fullmatch(text := given.decode("latin-1")):
        return text
    trace = headers.get(b"traceparent")
    found = None if trace is None else _TRACEPARENT.fullmatch(trace.decode("latin-1"))
    return found.group(1) if found else None
