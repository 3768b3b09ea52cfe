"""A command over HTTP: one POST a command, derived from the command itself.

    body (the command without `at`) -> command -> the one door -> receipt, with ETag and X-Position

`occurred_at` in a body is when it happened; left out, that is now. An `Idempotency-Key` becomes the command id,
together with who sends it: the door decides it at most once and gives a repeat the first answer, a refusal too. What
makes a repeat the same request is its method, path and decoded body: neither blanks in the JSON nor our clock make it
another.
"""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Generic, TypeAlias, TypeVar
from urllib.parse import quote
from uuid import UUID

import msgspec
from litestar import post
from litestar.enums import RequestEncodingType
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import BodyKwarg
from msgspec import Meta

from api.asked import BODY, Asked
from api.documentation import IDEMPOTENCY_KEY, IF_MATCH, IF_MATCH_REQUIRED, operation, problems
from api.ports import Ports
from api.preconditions import expected_version
from api.problems import (
    Fault,
    InternalError,
    InTheFuture,
    Invalid,
    KeyReused,
    LedgerAway,
    Malformed,
    NotFound,
    NotIdentified,
    NotJson,
    PasswordMustChange,
    TooBusy,
    TooLarge,
    VersionMoved,
    VersionRequired,
)
from api.receipt import RECEIPT, Answer, Receipt
from domain import lifecycles
from domain.access.permission import (
    Denied,
    DutiesKeptApart,
    NotForYourOrganisation,
    NotForYourself,
    NotPermitted,
    OnlyLooks,
    OutOfScope,
)
from domain.decider import Command, Decider, Event, NotAllowedNow, Refused, derived_id, tag_of
from domain.ports import Context, Done, VersionMismatch

C = TypeVar("C", bound=Command)
S = TypeVar("S")
E = TypeVar("E", bound=Event)

SKEW = timedelta(minutes=5)
"""How far ahead of ours a caller's clock may go."""
LONGEST_KEY = 255

OccurredAt: TypeAlias = Annotated[
    datetime, Meta(tz=True, description="When it happened, with offset. Left out: now.", title="occurred_at")
]


@dataclass(frozen=True)
class Offer(Generic[C]):
    """How one command is offered to the outside. `versioned`: it needs If-Match."""

    command: type[C]
    name: str
    summary: str
    example: Mapping[str, object] = field(default_factory=dict[str, object])
    versioned: bool = False
    refusals: tuple[type[Refused], ...] = (NotAllowedNow,)

    @property
    def says(self) -> str:
        """What the command is for: its docstring."""
        return " ".join((self.command.__doc__ or "").split())


def body_of(
    command: type[Command], name: str, without: Sequence[str] = (), *, dated: bool = True
) -> type[msgspec.Struct]:
    """The struct of a command's body: its fields without `at` and those that come from elsewhere, and `occurred_at`,
    unless what it does cannot be told late (not `dated`).
    """
    fields = msgspec.structs.fields(command)
    given = [(f.name, f.type, _default(f)) for f in fields if f.name != "at" and f.name not in without]
    return msgspec.defstruct(
        name,
        [*given, *([("occurred_at", OccurredAt | None, None)] if dated else [])],
        module=__name__,
        namespace={"__doc__": command.__doc__},
        kw_only=True,
        frozen=True,
        forbid_unknown_fields=True,
        omit_defaults=True,
    )


def _default(found: msgspec.structs.FieldInfo) -> object:
    if found.default_factory is not msgspec.NODEFAULT:
        return msgspec.field(default_factory=found.default_factory)
    return found.default


