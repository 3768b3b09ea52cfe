"""Consents over HTTP: what a person lets which organisation know, and what for.

POST /people/{id}/consents                                   give
POST /people/{id}/consents/{recipient}/{purpose}/withdraw    withdraw: as easy as giving (PIPL 15)
GET  /people/{id}/consents                                   everything that was ever consented to
"""

from datetime import datetime
from typing import get_args
from uuid import UUID

import msgspec
from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from msgspec import structs

from api.asked import Asked
from api.change import Change, body_of, command_route
from api.documentation import operation, problems
from api.freshness import reach
from api.people_examples import CONSENT, GIVE, WITHDRAW
from api.person_view import must_be_somebody, present
from api.ports import Ports
from api.problems import InternalError, LedgerAway, Malformed, NotFound, NotIdentified, NotThereYet
from api.query import Reading, asked_for, parameters
from domain.parties import person
from domain.parties.person import Status
from domain.ports import Done
from domain.privacy import consent
from domain.privacy.consent import Consent, Grant, Purpose, in_force
from projections.consent_register import Listed, projection

PATH = "/people/{person_id:uuid}/consents"
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)


class ConsentView(msgspec.Struct, frozen=True, kw_only=True):
    """A consent, and whether it counts now."""

    id: UUID
    version: int
    recipient: str
    purpose: Purpose
    in_force: bool
    grants: tuple[Grant, ...]
    """What was consented to, the first first; the last one counts."""


def routes(ports: Ports) -> list[HTTPRouteHandler]:
    """Giving, withdrawing, and looking at it."""
    return [_give(ports), _withdraw(ports), _list(ports)]


def _give(ports: Ports) -> HTTPRouteHandler:
    change = Change(ports, consent.decider, GIVE)

    async def asking(request: Asked, body: msgspec.Struct) -> Done:
        person_id: UUID = request.path_params["person_id"]
        await _must_be_known(ports, person_id)
        said = structs.asdict(body)
        stream = consent.stream(str(person_id), said["recipient"], said["purpose"])
        return await change.ask(request, body, stream, person=str(person_id))

    return command_route(PATH, GIVE, body_of(GIVE.command, "GiveConsent", ["person"]), asking)


def _withdraw(ports: Ports) -> HTTPRouteHandler:
    change = Change(ports, consent.decider, WITHDRAW)

    async def asking(request: Asked, body: msgspec.Struct) -> Done:
        said = request.path_params
        purpose = next((each for each in PURPOSES if each == said["purpose"]), None)
        if purpose is None:
            raise NotFound
        return await change.ask_existing(
            request, body, consent.stream(str(said["person_id"]), said["recipient"], purpose)
        )

    body = body_of(WITHDRAW.command, "WithdrawConsent")
    return command_route(f"{PATH}/{{recipient:str}}/{{purpose:str}}/withdraw", WITHDRAW, body, asking)


async def _must_be_known(ports: Ports, person_id: UUID) -> None:
    """Nobody can consent who is unknown, erased or only kept."""
    known = (await ports.door.load(person.decider, person_id)).state
    if known.status is Status.UNKNOWN:
        raise NotFound
    if known.status is Status.ERASED:
        raise person.PersonErased
    if known.status is Status.RESTRICTED:
        raise person.PersonRestricted


def _list(ports: Ports) -> HTTPRouteHandler:
    @get(
        PATH,
        summary="What a person has consented to",
        operation_id="consentsOfPerson",
        operation_class=operation(*parameters(Reading), gives=[CONSENT], permission="consent.see"),
        responses=problems(Malformed, NotIdentified, NotFound, InternalError, NotThereYet, LedgerAway),
    )
    async def some(request: Asked, person_id: FromPath[UUID]) -> list[ConsentView]:
        await reach(ports, projection.name, asked_for(request, Reading).min_position)
        must_be_somebody(await present(ports, request, person_id))
        return await consents_of(ports, str(person_id), ports.now())

    return some


async def consents_of(ports: Ports, subject: str, at: datetime) -> list[ConsentView]:
    """Everything that a person has consented to, and what of it counts at a moment."""
    return [_view(row, row.consent, at) for row in await ports.consents.of(subject)]


def _view(row: Listed, known: Consent, at: datetime) -> ConsentView:
    return ConsentView(
        id=row.id,
        version=row.version,
        recipient=known.recipient,
        purpose=known.purpose,
        in_force=in_force(known, at),
        grants=known.grants,
    )
