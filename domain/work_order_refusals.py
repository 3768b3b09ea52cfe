"""Why something cannot be done with a work order now, and how to tell.

The class name of a refusal is the stable code that programs look at, its docstring the sentence that people read.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from domain.decider import NotAllowedNow, Refused
from domain.privacy.personal import is_sealed
from domain.work_order_history import RUNNING, Status, WorkOrder
from domain.work_order_messages import Evidence, Report

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_LONGEST_NAME: Final = 255
_LONGEST_TEXT: Final = 5000


class NotReported(Refused):
    """No fault was reported under this number."""


class AlreadyReported(Refused):
    """Another fault was reported under this number."""


class NotTriaged(Refused):
    """Nobody has said yet how urgent this is: triage it first."""


class AlreadyTriaged(Refused):
    """It has been triaged already: change its priority instead."""


class NotAssigned(Refused):
    """Nobody has this work to do yet: assign it first."""


class AlreadyAssigned(Refused):
    """Somebody has this work to do already: hand it over instead."""


class StillPaused(Refused):
    """The work is paused: resume it first."""


class AlreadyPaused(Refused):
    """The work is paused for another reason: resume it first."""


class NotPaused(Refused):
    """The work is not paused."""


class NotResolved(Refused):
    """The work is not resolved yet."""


class AlreadyResolved(Refused):
    """The work is resolved: reopen it first."""


class AlreadyClosed(Refused):
    """The work order is closed."""


class AlreadyCancelled(Refused):
    """The work order was cancelled."""


class NoEvidence(Refused):
    """A resolution needs evidence: at least one photo, document, measurement, signature or note."""


class NotEvidence(Refused):
    """A note must hold text; any other evidence or attachment must have a name and the SHA-256 of its content."""


class NoteMissing(Refused):
    """Say why."""


class ReopenWindowPassed(Refused):
    """The time in which this work could be reopened has passed: report the fault anew."""


class BeforeReported(Refused):
    """This cannot have happened before the fault was reported."""


class BeforeStarted(Refused):
    """The work cannot have been resolved before it was started."""


class BeforePaused(Refused):
    """The work cannot have been resumed before it was paused."""


class BeforeResumed(Refused):
    """The work was paused at that moment, and resumed only later."""


class BeforeResolved(Refused):
    """This cannot have happened before the work was resolved."""


class BeforeReopened(Refused):
    """The work was resolved at that moment, and reopened only later."""


_IN_THE_WAY: Final[dict[Status, type[Refused]]] = {
    Status.UNKNOWN: NotReported,
    Status.REPORTED: NotTriaged,
    Status.TRIAGED: NotAssigned,
    Status.PAUSED: StillPaused,
    Status.RESOLVED: AlreadyResolved,
    Status.ACCEPTED: AlreadyResolved,
    Status.CLOSED: AlreadyClosed,
    Status.CANCELLED: AlreadyCancelled,
}


def must_be_reported(order: WorkOrder, at: datetime) -> None:
    """Nothing can be done with what nobody reported, nor before it was reported."""
    if order.reported_at is None:
        raise NotReported
    if at < order.reported_at:
        raise BeforeReported(reported=order.reported_at)


def must_be_the_same_report(order: WorkOrder, command: Report) -> None:
    """Reporting the same twice is not a new fact; reporting something else under the same id is a mistake.

    A summary that is sealed cannot be compared: then all else tells.
    """
    known = (order.reported_at, order.community, order.category, order.reporter, order.external_key)
    if known != (command.at, command.community, command.category, command.reporter, command.external_key):
        raise AlreadyReported
    if order.summary != command.summary and not is_sealed(order.summary):
        raise AlreadyReported


def is_attached(order: WorkOrder, item: Evidence) -> bool:
    """Whether this is attached already: a file of the same content, under whatever name; a note that says the same."""
    if item.sha256:
        return any(item.sha256 == known.sha256 for known in order.attachments)
    return item in order.attachments


def must_be(order: WorkOrder, *allowed: Status) -> None:
    """The work order must stand at one of these; the refusal tells what is in the way."""
    if order.status not in allowed:
        raise _IN_THE_WAY.get(order.status, NotAllowedNow)


def must_not_be_finished(order: WorkOrder) -> None:
    """Work must still be under way, or waiting."""
    if order.status not in RUNNING and order.status is not Status.PAUSED:
        raise _IN_THE_WAY[order.status]


def must_not_be_filed(order: WorkOrder) -> None:
    """It must be neither closed nor cancelled."""
    if order.status in (Status.CLOSED, Status.CANCELLED):
        raise _IN_THE_WAY[order.status]


def must_follow_resolution(order: WorkOrder, at: datetime) -> None:
    """It must have been resolved before."""
    if order.resolved_at is None:
        raise NotResolved
    if at < order.resolved_at:
        raise BeforeResolved(resolved=order.resolved_at)


def must_follow_reopening(order: WorkOrder, at: datetime) -> None:
    """It must not lie in a time in which the work counted as resolved."""
    if order.reopened_at is not None and at < order.reopened_at:
        raise BeforeReopened(reopened=order.reopened_at)


def must_follow_pauses(order: WorkOrder, at: datetime) -> None:
    """It must not lie in a pause."""
    if order.resumed_at is not None and at < order.resumed_at:
        raise BeforeResumed(resumed=order.resumed_at)


def must_say_why(text: str) -> None:
    """A reason must hold more than white space."""
    if not text.strip():
        raise NoteMissing


def must_prove(items: Iterable[Evidence]) -> None:
    """Notes must hold text, all else must name and fingerprint a file."""
    for item in items:
        proves = item.text.strip() if item.kind == "note" else item.name.strip() and _SHA256.fullmatch(item.sha256)
        if not proves or len(item.name) > _LONGEST_NAME or len(item.text) > _LONGEST_TEXT:
            raise NotEvidence(kind=item.kind)
