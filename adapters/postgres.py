"""What everyone who talks to PostgreSQL needs: the types of the driver, and which errors mean a lost connection."""

import asyncio
from typing import TYPE_CHECKING, TypeAlias

import asyncpg

if TYPE_CHECKING:  # generic in its type stubs only
    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record]
    Pool: TypeAlias = asyncpg.Pool[asyncpg.Record]
else:
    Connection = asyncpg.Connection
    Pool = asyncpg.Pool

LOST = (
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError,  # the server shuts down or starts up
    asyncpg.ObjectNotInPrerequisiteStateError,  # the database takes no connections
    asyncpg.InvalidCatalogNameError,  # the database is not there
    asyncpg.TooManyConnectionsError,
    OSError,
    TimeoutError,
)
"""Errors after which the connection is gone; what became of a statement that was under way is not known."""


def heed_cancellation() -> None:
    """Stop where a cancellation was lost to an error of the connection that came at the same moment.

    Whoever goes on after such an error says this first, or nobody could ever end it.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


__all__ = ["LOST", "Connection", "Pool", "heed_cancellation"]
