"""Concession agreements over HTTP: one POST a command, one agreement now or as of then, its history, lists of them.

POST /concessions                                                   sign
POST /concessions/{id}/amend ../submit-evidence ../confirm ../reject ../end
GET  /concessions/{id}                                              ?as_of=, ?basis=
GET  /concessions/{id}/history                                      the same
GET  /concessions?vendor=&grantor=&within=&running=&submitted=&missed=&due_before=     a page, by area

An agreement may be entered after it was signed; all that follows counts from when it is said.
"""

from datetime import datetime
from typing import Annotated, NamedTuple
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from msgspec import UNSET, Meta, UnsetType, structs

from api import as_of as past
from api.asked import Asked
from api.change import Change, Offer, body_of, command_route
from api.disclosing import Part, disclose
from api.documentation import IF_NONE_MATCH, NOT_MODIFIED, operation, problems
from api.exposure import BARRED
from api.freshness import reached
from api.pages import Paging, filters, linked, page_of
from api.ports import Ports
from api.preconditions import etag, fresh
from api.problems import InternalError, LedgerAway, Malformed, NotFound, NotIdentified, NotThereYet
from api.query import asked_for, parameters
from api.sentences import language_of
from api.sight import Viewer, looking_at_some, must_see
from api.work_order_view import History, history
from api.work_orders import Looking
from domain.access.permission import NotPermitted
from domain.concession import agreement, messages
from domain.concession.agreement import Concession, ConcessionCommand
from domain.concession.history import Progress
from domain.concession.messages import Contract
from domain.parties import area
from domain.ports import Done, Loaded
from projections.concession_board import Filters, projection

SEEING = "concession.see"
PATH = "/concessions"
READING = (Malformed, NotIdentified, NotFound, InternalError, NotThereYet, LedgerAway)

CONTRACT: dict[str, object] = {
    "begins": "2026-03-01T00:00:00+08:00",
    "ends": "2036-03-01T00:00:00+08:00",
    "sha256": "9f" * 32,
    "milestones": [
        {
            "key": "cameras",
            "name": "摄像头全部上线",
            "due": "2026-09-01T00:00:00+08:00",
            "obligations": ["install"],
        }
    ],
    "obligations": [{"key": "install", "bears": "vendor", "text": "安装并运行公共区域摄像头"}],
    "shares": [
        {"of": "benefit", "key": "parking_fees", "party": "vendor", "percent": 60},
        {"of": "benefit", "key": "parking_fees", "party": "owners", "percent": 40},
        {"of": "risk", "key": "theft", "party": "vendor", "percent": 100},
    ],
}
_CONTRACTS = (
    agreement.TermEndsBeforeItBegins,
    agreement.MilestoneOutsideTerm,
    agreement.AgreementKeyTwice,
    agreement.ObligationUnknown,
    agreement.SharesDoNotSum,
)
SIGN: Offer[ConcessionCommand] = Offer(
    messages.Sign,
    "sign",
    "Sign a concession agreement (签订特许经营协议)",
    example={
        "grantor": "019a5b1e-0000-7000-8000-000000000004",
        "vendor": "019a5b1e-0000-7000-8000-000000000003",
        "area": "330106001001",
        "contract": CONTRACT,
    },
    refusals=(
        agreement.AlreadySigned,
        agreement.OnePartyOnly,
        agreement.PartyNotRegistered,
        area.AreaNotRegistered,
        area.AreaClosed,
        *BARRED,
        *_CONTRACTS,
    ),
)
OFFERS: tuple[Offer[ConcessionCommand], ...] = (
    Offer(
        messages.Amend,
        "amend",
        "Agree on another version (变更协议)",
        example={"contract": CONTRACT},
        versioned=True,
        refusals=(
            agreement.ConcessionEnded,
            agreement.ConfirmedStands,
            agreement.MomentHasPassed,
            *BARRED,
            *_CONTRACTS,
        ),
    ),
    Offer(
        messages.SubmitEvidence,
        "submit-evidence",
        "Show that a milestone is reached (提交里程碑证明材料)",
        example={"milestone": "cameras", "sha256": "8e" * 32, "note": "见验收单"},
        refusals=(agreement.MilestoneUnknown, agreement.AlreadyConfirmed),
    ),
    Offer(
        messages.Confirm,
        "confirm",
        "The milestone is reached (确认里程碑)",
        example={"milestone": "cameras"},
        versioned=True,
        refusals=(agreement.MilestoneUnknown, agreement.NothingSubmitted),
    ),
    Offer(
        messages.Reject,
        "reject",
        "The evidence does not prove it (退回证明材料)",
        example={"milestone": "cameras", "reason": "incomplete", "note": "缺验收单"},
        versioned=True,
        refusals=(agreement.MilestoneUnknown, agreement.NothingSubmitted),
    ),
    Offer(
        messages.End,
        "end",
        "The agreement ends before its term is over (提前终止协议)",
        example={"reason": "by_agreement"},
        versioned=True,
        refusals=(agreement.ConcessionNotSigned,),
    ),
)


