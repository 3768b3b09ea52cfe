"""The answer to a command: what it left behind, and the shortest way out for it.

Most requests are commands and all their answers look alike, so they go out without the general machinery for responses,
which costs as much as deciding.
"""

from uuid import UUID

import msgspec
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send

from api.preconditions import etag
from domain.ports import Done

_encode = msgspec.json.Encoder().encode
_JSON = (b"content-type", b"application/json")


class Receipt(msgspec.Struct, frozen=True):
    """What a change left behind: the version of its stream, the position of the log, how many events it added."""

    id: UUID
    version: int
    position: int
    events: int


RECEIPT = {"id": "019a5b1e-0000-7000-8000-000000000001", "version": 3, "position": 1042, "events": 2}


class Answer(ASGIResponse):
    """A receipt with its headers, ready to be sent. `place` is under which address the new things are found by their
    ids, `location` the address of the new thing where it is another one.
    """

    def __init__(self, done: Done, place: str | None, *, location: str | None = None) -> None:
        receipt = Receipt(id=done.stream, version=done.version, position=done.position, events=done.events)
        self.body = _encode(receipt)
        if location is None and place is not None:
            location = f"{place}/{done.stream}"
        self.status_code = 200 if location is None else 201
        self._headers = [
            _JSON,
            (b"content-length", b"%d" % len(self.body)),
            (b"etag", etag(done.version).encode()),
            (b"x-position", b"%d" % done.position),
        ]
        if location is not None:
            self._headers.append((b"location", location.encode()))
        if done.duplicate:
            self._headers.append((b"idempotent-replayed", b"true"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        del scope, receive
        await send({"type": "http.response.start", "status": self.status_code, "headers": self._headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})
