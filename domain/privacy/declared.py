"""What the events declare about personal data, read from their annotations: the record of processing (PIPL 55, 56).

An event holds personal data in a field (`summary`) or in a part of one (`evidence.text`); both are found, also where a
field is a list, or may be absent.
"""

from collections.abc import Iterator
from functools import cache
from types import UnionType
from typing import Annotated, NamedTuple, Union, get_args, get_origin, get_type_hints

from msgspec import Struct

from domain.decider import Event
from domain.privacy.personal import Personal


class Declared(NamedTuple):
    """A field that holds personal data."""

    path: tuple[str, ...]
    """Names from the event down to the text."""
    personal: Personal

    @property
    def name(self) -> str:
        """The path in one word."""
        return ".".join(self.path)


@cache
def declared(event: type[Event]) -> tuple[Declared, ...]:
    """Everything personal that an event of this type can hold."""
    return tuple(_of_struct(event, ()))


def owner(personal: Personal, event: Event, state: object, stream: str) -> str:
    """The id of whom a field is about: named by the event, or by the state before it, or else the stream's own."""
    for place in (event, state) if personal.of else ():
        said: object = getattr(place, personal.of, None)
        if said is not None:
            return str(said) or stream
    return stream


def _of_struct(shape: type[Struct], path: tuple[str, ...]) -> Iterator[Declared]:
    for name, hint in get_type_hints(shape, include_extras=True).items():
        if name in shape.__struct_fields__:
            yield from _of(hint, (*path, name))


def _of(hint: object, path: tuple[str, ...]) -> Iterator[Declared]:
    if get_origin(hint) is Annotated:
        inner, *said = get_args(hint)
        found = [each for each in said if isinstance(each, Personal)]
        if found:
            yield Declared(path, found[0])
        else:
            yield from _of(inner, path)
    elif isinstance(hint, type) and issubclass(hint, Struct):
        yield from _of_struct(hint, path)
    elif get_origin(hint) in (tuple, list, Union, UnionType):
        for part in get_args(hint):
            yield from _of(part, path)
