"""What ends before long, in one list: grants and their papers, certificates, emergency waivers, terms of sanctions.

GET  /expiries?before=&kind=&vendor=&category=&within=       the earliest first

A line is a thing with its next end; what else ends in the same file stands in `also`. Where a category is asked
for, only what was granted or waived for it is shown; where an area is, only what was granted.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime
from typing import Annotated, Final, Literal, TypeAlias, TypeVar
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from msgspec import UNSET, Meta, UnsetType

from api.admission.qualification_view import DocumentView, document
from api.asked import Asked
from api.documentation import operation, problems
from api.freshness import reach
from api.pages import Paging, linked, page_of
from api.ports import Ports
from api.problems import InternalError, LedgerAway, Malformed, NotIdentified, NotThereYet
from api.query import asked_for, parameters
from api.sight import looking_at_some
from domain.access.permission import NotPermitted, Sight
from domain.admission import qualification
from domain.admission.qualification import Qualification
from domain.admission.vendor import Vendor
from domain.admission.waiver import Waivers
from domain.restraint.sanction import Sanctions
from projections.admission import qualification_board, vendor_register, waiver_register
from projections.listing import NEVER, Key, Listed, written
from projections.restraint import sanction_register

S = TypeVar("S")

SEEING: Final = "qualification.see"
PATH: Final = "/expiries"
Kind: TypeAlias = Literal["grant", "certificate", "waiver", "sanction"]


class ExpirySieve(Paging, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What ends before long. Everything that is given has to hold."""

    before: Annotated[datetime, Meta(tz=True, description="Ends before this moment.")] | UnsetType = UNSET
    kind: Kind | UnsetType = UNSET
    vendor: Annotated[str, Meta(max_length=36, description="The id of the organisation.")] | UnsetType = UNSET
    category: Annotated[str, Meta(max_length=32, description="Granted or waived for it.")] | UnsetType = UNSET
    within: (
        Annotated[str, Meta(pattern="^[0-9]{1,15}$", description="Granted for this area, or for one that lies in it.")]
        | UnsetType
    ) = UNSET


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """Something else in the same file that ends."""

    of: Literal["document", "certificate", "waiver", "sanction"]
    number: int
    name: str
    """The kind of document or certificate, or the reason of a waiver or a sanction."""
    ends_at: datetime


class ExpiryView(msgspec.Struct, frozen=True, kw_only=True):
    """Something that ends before long."""

    kind: Kind
    id: UUID
    """Of the qualification; of the vendor's organisation for all else."""
    vendor: str
    category: str
    """Empty: none in particular."""
    area: str
    number: int
    """Of the case, certificate, waiver or sanction."""
    name: str
    """The kind of certificate, or the reason of a waiver or a sanction."""
    ends_at: datetime
    because: str
    """term, or for a grant: document, conditions."""
    document: DocumentView | None
    """The one that ends a grant."""
    conditions: tuple[str, ...]
    """The keys of those that are still to be met."""
    renewal_open: bool
    """A renewal is under way."""
    also: tuple[Ending, ...]


class ExpiryPage(msgspec.Struct, frozen=True):
    """Some things that end, the earliest first, and the cursor of the next page, null on the last."""

    items: list[ExpiryView]
    next: str | None


EXAMPLE: dict[str, object] = {
    "kind": "grant",
    "id": "7f7c1e9e-59f5-5a0c-9d52-1f3f0f6f2f11",
    "vendor": "019a5b1e-0000-7000-8000-000000000003",
    "category": "cameras",
    "area": "330106",
    "number": 1,
    "name": "",
    "ends_at": "2026-04-20T16:00:00Z",
    "because": "conditions",
    "document": None,
    "conditions": ["fence"],
    "renewal_open": False,
    "also": [{"of": "document", "number": 3, "name": "award", "ends_at": "2026-04-01T16:00:00Z"}],
}
_Ask: TypeAlias = Callable[[Key | None, int], Awaitable[list[Listed[ExpiryView]]]]


def routes(ports: Ports) -> list[HTTPRouteHandler]:
    """The one list."""

    @get(
        PATH,
        summary="What ends before long, the earliest first: grants, papers, certificates, waivers, sanctions",
        operation_id="listExpiries",
        operation_class=operation(
            *parameters(ExpirySieve), gives={"items": [EXAMPLE], "next": None}, headers=("Link",), permission=SEEING
        ),
        responses=problems(Malformed, NotIdentified, NotPermitted, InternalError, NotThereYet, LedgerAway),
    )
    async def some(request: Asked) -> Response[ExpiryPage]:
        viewer = await looking_at_some(request, ports, SEEING)
        sieve = asked_for(request, ExpirySieve)
        for read_model in (vendor_register, waiver_register, sanction_register):
            await reach(ports, read_model.projection.name, sieve.min_position)
        sources = [ask for kind, ask in _sources(ports, sieve, viewer.sight) if sieve.kind in {UNSET, kind}]

        async def ask(after: Key | None, limit: int) -> list[Listed[ExpiryView]]:
            found = await asyncio.gather(*(source(after, limit) for source in sources))
            return sorted((row for rows in found for row in rows), key=lambda row: row.key)[:limit]

        shown = await page_of(ports, qualification_board.projection.name, sieve, ask)
        return linked(request, PATH, ExpiryPage([row.state for row in shown.rows], shown.onward), shown.onward)

    return [some]


