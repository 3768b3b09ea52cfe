"""Estates over HTTP: one POST a command, one estate with its buildings, lists of them.

POST /estates                            register
POST /estates/{id}/buildings             add a building
POST /estates/{id}/rename, ../close
GET  /estates/{id}
GET  /estates?community=&q=&open=        a page, community by community and by name
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from msgspec import UNSET, Meta, UnsetType

from api.asked import Asked
from api.change import Change, Offer, body_of, command_route
from api.documentation import IF_NONE_MATCH, NOT_MODIFIED, operation, problems
from api.freshness import reached
from api.pages import Paging, filters, linked, page_of
from api.ports import Ports
from api.preconditions import etag, fresh
from api.problems import InternalError, LedgerAway, Malformed, NotFound, NotIdentified, NotThereYet
from api.query import Reading, asked_for, parameters
from api.sight import looking_at_some
from domain.access.permission import NotPermitted
from domain.parties import area, estate
from domain.parties.estate import Building, Estate, EstateCommand
from domain.ports import Done
from projections.estate_register import Filters, projection

SEEING = "estate.see"
PATH = "/estates"

REGISTER: Offer[EstateCommand] = Offer(
    estate.Register,
    "register",
    "Enter an estate (登记小区)",
    example={"name": "柳园小区", "community": "330106001001"},
    refusals=(estate.NotACommunity, area.AreaNotRegistered, area.AreaClosed),
)
OFFERS: tuple[Offer[EstateCommand], ...] = (
    Offer(
        estate.AddBuilding,
        "buildings",
        "Add a building (登记楼栋)",
        example={"number": "3", "floors": 18},
        refusals=(estate.BuildingAlreadyThere, estate.EstateClosed),
    ),
    Offer(
        estate.Rename,
        "rename",
        "Call an estate something else (小区更名)",
        example={"name": "柳园新村"},
        versioned=True,
        refusals=(estate.EstateClosed,),
    ),
    Offer(
        estate.Close,
        "close",
        "Close an estate (停用小区)",
        example={"reason": "demolished"},
        versioned=True,
        refusals=(estate.EstateNotRegistered,),
    ),
)


class EstateView(msgspec.Struct, frozen=True, kw_only=True):
    """An estate as it stands at a version."""

    id: UUID
    version: int
    position: int
    name: str
    community: str
    """The code of the community it lies in."""
    buildings: tuple[Building, ...]
    open: bool
    registered_at: datetime | None
    closed_at: datetime | None
    closed_because: str


_TAKEN = tuple(set(EstateView.__struct_fields__) - {"id", "version", "position"})


class EstatePage(msgspec.Struct, frozen=True):
    """Some estates, and the cursor of the next page, null on the last."""

    items: list[EstateView]
    next: str | None


class EstateSieve(Paging, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which estates. Everything that is given has to hold."""

    community: (
        Annotated[str, Meta(pattern="^[0-9]{1,15}$", description="In this community, or anywhere in this area.")]
        | UnsetType
    ) = UNSET
    open: bool | UnsetType = UNSET
    q: Annotated[str, Meta(max_length=128, description="Found in the name.")] | UnsetType = UNSET


EXAMPLE: dict[str, object] = {
    "id": "019a5b1e-0000-7000-8000-000000000004",
    "version": 2,
    "position": 920,
    "name": "柳园小区",
    "community": "330106001001",
    "buildings": [{"number": "3", "floors": 18}],
    "open": True,
    "registered_at": "2026-03-02T01:10:00Z",
    "closed_at": None,
    "closed_because": "",
}


def routes(ports: Ports) -> list[HTTPRouteHandler]:
    """Everything that can be asked about estates."""
    return [_register(ports), *(_command(ports, offer) for offer in OFFERS), _one(ports), _list(ports)]


def view(stream: UUID, version: int, position: int, found: Estate) -> EstateView:
    """The estate as it looks from outside."""
    return EstateView(id=stream, version=version, position=position, **{name: getattr(found, name) for name in _TAKEN})


def _register(ports: Ports) -> HTTPRouteHandler:
    change = Change(ports, estate.decider, REGISTER)

    async def asking(request: Asked, body: msgspec.Struct) -> Done:
        return await change.ask(request, body, ports.new_id())

    return command_route(PATH, REGISTER, body_of(REGISTER.command, "RegisterEstate"), asking, place=PATH)


def _command(ports: Ports, offer: Offer[EstateCommand]) -> HTTPRouteHandler:
    change = Change(ports, estate.decider, offer)

    async def asking(request: Asked, body: msgspec.Struct) -> Done:
        return await change.ask_existing(request, body, request.path_params["estate_id"])

    body = body_of(offer.command, f"{offer.command.__name__}OfEstate")
    return command_route(f"{PATH}/{{estate_id:uuid}}/{offer.name}", offer, body, asking)


def _one(ports: Ports) -> HTTPRouteHandler:
    @get(
        f"{PATH}/{{estate_id:uuid}}",
        summary="One estate, with its buildings",
        operation_id="oneEstate",
        operation_class=operation(
            *parameters(Reading), IF_NONE_MATCH, gives=EXAMPLE, headers=("ETag",), permission=SEEING
        ),
        responses=NOT_MODIFIED
        | problems(Malformed, NotIdentified, NotPermitted, NotFound, InternalError, NotThereYet, LedgerAway),
    )
    async def one(request: Asked, estate_id: FromPath[UUID]) -> Response[EstateView | None]:
        await looking_at_some(request, ports, SEEING)
        await reached(ports, asked_for(request, Reading).min_position)
        loaded = await ports.door.load(estate.decider, estate_id)
        if loaded.version == 0:
            raise NotFound
        return fresh(request, etag(loaded.version), view(estate_id, loaded.version, loaded.position, loaded.state))

    return one


def _list(ports: Ports) -> HTTPRouteHandler:
    @get(
        PATH,
        summary="Estates, filtered, a page at a time, by community and name",
        operation_id="listEstates",
        operation_class=operation(
            *parameters(EstateSieve), gives={"items": [EXAMPLE], "next": None}, headers=("Link",), permission=SEEING
        ),
        responses=problems(Malformed, NotIdentified, NotPermitted, InternalError, NotThereYet, LedgerAway),
    )
    async def some(request: Asked) -> Response[EstatePage]:
        await looking_at_some(request, ports, SEEING)
        sieve = asked_for(request, EstateSieve)
        wanted = filters(sieve, Filters)
        shown = await page_of(
            ports, projection.name, sieve, lambda after, limit: ports.estates.page(wanted, after, limit)
        )
        items = [view(row.id, row.version, row.position, row.state) for row in shown.rows]
        return linked(request, PATH, EstatePage(items, shown.onward), shown.onward)

    return some
