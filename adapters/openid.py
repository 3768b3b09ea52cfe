"""Signing in at an organisation's own identity provider: OpenID Connect, authorization code with PKCE.

    start -> the provider, where somebody signs in -> finish: code -> ID token -> issuer and subject

A browser has to bring back what it was sent with (state, also in a cookie of its own), once and within ten minutes; the
provider must prove that it answers to that (nonce, RFC 9700), and be the one that was asked (issuer, RFC 9207). The ID
token is checked with the provider's published keys. Providers are reached over https only; http is for this machine.
"""

import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any, Final
from urllib.parse import urlsplit

import asyncpg
import httpx
import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from msgspec import Struct

from adapters.pooled import Pooled
from adapters.postgres import Pool
from domain.access.credentials import Arrival, Departure, NotSignedInThere, Provider, ProviderOf

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519")
"""Asymmetric ones only: a provider's public key must never do as a secret."""
_ATTEMPT_LASTS: Final = timedelta(minutes=10)
_KNOWN_FOR: Final = timedelta(minutes=5)
_SKEW: Final = timedelta(minutes=1)
_PATIENCE: Final = 5.0  # seconds
_LARGEST: Final = 1 << 20  # bytes
_OK: Final = 200


_parameters: Any = import_module("authlib.oauth2.rfc6749.parameters")  # Authlib has no types
_auth: Any = import_module("authlib.oauth2.auth")
_pkce: Any = import_module("authlib.oauth2.rfc7636")


