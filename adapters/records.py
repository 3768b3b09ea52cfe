"""The records of a delimited text file, one at a time, each with the number of the line it starts on.

A record may go over several lines inside quotes. A quote that is opened and never closed spoils its own line only: the
lines after it are read as what they are. So a broken record costs itself and nothing else, and memory stays small
however large the file is.
"""

import csv
import gzip
import zlib
from collections import deque
from collections.abc import Iterator
from io import BufferedIOBase
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

_LONGEST_LINE = 1_000_000
_MOST_LINES = 200
_OPEN = "unexpected end of data"  # what the parser says at the end of a line that is inside of quotes


class Record(NamedTuple):
    """The fields of one record, as many as the header has."""

    line: int
    fields: list[str]


class Broken(NamedTuple):
    """A line that is no record, and why."""

    line: int
    reason: str


class NoHeader(ValueError):
    """The file has no first line that names its columns."""


class _Line(NamedTuple):
    number: int
    text: str
    fault: str = ""


class DelimitedFile:
    """Iterate over it within a `with` block. Reads `.gz` files too. Entering raises NoHeader and OSError.

    `encoding` is one in which a line ends where it does in ASCII: UTF-8, GB18030.
    """

    header: list[str]
    size: int

    def __init__(self, path: Path, *, delimiter: str = ",", encoding: str = "utf-8") -> None:
        self._path = path
        self._encoding = encoding
        self._delimiter = delimiter
        self._number = 0
        self._ahead: deque[_Line] = deque()
        self._broken_off = False

    def __enter__(self) -> Self:
        self.size = self._path.stat().st_size
        self._raw = self._path.open("rb")
        self._file: BufferedIOBase = gzip.GzipFile(fileobj=self._raw) if self._path.suffix == ".gz" else self._raw
        try:
            self.header = self._names(self._next())
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        self._file.close()
        self._raw.close()

    @property
    def read(self) -> int:
        """How many bytes of `size` are read."""
        return self._raw.tell()

    def __iter__(self) -> Iterator[Record | Broken]:
        while (line := self._next()) is not None:
            if line.fault:
                yield Broken(line.number, line.fault)
            elif line.text.strip():
                yield self._record(line)

    def _names(self, first: _Line | None) -> list[str]:
        if first is None or first.fault:
            raise NoHeader(first.fault if first else "the file is empty")
        try:
            return [name.strip() for name in self._split(first.text.removeprefix("\ufeff"))]
        except csv.Error as error:
            raise NoHeader(str(error)) from error

    def _record(self, line: _Line) -> Record | Broken:
        try:
            return self._whole(line.number, self._split(line.text))
        except csv.Error as error:
            if str(error) == _OPEN:
                return self._longer(line)
            return Broken(line.number, f"broken quoting: {error}")

    def _longer(self, first: _Line) -> Record | Broken:
        """A record that goes on over the next lines; if it makes no sense with them, they are read on their own."""
        taken: list[_Line] = []
        while len(taken) < _MOST_LINES and (line := self._next()) is not None:
            taken.append(line)
            if line.fault:
                break
            if '"' not in line.text:
                continue
            try:
                found = self._whole(first.number, self._split("".join([first.text, *(each.text for each in taken)])))
            except csv.Error as error:
                if str(error) == _OPEN:
                    continue
                break
            if isinstance(found, Record):
                return found
            break
        self._ahead.extendleft(reversed(taken))
        return Broken(first.number, "broken quoting: a quote is opened and never closed")

    def _whole(self, number: int, fields: list[str]) -> Record | Broken:
        if len(fields) != len(self.header):
            return Broken(number, f"{len(fields)} fields instead of {len(self.header)}")
        return Record(number, fields)

    def _split(self, text: str) -> list[str]:
        """The fields of a text that holds one record. Raises csv.Error."""
        for fields in csv.reader((text,), delimiter=self._delimiter, strict=True):
            return fields
        return []

    def _next(self) -> _Line | None:
        """The next line, with its fault if it has one; None after the last."""
        if self._ahead:
            return self._ahead.popleft()
        if self._broken_off:
            return None
        self._number += 1
        try:
            line = self._file.readline(_LONGEST_LINE)
            if len(line) == _LONGEST_LINE and not line.endswith(b"\n"):
                self._skip_line()
                return _Line(self._number, "", f"longer than {_LONGEST_LINE} bytes")
        except (EOFError, OSError, zlib.error) as error:
            self._broken_off = True
            return _Line(self._number, "", f"the file breaks off here: {error}")
        return _decoded(self._number, line, self._encoding) if line else None

    def _skip_line(self) -> None:
        while (rest := self._file.readline(_LONGEST_LINE)) and not rest.endswith(b"\n"):
            pass


def encoding_of(path: Path) -> str:
    """UTF-8, or GB18030, which much of China still writes: most lines that are not plain ASCII say. Raises OSError.

    What is UTF-8 by chance is rare; what is GB18030 by chance is not, so only the former is asked.
    """
    votes = 0
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        try:
            while line := file.readline(_LONGEST_LINE):
                if not line.isascii():
                    votes += -1 if _decoded(0, line, "utf-8").fault else 1
        except (EOFError, zlib.error):
            pass  # a file that breaks off is told about when it is read
    return "gb18030" if votes < 0 else "utf-8"


def _decoded(number: int, line: bytes, encoding: str) -> _Line:
    if b"\0" in line:
        return _Line(number, "", "holds a zero byte")
    try:
        return _Line(number, line.decode(encoding))
    except UnicodeDecodeError as error:
        return _Line(number, "", f"not {encoding.upper()}: {error.reason} at byte {error.start + 1}")
