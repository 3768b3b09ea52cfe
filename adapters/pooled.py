"""Small tables of our own, read and written one statement at a time through the pool of a process.

A database that cannot be reached is `Unavailable`, as in the ledger, so that whoever asks is told to come back.
"""

import asyncpg

from adapters.postgres import LOST, Pool
from domain.ports import Unavailable


class Pooled:
    """One statement at a time."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def rows(self, query: str, *args: object) -> list[asyncpg.Record]:
        """Run a statement; its rows. Raises `Unavailable`."""
        try:
            return await self._pool.fetch(query, *args)
        except LOST as error:
            msg = f"no answer from the database: {error}"
            raise Unavailable(msg) from error

    async def row(self, query: str, *args: object) -> asyncpg.Record | None:
        """Run a statement; its first row. Raises `Unavailable`."""
        rows = await self.rows(query, *args)
        return rows[0] if rows else None
