"""Publication under the Open Contracting Data Standard 1.1 (OCDS): identifiers, releases, and how they are merged.

A release says what changed; the compiled release of a process is what all its releases come to, by the standard's
merge routine: later values win, objects in lists are told apart by their `id`, other lists are replaced.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias, cast

from msgspec import Struct

Json: TypeAlias = dict[str, Any]
"""A JSON object: what the standard describes has no other type here."""

VERSION: Final = "1.1"
PREFIX: Final = "ocds-linli0"
"""Of every process that we publish. A city that publishes for others registers a prefix of its own."""
SCHEME: Final = "CN-USCI"
"""Unified social credit codes (统一社会信用代码, GB 32100), as a scheme of organisation identifiers."""
PUBLISHER: Final = "邻里 Linli"
LANGUAGE: Final = "zh"

_OMITTED: Final = frozenset({"id", "date", "tag", "ocid"})
"""Of a release itself, not of what it is about."""


class Party(Struct, frozen=True):
    """An organisation as it was known when something was published."""

    id: str
    name: str
    credit_code: str = ""

    @property
    def identifier(self) -> str:
        """What it is called everywhere: by its credit code, where it has one."""
        return f"{SCHEME}-{self.credit_code}" if self.credit_code else f"LINLI-{self.id}"

    @property
    def reference(self) -> Json:
        """How others name it."""
        return {"id": self.identifier, "name": self.name}

    def party(self, *roles: str) -> Json:
        """How it is introduced."""
        found: Json = {"id": self.identifier, "name": self.name, "roles": list(roles)}
        if self.credit_code:
            found["identifier"] = {"scheme": SCHEME, "id": self.credit_code, "legalName": self.name}
        return found


def moment(at: datetime) -> str:
    """A moment in one form only, to the second: releases are put in order by this text."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def money(fen: int, currency: str = "CNY") -> Json:
    """An amount in yuan."""
    whole, rest = divmod(fen, 100)
    return {"amount": fen / 100 if rest else whole, "currency": currency}


def release(ocid: str, number: int, at: datetime, tag: Sequence[str], **content: object) -> Json:
    """A release: what became known about a process with its event of this number."""
    return {
        "ocid": ocid,
        "id": f"{ocid}-{number}",
        "date": moment(at),
        "tag": list(tag),
        "initiationType": "tender",
        "language": LANGUAGE,
        **content,
    }


def compiled(releases: Sequence[Json]) -> Json:
    """What the releases of one process come to. Those of the same second stay in the order in which they are given."""
    merged: Json = {"tag": ["compiled"]}
    for each in sorted(releases, key=lambda one: cast("str", one["date"])):
        merged |= {"id": f"{each['ocid']}-{each['date']}", "date": each["date"], "ocid": each["ocid"]}
        _merge(merged, {name: value for name, value in each.items() if name not in _OMITTED})
    return merged


def _merge(into: Json, new: Mapping[str, Any]) -> None:
    for name, value in new.items():
        known = into.get(name)
        if isinstance(value, dict):
            if not isinstance(known, dict):
                known = into[name] = {}
            _merge(cast("Json", known), cast("Json", value))
        elif isinstance(value, list) and value and all(map(_has_id, cast("list[object]", value))):
            into[name] = _merged(known, cast("list[Json]", value))
        else:
            into[name] = value


def _has_id(value: object) -> bool:
    return isinstance(value, dict) and "id" in value


def _merged(known: object, new: list[Json]) -> list[Json]:
    """Objects in the order in which they were first heard of."""
    found: dict[Any, Json] = {each["id"]: each for each in cast("list[Json]", known)} if known else {}
    for each in new:
        _merge(found.setdefault(each["id"], {}), each)
    return list(found.values())
