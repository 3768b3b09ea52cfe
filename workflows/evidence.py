"""Work orders tell how vendors work: what happens to one is noted as evidence about the company that has it to do.

    breached            -> sla_breached      breach_withdrawn -> that breach counts no more
    resolved in time    -> sla_kept          resolved         -> work_done
    reopened            -> repeat_fault

The log is read forward, and the place remembered after the notes. The ids of a piece of evidence and of its command
follow from the event, so a crash repeats some and counts none twice. Companies that are not registered are not rated.
"""

import asyncio
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

import msgspec
import structlog

from domain import work_order
from domain.decider import Refused
from domain.evaluation import standing
from domain.evaluation.evidence import EvidenceKind
from domain.ports import Context, Door, Ledger, LedgerError, OtherLifecycle, Recorded
from domain.work_order import WorkOrder, WorkOrderEvent
from workflows.triggers import Bookmark

NAME: Final = "evidence"
ACTOR: Final = "evaluation"
TAGS: Final = frozenset(
    {"work_order.breached", "work_order.breach_withdrawn", "work_order.resolved", "work_order.reopened"}
)
_NOTES: Final = UUID("6c696e6c-6900-5000-8000-65766964656e")
_PAUSE: Final = 1.0  # seconds
_CATEGORY: Final = re.compile("[a-z][a-z0-9_]{1,31}")
_AREA: Final = re.compile("[0-9]{1,15}")
_log = structlog.stdlib.get_logger()


async def note_with_the_log(ledger: Ledger, door: Door, bookmark: Bookmark) -> None:
    """Follow the log for ever, and note what work orders tell about vendors."""
    while True:
        try:
            async for batch in ledger.subscribe(await bookmark.read()):
                for event in batch:
                    if event.tag in TAGS:
                        await note(ledger, door, event)
                await bookmark.write(batch[-1].position)
        except LedgerError as away:
            _log.warning("evidence.interrupted", error=repr(away))
            await asyncio.sleep(_PAUSE)


async def note(ledger: Ledger, door: Door, event: Recorded) -> None:
    """Note what an event of a work order tells. Again changes nothing."""
    rows = await ledger.read(event.stream, version=event.version)
    events = [msgspec.json.decode(row.body, type=work_order.decider.tags[row.tag]) for row in rows]
    for told in evidence(event.stream, events, event.position):
        context = Context(
            actor=ACTOR,
            occurred_at=told.at,
            command_id=uuid5(_NOTES, f"{told.id}/{told.withdrawn}/{event.version}"),
            caused_by=event.position,
        )
        try:
            await door.execute(standing.decider, standing.stream(told.vendor), told, context)
        except (Refused, OtherLifecycle) as no:
            _log.info("evidence.refused", id=told.id, because=type(no).__name__)


def evidence(stream: UUID, events: Sequence[WorkOrderEvent], position: int) -> Iterator[standing.Note]:
    """What the last one of the events of a work order tells about a vendor."""
    *before, last = events
    order = work_order.decider.fold(before)
    told = _Teller(stream, order, len(events), position)
    match last:
        case work_order.Breached() if last.of != "assignment":
            yield from told.note("sla_breached", last.at)
        case work_order.BreachWithdrawn():
            yield from _withdrawn(stream, events, last, position)
        case work_order.Resolved():
            yield from told.note("work_done", last.at)
            if order.resolution_due is not None and not order.resolution_breached:
                yield from told.note("sla_kept", last.at)
        case work_order.Reopened():
            yield from told.note("repeat_fault", last.at)
        case _:
            return


class _Teller:
    """Knows the case that evidence comes from."""

    def __init__(self, stream: UUID, order: WorkOrder, version: int, position: int) -> None:
        self._stream, self._order, self._version, self._position = stream, order, version, position

    def note(self, kind: EvidenceKind, at: datetime, *, noted_at: datetime | None = None) -> Iterator[standing.Note]:
        """Evidence about the company, if that is an organisation; with `noted_at` it is withdrawn then."""
        vendor = _organisation(self._order.company)
        if vendor:
            yield standing.Note(
                at=max(at, noted_at or at),
                vendor=vendor,
                id=f"work_order/{self._stream}/{self._version}/{kind}",
                kind=kind,
                happened_at=at,
                subject=f"work_order/{self._stream}",
                category=_if(_CATEGORY, self._order.category),
                area=_if(_AREA, self._order.community),
                source=self._position,
                withdrawn=noted_at is not None,
            )


def _withdrawn(
    stream: UUID, events: Sequence[WorkOrderEvent], last: work_order.BreachWithdrawn, position: int
) -> Iterator[standing.Note]:
    """The breach that did not happen, and whom it was held against."""
    for number in range(len(events) - 2, -1, -1):
        event = events[number]
        if isinstance(event, work_order.Breached) and event.of == last.of:
            order = work_order.decider.fold(events[:number])
            yield from _Teller(stream, order, number + 1, position).note("sla_breached", event.at, noted_at=last.at)
            return


def _organisation(company: str) -> str:
    try:
        return str(UUID(company))
    except ValueError:
        return ""


def _if(pattern: re.Pattern[str], said: str) -> str:
    return said if pattern.fullmatch(said) else ""
