"""The Temporal worker, plugged in: clocks, revisions, screenings and fan-outs run until told to stop."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import structlog

from adapters import heartbeat, temporal
from adapters.engines import Engines
from adapters.ledger import PostgresLedger
from adapters.name_matching import Matchers
from adapters.settings import Settings
from adapters.wiring.core import core, until
from domain import lifecycles
from domain.ports import Door
from projections.admission import vendor_register
from projections.admission.engagement_board import EngagementBoard
from projections.restraint import debarment_register
from projections.restraint.debarment_register import DebarmentRegister
from projections.restraint.vendors_to_screen import VendorsToScreen
from projections.work_order_board import WorkOrderBoard
from workflows.activities import Activities
from workflows.calendar_revision import CalendarRevision
from workflows.carrying_out import Engagements, WorkOrders
from workflows.clock import Clock
from workflows.fan_outs import FanOuts
from workflows.messages import CLOCKS
from workflows.revisions import Revisions
from workflows.screening import NightlyScreening, Screening
from workflows.screenings import Screenings, Subject
from workflows.suspension_fan_out import SuspensionFanOut
from workflows.under_way import BOARDS, Boards

_log = structlog.get_logger("linli")


async def work(settings: Settings, engines: Engines, stop: asyncio.Event) -> None:
    """Run the clocks until told to stop."""
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
            await until(stop, heartbeat.beat(heartbeat.file_of(settings.data_dir, "work")))


def screenings_on(ledger: PostgresLedger, door: Door) -> Screenings:
    """What screens vendors: those of their register, against the lists of theirs."""
    register, vendors = DebarmentRegister(ledger.pool), VendorsToScreen(ledger.pool)

    async def after(vendor_id: str, limit: int) -> Sequence[Subject]:
        rows = await vendors.after(vendor_id, limit)
        return [Subject(row.state.vendor, row.state.name, row.state.credit_code) for row in rows]

    matchers = Matchers(register.newest, register.standing)
    registers = (vendor_register.projection.name, debarment_register.projection.name)
    return Screenings(door, ledger, after, matchers.at, registers)
