"""Screenings over HTTP: what was compared and found of a vendor, and what people make of it.

GET  /screenings?awaiting=&strong=&confirmed=&q=     a page, by name
GET  /vendors/{id}/screening                         the last one, and every match that stands
GET  /vendors/{id}/screening/history                 each one, with the lists as they were: the proof
POST /vendors/{id}/screening/confirm, ../dismiss     it is the vendor, or it is somebody else
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
from api.sentences import language_of
from api.sight import looking_at_some, must_see
from api.work_order_view import History, history
from domain.access.permission import NotPermitted
from domain.ports import Done, Loaded
from domain.restraint import screening
from domain.restraint.screening import Compared, Match, Screening, ScreeningCommand, Status
from projections.restraint.screening_board import Filters, projection

SEEING = "screening.see"
PATH = "/screenings"
OF_VENDOR = "/vendors/{vendor_id:uuid}/screening"
READING = (Malformed, NotIdentified, NotFound, InternalError, NotThereYet, LedgerAway)

OFFERS: tuple[Offer[ScreeningCommand], ...] = (
    Offer(
        screening.Confirm,
        "confirm",
        "It is the vendor who stands on the list (确认匹配)",
        example={"entry": "019a5b1e-0000-5000-8000-000000000031", "reason": "same_code", "evidence": 2217},
        versioned=True,
        refusals=(screening.MatchNotFound,),
    ),
    Offer(
        screening.Dismiss,
        "dismiss",
        "It is somebody else who stands on the list (排除匹配)",
        example={"entry": "019a5b1e-0000-5000-8000-000000000031", "reason": "other_place"},
        versioned=True,
        refusals=(screening.MatchNotFound,),
    ),
)


class MatchView(msgspec.Struct, frozen=True, kw_only=True):
    """An entry that may be the vendor, and what was made of it."""

    match: Match
    status: Status
    strong: bool
    """It blocks the vendor until somebody has judged it."""
    since: datetime
    decided_at: datetime | None
    by: str
    reason: str
    evidence: int
    """The log position of what was seen then."""


class ScreeningView(msgspec.Struct, frozen=True, kw_only=True):
    """A vendor's screening as it stands at a version."""

    vendor: str
    """The id of the organisation."""
    version: int
    position: int
    screened_at: datetime | None
    name: str
    """As it was compared."""
    credit_code: str
    compared: tuple[Compared, ...]
    """With which lists."""
    lists_position: int
    """The position of the log that the lists were at."""
    matches: tuple[MatchView, ...]


EXAMPLE: dict[str, object] = {
    "vendor": "019a5b1e-0000-7000-8000-000000000003",
    "version": 2,
    "position": 2301,
    "screened_at": "2026-03-02T18:00:01Z",
    "name": "明达水电工程有限公司",
    "credit_code": "91110000600037341L",
    "compared": [{"list_key": "procurement", "entries": 812, "sha256": "9f" * 32}],
    "lists_position": 2217,
    "matches": [
        {
            "match": {
                "entry": "019a5b1e-0000-5000-8000-000000000031",
                "edition": 1,
                "list_key": "procurement",
                "entry_key": "财购罚〔2026〕3号",
                "how": "alike",
                "name": "明達水電工程有限責任公司",
                "likeness": 97,
            },
            "status": "awaiting",
            "strong": False,
            "since": "2026-03-02T18:00:01Z",
            "decided_at": None,
            "by": "",
            "reason": "",
            "evidence": 0,
        }
    ],
}
HISTORY: dict[str, object] = {
    "id": "019a5b1e-0000-7000-8000-000000000003",
    "version": 1,
    "events": [
        {
            "position": 2300,
            "version": 1,
            "type": "screening.screened",
            "label": "已筛查",
            "actor": "screening",
            "occurred_at": "2026-03-02T18:00:01Z",
            "recorded_at": "2026-03-02T18:00:02Z",
            "correlation_id": "screening/night/2026-03-03",
            "data": {"at": "2026-03-02T18:00:01Z", "name": "明达水电工程有限公司"},
        }
    ],
}


class ScreeningPage(msgspec.Struct, frozen=True):
    """Some screenings, and the cursor of the next page, null on the last."""

    items: list[ScreeningView]
    next: str | None


