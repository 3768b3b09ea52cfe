"""Sealed data in an answer is opened, masked or left out, part by part, as whoever asks may see it.

    parts (a stream, what is shown of it, who sees what of it) -> one `open` for all of them -> the same parts, readable

Whatever an answer is made of (structs, lists, dicts), sealed texts are found in it and replaced where they stand. An
answer without any costs one look through its JSON. Texts that are not sealed (they are older than the vault) are
treated alike where a part says which of its fields are personal.

What of it was sensitive and shown in plain is told, so that it can be noted before the answer goes out.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Generic, NamedTuple, TypeAlias, TypeGuard, TypeVar
from uuid import UUID

import msgspec
import structlog
from msgspec import structs

from api.asked import Asked
from api.ports import UNREADABLE, Opening, Ports
from domain.ports import Context, Forged, Opened
from domain.privacy import disclosure
from domain.privacy.disclosure import Form
from domain.privacy.masking import mask
from domain.privacy.personal import ERASED, HANDLING, PREFIX, RESTRICTED, TOKENS, Kind
from domain.privacy.showing import Shown

T = TypeVar("T", bound=msgspec.Struct)

Sees: TypeAlias = Callable[[str, Kind], Shown]
"""How data of a subject and of a kind is shown."""

ACTOR = "disclosure"
"""The part of the platform that notes what was disclosed."""

_PREFIX = PREFIX.encode()
_encode = msgspec.json.Encoder().encode
_log = structlog.stdlib.get_logger()


class Part(NamedTuple, Generic[T]):
    """Something in an answer that belongs to one stream."""

    stream: UUID
    content: T
    sees: Sees
    subject: str = ""
    """Whose those texts are that are not sealed."""
    personal: Mapping[str, Kind] = {}
    """Names of fields, at any depth, whose texts are personal even if they are not sealed."""


class Seen(NamedTuple):
    """Sensitive data of a person that is shown in plain."""

    subject: str
    kind: Kind


class Disclosed(NamedTuple, Generic[T]):
    """The contents of the parts, as they may be shown, and what of it has to be noted."""

    contents: list[T]
    seen: frozenset[Seen]


async def disclose(vault: Opening, parts: Sequence[Part[T]]) -> Disclosed[T]:
    """Open what is sealed in these parts, and show it as their viewer may see it."""
    sealed = {(part.stream, found) for part in parts for found in _tokens(part.content)}
    opened = await _open(vault, sealed)
    touched = {stream for stream, _ in sealed}
    seen: set[Seen] = set()
    contents = [
        _Reader(part, opened, seen).struct(part.content) if part.personal or part.stream in touched else part.content
        for part in parts
    ]
    return Disclosed(contents, frozenset(seen))


async def note(  # noqa: PLR0913 - who saw what of whom, and why
    ports: Ports,
    request: Asked,
    seen: Iterable[Seen],
    *,
    purpose: str,
    about: str,
    organisations: Iterable[str] = (),
    form: Form = "plain",
) -> None:
    """Note what is being shown to whoever asks, unless it is their own. To be awaited before the answer goes out."""
    by_subject: dict[str, set[Kind]] = {}
    for subject, kind in seen:
        if subject and (subject != request.user or form == "export"):
            by_subject.setdefault(subject, set()).add(kind)
    at = ports.now()
    for subject, kinds in sorted(by_subject.items()):
        wish = disclosure.Note(
            at=at,
            subject=subject,
            to=request.user,
            organisation=",".join(sorted(organisations)),
            kinds=tuple(sorted(kinds)),
            purpose=purpose,
            about=about,
            form=form,
        )
        context = Context(actor=ACTOR, occurred_at=at, correlation_id=request.correlation_id)
        await ports.door.execute(disclosure.decider, disclosure.stream(subject, at), wish, context)


def shown_as(how: Shown, kind: Kind, text: str) -> str:
    """A text of this kind as it is shown. That it cannot be read is said to everybody who sees that it is there."""
    if how == "plain" or (how == "masked" and text in _MARKS):
        return text
    return mask(kind, text) if how == "masked" else ""


_WITHOUT_TEXT = frozenset({type(None), bool, int, float, datetime, UUID})
_MARKS = {ERASED, RESTRICTED, UNREADABLE}


def _tokens(content: msgspec.Struct) -> Iterator[str]:
    said = _encode(content)
    if _PREFIX in said:
        yield from (found[0] for found in TOKENS.finditer(said.decode()))


async def _open(vault: Opening, sealed: set[tuple[UUID, str]]) -> Mapping[tuple[UUID, str], Opened]:
    """Open all in one go; where one is not what was sealed there, each on its own: one must not spoil the others."""
    if not sealed:
        return {}
    try:
        return await vault.open(sealed)
    except Forged:
        opened: dict[tuple[UUID, str], Opened] = {}
        for each in sealed:
            try:
                opened |= await vault.open([each])
            except Forged:
                _log.error("disclosing.forged", stream=str(each[0]))
                opened[each] = Opened(UNREADABLE, "", Kind.FREE_TEXT, readable=False)
        return opened


class _Reader(Generic[T]):
    """Puts what may be shown in the place of what is sealed, in one part."""

    __slots__ = ("_opened", "_part", "_seen")

    def __init__(self, part: Part[T], opened: Mapping[tuple[UUID, str], Opened], seen: set[Seen]) -> None:
        self._part = part
        self._opened = opened
        self._seen = seen

    def struct(self, content: T) -> T:
        """The same with readable texts."""
        return structs.replace(content, **self._changes(content))

    def _changes(self, content: msgspec.Struct) -> dict[str, object]:
        changes: dict[str, object] = {}
        for name in content.__struct_fields__:
            value: object = getattr(content, name)
            if type(value) in _WITHOUT_TEXT:
                continue
            after = self._value(name, value)
            if after is not value:
                changes[name] = after
        return changes

    def _value(self, name: str, value: object) -> object:
        if isinstance(value, str):
            return self._text(name, value)
        if isinstance(value, msgspec.Struct):
            changes = self._changes(value)
            return structs.replace(value, **changes) if changes else value
        if _is_dict(value):
            return {key: self._value(str(key), each) for key, each in value.items()}
        if _is_list(value):
            found = [self._value(name, each) for each in value]
            return tuple(found) if isinstance(value, tuple) and found else found or value
        return value

    def _text(self, name: str, text: str) -> str:
        if PREFIX in text:
            return TOKENS.sub(lambda found: self._opened_text(found[0]), text)
        kind = self._part.personal.get(name)
        return text if kind is None or not text else self._show(text, self._part.subject, kind, readable=True)

    def _opened_text(self, token: str) -> str:
        found = self._opened.get((self._part.stream, token))
        if found is None:
            return UNREADABLE
        return self._show(found.text, found.subject, found.kind, readable=found.readable)

    def _show(self, text: str, subject: str, kind: Kind, *, readable: bool) -> str:
        how = self._part.sees(subject, kind)
        if readable and how == "plain" and text and text not in _MARKS and HANDLING[kind].sensitive:
            self._seen.add(Seen(subject, kind))
        return shown_as(how, kind, text) if readable or how == "hidden" else text


def _is_dict(value: object) -> TypeGuard[Mapping[object, object]]:
    return isinstance(value, dict)


def _is_list(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, list | tuple)


__all__ = ["ACTOR", "UNREADABLE", "Disclosed", "Part", "Seen", "Sees", "disclose", "note", "shown_as"]
