"""The API: every route in one list, one way in, one shape for every no."""

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from litestar import Litestar, Router
from litestar.handlers import HTTPRouteHandler

from api import (
    consents,
    documentation,
    health,
    identity,
    people,
    personal_data,
    problem_types,
    problems,
    sentences,
    service_agreements,
    work_calendars,
    work_order_list,
    work_orders,
)
from api.asked import Asked
from api.edge import Edge
from api.ports import Discretion, Ports
from domain.ports import Door, Ledger
from projections.consent_register import ConsentRegister
from projections.person_register import PersonRegister
from projections.work_order_board import WorkOrderBoard


def create_app(  # noqa: PLR0913 - what the API is plugged into, each by its name
    *,
    door: Door,
    ledger: Ledger,
    board: WorkOrderBoard,
    people_register: PersonRegister,
    consent_register: ConsentRegister,
    new_id: Callable[[], UUID],
    now: Callable[[], datetime],
    ready: Mapping[str, health.Check],
    patience: float = 5.0,
    discretion: Discretion | None = None,
) -> Litestar:
    """The application. `ready`: the checks of `/health/ready`. `patience`: seconds a read waits for a position.

    `discretion`: roles and keys, as far as they decide what is shown of people; without it all see their own only.
    """
    ports = Ports(
        door=door,
        ledger=ledger,
        board=board,
        people=people_register,
        consents=consent_register,
        new_id=new_id,
        now=now,
        patience=patience,
        discretion=discretion or Discretion(),
    )
    sentences.chinese()  # a catalogue that cannot be read stops the start, not the first answer
    app = Litestar(
        route_handlers=[
            _section("work orders", [*work_orders.routes(ports), *work_order_list.routes(ports)]),
            _section("people", [*people.routes(ports), *consents.routes(ports), *personal_data.routes(ports)]),
            _section("service agreements", service_agreements.routes(ports)),
            _section("work calendars", work_calendars.routes(ports)),
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
