"""A fan-out as it stands, and what each event makes of it."""

from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from domain.restraint.fan_out_messages import (
    Begun,
    Choice,
    Chosen,
    Closed,
    Count,
    FanOutEvent,
    Found,
    Item,
    RanOut,
    Settled,
)

EntryStatus: TypeAlias = Literal["waiting", "chosen", "done", "refused"]


class Entry(Struct, frozen=True, omit_defaults=True):
    """What becomes of one item."""

    item: Item
    status: EntryStatus = "waiting"
    choice: Choice | None = None
    to: str = ""
    reason: str = ""
    by: str = ""
    by_default: bool = False
    code: str = ""
    """Of the refusal, where the choice was not possible."""
    tries: int = 0
    """How often something was chosen."""

    @property
    def undecided(self) -> bool:
        """Somebody has yet to choose, or to choose again."""
        return self.status == "waiting" or (self.status == "refused" and not self.by_default)


class FanOut(Struct, frozen=True):
    """Everything that was under way with a vendor when a sanction came."""

    vendor: str = ""
    sanction: int = 0
    restraint: str = ""
    areas: tuple[str, ...] = ()
    entries: tuple[Entry, ...] = ()
    begun_at: datetime | None = None
    deadline: datetime | None = None
    closed_at: datetime | None = None
    report: tuple[Count, ...] = ()
    latest: datetime | None = None

    def one(self, item: str) -> Entry | None:
        """What becomes of an item, by its id."""
        return next((each for each in self.entries if each.item.id == item), None)

    @property
    def undecided(self) -> tuple[Entry, ...]:
        """Those that wait for a choice."""
        return tuple([each for each in self.entries if each.undecided])

    @property
    def to_do(self) -> tuple[Entry, ...]:
        """Those whose choice is to be carried out."""
        return tuple([each for each in self.entries if each.status == "chosen"])


def evolve(state: FanOut, event: FanOutEvent) -> FanOut:
    """Remember what was found, chosen and done."""
    state = replace(state, latest=event.at if state.latest is None else max(state.latest, event.at))
    match event:
        case Begun():
            return replace(
                state,
                vendor=event.vendor,
                sanction=event.sanction,
                restraint=event.restraint,
                areas=event.areas,
                entries=tuple([Entry(item) for item in event.items]),
                begun_at=event.at,
                deadline=event.deadline,
            )
        case Found(items=items, deadline=deadline):
            return replace(state, entries=(*state.entries, *[Entry(item) for item in items]), deadline=deadline)
        case Closed(at=at, report=report):
            return replace(state, closed_at=at, report=report)
        case _:
            return replace(state, entries=tuple([_after(each, event) for each in state.entries]))


def _after(entry: Entry, event: Chosen | RanOut | Settled) -> Entry:
    match event:
        case RanOut():
            if entry.item.id not in event.items:
                return entry
            return Entry(entry.item, "chosen", event.choice, by_default=True, tries=entry.tries + 1)
        case _ if entry.item.id != event.item:
            return entry
        case Chosen():
            return Entry(entry.item, "chosen", event.choice, event.to, event.reason, event.by, tries=entry.tries + 1)
        case Settled():
            return replace(entry, status=event.outcome, code=event.code)
