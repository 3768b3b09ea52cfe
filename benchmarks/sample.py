"""What benchmarks work with: an event, the life of a work order, and a city that has agreed on terms."""

import asyncio
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec

from adapters import china_calendar, demo_data
from adapters.door import LedgerDoor
from adapters.ids import new_id
from adapters.ledger import PostgresLedger
from adapters.master_key import MasterKey
from adapters.vault import PostgresVault
from domain import service_agreement, work_calendar, work_order
from domain.access import account, account_messages, appointment, login, permission, role
from domain.decider import Lifecycle, S, tag_of
from domain.ports import Append, Context, Door, Metadata, NewEvent, Vault
from domain.work_order import Evidence, WorkOrderCommand, WorkOrderEvent

MORNING: Final = datetime(2026, 3, 10, 1, 0, tzinfo=UTC)
"""Nine o'clock of a Tuesday in Shanghai."""
MINUTE: Final = timedelta(minutes=1)
PHOTO: Final = Evidence(kind="photo", name="IMG_2041.jpg", sha256="b" * 64)

STAFF: Final = "019a5b1e-0000-7000-8000-000000000001"
"""Manages a property."""
RESIDENT: Final = "019a5b1e-0000-7000-8000-000000000002"
"""Lives there."""
PLANNER: Final = "019a5b1e-0000-7000-8000-000000000003"
"""Heads procurement: agrees on what the city is promised."""
_AREA: Final = "990101"

REPORT: Final = work_order.Report(
    at=MORNING,
    community="990101001001",
    category="给排水",
    summary="厨房下水道堵塞",
    channel="resident",
    reporter=RESIDENT,
    place="3号楼2单元",
)
LIFE: Final[tuple[WorkOrderCommand, ...]] = (
    REPORT,
    work_order.Triage(at=MORNING + 2 * MINUTE, priority=2),
    work_order.Acknowledge(at=MORNING + 4 * MINUTE),
    work_order.Assign(at=MORNING + 6 * MINUTE, company="明达水电", person="技师-03"),
    work_order.Start(at=MORNING + 30 * MINUTE),
    work_order.Comment(at=MORNING + 35 * MINUTE, text="需要更换下水管密封圈"),
    work_order.Pause(at=MORNING + 40 * MINUTE, reason="parts", note="等待配件到货"),
    work_order.Resume(at=MORNING + 90 * MINUTE),
    work_order.Resolve(at=MORNING + 110 * MINUTE, evidence=(PHOTO,), note="已修复，现场试运行正常"),
    work_order.Accept(at=MORNING + 120 * MINUTE, note="满意"),
)
"""What is asked of a work order from its report to the day it is accepted."""

_AFTERLIFE: Final[tuple[WorkOrderCommand, ...]] = (
    work_order.Reopen(at=MORNING + 130 * MINUTE, reason="又漏水了"),
    work_order.Start(at=MORNING + 135 * MINUTE),
    work_order.Attach(at=MORNING + 136 * MINUTE, attachment=PHOTO),
    work_order.Comment(at=MORNING + 137 * MINUTE, text="上次只换了一个"),
    work_order.Resolve(at=MORNING + 140 * MINUTE, evidence=(PHOTO,), note="两个都换了"),
    work_order.Accept(at=MORNING + 150 * MINUTE, note="满意"),
)

_CALENDAR = china_calendar.publish(MORNING - timedelta(days=30), china_calendar.working_time())
_AGREEMENT = service_agreement.Publish(
    at=MORNING - timedelta(days=30), community="", lines=demo_data.agreement(), default_priority=3
)

encode: Final = msgspec.json.Encoder().encode
META: Final = encode(Metadata(actor=STAFF, occurred_at=MORNING, command_id=UUID(int=1), correlation_id="c" * 16))


def body(command: WorkOrderCommand) -> bytes:
    """What is sent over HTTP for a command that happens now."""
    fields: dict[str, object] = msgspec.to_builtins(command)
    return encode({name: value for name, value in fields.items() if name not in {"at", "do"} and value != ""})


def door_to(ledger: PostgresLedger, vault: Vault | None = None) -> LedgerDoor:
    """The door as it is in the product: permissions and vault and all."""
    return LedgerDoor(ledger, permit=permission.permit, vault=vault or vault_on(ledger))


@cache
def key_file() -> Path:
    """The file with the master key of all databases of a run: for processes that are to read what we have sealed."""
    file = Path(tempfile.mkdtemp(prefix="linli-bench-")) / "master.json"
    MasterKey.at(file, create=True)
    return file


def vault_on(ledger: PostgresLedger) -> PostgresVault:
    """The vault beside a ledger."""
    return PostgresVault(ledger.pool, MasterKey(key_file()))


