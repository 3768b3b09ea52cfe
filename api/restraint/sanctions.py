"""Sanctions on a vendor over HTTP: one POST a command, and all of them, now or as of then.

POST /vendors/{id}/sanctions/suspend  ../blacklist
POST /vendors/{id}/sanctions/{number}/lift  ../appeal  ../uphold  ../overturn
GET  /vendors/{id}/sanctions                                    ?as_of=, ?basis=

None of them can be dated back: a sanction counts from the moment it is decided on.
"""

from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from msgspec import UNSET

from api import as_of as past
from api.asked import Asked
from api.change import Change, Offer, body_of, command_route
from api.disclosing import Part, disclose
from api.documentation import IF_NONE_MATCH, NOT_MODIFIED, operation, problems
from api.freshness import reached
from api.ports import Ports
from api.preconditions import etag, fresh
from api.problems import InternalError, LedgerAway, Malformed, NotFound, NotIdentified, NotThereYet
from api.query import asked_for, parameters
from api.sight import Viewer, looking
from api.work_orders import Looking
from domain.admission import admission_scheme
from domain.decider import Whose
from domain.parties import area, organisation
from domain.ports import Done
from domain.restraint import sanction
from domain.restraint.sanction import Sanction, SanctionCommand, SanctionKind, Sanctions

SEEING = "sanction.see"
PATH = "/vendors/{vendor_id:uuid}/sanctions"

_RESTRAINED = (
    organisation.OrganisationNotRegistered,
    admission_scheme.CategoryUnknown,
    area.AreaNotRegistered,
    sanction.SanctionEndsTooEarly,
    sanction.PublishedTextNamesPeople,
)
_HEARD = (sanction.NoSuchSanction, sanction.NoAppealPending, sanction.PublishedTextNamesPeople)
RESTRAINING: tuple[Offer[SanctionCommand], ...] = (
    Offer(
        sanction.Suspend,
        "suspend",
        "Let nothing new begin with a vendor (暂停资格)",
        example={"reason": "quality", "text": "三次返修不合格，影响门禁安全", "categories": ["access_control"]},
        refusals=_RESTRAINED,
    ),
    Offer(
        sanction.Blacklist,
        "blacklist",
        "Bar a vendor for a term (列入黑名单)",
        example={"reason": "forged_documents", "text": "提供虚假材料谋取中标", "until": "2027-03-02T00:00:00+08:00"},
        refusals=(*_RESTRAINED, sanction.BanTooLong),
    ),
)
ON_ONE: tuple[Offer[SanctionCommand], ...] = (
    Offer(
        sanction.Lift,
        "lift",
        "End a sanction (解除处理)",
        example={"reason": "remedied"},
        refusals=(sanction.NoSuchSanction, sanction.SanctionOver),
    ),
    Offer(
        sanction.Appeal,
        "appeal",
        "Object to a sanction within fifteen days (申诉)",
        example={"grounds": "返修已于三月一日验收合格"},
        refusals=(
            sanction.NoSuchSanction,
            sanction.SanctionOver,
            sanction.SanctionAppealTooLate,
            sanction.AppealedAlready,
        ),
    ),
    Offer(
        sanction.Uphold,
        "uphold",
        "Find against an appeal (维持原决定)",
        example={"finding": "事实清楚，维持原决定"},
        refusals=_HEARD,
    ),
    Offer(
        sanction.Overturn,
        "overturn",
        "Find for an appeal: the sanction ends (撤销原决定)",
        example={"finding": "证据不足，撤销原决定"},
        refusals=_HEARD,
    ),
)

Standing: TypeAlias = Literal["in_force", "lifted", "overturned", "expired"]


class AppealView(msgspec.Struct, frozen=True, kw_only=True):
    """An appeal, on what was known at a position of the log."""

    at: datetime
    by: str
    grounds: str
    position: int
    outcome: Literal["", "upheld", "overturned"]
    """Empty: it waits to be heard."""
    finding: str
    decided_at: datetime | None


class SanctionView(msgspec.Struct, frozen=True, kw_only=True):
    """A sanction as it stood at the moment that was asked for."""

    number: int
    kind: SanctionKind
    status: Standing
    reason: str
    text: str
    """As it is published."""
    categories: tuple[str, ...]
    """None: all of them."""
    areas: tuple[str, ...]
    """None: the whole city."""
    since: datetime
    until: datetime | None
    ended_at: datetime | None
    by: str
    appeal: AppealView | None


class SanctionsView(msgspec.Struct, frozen=True, kw_only=True):
    """All sanctions on a vendor, the first one first."""

    vendor: UUID
    version: int
    position: int
    at: datetime
    """The moment that is told of."""
    in_force: list[int]
    """The numbers of those that restrain the vendor at that moment."""
    sanctions: list[SanctionView]


EXAMPLE: dict[str, object] = {
    "vendor": "019a5b1e-0000-7000-8000-000000000003",
    "version": 2,
    "position": 4711,
    "at": "2026-03-05T01:00:00Z",
    "in_force": [1],
    "sanctions": [
        {
            "number": 1,
            "kind": "suspended",
            "status": "in_force",
            "reason": "quality",
            "text": "三次返修不合格，影响门禁安全",
            "categories": ["access_control"],
            "areas": [],
            "since": "2026-03-02T01:00:00Z",
            "until": None,
            "ended_at": None,
            "by": "019a5b1e-0000-7000-8000-000000000001",
            "appeal": {
                "at": "2026-03-04T01:00:00Z",
                "by": "019a5b1e-0000-7000-8000-000000000002",
                "grounds": "返修已于三月一日验收合格",
                "position": 4710,
                "outcome": "",
                "finding": "",
                "decided_at": None,
            },
        }
    ],
}


