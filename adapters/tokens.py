"""Access tokens: JSON Web Tokens that live for ten minutes (RFC 9068), signed with Ed25519.

Exactly one kind of token is accepted: this algorithm, this type, this issuer and audience, a key of ours. A signature
is checked once; what a token says is then remembered until it expires, by the hash of its text. Whether the session or
key that it was issued for still counts is not the token's to say, and is looked up by whoever asks.
"""

import base64
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from msgspec import Struct

from adapters.ids import new_id
from adapters.signing_keys import ALGORITHM, TOKEN_LASTS, SigningKeys
from domain.access.credentials import AccessToken, Claims
from domain.ports import BadCredentials

TYPE: Final = "at+jwt"
_LONGEST: Final = 8192
_MOST_REMEMBERED: Final = 10_000
_SKEW: Final = timedelta(minutes=1)


class _Header(Struct):
    alg: str
    typ: str
    kid: str


class _Payload(Struct):
    iss: str
    aud: str
    sub: str
    iat: int
    exp: int
    jti: str
    client_id: str
    sid: str
    """The session or the key that it was issued for."""
    scope: str = ""


class SignedTokens:
    """Implements `domain.access.credentials.Tokens`. The issuer is the audience too: what we sign is for us."""

    def __init__(self, keys: SigningKeys, issuer: str, now: Callable[[], datetime]) -> None:
        self._keys = keys
        self._issuer = issuer
        self._now = now
        self._read: OrderedDict[bytes, tuple[str, Claims]] = OrderedDict()

    async def issue(self, subject: str, client_id: str, source: str, scopes: tuple[str, ...] = ()) -> AccessToken:
        """A token for a subject, good while its source (a session or a key) is."""
        key = await self._keys.signing()
        if key.private is None:
            msg = f"signing key {key.kid} has no private part"
            raise RuntimeError(msg)
        begins = int(self._now().timestamp())
        lasts = int(TOKEN_LASTS.total_seconds())
        claims: dict[str, object] = {
            "iss": self._issuer,
            "aud": self._issuer,
            "sub": subject,
            "iat": begins,
            "exp": begins + lasts,
            "jti": new_id().hex,
            "client_id": client_id,
            "sid": source,
        }
        if scopes:
            claims["scope"] = " ".join(scopes)
        header = {"alg": ALGORITHM, "typ": TYPE, "kid": key.kid}
        return AccessToken(jwt.encode(header, claims, key.private, algorithms=[ALGORITHM]), lasts)

    async def read(self, token: str) -> Claims:
        """What it says. Raises `BadCredentials` (unknown, expired)."""
        if len(token) > _LONGEST:
            raise BadCredentials(reason="unknown")
        digest = hashlib.sha256(token.encode()).digest()
        remembered = self._read.get(digest)
        kid, claims = remembered or await self._check(token)
        if self._now() >= claims.expires_at:
            self._read.pop(digest, None)
            raise BadCredentials(reason="expired")
        if remembered is None:
            self._remember(digest, kid, claims)
        elif await self._keys.verifying(kid) is None:  # its key has retired, or was given up
            del self._read[digest]
            raise BadCredentials(reason="unknown")
        return claims

    async def published(self) -> Mapping[str, object]:
        """The public keys, as a JSON Web Key Set."""
        return {"keys": await self._keys.published()}

    def _remember(self, digest: bytes, kid: str, claims: Claims) -> None:
        self._read[digest] = kid, claims
        if len(self._read) > _MOST_REMEMBERED:
            self._read.popitem(last=False)

    async def _check(self, token: str) -> tuple[str, Claims]:
        """Check the signature and all that a token must say, except for the time."""
        kid = _kid(token)
        key = await self._keys.verifying(kid)
        if key is None:
            raise BadCredentials(reason="unknown")
        try:
            said = msgspec.convert(jwt.decode(token, key, algorithms=[ALGORITHM]).claims, _Payload)
        except (JoseError, ValueError, TypeError) as wrong:
            raise BadCredentials(reason="unknown") from wrong
        not_ours = said.iss != self._issuer or said.aud != self._issuer
        if (
            not_ours
            or said.iat > (self._now() + _SKEW).timestamp()
            or said.exp - said.iat > TOKEN_LASTS.total_seconds()
        ):
            raise BadCredentials(reason="unknown")
        expires_at = datetime.fromtimestamp(said.exp, UTC)
        return kid, Claims(said.sub, said.client_id, said.sid, tuple(said.scope.split()), expires_at)


def _kid(token: str) -> str:
    """The key that a token names, once its header says what ours say. Raises `BadCredentials`."""
    try:
        header = msgspec.convert(_header(token), _Header)
    except (ValueError, TypeError) as wrong:
        raise BadCredentials(reason="unknown") from wrong
    if header.alg != ALGORITHM or header.typ.lower() != TYPE:
        raise BadCredentials(reason="unknown")
    return header.kid


def _header(token: str) -> object:
    encoded = token.split(".", 1)[0]
    return msgspec.json.decode(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
