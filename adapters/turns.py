"""One at a time for each stream: within a process, commands on one stream wait for each other instead of clashing."""

import asyncio
from collections import deque
from uuid import UUID


class Turns:
    """Hands out turns in the order they were asked for. Costs a dictionary entry while a stream is busy."""

    def __init__(self) -> None:
        self._waiting: dict[UUID, deque[asyncio.Future[None]]] = {}

    async def acquire(self, stream: UUID) -> None:
        """Wait for the turn of a stream."""
        waiting = self._waiting.get(stream)
        if waiting is None:
            self._waiting[stream] = deque()
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.release(stream)  # the turn had come already: pass it on
            raise

    def release(self, stream: UUID) -> None:
        """Pass the turn on to whoever waits longest."""
        waiting = self._waiting[stream]
        while waiting:
            turn = waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        del self._waiting[stream]
