"""Everybody may do and see everything, and is believed: for tests of what has nothing to do with who asks.

Who may what is tested with the real thing in `tests/domain/access`, `tests/api/test_matrix.py` and the journeys.
"""

import tempfile
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from pathlib import Path

from adapters.door import LedgerDoor
from adapters.ledger import PostgresLedger
from adapters.master_key import MasterKey
from adapters.vault import PostgresVault
from domain.access import permission
from domain.access.appointment import Standing
from domain.access.permission import Question, Sight
from domain.decider import Ask
from domain.ports import Principal


@cache
def master_key() -> MasterKey:
    """The key that all others are wrapped with, for all tests of a run."""
    return MasterKey.at(Path(tempfile.mkdtemp(prefix="linli-test-")) / "master.json", create=True)


def vault_on(ledger: PostgresLedger) -> PostgresVault:
    """The vault beside a ledger."""
    return PostgresVault(ledger.pool, master_key())


def door_to(ledger: PostgresLedger, *, remember: int = 10_000) -> LedgerDoor:
    """The door of one more process: it remembers states of its own."""
    return LedgerDoor(ledger, permit=may, vault=vault_on(ledger), remember=remember)


def real_door_to(ledger: PostgresLedger) -> LedgerDoor:
    """The door at which the table of permissions counts."""
    return LedgerDoor(ledger, permit=permission.permit, vault=vault_on(ledger))


def may(_question: Question, _ask: Ask) -> str:
    """Whatever it is."""
    return "everybody may"


def sees_everything(permission: str, actor: str, held: Iterable[Standing], scopes: Collection[str] = ()) -> Sight:
    """Whoever it is."""
    del permission, actor, held, scopes
    return Sight(everything=True)


async def named(headers: Mapping[bytes, bytes], _method: str) -> Principal | None:
    """Whoever the token names, which is nothing but a name here."""
    name = headers.get(b"authorization", b"").decode().removeprefix("Bearer ").strip()
    return Principal(id=name) if name else None
