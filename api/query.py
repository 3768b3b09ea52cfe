"""What a read asks for in its address: a struct, decoded strictly, and documented from the same struct.

A parameter that does not exist is a mistake (400) and never passed over: `?asof=` must not answer with the present.
"""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, TypeAlias, TypeVar
from urllib.parse import parse_qsl

import msgspec
from litestar.openapi.spec import OpenAPIFormat, OpenAPIType, Parameter, Schema
from msgspec import UNSET, Meta, UnsetType

from api.asked import Asked, fault
from api.problems import Fault, Malformed

POSITION_HEADER = "X-Min-Position"


class Query(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What stands behind the question mark of an address."""


class Reading(Query, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What every read can ask for."""

    min_position: (
        Annotated[
            int,
            Meta(
                ge=0,
                le=2**63 - 1,
                description=f"X-Position of your last write: wait for it. Also as header {POSITION_HEADER}.",
            ),
        ]
        | UnsetType
    ) = UNSET


Q = TypeVar("Q", bound=Query)
Property: TypeAlias = Mapping[str, object]


def asked_for(request: Asked, shape: type[Q]) -> Q:
    """The query as a struct. Raises `Malformed` for what it does not know or cannot read."""
    said: dict[str, object] = {}
    known = properties(shape)
    if "min_position" in known and (position := request.said(POSITION_HEADER.lower().encode())):
        said["min_position"] = position
    for name, value in pairs(request):
        kind = known.get(name, {})
        if kind.get("type") == "array":
            said[name] = [*_list(said.get(name)), value]
        elif kind.get("format") == "date-time":
            said[name] = value.replace(" ", "+")  # a plus that nobody escaped arrives as a blank
        else:
            said[name] = value
    try:
        return msgspec.convert(said, shape, strict=False)
    except msgspec.ValidationError as error:
        wrong = fault(str(error))
        name = (wrong.pointer or "").removeprefix("#/").partition("/")[0]
        raise Malformed(Fault(wrong.detail, parameter=name)) from error


def pairs(request: Asked) -> list[tuple[str, str]]:
    """Names and values as they stand in the address."""
    return parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)


def parameters(shape: type[Query]) -> list[Parameter]:
    """The parameters of a query, for the OpenAPI document."""
    return [
        Parameter(
            name=name,
            param_in="query",
            required=False,
            description=str(found.get("description", "")) or None,
            schema=_schema(found),
        )
        for name, found in properties(shape).items()
    ]


class _Outline(msgspec.Struct, frozen=True, rename="camel"):
    """What we take over from a JSON schema made by msgspec."""

    type: OpenAPIType = OpenAPIType.STRING
    format: OpenAPIFormat | None = None
    enum: list[str | int | bool] | None = None
    const: str | int | bool | None = None
    items: "_Outline | None" = None
    minimum: int | None = None
    maximum: int | None = None
    max_length: int | None = None
    default: str | int | None = None


def _schema(found: Property) -> Schema:
    outline = msgspec.convert(found, _Outline)
    return _schema_of(outline)


def _schema_of(outline: _Outline) -> Schema:
    return Schema(
        type=outline.type,
        format=outline.format,
        enum=outline.enum,
        items=None if outline.items is None else _schema_of(outline.items),
        minimum=outline.minimum,
        maximum=outline.maximum,
        max_length=outline.max_length,
        default=outline.default,
    )


@cache
def properties(shape: type[Query]) -> Mapping[str, Property]:
    """The fields of a query as JSON schema, references resolved."""
    (_, components) = msgspec.json.schema_components([shape])
    return {name: _resolved(found, components) for name, found in components[shape.__name__]["properties"].items()}


def _resolved(found: object, components: Mapping[str, Property]) -> Property:
    outline = msgspec.convert(found, dict[str, object])
    reference = outline.pop("$ref", None)
    if isinstance(reference, str):
        outline |= components[reference.rpartition("/")[2]]
    if "items" in outline:
        outline["items"] = _resolved(outline["items"], components)
    return outline


def _list(value: object) -> list[object]:
    return msgspec.convert(value or [], list[object])