def said(at: datetime = MORNING, actor: str = STAFF) -> Context:
    """Somebody says so."""
    return Context(actor=actor, occurred_at=at, correlation_id="bench")


def asked(command: WorkOrderCommand) -> Context:
    """Who does the work does not accept it."""
    return said(MORNING, RESIDENT if isinstance(command, work_order.Report | work_order.Accept) else STAFF)


async def agree(door: Door) -> None:
    """Appoint those who act here, publish China's calendar, and what the city is promised."""
    appointed: tuple[tuple[str, role.Name], ...] = (
        (STAFF, "property_manager"),
        (RESIDENT, "resident"),
        (PLANNER, "procurement_head"),
    )
    for principal, held in appointed:
        await appoint(door, principal, held)
    calendar, terms = work_calendar.stream(china_calendar.KEY), service_agreement.stream("")
    await door.execute(work_calendar.decider, calendar, _CALENDAR, said(actor=PLANNER))
    await door.execute(service_agreement.decider, terms, _AGREEMENT, said(actor=PLANNER))


async def appoint(door: Door, principal: str, held: role.Name) -> None:
    """Give somebody a role, for good."""
    at = MORNING - timedelta(days=60)
    area = "" if held in role.POWERFUL else _AREA
    propose = appointment.Propose(at=at, principal=principal, role=held, organisation="clear-and-calm", area=area)
    stream, operator = appointment.stream(principal), said(at, "operator")
    await door.execute(appointment.decider, stream, propose, operator)
    if held in role.POWERFUL:
        await door.execute(appointment.decider, stream, appointment.Approve(at=at, number=1), operator)


class _Agreed:
    """The city that has agreed, for decisions without a database."""

    def __init__(self) -> None:
        self._states: dict[UUID, object] = {}
        calendar = work_calendar.decider
        self._states[work_calendar.stream(china_calendar.KEY)] = calendar.fold(
            calendar.decide(_CALENDAR, calendar.initial, self)
        )
        agreement = service_agreement.decider
        self._states[service_agreement.stream("")] = agreement.fold(
            agreement.decide(_AGREEMENT, agreement.initial, self)
        )

    def __call__(self, lifecycle: Lifecycle[S], stream: UUID, /) -> S:
        state = self._states.get(stream, lifecycle.initial)
        assert isinstance(state, type(lifecycle.initial))
        return state


def events(commands: Sequence[WorkOrderCommand]) -> tuple[WorkOrderEvent, ...]:
    """What comes of these commands on a new work order."""
    city, decider = _Agreed(), work_order.decider
    state, happened = decider.initial, list[WorkOrderEvent]()
    for command in commands:
        told = decider.decide(command, state, city)
        state = decider.fold(told, state)
        happened.extend(told)
    return tuple(happened)


TWENTY: Final = tuple(islice(events((*LIFE, *_AFTERLIFE)), 20))
"""The first twenty events of a work order."""
_LIVED: Final = events(LIFE)
TAG, BODY = tag_of(TWENTY[0]), encode(TWENTY[0])


def one_event() -> Append:
    """A request that appends the first event of a new stream."""
    return Append(events=(NewEvent(new_id(), 1, TAG, BODY),), meta=META)


async def whole_life(vault: Vault) -> Append:
    """A request that appends everything that happens to a work order, sealed as the door does it."""
    stream, decider = new_id(), work_order.decider
    sealed = await vault.seal(stream, 0, _LIVED, decider.initial, decider.evolve)
    told = [(tag_of(event), encode(event)) for event in sealed.events]
    return Append(
        events=tuple(NewEvent(stream, version, tag, body) for version, (tag, body) in enumerate(told, 1)),
        meta=META,
        sealed_with=tuple((key, stream) for key in sealed.keys),
    )


EVENTS_OF_A_LIFE: Final = len(_LIVED)


async def live(ledger: PostgresLedger, lives: int) -> None:
    """Put so many work orders into the log."""
    vault = vault_on(ledger)

    async def one() -> None:
        await ledger.append(await whole_life(vault))

    for begin in range(0, lives, 500):
        await asyncio.gather(*(one() for _ in range(min(500, lives - begin))))


async def let_in(door: Door, principal: str) -> str:
    """An account for one of those who act here, and a session in which they have signed in: its id."""
    name, session, at = login.stream(principal), str(new_id()), datetime.now(UTC)
    stream, operator = account.stream(principal), said(at, "operator")
    await door.execute(login.decider, name, login.Take(at=at, person=principal), operator)
    opening = account_messages.Open(at=at, person=principal, login_key=str(name))
    await door.execute(account.decider, stream, opening, operator)
    entering = account_messages.SignIn(at=at, method="oidc", session=session)
    await door.execute(account.decider, stream, entering, said(at, "sign-in"))
    return session
