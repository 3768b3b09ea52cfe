"""Entries on lists of debarment over HTTP: list one by hand, take one off, one of them, lists of them.

POST /debarments                      list an organisation by hand; files come in by `linli import debarments`
POST /debarments/{id}/delist
GET  /debarments/{id}
GET  /debarments?list_key=&q=&credit_code=&listed=&counts_on=     a page, by name
"""

from datetime import date, datetime
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
from domain.parties import credit_code
from domain.ports import Done
from domain.restraint import debarment
from domain.restraint.debarment import Debarment, DebarmentCommand
from projections.restraint.debarment_register import Filters, projection

SEEING = "debarment.see"
PATH = "/debarments"
FROM_FILES = ("sha256", "retrieved_at")
"""What only an entry has that came in with a file; without, no file takes it off the list again."""

LIST: Offer[DebarmentCommand] = Offer(
    debarment.List,
    "list",
    "Enter an organisation on a list of debarment by hand (录入失信或禁入条目)",
    example={
        "list_key": "procurement",
        "entry_key": "财购罚〔2026〕3号",
        "name": "明达水电工程有限公司",
        "credit_code": "91110000600037341L",
        "reason": "提供虚假材料谋取中标",
        "listed_on": "2026-01-15",
        "until": "2028-01-14",
        "source": "中国政府采购网",
    },
    refusals=(
        debarment.NamesAPerson,
        debarment.TermEndsBeforeListing,
        debarment.ListedInTheFuture,
        debarment.NewerEditionKnown,
        credit_code.CreditCodeInvalid,
    ),
)
DELIST: Offer[DebarmentCommand] = Offer(
    debarment.Delist,
    "delist",
    "Take an entry off its list (移出名单)",
    example={"reason": "corrected"},
    versioned=True,
    refusals=(debarment.NotListed, debarment.NewerEditionKnown),
)


class DebarmentView(msgspec.Struct, frozen=True, kw_only=True):
    """An entry as it stands at a version."""

    id: UUID
    version: int
    position: int
    list_key: str
    entry_key: str
    name: str
    credit_code: str
    reason: str
    listed_on: date | None
    until: date | None
    """The last day of its term; null: until it is taken off."""
    source: str
    sha256: str
    """Of the file it was read from; empty where it was entered by hand."""
    retrieved_at: datetime | None
    listed: bool
    edition: int
    delisted_because: str


_TAKEN = tuple(set(DebarmentView.__struct_fields__) - {"id", "version", "position"})

EXAMPLE: dict[str, object] = {
    "id": "019a5b1e-0000-5000-8000-000000000031",
    "version": 1,
    "position": 2217,
    "list_key": "procurement",
    "entry_key": "财购罚〔2026〕3号",
    "name": "明达水电工程有限公司",
    "credit_code": "91110000600037341L",
    "reason": "提供虚假材料谋取中标",
    "listed_on": "2026-01-15",
    "until": "2028-01-14",
    "source": "中国政府采购网",
    "sha256": "",
    "retrieved_at": None,
    "listed": True,
    "edition": 1,
    "delisted_because": "",
}


class DebarmentPage(msgspec.Struct, frozen=True):
    """Some entries, and the cursor of the next page, null on the last."""

    items: list[DebarmentView]
    next: str | None


class DebarmentSieve(Paging, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which entries. Everything that is given has to hold."""

    list_key: Annotated[str, Meta(max_length=32)] | UnsetType = UNSET
    credit_code: Annotated[str, Meta(max_length=64)] | UnsetType = UNSET
    listed: bool | UnsetType = UNSET
    counts_on: Annotated[date, Meta(description="Listed, and this day is not after its last.")] | UnsetType = UNSET
    q: Annotated[str, Meta(max_length=128, description="Found in the name.")] | UnsetType = UNSET


def routes(ports: Ports) -> list[HTTPRouteHandler]:
    """Everything that can be asked about lists of debarment."""
    return [_enter(ports), _delist(ports), _one(ports), _some(ports)]


def view(stream: UUID, version: int, position: int, found: Debarment) -> DebarmentView:
    """The entry as it looks from outside."""
    taken = {name: getattr(found, name) for name in _TAKEN}
    return DebarmentView(id=stream, version=version, position=position, **taken)


def _enter(ports: Ports) -> HTTPRouteHandler:
    change = Change(ports, debarment.decider, LIST)

    async def asking(request: Asked, body: msgspec.Struct) -> Done:
        said = structs.asdict(body)
        return await change.ask(request, body, debarment.stream(said["list_key"], said["entry_key"]))

    body = body_of(LIST.command, "ListDebarment", without=FROM_FILES)
    return command_route(PATH, LIST, body, asking, place=PATH)


def _delist(ports: Ports) -> HTTPRouteHandler:
    change = Change(ports, debarment.decider, DELIST)

    async def asking(request: Asked, body: msgspec.Struct) -> Done:
        return await change.ask_existing(request, body, request.path_params["debarment_id"])

    body = body_of(DELIST.command, "DelistDebarment", without=FROM_FILES)
    return command_route(f"{PATH}/{{debarment_id:uuid}}/{DELIST.name}", DELIST, body, asking)


def _one(ports: Ports) -> HTTPRouteHandler:
    @get(
        f"{PATH}/{{debarment_id:uuid}}",
        summary="One entry of a list of debarment",
        operation_id="oneDebarment",
        operation_class=operation(
            *parameters(Reading), IF_NONE_MATCH, gives=EXAMPLE, headers=("ETag",), permission=SEEING
        ),
        responses=NOT_MODIFIED | problems(Malformed, NotIdentified, NotFound, InternalError, NotThereYet, LedgerAway),
    )
    async def one(request: Asked, debarment_id: FromPath[UUID]) -> Response[DebarmentView | None]:
        await reached(ports, asked_for(request, Reading).min_position)
        loaded = await ports.door.load(debarment.decider, debarment_id)
        if loaded.version == 0:
            raise NotFound
        await must_see(request, ports, debarment.decider, debarment_id, loaded.state)
        return fresh(request, etag(loaded.version), view(debarment_id, loaded.version, loaded.position, loaded.state))

    return one


def _some(ports: Ports) -> HTTPRouteHandler:
    @get(
        PATH,
        summary="Entries of lists of debarment, filtered, a page at a time, by name",
        operation_id="listDebarments",
        operation_class=operation(
            *parameters(DebarmentSieve), gives={"items": [EXAMPLE], "next": None}, headers=("Link",), permission=SEEING
        ),
        responses=problems(Malformed, NotIdentified, NotPermitted, InternalError, NotThereYet, LedgerAway),
    )
    async def some(request: Asked) -> Response[DebarmentPage]:
        await looking_at_some(request, ports, SEEING)
        sieve = asked_for(request, DebarmentSieve)
        wanted = filters(sieve, Filters)
        if wanted.credit_code is not None:
            wanted = structs.replace(wanted, credit_code=credit_code.normalised(wanted.credit_code))
        shown = await page_of(
            ports, projection.name, sieve, lambda after, limit: ports.debarments.page(wanted, after, limit)
        )
        items = [view(row.id, row.version, row.position, row.state) for row in shown.rows]
        return linked(request, PATH, DebarmentPage(items, shown.onward), shown.onward)

    return some
