"""Standings over HTTP: what is known about a vendor, what it comes to period by period, and why.

POST /standings/{vendor_id}/notes, ../close-period
GET  /standings?band=&tier=&total_below=             a page, by the id of the vendor
GET  /standings/{vendor_id}?as_of=&basis=            band, tier, rights
GET  /standings/{vendor_id}/history                  bands and tiers over time
GET  /standings/{vendor_id}/periods/{period}?as_of=  the scorecard, explained, down to each piece of evidence
"""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, PathParameter
from msgspec import UNSET, Meta, UnsetType, structs

from api import as_of as past
from api.asked import Asked
from api.change import Change, Offer, body_of, command_route
from api.documentation import IF_NONE_MATCH, NOT_MODIFIED, operation, problems
from api.evaluation.standing_view import (
    HISTORY_EXAMPLE,
    PERIOD_EXAMPLE,
    STANDING_EXAMPLE,
    HistoryView,
    PeriodView,
    StandingView,
    history_of,
    period_of,
    view,
)
from api.freshness import reached
from api.pages import Paging, filters, linked, page_of
from api.ports import Ports
from api.preconditions import etag, fresh
from api.problems import InternalError, LedgerAway, Malformed, NotFound, NotIdentified, NotThereYet
from api.query import Reading, asked_for, parameters
from api.sight import looking, looking_at_some
from domain.access.permission import NotPermitted
from domain.decider import Whose
from domain.evaluation import evidence, rating_scheme, standing
from domain.evaluation.scorecard import Rating
from domain.evaluation.standing import StandingCommand
from domain.parties import organisation
from domain.ports import Done, OtherLifecycle, Recorded
from projections.evaluation.standing_register import Filters, projection

SEEING = "standing.see"
PATH = "/standings"
ONE = f"{PATH}/{{vendor_id:uuid}}"

Period = Annotated[str, PathParameter(description="Such as `2026-03` or `2026-Q1`.", max_length=64)]

OFFERS: tuple[tuple[str, Offer[StandingCommand]], ...] = (
    (
        "NoteEvidence",
        Offer(
            standing.Note,
            "notes",
            "Note evidence about a vendor (记录考评证据)",
            example={
                "id": "inspection/2026-03-17/4",
                "kind": "inspection",
                "happened_at": "2026-02-27T10:00:00+08:00",
                "subject": "inspection/4",
                "category": "lifts",
                "area": "330106001001",
                "points": 85,
            },
            refusals=(
                standing.NobodyToRate,
                evidence.PointsOffScale,
                standing.NotYetHappened,
                standing.EvidenceSaysOtherwise,
                standing.TooLongAgo,
            ),
        ),
    ),
    (
        "CloseRatedPeriod",
        Offer(
            standing.ClosePeriod,
            "close-period",
            "Rate a period that is over (结算考评周期)",
            example={"period": "2026-02"},
            refusals=(
                standing.NobodyToRate,
                standing.PeriodUnknown,
                standing.PeriodNotOver,
                standing.NoSchemeInForce,
                standing.TooLongAgo,
            ),
        ),
    ),
)


class StandingPage(msgspec.Struct, frozen=True):
    """Some standings, and the cursor of the next page, null on the last."""

    items: list[StandingView]
    next: str | None


