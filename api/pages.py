"""Lists a page at a time: how every list is asked for, and how one page leads to the next (RFC 8288)."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Generic, NamedTuple, TypeVar
from urllib.parse import urlencode

import msgspec
from litestar import Response
from msgspec import UNSET, Meta, UnsetType, structs

from api.asked import Asked
from api.cursors import cursor, end_of
from api.freshness import reach
from api.ports import Ports
from api.query import Reading, pairs
from projections.listing import Key, Listed

MOST = 200

S = TypeVar("S")
T = TypeVar("T")
F = TypeVar("F", bound=msgspec.Struct)


class Paging(Reading, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which page."""

    limit: Annotated[int, Meta(ge=1, le=MOST)] = 50
    cursor: Annotated[str, Meta(max_length=800, description="From the page before.")] | UnsetType = UNSET


_PAGING = frozenset(Paging.__struct_fields__)


class Shown(NamedTuple, Generic[S]):
    """The rows of a page, and the cursor of the next, None on the last."""

    rows: list[Listed[S]]
    onward: str | None


def filters(sieve: Paging, shape: type[F]) -> F:
    """What a read model is asked for: everything but the page. `q` are `words`, in no particular case."""
    said = {name: value for name, value in structs.asdict(sieve).items() if value is not UNSET and name not in _PAGING}
    if "q" in said:
        said["words"] = said.pop("q").casefold()
    return msgspec.convert(said, shape)


async def page_of(
    ports: Ports, projection: str, asked: Paging, ask: Callable[[Key | None, int], Awaitable[list[Listed[S]]]]
) -> Shown[S]:
    """The page that is asked for, once the read model has come to `min_position`. Raises NotThereYet, Malformed."""
    await reach(ports, projection, asked.min_position)
    plain = structs.replace(asked, limit=50, cursor=UNSET, min_position=UNSET)
    question = projection.encode() + msgspec.json.encode(plain)
    after = None if asked.cursor is UNSET else end_of(asked.cursor, question, str)
    found = await ask(after, asked.limit + 1)
    shown = found[: asked.limit]
    return Shown(shown, cursor(*shown[-1].key, question) if len(found) > len(shown) else None)


def linked(request: Asked, path: str, content: T, onward: str | None) -> Response[T]:
    """The page with the address of the next one."""
    return Response(content, headers={} if onward is None else {"Link": link(request, path, onward)})


def link(request: Asked, path: str, onward: str) -> str:
    """The `Link` to the page at a cursor, with the same filters."""
    kept = [(name, value) for name, value in pairs(request) if name != "cursor"]
    return f'<{path}?{urlencode([*kept, ("cursor", onward)])}>; rel="next"'
