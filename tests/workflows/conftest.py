"""Work orders with their clocks on the real server, in virtual time."""

from collections.abc import AsyncIterator

import pytest
from temporalio.testing import WorkflowEnvironment

from adapters.ledger import PostgresLedger
from tests.workflows.virtual import Virtual, publish_terms


@pytest.fixture
async def idle(ledger: PostgresLedger, temporal: WorkflowEnvironment) -> AsyncIterator[Virtual]:
    """A world in which nobody works and nobody follows the log."""
    world = Virtual(ledger, temporal)
    await publish_terms(world.door)
    yield world
    await world.end()


@pytest.fixture
async def virtual(idle: Virtual) -> AsyncIterator[Virtual]:
    """A world with a worker and with triggers that follow; time stands still until the test moves it."""
    async with idle.following(), idle.working():
        yield idle
