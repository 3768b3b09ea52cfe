"""Files beside the log: what was attached, sealed, in a table; the log holds their hashes and decides what is attached.

    claimed (an upload has it in hand) -> confirmed (its event is in the log)      -> forgotten with whom it is about
                                       -> given up (the command was refused)

A process that dies between the two leaves a file of which nobody knows whether its event is in the log. The log knows:
`sweep` asks it and confirms or removes.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final, TypeVar
from uuid import UUID

import structlog

from adapters.postgres import LOST, Pool
from domain import work_order
from domain.admission import vendor
from domain.admission.vendor import Vendor
from domain.ports import Door, OtherLifecycle, StoredFile, Unavailable
from domain.work_order import WorkOrder

T = TypeVar("T")

_log = structlog.get_logger("files")

DOUBTFUL: Final = timedelta(hours=1)
"""An upload that has not come to an end by then never will."""
_ATTEMPTS = 6

# Who comes second with the same content takes part in the claim; what is stored stays as it is.
_CLAIM = """
INSERT INTO linli_files AS f (stream, sha256, media_type, size, name, content, subject)
VALUES ($1, decode($2, 'hex'), $3, $4, $5, $6, $7)
ON CONFLICT (stream, sha256) DO UPDATE SET claims = f.claims + 1, stored_at = CASE
    WHEN f.confirmed THEN f.stored_at ELSE clock_timestamp() END
"""
_CONFIRM = "UPDATE linli_files SET confirmed = true WHERE stream = $1 AND sha256 = decode($2, 'hex') AND NOT confirmed"
_LET_GO = (
    "UPDATE linli_files SET claims = claims - 1 WHERE stream = $1 AND sha256 = decode($2, 'hex') AND NOT confirmed"
)
_DROP = "DELETE FROM linli_files WHERE stream = $1 AND sha256 = decode($2, 'hex') AND claims <= 0 AND NOT confirmed"
_KNOWN = """
SELECT encode(sha256, 'hex') AS sha256, media_type, size, name, subject, stored_at
FROM linli_files WHERE stream = $1 ORDER BY stored_at, sha256
"""
_CONTENT = "SELECT content FROM linli_files WHERE stream = $1 AND sha256 = decode($2, 'hex')"
_FORGET = "WITH gone AS (DELETE FROM linli_files WHERE subject = $1 RETURNING 1) SELECT count(*) FROM gone"
_DOUBTFUL = """
SELECT stream, encode(sha256, 'hex') FROM linli_files
WHERE NOT confirmed AND stored_at < clock_timestamp() - $1::interval
"""
_SWEEP = """
DELETE FROM linli_files WHERE stream = $1 AND sha256 = decode($2, 'hex')
AND NOT confirmed AND stored_at < clock_timestamp() - $3::interval
"""


class PostgresFiles:
    """Implements `domain.ports.FileStore`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def claim(self, stream: UUID, file: StoredFile, content: bytes) -> None:
        """Hold a file for an upload that is about to attach it; nothing is stored twice."""
        given = (file.sha256, file.media_type, file.size, file.name, content, file.subject)
        await _patiently(lambda: self._pool.execute(_CLAIM, stream, *given))

    async def confirm(self, stream: UUID, sha256: str) -> None:
        """The event is in the log: keep the file."""
        await _patiently(lambda: self._pool.execute(_CONFIRM, stream, sha256))

    async def give_up(self, stream: UUID, sha256: str) -> None:
        """Nothing came of the upload: drop the file, unless another upload holds it or it is attached already."""
        await _once(lambda: self._pool.execute(_LET_GO, stream, sha256))  # twice would take away the claim of another
        await _once(lambda: self._pool.execute(_DROP, stream, sha256))

    async def known(self, stream: UUID) -> list[StoredFile]:
        """The files of a stream, the first first, also those whose event is not in the log (yet)."""
        rows = await _patiently(lambda: self._pool.fetch(_KNOWN, stream))
        return [StoredFile(**dict(row)) for row in rows]

    async def content(self, stream: UUID, sha256: str) -> bytes | None:
        """The sealed content of a file."""
        content: bytes | None = await _patiently(lambda: self._pool.fetchval(_CONTENT, stream, sha256))
        return content

    async def forget(self, subject: str) -> int:
        """Remove every file that is about somebody; how many there were."""
        gone: int = await _patiently(lambda: self._pool.fetchval(_FORGET, subject))
        return gone

    # Sweeping ---------------------------------------------------------------------------------------------------------

    async def doubtful(self, older_than: timedelta = DOUBTFUL) -> list[tuple[UUID, str]]:
        """Stream and hash of files that were left over by an upload that came to no end."""
        rows = await _patiently(lambda: self._pool.fetch(_DOUBTFUL, older_than))
        return [(row[0], row[1]) for row in rows]

    async def remove_doubtful(self, stream: UUID, sha256: str, older_than: timedelta = DOUBTFUL) -> None:
        """Remove one of them, unless somebody has taken it up meanwhile."""
        await _patiently(lambda: self._pool.execute(_SWEEP, stream, sha256, older_than))


async def sweep(files: PostgresFiles, door: Door, older_than: timedelta = DOUBTFUL) -> tuple[int, int]:
    """Ask the log about files that were left over: how many were confirmed, how many removed."""
    confirmed = removed = 0
    for stream, sha256 in await files.doubtful(older_than):
        if await _in_the_log(door, stream, sha256):
            await files.confirm(stream, sha256)
            confirmed += 1
        else:
            await files.remove_doubtful(stream, sha256, older_than)
            removed += 1
    if confirmed or removed:
        _log.info("files.swept", confirmed=confirmed, removed=removed)
    return confirmed, removed


async def _in_the_log(door: Door, stream: UUID, sha256: str) -> bool:
    """Whether a hash stands in a stream: of a work order, or of a vendor's file."""
    try:
        return sha256 in _of_order((await door.load(work_order.decider, stream)).state)
    except OtherLifecycle:
        return sha256 in _of_vendor((await door.load(vendor.decider, stream)).state)


def _of_order(order: WorkOrder) -> set[str]:
    return {each.sha256 for each in order.attachments}


def _of_vendor(file: Vendor) -> set[str]:
    return {each.sha256 for each in file.certificates}


async def _once(ask: Callable[[], Awaitable[T]]) -> T:
    try:
        return await ask()
    except LOST as error:
        msg = f"no answer from the database: {error}"
        raise Unavailable(msg) from error


async def _patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask, and ask again while the database is away: all of this may happen twice without harm."""
    pause = 0.01
    for _ in range(_ATTEMPTS - 1):
        try:
            return await ask()
        except LOST:
            await asyncio.sleep(pause)
            pause *= 2
    return await _once(ask)
