"""What the API is plugged into; the wiring hands it over once, at the start."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.access import permission
from domain.access.permission import See
from domain.ports import Door, Ledger
from projections.area_tree import AreaTree
from projections.estate_register import EstateRegister
from projections.organisation_register import OrganisationRegister
from projections.work_order_board import WorkOrderBoard


@dataclass(frozen=True, slots=True)
class Ports:
    """The one door for change, the log for looking back, the read models, fresh ids and the time."""

    door: Door
    ledger: Ledger
    board: WorkOrderBoard
    areas: AreaTree
    organisations: OrganisationRegister
    estates: EstateRegister
    new_id: Callable[[], UUID]
    now: Callable[[], datetime]
    see: See = permission.sight
    """What appointments let somebody see."""
    patience: float = 5.0
    """Seconds that a read waits for its `min_position` before it says "not there yet"."""
