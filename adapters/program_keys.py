"""Keys of programs: shown once, stored as SHA-256 (they hold 256 random bits: there is nothing to guess slowly).

    lk_<program, 32 hex digits>_<id of the key, 32 hex digits>_<secret, 43 characters>

What a key is called can be read from it, so a leaked one can be revoked by whoever finds it. A hash that was read is
remembered for some seconds, since it never changes; whether the key still counts, the program says, anew every time.
"""

import hashlib
import hmac
import re
import secrets
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic
from typing import Final
from uuid import UUID

from adapters.pooled import Pooled
from adapters.postgres import Pool
from domain.ports import BadCredentials

PREFIX: Final = "lk_"
REMEMBERED_FOR: Final = timedelta(seconds=5)
_SHAPE: Final = re.compile(r"lk_([0-9a-f]{32})_([0-9a-f]{32})_([A-Za-z0-9_-]{43})")
_MOST_REMEMBERED: Final = 10_000


class PostgresProgramKeys:
    """Implements `domain.access.credentials.ProgramKeys`."""

    def __init__(self, pool: Pool, *, clock: Callable[[], float] = monotonic) -> None:
        self._table = Pooled(pool)
        self._clock = clock
        self._digests: OrderedDict[tuple[str, str], tuple[float, bytes]] = OrderedDict()

    async def make(self, program: UUID, key: UUID, at: datetime) -> str:
        """A secret for a key: the text that is shown once."""
        text = f"{PREFIX}{program.hex}_{key.hex}_{secrets.token_urlsafe(32)}"
        await self._table.rows(
            "INSERT INTO linli_key_secrets (program, key, digest, made_at) VALUES ($1, $2, $3, $4)",
            program,
            key,
            _digest(text),
            at,
        )
        return text

    async def read(self, text: str) -> tuple[UUID, str]:
        """Program and id of a key that somebody shows. Raises `BadCredentials` (unknown)."""
        found = _SHAPE.fullmatch(text)
        if found is None:
            raise BadCredentials(reason="unknown")
        stored = await self._stored(found[1], found[2])
        if stored is None or not hmac.compare_digest(stored, _digest(text)):
            raise BadCredentials(reason="unknown")
        return UUID(found[1]), str(UUID(found[2]))

    async def _stored(self, program: str, key: str) -> bytes | None:
        now = self._clock()
        remembered = self._digests.get((program, key))
        if remembered is not None and now - remembered[0] < REMEMBERED_FOR.total_seconds():
            return remembered[1]
        row = await self._table.row(
            "SELECT digest FROM linli_key_secrets WHERE program = $1 AND key = $2", UUID(program), UUID(key)
        )
        if row is None:
            return None
        digest: bytes = row[0]
        self._digests[program, key] = now, digest
        self._digests.move_to_end((program, key))
        if len(self._digests) > _MOST_REMEMBERED:
            self._digests.popitem(last=False)
        return digest


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
