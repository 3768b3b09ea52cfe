"""Vendors are screened: every night at two, and on occasions that events give.

    wait for the night, or until changes are gathered -> page of vendors -> next page -> done

What a screening does, and why nobody is left out or recorded twice, is told in `screenings`.
"""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from msgspec.structs import replace

    from workflows import screenings
    from workflows.messages import Nights, Sweep
    from workflows.screenings import Screenings

_PATIENT = RetryPolicy(initial_interval=timedelta(milliseconds=500), maximum_interval=timedelta(seconds=30))


@workflow.defn(name=screenings.NAME)
class Screening:
    """Screens page after page, once its moment has come."""

    @workflow.run
    async def run(self, sweep: Sweep) -> None:
        """Wait, and go through the pages."""
        await _until(sweep)
        await _go_through(sweep)


@workflow.defn(name=screenings.NIGHTLY)
class NightlyScreening:
    """Screens all vendors, night after night, for ever."""

    @workflow.run
    async def run(self, nights: Nights) -> None:
        """Wait for the next night, and go through the pages."""
        while True:
            day, at = screenings.night_after(nights, workflow.now())
            sweep = screenings.night(day, at)
            await _until(sweep)
            await _go_through(sweep)
            nights = Nights(day)
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(nights)


async def _until(sweep: Sweep) -> None:
    wait = sweep.at - workflow.now()
    if wait > timedelta(0):
        await workflow.sleep(wait, summary=sweep.name)


async def _go_through(sweep: Sweep) -> None:
    """A sweep that comes late says when it was, not when it should have been."""
    left: Sweep | None = replace(sweep, at=max(sweep.at, workflow.now()))
    while left is not None:
        left = await workflow.execute_activity_method(
            Screenings.screen_page,
            left,
            start_to_close_timeout=timedelta(minutes=10),
            heartbeat_timeout=timedelta(seconds=120),
            retry_policy=_PATIENT,
            summary=left.name,
        )
