"""What can be asked of a vendor's standing, and what can have happened to it."""

from datetime import datetime
from typing import Annotated, TypeAlias, final

from msgspec import Meta

from domain.decider import Command, Elapse, Event, Refused
from domain.evaluation.evidence import EvidenceKind
from domain.evaluation.scorecard import Rating, Scorecard
from domain.privacy.personal import Key


@final
class Note(Command, frozen=True, tag="note"):
    """Note a piece of evidence about a vendor, or that it is withdrawn. The same id twice is no news."""

    at: Annotated[datetime, Meta(tz=True)]
    vendor: Annotated[str, Meta(max_length=36)]
    id: Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[!-~]+$", description="Of the source; unique.")]
    kind: EvidenceKind
    happened_at: Annotated[
        datetime, Meta(tz=True, description="When it happened: this says which period it counts in.")
    ]
    subject: Annotated[str, Meta(max_length=128, description="What it is about, such as `work_order/<id>`.")] = ""
    category: Annotated[str, Meta(pattern="^([a-z][a-z0-9_]{1,31})?$")] = ""
    area: Annotated[str, Meta(pattern="^[0-9]{0,15}$", description="Code of the area where it happened.")] = ""
    points: (
        Annotated[int, Meta(ge=0, le=100, description="Stars of a rating, 1 to 5; points of an inspection, 0 to 100.")]
        | None
    ) = None
    source: Annotated[int, Meta(ge=0, le=2**53, description="Position in the log of the event that it comes from.")] = 0
    withdrawn: Annotated[bool, Meta(description="It turned out not to be so: it counts no more.")] = False


@final
class ClosePeriod(Command, frozen=True, tag="close_period"):
    """Rate a period that is over, before the clock does."""

    at: Annotated[datetime, Meta(tz=True)]
    vendor: Annotated[str, Meta(max_length=36)]
    period: Annotated[str, Meta(pattern="^[0-9]{4}-(0[1-9]|1[0-2]|Q[1-4])$")]


@final
class Noted(Event, frozen=True, tag="standing.noted"):
    at: datetime
    vendor: Key
    id: Key
    kind: EvidenceKind
    happened_at: datetime
    subject: Key = ""
    category: Key = ""
    area: Key = ""
    points: int = 0
    source: int = 0


@final
class EvidenceWithdrawn(Event, frozen=True, tag="standing.evidence_withdrawn"):
    at: datetime
    vendor: Key
    id: Key
    kind: EvidenceKind
    happened_at: datetime
    source: int = 0


@final
class PeriodOpened(Event, frozen=True, tag="standing.period_opened"):
    at: datetime
    period: Key
    closes_at: datetime


@final
class PeriodClosed(Event, frozen=True, tag="standing.period_closed"):
    at: datetime
    vendor: Key
    card: Scorecard
    final_before: Key
    """Months before this one are corrected no more."""


@final
class PeriodCorrected(Event, frozen=True, tag="standing.period_corrected"):
    at: datetime
    card: Scorecard
    because: Key
    """Id of the evidence that came late, or was withdrawn."""


@final
class BandChanged(Event, frozen=True, tag="standing.band_changed"):
    at: datetime
    was: Rating
    now: Rating
    because: Key
    """The period that was closed or corrected."""


@final
class TierChanged(Event, frozen=True, tag="standing.tier_changed"):
    at: datetime
    was: int
    now: int
    because: Key
    """The period that was closed or corrected."""


StandingCommand: TypeAlias = Note | ClosePeriod | Elapse
StandingEvent: TypeAlias = (
    Noted | EvidenceWithdrawn | PeriodOpened | PeriodClosed | PeriodCorrected | BandChanged | TierChanged
)


class NobodyToRate(Refused):
    """No such organisation is registered, so it cannot be rated."""


class NotYetHappened(Refused):
    """Evidence is of what has happened: this moment is still to come."""


class EvidenceSaysOtherwise(Refused):
    """Something else was noted under this id already."""


class TooLongAgo(Refused):
    """The period in which this happened is final and is corrected no more."""


class PeriodUnknown(Refused):
    """The scheme that counts knows no such period."""


class PeriodNotOver(Refused):
    """This period is not over yet."""


class NoSchemeInForce(Refused):
    """No rating scheme was in force at the end of this period."""


class StandsTooLow(Refused):
    """The vendor's standing is too low for this."""


class BeyondItsTier(Refused):
    """This award is larger than the vendor's tier allows."""
