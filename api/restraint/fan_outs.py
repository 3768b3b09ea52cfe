"""What becomes of a sanctioned vendor's work over HTTP: what waits for a choice, and how it all came out.

POST /fan-outs/{id}/choose                       one item: keep, hold, reassign, cancel
GET  /fan-outs/{id}                              every item, and the completion report
GET  /fan-outs?vendor=&open=&undecided=          a page, the one whose time to choose ends first at the top
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
from api.sight import looking_at_some, must_see
from domain.access.permission import NotPermitted
from domain.ports import Done
from domain.restraint import fan_out
from domain.restraint.fan_out import Choice, Entry, FanOut, FanOutCommand, ItemKind, Outcome
from projections.restraint.fan_out_board import Filters, projection

SEEING = "fan_out.see"
PATH = "/fan-outs"

CHOOSE: Offer[FanOutCommand] = Offer(
    fan_out.Choose,
    "choose",
    "Say what becomes of something that is under way (在途业务处置)",
    example={"item": "019a5b1e-0000-7000-8000-000000000021", "choice": "keep", "reason": "nearly_done"},
    refusals=(
        fan_out.FanOutUnknown,
        fan_out.FanOutClosed,
        fan_out.NotUnderWay,
        fan_out.ChoiceCarriedOut,
        fan_out.ChoiceMadeAlready,
        fan_out.ChoiceTooLate,
        fan_out.NotToBeKept,
        fan_out.ReassignedToNobody,
    ),
)


class ItemView(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was under way, and what becomes of it."""

    kind: ItemKind
    id: str
    category: str
    area: str
    found: str
    """How far it had come when the sanction came."""
    status: str
    """waiting, chosen, done or refused."""
    choice: Choice | None
    to: str
    """The other vendor, if it is reassigned."""
    reason: str
    by: str
    by_default: bool
    """Nobody had chosen by the deadline."""
    code: str
    """Why it was refused: choose again, as long as there is time."""


