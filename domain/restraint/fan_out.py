"""A fan-out: what becomes of everything that was under way with a vendor when it was suspended or blacklisted.

    unknown -> begun -> (chosen -> settled)* -> closed, with a completion report
                     -> ran out (what nobody chose for by the deadline is held)

One stream for each sanction. Each item waits for a choice, which is then carried out by the workflow; where it turns
out not to be possible, somebody chooses again until the deadline. Nothing is closed while anything is open.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final
from uuid import UUID

from domain.decider import Ask, Decider, Due, Elapse, Refused, Whose, derived_id
from domain.parties import organisation
from domain.restraint import sanction
from domain.restraint.fan_out_history import Entry, FanOut, evolve
from domain.restraint.fan_out_messages import (
    Begin,
    Begun,
    Choice,
    Choose,
    Chosen,
    ChosenBecause,
    Close,
    Closed,
    Count,
    FanOutCommand,
    FanOutEvent,
    Found,
    Item,
    ItemKind,
    Outcome,
    RanOut,
    Settle,
    Settled,
)
from domain.restraint.scope import around

PATIENCE: Final = timedelta(days=3)
"""So long people have to choose, unless the command says otherwise."""


class FanOutUnknown(Refused):
    """There is no fan-out of this sanction."""


class FanOutClosed(Refused):
    """Everything in this fan-out is settled and reported."""


class NotUnderWay(Refused):
    """This is not among what was under way with the vendor."""


class TheirsNoLonger(Refused):
    """This is no longer with the vendor that is sanctioned."""


class ChoiceCarriedOut(Refused):
    """What was chosen for this has been carried out already."""


class ChoiceMadeAlready(Refused):
    """Something else was chosen for this and is being carried out."""


class ChoiceTooLate(Refused):
    """The time to choose is over: what nobody chose for is held."""


class DeadlinePassed(Refused):
    """The deadline must lie ahead."""


class NotToBeKept(Refused):
    """With a blacklisted vendor nothing that is under way can be kept."""


class ReassignedToNobody(Refused):
    """Say which other vendor is to do this."""


class NothingChosen(Refused):
    """Nothing has been chosen for this yet."""


class StillOpen(Refused):
    """Not everything in this fan-out is settled yet."""


@lru_cache(maxsize=4096)
def stream(vendor: str, number: int) -> UUID:
    """The stream of the fan-out of a vendor's sanction, by its number."""
    return derived_id("fan_out", f"{organisation.id_of(vendor)}/{number}")


def agenda(state: FanOut) -> Due | None:
    """When what nobody has chosen for is held."""
    waits = state.deadline is not None and state.closed_at is None and state.undecided
    return Due(at=state.deadline, label="deadline") if waits and state.deadline else None


def decide(command: FanOutCommand, state: FanOut, ask: Ask) -> Sequence[FanOutEvent]:
    """Ask for choices, take them, and come to an end."""
    if isinstance(command, Elapse):
        return _run_out(state, command.at, ask)
    at = command.at if state.latest is None else max(command.at, state.latest)
    if isinstance(command, Begin):
        return _begin(command, state, at, ask)
    if state.begun_at is None:
        raise FanOutUnknown
    match command:
        case Choose():
            return _choose(command, state, at)
        case Settle():
            return _settle(command, state, at)
        case Close():
            return _close(state, at)


def _begin(command: Begin, state: FanOut, at: datetime, ask: Ask) -> Sequence[FanOutEvent]:
    known = {each.item.id for each in state.entries}
    items = tuple({item.id: item for item in command.items if item.id not in known}.values())
    if state.begun_at is not None:
        if not items:
            return []
        if state.closed_at is not None:
            raise FanOutClosed
        return [Found(at=at, items=items, deadline=_ahead(command.deadline or at + PATIENCE, at))]
    found = ask(sanction.decider, sanction.stream(command.vendor)).one(command.sanction)
    if found is None:
        raise sanction.NoSuchSanction(number=command.sanction)
    at = max(at, found.since)  # a worker whose clock is behind takes no time to choose away from anybody
    return [
        Begun(
            at=at,
            vendor=organisation.id_of(command.vendor),
            sanction=command.sanction,
            restraint=found.kind,
            deadline=_ahead(command.deadline or at + PATIENCE, at),
            items=items,
            areas=around(found.scope.areas),
        )
    ]


def _ahead(deadline: datetime, at: datetime) -> datetime:
    if deadline <= at:
        raise DeadlinePassed(deadline=deadline)
    return deadline


