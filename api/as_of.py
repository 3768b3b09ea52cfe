"""Looking back: a thing as it stood at a moment or at a position of the log, folded from its events.

    recorded   as we knew it: everything that was in the log by then
    occurred   as it was: everything that had happened by then, also what was reported later

So a fact that comes in late changes the second answer about the past and never the first.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple, TypeAlias, TypeVar
from uuid import UUID

import msgspec

from api.problems import Fault, Malformed
from domain.decider import Command, Decider, Event
from domain.ports import Ledger, Metadata, Recorded

C = TypeVar("C", bound=Command)
S = TypeVar("S")
E = TypeVar("E", bound=Event)

Basis: TypeAlias = Literal["recorded", "occurred"]


class Then(NamedTuple):
    """A point in the past: a log position or a moment."""

    position: int | None = None
    moment: datetime | None = None
    basis: Basis = "recorded"


NOW = Then()


def point(as_of: str | None, basis: Basis) -> Then:
    """The point that a query asks for. Raises `Malformed` unless it is a log position or a moment with offset."""
    if as_of is None:
        return NOW
    if as_of.isdecimal() and as_of.isascii() and len(as_of) < len(str(2**63)):
        if basis == "occurred":
            raise Malformed(
                Fault("what had occurred by a log position cannot be said: give a moment", parameter="as_of")
            )
        return Then(position=int(as_of))
    try:
        moment = datetime.fromisoformat(as_of.replace(" ", "+"))  # a plus that nobody escaped arrives as a blank
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Malformed(Fault("a log position, or a moment as 2026-03-01T12:00:00+08:00", parameter="as_of"))
    return Then(moment=moment, basis=basis)


async def events(ledger: Ledger, decider: Decider[C, S, E], stream: UUID, then: Then) -> list[Recorded]:
    """The events of a stream that count at that point; none if it is not a stream of this lifecycle."""
    if then.basis == "occurred" and then.moment is not None:
        rows = [row for row in await ledger.read(stream) if occurred_at(row) <= then.moment]
    else:
        rows = await ledger.read(stream, position=then.position, moment=then.moment)
    return [row for row in rows if row.tag in decider.tags]


def folded(decider: Decider[C, S, E], rows: Sequence[Recorded]) -> S:
    """The state that these events lead to."""
    return decider.fold([msgspec.json.decode(row.body, type=decider.tags[row.tag]) for row in rows])


def occurred_at(row: Recorded) -> datetime:
    """When it happened: what the event itself says, or else its envelope, or else when it was recorded."""
    return _decode_moment(row.body).at or _occurred(row.meta) or row.recorded_at


def _occurred(meta: bytes | None) -> datetime | None:
    return None if meta is None else msgspec.json.decode(meta, type=Metadata).occurred_at


class _Moment(msgspec.Struct):
    at: datetime | None = None


_decode_moment = msgspec.json.Decoder(_Moment).decode
