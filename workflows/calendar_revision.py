"""A new version of a work calendar reaches everything that is under way, page by page.

    work_calendar.published, work_calendar.year_confirmed -> page of unfinished work orders -> next page -> done

What a revision does to a work order, and why nobody slips through, is told in `revisions`.
"""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from workflows.messages import Revision
    from workflows.revisions import NAME, Revisions

_PATIENT = RetryPolicy(initial_interval=timedelta(milliseconds=500), maximum_interval=timedelta(seconds=30))


@workflow.defn(name=NAME)
class CalendarRevision:
    """Revises page after page until all unfinished work orders have been seen."""

    @workflow.run
    async def run(self, revision: Revision) -> None:
        """Go through the pages."""
        left: Revision | None = revision
        while left is not None:
            left = await workflow.execute_activity_method(
                Revisions.revise_page,
                left,
                start_to_close_timeout=timedelta(minutes=5),
                heartbeat_timeout=timedelta(seconds=60),
                retry_policy=_PATIENT,
            )
            if left is not None and workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(left)