class CountView(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the completion report: so many items came out like this."""

    choice: Choice
    outcome: Outcome
    by_default: bool
    """Nobody had chosen by the deadline."""
    number: int


class FanOutLine(msgspec.Struct, frozen=True, kw_only=True):
    """A fan-out in a list."""

    id: UUID
    version: int
    position: int
    vendor: str
    sanction: int
    restraint: str
    begun_at: datetime | None
    deadline: datetime | None
    closed_at: datetime | None
    items: int
    undecided: int


class FanOutView(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was under way with a vendor when a sanction came."""

    id: UUID
    version: int
    position: int
    vendor: str
    sanction: int
    """Its number."""
    restraint: str
    """suspended or blacklisted."""
    begun_at: datetime | None
    deadline: datetime | None
    """What nobody has chosen for by then is held."""
    closed_at: datetime | None
    undecided: int
    items: list[ItemView]
    report: list[CountView]
    """How many came out how, once it is closed."""


class FanOutPage(msgspec.Struct, frozen=True):
    """Some fan-outs, and the cursor of the next page, null on the last."""

    items: list[FanOutLine]
    next: str | None


class FanOutSieve(Paging, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which fan-outs. Everything that is given has to hold."""

    vendor: Annotated[str, Meta(max_length=64, description="The id of an organisation.")] | UnsetType = UNSET
    open: Annotated[bool, Meta(description="Not reported yet.")] | UnsetType = UNSET
    undecided: Annotated[bool, Meta(description="Something waits for a choice.")] | UnsetType = UNSET


LINE: dict[str, object] = {
    "id": "019a5b1e-0000-7000-8000-000000000022",
    "version": 3,
    "position": 4720,
    "vendor": "019a5b1e-0000-7000-8000-000000000003",
    "sanction": 1,
    "restraint": "suspended",
    "begun_at": "2026-03-02T01:00:01Z",
    "deadline": "2026-03-05T01:00:01Z",
    "closed_at": None,
    "items": 2,
    "undecided": 1,
}
EXAMPLE: dict[str, object] = {
    **LINE,
    "items": [
        {
            "kind": "engagement",
            "id": "019a5b1e-0000-7000-8000-000000000021",
            "category": "access_control",
            "area": "330106001001",
            "found": "accepted",
            "status": "done",
            "choice": "keep",
            "to": "",
            "reason": "nearly_done",
            "by": "019a5b1e-0000-7000-8000-000000000001",
            "by_default": False,
            "code": "",
        }
    ],
    "report": [],
}


def routes(ports: Ports) -> list[HTTPRouteHandler]:
    """Everything that can be asked about fan-outs."""
    return [_choose(ports), _one(ports), _list(ports)]


def _choose(ports: Ports) -> HTTPRouteHandler:
    change = Change(ports, fan_out.decider, CHOOSE)

    async def asking(request: Asked, body: msgspec.Struct) -> Done:
        return await change.ask_existing(request, body, request.path_params["fan_out_id"], by=request.user)

    body = body_of(CHOOSE.command, "ChooseInFanOut", ("by",), dated=False)
    return command_route(f"{PATH}/{{fan_out_id:uuid}}/{CHOOSE.name}", CHOOSE, body, asking)


def _one(ports: Ports) -> HTTPRouteHandler:
    @get(
        f"{PATH}/{{fan_out_id:uuid}}",
        summary="What becomes of everything that was under way with a sanctioned vendor",
        operation_id="oneFanOut",
        operation_class=operation(
            *parameters(Reading), IF_NONE_MATCH, gives=EXAMPLE, headers=("ETag",), permission=SEEING
        ),
        responses=NOT_MODIFIED | problems(Malformed, NotIdentified, NotFound, InternalError, NotThereYet, LedgerAway),
    )
    async def one(request: Asked, fan_out_id: FromPath[UUID]) -> Response[FanOutView | None]:
        await reached(ports, asked_for(request, Reading).min_position)
        loaded = await ports.door.load(fan_out.decider, fan_out_id)
        if loaded.version == 0:
            raise NotFound
        await must_see(request, ports, fan_out.decider, fan_out_id, loaded.state)
        seen = _view(fan_out_id, loaded.version, loaded.position, loaded.state)
        return fresh(request, etag(loaded.version), seen)

    return one


def _list(ports: Ports) -> HTTPRouteHandler:
    @get(
        PATH,
        summary="Fan-outs, filtered, a page at a time, the most pressing first",
        operation_id="listFanOuts",
        operation_class=operation(
            *parameters(FanOutSieve), gives={"items": [LINE], "next": None}, headers=("Link",), permission=SEEING
        ),
        responses=problems(Malformed, NotIdentified, NotPermitted, InternalError, NotThereYet, LedgerAway),
    )
    async def some(request: Asked) -> Response[FanOutPage]:
        viewer = await looking_at_some(request, ports, SEEING)
        sieve = asked_for(request, FanOutSieve)
        wanted = structs.replace(filters(sieve, Filters), sight=viewer.sight)
        shown = await page_of(
            ports, projection.name, sieve, lambda after, limit: ports.fan_outs.page(wanted, after, limit)
        )
        items = [_line(row.id, row.version, row.position, row.state) for row in shown.rows]
        return linked(request, PATH, FanOutPage(items, shown.onward), shown.onward)

    return some


def _view(stream: UUID, version: int, position: int, found: FanOut) -> FanOutView:
    return FanOutView(
        id=stream,
        version=version,
        position=position,
        vendor=found.vendor,
        sanction=found.sanction,
        restraint=found.restraint,
        begun_at=found.begun_at,
        deadline=found.deadline,
        closed_at=found.closed_at,
        undecided=len(found.undecided),
        items=[_item(each) for each in found.entries],
        report=[
            CountView(choice=each.choice, outcome=each.outcome, by_default=each.by_default, number=each.number)
            for each in found.report
        ],
    )


def _line(stream: UUID, version: int, position: int, found: FanOut) -> FanOutLine:
    return FanOutLine(
        id=stream,
        version=version,
        position=position,
        vendor=found.vendor,
        sanction=found.sanction,
        restraint=found.restraint,
        begun_at=found.begun_at,
        deadline=found.deadline,
        closed_at=found.closed_at,
        items=len(found.entries),
        undecided=len(found.undecided),
    )


def _item(entry: Entry) -> ItemView:
    return ItemView(
        kind=entry.item.kind,
        id=entry.item.id,
        category=entry.item.category,
        area=entry.item.area,
        found=entry.item.status,
        status=entry.status,
        choice=entry.choice,
        to=entry.to,
        reason=entry.reason,
        by=entry.by,
        by_default=entry.by_default,
        code=entry.code,
    )
