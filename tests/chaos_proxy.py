"""A TCP proxy that loses answers: what goes to the server arrives, what comes back is cut off when a test says so."""

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Self


class ChaosProxy:
    """Stands between a client and a server on loopback. Use as `async with ChaosProxy(host, port) as proxy`."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._links: set[asyncio.StreamWriter] = set()
        self._pumps: set[asyncio.Task[None]] = set()
        self.swallow = 0
        """How many more answers are swallowed: instead of the answer, the client sees its connection break."""
        self.swallow_after = b""
        """Only answers to a request that holds these bytes count."""
        self.refuse = False
        """Whether new connections are turned away."""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._link, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        self.cut()
        for pump in list(self._pumps):
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    def cut(self) -> None:
        """Break every connection."""
        for writer in list(self._links):
            writer.close()

    async def _link(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refuse:
            writer.close()
            return
        server_reader, server_writer = await asyncio.open_connection(*self._target)
        self._links |= {writer, server_writer}
        armed = asyncio.Event()
        for pump in (
            self._ask(reader, server_writer, armed),
            self._answer(server_reader, writer, server_writer, armed),
        ):
            task = asyncio.create_task(pump)
            self._pumps.add(task)
            task.add_done_callback(self._pumps.discard)

    async def _ask(self, reader: asyncio.StreamReader, server: asyncio.StreamWriter, armed: asyncio.Event) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                if self.swallow_after in data:
                    armed.set()
                server.write(data)
                await server.drain()
        server.close()

    async def _answer(
        self,
        reader: asyncio.StreamReader,
        client: asyncio.StreamWriter,
        server: asyncio.StreamWriter,
        armed: asyncio.Event,
    ) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                if self.swallow > 0 and armed.is_set():
                    self.swallow -= 1
                    break
                armed.clear()
                client.write(data)
                await client.drain()
        client.close()
        server.close()
        self._links -= {client, server}