class StandingSieve(Paging, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which standings. Everything that is given has to hold."""

    band: Annotated[Rating, Meta(description="Empty: not rated so far.")] | UnsetType = UNSET
    tier: Annotated[int, Meta(ge=0, le=9)] | UnsetType = UNSET
    total_below: (
        Annotated[int, Meta(ge=0, le=10_001, description="In hundredths of a point, of the period rated last.")]
        | UnsetType
    ) = UNSET


class StandingThen(Reading, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """When."""

    as_of: (
        Annotated[str, Meta(max_length=64, description="A log position, or a moment with offset: as it stood then.")]
        | UnsetType
    ) = UNSET
    basis: Annotated[
        past.Basis, Meta(description="recorded: as we knew it then. occurred: as it was then, whenever we knew.")
    ] = "recorded"


READING = (Malformed, NotIdentified, NotPermitted, NotFound, InternalError, NotThereYet, LedgerAway)


def routes(ports: Ports) -> list[HTTPRouteHandler]:
    """Everything that can be asked about standings."""
    commands = [_command(ports, name, offer) for name, offer in OFFERS]
    return [*commands, _one(ports), _history(ports), _period(ports), _list(ports)]


def _command(ports: Ports, name: str, offer: Offer[StandingCommand]) -> HTTPRouteHandler:
    change = Change(ports, standing.decider, offer)

    async def asking(request: Asked, body: msgspec.Struct) -> Done:
        vendor = str(request.path_params["vendor_id"])
        return await change.ask(request, body, standing.stream(vendor), vendor=vendor)

    body = body_of(offer.command, name, without=["vendor"])
    return command_route(f"{ONE}/{offer.name}", offer, body, asking)


async def _looked_at(request: Asked, ports: Ports, vendor: UUID) -> list[Recorded]:
    """What happened to a standing until then, for whoever may see it. Raises NotFound where there is no such vendor."""
    looking_at = asked_for(request, StandingThen)
    then = past.point(None if looking_at.as_of is UNSET else looking_at.as_of, looking_at.basis)
    await reached(ports, looking_at.min_position)
    seen = (await looking(request, ports, SEEING)).sight
    if not seen.takes_in(Whose(organisations=(str(vendor),))):
        raise NotFound
    rows = await past.events(ports.ledger, standing.decider, standing.stream(str(vendor)), then)
    if not rows and not await _is_registered(ports, vendor):
        raise NotFound
    return rows


async def _is_registered(ports: Ports, vendor: UUID) -> bool:
    try:
        return (await ports.door.load(organisation.decider, vendor)).version > 0
    except OtherLifecycle:
        return False


def _last(rows: list[Recorded]) -> tuple[int, int]:
    return (rows[-1].version, rows[-1].position) if rows else (0, 0)


def _one(ports: Ports) -> HTTPRouteHandler:
    @get(
        ONE,
        summary="The standing of a vendor, now or as of then",
        operation_id="oneStanding",
        operation_class=operation(
            *parameters(StandingThen), IF_NONE_MATCH, gives=STANDING_EXAMPLE, headers=("ETag",), permission=SEEING
        ),
        responses=NOT_MODIFIED | problems(*READING),
    )
    async def one(request: Asked, vendor_id: FromPath[UUID]) -> Response[StandingView | None]:
        rows = await _looked_at(request, ports, vendor_id)
        state = past.folded(standing.decider, rows)
        scheme = await ports.door.load(rating_scheme.decider, rating_scheme.stream(rating_scheme.VENDORS))
        seen = view(str(vendor_id), *_last(rows), state, scheme.state.rules(ports.now()))
        return fresh(request, f'"{seen.version}-{scheme.version}-{scheme.state.in_force(ports.now())}"', seen)

    return one


def _history(ports: Ports) -> HTTPRouteHandler:
    @get(
        f"{ONE}/history",
        summary="What the standing of a vendor has come to over time",
        operation_id="standingHistory",
        operation_class=operation(
            *parameters(StandingThen), IF_NONE_MATCH, gives=HISTORY_EXAMPLE, headers=("ETag",), permission=SEEING
        ),
        responses=NOT_MODIFIED | problems(*READING),
    )
    async def events(request: Asked, vendor_id: FromPath[UUID]) -> Response[HistoryView | None]:
        rows = await _looked_at(request, ports, vendor_id)
        return fresh(request, etag(_last(rows)[0]), history_of(str(vendor_id), rows))

    return events


def _period(ports: Ports) -> HTTPRouteHandler:
    @get(
        f"{ONE}/periods/{{period:str}}",
        summary="The scorecard of a period, with everything that it rests on",
        operation_id="standingPeriod",
        operation_class=operation(
            *parameters(StandingThen), IF_NONE_MATCH, gives=PERIOD_EXAMPLE, headers=("ETag",), permission=SEEING
        ),
        responses=NOT_MODIFIED | problems(*READING),
    )
    async def one(request: Asked, vendor_id: FromPath[UUID], period: Period) -> Response[PeriodView | None]:
        rows = await _looked_at(request, ports, vendor_id)
        scheme = await ports.door.load(rating_scheme.decider, rating_scheme.stream(rating_scheme.VENDORS))
        seen = period_of(str(vendor_id), period, rows, scheme.state, ports.now())
        if seen is None:
            raise NotFound
        return fresh(request, f'"{_last(rows)[0]}-{scheme.version}"', seen)

    return one


def _list(ports: Ports) -> HTTPRouteHandler:
    @get(
        PATH,
        summary="Standings, filtered, a page at a time",
        operation_id="listStandings",
        operation_class=operation(
            *parameters(StandingSieve),
            gives={"items": [STANDING_EXAMPLE], "next": None},
            headers=("Link",),
            permission=SEEING,
        ),
        responses=problems(Malformed, NotIdentified, NotPermitted, InternalError, NotThereYet, LedgerAway),
    )
    async def some(request: Asked) -> Response[StandingPage]:
        seen = (await looking_at_some(request, ports, SEEING)).sight
        sieve = asked_for(request, StandingSieve)
        wanted = filters(sieve, Filters)
        if not seen.everything:
            wanted = structs.replace(wanted, vendors=seen.organisations)
        shown = await page_of(
            ports, projection.name, sieve, lambda after, limit: ports.standings.page(wanted, after, limit)
        )
        scheme = await ports.door.load(rating_scheme.decider, rating_scheme.stream(rating_scheme.VENDORS))
        rules = scheme.state.rules(ports.now())
        items = [view(row.state.vendor, row.version, row.position, row.state, rules) for row in shown.rows]
        return linked(request, PATH, StandingPage(items, shown.onward), shown.onward)

    return some