def _choose(command: Choose, state: FanOut, at: datetime) -> Sequence[FanOutEvent]:
    entry = _entry(state, command.item)
    if (entry.choice, entry.to) == (command.choice, command.to) and entry.status in ("chosen", "done"):
        return []
    if state.closed_at is not None:
        raise FanOutClosed
    if entry.status == "done":
        raise ChoiceCarriedOut(choice=entry.choice)
    if entry.by_default or (state.deadline is not None and at >= state.deadline):
        raise ChoiceTooLate(deadline=state.deadline)
    if entry.status == "chosen":
        raise ChoiceMadeAlready(choice=entry.choice)
    _must_make_sense(command, state)
    return [
        Chosen(at=at, by=command.by, item=command.item, choice=command.choice, reason=command.reason, to=command.to)
    ]


def _must_make_sense(command: Choose, state: FanOut) -> None:
    if command.choice == "keep" and state.restraint == "blacklisted":
        raise NotToBeKept
    if command.choice == "reassign" and organisation.id_of(command.to) in ("", state.vendor):
        raise ReassignedToNobody


def _run_out(state: FanOut, at: datetime, ask: Ask) -> Sequence[FanOutEvent]:
    """At the deadline, however late that is noticed. Where the sanction has ended by then, all goes on as before."""
    due = agenda(state)
    if due is None or at < due.at:
        return []
    found = ask(sanction.decider, sanction.stream(state.vendor)).one(state.sanction)
    over = found is not None and not found.in_force(due.at)
    left = tuple([each.item.id for each in state.undecided])
    return [RanOut(at=due.at, items=left, choice="keep" if over else "hold")]


def _settle(command: Settle, state: FanOut, at: datetime) -> Sequence[FanOutEvent]:
    entry = _entry(state, command.item)
    if (entry.status, entry.code) == (command.outcome, command.code):
        return []
    if entry.status == "done":
        raise ChoiceCarriedOut(choice=entry.choice)
    if entry.status != "chosen" or entry.choice is None:
        raise NothingChosen
    return [Settled(at=at, item=command.item, choice=entry.choice, outcome=command.outcome, code=command.code)]


def _close(state: FanOut, at: datetime) -> Sequence[FanOutEvent]:
    if state.closed_at is not None:
        return []
    if state.undecided or state.to_do:
        raise StillOpen(waiting=len(state.undecided), to_do=len(state.to_do))
    return [Closed(at=at, report=_report(state))]


def _report(state: FanOut) -> tuple[Count, ...]:
    """How many came out how."""
    outcomes: Counter[tuple[Choice, Outcome, bool]] = Counter()
    for each in state.entries:
        if each.choice is not None and each.status in ("done", "refused"):
            outcomes[each.choice, each.status, each.by_default] += 1
    return tuple([Count(*said[:2], number, by_default=said[2]) for said, number in sorted(outcomes.items())])


def _entry(state: FanOut, item: str) -> Entry:
    found = state.one(item)
    if found is None:
        raise NotUnderWay
    return found


def whose(_stream: UUID, state: FanOut, command: FanOutCommand | None) -> Whose:
    """The vendor's, and of whoever may decide on the sanction."""
    vendor = organisation.id_of(command.vendor) if isinstance(command, Begin) else state.vendor
    return Whose(areas=state.areas, organisations=(vendor,) if vendor else ())


decider: Decider[FanOutCommand, FanOut, FanOutEvent] = Decider(
    name="fan_out",
    initial=FanOut(),
    decide=decide,
    evolve=evolve,
    commands=(Begin, Choose, Settle, Close, Elapse),
    events=(Begun, Found, Chosen, RanOut, Settled, Closed),
    agenda=agenda,
    whose=whose,
)

__all__ = [
    "PATIENCE",
    "Begin",
    "Begun",
    "Choice",
    "ChoiceCarriedOut",
    "ChoiceMadeAlready",
    "ChoiceTooLate",
    "Choose",
    "Chosen",
    "ChosenBecause",
    "Close",
    "Closed",
    "Count",
    "DeadlinePassed",
    "Entry",
    "FanOut",
    "FanOutClosed",
    "FanOutCommand",
    "FanOutEvent",
    "FanOutUnknown",
    "Found",
    "Item",
    "ItemKind",
    "NotToBeKept",
    "NotUnderWay",
    "NothingChosen",
    "Outcome",
    "RanOut",
    "ReassignedToNobody",
    "Settle",
    "Settled",
    "StillOpen",
    "TheirsNoLonger",
    "agenda",
    "decide",
    "decider",
    "evolve",
    "stream",
    "whose",
]
