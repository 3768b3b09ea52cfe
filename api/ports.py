"""What the API is plugged into; the wiring hands it over once, at the start."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.ports import ContentCheck, ContentSealer, Door, FileStore, Ledger
from projections.work_order_board import WorkOrderBoard


@dataclass(frozen=True, slots=True)
class Files:
    """Where files go, who looks into them, who seals them, and how large they may be."""

    store: FileStore
    check: ContentCheck
    sealer: ContentSealer
    largest: int = 10 << 20
    """Bytes."""
    patience: float = 120.0
    """Seconds that a file may take to arrive."""


@dataclass(frozen=True, slots=True)
class Ports:
    """The one door for change, the log for looking back, the read models, fresh ids and the time."""

    door: Door
    ledger: Ledger
    board: WorkOrderBoard
    new_id: Callable[[], UUID]
    now: Callable[[], datetime]
    patience: float = 5.0
    """Seconds that a read waits for its `min_position` before it says "not there yet"."""
    files: Files | None = None
    """None: no files are taken."""
