"""Admission schemes over HTTP: by which rules vendors of a category are admitted, version by version.

POST /admission-schemes/{category}                       publish the next version
GET  /admission-schemes                                  a page of categories
GET  /admission-schemes/{category}                       all versions, the newest last
GET  /admission-schemes/{category}/versions/{number}     one version
"""

import re
from datetime import datetime
from typing import Annotated, Final

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import PathParameter

from api.admission.scheme_examples import LINE, PUBLISH, SCHEME, VERSION
from api.asked import Asked
from api.change import Change, body_of, command_route
from api.documentation import IF_NONE_MATCH, NOT_MODIFIED, operation, problems
from api.freshness import reached
from api.pages import Paging, linked, page_of
from api.ports import Ports
from api.preconditions import etag, fresh
from api.problems import InternalError, LedgerAway, Malformed, NotFound, NotIdentified, NotThereYet
from api.query import Reading, asked_for, parameters
from api.sight import looking_at_some, must_see
from domain.access.permission import NotPermitted
from domain.admission import admission_scheme, category
from domain.admission.admission_scheme import AdmissionScheme, Version
from domain.ports import Done, Loaded
from projections.admission.scheme_register import Filters, projection

SEEING: Final = "admission_scheme.see"
PATH: Final = "/admission-schemes"
READING = (Malformed, NotIdentified, NotPermitted, NotFound, InternalError, NotThereYet, LedgerAway)

_CATEGORY: Final = re.compile(r"[a-z][a-z0-9_]{1,31}")
CategoryKey = Annotated[str, PathParameter(description="Such as `access_control`, `cameras`, `lifts`.", max_length=128)]
VersionNumber = Annotated[int, PathParameter(description="From 1.")]


class Scheme(msgspec.Struct, frozen=True, kw_only=True):
    """All versions of a scheme; their numbers count from 1."""

    category: str
    name: str
    """In Chinese, where the category is one of those that the city began with."""
    version: int
    versions: tuple[Version, ...]


class SchemeLine(msgspec.Struct, frozen=True, kw_only=True):
    """A scheme in a list."""

    category: str
    name: str
    version: int
    """How many versions there are."""
    counts_from: datetime
    """From when on the newest counts."""


class SchemePage(msgspec.Struct, frozen=True):
    """Some schemes, and the cursor of the next page, null on the last."""

    items: list[SchemeLine]
    next: str | None


def routes(ports: Ports) -> list[HTTPRouteHandler]:
    """Everything that can be asked about admission schemes."""
    return [_publish(ports), _list(ports), _one(ports), _version(ports)]


def _publish(ports: Ports) -> HTTPRouteHandler:
    change = Change(ports, admission_scheme.decider, PUBLISH)

    async def asking(request: Asked, body: msgspec.Struct) -> Done:
        key = request.path_params["category"]
        if not _CATEGORY.fullmatch(key):
            raise NotFound
        return await change.ask(request, body, admission_scheme.stream(key), category=key)

    body = body_of(PUBLISH.command, "PublishAdmissionScheme", without=["category"], dated=False)
    return command_route(f"{PATH}/{{category:str}}", PUBLISH, body, asking)


def _list(ports: Ports) -> HTTPRouteHandler:
    @get(
        PATH,
        summary="The categories that vendors are admitted in, a page at a time",
        operation_id="listAdmissionSchemes",
        operation_class=operation(
            *parameters(Paging), gives={"items": [LINE], "next": None}, headers=("Link",), permission=SEEING
        ),
        responses=problems(Malformed, NotIdentified, NotPermitted, InternalError, NotThereYet, LedgerAway),
    )
    async def some(request: Asked) -> Response[SchemePage]:
        await looking_at_some(request, ports, SEEING)
        asked = asked_for(request, Paging)
        shown = await page_of(
            ports, projection.name, asked, lambda after, limit: ports.schemes.page(Filters(), after, limit)
        )
        lines = [_line(row.state) for row in shown.rows]
        return linked(request, PATH, SchemePage(lines, shown.onward), shown.onward)

    return some


def _line(found: AdmissionScheme) -> SchemeLine:
    return SchemeLine(
        category=found.category,
        name=category.CHINESE.get(found.category, ""),
        version=len(found.versions),
        counts_from=found.versions[-1].counts_from,
    )


def _one(ports: Ports) -> HTTPRouteHandler:
    @get(
        f"{PATH}/{{category:str}}",
        summary="All versions of an admission scheme",
        operation_id="oneAdmissionScheme",
        operation_class=operation(
            *parameters(Reading), IF_NONE_MATCH, gives=SCHEME, headers=("ETag",), permission=SEEING
        ),
        responses=NOT_MODIFIED | problems(*READING),
    )
    async def one(request: Asked, category: CategoryKey) -> Response[Scheme | None]:
        loaded = await _seen(request, ports, category)
        return fresh(request, etag(loaded.version), _scheme(loaded))

    return one


def _scheme(loaded: Loaded[AdmissionScheme]) -> Scheme:
    key = loaded.state.category
    return Scheme(
        category=key, name=category.CHINESE.get(key, ""), version=loaded.version, versions=loaded.state.versions
    )


def _version(ports: Ports) -> HTTPRouteHandler:
    @get(
        f"{PATH}/{{category:str}}/versions/{{number:int}}",
        summary="One version of an admission scheme, as it will always stand",
        operation_id="oneVersionOfAdmissionScheme",
        operation_class=operation(*parameters(Reading), gives=VERSION, permission=SEEING),
        responses=problems(*READING),
    )
    async def one(request: Asked, category: CategoryKey, number: VersionNumber) -> Version:
        found = (await _seen(request, ports, category)).state.version(number)
        if found is None:
            raise NotFound
        return found

    return one


async def _seen(request: Asked, ports: Ports, key: str) -> Loaded[AdmissionScheme]:
    await reached(ports, asked_for(request, Reading).min_position)
    stream = admission_scheme.stream(key)
    loaded = await ports.door.load(admission_scheme.decider, stream)
    if loaded.version == 0:
        raise NotFound
    await must_see(request, ports, admission_scheme.decider, stream, loaded.state)
    return loaded