@dataclass(frozen=True, slots=True)
class Change(Generic[C, S, E]):
    """A command of a lifecycle, ready to be asked for."""

    ports: Ports
    decider: Decider[C, S, E]
    offer: Offer[C]

    async def ask(self, request: Asked, body: msgspec.Struct, stream: UUID, **given: str | int) -> Done:
        """Ask the door for it. `given` are fields of the command that the address says."""
        expected = expected_version(request.said(b"if-match"), required=self.offer.versioned)
        said = msgspec.structs.asdict(body)
        at = said["at"] = self._happened(said.pop("occurred_at", None))
        command = self.offer.command(**said, **given)
        context = self._context(request, body, at)
        return await self.ports.door.execute(self.decider, stream, command, context, expected_version=expected)

    async def ask_existing(self, request: Asked, body: msgspec.Struct, stream: UUID, **given: str | int) -> Done:
        """The same for something that must be there already. Raises `NotFound` where nothing ever happened."""
        try:
            return await self.ask(request, body, stream, **given)
        except (Denied, Refused, VersionMismatch) as no:
            if (await self.ports.door.load(self.decider, stream)).version == 0:
                raise NotFound from no
            raise

    def _happened(self, occurred_at: datetime | None) -> datetime:
        now = self.ports.now()
        if occurred_at is not None and occurred_at > now + SKEW:
            raise InTheFuture(Fault(f"{occurred_at.isoformat()} > {now.isoformat()}", pointer="#/occurred_at"))
        try:
            return (occurred_at or now).astimezone(UTC)
        except OverflowError:
            raise Invalid(Fault("before the first year", pointer="#/occurred_at")) from None

    def _context(self, request: Asked, body: msgspec.Struct, at: datetime) -> Context:
        key = request.said(b"idempotency-key")
        return Context(
            actor=request.user,
            scopes=request.principal.scopes,
            occurred_at=at,
            asked_at=self.ports.now(),
            correlation_id=request.correlation_id,
            command_id=None if key is None else command_id(request.user, key),
            fingerprint=b"" if key is None else fingerprint(request, body),
        )


def command_id(actor: str, key: str) -> UUID:
    """The id under which a repeat by the same caller is recognised. Raises `Malformed` for a key nobody could mean."""
    if not key.strip() or len(key) > LONGEST_KEY:
        raise Malformed(Fault(f"1 to {LONGEST_KEY} characters", parameter="Idempotency-Key"))
    return derived_id("idempotency", f"{actor}\n{key}")


def fingerprint(request: Asked, body: msgspec.Struct) -> bytes:
    """What makes a request the same request: where it goes and what it says."""
    said = hashlib.sha256(f"{request.scope['method']} {request.scope['path']}\n".encode())
    said.update(_encode(body))
    return said.digest()


_encode = msgspec.json.Encoder().encode


_LIFECYCLE_OF = {command: decider.name for decider in lifecycles.ALL for command in decider.commands}


def permission_to(command: type[Command]) -> str:
    """What the table of permissions calls doing this."""
    return f"{_LIFECYCLE_OF[command]}.{tag_of(command)}"


Asking: TypeAlias = Callable[[Asked, msgspec.Struct], Awaitable[Done]]


def command_route(  # noqa: PLR0913 - the last two are for commands that make new things
    path: str,
    offer: Offer[C],
    body: type[msgspec.Struct],
    asking: Asking,
    *,
    place: str | None = None,
    called: str | None = None,
) -> HTTPRouteHandler:
    """The POST for a command. `place` is under which address the new things are found that it makes: by their id, or by
    the field of the body that is `called` so.
    """

    async def change(request: Asked, data: msgspec.Struct) -> Answer:
        done = await asking(request, data)
        if place is None:
            return Answer(done, None)
        return Answer(done, f"{place}/{done.stream if called is None else quote(getattr(data, called), safe='')}")

    change.__annotations__["data"] = Annotated[body, BodyKwarg(media_type=RequestEncodingType.JSON)]
    status = 200 if place is None else 201
    headers = ("ETag", "X-Position", "Idempotent-Replayed", *(() if place is None else ("Location",)))
    if_match = () if place is not None else (IF_MATCH_REQUIRED if offer.versioned else IF_MATCH,)
    return post(
        path,
        status_code=status,
        summary=offer.summary,
        description=offer.says,
        operation_id=body.__name__[:1].lower() + body.__name__[1:],
        operation_class=operation(
            IDEMPOTENCY_KEY,
            *if_match,
            sends=offer.example,
            gives=RECEIPT,
            status=status,
            headers=headers,
            permission=permission_to(offer.command),
        ),
        responses={
            status: ResponseSpec(Receipt, generate_examples=False, description="It is done, or was done before."),
            **problems(*EVERY_CHANGE, *(() if place is not None else ON_SOMETHING), *offer.refusals),
        },
        opt={BODY: body},
    )(change)


EVERY_CHANGE = (
    Malformed, NotIdentified, PasswordMustChange, NotPermitted, OutOfScope, DutiesKeptApart, NotForYourself,
    NotForYourOrganisation, OnlyLooks, TooLarge, NotJson, Invalid, InTheFuture, KeyReused, InternalError, TooBusy,
    LedgerAway,
)  # fmt: skip
ON_SOMETHING = (NotFound, VersionMoved, VersionRequired)
