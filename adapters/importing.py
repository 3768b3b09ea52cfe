"""Import the work orders of another system from a file, through the same door as everybody else.

    record -> case -> commands -> one append -> read back -> judged as of the extraction, compared with the file's flag

Ids are derived from layout and case, so a second run changes nothing and an interrupted one goes on. Whatever is wrong
with a row is told with its line number, and all other rows are in.
"""

import hashlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import NamedTuple, Self

import msgspec

from adapters.import_layout import Case, Layout, Reader
from adapters.intake import AT_ONCE, KEPT, BadRow, Progress, Rejected, Tally, many_at_once, silent
from adapters.records import Broken, DelimitedFile, Record
from domain import work_order
from domain.decider import Refused, derived_id
from domain.ports import CommandIdReused, Context, Door, Ledger
from domain.promise import Moment
from domain.terms import Terms
from domain.work_order import WorkOrder, WorkOrderCommand

_events = msgspec.json.Decoder(list[work_order.WorkOrderEvent])


class Difference(NamedTuple):
    """A row that the file's own flag judges otherwise than we do."""

    line: int
    key: str
    ours: bool
    theirs: bool


class Summary(msgspec.Struct, frozen=True):
    """An import in numbers. `imported` counts what this run brought in, not what an earlier run had.

    Every row in the log that carries a flag is `on_time` or `overdue` by our own records, one without is `unflagged`.
    """

    rows: int
    imported: int
    rejected: int
    on_time: int
    overdue: int
    unflagged: int
    differences: int
    seconds: float


class Report(Tally):
    """What an import found, and how it judges."""

    def __init__(self) -> None:
        super().__init__()
        self.on_time = self.overdue = self.unflagged = self.differences = 0
        self.differing: list[Difference] = []

    def summary(self) -> Summary:
        """The numbers, for programs."""
        return Summary(
            rows=self.rows,
            imported=self.imported,
            rejected=self.rejected,
            on_time=self.on_time,
            overdue=self.overdue,
            unflagged=self.unflagged,
            differences=self.differences,
            seconds=round(self.seconds, 3),
        )

    def judge(self, row: "_Row", *, on_time: bool) -> None:
        """Note our verdict on a row beside the file's."""
        if row.case.on_time is None:
            self.unflagged += 1
            return
        self.on_time += on_time
        self.overdue += not on_time
        if on_time != row.case.on_time:
            self.differences += 1
            if len(self.differing) < KEPT:
                self.differing.append(Difference(row.line, row.case.key, on_time, row.case.on_time))


class _Row(NamedTuple):
    line: int
    case: Case
    fingerprint: bytes


async def import_work_orders(
    door: Door, ledger: Ledger, path: Path, layout: Layout, progress: Callable[[Progress], None] = silent
) -> Report:
    """Import a file (`.csv`, `.csv.gz`). Raises NoHeader, LayoutMismatch, OSError, Unavailable."""
    started = perf_counter()
    importing = _Import(door, ledger, layout, path.name)
    with DelimitedFile(path, delimiter=layout.delimiter) as file, _Keys() as keys:
        rows = importing.rows(file, layout.reader(file.header), keys, progress)
        await many_at_once(rows, importing.bring_in)
    importing.report.rejects.sort()
    importing.report.differing.sort()
    importing.report.seconds = perf_counter() - started
    return importing.report


