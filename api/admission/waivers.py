"""Emergency waivers over HTTP: two people let a vendor do without a qualification for a while.

POST /waivers/{vendor}/{category}                    propose
POST /waivers/{vendor}/{category}/{number}/sign, ../revoke
GET  /waivers/{vendor}/{category}                    all of them, the first first
GET  /waivers?vendor=&category=&awaits_signature=&open=      a page, by category and vendor

Nothing of this can be told late: there is no `occurred_at`.
"""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, PathParameter
from msgspec import UNSET, Meta, UnsetType

from api.asked import Asked
from api.change import Change, Offer, body_of, command_route
from api.documentation import IF_NONE_MATCH, NOT_MODIFIED, operation, problems
from api.pages import Paging, filters, linked, page_of
from api.ports import Ports
from api.preconditions import etag, fresh
from api.problems import InternalError, LedgerAway, Malformed, NotFound, NotIdentified, NotThereYet
from api.query import asked_for, parameters
from api.sight import looking_at_some, must_see
from domain.access.permission import NotPermitted, Sight
from domain.admission import admission_scheme, vendor, waiver
from domain.admission.in_order import BackDated
from domain.admission.waiver import Waiver, WaiverCommand, Waivers
from domain.decider import Whose
from domain.parties import area
from domain.ports import Done
from domain.privacy.published import PublishedTextNamesPeople
from projections.admission.waiver_register import Filters, projection

SEEING = "waiver.see"
PATH = "/waivers"
ONE = f"{PATH}/{{vendor:uuid}}/{{category:str}}"

Category = Annotated[str, PathParameter(description="Such as access_control.", max_length=32)]

PROPOSE: Offer[WaiverCommand] = Offer(
    waiver.Propose,
    "propose",
    "Propose an emergency waiver (提出应急豁免)",
    example={
        "reason": "public_safety",
        "text": "台风损坏门禁,需立即修复",
        "what": ["award", "accept", "work"],
        "until": "2026-03-31T16:00:00Z",
        "area": "330106001001",
        "single_use": True,
    },
    refusals=(
        waiver.WaiverEndsTooEarly,
        waiver.WaiverTooLong,
        waiver.WaiverAwaitsSignature,
        PublishedTextNamesPeople,
        vendor.VendorNotRegistered,
        admission_scheme.CategoryUnknown,
        area.AreaNotRegistered,
        area.AreaClosed,
        BackDated,
    ),
)
SETTLING: tuple[Offer[WaiverCommand], ...] = (
    Offer(
        waiver.Sign,
        "sign",
        "Sign it as a second person (会签)",
        refusals=(waiver.WaiverUnknown, waiver.WaiverOver, BackDated),
    ),
    Offer(
        waiver.Revoke,
        "revoke",
        "Take it back (撤销豁免)",
        example={"reason": "emergency_over"},
        refusals=(waiver.WaiverUnknown, waiver.WaiverOver, BackDated),
    ),
)


class WaiversView(msgspec.Struct, frozen=True, kw_only=True):
    """All waivers of a vendor for a category, the first first."""

    vendor: str
    """The id of its organisation."""
    category: str
    version: int
    position: int
    waivers: tuple[Waiver, ...]


class WaiversPage(msgspec.Struct, frozen=True):
    """Some files of waivers, and the cursor of the next page, null on the last."""

    items: list[WaiversView]
    next: str | None


