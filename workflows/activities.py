"""What the clock can do: read an agenda, and tell a lifecycle that a moment has come, through the door like anyone.

A retry changes nothing: the command id follows from the moment. The command carries on the correlation id of the fact
that it follows from, which it finds in the log; so a clock that was rebuilt from the log knows it as well.
"""

from collections.abc import Iterable, Mapping
from uuid import UUID, uuid5

import msgspec
import structlog
from temporalio import activity

from domain.decider import Elapse, Refused
from domain.lifecycles import AnyDecider
from domain.ports import Context, Door, Ledger, Metadata
from workflows.messages import CLOCK, Agenda, Moment, Watch

_MOMENTS = UUID("6c696e6c-6900-5000-8000-636c6f636b73")
_read_meta = msgspec.json.Decoder(Metadata).decode
_log = structlog.stdlib.get_logger()


class UnknownLifecycle(Exception):
    """This worker is older than the lifecycle. Tried again until a newer one picks it up."""


class Activities:
    """The activities of the clock, on one door and one log."""

    def __init__(self, door: Door, ledger: Ledger, deciders: Iterable[AnyDecider]) -> None:
        self._door = door
        self._ledger = ledger
        self._deciders: Mapping[str, AnyDecider] = {decider.name: decider for decider in deciders}

    @activity.defn(name="agenda")
    async def agenda(self, watch: Watch) -> Agenda:
        """What the stream waits for now."""
        decider = self._decider(watch.lifecycle)
        loaded = await self._door.load(decider, watch.stream)
        return Agenda(due=decider.agenda(loaded.state), version=loaded.version, position=loaded.position)

    @activity.defn(name="elapse")
    async def elapse(self, moment: Moment) -> None:
        """Tell the lifecycle that a moment has come. What it makes of it is its own business; nothing, as a rule, when
        the moment is no longer on its agenda.
        """
        correlation_id = await self._correlation(moment)
        context = Context(
            actor=CLOCK,
            occurred_at=moment.at,
            correlation_id=correlation_id,
            command_id=uuid5(_MOMENTS, moment.name),
            caused_by=moment.position,
        )
        elapse = Elapse(label=moment.label, at=moment.at)
        said = _log.bind(
            lifecycle=moment.lifecycle, stream=str(moment.stream), label=moment.label, correlation_id=correlation_id
        )
        try:
            done = await self._door.execute(self._decider(moment.lifecycle), moment.stream, elapse, context)
        except Refused as no:
            said.warning("clock.refused", code=no.code)
        else:
            said.info("clock.elapsed", events=done.events, duplicate=done.duplicate)

    async def _correlation(self, moment: Moment) -> str:
        """The correlation id of the fact that put the moment on the agenda: of the last one before it."""
        facts = await self._ledger.read(moment.stream, after=moment.version - 1, version=moment.version)
        meta = facts[0].meta if facts else None
        return _read_meta(meta).correlation_id if meta else ""

    def _decider(self, lifecycle: str) -> AnyDecider:
        try:
            return self._deciders[lifecycle]
        except KeyError:
            raise UnknownLifecycle(lifecycle) from None
