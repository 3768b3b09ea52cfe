"""Parties and places in tests of their read models: commands through the door, and waiting for what came of them."""

from typing import Any
from uuid import UUID

from adapters.ids import new_id
from adapters.ledger import PostgresLedger
from domain.decider import Command
from domain.lifecycles import AnyDecider
from domain.parties import area
from domain.ports import Context, Door
from projections.projection import Projection
from tests.domain.small_town import on


class TownHall:
    """Enters things, and knows how far the log has come by that."""

    def __init__(self, door: Door, ledger: PostgresLedger) -> None:
        self._door, self._ledger = door, ledger
        self.pool = ledger.pool
        self.position = 0

    async def do(self, decider: AnyDecider, *commands: Command, stream: UUID | None = None) -> UUID:
        """Ask for these commands."""
        stream = stream or new_id()
        done = await self._door.execute(decider, stream, commands, Context(actor="clerk", occurred_at=on(2)))
        self.position = max(self.position, done.position)
        return stream

    async def areas(self, **names: str) -> None:
        """Register areas: `c33="浙江省"`."""
        for key, name in names.items():
            code = key.removeprefix("c")
            command = area.Register(at=on(2), code=code, name=name)
            await self.do(area.decider, command, stream=area.stream(code))

    async def shown(self, projection: Projection[Any, Any]) -> None:
        """Wait until a read model shows all of it."""
        assert await self._ledger.wait(projection.name, self.position, timeout=20)
