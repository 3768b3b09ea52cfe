"""All read models, and those among them that know which streams wait for a moment."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID

import structlog

from adapters.ledger import PostgresLedger
from adapters.postgres import Pool
from domain import work_order
from domain.admission import qualification, vendor, waiver
from domain.concession import agreement
from domain.evaluation import standing
from domain.parties import person
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
from projections.admission.qualification_board import QualificationBoard
from projections.admission.vendor_register import VendorRegister
from projections.admission.waiver_register import WaiverRegister
from projections.concession_board import ConcessionBoard
from projections.evaluation import standing_register
from projections.evaluation.standing_register import StandingRegister
from projections.person_register import PersonRegister
from projections.projection import Projection
from projections.restraint import debarment_register, fan_out_board, sanction_register, screening_board
from projections.restraint.fan_out_board import FanOutBoard
from projections.restraint.sanction_register import SanctionRegister
from projections.work_order_board import WorkOrderBoard

_log = structlog.get_logger("linli")

_BOARD_PATIENCE = 300.0  # seconds: a rebuild of a large board may be under way


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
