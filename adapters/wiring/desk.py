"""The desk where people and programs show who they are."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

import structlog

from adapters.client_secrets import SealedClientSecrets, providers
from adapters.identification import CredentialsOfHeaders, cookie_name
from adapters.ids import new_id
from adapters.names import KeyedNames
from adapters.openid import OpenIdClient
from adapters.passwords import ArgonPasswords
from adapters.postgres import Pool
from adapters.program_keys import PostgresProgramKeys
from adapters.sessions import PostgresSessions
from adapters.settings import Settings
from adapters.signing_keys import SigningKeys
from adapters.tokens import SignedTokens
from adapters.wiring.core import Core, now
from api.desk import Desk
from domain.access.credentials import Sealer
from domain.parties import organisation
from domain.ports import Door, OtherLifecycle

_log = structlog.get_logger("linli")


@asynccontextmanager
async def signing_in(settings: Settings, running: Core) -> AsyncGenerator[Desk]:
    """The desk where people and programs show who they are."""
    passwords = ArgonPasswords(running.ledger.pool)
    sealing = running.vault.master
    try:
        yield desk_on(running.ledger.pool, running.door, sealing, passwords, public_url=settings.origin)
    finally:
        passwords.close()


def desk_on(  # noqa: PLR0913 - what it stands on, each by its name
    pool: Pool,
    door: Door,
    sealing: Sealer,
    passwords: ArgonPasswords,
    *,
    public_url: str,
    registered: Callable[[str], Awaitable[tuple[str, str] | None]] | None = None,
    clock: Callable[[], datetime] = now,
) -> Desk:
    """A desk. `registered` says how the identity provider of an organisation is reached: issuer and client id."""
    sessions, keys, secrets = PostgresSessions(pool), PostgresProgramKeys(pool), SealedClientSecrets(pool, sealing)
    tokens = SignedTokens(SigningKeys(pool, sealing, clock), public_url, clock)
    keeper = CredentialsOfHeaders(
        door=door, sessions=sessions, tokens=tokens, keys=keys, public_url=public_url, now=clock
    )
    provider_of = providers(registered or _registered(door), secrets)
    return Desk(
        door=door,
        names=KeyedNames(sealing),
        passwords=passwords,
        sessions=sessions,
        tokens=tokens,
        keys=keys,
        client_secrets=secrets,
        openid=OpenIdClient(pool, provider_of, f"{public_url}/oidc/callback", clock),
        identification=keeper,
        doorkeeper=keeper,
        public_url=public_url,
        cookie=cookie_name(public_url),
        new_id=new_id,
        now=clock,
    )


def _registered(door: Door) -> Callable[[str], Awaitable[tuple[str, str] | None]]:
    """How the identity provider of an organisation is reached: issuer and client id."""

    async def provider_of(organisation_id: str) -> tuple[str, str] | None:
        try:
            found = (await door.load(organisation.decider, UUID(organisation_id))).state.provider
        except (ValueError, OtherLifecycle):
            return None
        return None if found is None else (found.issuer, found.client_id)

    return provider_of
