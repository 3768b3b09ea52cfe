"""Sends POST requests over kept connections from a process of its own, so that the server has its processor for itself.

Each connection tells the life of a work order, step by step, and then the next one's. Reads an `Order` from standard
input and writes a `Sample` to standard output: `python -m benchmarks.load`.
"""

import asyncio
import sys
from collections.abc import Sequence
from itertools import cycle
from typing import Final

import msgspec
import uvloop

from benchmarks.measure import Sample, by_tasks, lasting

PATH: Final = "/work-orders"


class Step(msgspec.Struct, frozen=True):
    """A request: the name of a command on the work order at hand, or `""` for the report that makes a new one."""

    name: str
    body: bytes
    token: str = ""
    """Whose request it is."""


class Order(msgspec.Struct, frozen=True):
    """What to send where: requests for so many `seconds`, or an `amount` of them."""

    port: int
    steps: tuple[Step, ...]
    concurrency: int
    seconds: float = 0.0
    amount: int = 0


class _Connection:
    """One kept connection: a request, its answer, the next request."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, steps: Sequence[Step]) -> None:
        self._reader = reader
        self._writer = writer
        self._steps = cycle(steps)
        self._place = b""

    async def send(self) -> None:
        """Send the next request and read its answer. Raises ValueError for any but a success."""
        step = next(self._steps)
        path = self._place + b"/" + step.name.encode() if step.name else PATH.encode()
        asking = (path, _HEAD, step.token.encode(), len(step.body), step.body)
        self._writer.write(b"POST %b%b%b\r\nContent-Length: %d\r\n\r\n%b" % asking)
        head = await self._reader.readuntil(b"\r\n\r\n")
        body = await self._reader.readexactly(int(_field(head, b"content-length") or 0))
        if not head.startswith(b"HTTP/1.1 20"):
            raise ValueError(head + body)
        if not step.name:
            self._place = _field(head, b"location")

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


_HEAD = b" HTTP/1.1\r\nHost: 127.0.0.1\r\nIf-Match: *\r\nContent-Type: application/json\r\nAuthorization: Bearer "


def _field(head: bytes, name: bytes) -> bytes:
    return head.partition(b"\r\n" + name + b": ")[2].partition(b"\r\n")[0]


async def send(order: Order) -> Sample:
    """Do what was ordered."""
    opening = [asyncio.open_connection("127.0.0.1", order.port) for _ in range(order.concurrency)]
    free = [_Connection(*streams, order.steps) for streams in await asyncio.gather(*opening)]

    async def one(_number: int) -> None:
        connection = free.pop()
        await connection.send()
        free.append(connection)

    sample = await by_tasks(one, range(order.amount) if order.amount else lasting(order.seconds), order.concurrency)
    for connection in free:
        connection.close()
    return sample


async def ordered(order: Order) -> Sample:
    """Let a process of its own do it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.load", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate(msgspec.json.encode(order))
    return msgspec.json.decode(said, type=Sample)


if __name__ == "__main__":
    done = uvloop.run(send(msgspec.json.decode(sys.stdin.buffer.read(), type=Order)))
    sys.stdout.buffer.write(msgspec.json.encode(done))