def _sources(ports: Ports, sieve: ExpirySieve, sight: Sight) -> Iterator[tuple[Kind, _Ask]]:
    """Each read model in the order of what ends first, as far as it can hold what is asked for."""
    vendor, category, within = (
        None if said is UNSET else said for said in (sieve.vendor, sieve.category, sieve.within)
    )
    before = NEVER if sieve.before is UNSET else written(sieve.before)

    async def grants(after: Key | None, limit: int) -> list[Listed[ExpiryView]]:
        wanted = qualification_board.Filters(
            vendor=vendor, category=category, within=within, ends_before=before, sight=sight
        )
        return [_line(row, _grant) for row in await ports.qualifications.ending(wanted, after, limit)]

    async def certificates(after: Key | None, limit: int) -> list[Listed[ExpiryView]]:
        wanted = vendor_register.Filters(vendor=vendor, ends_before=before, sight=sight)
        return [_line(row, _certificate) for row in await ports.vendors.ending(wanted, after, limit)]

    async def waivers(after: Key | None, limit: int) -> list[Listed[ExpiryView]]:
        wanted = waiver_register.Filters(vendor=vendor, category=category, ends_before=before, sight=sight)
        return [_line(row, _waiver) for row in await ports.waivers.ending(wanted, after, limit)]

    async def sanctions(after: Key | None, limit: int) -> list[Listed[ExpiryView]]:
        vendors = None if vendor is None else (vendor,)
        wanted = sanction_register.Filters(vendors=vendors, ends_before=before, sight=sight)
        return [_line(row, _sanction) for row in await ports.sanctions.ending(wanted, after, limit)]

    yield "grant", grants
    if within is None:
        yield "waiver", waivers
    if within is None and category is None:
        yield "certificate", certificates
        yield "sanction", sanctions


def _line(row: Listed[S], shown: Callable[[UUID, S], ExpiryView]) -> Listed[ExpiryView]:
    return Listed(row.id, row.version, row.position, shown(row.id, row.state), row.ordered_by)


def _grant(stream: UUID, found: Qualification) -> ExpiryView:
    """What ends the last grant next, and the papers it can do without that end before."""
    last = found.live[-1]
    end = qualification.end(found, last)
    counting = {each.paper.kind: qualification.covering(found, each.paper.kind) for each in found.documents}
    also = [
        Ending(of="document", number=held[0], name=kind, ends_at=held[1].ends)
        for kind, held in counting.items()
        if held is not None and held[0] != end.serial and held[1].ends is not None and held[1].ends <= end.at
    ]
    return ExpiryView(
        kind="grant",
        id=stream,
        vendor=found.vendor,
        category=found.category,
        area=found.area,
        number=last.case,
        name="",
        ends_at=end.at,
        because=end.because,
        document=document(end.serial, found.documents[end.serial - 1]) if end.serial else None,
        conditions=tuple(each.key for each in last.to_meet),
        renewal_open=found.open_case is not None,
        also=tuple(also),
    )


def _certificate(_stream: UUID, found: Vendor) -> ExpiryView:
    """The one that ends first; all others of the file that will end are told too."""
    held = [each for each in found.certificates if each.in_file]
    ends = [Ending(of="certificate", number=each.id, name=each.kind, ends_at=each.ends_at) for each in held]
    return _of_vendor("certificate", found.vendor, ends)


def _waiver(_stream: UUID, found: Waivers) -> ExpiryView:
    ends = [Ending(of="waiver", number=each.number, name=each.reason, ends_at=each.until) for each in found.open]
    first = min(found.open, key=lambda each: (each.until, each.number))
    return _of_vendor("waiver", found.vendor, ends, category=found.category, area=first.area)


def _sanction(_stream: UUID, found: Sanctions) -> ExpiryView:
    ends = [
        Ending(of="sanction", number=each.number, name=each.reason, ends_at=each.until)
        for each in found.all
        if not each.ended and each.until is not None
    ]
    return _of_vendor("sanction", found.vendor, ends)


def _of_vendor(kind: Kind, vendor: str, ends: list[Ending], *, category: str = "", area: str = "") -> ExpiryView:
    first, *also = sorted(ends, key=lambda each: (each.ends_at, each.number))
    return ExpiryView(
        kind=kind,
        id=UUID(vendor),
        vendor=vendor,
        category=category,
        area=area,
        number=first.number,
        name=first.name,
        ends_at=first.ends_at,
        because="term",
        document=None,
        conditions=(),
        renewal_open=False,
        also=tuple(also),
    )
