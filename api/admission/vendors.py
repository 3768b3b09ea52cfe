"""Vendors over HTTP: one POST a command, one file now or as of then, its history, lists of them.

POST /vendors                                    register; the body names the organisation
POST /vendors/{id}/correct ../declare ../verify  every other command, by its name; the id is the organisation's
GET  /vendors/{id}                               ?as_of=, ?basis=
GET  /vendors/{id}/history                       the same
GET  /vendors/{id}/members/{person}              one member, in plain for whoever may know, on record
GET  /vendors?q=&credit_code=&status=&frozen=&holds=&expiring_before=     a page, by name
GET  /vendors?category=&area=&band=&restrained=  who is qualified now, how they stand, what restrains them
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
from api.admission.vendor_examples import EXAMPLE, HISTORY, LINE, MEMBER, OFFERS, REGISTER
from api.admission.vendor_view import MemberView, VendorLine, VendorView, line, member, told, view
from api.asked import Asked
from api.change import Change, Offer, body_of, command_route
from api.disclosing import Part, disclose, note
from api.documentation import IF_NONE_MATCH, NOT_MODIFIED, operation, problems
from api.freshness import reach, reached
from api.pages import Paging, filters, linked, page_of
from api.person_view import masked
from api.ports import Ports
from api.preconditions import etag, fresh
from api.problems import InternalError, LedgerAway, Malformed, NotFound, NotIdentified, NotThereYet
from api.query import Reading, asked_for, parameters
from api.sentences import language_of
from api.sight import looking, looking_at_some, must_see
from api.work_order_view import History, history
from api.work_orders import Looking
from domain.access.permission import NotPermitted
from domain.admission import vendor
from domain.admission.vendor import Status, Vendor, VendorCommand
from domain.evaluation.scorecard import Rating
from domain.parties import credit_code
from domain.ports import Done, Loaded
from domain.privacy.personal import Kind
from domain.privacy.showing import Shown
from projections.admission import qualification_board
from projections.admission.vendor_register import Filters, QualifiedFor, Restrained, projection
from projections.evaluation import standing_register
from projections.restraint import sanction_register

SEEING = "vendor.see"
PATH = "/vendors"
IN_FULL = ("vendor.declare", "vendor.verify")
"""Whoever may do one of these sees the bank account that it is about, and members' own numbers."""
_FOUND_BY = {
    "category": qualification_board.projection.name,
    "area": qualification_board.projection.name,
    "band": standing_register.projection.name,
    "restrained": sanction_register.projection.name,
}
"""Filters that another register answers: it must have come to `min_position` as well."""
PERSONAL = {"certificate_number": Kind.IDENTITY}
READING = (Malformed, NotIdentified, NotFound, InternalError, NotThereYet, LedgerAway)


class VendorPage(msgspec.Struct, frozen=True):
    """Some vendors, and the cursor of the next page, null on the last."""

    items: list[VendorLine]
    next: str | None


