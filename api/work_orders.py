"""Work orders over HTTP: one POST a command, one order now or as of then, its history.

POST /work-orders                 report
POST /work-orders/{id}/assign ..  every other command, by its name
GET  /work-orders/{id}            ?as_of=, ?basis=
GET  /work-orders/{id}/history    the same
"""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from msgspec import UNSET, Meta, UnsetType

from api import as_of as past
from api.asked import Asked
from api.change import Change, Offer, body_of, command_route
from api.disclosing import Part, disclose
from api.documentation import IF_NONE_MATCH, NOT_MODIFIED, operation, problems
from api.freshness import reached
from api.ports import Ports
from api.preconditions import etag, fresh
from api.problems import InternalError, LedgerAway, Malformed, NotFound, NotIdentified, NotThereYet
from api.query import Reading, asked_for, parameters
from api.sentences import language_of
from api.sight import Viewer, must_see
from api.work_order_examples import EXAMPLE, HISTORY, OFFERS, REPORT
from api.work_order_view import History, WorkOrderView, history, view
from domain import work_order
from domain.ports import Done, Loaded
from domain.work_order import WorkOrder

PATH = "/work-orders"
SEEING = "work_order.see"


class Looking(Reading, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """At which point in time."""

    as_of: (
        Annotated[str, Meta(description="A moment with offset (ISO 8601) or a log position: how it stood then.")]
        | UnsetType
    ) = UNSET
    basis: Annotated[
        past.Basis,
        Meta(description="recorded: as we knew it then. occurred: as it was, with what came in late."),
    ] = "recorded"


READING = (Malformed, NotIdentified, NotFound, InternalError, NotThereYet, LedgerAway)


def routes(ports: Ports) -> list[HTTPRouteHandler]:
    """Everything that can be asked about work orders."""
    return [_report(ports), *(_command(ports, offer) for offer in OFFERS), _one(ports), _history(ports)]


def _report(ports: Ports) -> HTTPRouteHandler:
    change = Change(ports, work_order.decider, REPORT)

    async def asking(request: Asked, body: msgspec.Struct) -> Done:
        if not msgspec.structs.asdict(body)["reporter"]:  # whoever says nothing else reports for themselves
            body = msgspec.structs.replace(body, reporter=request.user)
        return await change.ask(request, body, ports.new_id())

    return command_route(PATH, REPORT, body_of(REPORT.command, "ReportWorkOrder"), asking, place=PATH)


def _command(ports: Ports, offer: Offer[work_order.WorkOrderCommand]) -> HTTPRouteHandler:
    change = Change(ports, work_order.decider, offer)

    async def asking(request: Asked, body: msgspec.Struct) -> Done:
        return await change.ask_existing(request, body, request.path_params["order_id"])

    body = body_of(offer.command, f"{offer.command.__name__}WorkOrder")
    return command_route(f"{PATH}/{{order_id:uuid}}/{offer.name}", offer, body, asking)


def _one(ports: Ports) -> HTTPRouteHandler:
    @get(
        f"{PATH}/{{order_id:uuid}}",
        summary="One work order, now or as of then",
        operation_id="oneWorkOrder",
        operation_class=operation(
            *parameters(Looking), IF_NONE_MATCH, gives=EXAMPLE, headers=("ETag",), permission=SEEING
        ),
        responses=NOT_MODIFIED | problems(*READING),
    )
    async def one(request: Asked, order_id: FromPath[UUID]) -> Response[WorkOrderView | None]:
        then = await _point(request, ports)
        loaded, viewer = await _seen(request, ports, order_id)
        found = _now(order_id, loaded) if then == past.NOW else await _then(ports, order_id, then)
        told = await disclose(ports.discretion.vault, [Part(order_id, found, viewer.sees)])
        return fresh(request, etag(found.version), told.contents[0])

    return one


async def _point(request: Asked, ports: Ports) -> past.Then:
    """Where a read looks, once the log has come to the position that it waits for."""
    looking = asked_for(request, Looking)
    await reached(ports, looking.min_position)
    return past.point(None if looking.as_of is UNSET else looking.as_of, looking.basis)


async def _seen(request: Asked, ports: Ports, order_id: UUID) -> tuple[Loaded[WorkOrder], Viewer]:
    """The work order as it stands now, for whoever may see it now: that decides about its past too."""
    loaded = await ports.door.load(work_order.decider, order_id)
    if loaded.version == 0:
        raise NotFound
    return loaded, await must_see(request, ports, work_order.decider, order_id, loaded.state)


def _now(order_id: UUID, loaded: Loaded[WorkOrder]) -> WorkOrderView:
    return view(order_id, loaded.version, loaded.position, loaded.state)


async def _then(ports: Ports, order_id: FromPath[UUID], then: past.Then) -> WorkOrderView:
    rows = await past.events(ports.ledger, work_order.decider, order_id, then)
    if not rows:
        raise NotFound
    return view(order_id, rows[-1].version, rows[-1].position, past.folded(work_order.decider, rows))


def _history(ports: Ports) -> HTTPRouteHandler:
    @get(
        f"{PATH}/{{order_id:uuid}}/history",
        summary="Everything that happened to a work order",
        operation_id="workOrderHistory",
        operation_class=operation(
            *parameters(Looking), IF_NONE_MATCH, gives=HISTORY, headers=("ETag",), permission=SEEING
        ),
        responses=NOT_MODIFIED | problems(*READING),
    )
    async def events(request: Asked, order_id: FromPath[UUID]) -> Response[History | None]:
        then = await _point(request, ports)
        _, viewer = await _seen(request, ports, order_id)
        rows = await past.events(ports.ledger, work_order.decider, order_id, then)
        if not rows:
            raise NotFound
        language = language_of(request.said(b"accept-language"))
        disclosed = await disclose(
            ports.discretion.vault, [Part(order_id, history(order_id, rows, language), viewer.sees)]
        )
        told = disclosed.contents[0]
        said = {"Content-Language": language, "Vary": "Accept-Language"}
        return fresh(request, f'"{told.version}-{language}"', told, said)

    return events
