"""One LISTEN connection per process: wakes whoever waits for the log to grow or for a projection to come along.

A notification only says "look again"; nothing rests on it being delivered. After every reconnect everyone is woken, and
sleepers look again by themselves after a while, so a lost notification costs time, never an event.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from adapters.postgres import LOST, Connection, heed_cancellation

LOG_CHANNEL = "linli_events"
PROJECTIONS_CHANNEL = "linli_projections"

_log = structlog.get_logger("ledger")


class Listener:
    """Wakes sleepers of this process; `look_again` seconds is the longest anyone sleeps through a lost notification."""

    def __init__(self, connect: Callable[[], Awaitable[Connection]], *, look_again: float = 5.0) -> None:
        self._connect = connect
        self._look_again = look_again
        self._sleepers: set[asyncio.Event] = set()
        self._positions: dict[str, int] = defaultdict(int)
        self._moved = asyncio.Event()
        self.listening = asyncio.Event()
        self._task = asyncio.create_task(self._listen(), name="ledger-listener")

    def sleeper(self) -> asyncio.Event:
        """An event that is set whenever the log has grown."""
        event = asyncio.Event()
        event.set()
        self._sleepers.add(event)
        return event

    def forget(self, sleeper: asyncio.Event) -> None:
        """Stop waking this one."""
        self._sleepers.discard(sleeper)

    async def sleep(self, sleeper: asyncio.Event) -> None:
        """Until the log has grown since the last call, or it is time to look again anyway."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._look_again):
                await sleeper.wait()
        sleeper.clear()

    def position(self, projection: str) -> int:
        """The furthest position that this projection has announced."""
        return self._positions[projection]

    def announce(self, projection: str, position: int) -> None:
        """Take note that a projection has come to a position."""
        if position > self._positions[projection]:
            self._positions[projection] = position
            moved, self._moved = self._moved, asyncio.Event()
            moved.set()

    async def moved(self, timeout: float) -> None:  # noqa: ASYNC109 - it is the longest sleep, not a deadline
        """Until any projection moves, at most `timeout` seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(min(timeout, self._look_again)):
                await self._moved.wait()

    async def close(self) -> None:
        """Stop listening."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _listen(self) -> None:
        pause = 0.05
        while True:
            try:
                await self._listen_once()
                pause = 0.05
            except LOST as error:
                heed_cancellation()
                _log.warning("ledger.listener.interrupted", error=str(error) or type(error).__name__)
            self.listening.clear()
            await asyncio.sleep(pause)
            pause = min(pause * 2, 1.0)

    async def _listen_once(self) -> None:
        connection = await self._connect()
        gone = asyncio.Event()
        try:
            connection.add_termination_listener(lambda _: gone.set())
            await connection.add_listener(LOG_CHANNEL, self._hear)
            await connection.add_listener(PROJECTIONS_CHANNEL, self._hear)
            self.listening.set()
            self._wake()
            while not gone.is_set():
                await self._alive(connection, gone)
        finally:
            connection.terminate()

    async def _alive(self, connection: Connection, gone: asyncio.Event) -> None:
        """Wait for the connection to end; ask now and then, because a half-open one never says so."""
        try:
            async with asyncio.timeout(self._look_again):
                await gone.wait()
        except TimeoutError:
            await connection.execute("SELECT 1", timeout=self._look_again)

    def _wake(self) -> None:
        for sleeper in self._sleepers:
            sleeper.set()

    def _hear(self, _connection: object, _pid: int, channel: str, payload: object) -> None:
        if channel == LOG_CHANNEL:
            self._wake()
            return
        projection, _, position = str(payload).rpartition(" ")
        self.announce(projection, int(position))
