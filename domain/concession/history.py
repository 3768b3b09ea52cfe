"""What the history of a concession agreement comes to: its contract, and how far each milestone is."""

from collections.abc import Callable
from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from domain.concession.messages import (
    Amended,
    ConcessionEvent,
    Confirmed,
    Contract,
    Ended,
    EvidenceSubmitted,
    Missed,
    Rejected,
    Signed,
)

Status: TypeAlias = Literal["open", "submitted", "confirmed"]


class Evidence(Struct, frozen=True, omit_defaults=True):
    """A file that shows something, who handed it in, and what became of it."""

    number: int
    at: datetime
    by: str
    sha256: str
    note: str = ""
    """Sealed."""
    late: bool = False
    rejected: str = ""
    """Why, if it was."""
    remark: str = ""
    """What was said about it then. Sealed."""


class Progress(Struct, frozen=True, omit_defaults=True):
    """How far a milestone is."""

    key: str
    due: datetime
    status: Status = "open"
    evidence: tuple[Evidence, ...] = ()
    missed_at: datetime | None = None
    confirmed_at: datetime | None = None
    confirmed_by: str = ""

    @property
    def waits(self) -> bool:
        """Its due moment still means something: nothing was shown, and it was not missed yet."""
        return self.status == "open" and self.missed_at is None


class Concession(Struct, frozen=True, omit_defaults=True):
    """A concession agreement as it stands."""

    grantor: str = ""
    vendor: str = ""
    area: str = ""
    version: int = 0
    contract: Contract | None = None
    progress: tuple[Progress, ...] = ()
    evidence: int = 0
    """How many pieces were handed in."""
    signed_at: datetime | None = None
    ended_at: datetime | None = None
    ended_because: str = ""
    latest: datetime | None = None

    @property
    def running(self) -> bool:
        """It is signed and has not ended."""
        return self.signed_at is not None and self.ended_at is None

    def of(self, milestone: str) -> Progress | None:
        """How far a milestone is."""
        return next((each for each in self.progress if each.key == milestone), None)


def evolve(concession: Concession, event: ConcessionEvent) -> Concession:  # noqa: PLR0911 - one case an event
    """What the event makes of it."""
    now = replace(concession, latest=max(event.at, concession.latest or event.at))
    match event:
        case Signed():
            first = replace(now, grantor=event.grantor, vendor=event.vendor, area=event.area, signed_at=event.at)
            return _agreed(first, 1, event.contract)
        case Amended(version=version, contract=contract):
            return _agreed(now, version, contract)
        case EvidenceSubmitted():
            shown = Evidence(event.number, event.at, event.by, event.sha256, event.note, event.late)
            return _with(
                replace(now, evidence=event.number),
                event.milestone,
                lambda known: replace(known, status="submitted", evidence=(*known.evidence, shown)),
            )
        case Confirmed():
            return _with(
                now,
                event.milestone,
                lambda known: replace(known, status="confirmed", confirmed_at=event.at, confirmed_by=event.by),
            )
        case Rejected():
            return _with(now, event.milestone, lambda known: _rejected(known, event))
        case Missed():
            return _with(now, event.milestone, lambda known: replace(known, missed_at=event.at))
        case Ended():
            return replace(now, ended_at=event.at, ended_because=event.reason)


def _rejected(known: Progress, event: Rejected) -> Progress:
    evidence = tuple(
        each if each.rejected else replace(each, rejected=event.reason, remark=event.note) for each in known.evidence
    )
    return replace(known, status="open", evidence=evidence)


def _agreed(concession: Concession, version: int, contract: Contract) -> Concession:
    """Each milestone goes on from where it was; one that is due at another moment is missed by that moment only."""
    progress: list[Progress] = []
    for milestone in contract.milestones:
        known = concession.of(milestone.key)
        if known is None:
            progress.append(Progress(milestone.key, milestone.due))
        elif known.due == milestone.due:
            progress.append(known)
        else:
            progress.append(replace(known, due=milestone.due, missed_at=None))
    return replace(concession, version=version, contract=contract, progress=tuple(progress))


def _with(concession: Concession, milestone: str, change: Callable[[Progress], Progress]) -> Concession:
    progress = tuple(change(each) if each.key == milestone else each for each in concession.progress)
    return replace(concession, progress=progress)
