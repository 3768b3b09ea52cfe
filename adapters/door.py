"""The one door for change: load, fold, permit, decide, seal, append.

Whether the actor may is asked before anything is decided, and rests on the actor's appointments like on any other
stream that was asked: a role that is taken away meanwhile takes the decision with it. What is personal in the events is
sealed before it goes into the log, and the state that is kept is the one that the sealed events lead to.

States are kept in memory between commands and never trusted: an append names the version it was decided on and fails
when the stream has moved on, and an answer that appends nothing (a refusal, "nothing to do") is given only after a look
at the log that found nothing newer. A decision that asked for other streams is appended with a guard on each of them.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import msgspec

from adapters.order import AnyDecider, Order, Outcome, decide_all, encoded, of_people, repeat
from adapters.turns import Turns
from domain.access.duties import REMEMBERED, told
from domain.access.permission import Denied, Permit
from domain.decider import Command, Decider, Event, Lifecycle, Refused, Unread, tag_of
from domain.ports import (
    Busy,
    CommandIdReused,
    Conflict,
    Context,
    Done,
    Forged,
    Ledger,
    Loaded,
    NewEvent,
    OtherLifecycle,
    Recorded,
    SealedEvents,
    Vault,
    VersionMismatch,
)
from domain.privacy.sealing import bound, holds_personal

S = TypeVar("S")
C = TypeVar("C", bound=Command)
E = TypeVar("E", bound=Event)

_ATTEMPTS = 100


class _Asked(NamedTuple):
    decider: AnyDecider
    stream: UUID
    version: int


class _Verdict(NamedTuple):
    events: Sequence[Event]
    state: Any  # of the lifecycle at hand
    asked: tuple["_Asked", ...]
    grounds: str = ""
    no: Refused | Denied | VersionMismatch | None = None


class _Memory:
    """Hands a decision the states that are remembered (an `Ask`), and notes which version of each it rests on."""

    __slots__ = ("_asked", "_recall", "_states")

    def __init__(self, recall: Callable[[AnyDecider, UUID], Loaded[Any] | None]) -> None:
        self._recall = recall
        self._states: dict[tuple[str, UUID], Any] = {}
        self._asked: list[_Asked] = []

    def __call__(self, lifecycle: Lifecycle[S], stream: UUID, /) -> S:
        if (lifecycle.name, stream) not in self._states:
            unread = Unread(lifecycle, stream)
            decider = _decider(unread)
            loaded = self._recall(decider, stream)
            if loaded is None:
                raise unread
            self.take(_Asked(decider, stream, loaded.version), loaded.state)
        state: S = self._states[lifecycle.name, stream]
        return state

    def take(self, asked: _Asked, state: object) -> None:
        """Here is the state of a stream at a version: the decision rests on it."""
        self._asked.append(asked)
        self._states[asked.decider.name, asked.stream] = state

    def is_none(self, decider: AnyDecider, stream: UUID) -> None:
        """The stream holds another kind of thing, so there is nothing of this kind, and never will be: streams do not
        change their kind, and no guard is needed.
        """
        self._states[decider.name, stream] = decider.initial

    @property
    def asked(self) -> tuple[_Asked, ...]:
        """What the decision rests on."""
        return tuple(self._asked)


class LedgerDoor:
    """Implements `domain.ports.Door`. `permit` says who may do what, `vault` seals what is personal, `remember` is how
    many states are kept in memory.
    """

    def __init__(self, ledger: Ledger, *, permit: Permit, vault: Vault, remember: int = 10_000) -> None:
        self._ledger = ledger
        self._permit = permit
        self._vault = vault
        self._remember = remember
        self._states: OrderedDict[UUID, Loaded[Any]] = OrderedDict()
        self._turns = Turns()
        self._decoders: dict[str, msgspec.json.Decoder[Any]] = {}

    async def execute(
        self,
        decider: Decider[C, S, E],
        stream: UUID,
        commands: C | Sequence[C],
        context: Context,
        *,
        expected_version: int | None = None,
    ) -> Done:
        """Decide one command, or several as one all-or-nothing step."""
        wishes: Sequence[Command] = (commands,) if isinstance(commands, Command) else commands
        order = Order(decider, stream, wishes, context, expected_version, self._vault.fingerprint)
        await self._turns.acquire(stream)
        try:
            for _ in range(_ATTEMPTS):
                done = await self._attempt(order)
                if done is not None:
                    return done
        finally:
            self._turns.release(stream)
        raise Busy  # what the decision rests on moved on again and again

    async def load(self, decider: Decider[C, S, E], stream: UUID) -> Loaded[S]:
        """The present state of a stream."""
        return await self._refresh(decider, stream)

    # One attempt ------------------------------------------------------------------------------------------------------

    async def _attempt(self, order: Order) -> Done | None:
        """Decide and record once; None when the stream, or one that the decision asked for, has moved on meanwhile."""
        loaded = self._remembered(order.decider, order.stream) or await self._refresh(order.decider, order.stream)
        verdict = await self._consider(order, loaded)
        if not verdict.events and await self._moved_on(order, loaded, verdict):
            return None
        if verdict.no is not None:
            return await self._refuse(order, verdict.no)
        if not verdict.events and order.context.command_id is None:
            return Done(stream=order.stream, version=loaded.version, position=loaded.position, events=0)
        return await self._record(order, loaded, verdict)

    async def _consider(self, order: Order, loaded: Loaded[Any]) -> _Verdict:
        """Let the lifecycle decide; whenever it asks for a stream that is not at hand, load it and decide again."""
        memory = _Memory(self._recalled)
        while True:
            try:
                events, state, grounds = decide_all(order, loaded, memory, self._permit)
            except (Refused, Denied, VersionMismatch) as no:
                return _Verdict((), None, memory.asked, no=no)
            except Unread as unread:
                other: AnyDecider = _decider(unread)
                try:
                    at_hand = await self._refresh(other, unread.stream)
                except OtherLifecycle:
                    memory.is_none(other, unread.stream)
                    continue
                self._keep(unread.stream, at_hand)  # that nothing is there is worth remembering too: a guard watches it
                memory.take(_Asked(other, unread.stream, at_hand.version), at_hand.state)
            else:
                return _Verdict(events, state, memory.asked, grounds)

    async def _moved_on(self, order: Order, loaded: Loaded[Any], verdict: _Verdict) -> bool:
        """Look at the log once more before saying no, or "nothing to do"."""
        seen = (*verdict.asked, _Asked(order.decider, order.stream, loaded.version))
        return any([(await self._refresh(decider, stream)).version != version for decider, stream, version in seen])

    async def _refuse(self, order: Order, no: Refused | Denied | VersionMismatch) -> Done:
        """Say no; under a command id, say what was said the first time."""
        command_id = order.context.command_id
        if command_id is None:
            raise no
        if not isinstance(no, Refused):  # not kept: who is allowed later, or looks again, may send the same once more
            found = await self._ledger.find(command_id)
            if found is None:
                raise no
            fingerprint, receipt = found
            if fingerprint == order.fingerprint:  # it was done: that may be the very reason why it is denied by now
                return repeat(receipt)
            raise no if isinstance(no, Denied) else CommandIdReused
        details: dict[str, str | int | None] = {
            key: value.isoformat() if isinstance(value, datetime) else value for key, value in no.details.items()
        }
        outcome = Outcome(order.stream, refused=no.code, details=details)
        receipt = await self._ledger.append(order.append((), encoded(outcome), (), ""))
        if receipt.duplicate and receipt.outcome:
            return repeat(receipt)
        raise no

    async def _record(self, order: Order, loaded: Loaded[Any], verdict: _Verdict) -> Done | None:
        version = loaded.version + len(verdict.events)
        outcome = b""
        if order.context.command_id is not None:
            outcome = encoded(Outcome(order.stream, version, len(verdict.events)))
        guards = tuple((stream, version) for _, stream, version in verdict.asked)
        sealed = await self._sealed(order, loaded, verdict)
        events = tuple(
            NewEvent(order.stream, loaded.version + number, tag_of(event), encoded(event))
            for number, event in enumerate(sealed.events, 1)
        )
        request = order.append(events, outcome, guards, verdict.grounds, of_people(order, sealed.events, sealed.keys))
        try:
            receipt = await self._ledger.append(request)
        except Conflict:
            self._states.pop(order.stream, None)
            for _, stream, _ in verdict.asked:
                self._states.pop(stream, None)
            return None
        if receipt.duplicate and receipt.outcome:
            self._states.pop(order.stream, None)
            return repeat(receipt)
        if events:
            hands = told(loaded.hands, [(event.tag, order.context.actor) for event in events])
            self._keep(order.stream, Loaded(sealed.state, version, receipt.position, hands))
        return Done(stream=order.stream, version=version, position=receipt.position, events=len(events))

    async def _sealed(self, order: Order, loaded: Loaded[Any], verdict: _Verdict) -> SealedEvents[Any, Event]:
        """The events as they go into the log, and the state that they lead to: neither tells anything personal."""
        events, evolve = verdict.events, order.decider.evolve
        if not holds_personal(events):
            return SealedEvents(tuple(events), verdict.state)
        place = (order.stream, loaded.version)
        at_once = self._vault.try_seal(*place, events, loaded.state, evolve)
        return at_once or await self._vault.seal(*place, events, loaded.state, evolve)

    # States -----------------------------------------------------------------------------------------------------------

    async def _refresh(self, decider: AnyDecider, stream: UUID) -> Loaded[Any]:
        """The state of a stream as of now: what is remembered, and what came after."""
        known = self._remembered(decider, stream) or Loaded(decider.initial, 0, 0)
        tail = await self._ledger.read(stream, after=known.version)
        if not tail:
            return known
        state = decider.fold([self._decode(decider, row) for row in tail], known.state)
        hands = told(known.hands, [(row.tag, _actor(row)) for row in tail if row.tag in REMEMBERED])
        fresh = Loaded(state, tail[-1].version, tail[-1].position, hands)
        self._keep(stream, fresh)
        return fresh

    def _remembered(self, decider: AnyDecider, stream: UUID) -> Loaded[Any] | None:
        loaded = self._states.get(stream)
        if loaded is not None and not isinstance(loaded.state, type(decider.initial)):
            if not loaded.version:
                return None  # somebody else asked for it before anything happened there
            msg = f"stream {stream} holds a {type(loaded.state).__name__}, which is not a {decider.name}"
            raise OtherLifecycle(msg)
        return loaded

    def _recalled(self, decider: AnyDecider, stream: UUID) -> Loaded[Any] | None:
        """The same for a decision; what is of another kind has to be looked up."""
        try:
            return self._remembered(decider, stream)
        except OtherLifecycle:
            return None

    def _keep(self, stream: UUID, loaded: Loaded[Any]) -> None:
        present = self._states.get(stream)
        if present is not None and present.version > loaded.version:
            return
        self._states[stream] = loaded
        self._states.move_to_end(stream)
        if len(self._states) > self._remember:
            self._states.popitem(last=False)

    def _decode(self, decider: AnyDecider, row: Recorded) -> Event:
        decoder = self._decoders.get(row.tag)
        if decoder is None or row.tag not in decider.tags:
            if row.tag not in decider.tags:
                msg = f"stream {row.stream} holds {row.tag!r}, which is not an event of {decider.name}"
                raise OtherLifecycle(msg)
            decoder = self._decoders[row.tag] = msgspec.json.Decoder(decider.tags[row.tag])
        event: Event = decoder.decode(row.body)
        if not bound(event, row.version):
            raise Forged(row.stream, row.tag, row.version)
        return event


def _decider(unread: Unread) -> AnyDecider:
    lifecycle: Any = unread.lifecycle  # decisions name other lifecycles by their deciders
    decider: AnyDecider = lifecycle
    return decider


def _actor(row: Recorded) -> str:
    return "" if row.meta is None else _decode_actor(row.meta).actor


class _Envelope(msgspec.Struct):
    actor: str = ""


_decode_actor = msgspec.json.Decoder(_Envelope).decode
