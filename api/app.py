"""The API: every route in one list, one way in, one shape for every no."""

from collections.abc import Callable, Mapping

from litestar import Litestar, Router
from litestar.handlers import HTTPRouteHandler

from api import (
    accounts,
    appointments,
    areas,
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
    work_order_list,
    work_orders,
)
from api.asked import Asked
from api.desk import Desk
from api.edge import Edge
from api.ports import Ports


def create_app(ports: Ports, *, desk: Desk, identify: identity.Identify, ready: Mapping[str, health.Check]) -> Litestar:
    """The application. `identify` finds out who asks. `ready`: the checks of `/health/ready`."""
    sentences.chinese()  # a catalogue that cannot be read stops the start, not the first answer
    section = _sections(identify)
    app = Litestar(
        route_handlers=[
            section("work orders", [*work_orders.routes(ports), *work_order_list.routes(ports)]),
            section("people", [*people.routes(ports), *consents.routes(ports), *personal_data.routes(ports)]),
            section("service agreements", service_agreements.routes(ports)),
            section("work calendars", work_calendars.routes(ports)),
            section("areas", areas.routes(ports)),
            section("organisations", organisations.routes(ports)),
            section("estates", estates.routes(ports)),
            section("permissions", appointments.routes(ports)),
            section("signing in", sign_in.routes(desk)),
            section("accounts", [*accounts.routes(ports, desk), *openid_sign_in.routes(desk)]),
            section("programs", programs.routes(ports, desk)),
            _open_to_everybody("signing in", desk),
            *problem_types.routes(),
            *health.routes(ready),
            documentation.document,
        ],
        exception_handlers={Exception: problems.answer},
        request_class=Asked,
        openapi_config=documentation.config(),
        logging_config=None,
        debug=False,
    )
    app.asgi_handler = Edge(app.asgi_handler, ports.new_id)
    return app


def _sections(identify: identity.Identify) -> Callable[[str, list[HTTPRouteHandler]], Router]:
    """Makes the routes of one kind of thing; only of whom we are sure gets through."""
    hook = identity.identified(identify)

    def section(tag: str, routes: list[HTTPRouteHandler]) -> Router:
        return Router(path="/", route_handlers=routes, before_request=hook, tags=[tag], security=documentation.SECURITY)

    return section


def _open_to_everybody(tag: str, desk: Desk) -> Router:
    """Where people and programs show who they are."""
    routes = [*sign_in.public_routes(desk), *oauth.routes(desk), *openid_sign_in.public_routes(desk)]
    return Router(path="/", route_handlers=routes, tags=[tag], middleware=[identity.not_stored])
