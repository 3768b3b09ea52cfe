"""A file on its way in: what it claims to be, what it is called, its bytes, and whether it may come in.

The body of the request is the file, nothing around it. `Content-Type` says what it claims to be, `Content-Disposition`
(RFC 6266) or the query what it is called. How large it may be is in the `opt` of the route; how much of all files under
way is held in memory has a bound too (`Room`), so that many large ones are told to wait rather than taken in.
"""

import asyncio
import re
import unicodedata
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from email.message import Message
from urllib.parse import unquote

from api.asked import Asked
from api.problems import (
    Damaged,
    Dangerous,
    Fault,
    KindNotAllowed,
    Malformed,
    NotWhatItSays,
    Problem,
    TooBusy,
    TooLarge,
    TooSlow,
)
from domain.file_kinds import FILE_KINDS
from domain.ports import Looked

LONGEST_NAME = 128
_EXTENDED = re.compile(r";\s*filename\*\s*=\s*(utf-8|iso-8859-1)'[^']*'([^;\s]+)", re.IGNORECASE)
"""A name that says in which characters it is written (RFC 8187): better than one that does not."""


class Room:
    """How many bytes of files may be under way at once in this process."""

    def __init__(self, size: int) -> None:
        self._left = size

    @contextmanager
    def take(self, size: int) -> Generator[None]:
        """Room for a file. Raises `TooBusy` when there is none."""
        if size > self._left:
            raise TooBusy
        self._left -= size
        try:
            yield
        finally:
            self._left += size


def claimed_kind(request: Asked) -> str:
    """The media type that a file claims. Raises `KindNotAllowed` for one that we cannot look into."""
    media_type = (request.said(b"content-type") or "").partition(";")[0].strip().lower()
    if media_type not in FILE_KINDS:
        raise KindNotAllowed
    return media_type


def must_fit(request: Asked, largest: int) -> int:
    """How much room a file takes: as much as is announced, or else as it may. Raises `TooLarge` if that is too much."""
    if request.announced > largest:
        raise TooLarge
    return request.announced or largest


async def received(request: Asked, patience: float) -> bytes:
    """The bytes of a file. Raises `TooLarge` at the first too many, `TooSlow`, `Malformed` when the caller has gone."""
    try:
        async with asyncio.timeout(patience):
            return await request.whole()
    except TimeoutError:
        raise TooSlow from None


_VERDICTS: Mapping[str, type[Problem]] = {
    "something_else": NotWhatItSays, "damaged": Damaged, "dangerous": Dangerous,
}  # fmt: skip


def must_be_fine(looked: Looked) -> None:
    """Raises `NotWhatItSays`, `Damaged` or `Dangerous` for a file that is not taken."""
    problem = _VERDICTS.get(looked.verdict)
    if problem is not None:
        raise problem(because=looked.because)


def name_of(request: Asked, asked: str | None) -> str | None:
    """What a file is called, without folders; None when nobody says. Raises `Malformed` for what is no name."""
    said = asked if asked is not None else _disposition(request.said(b"content-disposition"))
    if said is None:
        return None
    name = unicodedata.normalize("NFC", re.split(r"[/\\]", said)[-1].strip())
    if not name.strip(".") or len(name) > LONGEST_NAME or any(unicodedata.category(each)[0] == "C" for each in name):
        raise Malformed(Fault(f"a name of 1 to {LONGEST_NAME} characters that can be seen", parameter="name"))
    return name


def _disposition(header: str | None) -> str | None:
    """The name in a Content-Disposition. Many programs write UTF-8 where Latin-1 is meant."""
    if header is None:
        return None
    if extended := _EXTENDED.search(header):
        return unquote(extended[2], encoding=extended[1], errors="replace")
    message = Message()
    message["Content-Disposition"] = header
    name = message.get_filename()
    try:
        return None if name is None else name.encode("latin-1").decode()
    except UnicodeError:
        return name
