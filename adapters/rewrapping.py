"""Sealing anew, under the newest master key, what was sealed under an older one: data keys, signing keys, secrets.

Everything runs meanwhile: a secret that somebody else changes between our look and our write is left as they left it.
Once nothing is sealed otherwise, the older master keys can be thrown away.
"""

from typing import Final, NamedTuple

from adapters.postgres import Pool
from adapters.vault import PostgresVault


class _Secrets(NamedTuple):
    """A table of sealed secrets: its key, and what the purpose begins with."""

    table: str
    key: str
    purpose: str


_TABLES: Final = (
    _Secrets("linli_signing_keys", "kid", "signing key "),
    _Secrets("linli_client_secrets", "organisation", "client secret of "),
)


async def rewrap(pool: Pool, vault: PostgresVault) -> int:
    """Seal everything anew that is sealed otherwise: how much that was."""
    return await vault.rewrap() + sum([await _rewrap(pool, vault, secrets) for secrets in _TABLES])


async def sealed_otherwise(pool: Pool, vault: PostgresVault) -> int:
    """How much is still sealed under an older master key."""
    others = [len(await _others(pool, vault, secrets)) for secrets in _TABLES]
    return await vault.wrapped_otherwise() + sum(others)


async def _others(pool: Pool, vault: PostgresVault, secrets: _Secrets) -> list[tuple[str, bytes]]:
    query = f"SELECT {secrets.key}, sealed FROM {secrets.table} WHERE sealed IS NOT NULL"  # noqa: S608 - our own names
    master = vault.master
    return [(key, sealed) for key, sealed in await pool.fetch(query) if master.sealed_by(sealed) != master.current]


async def _rewrap(pool: Pool, vault: PostgresVault, secrets: _Secrets) -> int:
    change = f"UPDATE {secrets.table} SET sealed = $3 WHERE {secrets.key} = $1 AND sealed = $2"  # noqa: S608 - as above
    found = await _others(pool, vault, secrets)
    for key, sealed in found:
        purpose = secrets.purpose + key
        await pool.execute(change, key, sealed, vault.master.seal(purpose, vault.master.unseal(purpose, sealed)))
    return len(found)
