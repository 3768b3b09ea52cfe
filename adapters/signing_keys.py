"""The keys that access tokens are signed with (Ed25519): one signs, the ones before still verify until they retire.

    begins -> signs -> (another begins) -> verifies only -> retires, and its private part is destroyed

All processes share them through a table, with the private part sealed. Each process looks at the table again every
minute, and at once when it meets a key that it does not know, though not more often than twice a second: whoever makes
up key ids cannot make us ask the database for every one.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from time import monotonic
from typing import Final

import msgspec
from joserfc.jwk import OKPKey
from msgspec import Struct

from adapters.ids import new_id
from adapters.pooled import Pooled
from adapters.postgres import LOST, Pool
from domain.access.credentials import Sealer
from domain.ports import Unavailable

ALGORITHM: Final = "Ed25519"
"""RFC 9864; the older name `EdDSA` says neither curve nor hash and is deprecated there."""
TOKEN_LASTS: Final = timedelta(minutes=10)
LOOKS_AGAIN_AFTER: Final = timedelta(minutes=1)
OVERLAP: Final = TOKEN_LASTS + 2 * LOOKS_AGAIN_AFTER
"""How long a key verifies after another has begun: others may sign with it until they look again."""
SIGNS_FOR: Final = timedelta(days=30)
"""After which a key is rotated by whoever signs next."""
_UNKNOWN_EVERY: Final = 0.5  # seconds
_LOCK: Final = 7809645203
_PURPOSE: Final = "signing key "


class SigningKey(Struct, frozen=True):
    """A key as a process holds it; the private part only where it may still be needed."""

    kid: str
    not_before: datetime
    retire_at: datetime | None
    public: OKPKey
    private: OKPKey | None

    def verifies(self, at: datetime) -> bool:
        """Whether what it has signed still counts."""
        return self.retire_at is None or at < self.retire_at


class SigningKeys:
    """What this process knows of the keys. `now` is the time, `clock` seconds that only go forward."""

    def __init__(
        self, pool: Pool, sealer: Sealer, now: Callable[[], datetime], *, clock: Callable[[], float] = monotonic
    ) -> None:
        self._pool = pool
        self._table = Pooled(pool)
        self._sealer = sealer
        self._now = now
        self._clock = clock
        self._keys: dict[str, SigningKey] = {}
        self._looked = -1e9
        self._looking = asyncio.Lock()

    async def signing(self) -> SigningKey:
        """The key that signs now. Makes one where there is none, or where it has signed for too long."""
        await self._look(LOOKS_AGAIN_AFTER.total_seconds())
        found = self._newest()
        if found is None or self._now() - found.not_before >= SIGNS_FOR:
            await self.rotate(unless_younger_than=SIGNS_FOR)
            found = self._newest()
        if found is None:
            msg = "no signing key can be read"
            raise RuntimeError(msg)
        return found

    async def verifying(self, kid: str) -> OKPKey | None:
        """The public key of this id, if what it has signed still counts."""
        await self._look(LOOKS_AGAIN_AFTER.total_seconds() if kid in self._keys else _UNKNOWN_EVERY)
        found = self._keys.get(kid)
        return found.public if found is not None and found.verifies(self._now()) else None

    async def published(self) -> list[Mapping[str, object]]:
        """The public keys that count, as JSON Web Keys."""
        await self._look(LOOKS_AGAIN_AFTER.total_seconds())
        now = self._now()
        return [_jwk(key) for key in self._keys.values() if key.verifies(now)]

    async def rotate(self, *, unless_younger_than: timedelta = timedelta(0), at_once: bool = False) -> str:
        """Begin another key, and destroy the private part of those that have retired: the id of the key that signs.

        `at_once`: all others retire now, for when one has become known. Tokens that they have signed are refused as
        soon as each process has looked again.
        """
        now = self._now()
        retire_at = now if at_once else now + OVERLAP
        made = OKPKey.generate_key(ALGORITHM, {"kid": new_id().hex}, auto_kid=False)
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
                young = await connection.fetchval(
                    "SELECT kid FROM linli_signing_keys WHERE retire_at IS NULL AND not_before > $1"
                    " ORDER BY not_before DESC, kid DESC LIMIT 1",
                    now - unless_younger_than,
                )
                if young is None or not unless_younger_than:
                    await connection.execute(
                        "UPDATE linli_signing_keys SET retire_at = $1 WHERE retire_at IS NULL OR retire_at > $1",
                        retire_at,
                    )
                    await connection.execute(_INSERT, *self._row(made, now))
                await connection.execute(_DESTROY, now)
        except LOST as error:
            msg = f"no answer from the database: {error}"
            raise Unavailable(msg) from error
        await self._look(0)
        found = self._newest()
        return "" if found is None else found.kid

    def _row(self, made: OKPKey, now: datetime) -> tuple[object, ...]:
        kid = made.kid or ""
        sealed = self._sealer.seal(_PURPOSE + kid, msgspec.json.encode(made.as_dict(private=True)))
        return kid, ALGORITHM, sealed, msgspec.json.encode(made.as_dict(private=False)).decode(), now

    def _newest(self) -> SigningKey | None:
        now = self._now()
        usable = [key for key in self._keys.values() if key.private is not None and key.retire_at is None]
        begun = [key for key in usable if key.not_before <= now] or usable
        return max(begun, key=lambda key: (key.not_before, key.kid), default=None)

    async def _look(self, at_most_every: float) -> None:
        """Read the table, unless that was done a moment ago."""
        if self._clock() - self._looked < at_most_every:
            return
        async with self._looking:
            if self._clock() - self._looked < at_most_every:
                return
            rows = await self._table.rows(
                "SELECT kid, sealed, public, not_before, retire_at FROM linli_signing_keys"
                " WHERE retire_at IS NULL OR retire_at > $1",
                self._now(),
            )
            self._keys = {row["kid"]: self._read(*row) for row in rows}
            self._looked = self._clock()

    def _read(
        self, kid: str, sealed: bytes | None, public: str, not_before: datetime, retire_at: datetime | None
    ) -> SigningKey:
        known = self._keys.get(kid)
        if known is not None and known.retire_at == retire_at:
            return known
        private = None
        if sealed is not None and retire_at is None:
            private = _key(self._sealer.unseal(_PURPOSE + kid, sealed))
        return SigningKey(kid, not_before, retire_at, _key(public.encode()), private)


_INSERT: Final = (
    "INSERT INTO linli_signing_keys (kid, algorithm, sealed, public, not_before) VALUES ($1, $2, $3, $4, $5)"
)
_DESTROY: Final = (
    "UPDATE linli_signing_keys SET sealed = NULL, destroyed_at = $1 WHERE retire_at <= $1 AND sealed IS NOT NULL"
)


def _key(encoded: bytes) -> OKPKey:
    return OKPKey.import_key(msgspec.json.decode(encoded, type=dict[str, str | list[str]]))


def _jwk(key: SigningKey) -> Mapping[str, object]:
    return {**key.public.as_dict(private=False), "kid": key.kid, "use": "sig", "alg": ALGORITHM}
