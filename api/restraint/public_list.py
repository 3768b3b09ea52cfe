"""The public list of vendors: who is qualified, who is suspended, who is blacklisted. Open to everybody.

GET /public/vendors?status=&category=&area=      a page; nothing in it is about people

Qualified is who may be given work: not a vendor that is frozen, or that a list of debarment stands against.
Whoever asks needs not sign in, and is counted by address. The list may be kept for a minute (`Cache-Control`, `ETag`).
"""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Final, Literal, TypeAlias
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from msgspec import UNSET, Meta, UnsetType

from api.answered import answered
from api.asked import Asked
from api.documentation import IF_NONE_MATCH, NOT_MODIFIED, operation, problems
from api.freshness import reach
from api.pages import Paging, link, page_of
from api.ports import Ports
from api.preconditions import fresh
from api.problems import InternalError, LedgerAway, Malformed, NotThereYet, TooManyRequests
from api.query import asked_for, parameters
from domain.admission import qualification
from domain.decider import Ask
from domain.engaging import exposure
from domain.parties import area
from domain.parties.organisation import Organisation
from domain.restraint import sanction
from domain.restraint.sanction import Sanction, Sanctions
from projections import organisation_register
from projections.admission import qualification_board
from projections.admission.qualification_board import ListedQualification
from projections.restraint import sanction_register

PATH: Final = "/public/vendors"
KEPT_FOR: Final = 60  # seconds
_READ: Final = tuple(each.projection.name for each in (qualification_board, sanction_register, organisation_register))
"""The registers that the list is put together from: whoever names a position has waited for all of them."""
Status: TypeAlias = Literal["qualified", "suspended", "blacklisted"]
_encode = msgspec.json.Encoder().encode


