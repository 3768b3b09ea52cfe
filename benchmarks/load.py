"""Sends POST requests over kept connections from a process of its own, so that the server has its processor for itself.

Reads an `Order` from standard input and writes a `Sample` to standard output: `python -m benchmarks.load`.
"""

import asyncio
import sys

import msgspec
import uvloop

from benchmarks.measure import Sample, by_tasks, lasting


class Order(msgspec.Struct, frozen=True):
    """What to send where: requests one after the other for `seconds`, or `amount` of them."""

    port: int
    path: str
    body: bytes
    concurrency: int
    seconds: float = 0.0
    amount: int = 0


class _Connection:
    """One kept connection: a request, its answer, the next request."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    async def send(self, request: bytes) -> None:
        """Send a request and read its answer. Raises ValueError for any but a success."""
        self.writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        body = await self._reader.readexactly(int(length or 0))
        if not head.startswith(b"HTTP/1.1 20"):
            raise ValueError(head + body)


async def send(order: Order) -> Sample:
    """Do what was ordered."""
    request = _request(order)
    free = [_Connection(*await asyncio.open_connection("127.0.0.1", order.port)) for _ in range(order.concurrency)]

    async def one(_number: int) -> None:
        connection = free.pop()
        await connection.send(request)
        free.append(connection)

    sample = await by_tasks(one, range(order.amount) if order.amount else lasting(order.seconds), order.concurrency)
    for connection in free:
        connection.writer.close()
    return sample


def _request(order: Order) -> bytes:
    head = (
        f"POST {order.path} HTTP/1.1\r\nHost: 127.0.0.1:{order.port}\r\nX-Actor: staff-1\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(order.body)}\r\n\r\n"
    )
    return head.encode() + order.body


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