class _Discovered(Struct):
    """What a provider says of itself (OpenID Connect Discovery 1.0)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class _IdToken(Struct):
    iss: str
    sub: str
    aud: str | list[str]
    exp: int
    iat: int
    nonce: str
    azp: str = ""


class _Granted(Struct):
    id_token: str


class _Known(Struct):
    """A provider as it was found, and its keys."""

    about: _Discovered
    keys: KeySet
    at: datetime


class OpenIdClient:
    """Implements `domain.access.credentials.OpenId`."""

    def __init__(self, pool: Pool, provider_of: ProviderOf, callback: str, now: Callable[[], datetime]) -> None:
        self._table = Pooled(pool)
        self._provider_of = provider_of
        self._callback = callback
        self._now = now
        self._known: dict[str, _Known] = {}

    async def start(self, organisation: str, return_to: str) -> Departure | None:
        """Where to send a browser; None where the organisation has no provider. Raises `NotSignedInThere`."""
        provider = await self._provider_of(organisation)
        if provider is None:
            return None
        about = (await self._look_up(provider.issuer)).about
        must_be_reachable(about.authorization_endpoint)
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        now = self._now()
        await self._table.rows("DELETE FROM linli_oidc_attempts WHERE expires_at <= $1", now)
        await self._table.rows(
            "INSERT INTO linli_oidc_attempts (state, nonce, verifier, organisation, return_to, expires_at)"
            " VALUES ($1, $2, $3, $4, $5, $6)",
            _digest(state),
            nonce,
            verifier,
            organisation,
            return_to,
            now + _ATTEMPT_LASTS,
        )
        url: str = _parameters.prepare_grant_uri(
            about.authorization_endpoint,
            provider.client_id,
            "code",
            redirect_uri=self._callback,
            scope="openid",
            state=state,
            nonce=nonce,
            code_challenge=_pkce.create_s256_code_challenge(verifier),
            code_challenge_method="S256",
        )
        return Departure(url, state)

    async def finish(self, answer: Mapping[str, str], state: str) -> Arrival:
        """Who came back: `answer` is the query that the browser brings, `state` its cookie."""
        attempt = await self._attempt(answer.get("state", ""), state)
        if "error" in answer or not answer.get("code"):
            raise NotSignedInThere(because=answer.get("error", "no code"))
        provider = await self._provider_of(attempt["organisation"])
        if provider is None:
            raise NotSignedInThere(because="the organisation has no provider any more")
        if answer.get("iss", provider.issuer) != provider.issuer:
            raise NotSignedInThere(because="another issuer answers")
        about = (await self._look_up(provider.issuer)).about
        token = await self._redeem(about, provider, answer["code"], attempt["verifier"])
        said = await self._check(token, provider)
        if not hmac.compare_digest(said.nonce.encode(), attempt["nonce"].encode()):
            raise NotSignedInThere(because="another nonce")
        return Arrival(said.iss, said.sub, attempt["return_to"])

    async def _attempt(self, brought: str, cookie: str) -> asyncpg.Record:
        """What this browser was sent away with; nobody can come back with it again."""
        if not brought or not hmac.compare_digest(brought.encode(), cookie.encode()):
            raise NotSignedInThere(because="the state is not that of this browser")
        row = await self._table.row("DELETE FROM linli_oidc_attempts WHERE state = $1 RETURNING *", _digest(brought))
        if row is None or self._now() >= row["expires_at"]:
            raise NotSignedInThere(because="the state is unknown, used or too old")
        return row

    # What the provider says -------------------------------------------------------------------------------------------

    async def _look_up(self, issuer: str, *, anew: bool = False) -> _Known:
        """The provider of an issuer, and its keys; asked again after some minutes."""
        known = self._known.get(issuer)
        if known is not None and not anew and self._now() - known.at < _KNOWN_FOR:
            return known
        about = await self._get(f"{issuer.rstrip('/')}/.well-known/openid-configuration", _Discovered)
        if about.issuer != issuer:
            raise NotSignedInThere(because=f"{issuer} says that it is {about.issuer}")
        keys = await self._get(about.jwks_uri, dict[str, list[dict[str, Any]]])  # a JSON Web Key Set
        usable: Any = [key for key in keys.get("keys", []) if key.get("kty") != "oct" and key.get("use") != "enc"]
        try:
            found = _Known(about, KeySet.import_key_set({"keys": usable}), self._now())
        except (JoseError, ValueError, TypeError) as wrong:
            raise NotSignedInThere(because=f"the keys of {issuer} cannot be read") from wrong
        self._known[issuer] = found
        return found

    async def _redeem(self, about: _Discovered, provider: Provider, code: str, verifier: str) -> str:
        """The ID token for a code."""
        basic = "client_secret_basic" in about.token_endpoint_auth_methods_supported
        body: str = _parameters.prepare_token_request(
            "authorization_code", redirect_uri=self._callback, code=code, code_verifier=verifier
        )
        form = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        auth = _auth.ClientAuth(
            provider.client_id, provider.client_secret, "client_secret_basic" if basic else "client_secret_post"
        )
        url, headers, sent = auth.prepare("POST", about.token_endpoint, form, body)
        granted = await self._ask("POST", url, _Granted, headers=headers, content=sent)
        token: str = granted.id_token
        return token

    async def _check(self, token: str, provider: Provider) -> _IdToken:
        """What an ID token says, once it is sure that this provider says it, now and to us (OpenID Connect Core)."""
        known = await self._look_up(provider.issuer)
        try:
            claims = jwt.decode(token, known.keys, algorithms=list(ALGORITHMS)).claims
        except (JoseError, ValueError):
            known = await self._look_up(provider.issuer, anew=True)  # it may have changed its keys
            try:
                claims = jwt.decode(token, known.keys, algorithms=list(ALGORITHMS)).claims
            except (JoseError, ValueError) as wrong:
                raise NotSignedInThere(because=f"the ID token cannot be believed: {wrong}") from wrong
        try:
            said = msgspec.convert(claims, _IdToken)
        except msgspec.ValidationError as wrong:
            raise NotSignedInThere(because=f"the ID token is incomplete: {wrong}") from wrong
        self._must_be_for_us(said, provider)
        return said

    def _must_be_for_us(self, said: _IdToken, provider: Provider) -> None:
        audiences = [said.aud] if isinstance(said.aud, str) else said.aud
        to_us = provider.client_id in audiences and (len(audiences) == 1 or said.azp == provider.client_id)
        if said.iss != provider.issuer or not to_us or said.azp not in {"", provider.client_id} or not said.sub:
            raise NotSignedInThere(because="the ID token is for somebody else")
        now = self._now()
        if (now - _SKEW).timestamp() >= said.exp or said.iat > (now + _SKEW).timestamp():
            raise NotSignedInThere(because="the ID token is not of now")

    # Over the wire ----------------------------------------------------------------------------------------------------

    async def _get(self, url: str, shape: Any) -> Any:  # what it decodes to
        return await self._ask("GET", url, shape, headers={"Accept": "application/json"})

    async def _ask(
        self, method: str, url: str, shape: Any, *, headers: Mapping[str, str], content: str | None = None
    ) -> Any:  # as above
        """Ask a provider. Nothing leads elsewhere, takes long or is large."""
        must_be_reachable(url)
        try:
            async with (
                httpx.AsyncClient(timeout=_PATIENCE, trust_env=not _is_loopback(url)) as client,
                client.stream(method, url, headers=dict(headers), content=content) as answer,
            ):
                if answer.status_code != _OK:
                    raise NotSignedInThere(because=f"{method} {_place(url)}: {answer.status_code}")
                body = b""
                async for piece in answer.aiter_bytes():
                    body += piece
                    if len(body) > _LARGEST:
                        raise NotSignedInThere(because=f"{_place(url)} answers too much")
            return msgspec.json.decode(body, type=shape)
        except (httpx.HTTPError, msgspec.DecodeError, UnicodeDecodeError) as wrong:
            raise NotSignedInThere(because=f"{method} {_place(url)}: {type(wrong).__name__} {wrong}") from wrong


def must_be_reachable(url: str) -> None:
    """Raises `NotSignedInThere` unless it is https, or on this machine."""
    parts = urlsplit(url)
    safe = parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(url))
    if not safe or not parts.hostname or parts.username is not None or parts.fragment:
        raise NotSignedInThere(because=f"{_place(url)} is not https")


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _place(url: str) -> str:
    """An address without its query, for logs."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}{parts.path}"


def _digest(state: str) -> bytes:
    return hashlib.sha256(state.encode()).digest()
