"""The clock of any lifecycle: it waits for the next moment on the agenda, and says when it has come.

    look at the agenda -> wait for its moment, or for news -> tell the lifecycle that the moment has come -> look again

It holds no rule: what comes next, and what it means that a moment has come, is decided in the domain, anew each time.
So it may be asked too often, too late, or twice, without harm; pausing is an empty agenda; and whoever lost all clocks
starts them again from the log. With nothing on the agenda it ends, and the next fact starts it again.
"""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from workflows.activities import Activities
    from workflows.messages import Agenda, Facts, Moment, Watch

_PATIENT = RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=10))
"""A database may be away, an old worker may not know a new lifecycle: neither is a reason to give up."""

_IN_VAIN = timedelta(hours=1)
"""How long to leave a lifecycle alone that did nothing about a moment that it had asked for itself."""


@workflow.defn(name="Clock")
class Clock:
    """Watches one stream for as long as something is on its agenda."""

    @workflow.init
    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._seen = watch.seen
        self._heard = 0
        self._agenda: Agenda | None = None

    @workflow.run
    async def run(self, watch: Watch) -> None:  # noqa: ARG002 - `__init__` has taken it
        """Look, wait, tell, until there is nothing left to wait for."""
        told: Agenda | None = None
        while True:
            agenda = await self._look()
            if agenda.due is None:
                if self._has_news:
                    continue
                return
            if not await self._news_before(agenda, in_vain=agenda == told):
                await self._tell(agenda)
                told = agenda
            if workflow.info().is_continue_as_new_suggested():
                await workflow.wait_condition(workflow.all_handlers_finished)
                workflow.continue_as_new(
                    Watch(lifecycle=self._watch.lifecycle, stream=self._watch.stream, seen=self._seen)
                )

    @workflow.signal
    def facts(self, news: Facts) -> None:
        """Something was appended to the stream. What was looked at already is no news, in whatever order it arrives."""
        if news.position > self._seen:
            self._heard = max(self._heard, news.position)

    @workflow.query
    def agenda(self) -> Agenda | None:
        """What the clock waits for: for operators."""
        return self._agenda

    @property
    def _has_news(self) -> bool:
        return self._heard > self._seen

    async def _look(self) -> Agenda:
        """Read the agenda. What was heard until then is in it; a position beyond the log does not deafen us."""
        self._heard = 0
        agenda = await workflow.execute_local_activity_method(
            Activities.agenda, self._watch, start_to_close_timeout=timedelta(seconds=10), retry_policy=_PATIENT
        )
        self._seen = agenda.position
        self._agenda = agenda
        return agenda

    async def _news_before(self, agenda: Agenda, *, in_vain: bool) -> bool:
        """Wait for the moment on the agenda. True when news came first, or when it was told already, in vain."""
        if agenda.due is None:
            return True
        wait = _IN_VAIN if in_vain else agenda.due.at - workflow.now()
        if wait <= timedelta(0):
            return False
        try:
            await workflow.wait_condition(lambda: self._has_news, timeout=wait, timeout_summary=agenda.due.label)
        except TimeoutError:
            return False
        return True

    async def _tell(self, agenda: Agenda) -> None:
        """Tell the lifecycle that its moment has come: at that moment, not when we got round to it."""
        if agenda.due is None:
            return
        moment = Moment(
            lifecycle=self._watch.lifecycle,
            stream=self._watch.stream,
            label=agenda.due.label,
            at=agenda.due.at,
            version=agenda.version,
            position=agenda.position,
        )
        await workflow.execute_activity_method(
            Activities.elapse,
            moment,
            start_to_close_timeout=timedelta(seconds=30),
            retry_policy=_PATIENT,
            summary=agenda.due.label,
        )
