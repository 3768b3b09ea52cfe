"""The composition root: the only place that knows which adapter is plugged into what.

    serve    API            one door for change, read models        HTTP in
    work     Temporal worker                                        timers fire -> commands
    follow   projections and triggers                               events -> rows, events -> clocks

Each of them is stateless and may run many times; what they share is PostgreSQL and Temporal.
"""

import asyncio
import contextlib
import functools
import gc
import os
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Generator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from uuid import UUID

import structlog
import uvicorn

from adapters import debarment_lists, forgetting, heartbeat, import_areas, import_layout, importing
from adapters.bounded_heads import BoundedHeads
from adapters.client_secrets import SealedClientSecrets, providers
from adapters.content_check import ContentChecker
from adapters.door import LedgerDoor
from adapters.engines import Engines
from adapters.files import PostgresFiles, sweep
from adapters.forgetting import Forget, forget_with_the_log
from adapters.identification import CredentialsOfHeaders, cookie_name
from adapters.ids import new_id
from adapters.intake import Progress, Tally
from adapters.ledger import PostgresLedger
from adapters.migrate import is_current, migrate
from adapters.names import KeyedNames
from adapters.openid import OpenIdClient
from adapters.passwords import ArgonPasswords
from adapters.postgres import Pool
from adapters.program_keys import PostgresProgramKeys
from adapters.rate_limit import RateLimiter
from adapters.sessions import PostgresSessions
from adapters.settings import Settings
from adapters.signing_keys import SigningKeys
from adapters.tokens import SignedTokens
from adapters.vault import PostgresVault, vault_at
from api.account_keeping import bring_in, settle
from api.app import create_app
from api.desk import Desk
from api.health import Check, Finding
from api.insight import InsightByRole
from api.limits import Limit, Limits
from api.ports import Discretion, Files, Ports
from domain import work_order
from domain.access import permission
from domain.access.credentials import Sealer
from domain.access.newcomer import Newcomer
from domain.admission import qualification, vendor, waiver
from domain.concession import agreement
from domain.evaluation import standing
from domain.parties import organisation, person
from domain.ports import ContentCheck, Context, Door, OtherLifecycle, RateLimits, Unavailable
from domain.restraint import fan_out, sanction
from projections import (
    area_tree,
    concession_board,
    consent_register,
    estate_register,
    organisation_register,
    person_register,
    work_order_board,
)
from projections.admission import (
    engagement_board,
    qualification_board,
    scheme_register,
    vendor_register,
    waiver_register,
)
from projections.admission.engagement_board import EngagementBoard
from projections.admission.qualification_board import QualificationBoard
from projections.admission.scheme_register import SchemeRegister
from projections.admission.vendor_register import VendorRegister
from projections.admission.waiver_register import WaiverRegister
from projections.area_tree import AreaTree
from projections.bulk import Load, Processes
from projections.concession_board import ConcessionBoard
from projections.consent_register import ConsentRegister
from projections.estate_register import EstateRegister
from projections.evaluation import standing_register
from projections.evaluation.standing_register import StandingRegister
from projections.evaluation.what_if import WhatIf
from projections.organisation_register import OrganisationRegister
from projections.person_register import PersonRegister
from projections.projection import Projection
from projections.rebuild import Rebuilt, rebuild
from projections.restraint import debarment_register, fan_out_board, sanction_register, screening_board
from projections.restraint.debarment_register import DebarmentRegister
from projections.restraint.fan_out_board import FanOutBoard
from projections.restraint.sanction_register import SanctionRegister
from projections.restraint.screening_board import ScreeningBoard
from projections.restraint.vendors_to_screen import VendorsToScreen
from projections.work_order_board import WorkOrderBoard

if TYPE_CHECKING:
    from workflows.screenings import Screenings

_log = structlog.get_logger("linli")

