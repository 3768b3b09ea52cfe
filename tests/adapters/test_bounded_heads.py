"""A request with an endless address or endless headers is refused, and nothing of it is kept."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from uvicorn.config import Config
from uvicorn.server import ServerState

from adapters.bounded_heads import LARGEST_HEAD, BoundedHeads

LINE = b"X-Padding: " + b"x" * 1000 + b"\r\n"


async def app(_scope: Any, receive: Any, send: Any) -> None:
    """Answers with the length of the body."""
    length = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return
        length += len(message["body"])
        if not message["more_body"]:
            break
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"%d bytes" % length})


@pytest.fixture
async def port() -> AsyncIterator[int]:
    config = Config(app, http=BoundedHeads, ws="none", lifespan="off", log_config=None, port=0)
    config.load()
    server = ServerState()
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(
        lambda: BoundedHeads(config=config, server_state=server, app_state={}), host="127.0.0.1", port=0
    )
    yield listening.sockets[0].getsockname()[1]
    listening.close()
    for connection in list(server.connections):
        connection.transport.abort()
    await listening.wait_closed()


async def asked(port: int, *pieces: bytes) -> bytes:
    """What the server says until it closes the connection; `reset` where it would not listen to the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)  # the server has its turn: it comes as a piece of its own
        async with asyncio.timeout(20):
            return await reader.read()
    except ConnectionError:
        return b"reset"
    finally:
        writer.close()


def head(lines: int, method: bytes = b"GET", more: bytes = b"") -> bytes:
    return method + b" / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + more + LINE * lines + b"\r\n"


async def test_an_ordinary_request_is_answered(port: int) -> None:
    assert (await asked(port, head(20))).startswith(b"HTTP/1.1 200 ")
    assert (await asked(port, head(20)[:300], head(20)[300:])).startswith(b"HTTP/1.1 200 ")


async def test_large_headers_are_refused_however_they_come(port: int) -> None:
    assert (await asked(port, head(40))).startswith(b"HTTP/1.1 431 ")
    large = head(40)
    pieces = [large[at : at + 900] for at in range(0, len(large), 900)]
    assert (await asked(port, *pieces)).startswith((b"HTTP/1.1 431 ", b"reset"))


async def test_a_long_address_is_refused(port: int) -> None:
    assert (await asked(port, b"GET /" + b"a" * LARGEST_HEAD + b" HTTP/1.1\r\nHost: x\r\n\r\n")).startswith(
        b"HTTP/1.1 431 "
    )


async def test_a_header_without_end_is_refused_before_it_ends(port: int) -> None:
    answer = await asked(port, b"GET / HTTP/1.1\r\nX-Endless: ", *[b"x" * 8000] * 5)
    assert answer.startswith((b"HTTP/1.1 431 ", b"reset"))


async def test_headers_after_the_body_are_bounded_too(port: int) -> None:
    begin = head(1, b"POST", b"Transfer-Encoding: chunked\r\n") + b"5\r\nhello\r\n0\r\n"
    answer = await asked(port, begin, *[LINE * 8] * 6)
    assert b"HTTP/1.1 431 " in answer or answer == b"reset"


async def test_a_body_is_not_counted(port: int) -> None:
    body = b"x" * 500_000
    begin = head(1, b"POST", b"Content-Length: 500000\r\n")
    assert b"500000 bytes" in await asked(port, begin, body)
    assert b"500000 bytes" in await asked(port, begin + body)


async def test_every_request_of_a_connection_is_counted_for_itself(port: int) -> None:
    one = head(20).replace(b"Connection: close\r\n", b"")
    answer = await asked(port, one, one, one, head(20))
    assert answer.count(b"HTTP/1.1 200 ") == 4
