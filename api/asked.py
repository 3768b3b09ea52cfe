"""A request as we read it: strictly, once, and with what is wrong named by a JSON pointer.

Every route that takes a body names its struct in the handler's signature, for the OpenAPI document. The body is
decoded straight into that struct here, without coercion, before Litestar would look at it. No body at all is an empty
object, so that a command without required fields needs none.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TypeGuard

import msgspec
from litestar import Request
from litestar.datastructures import State

from api.problems import Fault, Invalid, Malformed, NotJson, TooLarge
from domain.ports import Principal

LARGEST_BODY = 1 << 20
"""Bytes."""
BODY = "body"
"""The key of a route's `opt` that holds the struct of its body."""
LARGEST = "largest_body"
"""The key of a route's `opt` that allows a body of more, or fewer, bytes."""
DEEPEST = 32
"""How many objects and lists may lie inside each other in a body."""


class Asked(Request[str, None, State]):
    """A request; `user` is who asks."""

    __slots__ = ("_whole",)

    _whole: bytes

    @property
    def principal(self) -> Principal:
        """Who asks."""
        principal: Principal = self.scope["state"]["principal"]
        return principal

    @property
    def correlation_id(self) -> str:
        """What ties this request to everything that comes of it."""
        return str(self.scope["state"]["correlation_id"])

    def said(self, header: bytes) -> str | None:
        """A header, by its name in small letters; the last one if it came more than once."""
        return header_of(self, header)

    async def body(self) -> bytes:
        """The body, `{}` when there is none. Raises `TooLarge`, or `Malformed` when the caller has gone."""
        try:
            return self._whole
        except AttributeError:
            self._whole = await self.whole() or b"{}"
            return self._whole

    async def whole(self) -> bytes:
        """The body as it comes, once. The shortest way to it: mostly it is there, in one piece."""
        largest: int = self.route_handler.opt.get(LARGEST, LARGEST_BODY)
        if self.announced > largest:
            raise TooLarge
        whole = bytearray()
        while (message := await self.receive())["type"] == "http.request":
            piece = message.get("body", b"")
            whole += piece
            if len(whole) > largest:
                raise TooLarge
            if not message.get("more_body", False):
                return piece if len(piece) == len(whole) else bytes(whole)
        raise Malformed

    @property
    def announced(self) -> int:
        """How many bytes the body will have, 0 when nobody says."""
        length = self.said(b"content-length")
        return int(length) if length is not None and length.isdecimal() and length.isascii() else 0

    async def json(self) -> msgspec.Struct:
        """The body as the struct of this route."""
        must_be_json(self.said(b"content-type") or "")
        return decode(await self.body(), self.route_handler.opt[BODY])


def header_of(request: Request[str, None, State], header: bytes) -> str | None:
    """The same for a request that is not known to be one of ours."""
    value: bytes | None = request.scope["state"]["headers"].get(header)
    return None if value is None else value.decode("latin-1")


def must_be_json(content_type: str) -> None:
    """Raises `NotJson` unless this is JSON, or nothing."""
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type and media_type != "application/json" and not media_type.endswith("+json"):
        raise NotJson


def decode(body: bytes, shape: type[msgspec.Struct]) -> msgspec.Struct:
    """The struct in a body. Raises `Malformed` (no JSON) or `Invalid` (not this struct)."""
    must_be_shallow(body)
    try:
        said = _decoder(shape).decode(body)
    except msgspec.ValidationError as error:
        raise Invalid(fault(str(error))) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(Fault(str(error))) from error
    if _is_deep(shape) and (strays := list(_strays(msgspec.json.decode(body), said, "#"))):
        raise Invalid(*strays)
    return said


_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_TO_BRACKETS = bytes.maketrans(b"{}", b"[]")
_ALL_BUT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def must_be_shallow(body: bytes) -> None:
    """Raises `Malformed` when things lie inside each other too deep. Each round takes the innermost brackets away."""
    if body.count(b"[") + body.count(b"{") <= DEEPEST:
        return
    brackets = _STRING.sub(b"", body).translate(None, _ALL_BUT_BRACKETS).translate(_TO_BRACKETS)
    for _ in range(DEEPEST):
        brackets = brackets.replace(b"[]", b"")
    if brackets:
        raise Malformed(Fault(f"brackets that do not match, or more than {DEEPEST} inside each other"))


@cache
def _is_deep(shape: type[msgspec.Struct]) -> bool:
    _, components = msgspec.json.schema_components([shape])
    return len(components) > 1


def _strays(sent: object, understood: object, pointer: str) -> Iterator[Fault]:
    """Fields inside a body that nobody has looked at: a misspelt promise must not become none."""
    if isinstance(understood, msgspec.Struct):
        config = understood.__struct_config__
        for name, value in msgspec.convert(sent, dict[str, object]).items():
            place = f"{pointer}/{_escaped(name)}"
            if name in understood.__struct_encode_fields__:
                yield from _strays(value, getattr(understood, name), place)
            elif name != config.tag_field:
                yield Fault(f"Object contains unknown field `{name}`", pointer=place)
    elif _is_list(sent) and _is_list(understood):
        for number, (value, known) in enumerate(zip(sent, understood, strict=True)):
            yield from _strays(value, known, f"{pointer}/{number}")


@cache
def _decoder(shape: type[msgspec.Struct]) -> msgspec.json.Decoder[msgspec.Struct]:
    return msgspec.json.Decoder(shape)


def _is_list(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, list | tuple)


_PATH = re.compile(r" - at `(?:key in )?\$(?P<path>.*)`$")
_FIELD = re.compile(r"(?:required|unknown) field `(?P<name>[^`]+)`")


def fault(message: str) -> Fault:
    """A message of msgspec as a fault: "Expected `int`, got `str` - at `$.terms[0].to`" is at `#/terms/0/to`."""
    at = _PATH.search(message)
    text = message[: at.start()] if at else message
    path = at.group("path") if at else ""
    steps = re.findall(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]", path)
    names = [_escaped(name or index) for name, index in steps]
    field = _FIELD.search(text)
    if field:
        names.append(_escaped(field.group("name")))
    return Fault(text, pointer="#" + "".join(f"/{name}" for name in names))


def _escaped(name: str) -> str:
    """A step of a JSON pointer (RFC 6901, 3)."""
    return name.replace("~", "~0").replace("/", "~1")
