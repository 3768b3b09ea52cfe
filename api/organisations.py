"""Organisations over HTTP: one POST a command, one organisation, lists of them.

POST /organisations                                            register
POST /organisations/{id}/rename, ../extend, ../trust-provider, ../distrust-provider, ../close
GET  /organisations/{id}
GET  /organisations?kind=&within=&q=&credit_code=&open=        a page, by name
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from msgspec import UNSET, Meta, UnsetType, structs

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
from domain.parties import area, credit_code, organisation
from domain.parties.organisation import Kind, Organisation, OrganisationCommand, Provider
from domain.ports import Done
from projections.organisation_register import Filters, projection

SEEING = "organisation.see"
PATH = "/organisations"

REGISTER: Offer[OrganisationCommand] = Offer(
    organisation.Register,
    "register",
    "Enter an organisation (登记单位)",
    example={"name": "明达水电工程有限公司", "kinds": ["vendor"], "credit_code": "91110000600037341L"},
    refusals=(
        credit_code.CreditCodeInvalid,
        organisation.CreditCodeMissing,
        organisation.KindMissing,
        organisation.AlreadyRegistered,
        organisation.OrganisationClosed,
        area.AreaNotRegistered,
        area.AreaClosed,
    ),
)
OFFERS: tuple[Offer[OrganisationCommand], ...] = (
    Offer(
        organisation.Rename,
        "rename",
        "An organisation has another name (单位更名)",
        example={"name": "明达机电工程有限公司"},
        versioned=True,
        refusals=(organisation.OrganisationClosed,),
    ),
    Offer(
        organisation.Extend,
        "extend",
        "An organisation is something else as well (增加单位类型)",
        example={"kinds": ["property_company"]},
        refusals=(organisation.CreditCodeMissing, organisation.OrganisationClosed),
    ),
    Offer(
        organisation.TrustProvider,
        "trust-provider",
        "Let its people sign in with its own identity provider (信任身份提供方)",
        example={"issuer": "https://id.mingda.example", "client_id": "linli"},
        versioned=True,
        refusals=(organisation.NotAnIssuer, organisation.OrganisationClosed),
    ),
    Offer(
        organisation.DistrustProvider,
        "distrust-provider",
        "Nobody signs in with its identity provider any more (取消信任身份提供方)",
        versioned=True,
        refusals=(organisation.OrganisationNotRegistered,),
    ),
    Offer(
        organisation.Close,
        "close",
        "An organisation takes part no longer (注销单位)",
        example={"reason": "dissolved"},
        versioned=True,
        refusals=(organisation.OrganisationNotRegistered,),
    ),
)


class OrganisationView(msgspec.Struct, frozen=True, kw_only=True):
    """An organisation as it stands at a version."""

    id: UUID
    version: int
    position: int
    name: str
    kinds: tuple[Kind, ...]
    credit_code: str
    country: str
    area: str
    """The code of the area it belongs to; empty: none."""
    provider: Provider | None
    """With which OpenID Connect provider its people may sign in."""
    open: bool
    registered_at: datetime | None
    closed_at: datetime | None
    closed_because: str


_TAKEN = tuple(set(OrganisationView.__struct_fields__) - {"id", "version", "position"})


class OrganisationPage(msgspec.Struct, frozen=True):
    """Some organisations, and the cursor of the next page, null on the last."""

    items: list[OrganisationView]
    next: str | None


class OrganisationSieve(Paging, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which organisations. Everything that is given has to hold."""

    kind: Annotated[Kind, Meta(description="This, whatever else it is.")] | UnsetType = UNSET
    within: (
        Annotated[str, Meta(pattern="^[0-9]{1,15}$", description="Of this area, or of one that lies in it.")]
        | UnsetType
    ) = UNSET
    credit_code: Annotated[str, Meta(max_length=64)] | UnsetType = UNSET
    open: bool | UnsetType = UNSET
    trusts_provider: bool | UnsetType = UNSET
    q: Annotated[str, Meta(max_length=128, description="Found in the name.")] | UnsetType = UNSET


