"""The secrets that organisations' identity providers know us by: sealed, since we have to show them."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from adapters.pooled import Pooled
from adapters.postgres import Pool
from domain.access.credentials import Provider, ProviderOf, Sealer

_PURPOSE = "client secret of "


class SealedClientSecrets:
    """Implements `domain.access.credentials.ClientSecrets`."""

    def __init__(self, pool: Pool, sealer: Sealer) -> None:
        self._table = Pooled(pool)
        self._sealer = sealer

    async def keep(self, organisation: str, secret: str, at: datetime) -> None:
        """Remember the secret of an organisation's provider, in place of the one before."""
        await self._table.rows(
            "INSERT INTO linli_client_secrets (organisation, sealed, set_at) VALUES ($1, $2, $3)"
            " ON CONFLICT (organisation) DO UPDATE SET sealed = excluded.sealed, set_at = excluded.set_at",
            organisation,
            self._sealer.seal(_PURPOSE + organisation, secret.encode()),
            at,
        )

    async def find(self, organisation: str) -> str | None:
        """The secret; None if there is none."""
        row = await self._table.row("SELECT sealed FROM linli_client_secrets WHERE organisation = $1", organisation)
        return None if row is None else self._sealer.unseal(_PURPOSE + organisation, row[0]).decode()


def providers(
    registered: Callable[[str], Awaitable[tuple[str, str] | None]], secrets: SealedClientSecrets
) -> ProviderOf:
    """The provider of an organisation: what it has registered (issuer, client id), and the secret that we keep."""

    async def provider_of(organisation: str) -> Provider | None:
        found = await registered(organisation)
        secret = None if found is None else await secrets.find(organisation)
        return None if found is None or secret is None else Provider(*found, secret)

    return provider_of
