"""The API: every route in one list, one way in, one shape for every no."""

from collections.abc import Callable, Mapping

from litestar import Litestar, Request, Router
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler

from api import (
    accounts,
    appointments,
    areas,
    concessions,
    consents,
    documentation,
    estates,
    health,
    identity,
    oauth,
    openid_sign_in,
    organisations,
    people,
    personal_data,
    problem_types,
    problems,
    programs,
    sentences,
    service_agreements,
    sign_in,
    work_calendars,
    work_order_files,
    work_order_list,
    work_orders,
)
from api.admission import (
    dossier,
    engagements,
    expiries,
    ocds,
    qualifications,
    qualified,
    schemes,
    vendor_files,
    vendors,
    waivers,
)
from api.asked import Asked
from api.desk import Desk
from api.edge import Edge
from api.evaluation import rating_schemes, standings
from api.limits import UNLIMITED, Limits
from api.ports import Ports
from api.problems import TooManyRequests
from api.restraint import debarments, fan_outs, public_list, sanctions, screenings


def create_app(  # noqa: PLR0913 - what the API is plugged into, each by its name
    ports: Ports,
    *,
    desk: Desk,
    identify: identity.Identify,
    ready: Mapping[str, health.Check],
    limits: Limits = UNLIMITED,
    https: bool = False,
) -> Litestar:
    """The application. `identify` finds out who asks. `ready`: the checks of `/health/ready`. `https`: people reach us
    by https only.
    """
    sentences.chinese()  # a catalogue that cannot be read stops the start, not the first answer
    section = _sections(identify, limits)
    app = Litestar(
        route_handlers=[
            section("work orders", [*work_orders.routes(ports), *work_order_list.routes(ports)]),
            section("files", work_order_files.routes(ports)),
            section("people", [*people.routes(ports), *consents.routes(ports), *personal_data.routes(ports)]),
            section("service agreements", service_agreements.routes(ports)),
            section("work calendars", work_calendars.routes(ports)),
            section("areas", areas.routes(ports)),
            section("organisations", organisations.routes(ports)),
            section("estates", estates.routes(ports)),
            section("vendors", [*vendors.routes(ports), *vendor_files.routes(ports), *dossier.routes(ports)]),
            section("engagements", [*engagements.routes(ports), *waivers.routes(ports)]),
            section("sanctions", [*sanctions.routes(ports), *fan_outs.routes(ports)]),
            section("evaluation", [*rating_schemes.routes(ports), *standings.routes(ports)]),
            section("restraints", [*debarments.routes(ports), *screenings.routes(ports)]),
            section("concessions", concessions.routes(ports)),
            section("admission schemes", schemes.routes(ports)),
            section(
                "qualifications",
                [*qualifications.routes(ports), *qualified.routes(ports), *expiries.routes(ports)],
            ),
            section("permissions", appointments.routes(ports)),
            section("signing in", sign_in.routes(ports, desk)),
            section("accounts", [*accounts.routes(ports, desk), *openid_sign_in.routes(ports, desk)]),
            section("programs", programs.routes(ports, desk)),
            _open_to_everybody("signing in", desk, limits),
            _to_read_for_everybody("vendors", public_list.routes(ports), limits),
            _to_read_for_everybody("engagements", ocds.routes(ports), limits),
            *problem_types.routes(),
            *health.routes(ready),
            documentation.document,
            documentation.style,
        ],
        exception_handlers={Exception: problems.answer},
        request_class=Asked,
        openapi_config=documentation.config(),
        logging_config=None,
        debug=False,
    )
    app.asgi_handler = Edge(app.asgi_handler, ports.new_id, https=https)
    return app


def _sections(identify: identity.Identify, limits: Limits) -> Callable[[str, list[HTTPRouteHandler]], Router]:
    """Makes the routes of one kind of thing; only of whom we are sure gets through, and not too often."""
    sure = identity.identified(identify)

    async def admitted(request: Request[str, None, State]) -> None:
        await sure(request)
        await limits.within_limits(request)

    def section(tag: str, routes: list[HTTPRouteHandler]) -> Router:
        for route in routes:
            route.responses = {**documentation.problems(TooManyRequests), **(route.responses or {})}
        return Router(
            path="/", route_handlers=routes, before_request=admitted, tags=[tag], security=documentation.SECURITY
        )

    return section


def _open_to_everybody(tag: str, desk: Desk, limits: Limits) -> Router:
    """Where people and programs show who they are; nobody knocks too often."""

    async def admitted(request: Request[str, None, State]) -> None:
        await limits.within_sign_ins(request)

    routes = [*sign_in.public_routes(desk), *oauth.routes(desk), *openid_sign_in.public_routes(desk)]
    return Router(
        path="/",
        route_handlers=routes,
        before_request=admitted,
        tags=[tag],
        middleware=[identity.not_stored],
    )


def _to_read_for_everybody(tag: str, routes: list[HTTPRouteHandler], limits: Limits) -> Router:
    """What is published: nobody needs to sign in, and nobody reads too much at once."""

    async def admitted(request: Request[str, None, State]) -> None:
        await limits.within_reading(request)

    return Router(path="/", route_handlers=routes, before_request=admitted, tags=[tag])
