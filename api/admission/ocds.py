"""What vendors are engaged for as open data, under OCDS 1.1. Open to everybody; nothing in it is about people.

GET /ocds/releases?after=&limit=      releases in the order in which things became known, a package at a time
GET /ocds/records/{ocid}              one process: its releases, and what they come to

Releases are made from the log when they are asked for. A release never changes: the company in it has the name that it
had then.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import PathParameter
from msgspec import Meta

from api.asked import Asked
from api.documentation import operation, problems
from api.ports import Ports
from api.problems import InternalError, LedgerAway, Malformed, NotFound, TooManyRequests
from api.query import Query, asked_for, parameters
from domain.admission import admission_scheme
from domain.admission.admission_scheme import AdmissionSchemeEvent
from domain.engaging import engagement
from domain.engaging.engagement import Awarded, EngagementEvent, Offered, Reassigned
from domain.parties import organisation
from domain.parties.organisation import OrganisationEvent
from domain.ports import Recorded
from projections.admission import ocds
from projections.admission.ocds import PREFIX, Json, Party
from projections.admission.ocds_releases import Told, engagement_releases, ocid_of, scheme_releases

PATH: Final = "/ocds"
MOST: Final = 100
KEPT_FOR: Final = {"Cache-Control": "public, max-age=60"}
_ENGAGED: Final = frozenset(engagement.decider.tags)
_decode_engagement: Final = msgspec.json.Decoder(EngagementEvent).decode
_decode_scheme: Final = msgspec.json.Decoder(AdmissionSchemeEvent).decode
_decode_organisation: Final = msgspec.json.Decoder(OrganisationEvent).decode
_TAGS: Final = (*_ENGAGED, *admission_scheme.decider.tags)


class Publisher(msgspec.Struct, frozen=True):
    """Who publishes."""

    name: str = ocds.PUBLISHER


class Links(msgspec.Struct, frozen=True):
    """Where it goes on."""

    next: str


class ReleasePackage(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Releases to take away."""

    uri: str
    version: str
    published_date: str
    publisher: Publisher
    releases: list[dict[str, Any]]
    links: Links | None = None


