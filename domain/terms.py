"""Terms: what is promised for a piece of work, and who is told when the promise is in danger or broken.

They are data. They travel in agreements and in the history of every work order that they were applied to, so each
deadline can be explained by what counted when it was set.
"""

from typing import Literal, TypeAlias

from msgspec import Struct

from domain.privacy.personal import Key
from domain.promise import Promise, WallClock

Target: TypeAlias = Literal["response", "resolution", "assignment"]
"""What can be late: the answer to the report, the work, and that somebody has it to do."""


class Rung(Struct, frozen=True, omit_defaults=True):
    """A step of the escalation ladder: tell a role, so many working seconds after a target is due (before, if < 0)."""

    of: Target
    to: Key
    after: int = 0


class Terms(Struct, frozen=True, omit_defaults=True):
    """What is promised for one priority. Everything is optional: without a promise nothing is ever late."""

    response: Promise | None = None
    resolution: Promise | None = None
    assign_within: Promise | None = None
    """How long it may lie about before somebody has it to do."""
    warn_before: int = 0
    """Working seconds before a response or resolution is due; 0: no warning."""
    ladder: tuple[Rung, ...] = ()
    """The first rung is level 1."""
    tell: Literal["at_once", "in_service_hours"] = "at_once"
    """When a rung's role is told: whatever the hour, or at the next opening. The breach itself is one at night too."""
    reopen_window: Promise = WallClock(days=7)
    reopen: Literal["resume", "restart"] = "resume"
    """What a reopening does to the clock: the time in between is credited like a pause, or the clock begins anew."""
    calendar: Key = ""
    """Key of the work calendar; `""` is always open."""
