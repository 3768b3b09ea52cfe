"""What is said to and of a fan-out: commands and events."""

from datetime import datetime
from typing import Annotated, Literal, TypeAlias, final

from msgspec import Meta, Struct

from domain.decider import Command, Elapse, Event
from domain.privacy.personal import Key
from domain.restraint.sanction_messages import By, Instant, Number, SanctionKind, VendorId

ItemKind: TypeAlias = Literal["engagement", "work_order"]
Choice: TypeAlias = Literal["keep", "hold", "reassign", "cancel"]
"""keep: it may be finished and is paid. hold: nothing goes on and nothing is paid until somebody says so.
reassign: another vendor does it. cancel: it need not be done."""
ChosenBecause: TypeAlias = Literal[
    "nearly_done", "safety", "no_replacement", "replacement_found", "not_needed", "investigation", "other"
]
Outcome: TypeAlias = Literal["done", "refused"]
ItemId: TypeAlias = Annotated[
    str, Meta(min_length=1, max_length=64, description="The id of an engagement or work order.")
]


class Item(Struct, frozen=True, omit_defaults=True):
    """Something under way with the vendor when the sanction came."""

    kind: ItemKind
    id: Key
    """Of its stream."""
    category: Key = ""
    area: Key = ""
    status: Key = ""
    """How far it had come when it was found."""


class Count(Struct, frozen=True, omit_defaults=True):
    """A line of the completion report: so many items came out like this."""

    choice: Choice
    outcome: Outcome
    number: int
    by_default: bool = False
    """Nobody had chosen by the deadline."""


@final
class Begin(Command, frozen=True, tag="begin"):
    """Ask for a choice about everything under way with a sanctioned vendor. Again: about what was found since."""

    at: Instant
    vendor: VendorId
    sanction: Number
    items: Annotated[tuple[Item, ...], Meta(max_length=10_000)]
    deadline: Instant | None = None
    """Without one: three days from now. Whatever nobody has chosen for by then is held."""


@final
class Choose(Command, frozen=True, tag="choose"):
    """Say what becomes of one item. When that turns out not to be possible, choose again."""

    at: Instant
    by: By
    item: ItemId
    choice: Choice
    reason: ChosenBecause
    to: Annotated[str, Meta(max_length=64, description="Reassigned: the id of the other vendor.")] = ""


@final
class Settle(Command, frozen=True, tag="settle"):
    """The choice about an item was carried out, or was refused."""

    at: Instant
    item: ItemId
    outcome: Outcome
    code: Annotated[str, Meta(max_length=64)] = ""
    """Of the refusal."""


@final
class Close(Command, frozen=True, tag="close"):
    """Everything is settled: report."""

    at: Instant


@final
class Begun(Event, frozen=True, tag="fan_out.begun"):
    at: datetime
    vendor: Key
    sanction: int
    restraint: SanctionKind
    deadline: datetime
    items: tuple[Item, ...] = ()
    areas: tuple[Key, ...] = ()
    """The smallest area that takes in all areas of the sanction; none: the whole city."""


@final
class Found(Event, frozen=True, tag="fan_out.found"):
    """Items that were begun just before the sanction and were seen only now."""

    at: datetime
    items: tuple[Item, ...]
    deadline: datetime


@final
class Chosen(Event, frozen=True, tag="fan_out.chosen"):
    at: datetime
    by: Key
    item: Key
    choice: Choice
    reason: ChosenBecause
    to: Key = ""


@final
class RanOut(Event, frozen=True, tag="fan_out.ran_out"):
    """The deadline passed, and these were left: held, or kept where the sanction had ended by then."""

    at: datetime
    items: tuple[Key, ...]
    choice: Choice = "hold"


@final
class Settled(Event, frozen=True, tag="fan_out.settled"):
    at: datetime
    item: Key
    choice: Choice
    outcome: Outcome
    code: Key = ""


@final
class Closed(Event, frozen=True, tag="fan_out.closed"):
    at: datetime
    report: tuple[Count, ...] = ()


FanOutCommand: TypeAlias = Begin | Choose | Settle | Close | Elapse
FanOutEvent: TypeAlias = Begun | Found | Chosen | RanOut | Settled | Closed
