"""Import a list of debarment from a file, through the same door as everybody else.

    file -> rows, checked -> list each -> delist what an earlier file had and this one has not

UTF-8 or GB18030, with the columns name and listed_on, and, where there are any, credit_code, reason, until and case_no,
in English or as authorities call them. A row that is broken, or a person's, is rejected with its line and reason; all
others are in. Nothing of a person is told or kept. A second run changes nothing. Entries are taken off the list only by
a whole file: not where it holds lines that nobody can read, nor where nothing in it could be imported.
"""

import asyncio
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from time import perf_counter
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from adapters.intake import BadRow, Progress, Rejected, Tally, many_at_once, silent
from adapters.records import Broken, DelimitedFile, Record, encoding_of
from domain.decider import Refused
from domain.parties import credit_code
from domain.ports import Context, Door, Ledger
from domain.restraint import debarment
from domain.restraint.debarment import Debarment, DebarmentEvent, Delist, List

ACTOR: Final = "import"
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "name": ("name", "名称", "单位名称", "企业名称", "被执行人", "被执行人名称", "供应商名称", "纳税人名称"),
    "credit_code": ("credit_code", "统一社会信用代码", "信用代码", "组织机构代码"),
    "reason": ("reason", "原因", "列入原因", "失信行为", "违法事实"),
    "listed_on": ("listed_on", "列入日期", "发布日期", "公布日期", "公示日期"),
    "until": ("until", "截止日期", "有效期至", "移出日期"),
    "case_no": ("case_no", "案号", "文号", "处罚文书号"),
}
"""What each column may be called."""
_NEEDED: Final = ("name", "listed_on")
_LONGEST: Final = {"name": 128, "reason": 1000, "credit_code": 64, "case_no": 100}
_LIST: Final = re.compile("[a-z][a-z0-9_]{1,31}")
_DAY: Final = re.compile(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?(?:[ T]0?0:00(?::00)?)?")


class ColumnMissing(ValueError):
    """The file has no column for the name, or none for the day of listing."""


class NotAList(ValueError):
    """This cannot be the key of a list, or the name of who publishes it."""


class OlderFile(ValueError):
    """A newer file of this list was imported before."""


class Summary(msgspec.Struct, frozen=True):
    """An import in numbers. `imported` counts what is new or changed, `known` what was in before, unchanged."""

    rows: int
    imported: int
    known: int
    rejected: int
    delisted: int
    seconds: float


class Report(Tally):
    """What an import came to."""

    def __init__(self) -> None:
        super().__init__()
        self.delisted = 0
        self.nobody_delisted_because = ""
        """Why no entry was taken off the list, where that is not because they are all still there."""

    def summary(self) -> Summary:
        """The numbers, for programs."""
        return Summary(self.rows, self.imported, self.known, self.rejected, self.delisted, round(self.seconds, 3))


class Source(NamedTuple):
    """Where a file comes from. `whole`: it holds all of the list, so what is not in it is on the list no longer."""

    list_key: str
    name: str
    retrieved_at: datetime
    whole: bool = True


class _Row(NamedTuple):
    line: int
    key: str
    name: str
    credit_code: str
    reason: str
    listed_on: date
    until: date | None


async def import_debarments(  # noqa: PLR0913 - what an import stands between
    door: Door,
    ledger: Ledger,
    path: Path,
    source: Source,
    at: datetime,
    *,
    progress: Callable[[Progress], None] = silent,
) -> Report:
    """Import a file (`.csv`, `.csv.gz`), as of a moment.

    Raises NotAList, NoHeader, ColumnMissing, OlderFile, OSError, Unavailable.
    """
    if not _LIST.fullmatch(source.list_key) or not 0 < len(source.name.strip()) <= _LONGEST["name"]:
        msg = f"{source.list_key!r} of {source.name!r}: a key is a small letter and more of them, digits and _"
        raise NotAList(msg)
    started = perf_counter()
    importing = _Import(door, path.name, source, at)
    importing.sha256 = await asyncio.to_thread(_sha256, path)
    known = await entries_of(ledger, source.list_key)
    newest = max((each.retrieved_at for each in known.values() if each.retrieved_at), default=None)
    if newest is not None and source.retrieved_at < newest:
        msg = f"a file of {newest.isoformat()} was imported before, this one is of {source.retrieved_at.isoformat()}"
        raise OlderFile(msg)
    rows = await asyncio.to_thread(importing.read, path)
    report = importing.report
    progress(Progress(0, len(rows), report.rows, report.rejected))
    await many_at_once(iter(rows), importing.bring_in)
    await importing.delist(known)
    progress(Progress(len(rows), len(rows), report.rows, report.rejected))
    report.rejects.sort()
    report.seconds = perf_counter() - started
    return report


async def entries_of(ledger: Ledger, list_key: str = "") -> dict[UUID, Debarment]:
    """The entries of a list (of all lists), from the log itself: an import needs no read model to be up to date."""
    decoders = {tag: msgspec.json.Decoder(event) for tag, event in debarment.decider.tags.items()}
    found: dict[UUID, Debarment] = {}
    after = 0
    while page := await ledger.page(after, tags=tuple(decoders)):
        after = page[-1].position
        for row in page:
            event: DebarmentEvent = decoders[row.tag].decode(row.body)
            found[row.stream] = debarment.evolve(found.get(row.stream, Debarment()), event)
    return {stream: each for stream, each in found.items() if list_key in {"", each.list_key}}


class _Import:
    """One import on its way."""

    sha256: str

    def __init__(self, door: Door, file: str, source: Source, at: datetime) -> None:
        self._door = door
        self._file = file
        self._source = source
        self._at = at
        self.report = Report()
        self._there: set[UUID] = set()
        self._perhaps: set[str] = set()
        """Codes and names of rows that were rejected: they are on the list all the same."""
        self._unreadable = False

    def read(self, path: Path) -> list[_Row]:
        """The rows that can be imported; the others are noted."""
        rows: dict[str, _Row] = {}
        with DelimitedFile(path, encoding=encoding_of(path)) as file:
            places = _places(path, file.header)
            for record in file:
                self.report.rows += 1
                try:
                    row = self._row(record, places, rows)
                except BadRow as bad:
                    self._reject(record, places, str(bad))
                else:
                    rows[row.key] = row
        return list(rows.values())

    def _row(self, record: Record | Broken, places: Mapping[str, int], rows: Mapping[str, _Row]) -> _Row:
        if isinstance(record, Broken):
            self._unreadable = True
            raise BadRow(record.reason)
        said = {column: " ".join(record.fields[place].split()) for column, place in places.items()}
        code, case = said.get("credit_code", ""), said.get("case_no", "")
        try:
            is_code = bool(code and credit_code.valid(code))
        except Refused:
            is_code = False
        texts = [text for column, text in said.items() if column != "credit_code" or not is_code]
        try:
            debarment.must_be_an_organisation(*texts, name=said["name"], credit_code=code)
            code = credit_code.valid(code) if code else ""
        except Refused as no:
            msg = f"{no.code}: {no.sentence()}"
            raise BadRow(msg) from None
        if not said["name"]:
            msg = "no name"
            raise BadRow(msg)
        for column, longest in _LONGEST.items():
            if len(said.get(column, "")) > longest:
                msg = f"{column} of {len(said[column])} characters, at most {longest}"
                raise BadRow(msg)
        row = _Row(
            record.line,
            f"{code or said['name']}/{_day(said['listed_on'], 'listed_on')}{f'/{case}' if case else ''}"[:160],
            said["name"],
            code,
            said.get("reason", ""),
            _day(said["listed_on"], "listed_on"),
            _day(said["until"], "until") if said.get("until") else None,
        )
        return _apart(row, rows)

    def _reject(self, record: Record | Broken, places: Mapping[str, int], reason: str) -> None:
        """Note a row that is not in, by its line alone: who knows whose name stands there."""
        self.report.reject(Rejected(self._file, record.line, "", reason))
        if isinstance(record, Record):
            self._perhaps |= {
                credit_code.normalised(record.fields[places[column]])
                for column in ("name", "credit_code")
                if column in places
            }

    async def bring_in(self, row: _Row) -> None:
        """List an entry."""
        stream = debarment.stream(self._source.list_key, row.key)
        self._there.add(stream)
        command = List(
            at=self._at,
            list_key=self._source.list_key,
            entry_key=row.key,
            name=row.name,
            listed_on=row.listed_on,
            source=self._source.name,
            credit_code=row.credit_code,
            reason=row.reason,
            until=row.until,
            sha256=self.sha256,
            retrieved_at=self._source.retrieved_at,
        )
        try:
            done = await self._door.execute(debarment.decider, stream, command, self._context(stream))
        except Refused as no:
            self.report.reject(Rejected(self._file, row.line, "", f"{no.code}: {no.sentence()}"))
        else:
            self.report.known += not done.events
            self.report.imported += bool(done.events)

    async def delist(self, known: Mapping[UUID, Debarment]) -> None:
        """Take off the list what an earlier file had and this one has not. What was entered by hand stays."""
        gone = [
            stream
            for stream, entry in known.items()
            if entry.listed and entry.sha256 and stream not in self._there and not self._is_perhaps_there(entry)
        ]
        if gone and (why := self._why_not()):
            self.report.nobody_delisted_because = why
            return
        for stream in gone:
            command = Delist(
                at=self._at, reason="gone_from_list", sha256=self.sha256, retrieved_at=self._source.retrieved_at
            )
            done = await self._door.execute(debarment.decider, stream, command, self._context(stream))
            self.report.delisted += bool(done.events)

    def _why_not(self) -> str:
        if not self._source.whole:
            return "the file is a part of the list only"
        if self._unreadable:
            return "the file holds lines that cannot be read"
        if not self.report.imported + self.report.known:
            return "nothing in the file could be imported"
        return ""

    def _is_perhaps_there(self, entry: Debarment) -> bool:
        said = {credit_code.normalised(entry.name), entry.credit_code} - {""}
        return bool(said & self._perhaps)

    def _context(self, stream: UUID) -> Context:
        return Context(actor=ACTOR, occurred_at=self._at, correlation_id=f"import/debarment/{stream}")


def _apart(row: _Row, rows: Mapping[str, _Row]) -> _Row:
    """A second case of an organisation on the same day gets a key of its own. Raises BadRow for the same again."""
    same = rows.get(row.key)
    if same is None:
        return row
    if same.reason != row.reason:
        mark = hashlib.sha256(row.reason.encode()).hexdigest()[:8]
        row = row._replace(key=f"{row.key[:151]}/{mark}")
        same = rows.get(row.key)
    if same is not None:
        msg = f"it was on line {same.line} already"
        raise BadRow(msg)
    return row


def _places(path: Path, header: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for column, names in COLUMNS.items():
        for name in names:
            if name in header:
                found[column] = header.index(name)
                break
    for column in _NEEDED:
        if column not in found:
            msg = f"{path.name} has no column {column!r}, only {', '.join(header)}"
            raise ColumnMissing(msg)
    return found


def _day(said: str, column: str) -> date:
    found = _DAY.fullmatch(said)
    try:
        return date(*(int(part) for part in found.groups())) if found else date.fromisoformat(said)
    except ValueError:
        msg = f"{column} is no day, such as 2026-03-02" if said else f"no {column}"
        raise BadRow(msg) from None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
