"""Work orders with their clocks on the real server, in virtual time."""

from collections.abc import AsyncIterator

import pytest
from temporalio.testing import WorkflowEnvironment

from adapters.ledger import PostgresLedger
from tests.workflows.virtual import Virtual, publish_terms


@pytest.fixture
async def virtual(ledger: PostgresLedger, temporal: WorkflowEnvironment) -> AsyncIterator[Virtual]:
    """A ledger, a worker and triggers that follow; time stands still until the test moves it."""
    world = Virtual(ledger, temporal)
    await publish_terms(world.door)
    async with world.following(), world.working():
        yield world
    await world.end()
