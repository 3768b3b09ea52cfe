"""Programs over HTTP: devices' gateways and partners' systems, and their keys.

POST /programs                               register one
POST /programs/{id}/keys                     a key: the answer shows it, once
POST /programs/{id}/keys/{key}/revoke
POST /programs/{id}/disable, /enable
GET  /programs/{id}
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.handlers import HTTPRouteHandler
from litestar.params import BodyKwarg, FromPath
from msgspec import Meta

from api.asked import BODY, Asked
from api.change import Change, Offer, body_of, command_id, command_route, fingerprint
from api.desk import Desk
from api.documentation import IDEMPOTENCY_KEY, IF_NONE_MATCH, NOT_MODIFIED, operation, problems
from api.ports import Ports
from api.preconditions import etag, fresh
from api.problems import InternalError, KeyReused, LedgerAway, Malformed, NotFound
from api.sight import must_see
from api.sign_in import IDENTITY, READABLE
from domain.access import program
from domain.access.program import ProgramCommand, ProgramKey, ProgramUnknown
from domain.decider import derived_id
from domain.ports import Done

PATH = "/programs"
ONE = f"{PATH}/{{program_id:uuid}}"

REGISTER: Offer[ProgramCommand] = Offer(
    program.Register,
    "register",
    "Register a program (登记程序)",
    {"name": "lift-gateway", "organisation": "019a5b1e-0000-7000-8000-000000000031", "kind": "device"},
)
REVOKE: Offer[ProgramCommand] = Offer(
    program.RevokeKey, "revoke", "Revoke a key (吊销密钥)", refusals=(program.KeyUnknown,)
)
DISABLE: Offer[ProgramCommand] = Offer(program.Disable, "disable", "Disable a program (停用程序)")
ENABLE: Offer[ProgramCommand] = Offer(program.Enable, "enable", "Enable a program again (启用程序)")

KEY = {"key": "019a5b1e-0000-7000-8000-000000000022", "scopes": ["work_order.report"]}
EXAMPLE = {
    "id": "019a5b1e-0000-7000-8000-000000000021",
    "version": 2,
    **REGISTER.example,
    "disabled": False,
    "keys": [KEY | {"issued_at": "2026-03-02T01:00:00Z"}],
}


class IssueProgramKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the key is good for (nothing: all that the program may do), and until when."""

    scopes: Annotated[tuple[program.Scope, ...], Meta(max_length=100)] = ()
    until: Annotated[datetime, Meta(tz=True)] | None = None


class IssuedKey(msgspec.Struct, frozen=True):
    """A key. `secret` is shown this once: null in the answer to a repeat, which cannot know it any more."""

    key: str
    secret: str | None


class ProgramView(msgspec.Struct, frozen=True):
    """A program and its keys, without their secrets."""

    id: UUID
    version: int
    name: str
    organisation: str
    kind: program.Kind
    disabled: bool
    keys: tuple[ProgramKey, ...]


def routes(ports: Ports, desk: Desk) -> list[HTTPRouteHandler]:
    """Everything that can be asked about programs."""
    return [
        _register(ports),
        _issue(desk),
        _revoke(ports),
        _command(ports, DISABLE),
        _command(ports, ENABLE),
        _one(ports),
    ]


def _register(ports: Ports) -> HTTPRouteHandler:
    change = Change(ports, program.decider, REGISTER)

    async def asking(request: Asked, body: msgspec.Struct) -> Done:
        return await change.ask(request, body, ports.new_id())

    return command_route(PATH, REGISTER, body_of(REGISTER.command, "RegisterProgram"), asking, place=PATH)


def _command(ports: Ports, offer: Offer[ProgramCommand]) -> HTTPRouteHandler:
    change = Change(ports, program.decider, offer)

    async def asking(request: Asked, body: msgspec.Struct) -> Done:
        return await change.ask_existing(request, body, request.path_params["program_id"])

    return command_route(
        f"{ONE}/{offer.name}", offer, body_of(offer.command, f"{offer.command.__name__}Program"), asking
    )


def _revoke(ports: Ports) -> HTTPRouteHandler:
    change = Change(ports, program.decider, REVOKE)

    async def asking(request: Asked, body: msgspec.Struct) -> Done:
        key = str(request.path_params["key_id"])
        return await change.ask_existing(request, body, request.path_params["program_id"], key=key)

    body = body_of(REVOKE.command, "RevokeProgramKey", without=["key"])
    return command_route(f"{ONE}/keys/{{key_id:uuid}}/revoke", REVOKE, body, asking)


def _issue(desk: Desk) -> HTTPRouteHandler:
    @post(
        f"{ONE}/keys",
        status_code=201,
        summary="Give a program a key (签发密钥)",
        operation_id="issueProgramKey",
        operation_class=operation(
            IDEMPOTENCY_KEY,
            sends={"scopes": ["work_order.report"]},
            gives={"key": KEY["key"], "secret": "lk_019a…"},
            status=201,
            permission="program.issue_key",
        ),
        responses=problems(
            *READABLE,
            *IDENTITY,
            NotFound,
            KeyReused,
            program.ProgramDisabled,
            program.TooManyKeys,
            program.KeyEndsBeforeItBegins,
        ),
        opt={BODY: IssueProgramKey},
    )
    async def issue(
        request: Asked,
        program_id: FromPath[UUID],
        data: Annotated[IssueProgramKey, BodyKwarg(media_type=RequestEncodingType.JSON)],
    ) -> Response[IssuedKey]:
        key, done = await _issued(request, desk, program_id, data)
        secret = None if done.duplicate else await desk.keys.make(program_id, key, desk.now())
        return Response(IssuedKey(str(key), secret), status_code=201)

    return issue


async def _issued(request: Asked, desk: Desk, program_id: UUID, data: IssueProgramKey) -> tuple[UUID, Done]:
    """The id of the new key: the same for a repeat."""
    at = desk.now()
    context = desk.context(request, at, request.user)
    key = desk.new_id()
    if (said := request.said(b"idempotency-key")) is not None:
        repeatable = command_id(request.user, said)
        key = derived_id("program_key", str(repeatable))
        context = msgspec.structs.replace(context, command_id=repeatable, fingerprint=fingerprint(request, data))
    command = program.IssueKey(at=at, key=str(key), scopes=data.scopes, until=data.until)
    try:
        return key, await desk.door.execute(program.decider, program_id, command, context)
    except ProgramUnknown as no:
        raise NotFound from no


def _one(ports: Ports) -> HTTPRouteHandler:
    @get(
        ONE,
        summary="One program and its keys",
        operation_id="oneProgram",
        operation_class=operation(IF_NONE_MATCH, gives=EXAMPLE, headers=("ETag",), permission="program.see"),
        responses=NOT_MODIFIED | problems(Malformed, *IDENTITY, NotFound, InternalError, LedgerAway),
    )
    async def one(request: Asked, program_id: FromPath[UUID]) -> Response[ProgramView | None]:
        loaded = await ports.door.load(program.decider, program_id)
        if loaded.version == 0:
            raise NotFound
        await must_see(request, ports, program.decider, program_id, loaded.state)
        state = loaded.state
        found = ProgramView(
            program_id, loaded.version, state.name, state.organisation, state.kind, state.disabled, state.keys
        )
        return fresh(request, etag(loaded.version), found)

    return one
