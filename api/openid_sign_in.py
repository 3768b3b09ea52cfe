"""Signing in at an organisation's own identity provider, in a browser.

    GET  /oidc/{organisation}/start?return_to=/...    off to the provider
    GET  /oidc/callback                               back from it: a session, and on to return_to
    POST /organisations/{id}/identity-provider-secret the secret that the provider knows us by

A subject at a provider is let in only once it was linked to a person who has an account (`api/accounts.py`).
"""

import re
from typing import Annotated

import msgspec
import structlog
from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import BodyKwarg, PathParameter
from msgspec import Meta

from api.asked import BODY, Asked
from api.desk import Desk
from api.documentation import operation, problems
from api.ports import Ports
from api.problems import (
    Fault,
    InternalError,
    LedgerAway,
    LockedByStaff,
    Malformed,
    NotFound,
    ProviderAway,
    SignInFailed,
    TooManyFailures,
)
from api.query import Reading, asked_for, pairs, parameters
from api.sight import must_be_allowed
from api.sign_in import IDENTITY, READABLE
from domain.access.credentials import NotSignedInThere
from domain.access.permission import NotPermitted
from domain.decider import Whose

SENT_ON = {303: ResponseSpec(None, generate_examples=False, description="The browser goes on there, with a cookie.")}
_LOCAL = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*")

Organisation = Annotated[str, PathParameter(description="The id of an organisation.", max_length=128)]


class Starting(Reading, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where to go afterwards."""

    return_to: Annotated[str, Meta(max_length=2000, description="A path on this site.")] = "/"


class ClientSecret(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The secret that an identity provider knows us by."""

    client_secret: Annotated[str, Meta(min_length=1, max_length=1000)]


class Kept(msgspec.Struct, frozen=True):
    """It is stored, and will not be shown."""

    organisation: str


def public_routes(desk: Desk) -> list[HTTPRouteHandler]:
    """What a browser asks on its way in."""
    return [_start(desk), _callback(desk)]


def state_cookie(desk: Desk) -> str:
    """The name of the cookie that ties a browser to the attempt that it began."""
    return f"{desk.cookie}_oidc"


def local_path(path: str) -> str:
    """A path on this site. Raises `Malformed` for anything that could lead elsewhere."""
    if _LOCAL.fullmatch(path) is None:
        raise Malformed(Fault("a path on this site, such as /work-orders", parameter="return_to"))
    return path


def _start(desk: Desk) -> HTTPRouteHandler:
    @get(
        "/oidc/{organisation:str}/start",
        status_code=303,
        summary="Sign in at your organisation (单点登录)",
        operation_id="startOpenId",
        operation_class=operation(*parameters(Starting), status=303, headers=("Location",)),
        responses=SENT_ON | problems(Malformed, NotFound, InternalError, ProviderAway, LedgerAway),
    )
    async def start(request: Asked, organisation: Organisation) -> Response[None]:
        return_to = local_path(asked_for(request, Starting).return_to)
        try:
            departure = await desk.openid.start(organisation, return_to)
        except NotSignedInThere as no:
            structlog.get_logger().warning("openid.provider_away", organisation=organisation, reason=no.because)
            raise ProviderAway from no
        if departure is None:
            raise NotFound
        cookie = desk.cookie_named(state_cookie(desk), departure.state)
        return Response(None, status_code=303, headers={"Location": departure.url}, cookies=[cookie])

    return start


def _callback(desk: Desk) -> HTTPRouteHandler:
    @get(
        "/oidc/callback",
        status_code=303,
        summary="Back from the identity provider",
        operation_id="finishOpenId",
        operation_class=operation(status=303, headers=("Location",)),
        responses=SENT_ON
        | problems(Malformed, SignInFailed, LockedByStaff, TooManyFailures, InternalError, LedgerAway),
    )
    async def callback(request: Asked) -> Response[None]:
        try:
            arrival = await desk.openid.finish(dict(pairs(request)), request.cookies.get(state_cookie(desk), ""))
        except NotSignedInThere as no:
            structlog.get_logger().warning("openid.refused", reason=no.because)
            raise SignInFailed from no
        person = await desk.person_of(desk.names.subject(arrival.issuer, arrival.subject))
        if not person:
            raise SignInFailed
        session = await desk.let_in(request, person, "oidc")
        cookies = [desk.cookie_of(session), desk.cookie_named(state_cookie(desk), None)]
        return Response(None, status_code=303, headers={"Location": arrival.return_to}, cookies=cookies)

    return callback


def routes(ports: Ports, desk: Desk) -> list[HTTPRouteHandler]:
    """What staff sets up."""

    @post(
        "/organisations/{organisation:str}/identity-provider-secret",
        status_code=200,
        summary="The secret that the identity provider knows us by",
        operation_id="keepIdentityProviderSecret",
        operation_class=operation(
            sends={"client_secret": "…"},
            gives={"organisation": "019a5b1e-0000-7000-8000-000000000031"},
            permission="organisation.trust_provider",
        ),
        responses=problems(*READABLE, *IDENTITY, NotPermitted),
        opt={BODY: ClientSecret},
    )
    async def keep(
        request: Asked,
        organisation: Organisation,
        data: Annotated[ClientSecret, BodyKwarg(media_type=RequestEncodingType.JSON)],
    ) -> Response[Kept]:
        await must_be_allowed(request, ports, "organisation.trust_provider", Whose(organisations=(organisation,)))
        await desk.client_secrets.keep(organisation, data.client_secret, desk.now())
        return Response(Kept(organisation), status_code=200)

    return [keep]
