"""Rows with what is sealed in them opened: for columns that people search, such as the words of a report.

States, and the rows that hold them, stay sealed. Only a column that a projection declares `opened` holds what sealed
texts say, in its table only, and only for as long as their keys live: what cannot be read is left out, and when a key
is destroyed the row is written anew.
"""

from collections.abc import Mapping, Sequence
from re import Match
from typing import Final
from uuid import UUID

import structlog

from domain.ports import Forged, Opened, Vault
from domain.privacy.personal import PREFIX, TOKENS
from projections.projection import OpenedColumn, Row, storable

_log = structlog.get_logger("projections")

Place = tuple[UUID, str]
"""A stream and a sealed text that was found in its row."""

_ID: Final = 0


class VaultMissing(Exception):
    """A row holds sealed texts that are to be opened, and whoever writes it was given no vault."""


async def opened_rows(rows: Sequence[Row], columns: Sequence[OpenedColumn], vault: Vault | None) -> Sequence[Row]:
    """The rows as they are to be written. Raises VaultMissing."""
    if not columns:
        return rows
    sealed = {place for row in rows for column in columns for place in _sealed(row, column)}
    texts = await _texts(sealed, vault) if sealed else {}
    return [_opened(row, columns, texts) for row in rows]


def _sealed(row: Row, column: OpenedColumn) -> list[Place]:
    stream, text = row[_ID], row[column.place]
    if not isinstance(stream, UUID) or not isinstance(text, str) or PREFIX not in text:
        return []
    return [(stream, found[0]) for found in TOKENS.finditer(text)]


async def _texts(sealed: set[Place], vault: Vault | None) -> dict[Place, str]:
    if vault is None:
        raise VaultMissing
    opened: Mapping[Place, Opened] = {}
    while sealed:
        try:
            opened = await vault.open(sealed)
            break
        except Forged as forged:  # nobody's input may stop the rows of everybody else
            bad: set[Place] = set(forged.args) & sealed
            if not bad:
                raise
            _log.warning("projection.forged", streams=sorted({str(stream) for stream, _ in bad}))
            sealed = sealed - bad
    return {place: found.text for place, found in opened.items() if found.readable}


def _opened(row: Row, columns: Sequence[OpenedColumn], texts: Mapping[Place, str]) -> Row:
    values, stream = list(row), row[_ID]

    def said(sealed: Match[str]) -> str:
        return texts.get((stream, sealed[0]), "") if isinstance(stream, UUID) else ""

    for place, finish in columns:
        text = values[place]
        if isinstance(text, str):
            values[place] = storable(finish(TOKENS.sub(said, text) if PREFIX in text else text))
    return tuple(values)
