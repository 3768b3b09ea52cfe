"""From an event that is committed to its clock in Temporal being signalled, at twenty commands a second.

`linli follow` and `linli work` run as processes of their own, PostgreSQL and Temporal are the embedded ones. Half of
the commands report something new (which starts a clock), half go to a work order whose clock runs. Both ends are what
the servers wrote down: the moment of the event's row, before its commit, and that of the signal in the history.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import NamedTuple
from uuid import UUID

import msgspec
import uvloop
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from adapters.door import LedgerDoor
from adapters.embedded import EmbeddedTemporal
from adapters.ids import new_id
from adapters.ledger import PostgresLedger
from adapters.temporal import connect
from benchmarks.measure import Comparison, Rounds, Sample
from benchmarks.processes import linli
from benchmarks.report import SIGNALLED, Report
from benchmarks.sample import REPORT, agree, door_to, key_file, said
from domain import work_order
from domain.work_order import Acknowledge, WorkOrderCommand
from workflows.messages import Facts, clock_id

_RATE = 20
_SECONDS = 20
_SOON = 60.0  # seconds to wait for processes to start, and for the last signals


class Fact(NamedTuple):
    """A command that was done, and the position of its last event."""

    stream: UUID
    position: int


def bench_triggers(database: str, folder: Path, report: Report) -> None:
    """One run at a steady rate."""
    temporal = EmbeddedTemporal.start(folder)
    environment = {
        "LINLI_DATABASE_URL": database,
        "LINLI_TEMPORAL_ADDRESS": temporal.address,
        "LINLI_MASTER_KEY_FILE": str(key_file()),
        "LINLI_LOG_FORMAT": "json",
    }
    try:
        with linli("follow", environment, folder), linli("work", environment, folder):
            sample = uvloop.run(_bench(database, temporal.address))
    finally:
        temporal.stop()
    shown = Comparison("Committed to signalled", "signals")
    shown.add(f"{_RATE} a second", Rounds({"ours": [sample]}))
    shown.print()
    report.measured(SIGNALLED, sample.percentile(99))


async def _bench(database: str, address: str) -> Sample:
    client = await connect(address)
    async with PostgresLedger(database) as ledger:
        door = door_to(ledger)
        await agree(door)
        warm = [await _do(door, new_id(), _report()) for _ in range(20)]
        assert await ledger.wait("triggers", warm[-1].position, timeout=_SOON), "follow did not begin"
        started = perf_counter()
        facts = await _steadily(door, [fact.stream for fact in warm])
        seconds = perf_counter() - started
        assert await ledger.wait("triggers", facts[-1].position, timeout=_SOON), "follow did not keep up"
        latencies = [await _latency(ledger, client, fact) for fact in facts]
    return Sample(len(latencies), seconds, latencies)


async def _steadily(door: LedgerDoor, known: list[UUID]) -> list[Fact]:
    """Send commands at the rate, whether or not the ones before are done."""
    loop = asyncio.get_running_loop()
    begin = loop.time()
    doing: list[asyncio.Task[Fact]] = []
    for number in range(_RATE * _SECONDS):
        await asyncio.sleep(begin + number / _RATE - loop.time())
        if number % 2:
            doing.append(asyncio.create_task(_do(door, known.pop(0), Acknowledge(at=datetime.now(UTC)))))
        else:
            known.append(stream := new_id())
            doing.append(asyncio.create_task(_do(door, stream, _report())))
    return await asyncio.gather(*doing)


def _report() -> work_order.Report:
    return msgspec.structs.replace(REPORT, at=datetime.now(UTC))


async def _do(door: LedgerDoor, stream: UUID, command: WorkOrderCommand) -> Fact:
    done = await door.execute(work_order.decider, stream, command, said(datetime.now(UTC)))
    return Fact(stream, done.position)


async def _latency(ledger: PostgresLedger, client: Client, fact: Fact) -> float:
    """Seconds from the recording of the event to the signal that tells of it, or of a later one."""
    [recorded] = [row.recorded_at for row in await ledger.read(fact.stream) if row.position == fact.position]
    history = await client.get_workflow_handle(clock_id(work_order.decider.name, fact.stream)).fetch_history()
    for event in history.events:
        if event.event_type != EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
            continue
        [payload] = event.workflow_execution_signaled_event_attributes.input.payloads
        if msgspec.json.decode(payload.data, type=Facts).position >= fact.position:
            return (event.event_time.ToDatetime(UTC) - recorded) / timedelta(seconds=1)
    msg = f"no signal tells of {fact}"
    raise AssertionError(msg)
