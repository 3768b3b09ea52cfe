"""The shape of every lifecycle: commands are decided against the past, and become events.

    command + state -> decide -> events        (may refuse)
    state + event   -> evolve -> state         (may not refuse: the past always folds)

A rule that spans lifecycles *asks* for the state of another stream while it decides. Whoever runs the decision loads
what was asked for, decides again, and appends with a guard: "what I read is still so".

The shape is Jérémie Chassaing's "Functional Event Sourcing Decider" (2021).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Generic, Protocol, TypeVar
from uuid import UUID, uuid5

import msgspec


class Command(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="do"):
    """A wish, in the imperative: `Approve`, `Pause`. It is decided and forgotten; only its events are kept."""


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", omit_defaults=True):
    """A fact, in the past tense. Stored under its tag (`work_order.paused`) for ever, never under a module path."""


class Elapse(Command, frozen=True, tag="elapse"):
    """A moment on the agenda has come. Sent by the clock workflow, the same for every lifecycle."""

    label: str
    at: datetime


class Due(msgspec.Struct, frozen=True, order=True):
    """The next absolute moment at which a lifecycle wants to be woken, and for what."""

    at: datetime
    label: str


class Refused(Exception):
    """This cannot be done now."""

    def __init__(self, **details: str | int | datetime | None) -> None:
        super().__init__(type(self).__name__)
        self.details = details

    @property
    def code(self) -> str:
        """The stable name that programs look at."""
        return type(self).__name__

    @classmethod
    def sentence(cls) -> str:
        """The sentence people read, in English; the door to the outside translates it."""
        return " ".join((cls.__doc__ or "").split())


class NotAllowedNow(Refused):
    """This is not possible in the present state."""


class Whose(msgspec.Struct, frozen=True):
    """Whom and where a thing concerns: what decides who may see and change it. Ids and codes only."""

    areas: tuple[str, ...] = ()
    """Codes in the area tree; whoever is responsible for an area is so for what lies in it."""
    organisations: tuple[str, ...] = ()
    """Ids of the organisations that have to do with it."""
    people: tuple[str, ...] = ()
    """Ids of the people it is about: who reported, who is treated, who has it to do."""
    facet: str = ""
    """Tells apart commands that look alike but weigh differently, such as giving a small or a powerful role."""


S = TypeVar("S")
S_co = TypeVar("S_co", covariant=True)
C = TypeVar("C", bound=Command)
E = TypeVar("E", bound=Event)


class Lifecycle(Protocol[S_co]):
    """What is needed to know the state of a stream: the name of its lifecycle and where every such stream begins."""

    @property
    def name(self) -> str: ...
    @property
    def initial(self) -> S_co: ...


class Ask(Protocol):
    """Hand to a decision the present state of another stream (its `initial` when nothing ever happened there)."""

    def __call__(self, lifecycle: Lifecycle[S], stream: UUID, /) -> S: ...


class Unread(Exception):
    """A decision asked for a stream that is not loaded yet: load it and decide again."""

    def __init__(self, lifecycle: Lifecycle[object], stream: UUID) -> None:
        super().__init__(lifecycle.name, stream)
        self.lifecycle = lifecycle
        self.stream = stream


def _nothing_due(_state: object) -> Due | None:
    return None


def _nobodys(_stream: UUID, _state: object, _command: object) -> Whose:
    return Whose()


def _erases_nobody(_stream: UUID, _event: object) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Decider(Generic[C, S, E]):
    """One lifecycle: its name (also the prefix of its event tags), where it begins, how it decides and how it folds."""

    name: str
    initial: S
    decide: Callable[[C, S, Ask], Sequence[E]]
    evolve: Callable[[S, E], S]
    commands: tuple[type[C], ...]
    events: tuple[type[E], ...]
    agenda: Callable[[S], Due | None] = _nothing_due
    whose: Callable[[UUID, S, C | None], Whose] = _nobodys
    """Whom a stream in this state concerns; with a command, whom doing that would concern (a new thing is nobody's)."""
    erases: Callable[[UUID, E], str] = _erases_nobody
    """The id of the person whose data is erased by this event, `""` for all others."""
    restricts: Callable[[UUID, E], str] = _erases_nobody
    """The id of the person whose data may only be kept from this event on, `""` for all others."""
    tags: Mapping[str, type[E]] = field(init=False)

    EVENT_TAG: ClassVar[str] = "type"

    def __post_init__(self) -> None:
        tags = {tag_of(event): event for event in self.events}
        strangers = [tag for tag in tags if not tag.startswith(f"{self.name}.")]
        if strangers or len(tags) != len(self.events):
            msg = f"every event of {self.name} needs a tag of its own that starts with '{self.name}.': {strangers}"
            raise ValueError(msg)
        object.__setattr__(self, "tags", tags)

    @property
    def forgets(self) -> bool:
        """Whether there are events that erase what is held about a person, or restrict what is done with it."""
        return self.erases is not _erases_nobody or self.restricts is not _erases_nobody

    def fold(self, events: Sequence[E], state: S | None = None) -> S:
        """The state that these events lead to."""
        now = self.initial if state is None else state
        for event in events:
            now = self.evolve(now, event)
        return now


def tag_of(message: type[Event | Command] | Event | Command) -> str:
    """The tag that an event is stored under, or that a command is called by."""
    tag = message.__struct_config__.tag
    if not isinstance(tag, str):
        msg = f"{message!r} has no tag"
        raise TypeError(msg)
    return tag


_NAMESPACE = UUID("6c696e6c-6900-5000-8000-e982bbe9878c")


def derived_id(lifecycle: str, key: str) -> UUID:
    """The id of a stream that there can be only one of: whoever derives it from the same key means the same stream."""
    return uuid5(_NAMESPACE, f"{lifecycle}/{key}")
