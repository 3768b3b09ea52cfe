"""A layout: what the columns of another system's file mean. A few lines of TOML a city; see `layouts/boston311.toml`.

    fields of a record -> Case: moments in UTC, words of ours, the file's own verdict

Texts are templates over the columns: `"{REASON}: {TYPE}"`. Times without an offset are read on the wall clock of the
layout's zone; of a time that happened twice the first is meant.
"""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from string import Formatter
from typing import Final, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from adapters.intake import BadRow
from domain.work_order import Channel

_LONGEST_NAME: Final = 128
_LONGEST: Final[Mapping[str, int]] = {"summary": 500, "place": 128, "evidence": 5000}
"""Free text that is longer is cut; a name that is too long is a mistake."""
_CUT: Final = "…"
_NEEDED: Final = frozenset({"community", "category", "summary"})


class UnknownLayout(ValueError):
    """There is no such layout, or its file is not one."""


class LayoutMismatch(ValueError):
    """The file lacks columns that the layout names."""


class Case(NamedTuple):
    """One row, understood."""

    key: str
    opened: datetime
    target: datetime | None
    closed: datetime | None
    on_time: bool | None
    """The file's own verdict, if it has one."""
    channel: Channel
    community: str
    category: str
    summary: str
    place: str
    company: str
    team: str
    evidence: str


Reader: TypeAlias = Callable[[Sequence[str]], Case]
"""Turns the fields of a record into a case, or raises BadRow."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Columns(_Strict):
    """Which column holds what."""

    key: str
    opened: str
    target: str = ""
    closed: str = ""
    on_time: str = ""
    channel: str = ""


class Words(_Strict):
    """What the source's words mean."""

    on_time: dict[str, bool] = Field(default_factory=dict)
    channel: dict[str, Channel] = Field(default_factory=dict)


class Texts(_Strict):
    """Templates over the columns, or what to say where they come out empty."""

    community: str = ""
    category: str = ""
    summary: str = ""
    place: str = ""
    company: str = ""
    team: str = ""
    evidence: str = ""


class Layout(_Strict):
    """How to read the files of one source."""

    name: str = Field(min_length=1, max_length=64, pattern=r"^[a-z0-9_.-]+$")
    """Goes into the ids: the same case of the same layout is the same work order."""
    zone: ZoneInfo
    extracted: datetime
    """When the source wrote the file, on the wall clock of its zone. What was open then is judged then."""
    columns: Columns
    order: Texts
    otherwise: Texts = Texts()
    words: Words = Words()
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    times: str = ""
    """As in `strptime`; ISO 8601 when empty."""
    years: tuple[int, int] = (1990, 2050)
    """The first and the last year that a date can lie in."""
    priority: int = Field(default=3, ge=1, le=4)

    @field_validator("extracted")
    @classmethod
    def _local(cls, value: datetime) -> datetime:
        if value.tzinfo is not None:
            msg = "a wall-clock time of the zone, without an offset"
            raise ValueError(msg)
        return value

    @property
    def extracted_at(self) -> datetime:
        """The moment of the extraction, in UTC."""
        return self.extracted.replace(tzinfo=self.zone).astimezone(UTC)

    def reader(self, header: Sequence[str]) -> Reader:
        """What reads the records under a header. Raises LayoutMismatch."""
        return _Reader(self, header).read


def known_layouts() -> list[str]:
    """The names of the layouts that come with the product."""
    found = files("adapters").joinpath("layouts").iterdir()
    return sorted(path.name.removesuffix(".toml") for path in found if path.name.endswith(".toml"))


def layout(name: str) -> Layout:
    """A layout by its name, or by the path of a TOML file. Raises UnknownLayout."""
    try:
        if name in known_layouts():
            text = files("adapters").joinpath("layouts", f"{name}.toml").read_text(encoding="utf-8")
        else:
            text = Path(name).read_text(encoding="utf-8")
        return Layout.model_validate(tomllib.loads(text))
    except OSError as error:
        msg = f"no layout {name!r}: known are {', '.join(known_layouts())}, or give the path of a TOML file"
        raise UnknownLayout(msg) from error
    except (tomllib.TOMLDecodeError, ValidationError, UnicodeDecodeError) as error:
        msg = f"layout {name}: {error}"
        raise UnknownLayout(msg) from error


