"""Engagements over HTTP: what vendors are given to do, from award or offer to payment.

POST /engagements/awards, /engagements/offers    give a vendor something; it must be allowed that now
POST /engagements/{id}/accept ../decline ../start ../finish ../reassign ../cancel ../keep ../hold ../release ../pay-out
GET  /engagements/{id}
GET  /engagements?vendor=&category=&within=&status=&in_flight=&held=     a page, the oldest first

Nothing of this can be told late: there is no `occurred_at`.
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
from api.exposure import BARRED, UNFIT
from api.freshness import reached
from api.pages import Paging, filters, linked, page_of
from api.ports import Ports
from api.preconditions import etag, fresh
from api.problems import InternalError, LedgerAway, Malformed, NotFound, NotIdentified, NotThereYet
from api.query import Reading, asked_for, parameters
from api.sight import looking_at_some, must_see
from domain.access.permission import NotPermitted
from domain.admission.basis import Basis
from domain.admission.in_order import BackDated
from domain.decider import Refused
from domain.engaging import engagement
from domain.engaging.engagement import Engagement, EngagementCommand, Item, Status
from domain.parties import area
from domain.ports import Done
from domain.restraint import fan_out, sanction
from projections.admission.engagement_board import Filters, projection

SEEING = "engagement.see"
PATH = "/engagements"

_GIVEN = {
    "vendor": "019a5b1e-0000-7000-8000-000000000003",
    "category": "access_control",
    "item": "contract",
    "title": "翠苑社区门禁改造",
    "value_fen": 1250000,
    "area": "330106001001",
}
_NEW: tuple[type[Refused], ...] = (
    *UNFIT,
    engagement.AlreadyEngaged,
    area.AreaNotRegistered,
    area.AreaClosed,
    BackDated,
)

GIVING: tuple[tuple[str, Offer[EngagementCommand]], ...] = (
    (
        "awards",
        Offer(engagement.Award, "award", "Give a vendor something to do (授予)", example=_GIVEN, refusals=_NEW),
    ),
    (
        "offers",
        Offer(engagement.Offer, "offer", "Offer a vendor something to do (派单邀约)", example=_GIVEN, refusals=_NEW),
    ),
)
OFFERS: tuple[Offer[EngagementCommand], ...] = (
    Offer(
        engagement.Accept,
        "accept",
        "The vendor takes it on (接受)",
        refusals=(*UNFIT, engagement.NotAwaitingAnswer, engagement.EngagementHeld, BackDated),
    ),
    Offer(
        engagement.Decline,
        "decline",
        "The vendor does not take it on (谢绝)",
        example={"reason": "no_capacity"},
        refusals=(engagement.NotAwaitingAnswer, BackDated),
    ),
    Offer(
        engagement.Start,
        "start",
        "The vendor begins with the work (开工)",
        refusals=(*UNFIT, engagement.NotTakenOn, engagement.EngagementHeld, BackDated),
    ),
    Offer(
        engagement.Finish,
        "finish",
        "The work is done (完工)",
        refusals=(engagement.NotStarted, BackDated),
    ),
    Offer(
        engagement.Reassign,
        "reassign",
        "Give it to another vendor (改派)",
        example={"vendor": "019a5b1e-0000-7000-8000-000000000004", "reason": "vendor_unable"},
        versioned=True,
        refusals=(*UNFIT, engagement.EngagementOver, engagement.SameVendor, BackDated),
    ),
    Offer(
        engagement.Cancel,
        "cancel",
        "It is not done after all (取消)",
        example={"reason": "not_needed"},
        versioned=True,
        refusals=(engagement.EngagementOver, BackDated),
    ),
    Offer(
        engagement.Keep,
        "keep",
        "Let it come to its end in spite of a suspension (准予完成)",
        example={"sanction": "1"},
        versioned=True,
        refusals=(engagement.EngagementOver, sanction.NoSuchSanction, fan_out.NotToBeKept, BackDated),
    ),
    Offer(
        engagement.Hold,
        "hold",
        "Nothing goes on and nothing is paid for now (冻结)",
        example={"reason": "dispute"},
        refusals=(engagement.EngagementOver, BackDated),
    ),
    Offer(engagement.Release, "release", "It may go on, and be paid for (解冻)", refusals=(BackDated,)),
    Offer(
        engagement.PayOut,
        "pay-out",
        "Pay the vendor for finished work (付款)",
        versioned=True,
        refusals=(*BARRED, engagement.NotFinished, engagement.EngagementHeld, engagement.PaidAlready, BackDated),
    ),
)


class EngagementView(msgspec.Struct, frozen=True, kw_only=True):
    """An engagement as it stands at a version."""

    id: UUID
    version: int
    position: int
    status: Status
    in_flight: bool
    """Something is to be done, or to be paid for."""
    vendor: str
    """The id of its organisation."""
    category: str
    area: str
    item: Item
    title: str
    value_fen: int
    currency: str
    basis: Basis | None
    """By what it was last allowed: a grant or an emergency waiver."""
    waiver: int
    """The number of the single-use waiver that it spends; 0: none."""
    kept: tuple[str, ...]
    """The numbers of the suspensions in spite of which it goes on."""
    held: str
    """Why it is held; empty: it is not."""
    since: datetime | None


_TAKEN = tuple(set(EngagementView.__struct_fields__) - {"id", "version", "position"})


class EngagementPage(msgspec.Struct, frozen=True):
    """Some engagements, and the cursor of the next page, null on the last."""

    items: list[EngagementView]
    next: str | None


class EngagementSieve(Paging, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which engagements. Everything that is given has to hold."""

    vendor: Annotated[str, Meta(max_length=64, description="The id of its organisation.")] | UnsetType = UNSET
    category: Annotated[str, Meta(max_length=32)] | UnsetType = UNSET
    within: (
        Annotated[str, Meta(pattern="^[0-9]{1,15}$", description="In this area, or in one that lies in it.")]
        | UnsetType
    ) = UNSET
    status: Status | UnsetType = UNSET
    in_flight: Annotated[bool, Meta(description="Something is to be done, or to be paid for.")] | UnsetType = UNSET
    held: bool | UnsetType = UNSET


