"""Remembers how far in the log a reader has come: a row of `linli_projections`, beside those of the read models."""

from adapters.postgres import LOST, Pool
from domain.ports import Unavailable


class PostgresBookmark:
    """The place of one reader, under its name."""

    def __init__(self, pool: Pool, name: str) -> None:
        self._pool = pool
        self._name = name

    async def read(self) -> int:
        """The position, 0 at first. Raises Unavailable, as `write` does."""
        try:
            found: int | None = await self._pool.fetchval(
                "SELECT position FROM linli_projections WHERE name = $1", self._name
            )
        except LOST as error:
            raise Unavailable(repr(error)) from error
        return found or 0

    async def write(self, position: int) -> None:
        """Remember a position, and tell whoever waits for us to come there."""
        try:
            await self._pool.execute("SELECT linli_projected($1, $2)", self._name, position)
        except LOST as error:
            raise Unavailable(repr(error)) from error
