"""What everyone who talks to PostgreSQL needs: the types of the driver, and which errors mean a lost connection."""

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

__all__ = ["LOST", "Connection", "Pool"]
