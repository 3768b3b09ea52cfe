"""The API: every route in one list, one way in, one shape for every no."""

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from litestar import Litestar, Request, Router
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler

from api import (
    documentation,
    health,
    identity,
    problem_types,
    problems,
    sentences,
    service_agreements,
    work_calendars,
    work_order_files,
    work_order_list,
    work_orders,
)
from api.asked import Asked
from api.edge import Edge
from api.limits import UNLIMITED, Limits
from api.ports import Files, Ports
from api.problems import TooManyRequests
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
    patience: float = 5.0,
    files: Files | None = None,
    limits: Limits = UNLIMITED,
    https: bool = False,
) -> Litestar:
    """The application. `ready`: the checks of `/health/ready`. `patience`: seconds a read waits for a position.

    Without `files` none are taken. `https`: people reach us by https only.
    """
    ports = Ports(door=door, ledger=ledger, board=board, new_id=new_id, now=now, patience=patience, files=files)
    sentences.chinese()  # a catalogue that cannot be read stops the start, not the first answer
    app = Litestar(
        route_handlers=[
            _section("work orders", [*work_orders.routes(ports), *work_order_list.routes(ports)], limits),
            _section("files", work_order_files.routes(ports), limits),
            _section("service agreements", service_agreements.routes(ports), limits),
            _section("work calendars", work_calendars.routes(ports), limits),
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
    app.asgi_handler = Edge(app.asgi_handler, new_id, https=https)
    return app


def _section(tag: str, routes: list[HTTPRouteHandler], limits: Limits) -> Router:
    """The routes of one kind of thing; only who says who it is gets through, and not too often."""

    async def admitted(request: Request[str, None, State]) -> None:
        await identity.identified(request)
        await limits.within_limits(request)

    for route in routes:
        route.responses = {**documentation.problems(TooManyRequests), **(route.responses or {})}
    return Router(path="/", route_handlers=routes, before_request=admitted, tags=[tag], security=documentation.SECURITY)
