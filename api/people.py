"""People over HTTP: who somebody is, as far as the viewer may know it.

    POST /people                    register
    POST /people/{id}/correct ..    every other command, by its name
    GET  /people                    for staff, a page at a time, masked
    GET  /people/{id}               shown as `domain.privacy.showing` says; what is shown in plain is noted first
    GET  /work-orders/{id}/contact  how to reach who reported it, for whoever does the work

Whoever is nothing to a person is told that there is nothing here.
"""

from collections.abc import Mapping, Sequence
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
from api.cursors import cursor, end_of
from api.disclosing import Part, disclose, note
from api.documentation import IF_NONE_MATCH, NOT_MODIFIED, operation, problems
from api.freshness import reach, reached
from api.pages import linked
from api.people_examples import CONTACT, OFFERS, PERSON, REGISTER
from api.person_view import PersonView, masked, must_be_somebody, part, present, seen_by, shown_to, usable, view
from api.ports import Ports
from api.preconditions import etag, fresh
from api.problems import Fault, InternalError, Invalid, LedgerAway, Malformed, NotFound, NotIdentified, NotThereYet
from api.query import Reading, asked_for, parameters
from api.sight import must_see
from domain import work_order
from domain.access.permission import NotPermitted
from domain.parties import person
from domain.parties.person import TEXTS, PersonCommand
from domain.ports import Done
from domain.privacy import consent
from domain.privacy.personal import Kind
from domain.privacy.showing import Shown, shown
from domain.work_order import Status, WorkOrder
from projections.person_register import projection

PATH = "/people"
LISTING = "person.list"
MOST = 200
READING = (Malformed, NotIdentified, NotFound, InternalError, NotThereYet, LedgerAway)
AT_REST = frozenset({Status.UNKNOWN, Status.RESOLVED, Status.ACCEPTED, Status.CLOSED, Status.CANCELLED})
"""Nobody needs to reach the reporter for the work any more."""
IN_CONTACT = (Kind.IDENTITY, Kind.CONTACT, Kind.ADDRESS)


