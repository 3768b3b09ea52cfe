"""The rows of a file on their way in, whatever they are: many at a time, each once, the bad ones told and counted.

What is imported, and by which commands, says whoever uses this: `importing` (work orders), `import_areas`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Final, NamedTuple, TypeVar

R = TypeVar("R")

AT_ONCE: Final = 256
"""Rows on their way at the same time: as many share a commit."""
KEPT: Final = 10_000
"""Rejected rows of which the details are kept; all are counted."""


class BadRow(Exception):
    """A row that cannot be imported. The message is the reason."""


class Rejected(NamedTuple):
    """A row that is not in, and why."""

    file: str
    line: int
    key: str
    reason: str


class Progress(NamedTuple):
    """How far an import is: so much done, of bytes of the file (compressed or not), or of rows."""

    done: int
    of: int
    rows: int
    rejected: int


class Tally:
    """What an import came to. `imported` is what this run brought in, `known` what was in before."""

    def __init__(self) -> None:
        self.rows = self.imported = self.known = self.rejected = 0
        self.seconds = 0.0
        self.rejects: list[Rejected] = []

    def reject(self, row: Rejected) -> None:
        """Note a row that is not in."""
        self.rejected += 1
        if len(self.rejects) < KEPT:
            self.rejects.append(row)


def silent(_progress: Progress) -> None:
    """Nobody wants to know."""


async def many_at_once(rows: Iterator[R | None], bring_in: Callable[[R], Awaitable[None]]) -> None:
    """Bring in all rows, many at a time. None stands for a row that was bad. The first error ends all of it."""

    async def work() -> None:
        for row in rows:
            if row is None:
                await asyncio.sleep(0)  # a long run of bad rows must not keep everything else waiting
            else:
                await bring_in(row)

    try:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(AT_ONCE):
                tasks.create_task(work())
    except ExceptionGroup as errors:  # the first one ended all of them
        raise errors.exceptions[0] from None
