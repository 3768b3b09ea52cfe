"""Whom the log says to forget: people whose data is erased, or may only be kept, by the events of any lifecycle."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from domain.decider import Event
from domain.lifecycles import AnyDecider
from domain.ports import Recorded
from projections.projection import Unreadable


class _Telling(NamedTuple):
    decider: AnyDecider
    decode: Callable[[bytes], Event]


class Forgotten:
    """Finds them in batches of the log. Lifecycles that forget nobody cost nothing."""

    def __init__(self, deciders: Sequence[AnyDecider]) -> None:
        self._telling: Mapping[str, _Telling] = {
            tag: _Telling(decider, msgspec.json.Decoder(event).decode)
            for decider in deciders
            if decider.forgets
            for tag, event in decider.tags.items()
        }

    def people(self, batch: Sequence[Recorded]) -> set[str]:
        """Ids of the people who are erased or restricted by events of a batch. Raises Unreadable."""
        if not self._telling:
            return set()
        found: set[str] = set()
        for recorded in batch:
            telling = self._telling.get(recorded.tag)
            if telling is not None:
                event = _decoded(telling, recorded)
                found.add(telling.decider.erases(recorded.stream, event))
                found.add(telling.decider.restricts(recorded.stream, event))
        return found - {""}


def _decoded(telling: _Telling, recorded: Recorded) -> Event:
    try:
        return telling.decode(recorded.body)
    except msgspec.MsgspecError as error:
        msg = f"event {recorded.position} ({recorded.tag}) of stream {recorded.stream}: {error}"
        raise Unreadable(msg) from error