class Record(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One process."""

    ocid: str
    releases: list[dict[str, Any]]
    compiled_release: dict[str, Any]


class RecordPackage(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A process to take away."""

    uri: str
    version: str
    published_date: str
    publisher: Publisher
    records: list[Record]


class Page(Query, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which package."""

    after: Annotated[int, Meta(ge=0, le=2**62, description="The position of the log where the last one ended.")] = 0
    limit: Annotated[int, Meta(ge=1, le=MOST, description="Facts to look at: a package may hold fewer.")] = 50


_RELEASE: dict[str, object] = {
    "ocid": "ocds-linli0-019a5b1e-0000-7000-8000-000000000021",
    "id": "ocds-linli0-019a5b1e-0000-7000-8000-000000000021-1",
    "date": "2026-03-02T01:10:00Z",
    "tag": ["award"],
    "initiationType": "tender",
    "language": "zh",
    "parties": [{"id": "CN-USCI-91110000600037341L", "name": "明达水电工程有限公司", "roles": ["supplier"]}],
}
_PACKAGE: dict[str, object] = {
    "uri": "https://linli.example/ocds/releases",
    "version": ocds.VERSION,
    "publishedDate": "2026-03-02T02:00:00Z",
    "publisher": {"name": ocds.PUBLISHER},
}
RELEASES: dict[str, object] = {**_PACKAGE, "releases": [_RELEASE]}
_MERGED: dict[str, object] = {**_RELEASE, "tag": ["compiled"]}
RECORDS: dict[str, object] = {
    **_PACKAGE,
    "records": [{"ocid": _RELEASE["ocid"], "releases": [_RELEASE], "compiledRelease": _MERGED}],
}


def routes(ports: Ports) -> list[HTTPRouteHandler]:
    """What everybody may take away."""
    return [_releases(ports), _record(ports)]


def _releases(ports: Ports) -> HTTPRouteHandler:
    @get(
        f"{PATH}/releases",
        summary="Admission schemes and engagements as OCDS releases, for everybody",
        operation_id="ocdsReleases",
        operation_class=operation(*parameters(Page), gives=RELEASES),
        responses=problems(Malformed, TooManyRequests, InternalError, LedgerAway),
    )
    async def releases(request: Asked) -> Response[ReleasePackage]:
        asked = asked_for(request, Page)
        facts = await ports.ledger.page(asked.after, limit=asked.limit, tags=_TAGS)
        found: dict[tuple[UUID, int], Json] = {}
        for stream in dict.fromkeys(each.stream for each in facts):
            found |= {(stream, number): told for number, told in await _of(ports, stream)}
        onward = f"{_address(request)}?after={facts[-1].position}&limit={asked.limit}" if _more(facts, asked) else ""
        package = ReleasePackage(
            uri=str(request.url),
            version=ocds.VERSION,
            published_date=ocds.moment(ports.now()),
            publisher=Publisher(),
            releases=[found[key] for each in facts if (key := (each.stream, each.version)) in found],
            links=Links(onward) if onward else None,
        )
        return Response(package, headers=KEPT_FOR)

    return releases


def _record(ports: Ports) -> HTTPRouteHandler:
    @get(
        f"{PATH}/records/{{ocid:str}}",
        summary="One process as an OCDS record: its releases, and what they come to",
        operation_id="ocdsRecord",
        operation_class=operation(gives=RECORDS),
        responses=problems(Malformed, TooManyRequests, NotFound, InternalError, LedgerAway),
    )
    async def record(
        request: Asked, ocid: Annotated[str, PathParameter(description="Of the process.", max_length=64)]
    ) -> Response[RecordPackage]:
        releases = [told for _, told in await _of(ports, _stream(ocid))]
        if not releases or releases[0]["ocid"] != ocid:
            raise NotFound
        package = RecordPackage(
            uri=str(request.url),
            version=ocds.VERSION,
            published_date=ocds.moment(ports.now()),
            publisher=Publisher(),
            records=[Record(ocid=ocid, releases=releases, compiled_release=ocds.compiled(releases))],
        )
        return Response(package, headers=KEPT_FOR)

    return record


def _stream(ocid: str) -> UUID:
    """The stream of a process. Raises NotFound for what is none of ours."""
    key = ocid.removeprefix(f"{PREFIX}-")
    if key == ocid or ocid_of(key) != ocid:
        raise NotFound
    try:
        return UUID(key)
    except ValueError:
        return admission_scheme.stream(key)


def _more(facts: Sequence[Recorded], asked: Page) -> bool:
    return len(facts) == asked.limit


def _address(request: Asked) -> str:
    """Of this list, without what was asked for."""
    return str(request.url).partition("?")[0]


async def _of(ports: Ports, stream: UUID) -> list[tuple[int, Json]]:
    """All releases of a process, with the numbers of the events they tell of; none for what is not published."""
    rows = await ports.ledger.read(stream)
    if rows and rows[0].tag in admission_scheme.decider.tags:
        scheme = admission_scheme.decider.fold([_decode_scheme(row.body) for row in rows])
        return list(enumerate(scheme_releases(scheme.category, scheme.versions), 1))
    if not rows or rows[0].tag not in _ENGAGED:
        return []
    history: list[Told] = []
    for row in rows:
        told, party = _decode_engagement(row.body), None
        if isinstance(told, Awarded | Offered | Reassigned):
            party = await _party(ports, told.vendor, row.position)
        history.append(Told(row.version, told, party))
    return [(int(str(each["id"]).rpartition("-")[2]), each) for each in engagement_releases(stream, history)]


async def _party(ports: Ports, vendor: str, position: int) -> Party:
    """A company as it was known at a position of the log."""
    rows = await ports.ledger.read(UUID(vendor), position=position)
    known = organisation.decider.fold([_decode_organisation(row.body) for row in rows])
    return Party(vendor, known.name, known.credit_code)