class PublicVendor(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the public list."""

    id: str
    """CN-USCI- and the unified social credit code (org-id.guide); empty for whoever has none."""
    name: str
    status: Status
    categories: tuple[str, ...]
    """None: all of them."""
    areas: tuple[str, ...]
    """Codes of areas; none: the whole city."""
    except_areas: tuple[str, ...]
    """Qualified, but not in these."""
    since: datetime
    until: datetime | None
    """Unless something is done before, such as a condition that is met. None: until it is lifted."""
    reason: str
    text: str
    """The reason as it is published; empty for whoever is qualified."""


class PublicPage(msgspec.Struct, frozen=True):
    """Some vendors, and the cursor of the next page, null on the last. A page may hold fewer than were asked for."""

    items: list[PublicVendor]
    next: str | None


class PublicSieve(Paging, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which vendors."""

    status: Status = "qualified"
    category: (
        Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{1,31}$", description="For work of this category.")] | UnsetType
    ) = UNSET
    area: Annotated[str, Meta(pattern="^[0-9]{1,15}$", description="In this area, or in a part of it.")] | UnsetType = (
        UNSET
    )


EXAMPLE: dict[str, object] = {
    "items": [
        {
            "id": "CN-USCI-91110000600037341L",
            "name": "明达水电工程有限公司",
            "status": "suspended",
            "categories": ["access_control"],
            "areas": ["330106"],
            "except_areas": [],
            "since": "2026-03-02T01:00:00Z",
            "until": "2026-09-02T01:00:00Z",
            "reason": "quality",
            "text": "三次返修不合格，影响门禁安全",
        }
    ],
    "next": None,
}


def routes(ports: Ports) -> list[HTTPRouteHandler]:
    """What everybody may ask about vendors."""

    @get(
        PATH,
        summary="Vendors that are qualified, suspended or blacklisted, for everybody",
        operation_id="publicVendors",
        operation_class=operation(*parameters(PublicSieve), IF_NONE_MATCH, gives=EXAMPLE, headers=("ETag", "Link")),
        responses=NOT_MODIFIED | problems(Malformed, TooManyRequests, InternalError, NotThereYet, LedgerAway),
    )
    async def some(request: Asked) -> Response[PublicPage | None]:
        sieve = asked_for(request, PublicSieve)
        for register in _READ:
            await reach(ports, register, sieve.min_position)
        found = await (_qualified(ports, sieve) if sieve.status == "qualified" else _restrained(ports, sieve))
        said = {"Cache-Control": f"public, max-age={KEPT_FOR}"}
        if found.next is not None:
            said["Link"] = link(request, PATH, found.next)
        tag = hashlib.sha256(_encode(found)).hexdigest()[:16]
        return fresh(request, f'"{tag}"', found, said)

    return [some]


def identifier(credit_code: str) -> str:
    """An organisation's id in open data (org-id.guide, CN-USCI)."""
    return f"CN-USCI-{credit_code}" if credit_code else ""


# Who is qualified -----------------------------------------------------------------------------------------------------


async def _qualified(ports: Ports, sieve: PublicSieve) -> PublicPage:
    now = ports.now()
    wanted = qualification_board.Filters(category=sieve.category or None, touching=sieve.area or None, granted_at=now)
    shown = await page_of(
        ports,
        qualification_board.projection.name,
        sieve,
        lambda after, limit: ports.qualifications.page(wanted, after, limit),
    )
    vendors = tuple({row.state.vendor for row in shown.rows})
    companies, restrained = await _companies(ports, vendors), await _sanctions(ports, vendors)
    doubts = await asyncio.gather(*(answered(ports.door, partial(_is_in_doubt, each, now)) for each in vendors))
    doubtful = {each for each, in_doubt in zip(vendors, doubts, strict=True) if in_doubt}
    items = [
        line
        for row in shown.rows
        if row.state.vendor not in doubtful
        for line in _grants(
            row, companies.get(row.state.vendor), restrained.get(row.state.vendor), sieve.area or "", now
        )
    ]
    return PublicPage(items, shown.onward)


def _is_in_doubt(known: str, now: datetime, ask: Ask) -> bool:
    return exposure.is_in_doubt(ask, known, now)


def _grants(
    row: ListedQualification, company: Organisation | None, sanctions: Sanctions | None, asked: str, now: datetime
) -> list[PublicVendor]:
    """The grants that count now, less what was taken out of them or is restrained."""
    known, lines = row.state, list[PublicVendor]()
    stands = () if sanctions is None else sanction.restraints(sanctions, now)
    here = [each.scope for each in stands if not each.scope.categories or known.category in each.scope.categories]
    for grant in known.live:
        but = {each.area for each in grant.taken_out if each.since <= now}
        but |= {place for scope in here for place in (scope.areas or ("",)) if area.overlap(place, known.area)}
        shut_out = any(known.area.startswith(place) or (asked and asked.startswith(place)) for place in but)
        ends = qualification.ended(known, grant)
        if company is None or not company.open or shut_out or not grant.since <= now < ends:
            continue
        lines.append(
            PublicVendor(
                id=identifier(company.credit_code),
                name=company.name,
                status="qualified",
                categories=(known.category,),
                areas=(known.area,) if known.area else (),
                except_areas=tuple(sorted(but)),
                since=grant.since,
                until=ends,
                reason="",
                text="",
            )
        )
    return lines


# Who is restrained ----------------------------------------------------------------------------------------------------


async def _restrained(ports: Ports, sieve: PublicSieve) -> PublicPage:
    now = ports.now()
    kind: sanction.SanctionKind = "suspended" if sieve.status == "suspended" else "blacklisted"
    wanted = sanction_register.Filters(kind=kind)
    shown = await page_of(
        ports,
        sanction_register.projection.name,
        sieve,
        lambda after, limit: ports.sanctions.page(wanted, after, limit),
    )
    companies = await _companies(ports, [row.state.vendor for row in shown.rows])
    items = [
        _sanctioned(company, each)
        for row in shown.rows
        if (company := companies.get(row.state.vendor)) is not None
        for each in sanction.restraints(row.state, now)
        if each.kind == kind and each.scope.touches(sieve.category or "", sieve.area or "")
    ]
    return PublicPage(items, shown.onward)


def _sanctioned(company: Organisation, each: Sanction) -> PublicVendor:
    return PublicVendor(
        id=identifier(company.credit_code),
        name=company.name,
        status=each.kind,
        categories=each.scope.categories,
        areas=each.scope.areas,
        except_areas=(),
        since=each.since,
        until=each.until,
        reason=each.reason,
        text=each.text,
    )


# What they are called, and what stands in their way -------------------------------------------------------------------


async def _companies(ports: Ports, vendors: Sequence[str]) -> Mapping[str, Organisation]:
    ids = tuple(UUID(each) for each in vendors)
    wanted = organisation_register.Filters(ids=ids)
    rows = await ports.organisations.page(wanted, None, len(ids)) if ids else []
    return {str(row.id): row.state for row in rows}


async def _sanctions(ports: Ports, vendors: tuple[str, ...]) -> Mapping[str, Sanctions]:
    wanted = sanction_register.Filters(vendors=vendors)
    rows = await ports.sanctions.page(wanted, None, len(vendors)) if vendors else []
    return {row.state.vendor: row.state for row in rows}
