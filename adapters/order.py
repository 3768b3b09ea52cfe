"""One order on its way through the door: what was asked for, may it be, what comes of it, how it goes into the ledger.

Nothing here reads or writes; the door does.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

import msgspec

from adapters.ids import new_id
from domain.access.duties import Hands, told
from domain.access.permission import Permit, Question
from domain.decider import Ask, Command, Decider, Event, Refused, tag_of
from domain.ports import Append, Context, Done, Loaded, Metadata, NewEvent, Receipt, VersionMismatch

AnyDecider: TypeAlias = Decider[Any, Any, Any]  # the door serves all lifecycles alike

encoded = msgspec.json.Encoder().encode


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True, rename={"stream": "s", "version": "v", "events": "n"}):
    """The answer to a command, kept under its id: what was done, or the refusal."""

    stream: UUID
    version: int = 0
    events: int = 0
    refused: str | None = None
    details: dict[str, str | int | None] | None = None


_decode_outcome = msgspec.json.Decoder(Outcome).decode


class OfPeople(NamedTuple):
    """What an append does to the keys of people."""

    sealed_with: tuple[tuple[UUID, UUID], ...] = ()
    erases: tuple[str, ...] = ()
    restricts: tuple[str, ...] = ()


class Order:
    """What one caller wants: commands on one stream, to be decided and recorded as one step.

    `keyed` hashes what they said with a key: what is kept to know a repeat by outlives everything that is erased.
    """

    __slots__ = ("_id", "context", "decider", "expected_version", "fingerprint", "stream", "wishes")

    def __init__(  # noqa: PLR0913, PLR0917 - what it is made of
        self,
        decider: AnyDecider,
        stream: UUID,
        wishes: Sequence[Command],
        context: Context,
        expected_version: int | None,
        keyed: Callable[[bytes], bytes],
    ) -> None:
        self.decider = decider
        self.stream = stream
        self.wishes = wishes
        self.context = context
        self.expected_version = expected_version
        self.fingerprint = b"" if context.command_id is None else keyed(context.fingerprint or _said(self))
        self._id = context.command_id or new_id()

    def append(
        self,
        events: tuple[NewEvent, ...],
        outcome: bytes,
        guards: tuple[tuple[UUID, int], ...],
        grounds: str,
        people: "OfPeople" = OfPeople(),  # noqa: B008 - nothing in it can change
    ) -> Append:
        """The request to the ledger that records a decision of this order."""
        context = self.context
        meta = Metadata(
            actor=context.actor,
            occurred_at=context.occurred_at,
            command_id=self._id,
            correlation_id=context.correlation_id,
            caused_by=context.caused_by,
            grounds=grounds,
        )
        return Append(
            events=events,
            meta=encoded(meta),
            command_id=context.command_id,
            fingerprint=self.fingerprint,
            outcome=outcome,
            guards=guards,
            sealed_with=people.sealed_with,
            erases=people.erases,
            restricts=people.restricts,
        )


def of_people(order: Order, events: Sequence[Event], keys: Iterable[UUID]) -> OfPeople:
    stream, decider = order.stream, order.decider
    return OfPeople(
        tuple((key, stream) for key in keys),
        tuple(filter(None, (decider.erases(stream, event) for event in events))),
        tuple(filter(None, (decider.restricts(stream, event) for event in events))),
    )


def _said(order: Order) -> bytes:
    return encoded((order.decider.name, order.stream, order.wishes))


def decide_all(order: Order, loaded: Loaded[Any], ask: Ask, permit: Permit) -> tuple[Sequence[Event], Any, str]:
    """The events of all commands, the state that they lead to, and the grounds on which they were allowed.

    Raises Denied before anything else, so that nobody learns from a refusal what they may not see.
    """
    decider, state, hands = order.decider, loaded.state, loaded.hands
    events: list[Event] = []
    grounds: dict[str, None] = {}
    for wish in order.wishes:
        grounds[permit(_question(order, wish, state, hands, loaded.version + len(events)), ask)] = None
        if order.expected_version is not None and order.expected_version != loaded.version:
            raise VersionMismatch(order.expected_version, loaded.version)
        news = decider.decide(wish, state, ask)
        for event in news:
            state = decider.evolve(state, event)
        events.extend(news)
        hands = told(hands, [(tag_of(event), order.context.actor) for event in news])
    return tuple(events), state, "; ".join(grounds)


def _question(order: Order, wish: Command, state: Any, hands: Hands, version: int) -> Question:
    decider, stream, context = order.decider, order.stream, order.context
    return Question(
        actor=context.actor,
        at=context.asked_at or context.occurred_at,
        permission=f"{decider.name}.{tag_of(wish)}",
        whose=decider.whose(stream, state, wish),
        present=decider.whose(stream, state, None) if version else None,
        hands=hands,
        scopes=context.scopes,
    )


def _refusals() -> dict[str, type[Refused]]:
    found: dict[str, type[Refused]] = {}
    wanted = [Refused]
    while wanted:
        refusal = wanted.pop()
        found[refusal.__name__] = refusal
        wanted.extend(refusal.__subclasses__())
    return found


def repeat(receipt: Receipt) -> Done:
    """The answer that was given to a command the first time."""
    outcome = _decode_outcome(receipt.outcome)
    if outcome.refused is not None:
        raise _refusals().get(outcome.refused, Refused)(**(outcome.details or {}))
    return Done(
        stream=outcome.stream,
        version=outcome.version,
        position=receipt.position,
        events=outcome.events,
        duplicate=True,
    )
