"""Given, when, then: the specification of a lifecycle as sentences.

given(work_order.decider, reported, triaged).knowing(service_agreement.decider, stream, published)
    .when(Assign(...)).then(Assigned(...)) | .then_refused(NotTriaged) | .then_nothing()

The past can be told as events (`given`) or as the commands that led to it (`after`). A stream that nothing is known of
is empty.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar
from uuid import UUID

from domain.decider import Command, Decider, Event, Lifecycle, Refused

C = TypeVar("C", bound=Command)
S = TypeVar("S")
E = TypeVar("E", bound=Event)
C2 = TypeVar("C2", bound=Command)
S2 = TypeVar("S2")
E2 = TypeVar("E2", bound=Event)


class Streams:
    """The other streams of a scenario: what a decision is told when it asks."""

    def __init__(self, states: Mapping[UUID, object]) -> None:
        self._states = states

    def __call__(self, lifecycle: Lifecycle[S], stream: UUID, /) -> S:
        state = self._states.get(stream, lifecycle.initial)
        assert isinstance(state, type(lifecycle.initial)), f"{stream} is not a {lifecycle.name}"
        return state


@dataclass(frozen=True)
class Given(Generic[C, S, E]):
    """A past, and what is known of other streams."""

    decider: Decider[C, S, E]
    past: tuple[E, ...] = ()
    states: Mapping[UUID, object] = field(default_factory=dict[UUID, object])

    def knowing(self, decider: Decider[C2, S2, E2], stream: UUID, *events: E2) -> "Given[C, S, E]":
        """Another stream, by its events."""
        return replace(self, states={**self.states, stream: decider.fold(events)})

    def after(self, *commands: C) -> "Given[C, S, E]":
        """The past that these commands lead to."""
        given = self
        for command in commands:
            given = replace(given, past=given.past + tuple(given.when(command).events()))
        return given

    def when(self, command: C) -> "When[C, S, E]":
        """Decide, and hold what came of it."""
        try:
            return When(self, self.decider.decide(command, self.state, Streams(self.states)), None)
        except Refused as refused:
            return When(self, (), refused)

    @property
    def state(self) -> S:
        """What the past comes to."""
        return self.decider.fold(self.past)


@dataclass(frozen=True)
class When(Generic[C, S, E]):
    """What came of a command."""

    given: Given[C, S, E]
    told: Sequence[E]
    refused: Refused | None

    def events(self) -> Sequence[E]:
        """What happened; fails if the command was refused."""
        assert self.refused is None, f"refused: {self.refused!r} {self.refused.details}"
        return self.told

    def then(self, *expected: E) -> Given[C, S, E]:
        """Exactly this happened. The scenario may go on from there."""
        told = "\n  ".join(map(repr, self.events()))
        assert list(self.events()) == list(expected), f"this happened:\n  {told}"
        return self.go_on()

    def then_nothing(self) -> Given[C, S, E]:
        """It was no news."""
        return self.then()

    def then_refused(self, refusal: type[Refused]) -> Refused:
        """It was refused, for exactly this reason."""
        assert self.refused is not None, f"not refused: {self.told}"
        assert type(self.refused) is refusal, f"refused: {self.refused!r}"
        return self.refused

    def go_on(self) -> Given[C, S, E]:
        """The past with what happened now."""
        return replace(self.given, past=self.given.past + tuple(self.events()))

    @property
    def state(self) -> S:
        """What it all comes to."""
        return self.go_on().state


def given(decider: Decider[C, S, E], *events: E) -> Given[C, S, E]:
    """Begin a scenario with what has happened."""
    return Given(decider, events)
