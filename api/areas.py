"""The area tree over HTTP: one POST a command, one area with the way down to it, lists of them.

POST /areas                              register
POST /areas/{code}/rename, ../close
GET  /areas/{code}                       with its ancestors, the province first
GET  /areas?parent=&within=&level=&q=    a page, by code
"""

from datetime import datetime
from typing import Annotated, TypeAlias
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import PathParameter
from msgspec import UNSET, Meta, UnsetType, structs

from api.asked import Asked
from api.change import Change, Offer, body_of, command_route
from api.documentation import operation, problems
from api.freshness import reach
from api.pages import Paging, filters, linked, page_of
from api.ports import Ports
from api.preconditions import etag
from api.problems import InternalError, LedgerAway, Malformed, NotFound, NotIdentified, NotThereYet
from api.query import Reading, asked_for, parameters
from api.sight import looking_at_some
from domain.access.permission import NotPermitted
from domain.parties import area
from domain.parties.area import Area, AreaCommand, Level
from domain.ports import Done
from projections.area_tree import Filters, projection

SEEING = "area.see"
PATH = "/areas"

Code = Annotated[str, PathParameter(description="The code of an area: 2, 4, 6, 9, 12 or 15 digits.", max_length=15)]
Prefix: TypeAlias = Annotated[str, Meta(pattern="^[0-9]{1,15}$")]

REGISTER: Offer[AreaCommand] = Offer(
    area.Register,
    "register",
    "Enter an area into the tree (登记区划)",
    example={"code": "330106001001002", "name": "二号网格"},
    refusals=(area.AreaCodeInvalid, area.AreaNotRegistered, area.AreaClosed, area.AreaAlreadyRegistered),
)
OFFERS: tuple[Offer[AreaCommand], ...] = (
    Offer(
        area.Rename,
        "rename",
        "Call an area something else (区划更名)",
        example={"name": "翠苑二号网格"},
        versioned=True,
        refusals=(area.AreaClosed,),
    ),
    Offer(
        area.Close,
        "close",
        "Close an area (撤销区划)",
        example={"reason": "merged"},
        versioned=True,
        refusals=(area.AreaNotRegistered,),
    ),
)


class AreaView(msgspec.Struct, frozen=True, kw_only=True):
    """An area as it stands at a version."""

    id: UUID
    version: int
    position: int
    code: str
    name: str
    level: Level | None
    parent: str
    """The code of the area above, empty above a province."""
    open: bool
    closed_at: datetime | None
    closed_because: str


_TAKEN = tuple(set(AreaView.__struct_fields__) - {"id", "version", "position"})


class Ancestor(msgspec.Struct, frozen=True):
    """An area above another."""

    code: str
    name: str


class AreaInItsPlace(AreaView, frozen=True, kw_only=True):
    """An area with the way down to it."""

    ancestors: list[Ancestor]
    """The province first; a city that is run on its own has none."""


class AreaPage(msgspec.Struct, frozen=True):
    """Some areas, and the cursor of the next page, null on the last."""

    items: list[AreaView]
    next: str | None


class AreaSieve(Paging, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which areas. Everything that is given has to hold."""

    parent: (
        Annotated[str, Meta(pattern="^[0-9]{0,15}$", description="Right below this one; empty: provinces.")] | UnsetType
    ) = UNSET
    within: Annotated[Prefix, Meta(description="This one, and whatever lies in it.")] | UnsetType = UNSET
    level: Level | UnsetType = UNSET
    open: bool | UnsetType = UNSET
    q: Annotated[str, Meta(max_length=128, description="Found in the name.")] | UnsetType = UNSET


EXAMPLE: dict[str, object] = {
    "id": "019a5b1e-0000-7000-8000-000000000002",
    "version": 1,
    "position": 812,
    "code": "330106001",
    "name": "翠苑街道",
    "level": "street",
    "parent": "330106",
    "open": True,
    "closed_at": None,
    "closed_because": "",
}
ANCESTORS = [
    {"code": "33", "name": "浙江省"},
    {"code": "3301", "name": "杭州市"},
    {"code": "330106", "name": "西湖区"},
]


def routes(ports: Ports) -> list[HTTPRouteHandler]:
    """Everything that can be asked about areas."""
    return [_register(ports), *(_command(ports, offer) for offer in OFFERS), _one(ports), _list(ports)]


def view(stream: UUID, version: int, position: int, found: Area) -> AreaView:
    """The area as it looks from outside."""
    return AreaView(id=stream, version=version, position=position, **{name: getattr(found, name) for name in _TAKEN})


def _register(ports: Ports) -> HTTPRouteHandler:
    change = Change(ports, area.decider, REGISTER)

    async def asking(request: Asked, body: msgspec.Struct) -> Done:
        code: str = msgspec.structs.asdict(body)["code"]
        return await change.ask(request, body, area.stream(code))

    body = body_of(REGISTER.command, "RegisterArea")
    return command_route(PATH, REGISTER, body, asking, place=PATH, called="code")


def _command(ports: Ports, offer: Offer[AreaCommand]) -> HTTPRouteHandler:
    change = Change(ports, area.decider, offer)

    async def asking(request: Asked, body: msgspec.Struct) -> Done:
        return await change.ask_existing(request, body, area.stream(request.path_params["code"]))

    body = body_of(offer.command, f"{offer.command.__name__}Area")
    return command_route(f"{PATH}/{{code:str}}/{offer.name}", offer, body, asking)


def _one(ports: Ports) -> HTTPRouteHandler:
    @get(
        f"{PATH}/{{code:str}}",
        summary="One area, and where it lies",
        operation_id="oneArea",
        operation_class=operation(
            *parameters(Reading), gives={**EXAMPLE, "ancestors": ANCESTORS}, headers=("ETag",), permission=SEEING
        ),
        responses=problems(Malformed, NotIdentified, NotPermitted, NotFound, InternalError, NotThereYet, LedgerAway),
    )
    async def one(request: Asked, code: Code) -> Response[AreaInItsPlace]:
        await looking_at_some(request, ports, SEEING)
        await reach(ports, projection.name, asked_for(request, Reading).min_position)
        stream = area.stream(code)
        loaded = await ports.door.load(area.decider, stream)
        if loaded.version == 0:
            raise NotFound
        ancestors = [Ancestor(row.state.code, row.state.name) for row in await ports.areas.ancestors(code)]
        seen = view(stream, loaded.version, loaded.position, loaded.state)
        found = AreaInItsPlace(ancestors=ancestors, **structs.asdict(seen))
        # an ETag to change this very version with, but no 304: names above may change without it
        return Response(found, headers={"ETag": etag(loaded.version)})

    return one


def _list(ports: Ports) -> HTTPRouteHandler:
    @get(
        PATH,
        summary="Areas, filtered, a page at a time, by code",
        operation_id="listAreas",
        operation_class=operation(
            *parameters(AreaSieve), gives={"items": [EXAMPLE], "next": None}, headers=("Link",), permission=SEEING
        ),
        responses=problems(Malformed, NotIdentified, NotPermitted, InternalError, NotThereYet, LedgerAway),
    )
    async def some(request: Asked) -> Response[AreaPage]:
        await looking_at_some(request, ports, SEEING)
        sieve = asked_for(request, AreaSieve)
        wanted = filters(sieve, Filters)
        shown = await page_of(
            ports, projection.name, sieve, lambda after, limit: ports.areas.page(wanted, after, limit)
        )
        items = [view(row.id, row.version, row.position, row.state) for row in shown.rows]
        return linked(request, PATH, AreaPage(items, shown.onward), shown.onward)

    return some
