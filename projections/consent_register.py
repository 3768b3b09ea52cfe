"""The register of consents: what each person has consented to, and with whom it is shared. Ids and codes only."""

from typing import Final, NamedTuple
from uuid import UUID

import asyncpg

from domain.ports import Unavailable
from domain.privacy import consent
from domain.privacy.consent import Consent
from projections.projection import Codec, Projection, Row
from projections.table import LOST, Pool


def _row(known: Consent) -> Row:
    return (known.person, known.recipient, known.purpose)


projection: Final = Projection(
    name="consent_register",
    lifecycle=consent.decider,
    columns={"person": "text NOT NULL", "recipient": "text NOT NULL", "purpose": "text NOT NULL"},
    row=_row,
    indexes=("(person)", "(recipient)"),
)

_OF = (
    "SELECT id, version, position, state FROM reads.consent_register WHERE person = $1 ORDER BY recipient, purpose, id"
)


class Listed(NamedTuple):
    """One row: a consent at a version of its stream and a position of the log."""

    id: UUID
    version: int
    position: int
    consent: Consent


class ConsentRegister:
    """Questions to the register. They raise Unavailable while the database, or the register, is not there."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._decode = Codec(projection).decode

    async def of(self, person: str) -> list[Listed]:
        """Everything that a person has ever consented to."""
        try:
            rows = await self._pool.fetch(_OF, person)
        except (asyncpg.UndefinedTableError, *LOST) as error:
            msg = f"the register of consents cannot be read: {error}"
            raise Unavailable(msg) from error
        return [Listed(row[0], row[1], row[2], self._decode(row[3])) for row in rows]
