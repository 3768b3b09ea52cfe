"""Which texts of an event are personal, whose they are, and the event with something else in their place.

    event -> findings (path, subject, kind, text) -> each text sealed -> replaced -> the event that is stored

What is found follows from the type of an event, by the annotations of `domain.privacy.personal`, also inside nested
structs and tuples: a path such as `evidence-0-text` says where. No key is known here and nothing is encrypted.

Whatever a text looks like, it is found: somebody who sends what looks like sealed data gets it sealed like any text, so
nobody can smuggle in data that was sealed elsewhere.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    NamedTuple,
    TypeAlias,
    TypeGuard,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from domain.privacy.personal import Kind, NotPersonal, Personal, token

T = TypeVar("T", bound=Struct)

_Mark: TypeAlias = Personal | NotPersonal
_Plan: TypeAlias = tuple[tuple[str, Personal | None], ...]
"""The fields of a struct in which something personal may be; None: only in the structs that the field holds."""


class Finding(NamedTuple):
    """One personal text of an event."""

    path: str
    """Where it is: names of fields and numbers within tuples, with hyphens between."""
    subject: str
    """The id of the person whose it is."""
    kind: Kind
    text: str


class Misdeclared(TypeError):
    """A field is declared in a way that cannot be sealed."""


def holds_personal(events: Sequence[Struct]) -> bool:
    """Whether there may be anything to seal in these; quickly, by their types."""
    return any(_plan(type(event)) for event in events)


def findings(event: Struct, state: object, stream: UUID) -> list[Finding]:
    """The personal texts of an event that happened in a state of a stream. Empty texts say nothing and are left out."""
    return [
        Finding(path, _subject(mark.of, around, state, stream), mark.kind, text)
        for path, mark, text, around in _texts(event)
    ]


def replaced(event: T, texts: Mapping[str, str]) -> T:
    """The event with other texts at these paths."""
    return _with_texts(event, texts, "") if texts else event


def bound(event: Struct, version: int) -> bool:
    """Whether all sealed texts of an event were sealed for just this version and place: quick, and needs no key.

    For readers of the log. Texts from before anything was sealed are in nobody's place.
    """
    for path, _, text, _ in _texts(event):
        said = token(text)
        if said is not None and (said.version, said.field) != (version, path):
            return False
    return True


# What an event holds --------------------------------------------------------------------------------------------------


class _Text(NamedTuple):
    path: str
    mark: Personal
    text: str
    around: tuple[Struct, ...]
    """The structs that it is in, the innermost first."""


def _texts(struct: Struct) -> list[_Text]:
    """The personal texts of a struct. Called for every event that is sealed: most have a text or two of their own."""
    found: list[_Text] = []
    plan = _plan(type(struct))
    if plan:
        _look_into(struct, plan, "", (struct,), found)
    return found


def _look_into(struct: Struct, plan: _Plan, at: str, around: tuple[Struct, ...], found: list[_Text]) -> None:
    for name, mark in plan:
        value: object = getattr(struct, name)
        if type(value) is str:
            if mark is not None and value:
                found.append(_Text(at + name, mark, value, around))
        else:
            _look_at(value, mark, at + name, around, found)


def _look_at(value: object, mark: Personal | None, path: str, around: tuple[Struct, ...], found: list[_Text]) -> None:
    if isinstance(value, Struct):
        _look_into(value, _plan(type(value)), f"{path}-", (value, *around), found)
    elif _is_tuple(value):
        for number, item in enumerate(value):
            _look_at(item, mark, f"{path}-{number}", around, found)
    elif isinstance(value, str) and mark is not None and value:
        found.append(_Text(path, mark, value, around))


def _subject(of: str, around: Sequence[Struct], state: object, stream: UUID) -> str:
    """Whose it is: what the innermost struct that has the field says, or else the state; or else the stream itself."""
    for holder in (*around, state):
        said: object = getattr(holder, of, None)
        if said is not None:
            return str(said) or str(stream)
    return str(stream)


def _with_texts(struct: T, texts: Mapping[str, str], at: str) -> T:
    changed: dict[str, object] = {}
    for name, _ in _plan(type(struct)):
        value: object = getattr(struct, name)
        put = _with_text(value, texts, at + name)
        if put is not value:
            changed[name] = put
    return replace(struct, **changed) if changed else struct


def _with_text(value: object, texts: Mapping[str, str], path: str) -> object:
    if isinstance(value, str):
        return texts.get(path, value)
    if isinstance(value, Struct):
        return _with_texts(value, texts, f"{path}-")
    if _is_tuple(value):
        return tuple([_with_text(item, texts, f"{path}-{number}") for number, item in enumerate(value)])
    return value


def _is_tuple(value: object) -> TypeGuard[tuple[object, ...]]:
    return isinstance(value, tuple)


# What a type declares -------------------------------------------------------------------------------------------------

_Hint: TypeAlias = Any  # what may stand after the colon of a field has no type of its own
_SILENT: Final = (NoneType, bool, int, Decimal, datetime, time, timedelta, UUID, Enum, Struct)
"""What says nothing about a person, and so needs no word: counts, moments, choices, ids; structs speak for themselves.

