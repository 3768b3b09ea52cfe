"""Screening vendors against the lists of debarment: all of them every night, and again soon after a list has changed.

The command to each vendor carries an id that follows from the occasion, so that whatever is repeated is recorded once.
Changes of lists are gathered: an import of a hundred thousand rows screens the vendors once for every few minutes that
it takes, not once for every row. The registers are waited for first, so nothing that was there by then is missed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Final, NamedTuple, TypeAlias
from uuid import UUID, uuid5

import msgspec
from temporalio import activity

from domain.admission import vendor
from domain.ports import Context, Door, Ledger, Recorded
from domain.restraint import screening
from domain.restraint.screening import Match, Matcher
from workflows.messages import Nights, Sweep
from workflows.triggers import Process

NAME: Final = "Screening"
NIGHTLY: Final = "NightlyScreening"
NIGHTLY_ID: Final = "screening/nightly"
"""The id of the one workflow that wakes every night."""
BY: Final = "screening"
"""The actor on the commands that a screening sends."""
HOUR: Final = time(2, tzinfo=timezone(timedelta(hours=8)))
"""When it begins: two in the morning in China, where there is no summer time."""
GATHER: Final = timedelta(minutes=5)
"""For so long changes of lists are gathered."""

_AFTERWARDS: Final = timedelta(seconds=5)
"""After the end of that time, so that clocks that differ a little leave nothing out."""
_COMMANDS: Final = UUID("6c696e6c-6900-5000-8000-73637265656e")
_PAGE: Final = 100


def night_after(nights: Nights, now: datetime) -> tuple[str, datetime]:
    """The day and the moment of the next night to screen in.

    Where nights were slept through, that is the latest one of them, whose moment has passed: one is enough.
    """
    today = now.astimezone(HOUR.tzinfo).date()
    begun = today if _moment(today) <= now else today - timedelta(days=1)
    if nights.last and begun.isoformat() > nights.last:
        return begun.isoformat(), _moment(begun)
    ahead = begun + timedelta(days=1)
    return ahead.isoformat(), _moment(ahead)


def night(day: str, at: datetime) -> Sweep:
    """The sweep of a night."""
    return Sweep(occasion="night", name=f"night/{day}", at=at)


def _moment(day: date) -> datetime:
    return datetime.combine(day, HOUR).astimezone(UTC)


class Subject(NamedTuple):
    """A vendor as it is compared: the id of its organisation, its name, its code."""

    id: str
    name: str
    credit_code: str


Vendors: TypeAlias = Callable[[str, int], Awaitable[Sequence[Subject]]]
"""The next so many vendors after an id, in the order of their ids."""
Matchers: TypeAlias = Callable[[datetime], Awaitable[Matcher]]
"""What knows the lists as they count at a moment."""


@dataclass(frozen=True)
class Screenings:
    """The activity of a screening, on one door and one log. `registers` are the read models that the callables read."""

    door: Door
    ledger: Ledger
    vendors: Vendors
    matchers: Matchers
    registers: Sequence[str] = ()
    page: int = _PAGE

    @activity.defn(name="screen_page")
    async def screen_page(self, sweep: Sweep) -> Sweep | None:
        """Screen the next page of vendors. Says where to go on, None when all are done."""
        head = await self.ledger.head()
        for register in self.registers:
            if not await self.ledger.wait(register, head, timeout=20):
                msg = f"{register} has not come to position {head} yet"
                raise RuntimeError(msg)
        subjects = await self._subjects(sweep)
        matcher = await self.matchers(sweep.at)
        found = await asyncio.to_thread(_compare, matcher, subjects)
        activity.heartbeat()
        pairs = zip(subjects, found, strict=True)
        await asyncio.gather(*(self._record(sweep, subject, matcher, matches) for subject, matches in pairs))
        if sweep.only is not None or len(subjects) < self.page:
            return None
        return msgspec.structs.replace(sweep, after=subjects[-1].id)

    async def _subjects(self, sweep: Sweep) -> Sequence[Subject]:
        if sweep.only is None:
            return await self.vendors(sweep.after, self.page)
        known = (await self.door.load(vendor.decider, sweep.only)).state
        return [Subject(known.vendor, known.name, known.credit_code)] if known.vendor else []

    async def _record(self, sweep: Sweep, subject: Subject, matcher: Matcher, matches: Sequence[Match]) -> None:
        command = screening.Record(
            at=sweep.at,
            vendor=subject.id,
            name=subject.name,
            credit_code=subject.credit_code,
            occasion=sweep.occasion,
            compared=tuple(matcher.compared),
            position=matcher.position,
            matches=tuple(matches),
        )
        context = Context(
            actor=BY,
            occurred_at=sweep.at,
            correlation_id=f"screening/{sweep.name}",
            command_id=uuid5(_COMMANDS, f"{sweep.name}/{subject.id}"),
            fingerprint=b"record",
        )
        await self.door.execute(screening.decider, screening.stream(subject.id), command, context)


def _compare(matcher: Matcher, subjects: Sequence[Subject]) -> list[Sequence[Match]]:
    return [matcher.matches(subject.name, subject.credit_code) for subject in subjects]


# What starts one ------------------------------------------------------------------------------------------------------


def gathered_until(event: Recorded) -> datetime:
    """The end of the minutes that an event of a list is gathered in."""
    return _EPOCH + ((event.recorded_at - _EPOCH) // GATHER + 1) * GATHER


def sweep_of_lists(event: Recorded) -> Sweep:
    """The sweep that a changed list leads to."""
    until = gathered_until(event)
    return Sweep(occasion="lists", name=f"lists/{until.isoformat()}", at=until + _AFTERWARDS)


def lists_id(event: Recorded) -> str:
    """The workflow id: one screening for all changes that are gathered together."""
    return f"screening/{sweep_of_lists(event).name}"


def sweep_of_vendor(event: Recorded) -> Sweep:
    """The sweep of one vendor that is new, or has been verified under another name."""
    name = f"vendor/{event.stream}/{event.version}"
    return Sweep(occasion="vendor", name=name, at=event.recorded_at, only=event.stream)


def vendor_id(event: Recorded) -> str:
    """The workflow id: one screening for each time that a vendor's name may be another."""
    return f"screening/{sweep_of_vendor(event).name}"


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

PROCESSES: Final = (
    Process(
        frozenset({"debarment.listed", "debarment.delisted"}),
        NAME,
        sweep_of_lists,
        lists_id,
        once=True,
    ),
    Process(
        frozenset({"vendor.registered", "vendor.verified"}),
        NAME,
        sweep_of_vendor,
        vendor_id,
        once=True,
    ),
)
"""What starts a screening outside of the night."""