PROJECTIONS: Mapping[str, Projection[Any, Any]] = {  # of different states and events
    projection.name: projection
    for projection in (
        area_tree.projection,
        organisation_register.projection,
        estate_register.projection,
        person_register.projection,
        consent_register.projection,
        work_order_board.projection,
        vendor_register.projection,
        sanction_register.projection,
        fan_out_board.projection,
        scheme_register.projection,
        qualification_board.projection,
        standing_register.projection,
        debarment_register.projection,
        screening_board.projection,
        concession_board.projection,
        waiver_register.projection,
        engagement_board.projection,
    )
}
"""The read models by name."""

OPERATOR = "operator"
"""Whoever sits at the command line."""

_KEEP_ALIVE = 75  # seconds: longer than proxies and clients keep an idle connection, so that it is theirs to close
_BOARD_PATIENCE = 300.0  # seconds: a rebuild of a large board may be under way
_TIDY_EVERY = 900.0  # seconds
_TOLERABLE_LAG = 50_000  # events that a read model may be behind before the API calls itself not ready


class Core(NamedTuple):
    """What every process has: the log, the door for change, and what personal data is sealed with."""

    ledger: PostgresLedger
    door: LedgerDoor
    vault: PostgresVault


@asynccontextmanager
async def core(settings: Settings, engines: Engines, *, followers: int = 0) -> AsyncGenerator[Core]:
    """The ledger, the door and the vault, for as long as the block lasts. Raises NoMasterKey.

    Our own database is brought up to date by the way, and a new one gets a master key. `followers` of read models hold
    on to a connection each, which nobody else must wait for.
    """
    if settings.embeds_postgres:
        await migrate(engines.database_url)
    readers = settings.database_connections + followers
    ledger = PostgresLedger(engines.database_url, max_queue=settings.max_queue, readers=readers)
    vault_of = vault_at(engines.database_url, settings.master_key, create=settings.embeds_postgres)
    async with ledger, vault_of as vault:
        if not await is_current(ledger.pool):
            _log.warning("database.not_current", hint="run linli migrate, or a newer version of linli")
        yield Core(ledger, LedgerDoor(ledger, permit=permission.permit, vault=vault), vault)


# The processes --------------------------------------------------------------------------------------------------------