A date may be a day of birth, a broken number a place on the map; and texts may be anything.
"""

_MADE_OF_OTHERS: Final[tuple[object, ...]] = (tuple, Union, UnionType)


@cache
def _plan(kind: type[Struct]) -> _Plan:
    return tuple(
        (name, mark if isinstance(mark, Personal) else None)
        for name, hint in _hints(kind).items()
        if isinstance(mark := _mark(kind, name, hint), Personal) or any(map(_is_personal, _structs(hint)))
    )


def unclassified(kind: type[Struct]) -> list[str]:
    """The fields of an event, and of what it holds, that say neither that they are personal nor that they are not.

    Also those that are declared personal and cannot be sealed: only texts can, on their own or in tuples.
    """
    found: list[str] = []
    for each in _within(kind):
        for name, hint in _hints(each).items():
            mark, leaves = _mark(each, name, hint), list(_types(hint))
            if isinstance(mark, Personal):
                fine = all(leaf in (str, NoneType) for leaf in leaves)
            else:
                fine = mark is not None or all(map(_is_silent, leaves))
            if not fine:
                found.append(f"{each.__name__}.{name}")
    return sorted(found)


def _is_personal(kind: type[Struct]) -> bool:
    """Whether a struct, or one that it holds, has a personal field."""
    return any(
        isinstance(_mark(each, name, hint), Personal) for each in _within(kind) for name, hint in _hints(each).items()
    )


def _within(kind: type[Struct]) -> Iterator[type[Struct]]:
    """A struct and all that it may hold, each once."""
    wanted, seen = [kind], {kind}
    while wanted:
        each = wanted.pop()
        yield each
        for hint in _hints(each).values():
            fresh = set(_structs(hint)) - seen
            seen |= fresh
            wanted += fresh


def _is_silent(leaf: _Hint) -> bool:
    if _origin(leaf) is not None:
        return _origin(leaf) is Literal
    return isinstance(leaf, type) and issubclass(leaf, _SILENT)


@cache
def _hints(kind: type[Struct]) -> dict[str, _Hint]:
    known = get_type_hints(kind, include_extras=True)
    return {name: known[name] for name in kind.__struct_fields__}


def _mark(kind: type[Struct], name: str, hint: _Hint) -> _Mark | None:
    """What a field says of itself, or of what it holds."""
    said = set(_marks(hint))
    if len(said) > 1:
        msg = f"{kind.__name__}.{name} says more than one thing of whether it is personal: {said}"
        raise Misdeclared(msg)
    return next(iter(said), None)


def _marks(hint: _Hint) -> Iterator[_Mark]:
    if _origin(hint) is Annotated:
        inner, *said = get_args(hint)
        yield from (each for each in said if isinstance(each, (Personal, NotPersonal)))
        yield from _marks(inner)
    else:
        for inner in _inside(hint):
            yield from _marks(inner)


def _types(hint: _Hint) -> Iterator[_Hint]:
    """The types that a field is made of in the end."""
    if _origin(hint) is Annotated:
        yield from _types(get_args(hint)[0])
    elif inside := _inside(hint):
        for inner in inside:
            yield from _types(inner)
    else:
        yield hint


def _inside(hint: _Hint) -> tuple[_Hint, ...]:
    """The alternatives of a union, the items of a tuple; nothing for what is not made of others."""
    origin = _origin(hint)
    if any(origin is each for each in _MADE_OF_OTHERS):
        return tuple(inner for inner in get_args(hint) if inner is not Ellipsis)
    return ()


def _origin(hint: _Hint) -> object:
    return get_origin(hint)


def _structs(hint: _Hint) -> list[type[Struct]]:
    return [leaf for leaf in _types(hint) if isinstance(leaf, type) and issubclass(leaf, Struct)]