class Roll(Reading, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which page of which people."""

    area: (
        Annotated[str, Meta(max_length=64, description="Living here: the beginning of an area's code.")] | UnsetType
    ) = UNSET
    erased: Annotated[bool, Meta(description="Only those whose data is erased, or none of them.")] | UnsetType = UNSET
    limit: Annotated[int, Meta(ge=1, le=MOST)] = 50
    cursor: Annotated[str, Meta(max_length=200, description="From the page before.")] | UnsetType = UNSET


class People(msgspec.Struct, frozen=True):
    """Some people, masked, and the cursor of the next page, null on the last."""

    items: list[PersonView]
    next: str | None


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """How to reach somebody, as far as the viewer may."""

    person: UUID
    name: str
    phone: str
    address: str
    shown: Mapping[Kind, Shown] = {}
    """Which of it is plain, masked or hidden."""


def routes(ports: Ports) -> list[HTTPRouteHandler]:
    """Everything that can be asked about people themselves."""
    return [
        _register(ports),
        *(_command(ports, offer) for offer in OFFERS),
        _one(ports),
        _list(ports),
        _contact(ports),
    ]


# Changing -------------------------------------------------------------------------------------------------------------


def _register(ports: Ports) -> HTTPRouteHandler:
    change = Change(ports, person.decider, REGISTER)

    async def asking(request: Asked, body: msgspec.Struct) -> Done:
        return await change.ask(request, body, ports.new_id())

    return command_route(PATH, REGISTER, body_of(REGISTER.command, "RegisterPerson"), asking, place=PATH)


def _command(ports: Ports, offer: Offer[PersonCommand]) -> HTTPRouteHandler:
    change = Change(ports, person.decider, offer)

    async def asking(request: Asked, body: msgspec.Struct) -> Done:
        person_id: UUID = request.path_params["person_id"]
        if str(structs.asdict(body).get("to", "")).lower() == str(person_id):
            raise Invalid(Fault("another person", pointer="#/to"))
        return await change.ask_existing(request, body, person_id)

    body = body_of(offer.command, f"{offer.command.__name__}Person")
    return command_route(f"{PATH}/{{person_id:uuid}}/{offer.name}", offer, body, asking)


# Reading --------------------------------------------------------------------------------------------------------------


def _one(ports: Ports) -> HTTPRouteHandler:
    @get(
        f"{PATH}/{{person_id:uuid}}",
        summary="One person, as far as the viewer may know them",
        operation_id="onePerson",
        operation_class=operation(
            *parameters(Reading), IF_NONE_MATCH, gives=PERSON, headers=("ETag",), permission="person.see"
        ),
        responses=NOT_MODIFIED | problems(*READING),
    )
    async def one(request: Asked, person_id: FromPath[UUID]) -> Response[PersonView | None]:
        await reached(ports, asked_for(request, Reading).min_position)
        found = await present(ports, request, person_id)
        must_be_somebody(found)
        told = await shown_to(ports, found)
        await note(
            ports,
            request,
            told.seen,
            purpose="look",
            about=f"person/{person_id}",
            organisations=found.facts.organisations,
        )
        return fresh(request, etag(found.version), told.contents[0])

    return one


def _list(ports: Ports) -> HTTPRouteHandler:
    @get(
        PATH,
        summary="People, masked, a page at a time, for staff",
        operation_id="listPeople",
        operation_class=operation(
            *parameters(Roll), gives={"items": [PERSON], "next": None}, headers=("Link",), permission=LISTING
        ),
        responses=problems(Malformed, NotIdentified, NotPermitted, InternalError, NotThereYet, LedgerAway),
    )
    async def some(request: Asked) -> Response[People]:
        roll = asked_for(request, Roll)
        await reach(ports, projection.name, roll.min_position)
        question = msgspec.json.encode(structs.replace(roll, limit=50, cursor=UNSET, min_position=UNSET))
        after = None if roll.cursor is UNSET else end_of(roll.cursor, question, datetime)
        allowed = await ports.discretion.insight.areas(request.user, ports.now())
        if not allowed:
            raise NotPermitted(LISTING)
        areas = within("" if roll.area is UNSET else roll.area, allowed)
        erased = None if roll.erased is UNSET else roll.erased
        found = await ports.people.page(areas, after, roll.limit + 1, erased=erased)
        listed = found[: roll.limit]
        onward = cursor(*listed[-1].key, question) if len(found) > len(listed) else None
        parts = [part(view(row.id, row.version, row.position, row.person), masked) for row in listed]
        told = await disclose(ports.discretion.vault, parts)
        return linked(request, PATH, People(told.contents, onward), onward)

    return some


def within(asked: str, allowed: Sequence[str]) -> list[str]:
    """The part of an area that lies in those areas; areas are the beginnings of codes."""
    narrower = [area for area in allowed if area.startswith(asked)]
    return [asked] if any(asked.startswith(area) for area in allowed) else narrower


def _contact(ports: Ports) -> HTTPRouteHandler:
    @get(
        "/work-orders/{order_id:uuid}/contact",
        summary="How to reach whoever reported it",
        operation_id="workOrderContact",
        operation_class=operation(gives=CONTACT, permission="work_order.contact"),
        responses=problems(Malformed, NotIdentified, NotFound, InternalError, LedgerAway),
    )
    async def contact(request: Asked, order_id: FromPath[UUID]) -> Contact:
        order = (await ports.door.load(work_order.decider, order_id)).state
        await must_see(request, ports, work_order.decider, order_id, order, what="contact")
        found = await present(ports, request, _reporter(order))
        provider = bool(order.company) and order.company in found.facts.organisations
        if not provider:
            must_be_somebody(found)
        viewer = structs.replace(
            found.viewer,
            provider=provider,
            active_order=order.status not in AT_REST,
            consented=await _consented(ports, found.subject, order.company) if provider else frozenset[Kind](),
        )
        known = found.person
        shape = Contact(
            person=found.id,
            name=usable(known, known.name),
            phone=usable(known, known.phone),
            address=usable(known, known.address),
        )
        told = await disclose(
            ports.discretion.vault, [Part(found.id, shape, seen_by(viewer), subject=found.subject, personal=TEXTS)]
        )
        await note(
            ports,
            request,
            told.seen,
            purpose="service_contact",
            about=f"work_order/{order_id}",
            organisations=(order.company,) if provider else found.facts.organisations,
        )
        return structs.replace(told.contents[0], shown={kind: shown(viewer, kind) for kind in IN_CONTACT})

    return contact


def _reporter(order: WorkOrder) -> UUID:
    """Who reported it, as a person; reports from before there were people name nobody that can be found."""
    try:
        return UUID(order.reporter)
    except ValueError:
        raise NotFound from None


async def _consented(ports: Ports, subject: str, company: str) -> frozenset[Kind]:
    """What the person has consented that this company knows, to be served."""
    stream = consent.stream(subject, company, "service_contact")
    granted = consent.granted((await ports.door.load(consent.decider, stream)).state, ports.now())
    return frozenset() if granted is None else frozenset(granted.kinds)
