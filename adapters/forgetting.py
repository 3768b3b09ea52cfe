"""What has to go from beside the log when somebody is erased: files, passwords, sessions.

    the log says that somebody is erased -> their rows are removed -> the place is remembered

The keys were destroyed in the transaction of the event, so from that moment on nothing sealed can be read; this clears
away what is left over. The place is remembered afterwards: a crash repeats some of it, which is harmless.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeAlias

import structlog

from adapters.bookmark import PostgresBookmark
from domain import lifecycles
from domain.ports import Ledger, Recorded, Unavailable

NAME: Final = "forgetting"
Forget: TypeAlias = Callable[[str], Awaitable[object]]
"""Removes what is held about a person in one place."""

_log = structlog.get_logger("vault")
_PAUSE: Final = 1.0  # seconds
_ERASING: Final = frozenset(tag for decider in lifecycles.ALL if decider.forgets for tag in decider.tags)


async def forget_with_the_log(ledger: Ledger, bookmark: PostgresBookmark, places: Sequence[Forget]) -> None:
    """Follow the log for ever, and clear away what is left of whoever it says is erased."""
    while True:
        try:
            async for batch in ledger.subscribe(await bookmark.read()):
                for erased in filter(None, map(_erased, batch)):
                    for forget in places:
                        await forget(erased)
                    _log.info("person.forgotten", person=erased)
                await bookmark.write(batch[-1].position)
        except Unavailable as away:
            _log.warning("forgetting.interrupted", error=repr(away))
            await asyncio.sleep(_PAUSE)


def _erased(event: Recorded) -> str:
    """The person whose data this event erases."""
    if event.tag not in _ERASING:
        return ""
    decider, said = lifecycles.by_tag(event.tag), lifecycles.decode(event.tag, event.body)
    return decider.erases(event.stream, said) if decider is not None and said is not None else ""
