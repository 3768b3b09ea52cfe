"""What the clock, its activities and those who wake it say to each other: ids, positions and moments, nothing else.

Temporal keeps these messages for as long as it keeps a history, and shows them to operators. So none of them may ever
carry what names a person; whoever needs to know more asks the log.
"""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from domain.decider import Due

CLOCK = "clock"
"""The actor of every command that the clock sends."""

CLOCKS = "clocks"
"""The task queue of all clocks."""


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """What a clock is started with: the stream it watches, and how far in the log it has looked."""

    lifecycle: str
    stream: UUID
    seen: int = 0


class Facts(msgspec.Struct, frozen=True):
    """News about the stream: it has an event at this position of the log."""

    position: int


class Agenda(msgspec.Struct, frozen=True, kw_only=True):
    """What a lifecycle waits for, as of a version of its stream that stands at this position of the log."""

    due: Due | None
    version: int
    position: int


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """A moment that has come, and the version and position of the stream that it was read from."""

    lifecycle: str
    stream: UUID
    label: str
    at: datetime
    version: int
    position: int

    @property
    def name(self) -> str:
        """Says the same for the same moment, however often it is tried.

        The version belongs to it: what a stream waits for may be taken back and later come again at the same moment.
        """
        return f"{clock_id(self.lifecycle, self.stream)}/{self.label}/{self.at.isoformat()}/{self.version}"


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a calendar, where in the log it was published, and how far its revision has come."""

    calendar: UUID
    version: int
    position: int
    at: datetime
    after: UUID | None = None


class Restrained(msgspec.Struct, frozen=True, kw_only=True):
    """A fan-out, by its stream, and the sanction that it follows from; without one it has begun before."""

    stream: UUID
    vendor: str = ""
    sanction: int = 0
    position: int = 0
    """Of the fact that started it."""
    as_of: datetime | None = None
    """What the workflow takes for now."""


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """How many items of a fan-out wait for a choice, and for how many one is to be carried out."""

    undecided: int
    to_do: int


class Sweep(msgspec.Struct, frozen=True, kw_only=True):
    """Vendors to be screened on one occasion, and how far that has come."""

    occasion: Literal["night", "lists", "vendor"]
    name: str
    """Says which occasion: each vendor is screened once for it, however often it is tried."""
    at: datetime
    """Not before this moment; then, when it was."""
    after: str = ""
    """The id of the vendor that was screened last."""
    only: UUID | None = None
    """The file of the one vendor that is meant."""


class Nights(msgspec.Struct, frozen=True):
    """The day of the night that vendors were screened in last; empty: none yet."""

    last: str = ""


def clock_id(lifecycle: str, stream: UUID) -> str:
    """The workflow id of the clock that watches a stream: there is never more than one."""
    return f"{CLOCK}/{lifecycle}/{stream}"
