"""Computing deadlines anew when a work calendar has a new version (its holidays were announced, or changed).

The command to each work order carries an id that follows from the calendar's version, so repeating a page changes
nothing. A work order that is reported from now on is decided with the new version: the guard on the calendar's stream
sees to that. So the board is waited for first, and then nobody can slip through between the two.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID, uuid5

import msgspec
from temporalio import activity

from domain import work_calendar, work_order
from domain.decider import Refused
from domain.ports import Context, Door, Ledger, Recorded
from workflows.messages import Revision
from workflows.triggers import Process

NAME = "CalendarRevision"
BY = "work_calendar"
"""The actor on the commands that a revision sends."""

_COMMANDS = UUID("6c696e6c-6900-5000-8000-63616c656e64")
_PAGE = 200
_BOARD = "work_order_board"


class _At(msgspec.Struct):
    at: datetime


_decode_at = msgspec.json.Decoder(_At).decode


def revision_of(event: Recorded) -> Revision:
    """The revision that an event of a calendar starts."""
    return Revision(calendar=event.stream, version=event.version, position=event.position, at=_decode_at(event.body).at)


def revision_id(event: Recorded) -> str:
    """The workflow id: one revision for each version of a calendar."""
    return f"calendar_revision/{event.stream}/{event.version}"


Unfinished: TypeAlias = Callable[[UUID | None, int], Awaitable[Sequence[UUID]]]
"""The next so many unfinished work orders after an id, in the order of their ids."""


@dataclass(frozen=True)
class Revisions:
    """The activity of a revision, on one door, one log and the board."""

    door: Door
    ledger: Ledger
    unfinished: Unfinished

    @activity.defn(name="revise_page")
    async def revise_page(self, revision: Revision) -> Revision | None:
        """Revise the next page of work orders. Says where to go on, None when all are done."""
        if not await self.ledger.wait(_BOARD, revision.position, timeout=20):
            msg = f"the board has not come to position {revision.position} yet"
            raise RuntimeError(msg)
        page = await self.unfinished(revision.after, _PAGE)
        for stream in page:
            await self._revise(revision, stream)
            activity.heartbeat()
        return msgspec.structs.replace(revision, after=page[-1]) if len(page) == _PAGE else None

    async def _revise(self, revision: Revision, stream: UUID) -> None:
        order = (await self.door.load(work_order.decider, stream)).state
        if work_calendar.stream(order.clock.terms.calendar) != revision.calendar:
            return
        at = max(revision.at, order.last_at or revision.at)  # what it changes is known from now on
        context = Context(
            actor=BY,
            occurred_at=at,
            command_id=uuid5(_COMMANDS, f"{revision.calendar}/{revision.version}/{stream}"),
            fingerprint=b"revise",
            caused_by=revision.position,
        )
        try:
            await self.door.execute(work_order.decider, stream, work_order.ReviseCalendar(at=at), context)
        except Refused as no:
            activity.logger.warning("calendar_revision.refused", extra={"code": no.code, "stream": str(stream)})


PROCESS = Process(frozenset(work_calendar.decider.tags), NAME, revision_of, revision_id)
"""What starts a revision."""
