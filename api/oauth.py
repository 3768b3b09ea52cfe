"""Access tokens for programs, as any OAuth 2.0 client expects it.

    POST /oauth/token                              client credentials (RFC 6749, 4.4): program id and key
    GET  /.well-known/jwks.json                    what tokens are checked with (RFC 7517)
    GET  /.well-known/oauth-authorization-server   where all this is (RFC 8414)

Errors are those of RFC 6749, 5.2, since that is what client libraries read.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Literal, TypeAlias
from urllib.parse import parse_qsl, unquote_plus

import msgspec
from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example, OpenAPIMediaType, OpenAPIType, Operation, Reference, RequestBody, Schema

from api.asked import Asked
from api.desk import Desk
from api.documentation import operation, problems
from api.problems import InternalError, LedgerAway, Malformed, TooBusy, TooLarge
from domain.ports import BadCredentials, Principal

Code: TypeAlias = Literal["invalid_request", "invalid_client", "unsupported_grant_type", "invalid_scope"]

_FORM = "application/x-www-form-urlencoded"
_METHODS = ["client_secret_basic", "client_secret_post"]
_PROGRAM = "019a5b1e-0000-7000-8000-000000000021"


class GrantedToken(msgspec.Struct, frozen=True, omit_defaults=True):
    """RFC 6749, 5.1."""

    access_token: str
    token_type: str
    expires_in: int
    scope: str = ""


class OAuthError(msgspec.Struct, frozen=True):
    """RFC 6749, 5.2."""

    error: Code
    error_description: str


class ServerMetadata(msgspec.Struct, frozen=True):
    """RFC 8414, 2."""

    issuer: str
    token_endpoint: str
    jwks_uri: str
    grant_types_supported: list[str]
    response_types_supported: list[str]
    token_endpoint_auth_methods_supported: list[str]


class _No(Exception):
    def __init__(self, *, error: Code, description: str) -> None:
        super().__init__(description)
        self.said = OAuthError(error, description)


_JWK = {"kty": "OKP", "crv": "Ed25519", "x": "nI5I…", "kid": "019a…", "use": "sig", "alg": "Ed25519"}
_GRANTED = {"access_token": "eyJ0eXAi…", "token_type": "Bearer", "expires_in": 600, "scope": "work_order.report"}
_REFUSED = {
    400: ResponseSpec(
        OAuthError,
        generate_examples=False,
        description="The request is not one that can be granted.",
        examples=[Example(value={"error": "invalid_scope", "error_description": "the key is not good for this"})],
    ),
    401: ResponseSpec(
        OAuthError,
        generate_examples=False,
        description="This is not the key of this program, or it is not good any more.",
        examples=[Example(value={"error": "invalid_client", "error_description": "unknown"})],
    ),
}


def routes(desk: Desk) -> list[HTTPRouteHandler]:
    """All of it is open to everybody."""
    return [_token(desk), _keys(desk), _metadata(desk)]


def _documented() -> type[Operation]:
    """The body is a form, which is read by hand."""
    names = ("grant_type", "client_id", "client_secret", "scope")
    fields: dict[str, Schema | Reference] = {name: Schema(type=OpenAPIType.STRING) for name in names}
    form = OpenAPIMediaType(
        schema=Schema(type=OpenAPIType.OBJECT, properties=fields, required=["grant_type"]),
        examples={
            "example": Example(
                value={"grant_type": "client_credentials", "client_id": _PROGRAM, "client_secret": "lk_…"}
            )
        },
    )
    return operation(gives=_GRANTED, form=RequestBody(content={_FORM: form}, required=True))


def _token(desk: Desk) -> HTTPRouteHandler:
    @post(
        "/oauth/token",
        status_code=200,
        summary="An access token for a program (RFC 6749, 4.4)",
        operation_id="oauthToken",
        operation_class=_documented(),
        responses={**problems(TooLarge, InternalError, TooBusy, LedgerAway), **_REFUSED},
    )
    async def token(request: Asked) -> Response[GrantedToken | OAuthError]:
        try:
            return Response(await _grant(request, desk), status_code=200, headers={"Pragma": "no-cache"})
        except _No as no:
            return _refused(request, no.said)

    return token


def _refused(request: Asked, said: OAuthError) -> Response[GrantedToken | OAuthError]:
    headers = {"Pragma": "no-cache"}
    if said.error != "invalid_client":
        return Response(said, status_code=400, headers=headers)
    if request.said(b"authorization") is not None:
        headers["WWW-Authenticate"] = 'Basic realm="linli"'
    return Response(said, status_code=401, headers=headers)


async def _grant(request: Asked, desk: Desk) -> GrantedToken:
    form = await _form(request)
    client = await _client(request, form, desk)
    grant_type = form.get("grant_type")
    if grant_type is None:
        raise _No(error="invalid_request", description="grant_type is missing")
    if grant_type != "client_credentials":
        raise _No(error="unsupported_grant_type", description="there is only client_credentials")
    scopes = _scopes(form.get("scope", ""), client)
    token = await desk.tokens.issue(client.id, client.id, client.session, scopes)
    return GrantedToken(token.text, "Bearer", token.expires_in, " ".join(scopes))


async def _form(request: Asked) -> Mapping[str, str]:
    media_type = (request.said(b"content-type") or "").partition(";")[0].strip().lower()
    if media_type != _FORM:
        raise _No(error="invalid_request", description=f"the body must be {_FORM}")
    pairs = parse_qsl((await request.body()).decode("latin-1"), keep_blank_values=True)
    form = dict(pairs)
    if len(form) != len(pairs):
        raise _No(error="invalid_request", description="a parameter comes twice")
    return form


async def _client(request: Asked, form: Mapping[str, str], desk: Desk) -> Principal:
    """The program, if it shows one of its keys, in one of the two ways and not both."""
    client_id, secret = _shown(request, form)
    try:
        principal = await desk.identification.who({b"x-api-key": secret.encode("latin-1", "replace")}, "POST")
    except BadCredentials as bad:
        raise _No(error="invalid_client", description=bad.reason) from bad
    if principal is None or principal.id != client_id.lower():
        raise _No(error="invalid_client", description="unknown")
    return principal


def _shown(request: Asked, form: Mapping[str, str]) -> tuple[str, str]:
    authorization = request.said(b"authorization")
    if authorization is None:
        if "client_id" not in form or "client_secret" not in form:
            raise _No(error="invalid_client", description="client_id and client_secret are missing")
        return form["client_id"], form["client_secret"]
    if "client_secret" in form:
        raise _No(error="invalid_request", description="the client is authenticated in two ways")
    scheme, _, encoded = authorization.partition(" ")
    try:
        user, colon, password = base64.b64decode(encoded, validate=True).decode("ascii").partition(":")
    except (binascii.Error, ValueError):
        colon = user = password = ""
    if scheme.lower() != "basic" or not colon:
        raise _No(error="invalid_client", description="Authorization is not Basic")
    return unquote_plus(user), unquote_plus(password)


def _scopes(asked: str, client: Principal) -> tuple[str, ...]:
    """What the token is to be good for: what was asked for, or all that the key is good for."""
    wanted = tuple(dict.fromkeys(asked.split()))
    if not wanted:
        return client.scopes
    if client.scopes and not set(wanted) <= set(client.scopes):
        raise _No(error="invalid_scope", description="the key is not good for this")
    return wanted


def _keys(desk: Desk) -> HTTPRouteHandler:
    @get(
        "/.well-known/jwks.json",
        summary="What access tokens are checked with (RFC 7517)",
        operation_id="jsonWebKeySet",
        operation_class=operation(gives={"keys": [_JWK]}),
        responses=problems(Malformed, InternalError, LedgerAway),
    )
    async def keys() -> Response[Mapping[str, object]]:
        return Response(await desk.tokens.published())

    return keys


def _metadata(desk: Desk) -> HTTPRouteHandler:
    said = ServerMetadata(
        issuer=desk.public_url,
        token_endpoint=f"{desk.public_url}/oauth/token",
        jwks_uri=f"{desk.public_url}/.well-known/jwks.json",
        grant_types_supported=["client_credentials"],
        response_types_supported=[],
        token_endpoint_auth_methods_supported=_METHODS,
    )

    @get(
        "/.well-known/oauth-authorization-server",
        summary="Where tokens are issued (RFC 8414)",
        operation_id="oauthServerMetadata",
        operation_class=operation(gives=msgspec.to_builtins(said)),
    )
    async def metadata() -> ServerMetadata:
        return said

    return metadata