EXAMPLE: dict[str, object] = {
    "id": "019a5b1e-0000-7000-8000-000000000021",
    "version": 2,
    "position": 1204,
    "status": "accepted",
    "in_flight": True,
    **_GIVEN,
    "currency": "CNY",
    "basis": {
        "kind": "grant",
        "area": "330106",
        "number": 1,
        "scheme_version": 2,
        "until": "2028-03-02T01:10:00Z",
    },
    "waiver": 0,
    "kept": [],
    "held": "",
    "since": "2026-03-02T01:10:00Z",
}


def routes(ports: Ports) -> list[HTTPRouteHandler]:
    """Everything that can be asked about engagements."""
    giving = [_give(ports, path, offer) for path, offer in GIVING]
    return [*giving, *(_command(ports, offer) for offer in OFFERS), _one(ports), _list(ports)]


def view(stream: UUID, version: int, position: int, found: Engagement) -> EngagementView:
    """The engagement as it looks from outside."""
    taken = {name: getattr(found, name) for name in _TAKEN}
    return EngagementView(id=stream, version=version, position=position, **taken)


def _give(ports: Ports, path: str, offer: Offer[EngagementCommand]) -> HTTPRouteHandler:
    change = Change(ports, engagement.decider, offer)

    async def asking(request: Asked, body: msgspec.Struct) -> Done:
        said = msgspec.structs.asdict(body)
        single: int = said["waiver"]  # what spends a single-use waiver has the one id that is derived from it
        stream = engagement.stream_of(said["vendor"], said["category"], single) if single else ports.new_id()
        return await change.ask(request, body, stream)

    body = body_of(offer.command, f"{offer.command.__name__}Engagement", dated=False)
    return command_route(f"{PATH}/{path}", offer, body, asking, place=PATH)


def _command(ports: Ports, offer: Offer[EngagementCommand]) -> HTTPRouteHandler:
    change = Change(ports, engagement.decider, offer)

    async def asking(request: Asked, body: msgspec.Struct) -> Done:
        return await change.ask_existing(request, body, request.path_params["engagement_id"])

    body = body_of(offer.command, f"{offer.command.__name__}OfEngagement", dated=False)
    return command_route(f"{PATH}/{{engagement_id:uuid}}/{offer.name}", offer, body, asking)


def _one(ports: Ports) -> HTTPRouteHandler:
    @get(
        f"{PATH}/{{engagement_id:uuid}}",
        summary="One engagement",
        operation_id="oneEngagement",
        operation_class=operation(
            *parameters(Reading), IF_NONE_MATCH, gives=EXAMPLE, headers=("ETag",), permission=SEEING
        ),
        responses=NOT_MODIFIED | problems(Malformed, NotIdentified, NotFound, InternalError, NotThereYet, LedgerAway),
    )
    async def one(request: Asked, engagement_id: FromPath[UUID]) -> Response[EngagementView | None]:
        await reached(ports, asked_for(request, Reading).min_position)
        loaded = await ports.door.load(engagement.decider, engagement_id)
        if loaded.version == 0:
            raise NotFound
        await must_see(request, ports, engagement.decider, engagement_id, loaded.state)
        seen = view(engagement_id, loaded.version, loaded.position, loaded.state)
        return fresh(request, etag(loaded.version), seen)

    return one


def _list(ports: Ports) -> HTTPRouteHandler:
    @get(
        PATH,
        summary="Engagements, filtered, a page at a time, the oldest first",
        operation_id="listEngagements",
        operation_class=operation(
            *parameters(EngagementSieve), gives={"items": [EXAMPLE], "next": None}, headers=("Link",), permission=SEEING
        ),
        responses=problems(Malformed, NotIdentified, NotPermitted, InternalError, NotThereYet, LedgerAway),
    )
    async def some(request: Asked) -> Response[EngagementPage]:
        viewer = await looking_at_some(request, ports, SEEING)
        sieve = asked_for(request, EngagementSieve)
        wanted = msgspec.structs.replace(filters(sieve, Filters), sight=viewer.sight)
        shown = await page_of(
            ports, projection.name, sieve, lambda after, limit: ports.engagements.page(wanted, after, limit)
        )
        items = [view(row.id, row.version, row.position, row.state) for row in shown.rows]
        return linked(request, PATH, EngagementPage(items, shown.onward), shown.onward)

    return some
