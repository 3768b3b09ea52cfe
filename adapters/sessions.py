"""Sessions of browsers: a random secret in a cookie, its SHA-256 in a table, and when it was last seen.

A session ends by itself after half an hour of silence and after twelve hours of whatever. The secret changes whenever
rights may have changed, under the same id. Whether a session goes on at all, the account says
(`domain.access.account`): rows here may be lost or left over without harm.
"""

import base64
import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta
from typing import Final

from adapters.pooled import Pooled
from adapters.postgres import Pool
from domain.access.credentials import Session
from domain.ports import BadCredentials

IDLE: Final = timedelta(minutes=30)
LASTS: Final = timedelta(hours=12)
_NOTED_EVERY: Final = timedelta(seconds=30)
"""How often it is written down that a session was seen."""
_COLUMNS: Final = "session, person, seen_at, expires_at, stale"


class PostgresSessions:
    """Implements `domain.access.credentials.Sessions`."""

    def __init__(self, pool: Pool) -> None:
        self._table = Pooled(pool)

    async def begin(self, person: str, session: str, at: datetime) -> Session:
        """A session from now on, under a secret that nobody had before."""
        secret = secrets.token_urlsafe(32)
        expires_at = (at + LASTS).astimezone(UTC)
        await self._table.rows(
            "INSERT INTO linli_sessions (digest, session, person, created_at, seen_at, expires_at)"
            " VALUES ($1, $2, $3, $4, $4, $5)",
            _digest(secret),
            session,
            person,
            at,
            expires_at,
        )
        return Session(session, person, secret, csrf_token(secret), expires_at)

    async def find(self, secret: str, at: datetime) -> Session:
        """The session of a secret, seen at that moment. Raises `BadCredentials` (unknown, expired)."""
        row = await self._table.row(f"SELECT {_COLUMNS} FROM linli_sessions WHERE digest = $1", _digest(secret))  # noqa: S608
        if row is None:
            raise BadCredentials(reason="unknown")
        if at >= row["expires_at"] or at - row["seen_at"] >= IDLE:
            await self.end(row["session"])
            raise BadCredentials(reason="expired")
        if at - row["seen_at"] >= _NOTED_EVERY:
            await self._table.rows("UPDATE linli_sessions SET seen_at = $2 WHERE digest = $1", _digest(secret), at)
        return Session(row["session"], row["person"], secret, csrf_token(secret), row["expires_at"], stale=row["stale"])

    async def rotate(self, secret: str, at: datetime) -> Session:
        """Give it another secret; the old one is worthless from then on. Raises as `find` does."""
        found = await self.find(secret, at)
        fresh = secrets.token_urlsafe(32)
        row = await self._table.row(
            "UPDATE linli_sessions SET digest = $2, rotated_at = $3, stale = false WHERE digest = $1 RETURNING 1",
            _digest(secret),
            _digest(fresh),
            at,
        )
        if row is None:
            raise BadCredentials(reason="unknown")  # somebody else has rotated it at the same moment
        return Session(found.id, found.person, fresh, csrf_token(fresh), found.expires_at)

    async def make_stale(self, person: str) -> None:
        """What this person may do has changed: the secrets of all sessions are to be rotated at the next look."""
        await self._table.rows("UPDATE linli_sessions SET stale = true WHERE person = $1", person)

    async def end(self, session: str) -> None:
        """Remove one."""
        await self._table.rows("DELETE FROM linli_sessions WHERE session = $1", session)

    async def end_all(self, person: str, *, but: str = "") -> None:
        """Remove all of a person, but perhaps the one in which that was asked for."""
        await self._table.rows("DELETE FROM linli_sessions WHERE person = $1 AND session <> $2", person, but)

    async def prune(self, at: datetime) -> int:
        """Remove what has expired: how many there were."""
        return len(
            await self._table.rows(
                "DELETE FROM linli_sessions WHERE expires_at <= $1 OR seen_at <= $2 RETURNING 1", at, at - IDLE
            )
        )


def csrf_token(secret: str) -> str:
    """What the owner of a session shows with every change. It follows from the secret, and the secret not from it."""
    return base64.urlsafe_b64encode(hmac.digest(secret.encode(), b"csrf", "sha256")).rstrip(b"=").decode()


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