async def serve(settings: Settings, engines: Engines, stop: asyncio.Event) -> None:
    """Answer HTTP until told to stop, then finish what was begun. Raises OSError when the port is taken."""
    with socket.create_server((settings.host, settings.port), backlog=2048, reuse_port=False) as listener:
        async with (
            core(settings, engines) as running,
            signing_in(settings, running) as desk,
            ContentChecker() as checker,
        ):
            rates = RateLimiter(running.ledger.pool)
            app = create_app(
                ports_on(running, files(settings, running, checker)),
                desk=desk,
                identify=desk.identification.who,
                ready=checks(running.ledger),
                limits=limits(settings, rates),
                https=settings.reached_by_https,
            )
            config = uvicorn.Config(
                app,
                http=BoundedHeads,
                forwarded_allow_ips=[str(network) for network in settings.trusted_proxies],
                loop="none",
                ws="none",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_keep_alive=_KEEP_ALIVE,
                timeout_graceful_shutdown=int(settings.drain_seconds),
            )
            gc.freeze()  # what is loaded by now stays; looking through it again and again costs a third of the requests
            gc.set_threshold(50_000, 20, 20)
            server = _Server(config)
            _log.info("serve.listening", address=f"http://{settings.host}:{settings.port}")
            answering = asyncio.create_task(server.serve(sockets=[listener]))
            stopping = asyncio.create_task(stop.wait())
            await asyncio.wait({answering, stopping}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            server.should_exit = True
            await answering
            await rates.close()


async def work(settings: Settings, engines: Engines, stop: asyncio.Event) -> None:
    """Run the clocks until told to stop."""
    from adapters import temporal  # noqa: PLC0415 - the API does without Temporal's 40 MB
    from domain import lifecycles  # noqa: PLC0415
    from workflows.activities import Activities  # noqa: PLC0415
    from workflows.calendar_revision import CalendarRevision  # noqa: PLC0415
    from workflows.carrying_out import Engagements, WorkOrders  # noqa: PLC0415
    from workflows.clock import Clock  # noqa: PLC0415
    from workflows.fan_outs import FanOuts  # noqa: PLC0415
    from workflows.messages import CLOCKS  # noqa: PLC0415
    from workflows.revisions import Revisions  # noqa: PLC0415
    from workflows.screening import NightlyScreening, Screening  # noqa: PLC0415
    from workflows.suspension_fan_out import SuspensionFanOut  # noqa: PLC0415
    from workflows.under_way import BOARDS, Boards  # noqa: PLC0415

    async with core(settings, engines) as (ledger, door, _):
        client = await temporal.connect(engines.temporal_address, namespace=settings.temporal_namespace)
        activities = Activities(door, ledger, lifecycles.ALL)
        revisions = Revisions(door, ledger, WorkOrderBoard(ledger.pool).unfinished)
        screening = screenings_on(ledger, door)
        fan_outs = FanOuts(
            door=door,
            ledger=ledger,
            under_way=Boards(WorkOrderBoard(ledger.pool), EngagementBoard(ledger.pool)).under_way,
            work={"engagement": Engagements(door), "work_order": WorkOrders(door)},
            boards=BOARDS,
        )
        worker = temporal.worker(
            client,
            task_queue=CLOCKS,
            workflows=[Clock, CalendarRevision, Screening, NightlyScreening, SuspensionFanOut],
            activities=[
                activities.agenda,
                activities.elapse,
                revisions.revise_page,
                screening.screen_page,
                fan_outs.find,
                fan_outs.carry_out,
                fan_outs.report,
            ],
            drain=timedelta(seconds=settings.drain_seconds),
        )
        _log.info("work.working", temporal=engines.temporal_address, queue=CLOCKS)
        async with worker:
            await _until(stop, heartbeat.beat(heartbeat.file_of(settings.data_dir, "work")))


async def follow(settings: Settings, engines: Engines, stop: asyncio.Event) -> None:
    """Keep the read models up to date and the clocks informed until told to stop."""
    from adapters import temporal  # noqa: PLC0415 - as above
    from adapters.bookmark import PostgresBookmark  # noqa: PLC0415
    from domain import lifecycles  # noqa: PLC0415
    from projections.follower import Follower  # noqa: PLC0415
    from workflows import (  # noqa: PLC0415
        evidence,
        fan_outs,
        revisions,
        screenings,
    )
    from workflows.messages import Nights  # noqa: PLC0415
    from workflows.triggers import Triggers  # noqa: PLC0415

    async with core(settings, engines, followers=len(PROJECTIONS)) as (ledger, door, vault):
        client = await temporal.connect(engines.temporal_address, namespace=settings.temporal_namespace)
        triggers = Triggers(
            client=client,
            ledger=ledger,
            door=door,
            bookmark=PostgresBookmark(ledger.pool, "triggers"),
            deciders=lifecycles.ALL,
            processes=[revisions.PROCESS, fan_outs.PROCESS, *screenings.PROCESSES],
        )
        followers = [
            Follower(projection, ledger, ledger.pool, vault=vault).run() for projection in PROJECTIONS.values()
        ]
        _log.info("follow.following", projections=list(PROJECTIONS))
        await _until(
            stop,
            *followers,
            triggers.run(lambda: waiting(ledger)),
            triggers.keep_each(
                fan_outs.NAME,
                lambda: fan_outs.unfinished(door, SanctionRegister(ledger.pool), FanOutBoard(ledger.pool)),
            ),
            triggers.keep(screenings.NIGHTLY, Nights(), screenings.NIGHTLY_ID),
            evidence.note_with_the_log(ledger, door, PostgresBookmark(ledger.pool, evidence.NAME)),
            tidy(ledger, door),
            forget_with_the_log(ledger, PostgresBookmark(ledger.pool, forgetting.NAME), _places(ledger.pool)),
            heartbeat.beat(heartbeat.file_of(settings.data_dir, "follow")),
        )


async def rebuild_projection(
    engines: Engines, settings: Settings, name: str, progress: Callable[[int], None]
) -> Rebuilt:
    """Replay one read model beside the live one, with all processors, and swap it in. `progress` gets events folded."""
    async with core(settings, engines) as (ledger, _, vault):

        def told(more: Load) -> None:
            progress(more.events)

        own_vault = functools.partial(vault_at, engines.database_url, settings.master_key)
        processes = Processes(os.cpu_count() or 1, engines.database_url, own_vault)
        return await rebuild(PROJECTIONS[name], ledger, ledger.pool, vault=vault, processes=processes, progress=told)


async def import_work_orders(
    engines: Engines, settings: Settings, path: Path, layout: str, progress: Callable[[Progress], None]
) -> importing.Report:
    """Import a file of another system, which a layout describes. Raises UnknownLayout and what the import raises."""
    described = import_layout.layout(layout)
    async with core(settings, engines) as (ledger, door, _):
        return await importing.import_work_orders(door, ledger, path, described, progress)


async def import_area_tree(
    engines: Engines, settings: Settings, paths: Sequence[Path], progress: Callable[[Progress], None]
) -> Tally:
    """Import files of areas. Raises what the import raises."""
    async with core(settings, engines) as (_, door, _):
        return await import_areas.import_areas(door, paths, now(), progress)


async def import_debarment_list(
    engines: Engines,
    settings: Settings,
    path: Path,
    source: debarment_lists.Source,
    progress: Callable[[Progress], None],
) -> debarment_lists.Report:
    """Import a file of debarred organisations. Raises what the import raises."""
    async with core(settings, engines) as (ledger, door, _):
        return await debarment_lists.import_debarments(door, ledger, path, source, now(), progress=progress)


async def create_account(engines: Engines, settings: Settings, newcomer: Newcomer) -> str | None:
    """Let a person sign in, in a role if one is named; the temporary password where none is given. Raises `Refused`."""
    async with core(settings, engines) as running, signing_in(settings, running) as desk:
        return await bring_in(desk, newcomer, Context(actor=OPERATOR, occurred_at=now()))


async def create_accounts(engines: Engines, settings: Settings, newcomers: Sequence[Newcomer]) -> int:
    """The same for several; how many are new. Who is in already is left alone, who got in half way gets the rest."""
    new = 0
    async with core(settings, engines) as running, signing_in(settings, running) as desk:
        for newcomer in newcomers:
            known = (await running.door.load(person.decider, UUID(newcomer.person))).state
            if known.status is not person.Status.UNKNOWN:
                continue
            half_way = (await desk.account(newcomer.person)).password
            await (settle if half_way else bring_in)(desk, newcomer, Context(actor=OPERATOR, occurred_at=now()))
            new += 1
    return new


async def stored(engines: Engines, settings: Settings, stream: UUID) -> list[str]:
    """What the log holds of a stream, as it lies there: what is personal is sealed."""
    async with core(settings, engines) as running:
        return [row.body.decode() for row in await running.ledger.read(stream)]


async def rotate_signing_key(engines: Engines, settings: Settings, *, at_once: bool) -> str:
    """Sign access tokens with a new key from now on: its id."""
    async with core(settings, engines) as (ledger, _, vault):
        return await SigningKeys(ledger.pool, vault.master, now).rotate(at_once=at_once)


# What they share ------------------------------------------------------------------------------------------------------


def now() -> datetime:
    """The time at the edge."""
    return datetime.now(UTC)


def ports_on(running: Core, files: Files) -> Ports:
    """What the API is plugged into."""
    pool = running.ledger.pool
    return Ports(
        door=running.door,
        ledger=running.ledger,
        board=WorkOrderBoard(pool),
        areas=AreaTree(pool),
        organisations=OrganisationRegister(pool),
        estates=EstateRegister(pool),
        people=PersonRegister(pool),
        consents=ConsentRegister(pool),
        vendors=VendorRegister(pool),
        sanctions=SanctionRegister(pool),
        fan_outs=FanOutBoard(pool),
        waivers=WaiverRegister(pool),
        engagements=EngagementBoard(pool),
        schemes=SchemeRegister(pool),
        qualifications=QualificationBoard(pool),
        standings=StandingRegister(pool),
        what_if=WhatIf(pool),
        debarments=DebarmentRegister(pool),
        screenings=ScreeningBoard(pool),
        concessions=ConcessionBoard(pool),
        new_id=new_id,
        now=now,
        discretion=Discretion(insight=InsightByRole(running.door), vault=running.vault, holdings=running.vault),
        files=files,
    )


@asynccontextmanager
async def signing_in(settings: Settings, running: Core) -> AsyncGenerator[Desk]:
    """The desk where people and programs show who they are."""
    passwords = ArgonPasswords(running.ledger.pool)
    sealing = running.vault.master
    try:
        yield desk_on(running.ledger.pool, running.door, sealing, passwords, public_url=settings.origin)
    finally:
        passwords.close()


def desk_on(  # noqa: PLR0913 - what it stands on, each by its name
    pool: Pool,
    door: Door,
    sealing: Sealer,
    passwords: ArgonPasswords,
    *,
    public_url: str,
    registered: Callable[[str], Awaitable[tuple[str, str] | None]] | None = None,
    clock: Callable[[], datetime] = now,
) -> Desk:
    """A desk. `registered` says how the identity provider of an organisation is reached: issuer and client id."""
    sessions, keys, secrets = PostgresSessions(pool), PostgresProgramKeys(pool), SealedClientSecrets(pool, sealing)
    tokens = SignedTokens(SigningKeys(pool, sealing, clock), public_url, clock)
    keeper = CredentialsOfHeaders(
        door=door, sessions=sessions, tokens=tokens, keys=keys, public_url=public_url, now=clock
    )
    provider_of = providers(registered or _registered(door), secrets)
    return Desk(
        door=door,
        names=KeyedNames(sealing),
        passwords=passwords,
        sessions=sessions,
        tokens=tokens,
        keys=keys,
        client_secrets=secrets,
        openid=OpenIdClient(pool, provider_of, f"{public_url}/oidc/callback", clock),
        identification=keeper,
        doorkeeper=keeper,
        public_url=public_url,
        cookie=cookie_name(public_url),
        new_id=new_id,
        now=clock,
    )


def _registered(door: Door) -> Callable[[str], Awaitable[tuple[str, str] | None]]:
    """How the identity provider of an organisation is reached: issuer and client id."""

    async def provider_of(organisation_id: str) -> tuple[str, str] | None:
        try:
            found = (await door.load(organisation.decider, UUID(organisation_id))).state.provider
        except (ValueError, OtherLifecycle):
            return None
        return None if found is None else (found.issuer, found.client_id)

    return provider_of


def screenings_on(ledger: PostgresLedger, door: Door) -> "Screenings":
    """What screens vendors: those of their register, against the lists of theirs."""
    from adapters.name_matching import Matchers  # noqa: PLC0415 - opencc and rapidfuzz are for the worker only
    from workflows.screenings import Screenings, Subject  # noqa: PLC0415 - the API does without Temporal

    register, vendors = DebarmentRegister(ledger.pool), VendorsToScreen(ledger.pool)

    async def after(vendor_id: str, limit: int) -> Sequence[Subject]:
        rows = await vendors.after(vendor_id, limit)
        return [Subject(row.state.vendor, row.state.name, row.state.credit_code) for row in rows]

    matchers = Matchers(register.newest, register.standing)
    registers = (vendor_register.projection.name, debarment_register.projection.name)
    return Screenings(door, ledger, after, matchers.at, registers)


class Clocked(Protocol):
    """A read model that knows which streams wait for a moment."""

    def open_clocks(self) -> AsyncIterator[UUID]:
        """The streams on whose agenda there is something."""
        ...


def clocks(pool: Pool) -> Sequence[tuple[str, str, Clocked]]:
    """Each lifecycle with an agenda has its line here: its name, and the read model that knows who waits."""
    return (
        (work_order.decider.name, work_order_board.projection.name, WorkOrderBoard(pool)),
        (person.decider.name, person_register.projection.name, PersonRegister(pool)),
        (vendor.decider.name, vendor_register.projection.name, VendorRegister(pool)),
        (sanction.decider.name, sanction_register.projection.name, SanctionRegister(pool)),
        (fan_out.decider.name, fan_out_board.projection.name, FanOutBoard(pool)),
        (qualification.decider.name, qualification_board.projection.name, QualificationBoard(pool)),
        (standing.decider.name, standing_register.projection.name, StandingRegister(pool)),
        (waiver.decider.name, waiver_register.projection.name, WaiverRegister(pool)),
        (agreement.decider.name, concession_board.projection.name, ConcessionBoard(pool)),
    )


async def waiting(ledger: PostgresLedger) -> AsyncGenerator[tuple[str, UUID]]:
    """The streams that wait for a moment, as the read models know them.

    Each is waited for, so that nothing is missed which it has yet to hear of; what comes later, triggers see.
    """
    head = await ledger.head()
    for lifecycle, projection, register in clocks(ledger.pool):
        await ledger.wait(projection, head, timeout=_BOARD_PATIENCE)
        async for stream in register.open_clocks():
            yield lifecycle, stream


def files(settings: Settings, running: Core, check: ContentCheck) -> Files:
    """The place for files: looked into, and sealed with the key of whom they are about."""
    store = PostgresFiles(running.ledger.pool)
    return Files(store=store, check=check, sealer=running.vault, largest=settings.largest_upload)


def limits(settings: Settings, rates: RateLimits) -> Limits:
    """How often somebody may ask."""
    return Limits(
        rates=rates,
        requests=Limit("requests", settings.requests_per_minute, settings.requests_burst),
        sign_ins=Limit("sign_ins", settings.sign_ins_per_minute, max(1, settings.sign_ins_per_minute)),
    )


def _places(pool: Pool) -> list[Forget]:
    """Where something of a person is kept beside the log."""
    return [PostgresFiles(pool).forget, ArgonPasswords(pool).forget, PostgresSessions(pool).end_all]


async def tidy(ledger: PostgresLedger, door: LedgerDoor) -> None:
    """Ask the log about uploads that came to no end, every now and then, for ever."""
    while True:
        with contextlib.suppress(Unavailable):
            await sweep(PostgresFiles(ledger.pool), door)
            await PostgresSessions(ledger.pool).prune(now())
        await asyncio.sleep(_TIDY_EVERY)


def checks(ledger: PostgresLedger) -> Mapping[str, Check]:
    """What must be so before the API calls itself ready."""

    async def database() -> Finding:
        return Finding(ok=await ledger.head() >= 0)

    async def migrations() -> Finding:
        current = await is_current(ledger.pool)
        return Finding(ok=current, detail="" if current else "run linli migrate")

    def following(name: str) -> Check:
        async def check() -> Finding:
            at = await ledger.pool.fetchval("SELECT position FROM linli_projections WHERE name = $1", name)
            behind = await ledger.head() - (at or 0)
            return Finding(ok=behind <= _TOLERABLE_LAG, detail=f"{behind} events behind" if behind else "")

        return check

    return {"database": database, "migrations": migrations} | {name: following(name) for name in PROJECTIONS}


class _Server(uvicorn.Server):
    """Leaves signals to us."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Catch none."""
        yield


async def _until(stop: asyncio.Event, *duties: Coroutine[Any, Any, None]) -> None:  # what they yield is not ours
    """Do all of these at once until told to stop. Ends with an error as soon as one of them does."""

    async def stopper() -> None:
        await stop.wait()
        raise _Stopped

    try:
        async with asyncio.TaskGroup() as group:
            for duty in (*duties, stopper()):
                group.create_task(duty)
    except* _Stopped:
        _log.info("process.stopping")


class _Stopped(Exception):
    """Somebody said stop."""


__all__ = [
    "PROJECTIONS",
    "Core",
    "clocks",
    "core",
    "create_account",
    "create_accounts",
    "desk_on",
    "follow",
    "import_area_tree",
    "import_debarment_list",
    "import_work_orders",
    "rebuild_projection",
    "rotate_signing_key",
    "serve",
    "stored",
    "waiting",
    "work",
]
