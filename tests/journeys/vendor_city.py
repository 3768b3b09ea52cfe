"""A city on the real stack whose years pass at a word: where the journeys of vendors are told.

    PostgreSQL · Temporal in virtual time · the API in process, behind the table of permissions
    `wiring.following` and `wiring.working`, as `linli up` runs them, in this process

There is one time for all: `pass_to` moves what the API takes for now, and lets every clock of the platform that is due
by then fire in its order, each at its own moment. The story begins on the first of next month, so that no clock of the
Temporal server, which starts with the real time, is ever ahead of it.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import UUID

import httpx
import msgspec
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment

from adapters.content_check import ContentChecker
from adapters.demo_city import ANJIE, MINGDA, QINGHE, Company
from adapters.door import LedgerDoor
from adapters.engines import Engines
from adapters.master_key import MasterKey
from adapters.settings import Settings
from adapters.wiring.core import Core, core
from adapters.wiring.desk import signing_in
from adapters.wiring.following import follow
from adapters.wiring.read_models import PROJECTIONS, waiting
from adapters.wiring.serving import files, ports_on
from adapters.wiring.working import work
from api.app import create_app
from domain import lifecycles
from domain.access import appointment, role
from domain.decider import Due, Event
from domain.lifecycles import AnyDecider
from domain.parties import area, organisation, person
from domain.ports import Context, Metadata
from tests import everybody
from tests.api.reception import SHANGHAI, Clock, counter, fine
from tests.virtual_time import start_virtual_time
from workflows import evidence
from workflows.messages import CLOCK, clock_id

CITY, DISTRICT, COMMUNITY, ELSEWHERE = "9901", "990101", "990101001001", "990102001001"
_AREAS: Final = (CITY, DISTRICT, "990101001", COMMUNITY, "990102", "990102001", ELSEWHERE)
_PATIENCE: Final = 30.0  # seconds of real time for what takes some milliseconds
_CREATED, _VERSION_NEEDED = 201, 428
_LOOK: Final = 0.02  # seconds between two looks

_deciders: Final = {decider.name: decider for decider in lifecycles.ALL}
_read_meta = msgspec.json.Decoder(Metadata).decode


class _Post(NamedTuple):
    """What somebody is in the city."""

    role: role.Name
    """Its name."""
    company: Company | None = None
    area: str = ""


_PEOPLE: Final = {
    "agent": _Post("vendor_agent", MINGDA),
    "rival": _Post("vendor_agent", ANJIE),
    "manager": _Post("property_manager", QINGHE, COMMUNITY),
    "officer": _Post("procurement_officer"),
    "second officer": _Post("procurement_officer"),
    "third officer": _Post("procurement_officer"),
    "head": _Post("procurement_head"),
    "second head": _Post("procurement_head"),
    "third head": _Post("procurement_head"),
}


def first_of_next_month() -> datetime:
    """At nine in Shanghai: the moment at which a story begins."""
    there = datetime.now(SHANGHAI)
    year, month = divmod(there.year * 12 + there.month, 12)
    return datetime(year, month + 1, 1, 9, tzinfo=SHANGHAI).astimezone(UTC)


def months_on(begin: datetime, months: int) -> datetime:
    """The first of a later month, at nine."""
    there = begin.astimezone(SHANGHAI)
    year, month = divmod(there.year * 12 + there.month - 1 + months, 12)
    return there.replace(year=year, month=month + 1, day=1).astimezone(UTC)


def month(moment: datetime) -> str:
    """The name of the period that a moment lies in."""
    return moment.astimezone(SHANGHAI).strftime("%Y-%m")


class Told(NamedTuple):
    """An event, and who is behind it."""

    event: Event
    meta: Metadata


@dataclass
class Server:
    """A Temporal server in virtual time."""

    env: WorkflowEnvironment

    @property
    def address(self) -> str:
        """Where it answers."""
        return self.env.client.service_client.config.target_host


@dataclass
class City:
    """Everybody in the city, and its time."""

    settings: Settings
    database: str
    core: Core
    http: httpx.AsyncClient
    clock: Clock
    server: Server
    begin: datetime
    people: dict[str, str] = field(default_factory=dict[str, str])
    vendor: str = MINGDA.id
    other: str = ANJIE.id
    _duties: list[asyncio.Task[None]] = field(default_factory=list[asyncio.Task[None]])

    # What people do ---------------------------------------------------------------------------------------------------

    async def ask(self, who: str, path: str, body: object = None, version: int | None = None) -> httpx.Response:
        """POST a command as somebody, in English."""
        headers = self._headers(who) | ({} if version is None else {"If-Match": f'"{version}"'})
        return await self.http.post(path, json={} if body is None else body, headers=headers)

    async def do(self, who: str, path: str, body: object = None) -> httpx.Response:
        """The same, which must be done; on the version that stands now where one has to be named."""
        answer = await self.ask(who, path, body)
        if answer.status_code == _VERSION_NEEDED:
            answer = await self.ask(who, path, body, await self._version(who, path))
        assert answer.is_success, f"{who}: {path}: {answer.text}"
        return answer

    async def refused(self, who: str, path: str, body: object = None) -> str:
        """The same, which must not be done: the code of the refusal, and why where it says so."""
        answer = await self.ask(who, path, body)
        if answer.status_code == _VERSION_NEEDED:
            answer = await self.ask(who, path, body, await self._version(who, path))
        assert answer.is_client_error, f"{who}: {path}: {answer.status_code} {answer.text}"
        told = answer.json()
        reason = told.get("details", {}).get("reason")
        return f"{told['code']}: {reason}" if reason else told["code"]

    async def make(self, who: str, path: str, body: object) -> str:
        """Make something new; its path."""
        answer = await self.do(who, path, body)
        assert answer.status_code == _CREATED, answer.text
        return answer.headers["Location"]

    async def see(self, who: str, path: str, **query: str | int | bool) -> Any:
        """GET something as it is by now."""
        position = await self.core.ledger.head()
        asked = {name: str(value).lower() if isinstance(value, bool) else value for name, value in query.items()}
        answer = await self.http.get(path, params={"min_position": position, **asked}, headers=self._headers(who))
        assert answer.is_success, f"{who}: {path}: {answer.text}"
        return answer.json()

    async def _version(self, who: str, path: str) -> int:
        version: int = (await self.see(who, path.rpartition("/")[0]))["version"]
        return version

    def _headers(self, who: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.people[who]}", "Accept-Language": "en"}

    # What time does ---------------------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        """What the API takes for now."""
        return self.clock.at

    async def pass_by(self, **span: float) -> datetime:
        """Some time passes, as in `pass_to`."""
        return await self.pass_to(self.now + timedelta(**span))

    async def pass_to(self, moment: datetime) -> datetime:
        """Let time pass until a moment, and everything happen that is due by then, the earliest first."""
        while (found := await self._next_due(moment)) is not None:
            lifecycle, stream, due = found
            self.clock.at = max(self.clock.at, due.at)
            await self.forward(lifecycle, stream, due)
        self.clock.at = moment
        return moment

    async def _next_due(self, moment: datetime) -> tuple[str, UUID, Due] | None:
        """What comes next, among everything whose clock the platform would start again if it were lost."""
        await self.told()
        due: list[tuple[datetime, str, UUID, Due]] = []
        async for lifecycle, stream in waiting(self.core.ledger):
            next_one = await self._agenda(lifecycle, stream)
            if next_one is not None and next_one.at <= moment:
                due.append((next_one.at, lifecycle, stream, next_one))
        return min(due)[1:] if due else None

    async def forward(self, lifecycle: str, stream: UUID, due: Due) -> None:
        """Move the clock of one stream to what it waits for, until that has happened."""
        await self.until(lambda: self._runs(lifecycle, stream))
        await self._skip(lifecycle, stream, due)

        async def happened() -> bool:
            return await self._agenda(lifecycle, stream) != due

        await self.until(happened)

    async def pass_unseen(self, moment: datetime) -> datetime:
        """Time passes while nobody works: what a clock waits for comes, and nobody hears it."""
        await self.told()
        async for lifecycle, stream in waiting(self.core.ledger):
            due = await self._agenda(lifecycle, stream)
            if due is not None and due.at <= moment:
                await self._skip(lifecycle, stream, due)
        self.clock.at = moment
        return moment

    async def _skip(self, lifecycle: str, stream: UUID, due: Due) -> None:
        handle = self.server.env.client.get_workflow_handle(clock_id(lifecycle, stream))
        present = await self.server.env.get_current_time(handle)
        await self.server.env.fast_forward(handle, max(due.at - present, timedelta(0)) + timedelta(seconds=1))

    async def _runs(self, lifecycle: str, stream: UUID) -> bool:
        """Whether a stream has its clock: the reconciler may be about to start it."""
        try:
            await self.server.env.client.get_workflow_handle(clock_id(lifecycle, stream)).describe()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return False
        return True

    async def _agenda(self, lifecycle: str, stream: UUID) -> Due | None:
        decider = _deciders[lifecycle]
        return decider.agenda((await self.core.door.load(decider, stream)).state)

    async def told(self) -> None:
        """Wait until everybody who follows the log has come to its end, and nothing more comes of it."""
        ledger, head = self.core.ledger, -1
        while head != (head := await ledger.head()):
            for name in (evidence.NAME, "triggers", *PROJECTIONS):
                assert await ledger.wait(name, head, timeout=_PATIENCE), f"{name} has not come to {head}"
                self._must_be_well()

    async def until(self, so: Callable[[], Awaitable[bool]]) -> None:
        """Wait for what the platform is about to do by itself."""
        async with asyncio.timeout(_PATIENCE):
            while not await so():
                self._must_be_well()
                await asyncio.sleep(_LOOK)

    # What the platform is made of -------------------------------------------------------------------------------------

    @asynccontextmanager
    async def following(self) -> AsyncGenerator[None]:
        """`linli follow` runs."""
        async with self._running(follow):
            yield

    @asynccontextmanager
    async def working(self) -> AsyncGenerator[None]:
        """`linli work` runs."""
        async with self._running(work):
            yield

    @asynccontextmanager
    async def _running(
        self, duty: Callable[[Settings, Engines, asyncio.Event], Awaitable[None]]
    ) -> AsyncGenerator[None]:
        stop = asyncio.Event()
        engines = Engines(self.database, self.server.address)

        async def run() -> None:
            await duty(self.settings, engines, stop)

        task = asyncio.create_task(run())
        self._duties.append(task)
        try:
            yield
        finally:
            self._duties.remove(task)
            stop.set()
            await task

    async def lose_temporal(self) -> None:
        """The Temporal server is gone with all it knew, and an empty one is there; while nobody follows or works."""
        await _end(self.server.env)
        self.server.env = await start_virtual_time()

    def _must_be_well(self) -> None:
        for task in self._duties:
            if task.done():
                task.result()

    # What can be seen -------------------------------------------------------------------------------------------------

    async def facts(self, decider: AnyDecider, stream: UUID) -> Sequence[Told]:
        """Everything that happened to a stream, with its envelopes."""
        rows = await self.core.ledger.read(stream)
        return [
            Told(msgspec.json.decode(row.body, type=decider.tags[row.tag]), _read_meta(row.meta or b"")) for row in rows
        ]

    async def by_itself(self, decider: AnyDecider, stream: UUID) -> Sequence[Event]:
        """What happened because the clock said so."""
        return [told.event for told in await self.facts(decider, stream) if told.meta.actor == CLOCK]

    # Who is there -----------------------------------------------------------------------------------------------------

    async def settle(self) -> None:
        """Areas, three companies, and everybody in their roles."""
        at = self.begin - timedelta(hours=1)
        for code in _AREAS:
            await self._set(area.decider, area.stream(code), area.Register(at=at, code=code, name=f"area {code}"))
        for company in (QINGHE, MINGDA, ANJIE):
            register = organisation.Register(at=at, name=company.name, kinds=company.kinds, credit_code=company.code)
            await self._set(organisation.decider, UUID(company.id), register)
        for number, (name, post) in enumerate(_PEOPLE.items(), 1):
            who = UUID(int=number)
            self.people[name] = str(who)
            await self._set(person.decider, who, person.Register(at=at, name=name))
            propose = appointment.Propose(
                at=at,
                principal=str(who),
                role=post.role,
                organisation="" if post.company is None else post.company.id,
                area=post.area,
            )
            await self._set(appointment.decider, appointment.stream(str(who)), propose)
            if post.role in role.POWERFUL:
                approve = appointment.Approve(at=at, number=1)
                await self._set(appointment.decider, appointment.stream(str(who)), approve)

    async def _set(self, decider: AnyDecider, stream: UUID, command: Any) -> None:
        founding = LedgerDoor(self.core.ledger, permit=everybody.may, vault=self.core.vault)
        await founding.execute(decider, stream, command, Context(actor="founder", occurred_at=command.at))


@asynccontextmanager
async def city(database: str, folder: Path) -> AsyncGenerator[City]:
    """A city with everybody in it, in which nobody works and nobody follows the log yet."""
    async with AsyncExitStack() as stack:
        server = Server(await start_virtual_time())
        stack.push_async_callback(lambda: _end(server.env))
        settings = Settings(
            database_url=database, temporal_namespace=server.env.client.namespace, data_dir=folder, drain_seconds=1
        )
        MasterKey.at(settings.master_key, create=True)
        running = await stack.enter_async_context(core(settings, Engines(database)))
        checker = await stack.enter_async_context(ContentChecker())
        begin = first_of_next_month()
        clock = Clock(begin)
        ports = ports_on(running, files(settings, running, checker))
        app = create_app(
            replace(ports, now=clock.now, patience=_PATIENCE),
            desk=await stack.enter_async_context(signing_in(settings, running)),
            identify=everybody.named,
            ready={"database": fine},
        )
        http = await stack.enter_async_context(counter(app))
        made = City(settings, database, running, http, clock, server, begin)
        await made.settle()
        yield made


async def _end(env: WorkflowEnvironment) -> None:
    await env.shutdown()
    await asyncio.sleep(0.3)  # the SDK's threads end after its shutdown; an interpreter that is faster crashes
