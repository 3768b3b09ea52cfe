"""What was under way with a vendor when it was suspended or blacklisted is seen to, item by item, and reported on.

    sanction.suspended, sanction.blacklisted
        -> find what is under way -> wait for choices, carry each out -> look once more -> report
                                        fan_out.chosen, fan_out.ran_out (the deadline: what is left is held)

Nothing new begins after the sanction (`sanction.must_not_restrain`), so the second look can find only what slipped in
just before it, and the whole comes to an end. All there is to know is in the log; a fan-out whose workflow was lost
goes on with the next choice, or at the deadline.
"""

from datetime import timedelta
from functools import partial

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from msgspec.structs import replace

    from workflows.fan_outs import NAME, FanOuts
    from workflows.messages import Facts, Left, Restrained

_PATIENT = RetryPolicy(initial_interval=timedelta(milliseconds=500), maximum_interval=timedelta(seconds=30))
_LONGEST = timedelta(minutes=10)
_HEARTBEAT = timedelta(seconds=60)


@workflow.defn(name=NAME)
class SuspensionFanOut:
    """Sees to everything that is under way with one vendor, because of one sanction."""

    @workflow.init
    def __init__(self, fan_out: Restrained) -> None:
        self._fan_out = fan_out
        self._news = 0

    @workflow.signal
    def facts(self, facts: Facts) -> None:
        """Somebody has chosen, or the time to choose is over."""
        self._news = max(self._news, facts.position)

    @workflow.run
    async def run(self, fan_out: Restrained) -> None:
        """Find, carry out, look again, report."""
        await self._find()
        while True:
            seen = self._news
            left = await self._carry_out()
            if left.undecided:
                await workflow.wait_condition(partial(self._told_more_than, seen))
                if workflow.info().is_continue_as_new_suggested():
                    workflow.continue_as_new(fan_out)
            elif not left.to_do and not await self._find():
                await self._report()
                return

    def _told_more_than(self, seen: int) -> bool:
        return self._news > seen

    async def _find(self) -> bool:
        """Whether anything is under way that was not known."""
        return await workflow.execute_activity_method(
            FanOuts.find,
            self._now(),
            start_to_close_timeout=_LONGEST,
            heartbeat_timeout=_HEARTBEAT,
            retry_policy=_PATIENT,
        )

    async def _carry_out(self) -> Left:
        return await workflow.execute_activity_method(
            FanOuts.carry_out,
            self._now(),
            start_to_close_timeout=_LONGEST,
            heartbeat_timeout=_HEARTBEAT,
            retry_policy=_PATIENT,
        )

    async def _report(self) -> None:
        await workflow.execute_activity_method(
            FanOuts.report,
            self._now(),
            start_to_close_timeout=_LONGEST,
            retry_policy=_PATIENT,
        )

    def _now(self) -> Restrained:
        return replace(self._fan_out, as_of=workflow.now())
