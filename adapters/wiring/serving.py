"""The API, plugged in: answers HTTP until told to stop."""

import asyncio
import contextlib
import gc
import socket
from collections.abc import Generator, Mapping

import structlog
import uvicorn

from adapters.bounded_heads import BoundedHeads
from adapters.content_check import ContentChecker
from adapters.engines import Engines
from adapters.files import PostgresFiles
from adapters.ids import new_id
from adapters.ledger import PostgresLedger
from adapters.migrate import is_current
from adapters.rate_limit import RateLimiter
from adapters.settings import Settings
from adapters.wiring.core import Core, core, now
from adapters.wiring.desk import signing_in
from adapters.wiring.read_models import PROJECTIONS
from api.app import create_app
from api.health import Check, Finding
from api.insight import InsightByRole
from api.limits import Limit, Limits
from api.ports import Discretion, Files, Ports
from domain.ports import ContentCheck, RateLimits
from projections.admission.engagement_board import EngagementBoard
from projections.admission.qualification_board import QualificationBoard
from projections.admission.scheme_register import SchemeRegister
from projections.admission.vendor_register import VendorRegister
from projections.admission.waiver_register import WaiverRegister
from projections.area_tree import AreaTree
from projections.concession_board import ConcessionBoard
from projections.consent_register import ConsentRegister
from projections.estate_register import EstateRegister
from projections.evaluation.standing_register import StandingRegister
from projections.evaluation.what_if import WhatIf
from projections.organisation_register import OrganisationRegister
from projections.person_register import PersonRegister
from projections.restraint.debarment_register import DebarmentRegister
from projections.restraint.fan_out_board import FanOutBoard
from projections.restraint.sanction_register import SanctionRegister
from projections.restraint.screening_board import ScreeningBoard
from projections.work_order_board import WorkOrderBoard

_log = structlog.get_logger("linli")

_KEEP_ALIVE = 75  # seconds: longer than proxies and clients keep an idle connection, so that it is theirs to close
_TOLERABLE_LAG = 50_000  # events that a read model may be behind before the API calls itself not ready


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
