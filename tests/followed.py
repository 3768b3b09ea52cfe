"""Read models that follow the log, for as long as a test looks at them."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from adapters.ledger import PostgresLedger
from projections.follower import Follower
from projections.projection import Projection
from tests.everybody import vault_on

_PATIENCE = 20


@asynccontextmanager
async def followed(ledger: PostgresLedger, *projections: Projection[Any, Any]) -> AsyncGenerator[None]:
    """These read models follow the log; their tables are there."""
    vault = vault_on(ledger)
    following = [
        asyncio.create_task(Follower(projection, ledger, ledger.pool, vault=vault).run()) for projection in projections
    ]
    try:
        async with asyncio.timeout(_PATIENCE):
            for projection in projections:
                table = f"reads.{projection.name}"
                while await ledger.pool.fetchval("SELECT to_regclass($1)", table) is None:  # noqa: ASYNC110 - it is the database that is looked at
                    await asyncio.sleep(0.01)
        yield
    finally:
        for task in following:
            task.cancel()
        await asyncio.gather(*following, return_exceptions=True)
