"""Many work orders at once: filters, order, pages. Read from the board, which follows the log.

    GET /work-orders          a page, and with RFC 8288 `Link` the address of the next
    GET /work-orders/counts   how many stand where, how many are overdue

A filter that does not exist is a mistake (400), not a longer list.
"""

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from msgspec import UNSET, Meta, UnsetType, structs

from api.asked import Asked
from api.cursors import cursor, end_of
from api.disclosing import Part, disclose
from api.documentation import operation, problems
from api.freshness import reach
from api.pages import link
from api.ports import Ports
from api.problems import InternalError, LedgerAway, Malformed, NotIdentified, NotThereYet
from api.query import Reading, asked_for, parameters
from api.sight import looking_at_some
from api.work_order_examples import EXAMPLE
from api.work_order_view import WorkOrderView, view
from domain.access.permission import NotPermitted, Sight
from domain.work_order import Status
from projections.work_order_board import Counts, Filters, Sort, projection

PATH = "/work-orders"
MOST = 200

Text: TypeAlias = Annotated[str, Meta(max_length=128)]
Moment: TypeAlias = Annotated[datetime, Meta(tz=True)]


class Sieve(Reading, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which work orders. Everything that is given has to hold."""

    status: Annotated[tuple[Status, ...], Meta(description="Any of these; may be repeated.")] | UnsetType = UNSET
    priority: (
        Annotated[tuple[Annotated[int, Meta(ge=0, le=4)], ...], Meta(description="Any of these; may be repeated.")]
        | UnsetType
    ) = UNSET
    open: Annotated[bool, Meta(description="Neither closed nor cancelled.")] | UnsetType = UNSET
    community: Text | UnsetType = UNSET
    category: Text | UnsetType = UNSET
    channel: Text | UnsetType = UNSET
    company: Annotated[Text, Meta(description="Who has it to do; empty: nobody yet.")] | UnsetType = UNSET
    team: Text | UnsetType = UNSET
    person: Text | UnsetType = UNSET
    reporter: Text | UnsetType = UNSET
    device: Text | UnsetType = UNSET
    external_key: Text | UnsetType = UNSET
    overdue: Annotated[Literal["true"], Meta(description="Late now.")] | UnsetType = UNSET
    breached: Annotated[bool, Meta(description="Some target was missed.")] | UnsetType = UNSET
    response_breached: bool | UnsetType = UNSET
    resolution_breached: bool | UnsetType = UNSET
    assignment_breached: bool | UnsetType = UNSET
    warned: bool | UnsetType = UNSET
    provisional: bool | UnsetType = UNSET
    level: Annotated[int, Meta(ge=0, le=100, description="Escalated at least so far.")] | UnsetType = UNSET
    reported_from: Annotated[Moment, Meta(description="Reported at or after.")] | UnsetType = UNSET
    reported_to: Annotated[Moment, Meta(description="Reported before.")] | UnsetType = UNSET
    due_before: Annotated[Moment, Meta(description="Resolution due before.")] | UnsetType = UNSET
    q: Annotated[Text, Meta(description="Found in summary, place or external key.")] | UnsetType = UNSET


class Listing(Sieve, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which page of them."""

    sort: Annotated[Sort, Meta(description="newest: report, newest first. due: resolution due, earliest first.")] = (
        "newest"
    )
    limit: Annotated[int, Meta(ge=1, le=MOST)] = 50
    cursor: Annotated[str, Meta(max_length=200, description="From the page before.")] | UnsetType = UNSET


READING = (Malformed, NotIdentified, NotPermitted, InternalError, NotThereYet, LedgerAway)
SEEING = "work_order.see"
COUNTS = {"status": {"reported": 3, "in_progress": 12, "closed": 240}, "open": 15, "overdue": 2}

_RENAMED = {"reported_to": "reported_before"}
_OURS = {"overdue", "q", "min_position", "sort", "limit", "cursor"}


class Page(msgspec.Struct, frozen=True):
    """Some work orders, and the cursor of the next page, null on the last."""

    items: list[WorkOrderView]
    next: str | None


def routes(ports: Ports) -> list[HTTPRouteHandler]:
    """The list, and its counts."""
    return [_list(ports), _counts(ports)]


def _list(ports: Ports) -> HTTPRouteHandler:
    @get(
        PATH,
        summary="Work orders, filtered, a page at a time",
        operation_id="listWorkOrders",
        operation_class=operation(
            *parameters(Listing), gives={"items": [EXAMPLE], "next": None}, headers=("Link",), permission=SEEING
        ),
        responses=problems(*READING),
    )
    async def some(request: Asked) -> Response[Page]:
        listing = asked_for(request, Listing)
        await reach(ports, projection.name, listing.min_position)
        question = msgspec.json.encode(structs.replace(listing, limit=50, cursor=UNSET, min_position=UNSET))
        after = None if listing.cursor is UNSET else end_of(listing.cursor, question, datetime)
        viewer = await looking_at_some(request, ports, SEEING)
        wanted = filters(listing, ports.now(), viewer.sight)
        found = await ports.board.page(wanted, listing.sort, after, listing.limit + 1)
        shown = found[: listing.limit]
        onward = cursor(*shown[-1].key(listing.sort), question) if len(found) > len(shown) else None
        views = [view(row.id, row.version, row.position, row.order) for row in shown]
        told = await disclose(ports.discretion.vault, [Part(each.id, each, viewer.sees) for each in views])
        page = Page(told.contents, onward)
        return Response(page, headers={} if onward is None else {"Link": link(request, PATH, onward)})

    return some


def _counts(ports: Ports) -> HTTPRouteHandler:
    @get(
        f"{PATH}/counts",
        summary="How many work orders stand where",
        operation_id="countWorkOrders",
        operation_class=operation(*parameters(Sieve), gives=COUNTS, permission=SEEING),
        responses=problems(*READING),
    )
    async def counts(request: Asked) -> Counts:
        sieve = asked_for(request, Sieve)
        await reach(ports, projection.name, sieve.min_position)
        now = ports.now()
        return await ports.board.counts(now, filters(sieve, now, (await looking_at_some(request, ports, SEEING)).sight))

    return counts


def filters(sieve: Sieve, now: datetime, sight: Sight) -> Filters:
    """What the board is asked for."""
    said = {name: value for name, value in structs.asdict(sieve).items() if value is not UNSET}
    wanted = {_RENAMED.get(name, name): value for name, value in said.items() if name not in _OURS}
    if sieve.overdue is not UNSET:
        wanted["overdue_at"] = now
    if sieve.q is not UNSET:
        wanted["words"] = sieve.q.casefold()
    return Filters(**wanted, sight=sight)