class VendorSieve(Paging, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which vendors. Everything that is given has to hold."""

    credit_code: Annotated[str, Meta(max_length=64)] | UnsetType = UNSET
    status: Annotated[Status, Meta(description="Where the file stands.")] | UnsetType = UNSET
    frozen: bool | UnsetType = UNSET
    awaits_verification: (
        Annotated[bool, Meta(description="Something that was declared waits to be verified.")] | UnsetType
    ) = UNSET
    holds: (
        Annotated[str, Meta(max_length=32, description="A certificate of this kind has not run out.")] | UnsetType
    ) = UNSET
    expiring_before: Annotated[datetime, Meta(tz=True, description="Some certificate runs out before.")] | UnsetType = (
        UNSET
    )
    category: (
        Annotated[str, Meta(max_length=32, description="Qualified now for work of this category.")] | UnsetType
    ) = UNSET
    area: (
        Annotated[
            str,
            Meta(
                pattern="^[0-9]{0,15}$",
                description="Qualified now in all of this area; empty: in the whole city.",
            ),
        ]
        | UnsetType
    ) = UNSET
    band: Annotated[Rating, Meta(description="Of its standing; empty: not rated so far.")] | UnsetType = UNSET
    restrained: (
        Annotated[Restrained, Meta(description="By a sanction, as far as is known, whatever its scope.")] | UnsetType
    ) = UNSET
    q: Annotated[str, Meta(max_length=128, description="Found in the name.")] | UnsetType = UNSET


class Members(msgspec.Struct, frozen=True):
    """One person's qualifications at a vendor."""

    items: list[MemberView]


class _Seen(NamedTuple):
    """A file as it stands now, for whoever may see it now: that decides about its past too."""

    stream: UUID
    loaded: Loaded[Vendor]
    in_full: bool


def routes(ports: Ports) -> list[HTTPRouteHandler]:
    """Everything that can be asked about vendors."""
    return [
        _register(ports),
        *(_command(ports, offer) for offer in OFFERS),
        _one(ports),
        _history(ports),
        _member(ports),
        _list(ports),
    ]


# Changing -------------------------------------------------------------------------------------------------------------


def _register(ports: Ports) -> HTTPRouteHandler:
    change = Change(ports, vendor.decider, REGISTER)

    async def asking(request: Asked, body: msgspec.Struct) -> Done:
        known = structs.asdict(body)["vendor"]
        done = await change.ask(request, body, vendor.stream(known))
        return structs.replace(done, stream=UUID(known))  # a vendor goes by the id of its organisation

    body = body_of(REGISTER.command, "RegisterVendor")
    return command_route(PATH, REGISTER, body, asking, place=PATH, called="vendor")


def _command(ports: Ports, offer: Offer[VendorCommand]) -> HTTPRouteHandler:
    change = Change(ports, vendor.decider, offer)

    async def asking(request: Asked, body: msgspec.Struct) -> Done:
        known: UUID = request.path_params["vendor_id"]
        return structs.replace(await change.ask_existing(request, body, vendor.stream(str(known))), stream=known)

    body = body_of(offer.command, f"{offer.command.__name__}OfVendor")
    return command_route(f"{PATH}/{{vendor_id:uuid}}/{offer.name}", offer, body, asking)


# Reading --------------------------------------------------------------------------------------------------------------


async def _seen(request: Asked, ports: Ports, vendor_id: UUID) -> _Seen:
    stream = vendor.stream(str(vendor_id))
    loaded = await ports.door.load(vendor.decider, stream)
    if loaded.version == 0:
        raise NotFound
    await must_see(request, ports, vendor.decider, stream, loaded.state)
    whose = vendor.whose(stream, loaded.state, None)
    sights = [(await looking(request, ports, name)).sight for name in IN_FULL]
    return _Seen(stream, loaded, in_full=any(sight.takes_in(whose) for sight in sights))


def _one(ports: Ports) -> HTTPRouteHandler:
    @get(
        f"{PATH}/{{vendor_id:uuid}}",
        summary="One vendor, now or as of then",
        operation_id="oneVendor",
        operation_class=operation(
            *parameters(Looking), IF_NONE_MATCH, gives=EXAMPLE, headers=("ETag",), permission=SEEING
        ),
        responses=NOT_MODIFIED | problems(*READING),
    )
    async def one(request: Asked, vendor_id: FromPath[UUID]) -> Response[VendorView | None]:
        then = await _point(request, ports)
        seen = await _seen(request, ports, vendor_id)
        version, position, file = seen.loaded.version, seen.loaded.position, seen.loaded.state
        if then != past.NOW:
            rows = await past.events(ports.ledger, vendor.decider, seen.stream, then)
            if not rows:
                raise NotFound
            version, position, file = rows[-1].version, rows[-1].position, past.folded(vendor.decider, rows)
        shape = view(vendor_id, version, position, file, in_full=seen.in_full)
        disclosed = await disclose(ports.discretion.vault, [Part(seen.stream, shape, masked, personal=PERSONAL)])
        return fresh(request, etag(version), disclosed.contents[0])

    return one


async def _point(request: Asked, ports: Ports) -> past.Then:
    """Where a read looks, once the log has come to the position that it waits for."""
    asked = asked_for(request, Looking)
    await reached(ports, asked.min_position)
    return past.point(None if asked.as_of is UNSET else asked.as_of, asked.basis)


def _history(ports: Ports) -> HTTPRouteHandler:
    @get(
        f"{PATH}/{{vendor_id:uuid}}/history",
        summary="Everything that happened to the file of a vendor",
        operation_id="vendorHistory",
        operation_class=operation(
            *parameters(Looking), IF_NONE_MATCH, gives=HISTORY, headers=("ETag",), permission=SEEING
        ),
        responses=NOT_MODIFIED | problems(*READING),
    )
    async def events(request: Asked, vendor_id: FromPath[UUID]) -> Response[History | None]:
        then = await _point(request, ports)
        seen = await _seen(request, ports, vendor_id)
        rows = await past.events(ports.ledger, vendor.decider, seen.stream, then)
        if not rows:
            raise NotFound
        language = language_of(request.said(b"accept-language"))
        shape = told(vendor_id, history(seen.stream, rows, language), in_full=seen.in_full)
        disclosed = await disclose(ports.discretion.vault, [Part(seen.stream, shape, masked, personal=PERSONAL)])
        said = {"Content-Language": language, "Vary": "Accept-Language"}
        return fresh(request, f'"{shape.version}-{language}"', disclosed.contents[0], said)

    return events


def _member(ports: Ports) -> HTTPRouteHandler:
    @get(
        f"{PATH}/{{vendor_id:uuid}}/members/{{person_id:uuid}}",
        summary="The qualifications of one member, with the numbers of their certificates",
        operation_id="memberOfVendor",
        operation_class=operation(*parameters(Reading), gives={"items": [MEMBER]}, permission=SEEING),
        responses=problems(*READING),
    )
    async def one(request: Asked, vendor_id: FromPath[UUID], person_id: FromPath[UUID]) -> Members:
        await reached(ports, asked_for(request, Reading).min_position)
        seen = await _seen(request, ports, vendor_id)
        known = [member(each) for each in seen.loaded.state.members if each.person == str(person_id)]
        if not known:
            raise NotFound
        part = Part(
            seen.stream,
            Members(known),
            _plain if seen.in_full else masked,
            subject=str(person_id),
            personal=PERSONAL,
        )
        disclosed = await disclose(ports.discretion.vault, [part])
        organisations = (str(vendor_id),)
        about = f"vendor/{vendor_id}"
        await note(ports, request, disclosed.seen, purpose="look", about=about, organisations=organisations)
        return disclosed.contents[0]

    return one


def _plain(_subject: str, _kind: Kind) -> Shown:
    return "plain"


def _list(ports: Ports) -> HTTPRouteHandler:
    @get(
        PATH,
        summary="Vendors, filtered, a page at a time, by name",
        operation_id="listVendors",
        operation_class=operation(
            *parameters(VendorSieve), gives={"items": [LINE], "next": None}, headers=("Link",), permission=SEEING
        ),
        responses=problems(Malformed, NotIdentified, NotPermitted, InternalError, NotThereYet, LedgerAway),
    )
    async def some(request: Asked) -> Response[VendorPage]:
        viewer = await looking_at_some(request, ports, SEEING)
        sieve = asked_for(request, VendorSieve)
        wanted = structs.replace(filters(sieve, Filters), sight=viewer.sight)
        if wanted.credit_code is not None:
            wanted = structs.replace(wanted, credit_code=credit_code.normalised(wanted.credit_code))
        if sieve.category is not UNSET or sieve.area is not UNSET:
            place = QualifiedFor(
                sieve.category or "", "*" if sieve.area is UNSET else sieve.area, ports.now().isoformat()
            )
            wanted = structs.replace(wanted, qualified=place)
        for name, register in _FOUND_BY.items():
            if getattr(sieve, name) is not UNSET:
                await reach(ports, register, sieve.min_position)
        shown = await page_of(
            ports, projection.name, sieve, lambda after, limit: ports.vendors.page(wanted, after, limit)
        )
        return linked(request, PATH, VendorPage([line(row) for row in shown.rows], shown.onward), shown.onward)

    return some