def routes(ports: Ports) -> list[HTTPRouteHandler]:
    """Everything that can be asked about sanctions."""
    return [
        *(_restrain(ports, offer) for offer in RESTRAINING),
        *(_on_one(ports, offer) for offer in ON_ONE),
        _all(ports),
    ]


# Changing -------------------------------------------------------------------------------------------------------------


def _restrain(ports: Ports, offer: Offer[SanctionCommand]) -> HTTPRouteHandler:
    change = Change(ports, sanction.decider, offer)

    async def asking(request: Asked, body: msgspec.Struct) -> Done:
        vendor = str(request.path_params["vendor_id"])
        return await change.ask(request, body, sanction.stream(vendor), vendor=vendor, by=request.user)

    body = body_of(offer.command, f"{offer.command.__name__}Vendor", ("vendor", "by"), dated=False)
    return command_route(f"{PATH}/{offer.name}", offer, body, asking)


def _on_one(ports: Ports, offer: Offer[SanctionCommand]) -> HTTPRouteHandler:
    change = Change(ports, sanction.decider, offer)

    async def asking(request: Asked, body: msgspec.Struct) -> Done:
        stream = sanction.stream(str(request.path_params["vendor_id"]))
        given: dict[str, str | int] = {"number": request.path_params["number"], "by": request.user}
        if offer.command is sanction.Appeal:
            given["position"] = await ports.ledger.head()
        return await change.ask_existing(request, body, stream, **given)

    without = ("number", "by", "position")
    body = body_of(offer.command, f"{offer.command.__name__}Sanction", without, dated=False)
    return command_route(f"{PATH}/{{number:int}}/{offer.name}", offer, body, asking)


# Reading --------------------------------------------------------------------------------------------------------------


def shown(found: Sanction, at: datetime) -> SanctionView:
    """A sanction as it stood at a moment."""
    said = found.appeal
    return SanctionView(
        number=found.number,
        kind=found.kind,
        status="in_force" if found.in_force(at) else found.ended or "expired",
        reason=found.reason,
        text=found.text,
        categories=found.scope.categories,
        areas=found.scope.areas,
        since=found.since,
        until=found.until,
        ended_at=found.ended_at,
        by=found.by,
        appeal=None
        if said is None
        else AppealView(
            at=said.at,
            by=said.by,
            grounds=said.grounds,
            position=said.position,
            outcome=said.outcome,
            finding=said.finding,
            decided_at=said.decided_at,
        ),
    )


def _all(ports: Ports) -> HTTPRouteHandler:
    @get(
        PATH,
        summary="All sanctions on a vendor, now or as of then",
        operation_id="allSanctions",
        operation_class=operation(
            *parameters(Looking), IF_NONE_MATCH, gives=EXAMPLE, headers=("ETag",), permission=SEEING
        ),
        responses=NOT_MODIFIED | problems(Malformed, NotIdentified, NotFound, InternalError, NotThereYet, LedgerAway),
    )
    async def all_of_them(request: Asked, vendor_id: FromPath[UUID]) -> Response[SanctionsView | None]:
        asked = asked_for(request, Looking)
        await reached(ports, asked.min_position)
        then = past.point(None if asked.as_of is UNSET else asked.as_of, asked.basis)
        stream = sanction.stream(str(vendor_id))
        loaded = await ports.door.load(sanction.decider, stream)
        viewer = await _must_see(request, ports, vendor_id, sanction.whose(stream, loaded.state, None))
        version, position, state, at = loaded.version, loaded.position, loaded.state, ports.now()
        if then != past.NOW:
            rows = await past.events(ports.ledger, sanction.decider, stream, then)
            version, position = (rows[-1].version, rows[-1].position) if rows else (0, 0)
            state = past.folded(sanction.decider, rows)
            at = then.moment or state.latest or at
        shape = _view(vendor_id, version, position, state, at)
        told = await disclose(ports.discretion.vault, [Part(stream, shape, viewer.sees)])
        return fresh(request, etag(version), told.contents[0])

    return all_of_them


def _view(vendor: UUID, version: int, position: int, state: Sanctions, at: datetime) -> SanctionsView:
    return SanctionsView(
        vendor=vendor,
        version=version,
        position=position,
        at=at,
        in_force=[each.number for each in sanction.restraints(state, at)],
        sanctions=[shown(each, at) for each in state.all if each.since <= at],
    )


async def _must_see(request: Asked, ports: Ports, vendor: UUID, whose: Whose) -> Viewer:
    """A vendor without any sanction has an empty list, for whoever could see one. Raises NotFound."""
    viewer = await looking(request, ports, SEEING)
    concerned = Whose(areas=whose.areas, organisations=(str(vendor),))
    known = (await ports.door.load(organisation.decider, vendor)).version > 0
    if not known or not viewer.sight.takes_in(concerned):
        raise NotFound
    return viewer
