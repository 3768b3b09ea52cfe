"""The API: every route in one list, one way in, one shape for every no."""

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from litestar import Litestar, Router
from litestar.handlers import HTTPRouteHandler

from api import (
    accounts,
    documentation,
    health,
    identity,
    oauth,
    openid_sign_in,
    principals,
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
from domain.ports import Door, Ledger
from projections.work_order_board import WorkOrderBoard


def create_app(  # noqa: PLR0913 - what the API is plugged into, each by its name
    *,
    door: Door,
    ledger: Ledger,
    board: WorkOrderBoard,
    new_id: Callable[[], UUID],
    now: Callable[[], datetime],
    ready: Mapping[str, health.Check],
    desk: Desk,
    patience: float = 5.0,
) -> Litestar:
    """The application. `ready`: the checks of `/health/ready`. `patience`: seconds a read waits for a position."""
    ports = Ports(door=door, ledger=ledger, board=board, new_id=new_id, now=now, patience=patience)
    sentences.chinese()  # a catalogue that cannot be read stops the start, not the first answer
    app = Litestar(
        route_handlers=[
            _section("work orders", [*work_orders.routes(ports), *work_order_list.routes(ports)]),
            _section("service agreements", service_agreements.routes(ports)),
            _section("work calendars", work_calendars.routes(ports)),
            *_signing_in(ports, desk),
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
    app.asgi_handler = Edge(app.asgi_handler, new_id)
    return app


def _section(tag: str, routes: list[HTTPRouteHandler]) -> Router:
    """The routes of one kind of thing; only who says who it is gets through."""
    return Router(
        path="/", route_handlers=routes, before_request=identity.identified, tags=[tag], security=documentation.SECURITY
    )


def _signing_in(ports: Ports, desk: Desk) -> list[Router]:
    """Where people and programs show who they are: one part open to everybody, and one for those who have."""
    public = [*sign_in.public_routes(desk), *oauth.routes(desk), *openid_sign_in.public_routes(desk)]
    inside = {
        "signing in": sign_in.routes(desk),
        "accounts": [*accounts.routes(ports, desk), *openid_sign_in.routes(desk)],
        "programs": programs.routes(ports, desk),
    }
    guard = principals.identified(desk.identification)
    return [
        Router(path="/", route_handlers=public, tags=["signing in"], middleware=[principals.not_stored]),
        *(
            Router(
                path="/",
                route_handlers=routes,
                before_request=guard,
                tags=[tag],
                security=documentation.CREDENTIALS,
                middleware=[principals.not_stored],
            )
            for tag, routes in inside.items()
        ),
    ]
