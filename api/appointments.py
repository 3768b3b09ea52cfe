"""Appointments over HTTP: who holds which role, and the table that says what roles may do.

POST /principals/{id}/appointments                        propose: appoint to a role
POST /principals/{id}/appointments/{number}/approve ..    grant, decline, revoke
GET  /principals/{id}/appointments                        all of them
GET  /permissions                                         the table, as it is enforced
"""

from datetime import datetime
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from api.asked import Asked
from api.change import Change, Offer, body_of, command_route
from api.documentation import IF_NONE_MATCH, NOT_MODIFIED, operation, problems
from api.ports import Ports
from api.preconditions import etag, fresh
from api.problems import InternalError, LedgerAway, Malformed, NotFound, NotIdentified
from api.sentences import language_of
from api.sight import must_see
from domain.access import appointment, policy, role
from domain.access.appointment import AppointmentCommand, Standing
from domain.ports import Done

SEEING = "appointment.see"
PATH = "/principals/{principal:uuid}/appointments"

PROPOSE: Offer[AppointmentCommand] = Offer(
    appointment.Propose,
    "propose",
    "Appoint to a role (任命)",
    example={"role": "grid_worker", "area": "990101001001"},
    refusals=(appointment.AppointmentIncomplete, appointment.EndsBeforeItBegins, appointment.StandsAlone),
)
SETTLING: tuple[Offer[AppointmentCommand], ...] = (
    Offer(
        appointment.Approve,
        "approve",
        "Grant what somebody else has proposed (批准任命)",
        refusals=(appointment.NoSuchAppointment, appointment.AlreadyDecided),
    ),
    Offer(
        appointment.Decline,
        "decline",
        "Do not grant it (驳回任命)",
        refusals=(appointment.NoSuchAppointment, appointment.AlreadyDecided),
    ),
    Offer(
        appointment.Revoke,
        "revoke",
        "End an appointment (撤销任命)",
        example={"because": "left"},
        refusals=(appointment.NoSuchAppointment, appointment.AppointmentOver),
    ),
)
EXAMPLE = {
    "principal": "019a5b1e-0000-7000-8000-000000000001",
    "version": 2,
    "appointments": [
        {
            "number": 1,
            "role": "grid_worker",
            "title": "网格员",
            "status": "granted",
            "since": "2026-03-02T01:00:00Z",
            "until": None,
            "counts_now": True,
            "organisation": "",
            "area": "990101001001",
            "ward": "",
        }
    ],
}


class AppointmentView(msgspec.Struct, frozen=True, kw_only=True):
    """An appointment as it stands."""

    number: int
    role: str
    title: str
    """The role's name for people."""
    status: str
    since: datetime
    until: datetime | None
    counts_now: bool
    organisation: str
    area: str
    ward: str


class AppointmentsView(msgspec.Struct, frozen=True):
    """All appointments of a person or a program, the first first."""

    principal: UUID
    version: int
    appointments: list[AppointmentView]


class RoleView(msgspec.Struct, frozen=True):
    """A role, and what it may do: letters by permission."""

    name: str
    title: str
    rank: str
    needs: tuple[str, ...]
    may: dict[str, str]


class PolicyView(msgspec.Struct, frozen=True):
    """The table of permissions."""

    version: int
    letters: dict[str, str]
    roles: list[RoleView]


LETTERS = {
    "E": "everything there is: what is public to all who hold a role",
    "A": "anywhere, or within the area of the appointment if it names one",
    "T": "what lies in the area of the appointment",
    "O": "what concerns the organisation of the appointment",
    "B": "what concerns its organisation and lies in its area",
    "S": "what concerns the person itself",
    "W": "what concerns the person's ward",
}


def routes(ports: Ports) -> list[HTTPRouteHandler]:
    """Everything that can be asked about appointments."""
    return [_propose(ports), *(_settle(ports, offer) for offer in SETTLING), _all(ports), _table()]


def shown(standing: Standing, at: datetime, language: str) -> AppointmentView:
    """An appointment as it looks from outside."""
    held = role.by_name[standing.role]
    return AppointmentView(
        number=standing.number,
        role=standing.role,
        title=held.zh if language == "zh" else _words(held.name),
        status=standing.status,
        since=standing.since,
        until=standing.until,
        counts_now=standing.counts(at),
        organisation=standing.organisation,
        area=standing.area,
        ward=standing.ward,
    )


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _propose(ports: Ports) -> HTTPRouteHandler:
    change = Change(ports, appointment.decider, PROPOSE)

    async def asking(request: Asked, body: msgspec.Struct) -> Done:
        principal = str(request.path_params["principal"])
        return await change.ask(request, body, appointment.stream(principal), principal=principal)

    return command_route(PATH, PROPOSE, body_of(PROPOSE.command, "ProposeAppointment", ["principal"]), asking)


def _settle(ports: Ports, offer: Offer[AppointmentCommand]) -> HTTPRouteHandler:
    change = Change(ports, appointment.decider, offer)

    async def asking(request: Asked, body: msgspec.Struct) -> Done:
        stream = appointment.stream(str(request.path_params["principal"]))
        return await change.ask_existing(request, body, stream, number=request.path_params["number"])

    body = body_of(offer.command, f"{offer.command.__name__}Appointment", ["number"])
    return command_route(f"{PATH}/{{number:int}}/{offer.name}", offer, body, asking)


def _all(ports: Ports) -> HTTPRouteHandler:
    @get(
        PATH,
        summary="All appointments of a person or a program",
        operation_id="allAppointments",
        operation_class=operation(IF_NONE_MATCH, gives=EXAMPLE, headers=("ETag",), permission=SEEING),
        responses=NOT_MODIFIED | problems(Malformed, NotIdentified, NotFound, InternalError, LedgerAway),
    )
    async def all_of_them(request: Asked, principal: FromPath[UUID]) -> Response[AppointmentsView | None]:
        stream = appointment.stream(str(principal))
        loaded = await ports.door.load(appointment.decider, stream)
        if loaded.version == 0:
            raise NotFound
        await must_see(request, ports, appointment.decider, stream, loaded.state)
        language, now = language_of(request.said(b"accept-language")), ports.now()
        found = AppointmentsView(principal, loaded.version, [shown(each, now, language) for each in loaded.state.all])
        return fresh(request, etag(loaded.version), found, {"Content-Language": language, "Vary": "Accept-Language"})

    return all_of_them


def _table() -> HTTPRouteHandler:
    @get(
        "/permissions",
        summary="Who may do what: the table of permissions",
        operation_id="permissions",
        operation_class=operation(gives={"version": 1, "letters": LETTERS, "roles": []}),
        responses=problems(NotIdentified, InternalError),
    )
    async def table(request: Asked) -> PolicyView:
        language = language_of(request.said(b"accept-language"))
        return PolicyView(
            policy.VERSION,
            LETTERS,
            [
                RoleView(
                    each.name,
                    each.zh if language == "zh" else _words(each.name),
                    each.rank,
                    each.needs,
                    {name: row[each.name] for name, row in policy.ROWS.items() if each.name in row},
                )
                for each in role.ALL
            ],
        )

    return table
