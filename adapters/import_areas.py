"""Import the area tree from files with a code and a name in each row, through the same door as everybody else.

    files -> rows, checked -> level by level, provinces first -> one command each

All files are read before the first area goes in, so their order does not matter: an area is asked for when the one
above it is there. The rows of a whole country are some hundred thousand, which memory holds.
"""

import asyncio
import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import Final, NamedTuple

import msgspec

from adapters.intake import BadRow, Progress, Rejected, Tally, many_at_once, silent
from adapters.records import Broken, DelimitedFile, Record
from domain.decider import Refused, derived_id
from domain.parties import area
from domain.ports import CommandIdReused, Context, Door

ACTOR: Final = "import"
_LONGEST_NAME: Final = 128
_TOLD_EVERY: Final = 500


class ColumnMissing(ValueError):
    """The file has no column `code`, or none `name`."""


class Summary(msgspec.Struct, frozen=True):
    """An import in numbers. `imported` counts what this run brought in, `known` what was in before."""

    rows: int
    imported: int
    known: int
    rejected: int
    seconds: float


class _Row(NamedTuple):
    file: str
    line: int
    code: str
    name: str

    def rejected(self, reason: str) -> Rejected:
        return Rejected(self.file, self.line, self.code, reason)


async def import_areas(
    door: Door, paths: Sequence[Path], at: datetime, progress: Callable[[Progress], None] = silent
) -> Tally:
    """Import files (`.csv`, `.csv.gz`), as of a moment. Raises NoHeader, ColumnMissing, OSError, Unavailable."""
    started = perf_counter()
    tally = Tally()
    rows = await asyncio.to_thread(_read, paths, tally)
    importing = _Import(door, tally, at)
    for length in area.LENGTHS:
        level = [row for row in rows if len(row.code) == length]
        await many_at_once(_told(level, tally, progress), importing.bring_in)
    progress(Progress(tally.rows, tally.rows, tally.rows, tally.rejected))
    tally.rejects.sort()
    tally.seconds = perf_counter() - started
    return tally


def summary(tally: Tally) -> Summary:
    """The numbers, for programs."""
    return Summary(tally.rows, tally.imported, tally.known, tally.rejected, round(tally.seconds, 3))


class _Import:
    """One import on its way."""

    def __init__(self, door: Door, tally: Tally, at: datetime) -> None:
        self._door = door
        self._tally = tally
        self._at = at
        self._open: set[str] = set()

    async def bring_in(self, row: _Row) -> None:
        """Register an area."""
        try:
            await self._must_have_its_place(row.code)
            await self._register(row)
        except BadRow as bad:
            self._tally.reject(row.rejected(str(bad)))
        except CommandIdReused:
            self._tally.reject(row.rejected("it was imported before, under another name"))
        except Refused as no:
            self._tally.reject(row.rejected(f"{no.code}: {no.sentence()}"))

    async def _register(self, row: _Row) -> None:
        source = f"area/{row.code}"
        context = Context(
            actor=ACTOR,
            occurred_at=self._at,
            correlation_id=f"import/{source}",
            command_id=derived_id("import", source),
            fingerprint=hashlib.sha256(row.name.encode()).digest(),
        )
        command = area.Register(at=self._at, code=row.code, name=row.name)
        done = await self._door.execute(area.decider, area.stream(row.code), command, context)
        known = done.duplicate or not done.events
        self._tally.known += known
        self._tally.imported += not known
        if not known:
            self._open.add(row.code)

    async def _must_have_its_place(self, code: str) -> None:
        """Look before asking: a refusal under a command id stays the answer, also once the area above is there."""
        above = area.parent_of(code)
        if area.level_of(above) in {None, "province"} or above in self._open:
            return
        if not (await self._door.load(area.decider, area.stream(above))).state.open:
            msg = f"the area above, {above}, is not registered, or closed"
            raise BadRow(msg)
        self._open.add(above)


def _told(rows: Sequence[_Row], tally: Tally, progress: Callable[[Progress], None]) -> Iterator[_Row]:
    """The rows, and now and then a word on how far they are."""
    for number, row in enumerate(rows):
        if number % _TOLD_EVERY == 0:
            done = tally.imported + tally.known + tally.rejected
            progress(Progress(done, tally.rows, tally.rows, tally.rejected))
        yield row


def _read(paths: Sequence[Path], tally: Tally) -> list[_Row]:
    """The rows that can be imported, each code once; the others are noted."""
    first: dict[str, _Row] = {}
    for path in paths:
        with DelimitedFile(path) as file:
            places = _place(path, file.header, "code"), _place(path, file.header, "name")
            for record in file:
                tally.rows += 1
                row = _row(path, record, *places)
                try:
                    _must_be_an_area(record, row, first.get(row.code))
                except BadRow as bad:
                    tally.reject(row.rejected(str(bad)))
                else:
                    first[row.code] = row
    return list(first.values())


def _place(path: Path, header: Sequence[str], column: str) -> int:
    if column not in header:
        msg = f"{path.name} has no column {column!r}, only {', '.join(header)}"
        raise ColumnMissing(msg)
    return header.index(column)


def _row(path: Path, record: Record | Broken, code: int, name: int) -> _Row:
    if isinstance(record, Broken):
        return _Row(path.name, record.line, "", "")
    return _Row(path.name, record.line, record.fields[code].strip(), " ".join(record.fields[name].split()))


def _must_be_an_area(record: Record | Broken, row: _Row, earlier: _Row | None) -> None:
    """Raises BadRow."""
    if isinstance(record, Broken):
        raise BadRow(record.reason)
    if area.level_of(row.code) is None:
        raise BadRow(area.AreaCodeInvalid.sentence())
    if not 0 < len(row.name) <= _LONGEST_NAME:
        msg = f"name of {len(row.name)} characters, 1 to {_LONGEST_NAME}"
        raise BadRow(msg)
    if earlier is not None:
        msg = f"code {row.code} was on line {earlier.line} of {earlier.file} already"
        raise BadRow(msg)
