"""Where a page ended, as a text that a caller hands back and need not understand.

A cursor names the last row of a page by what the list is sorted by, so rows that come or go meanwhile neither repeat
nor hide others. It is good only for the same question: the same filters, the same order.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from hashlib import blake2b
from types import GenericAlias
from typing import TypeVar
from uuid import UUID

import msgspec

from api.problems import Fault, Malformed

_SEAL = 8


K = TypeVar("K", datetime, str)


def cursor(sorted_by: datetime | str, row: UUID, question: bytes) -> str:
    """The cursor after a row, in the answer to a question."""
    end = msgspec.msgpack.encode((sorted_by, row))
    return _text(_seal(end, question) + end)


def end_of(text: str, question: bytes, sorted_by: type[K]) -> tuple[K, UUID]:
    """What a cursor says. Raises `Malformed` for one that we did not make, or made for another question."""
    try:
        said = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        end: tuple[K, UUID] = msgspec.msgpack.decode(said[_SEAL:], type=GenericAlias(tuple, (sorted_by, UUID)))
    except (ValueError, msgspec.MsgspecError):
        raise Malformed(_BROKEN) from None
    if said[:_SEAL] != _seal(said[_SEAL:], question) or text != _text(said):
        raise Malformed(_BROKEN)
    return end


_BROKEN = Fault("a cursor that an earlier page of the same list gave", parameter="cursor")


def _text(said: bytes) -> str:
    return urlsafe_b64encode(said).decode().rstrip("=")


def _seal(end: bytes, question: bytes) -> bytes:
    return blake2b(end + question, digest_size=_SEAL, person=b"linli-list").digest()