EXAMPLE: dict[str, object] = {
    "id": "019a5b1e-0000-7000-8000-000000000003",
    "version": 2,
    "position": 913,
    "name": "明达水电工程有限公司",
    "kinds": ["vendor"],
    "credit_code": "91110000600037341L",
    "country": "CN",
    "area": "330106",
    "provider": {"issuer": "https://id.mingda.example", "client_id": "linli"},
    "open": True,
    "registered_at": "2026-03-02T01:10:00Z",
    "closed_at": None,
    "closed_because": "",
}


def routes(ports: Ports) -> list[HTTPRouteHandler]:
    """Everything that can be asked about organisations."""
    return [_register(ports), *(_command(ports, offer) for offer in OFFERS), _one(ports), _list(ports)]


def view(stream: UUID, version: int, position: int, found: Organisation) -> OrganisationView:
    """The organisation as it looks from outside."""
    taken = {name: getattr(found, name) for name in _TAKEN}
    return OrganisationView(id=stream, version=version, position=position, **taken)


def _register(ports: Ports) -> HTTPRouteHandler:
    change = Change(ports, organisation.decider, REGISTER)

    async def asking(request: Asked, body: msgspec.Struct) -> Done:
        code: str = structs.asdict(body)["credit_code"]
        return await change.ask(request, body, organisation.stream(code) if code else ports.new_id())

    body = body_of(REGISTER.command, "RegisterOrganisation")
    return command_route(PATH, REGISTER, body, asking, place=PATH)


def _command(ports: Ports, offer: Offer[OrganisationCommand]) -> HTTPRouteHandler:
    change = Change(ports, organisation.decider, offer)

    async def asking(request: Asked, body: msgspec.Struct) -> Done:
        return await change.ask_existing(request, body, request.path_params["organisation_id"])

    body = body_of(offer.command, f"{offer.command.__name__}OfOrganisation")
    return command_route(f"{PATH}/{{organisation_id:uuid}}/{offer.name}", offer, body, asking)


def _one(ports: Ports) -> HTTPRouteHandler:
    @get(
        f"{PATH}/{{organisation_id:uuid}}",
        summary="One organisation",
        operation_id="oneOrganisation",
        operation_class=operation(
            *parameters(Reading), IF_NONE_MATCH, gives=EXAMPLE, headers=("ETag",), permission=SEEING
        ),
        responses=NOT_MODIFIED
        | problems(Malformed, NotIdentified, NotPermitted, NotFound, InternalError, NotThereYet, LedgerAway),
    )
    async def one(request: Asked, organisation_id: FromPath[UUID]) -> Response[OrganisationView | None]:
        await looking_at_some(request, ports, SEEING)
        await reached(ports, asked_for(request, Reading).min_position)
        loaded = await ports.door.load(organisation.decider, organisation_id)
        if loaded.version == 0:
            raise NotFound
        seen = view(organisation_id, loaded.version, loaded.position, loaded.state)
        return fresh(request, etag(loaded.version), seen)

    return one


def _list(ports: Ports) -> HTTPRouteHandler:
    @get(
        PATH,
        summary="Organisations, filtered, a page at a time, by name",
        operation_id="listOrganisations",
        operation_class=operation(
            *parameters(OrganisationSieve),
            gives={"items": [EXAMPLE], "next": None},
            headers=("Link",),
            permission=SEEING,
        ),
        responses=problems(Malformed, NotIdentified, NotPermitted, InternalError, NotThereYet, LedgerAway),
    )
    async def some(request: Asked) -> Response[OrganisationPage]:
        await looking_at_some(request, ports, SEEING)
        sieve = asked_for(request, OrganisationSieve)
        wanted = filters(sieve, Filters)
        if wanted.credit_code is not None:
            wanted = structs.replace(wanted, credit_code=credit_code.normalised(wanted.credit_code))
        shown = await page_of(
            ports, projection.name, sieve, lambda after, limit: ports.organisations.page(wanted, after, limit)
        )
        items = [view(row.id, row.version, row.position, row.state) for row in shown.rows]
        return linked(request, PATH, OrganisationPage(items, shown.onward), shown.onward)

    return some