class _Import:
    """One import on its way."""

    def __init__(self, door: Door, ledger: Ledger, layout: Layout, file: str) -> None:
        self._door = door
        self._ledger = ledger
        self._layout = layout
        self._file = file
        self.report = Report()

    def rows(
        self, file: DelimitedFile, read: Reader, keys: "_Keys", progress: Callable[[Progress], None]
    ) -> Iterator[_Row | None]:
        """The rows that can be imported; the others are noted in the report, and None stands for them."""
        for record in file:
            self.report.rows += 1
            try:
                yield self._row(record, read, keys)
            except BadRow as bad:
                self._reject(record.line, self._key(record, file.header), str(bad))
                yield None
            if self.report.rows % AT_ONCE == 0:
                progress(Progress(file.read, file.size, self.report.rows, self.report.rejected))
        progress(Progress(file.size, file.size, self.report.rows, self.report.rejected))

    def _row(self, record: Record | Broken, read: Reader, keys: "_Keys") -> _Row:
        if isinstance(record, Broken):
            raise BadRow(record.reason)
        case = read(record.fields)
        first = keys.claim(case.key, record.line)
        if first is not None:
            msg = f"key {case.key} was on line {first} already"
            raise BadRow(msg)
        return _Row(record.line, case, hashlib.sha256("\x1f".join(record.fields).encode()).digest())

    def _key(self, record: Record | Broken, header: Sequence[str]) -> str:
        if isinstance(record, Broken):
            return ""
        return record.fields[header.index(self._layout.columns.key)].strip()

    def _reject(self, line: int, key: str, reason: str) -> None:
        self.report.reject(Rejected(self._file, line, key, reason))

    async def bring_in(self, row: _Row) -> None:
        """Import a row, read it back, and judge it."""
        case, source = row.case, f"{self._layout.name}/{row.case.key}"
        stream = derived_id(work_order.decider.name, source)
        context = Context(
            actor=f"import:{self._layout.name}",
            occurred_at=case.closed or case.opened,
            correlation_id=f"import/{source}",
            command_id=derived_id("import", source),
            fingerprint=row.fingerprint,
        )
        try:
            done = await self._door.execute(work_order.decider, stream, _commands(case, self._layout), context)
        except CommandIdReused:
            self._reject(row.line, case.key, "it was imported before, with another content")
            return
        except Refused as no:
            self._reject(row.line, case.key, f"{no.code}: {no.sentence()}")
            return
        self.report.known += done.duplicate
        self.report.imported += not done.duplicate
        bodies = [recorded.body for recorded in await self._ledger.read(stream)]
        order = work_order.decider.fold(_events.decode(b"[" + b",".join(bodies) + b"]"))
        self.report.judge(row, on_time=was_on_time(order, self._layout.extracted_at))


def was_on_time(order: WorkOrder, at: datetime) -> bool:
    """Whether the resolution target was met, as our records say; work that is not resolved is judged at a moment."""
    if order.resolved_at is not None:
        return not order.resolution_breached
    return order.resolution_due is None or at <= order.resolution_due


def _commands(case: Case, layout: Layout) -> list[WorkOrderCommand]:
    """What somebody at a desk would have sent."""
    target = None if case.target is None else Moment(case.target)
    commands: list[WorkOrderCommand] = [
        work_order.Report(
            at=case.opened,
            community=case.community,
            category=case.category,
            summary=case.summary,
            channel=case.channel,
            reporter=f"import:{layout.name}",
            place=case.place,
            external_key=case.key,
        ),
        work_order.Triage(at=case.opened, priority=layout.priority, terms=Terms(resolution=target)),
    ]
    if case.company:
        commands.append(work_order.Assign(at=case.opened, company=case.company, team=case.team))
    if case.closed is not None:
        note = work_order.Evidence(kind="note", text=case.evidence or "closed at the source")
        commands.append(work_order.Resolve(at=case.closed, evidence=(note,)))
        commands.append(work_order.Close(at=case.closed, note="closed at the source"))
    return commands


class _Keys:
    """The keys that a file has had so far, in a temporary file of SQLite's, so memory stays small."""

    def __enter__(self) -> Self:
        self._connection = sqlite3.connect("", isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = OFF")
        self._connection.execute("CREATE TABLE keys (key TEXT PRIMARY KEY, line INT NOT NULL) WITHOUT ROWID")
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def claim(self, key: str, line: int) -> int | None:
        """Take a key for a line; the line that had it before, if one had."""
        try:
            self._connection.execute("INSERT INTO keys VALUES (?, ?)", (key, line))
        except sqlite3.IntegrityError:
            row = self._connection.execute("SELECT line FROM keys WHERE key = ?", (key,)).fetchone()
            return int(row[0])
        return None