class ScreeningSieve(Paging, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which vendors. Everything that is given has to hold."""

    awaiting: Annotated[bool, Meta(description="Some match awaits a person.")] | UnsetType = UNSET
    strong: Annotated[bool, Meta(description="Some match that awaits a person blocks until then.")] | UnsetType = UNSET
    confirmed: Annotated[bool, Meta(description="It stands on a list.")] | UnsetType = UNSET
    q: Annotated[str, Meta(max_length=128, description="Found in the name that was compared.")] | UnsetType = UNSET


def routes(ports: Ports) -> list[HTTPRouteHandler]:
    """Everything that can be asked about screenings."""
    return [*(_judge(ports, offer) for offer in OFFERS), _one(ports), _history(ports), _some(ports)]


def view(version: int, position: int, found: Screening) -> ScreeningView:
    """The screening as it looks from outside."""
    return ScreeningView(
        vendor=found.vendor,
        version=version,
        position=position,
        screened_at=found.screened_at,
        name=found.name,
        credit_code=found.credit_code,
        compared=found.compared,
        lists_position=found.position,
        matches=tuple(
            MatchView(
                match=each.match,
                status=each.status,
                strong=each.strong,
                since=each.since,
                decided_at=each.decided_at,
                by=each.by,
                reason=each.reason,
                evidence=each.evidence,
            )
            for each in found.found
        ),
    )


def _judge(ports: Ports, offer: Offer[ScreeningCommand]) -> HTTPRouteHandler:
    change = Change(ports, screening.decider, offer)

    async def asking(request: Asked, body: msgspec.Struct) -> Done:
        stream = screening.stream(str(request.path_params["vendor_id"]))
        return await change.ask_existing(request, body, stream, by=request.user)

    body = body_of(offer.command, f"{offer.command.__name__}Match", without=("by",))
    return command_route(f"{OF_VENDOR}/{offer.name}", offer, body, asking)


async def _seen(request: Asked, ports: Ports, vendor_id: UUID) -> Loaded[Screening]:
    await reached(ports, asked_for(request, Reading).min_position)
    stream = screening.stream(str(vendor_id))
    loaded = await ports.door.load(screening.decider, stream)
    if loaded.version == 0:
        raise NotFound
    await must_see(request, ports, screening.decider, stream, loaded.state)
    return loaded


def _one(ports: Ports) -> HTTPRouteHandler:
    @get(
        OF_VENDOR,
        summary="What was found of a vendor on lists of debarment",
        operation_id="oneScreening",
        operation_class=operation(
            *parameters(Reading), IF_NONE_MATCH, gives=EXAMPLE, headers=("ETag",), permission=SEEING
        ),
        responses=NOT_MODIFIED | problems(*READING),
    )
    async def one(request: Asked, vendor_id: FromPath[UUID]) -> Response[ScreeningView | None]:
        loaded = await _seen(request, ports, vendor_id)
        return fresh(request, etag(loaded.version), view(loaded.version, loaded.position, loaded.state))

    return one


def _history(ports: Ports) -> HTTPRouteHandler:
    @get(
        f"{OF_VENDOR}/history",
        summary="Each time a vendor was screened, with what, and what came of it",
        operation_id="screeningHistory",
        operation_class=operation(
            *parameters(Reading), IF_NONE_MATCH, gives=HISTORY, headers=("ETag",), permission=SEEING
        ),
        responses=NOT_MODIFIED | problems(*READING),
    )
    async def events(request: Asked, vendor_id: FromPath[UUID]) -> Response[History | None]:
        await _seen(request, ports, vendor_id)
        rows = await ports.ledger.read(screening.stream(str(vendor_id)))
        language = language_of(request.said(b"accept-language"))
        told = history(vendor_id, rows, language)
        said = {"Content-Language": language, "Vary": "Accept-Language"}
        return fresh(request, f'"{told.version}-{language}"', told, said)

    return events


def _some(ports: Ports) -> HTTPRouteHandler:
    @get(
        PATH,
        summary="Screenings, filtered, a page at a time, by name",
        operation_id="listScreenings",
        operation_class=operation(
            *parameters(ScreeningSieve), gives={"items": [EXAMPLE], "next": None}, headers=("Link",), permission=SEEING
        ),
        responses=problems(Malformed, NotIdentified, NotPermitted, InternalError, NotThereYet, LedgerAway),
    )
    async def some(request: Asked) -> Response[ScreeningPage]:
        viewer = await looking_at_some(request, ports, SEEING)
        sieve = asked_for(request, ScreeningSieve)
        wanted = structs.replace(filters(sieve, Filters), sight=viewer.sight)
        shown = await page_of(
            ports, projection.name, sieve, lambda after, limit: ports.screenings.page(wanted, after, limit)
        )
        items = [view(row.version, row.position, row.state) for row in shown.rows]
        return linked(request, PATH, ScreeningPage(items, shown.onward), shown.onward)

    return some