class ConcessionView(msgspec.Struct, frozen=True, kw_only=True):
    """A concession agreement as it stands at a version of its stream."""

    id: UUID
    version: int
    position: int
    grantor: str
    vendor: str
    area: str
    agreed: int
    """The number of the version of the agreement: 1 as it was signed, one more with each amendment."""
    contract: Contract | None
    progress: tuple[Progress, ...]
    """How far each milestone is, with its evidence."""
    running: bool
    signed_at: datetime | None
    ended_at: datetime | None
    ended_because: str


EXAMPLE: dict[str, object] = {
    "id": "019a5b1e-0000-7000-8000-000000000041",
    "version": 2,
    "position": 3120,
    "grantor": "019a5b1e-0000-7000-8000-000000000004",
    "vendor": "019a5b1e-0000-7000-8000-000000000003",
    "area": "330106001001",
    "agreed": 1,
    "contract": CONTRACT,
    "progress": [
        {
            "key": "cameras",
            "due": "2026-08-31T16:00:00Z",
            "status": "submitted",
            "evidence": [
                {
                    "number": 1,
                    "at": "2026-08-20T01:00:00Z",
                    "by": "019a5b1e-0000-7000-8000-000000000017",
                    "sha256": "8e" * 32,
                    "note": "见验收单",
                }
            ],
        }
    ],
    "running": True,
    "signed_at": "2026-03-02T01:00:00Z",
    "ended_at": None,
    "ended_because": "",
}
HISTORY: dict[str, object] = {
    "id": "019a5b1e-0000-7000-8000-000000000041",
    "version": 1,
    "events": [
        {
            "position": 3001,
            "version": 1,
            "type": "concession.signed",
            "label": "已签约",
            "actor": "019a5b1e-0000-7000-8000-000000000018",
            "occurred_at": "2026-03-02T01:00:00Z",
            "recorded_at": "2026-03-02T01:00:00Z",
            "correlation_id": "019a5b1e-0000-7000-8000-000000000099",
            "data": {"at": "2026-03-02T01:00:00Z", "area": "330106001001"},
        }
    ],
}


class ConcessionPage(msgspec.Struct, frozen=True):
    """Some agreements, and the cursor of the next page, null on the last."""

    items: list[ConcessionView]
    next: str | None


