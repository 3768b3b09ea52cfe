"""Asking a question of the domain without changing anything: what would be decided now, and on what it would rest."""

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from domain import lifecycles
from domain.decider import Ask, Lifecycle, Unread
from domain.ports import Door

S = TypeVar("S")
T = TypeVar("T")


async def answered(door: Door, question: Callable[[Ask], T]) -> T:
    """The answer to a question that asks for other streams. Raises what the question raises (`Refused`)."""
    known: dict[UUID, object] = {}

    def ask(lifecycle: Lifecycle[S], stream: UUID, /) -> S:
        state = known.get(stream)
        if not isinstance(state, type(lifecycle.initial)):
            raise Unread(lifecycle, stream)
        return state

    while True:
        try:
            return question(ask)
        except Unread as unread:
            decider = lifecycles.by_name[unread.lifecycle.name]
            known[unread.stream] = (await door.load(decider, unread.stream)).state