class WaiverSieve(Paging, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which waivers. Everything that is given has to hold."""

    vendor: Annotated[str, Meta(max_length=64, description="The id of its organisation.")] | UnsetType = UNSET
    category: Annotated[str, Meta(max_length=32)] | UnsetType = UNSET
    awaits_signature: Annotated[bool, Meta(description="One of them waits for a second person.")] | UnsetType = UNSET
    open: Annotated[bool, Meta(description="One of them is neither revoked nor over.")] | UnsetType = UNSET


EXAMPLE: dict[str, object] = {
    "vendor": "019a5b1e-0000-7000-8000-000000000003",
    "category": "access_control",
    "version": 2,
    "position": 1190,
    "waivers": [
        {
            "number": 1,
            "area": "330106001001",
            "what": ["award", "accept", "work"],
            "since": "2026-03-02T01:10:00Z",
            "until": "2026-03-31T16:00:00Z",
            "reason": "public_safety",
            "text": "台风损坏门禁,需立即修复",
            "proposed_by": "019a5b1e-0000-7000-8000-000000000011",
            "single_use": True,
            "signed_by": "019a5b1e-0000-7000-8000-000000000012",
            "signed_at": "2026-03-02T01:30:00Z",
            "status": "signed",
        }
    ],
}


def routes(ports: Ports) -> list[HTTPRouteHandler]:
    """Everything that can be asked about waivers."""
    return [_propose(ports), *(_settle(ports, offer) for offer in SETTLING), _one(ports), _list(ports)]


def view(version: int, position: int, found: Waivers, sight: Sight) -> WaiversView:
    """The waivers as they look from outside: those of other areas show to nobody who is responsible for one area."""

    def seen(each: Waiver) -> bool:
        areas = (each.area,) if each.area else ()
        return sight.takes_in(Whose(organisations=(found.vendor,), areas=areas))

    return WaiversView(
        vendor=found.vendor,
        category=found.category,
        version=version,
        position=position,
        waivers=tuple(filter(seen, found.all)),
    )


def _propose(ports: Ports) -> HTTPRouteHandler:
    change = Change(ports, waiver.decider, PROPOSE)

    async def asking(request: Asked, body: msgspec.Struct) -> Done:
        who, category = str(request.path_params["vendor"]), str(request.path_params["category"])
        stream = waiver.stream(who, category)
        return await change.ask(request, body, stream, vendor=who, category=category, by=request.user)

    body = body_of(PROPOSE.command, "ProposeWaiver", ["vendor", "category", "by"], dated=False)
    return command_route(ONE, PROPOSE, body, asking)


def _settle(ports: Ports, offer: Offer[WaiverCommand]) -> HTTPRouteHandler:
    change = Change(ports, waiver.decider, offer)
    by = "by" in offer.command.__struct_fields__

    async def asking(request: Asked, body: msgspec.Struct) -> Done:
        stream = waiver.stream(str(request.path_params["vendor"]), request.path_params["category"])
        given: dict[str, str | int] = {"number": request.path_params["number"]}
        return await change.ask_existing(request, body, stream, **given, **({"by": request.user} if by else {}))

    body = body_of(offer.command, f"{offer.command.__name__}Waiver", ["number", "by"], dated=False)
    return command_route(f"{ONE}/{{number:int}}/{offer.name}", offer, body, asking)


def _one(ports: Ports) -> HTTPRouteHandler:
    @get(
        ONE,
        summary="All emergency waivers of a vendor for a category",
        operation_id="waiversOfVendor",
        operation_class=operation(IF_NONE_MATCH, gives=EXAMPLE, headers=("ETag",), permission=SEEING),
        responses=NOT_MODIFIED | problems(Malformed, NotIdentified, NotFound, InternalError, LedgerAway),
    )
    async def one(request: Asked, vendor: FromPath[UUID], category: Category) -> Response[WaiversView | None]:
        stream = waiver.stream(str(vendor), category)
        loaded = await ports.door.load(waiver.decider, stream)
        if loaded.version == 0:
            raise NotFound
        viewer = await must_see(request, ports, waiver.decider, stream, loaded.state)
        seen = view(loaded.version, loaded.position, loaded.state, viewer.sight)
        return fresh(request, etag(loaded.version), seen)

    return one


def _list(ports: Ports) -> HTTPRouteHandler:
    @get(
        PATH,
        summary="Emergency waivers, filtered, a page at a time, by category and vendor",
        operation_id="listWaivers",
        operation_class=operation(
            *parameters(WaiverSieve), gives={"items": [EXAMPLE], "next": None}, headers=("Link",), permission=SEEING
        ),
        responses=problems(Malformed, NotIdentified, NotPermitted, InternalError, NotThereYet, LedgerAway),
    )
    async def some(request: Asked) -> Response[WaiversPage]:
        viewer = await looking_at_some(request, ports, SEEING)
        sieve = asked_for(request, WaiverSieve)
        wanted = msgspec.structs.replace(filters(sieve, Filters), sight=viewer.sight)
        shown = await page_of(
            ports, projection.name, sieve, lambda after, limit: ports.waivers.page(wanted, after, limit)
        )
        items = [view(row.version, row.position, row.state, viewer.sight) for row in shown.rows]
        return linked(request, PATH, WaiversPage(items, shown.onward), shown.onward)

    return some