class ConcessionSieve(Paging, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which agreements. Everything that is given has to hold."""

    vendor: Annotated[str, Meta(max_length=36)] | UnsetType = UNSET
    grantor: Annotated[str, Meta(max_length=36)] | UnsetType = UNSET
    within: (
        Annotated[str, Meta(pattern="^[0-9]{1,15}$", description="For this area, or for one that lies in it.")]
        | UnsetType
    ) = UNSET
    running: bool | UnsetType = UNSET
    submitted: Annotated[bool, Meta(description="Evidence waits to be looked at.")] | UnsetType = UNSET
    missed: Annotated[bool, Meta(description="A milestone was missed and is not confirmed since.")] | UnsetType = UNSET
    due_before: (
        Annotated[datetime, Meta(tz=True, description="A milestone that is not confirmed is due before.")] | UnsetType
    ) = UNSET


class _Seen(NamedTuple):
    """An agreement as it stands now, for whoever may see it now: that decides about its past too."""

    loaded: Loaded[Concession]
    viewer: Viewer
    then: past.Then


def routes(ports: Ports) -> list[HTTPRouteHandler]:
    """Everything that can be asked about concession agreements."""
    return [_sign(ports), *(_command(ports, offer) for offer in OFFERS), _one(ports), _history(ports), _some(ports)]


def view(stream: UUID, version: int, position: int, found: Concession) -> ConcessionView:
    """The agreement as it looks from outside."""
    return ConcessionView(
        id=stream,
        version=version,
        position=position,
        grantor=found.grantor,
        vendor=found.vendor,
        area=found.area,
        agreed=found.version,
        contract=found.contract,
        progress=found.progress,
        running=found.running,
        signed_at=found.signed_at,
        ended_at=found.ended_at,
        ended_because=found.ended_because,
    )


# Changing -------------------------------------------------------------------------------------------------------------


def _sign(ports: Ports) -> HTTPRouteHandler:
    change = Change(ports, agreement.decider, SIGN)

    async def asking(request: Asked, body: msgspec.Struct) -> Done:
        return await change.ask(request, body, ports.new_id())

    return command_route(PATH, SIGN, body_of(SIGN.command, "SignConcession"), asking, place=PATH)


def _command(ports: Ports, offer: Offer[ConcessionCommand]) -> HTTPRouteHandler:
    change = Change(ports, agreement.decider, offer)
    said = "by" in offer.command.__struct_fields__

    async def asking(request: Asked, body: msgspec.Struct) -> Done:
        given = {"by": request.user} if said else {}
        return await change.ask_existing(request, body, request.path_params["concession_id"], **given)

    body = body_of(offer.command, f"{offer.command.__name__}OfConcession", without=("by",), dated=False)
    return command_route(f"{PATH}/{{concession_id:uuid}}/{offer.name}", offer, body, asking)


# Reading --------------------------------------------------------------------------------------------------------------


async def _seen(request: Asked, ports: Ports, stream: UUID) -> _Seen:
    asked = asked_for(request, Looking)
    await reached(ports, asked.min_position)
    then = past.point(None if asked.as_of is UNSET else asked.as_of, asked.basis)
    loaded = await ports.door.load(agreement.decider, stream)
    if loaded.version == 0:
        raise NotFound
    return _Seen(loaded, await must_see(request, ports, agreement.decider, stream, loaded.state), then)


def _one(ports: Ports) -> HTTPRouteHandler:
    @get(
        f"{PATH}/{{concession_id:uuid}}",
        summary="One concession agreement, now or as of then",
        operation_id="oneConcession",
        operation_class=operation(
            *parameters(Looking), IF_NONE_MATCH, gives=EXAMPLE, headers=("ETag",), permission=SEEING
        ),
        responses=NOT_MODIFIED | problems(*READING),
    )
    async def one(request: Asked, concession_id: FromPath[UUID]) -> Response[ConcessionView | None]:
        seen = await _seen(request, ports, concession_id)
        version, position, found = seen.loaded.version, seen.loaded.position, seen.loaded.state
        if seen.then != past.NOW:
            rows = await past.events(ports.ledger, agreement.decider, concession_id, seen.then)
            if not rows:
                raise NotFound
            version, position, found = rows[-1].version, rows[-1].position, past.folded(agreement.decider, rows)
        shape = view(concession_id, version, position, found)
        told = await disclose(ports.discretion.vault, [Part(concession_id, shape, seen.viewer.sees)])
        return fresh(request, etag(version), told.contents[0])

    return one


def _history(ports: Ports) -> HTTPRouteHandler:
    @get(
        f"{PATH}/{{concession_id:uuid}}/history",
        summary="Everything that happened to a concession agreement",
        operation_id="concessionHistory",
        operation_class=operation(
            *parameters(Looking), IF_NONE_MATCH, gives=HISTORY, headers=("ETag",), permission=SEEING
        ),
        responses=NOT_MODIFIED | problems(*READING),
    )
    async def events(request: Asked, concession_id: FromPath[UUID]) -> Response[History | None]:
        seen = await _seen(request, ports, concession_id)
        rows = await past.events(ports.ledger, agreement.decider, concession_id, seen.then)
        if not rows:
            raise NotFound
        language = language_of(request.said(b"accept-language"))
        shape = history(concession_id, rows, language)
        told = await disclose(ports.discretion.vault, [Part(concession_id, shape, seen.viewer.sees)])
        said = {"Content-Language": language, "Vary": "Accept-Language"}
        return fresh(request, f'"{shape.version}-{language}"', told.contents[0], said)

    return events


def _some(ports: Ports) -> HTTPRouteHandler:
    @get(
        PATH,
        summary="Concession agreements, filtered, a page at a time, by area",
        operation_id="listConcessions",
        operation_class=operation(
            *parameters(ConcessionSieve), gives={"items": [EXAMPLE], "next": None}, headers=("Link",), permission=SEEING
        ),
        responses=problems(Malformed, NotIdentified, NotPermitted, InternalError, NotThereYet, LedgerAway),
    )
    async def some(request: Asked) -> Response[ConcessionPage]:
        viewer = await looking_at_some(request, ports, SEEING)
        sieve = asked_for(request, ConcessionSieve)
        wanted = structs.replace(filters(sieve, Filters), sight=viewer.sight)
        shown = await page_of(
            ports, projection.name, sieve, lambda after, limit: ports.concessions.page(wanted, after, limit)
        )
        views = [view(row.id, row.version, row.position, row.state) for row in shown.rows]
        told = await disclose(ports.discretion.vault, [Part(each.id, each, viewer.sees) for each in views])
        return linked(request, PATH, ConcessionPage(told.contents, shown.onward), shown.onward)

    return some