class _Reader:
    """Reads the records of one file, whose header is known."""

    def __init__(self, described: Layout, header: Sequence[str]) -> None:
        self._layout = described
        self._places = {name: place for place, name in enumerate(header)}
        columns = described.columns
        self._key = self._place(columns.key)
        self._opened = self._place(columns.opened)
        self._target = self._place(columns.target)
        self._closed = self._place(columns.closed)
        self._on_time = self._place(columns.on_time)
        self._channel = self._place(columns.channel)
        self._templates = {
            field: (self._template(getattr(described.order, field)), getattr(described.otherwise, field))
            for field in Texts.model_fields
        }

    def read(self, fields: Sequence[str]) -> Case:
        """The case that a record tells of. Raises BadRow."""
        key = fields[self._key or 0].strip()
        if not key:
            msg = "no key"
            raise BadRow(msg)
        opened = self._moment(fields, self._opened, "opened")
        closed = self._moment(fields, self._closed, "closed")
        if opened is None:
            msg = "no opening date"
            raise BadRow(msg)
        if closed is not None and closed < opened:
            msg = f"closed ({_said(fields, self._closed)}) before it was opened ({_said(fields, self._opened)})"
            raise BadRow(msg)
        return Case(
            key=_fitting("key", key),
            opened=opened,
            target=self._moment(fields, self._target, "target"),
            closed=closed,
            on_time=self._layout.words.on_time.get(_said(fields, self._on_time)),
            channel=self._layout.words.channel.get(_said(fields, self._channel), "import"),
            **{field: self._text(fields, field) for field in self._templates},
        )

    def _place(self, column: str) -> int | None:
        if not column:
            return None
        if column not in self._places:
            missing = f"layout {self._layout.name}: the file has no column {column!r}, only {', '.join(self._places)}"
            raise LayoutMismatch(missing)
        return self._places[column]

    def _template(self, text: str) -> list[tuple[str, int | None]]:
        parts = Formatter().parse(text)
        return [(literal, self._place(column or "")) for literal, column, _, _ in parts]

    def _moment(self, fields: Sequence[str], place: int | None, what: str) -> datetime | None:
        said = _said(fields, place)
        if not said:
            return None
        try:
            at = datetime.strptime(said, self._layout.times) if self._layout.times else datetime.fromisoformat(said)  # noqa: DTZ007
            first, last = self._layout.years
            if not first <= at.year <= last:
                msg = f"{what} in the year {at.year}"
                raise BadRow(msg)
            return (at.replace(tzinfo=self._layout.zone) if at.tzinfo is None else at).astimezone(UTC)
        except (ValueError, OverflowError):
            msg = f"{what} at an unreadable date: {said[:40]!r}"
            raise BadRow(msg) from None

    def _text(self, fields: Sequence[str], field: str) -> str:
        template: list[tuple[str, int | None]]
        otherwise: str
        template, otherwise = self._templates[field]
        used = [" ".join(fields[place].split()) if place is not None else "" for _, place in template]
        if not any(used):
            if not otherwise and field in _NEEDED:
                msg = f"no {field}"
                raise BadRow(msg)
            return otherwise
        text = "".join(literal + value for (literal, _), value in zip(template, used, strict=True))
        return _fitting(field, text.strip())


def _said(fields: Sequence[str], place: int | None) -> str:
    return "" if place is None else fields[place].strip()


def _fitting(field: str, text: str) -> str:
    longest = _LONGEST.get(field)
    if longest is None and len(text) > _LONGEST_NAME:
        msg = f"{field} of {len(text)} characters, at most {_LONGEST_NAME}"
        raise BadRow(msg)
    return text if longest is None or len(text) <= longest else text[: longest - 1] + _CUT
