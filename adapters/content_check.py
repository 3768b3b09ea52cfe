"""Looks into files in a process of its own, which may be killed, run out of memory or crash; the API does not notice.

One process looks into one file after the other, so that a good file costs no start of an interpreter. At the first
sign of trouble (too slow, dead) it is replaced, and the file it choked on is dangerous. It runs `worker`:

    ->  length of the media type (2 bytes), of the content (4 bytes), both       <-  a `Looked` as JSON, one line
"""

import asyncio
import contextlib
import struct
import sys
from types import TracebackType
from typing import BinaryIO, Final, Self

import msgspec
import structlog

from domain.ports import Busy, Looked

_log = structlog.get_logger("files")

PATIENCE: Final = 20.0
"""Seconds that a look may take."""
MOST_WAITING: Final = 16
"""Files that may wait for their look before more are answered with Busy."""
_LOOKS = 200
"""After so many a process is replaced, whatever it has hoarded."""
_MEMORY = 1 << 30
_HEADER = struct.Struct(">HI")
_decode = msgspec.json.Decoder(Looked).decode


class ContentChecker:
    """Implements `domain.ports.ContentCheck`. Use as `async with ContentChecker() as checker`.

    The process is started when there is something to look into.
    """

    def __init__(self, *, patience: float = PATIENCE) -> None:
        self.patience = patience
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._process: asyncio.subprocess.Process | None = None
        self._looks = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()

    @property
    def pid(self) -> int | None:
        """The id of the process, None while there is none."""
        return None if self._process is None else self._process.pid

    async def look(self, media_type: str, content: bytes) -> Looked:
        """Whether the content is whole, harmless, and what it claims to be. Raises Busy."""
        if self._waiting >= MOST_WAITING:
            raise Busy
        self._waiting += 1
        try:
            async with self._turn:
                return await self._look(media_type, content)
        finally:
            self._waiting -= 1

    async def _look(self, media_type: str, content: bytes) -> Looked:
        """Ask; and once more where the process died, which may have been none of the file's doing."""
        because = "crash"
        for _ in range(2):
            try:
                async with asyncio.timeout(self.patience):
                    return await self._ask(media_type, content)
            except TimeoutError:
                await self._stop()
                because = "too_slow"
                break
            except (EOFError, OSError):
                await self._stop()
            except BaseException:
                await self._stop()  # whoever asked has gone: half of the file is in the pipe
                raise
        _log.warning("files.look_failed", because=because, media_type=media_type, size=len(content))
        return Looked("dangerous", because)

    async def _ask(self, media_type: str, content: bytes) -> Looked:
        process = await self._running()
        if process.stdin is None or process.stdout is None:
            raise EOFError
        name = media_type.encode()
        process.stdin.write(_HEADER.pack(len(name), len(content)) + name)
        process.stdin.write(content)
        await process.stdin.drain()
        line = await process.stdout.readline()
        if not line:
            raise EOFError
        self._looks += 1
        return _decode(line)

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is not None and (self._process.returncode is not None or self._looks >= _LOOKS):
            await self._stop()
        if self._process is None:
            self._looks = 0
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                __name__,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
        return self._process

    async def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        if process.stdin is not None:
            process.stdin.close()


def worker(asked: BinaryIO, answers: BinaryIO) -> None:
    """The other end: look into one file after the other until there is nobody left who asks."""
    from adapters.file_inspection import look  # noqa: PLC0415 - only this end pays for the decoders

    while len(header := asked.read(_HEADER.size)) == _HEADER.size:
        name, size = _HEADER.unpack(header)
        media_type, content = asked.read(name).decode(), asked.read(size)
        if len(content) == size:
            answers.write(msgspec.json.encode(look(media_type, content)) + b"\n")
            answers.flush()


def _confine() -> None:
    """What this process may use: so much memory, no file to write, no dump of what was in it."""
    import resource  # noqa: PLC0415 - this end only

    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    _confine()
    worker(sys.stdin.buffer, sys.stdout.buffer)
