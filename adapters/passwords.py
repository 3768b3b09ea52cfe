"""Passwords, as argon2id hashes: deliberately slow, and never on the event loop.

One hash takes 19 MiB and some 25 ms of a processor (the parameters are those of OWASP's Password Storage Cheat Sheet).
Hashes are made in a few threads of their own, which do not hold Python's lock meanwhile; when too many wait, the next
one is told to come back. A name that nobody has is checked against a dummy hash, so that it takes as long as a wrong
password.
"""

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Final, TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from adapters.pooled import Pooled
from adapters.postgres import Pool
from domain.ports import Busy

T = TypeVar("T")

ROUNDS: Final = 2
MEMORY: Final = 19_456  # KiB
LANES: Final = 1
_THREADS: Final = 2
_MOST_WAITING: Final = 64


class ArgonPasswords:
    """Implements `domain.access.credentials.Passwords`. Close it to end its threads."""

    def __init__(self, pool: Pool, *, threads: int = _THREADS, most_waiting: int = _MOST_WAITING) -> None:
        self._table = Pooled(pool)
        self._hasher = PasswordHasher(time_cost=ROUNDS, memory_cost=MEMORY, parallelism=LANES, type=Type.ID)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="argon2")
        self._most_waiting = most_waiting
        self._waiting = 0
        self._dummy = self._hasher.hash(secrets.token_urlsafe())

    async def keep(self, person: str, password: str, at: datetime) -> int:
        """Store the hash of a new password: its number. It does not count until the account says so."""
        made = await self._aside(lambda: self._hasher.hash(password))
        row = await self._table.row(
            "INSERT INTO linli_passwords (person, number, hash, set_at)"
            " SELECT $1, 1 + coalesce(max(number), 0), $2, $3 FROM linli_passwords WHERE person = $1"
            " ON CONFLICT DO NOTHING RETURNING number",
            person,
            made,
            at,
        )
        if row is None:
            raise Busy  # somebody else has set one at the same moment
        number: int = row[0]
        return number

    async def matches(self, person: str, number: int, password: str) -> bool:
        """Whether this is it. Takes as long when there is no such password. Raises `Busy` when too many wait."""
        row = await self._table.row(
            "SELECT hash FROM linli_passwords WHERE person = $1 AND number = $2", person, number
        )
        stored: str = self._dummy if row is None else row[0]
        right = await self._aside(lambda: self._verify(stored, password)) and row is not None
        if right and self._hasher.check_needs_rehash(stored):
            made = await self._aside(lambda: self._hasher.hash(password))
            await self._table.rows(
                "UPDATE linli_passwords SET hash = $3 WHERE person = $1 AND number = $2 AND hash = $4",
                person,
                number,
                made,
                stored,
            )
        return right

    async def forget(self, person: str, *, before: int | None = None, number: int | None = None) -> None:
        """Remove the hashes before a number, the one with a number, or all."""
        await self._table.rows(
            "DELETE FROM linli_passwords WHERE person = $1"
            " AND ($2::int IS NULL OR number < $2) AND ($3::int IS NULL OR number = $3)",
            person,
            before,
            number,
        )

    def close(self) -> None:
        """End the threads once they have finished what they are at."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _aside(self, work: Callable[[], T]) -> T:
        """Run in one of the threads. Raises `Busy` when too many wait."""
        if self._waiting >= self._most_waiting:
            raise Busy
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1
