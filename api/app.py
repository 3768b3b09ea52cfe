"""The API: every route in one list, one way in, one shape for every no."""

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from litestar import Litestar, Router
from litestar.handlers import HTTPRouteHandler

from api import (
    appointments,
    areas,
    documentation,
    estates,
    health,
    identity,
    organisations,
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
from api.ports import Ports
from domain.access import permission
from domain.access.permission import See
from domain.ports import Door, Ledger
from projections.area_tree import AreaTree
from projections.estate_register import EstateRegister
from projections.organisation_register import OrganisationRegister
from projections.work_order_board import WorkOrderBoard


def create_app(  # noqa: PLR0913 - what the API is plugged into, each by its name
    *,
    door: Door,
    ledger: Ledger,
    board: WorkOrderBoard,
    identify: identity.Identify,
    area_tree: AreaTree,
    organisation_register: OrganisationRegister,
    estate_register: EstateRegister,
    new_id: Callable[[], UUID],
    now: Callable[[], datetime],
    ready: Mapping[str, health.Check],
    see: See = permission.sight,
    patience: float = 5.0,
) -> Litestar:
    """The application. `identify` finds out who asks, `see` what they may look at. `ready`: the checks of
    `/health/ready`. `patience`: seconds that a read waits for a position.
    """
    ports = Ports(
        door=door,
        ledger=ledger,
        board=board,
        areas=area_tree,
        organisations=organisation_register,
        estates=estate_register,
        new_id=new_id,
        now=now,
        see=see,
        patience=patience,
    )
    sentences.chinese()  # a catalogue that cannot be read stops the start, not the first answer
    section = _sections(identify)
    app = Litestar(
        route_handlers=[
            section("work orders", [*work_orders.routes(ports), *work_order_list.routes(ports)]),
            section("service agreements", service_agreements.routes(ports)),
            section("work calendars", work_calendars.routes(ports)),
            section("areas", areas.routes(ports)),
            section("organisations", organisations.routes(ports)),
            section("estates", estates.routes(ports)),
            section("permissions", appointments.routes(ports)),
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


def _sections(identify: identity.Identify) -> Callable[[str, list[HTTPRouteHandler]], Router]:
    """Makes the routes of one kind of thing; only of whom we are sure gets through."""
    hook = identity.identified(identify)

    def section(tag: str, routes: list[HTTPRouteHandler]) -> Router:
        return Router(path="/", route_handlers=routes, before_request=hook, tags=[tag], security=documentation.SECURITY)

    return section
