"""A sign of life for processes that nobody can ask over HTTP: a file that is touched for as long as the work goes on.

Its age is what `linli health` looks at. A process that hangs, or whose work has ended, stops touching it.
"""

import asyncio
import time
from pathlib import Path

EVERY = 2.0
FRESH = 15.0  # seconds: longer than any pause of a busy process, shorter than anybody's patience


def file_of(folder: Path, role: str) -> Path:
    """Where a role leaves its sign of life."""
    return folder / f"{role}.heartbeat"


async def beat(file: Path) -> None:
    """Touch the file for ever: run it beside the work, as a task of the same group."""
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        while True:
            file.touch()  # noqa: ASYNC240 - takes no time
            await asyncio.sleep(EVERY)
    finally:
        file.unlink(missing_ok=True)  # noqa: ASYNC240


def beats(file: Path) -> bool:
    """Whether the file was touched a moment ago."""
    try:
        return time.time() - file.stat().st_mtime < FRESH
    except OSError:
        return False
