"""Service agreements over HTTP: what a community is promised, version by version.

    POST /service-agreements/{community}   publish the next version
    GET  /service-agreements/{community}   all versions, the newest last

The agreement of the whole city, for communities without their own, is called `city-wide`.
"""

from typing import Annotated

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import PathParameter

from api.asked import Asked
from api.change import Change, Offer, body_of, command_route
from api.documentation import IF_NONE_MATCH, NOT_MODIFIED, operation, problems
from api.ports import Ports
from api.preconditions import etag, fresh
from api.problems import InternalError, LedgerAway, Malformed, NotFound, NotIdentified
from api.sight import must_see
from domain import service_agreement
from domain.ports import Done
from domain.service_agreement import ServiceAgreementCommand, Version

SEEING = "service_agreement.see"
PATH = "/service-agreements"
CITY_WIDE = "city-wide"

Community = Annotated[str, PathParameter(description=f"A community, or `{CITY_WIDE}`.", max_length=128)]

LINES = [
    {
        "priority": priority,
        "terms": {
            "response": {"kind": "working_hours", "seconds": response * 3600},
            "resolution": {"kind": "working_hours", "seconds": resolution * 3600},
            "assign_within": {"kind": "working_hours", "seconds": response * 1800},
            "warn_before": 3600,
            "ladder": [{"of": "resolution", "to": "district-manager"}],
            "reopen_window": {"kind": "wall_clock", "days": 7},
            "calendar": "cn",
        },
    }
    for priority, response, resolution in ((1, 1, 4), (2, 2, 8), (3, 4, 24), (4, 8, 80))
]

EXAMPLE = {
    "community": CITY_WIDE,
    "version": 1,
    "versions": [{"at": "2026-01-01T00:00:00Z", "lines": LINES, "default_priority": 3}],
}

PUBLISH: Offer[ServiceAgreementCommand] = Offer(
    service_agreement.Publish,
    "publish",
    "Agree on a new version (发布服务协议)",
    example={"lines": LINES, "default_priority": 3},
    refusals=(
        service_agreement.PriorityMissing,
        service_agreement.SameLineTwice,
        service_agreement.CalendarUnknown,
        service_agreement.CountsFromBeforeLatest,
    ),
)


class Agreement(msgspec.Struct, frozen=True):
    """All versions of an agreement; their numbers count from 1."""

    community: str
    version: int
    versions: tuple[Version, ...]


def routes(ports: Ports) -> list[HTTPRouteHandler]:
    """Everything that can be asked about service agreements."""
    return [_publish(ports), _one(ports)]


def community_of(name: str) -> str:
    """The community that an address names; the whole city is `""` inside."""
    return "" if name == CITY_WIDE else name


def _publish(ports: Ports) -> HTTPRouteHandler:
    change = Change(ports, service_agreement.decider, PUBLISH)

    async def asking(request: Asked, body: msgspec.Struct) -> Done:
        community = community_of(request.path_params["community"])
        return await change.ask(request, body, service_agreement.stream(community), community=community)

    body = body_of(PUBLISH.command, "PublishServiceAgreement", without=["community"])
    return command_route(f"{PATH}/{{community:str}}", PUBLISH, body, asking)


def _one(ports: Ports) -> HTTPRouteHandler:
    @get(
        f"{PATH}/{{community:str}}",
        summary="All versions of a service agreement",
        operation_id="oneServiceAgreement",
        operation_class=operation(IF_NONE_MATCH, gives=EXAMPLE, headers=("ETag",), permission=SEEING),
        responses=NOT_MODIFIED | problems(Malformed, NotIdentified, NotFound, InternalError, LedgerAway),
    )
    async def one(request: Asked, community: Community) -> Response[Agreement | None]:
        stream = service_agreement.stream(community_of(community))
        loaded = await ports.door.load(service_agreement.decider, stream)
        if loaded.version == 0:
            raise NotFound
        await must_see(request, ports, service_agreement.decider, stream, loaded.state)
        found = Agreement(community, loaded.version, loaded.state.versions)
        return fresh(request, etag(loaded.version), found)

    return one
