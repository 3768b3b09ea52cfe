"""Was V qualified for C in area A at moment T, by which rule, with which documents? Answered from the log.

Where it was not, an emergency waiver may have let it do without: those that counted at the moment are named too.

    GET /vendors/{vendor_id}/qualified?category=&area=&at=&as_known_at=

`as_known_at` is a position of the log: the answer is what it was when the log had come so far. The answer names the
events that it rests on by their positions, so that anybody with the log can check it.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Annotated, Final, NamedTuple
from uuid import UUID

import msgspec
from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from msgspec import UNSET, Meta, UnsetType

from api import as_of as past
from api.admission.qualification_examples import QUALIFIED
from api.admission.qualification_view import DocumentView, document
from api.asked import Asked
from api.documentation import operation, problems
from api.freshness import reached
from api.ports import Ports
from api.problems import Fault, InternalError, LedgerAway, Malformed, NotFound, NotIdentified, NotThereYet
from api.query import Reading, asked_for, parameters
from api.sight import looking
from domain.admission import qualification, vendor, waiver
from domain.admission.qualification import Grant, Qualification
from domain.admission.what import What
from domain.decider import Whose
from domain.parties import area
from domain.ports import Recorded

SEEING: Final = "qualification.see"


class Asking(Reading, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Qualified for what, where, when."""

    category: Annotated[str, Meta(max_length=32, description="Needed.")] | UnsetType = UNSET
    area: Annotated[str, Meta(pattern="^[0-9]{0,15}$", description="Left out: the whole city.")] = ""
    at: Annotated[datetime, Meta(tz=True, description="Left out: now.")] | UnsetType = UNSET
    as_known_at: (
        Annotated[
            int, Meta(ge=0, le=2**63 - 1, description="As the log stood at this position. Left out: as we know now.")
        ]
        | UnsetType
    ) = UNSET


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """By what a vendor was qualified."""

    id: UUID
    """Of the qualification."""
    area: str
    """That it was granted for, which may lie above the one that was asked about; empty: the whole city."""
    case: int
    scheme_version: int
    """Of the admission scheme that the case was judged by."""
    since: datetime
    ends_at: datetime
    """When it ended, or ends as far as was known."""
    conditional: bool
    """Conditions were still to be met at the moment."""
    documents: tuple[DocumentView, ...]
    """Those that were accepted and valid at the moment."""
    positions: tuple[int, ...]
    """Of the events in the log that it rests on."""


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """A grant that had ended by the moment, or no longer covered the area."""

    id: UUID
    area: str
    case: int
    since: datetime
    ended_at: datetime
    because: str


class Waived(msgspec.Struct, frozen=True, kw_only=True):
    """An emergency waiver that counted at the moment: signed, begun, neither over nor revoked."""

    number: int
    """At /waivers/{vendor}/{category}."""
    area: str
    """Empty: the whole city."""
    what: tuple[What, ...]
    """What it lets the vendor do without a qualification."""
    since: datetime
    until: datetime
    reason: waiver.Reason
    single_use: bool
    """It counts for the one engagement that names it."""
    positions: tuple[int, ...]
    """Of the events in the log that it rests on."""


class Qualified(msgspec.Struct, frozen=True, kw_only=True):
    """The answer."""

    vendor: UUID
    category: str
    area: str
    at: datetime
    known_at: int
    """The position of the log that the answer is as of."""
    qualified: bool
    """By a grant."""
    ground: Ground | None
    waivers: tuple[Waived, ...]
    """The emergency waivers that let it do without, qualified or not."""
    ended: tuple[Ended, ...]
    """Where it was not: what had been granted before."""


class _Told(NamedTuple):
    """A stream as the log tells it."""

    stream: UUID
    area: str
    rows: Sequence[Recorded]
    state: Qualification


def routes(ports: Ports) -> list[HTTPRouteHandler]:
    """The one question."""
    return [_qualified(ports)]


def _qualified(ports: Ports) -> HTTPRouteHandler:
    @get(
        "/vendors/{vendor_id:uuid}/qualified",
        summary="Whether a vendor was qualified for a category in an area at a moment, by which rule and documents",
        operation_id="wasQualified",
        operation_class=operation(*parameters(Asking), gives=QUALIFIED, permission=SEEING),
        responses=problems(Malformed, NotIdentified, NotFound, InternalError, NotThereYet, LedgerAway),
    )
    async def answer(request: Asked, vendor_id: FromPath[UUID]) -> Qualified:
        asked = asked_for(request, Asking)
        await reached(ports, asked.min_position)
        known = str(vendor_id)
        viewer = await looking(request, ports, SEEING)
        there = await ports.door.load(vendor.decider, vendor.stream(known))
        whose = Whose(organisations=(known,), areas=(asked.area,) if asked.area else ())
        if there.version == 0 or not viewer.sight.takes_in(whose):
            raise NotFound
        if asked.category is UNSET:
            raise Malformed(Fault("which category?", parameter="category"))
        known_at = await ports.ledger.head() if asked.as_known_at is UNSET else asked.as_known_at
        at = ports.now() if asked.at is UNSET else asked.at
        told = [
            await _told(ports, known, asked.category, each, past.Then(position=known_at))
            for each in dict.fromkeys((asked.area, *reversed(area.ancestors_of(asked.area)), ""))
        ]
        ground = next((found for each in told if (found := _ground(each, at, asked.area)) is not None), None)
        return Qualified(
            vendor=vendor_id,
            category=asked.category,
            area=asked.area,
            at=at,
            known_at=known_at,
            qualified=ground is not None,
            ground=ground,
            waivers=await _waived(ports, known, asked, at, past.Then(position=known_at)),
            ended=() if ground is not None else tuple(found for each in told for found in _ended(each, at, asked.area)),
        )

    return answer


async def _waived(ports: Ports, known: str, asked: Asking, at: datetime, then: past.Then) -> tuple[Waived, ...]:
    """By what had happened by the moment, as far as was known."""
    rows = await past.events(ports.ledger, waiver.decider, waiver.stream(known, asked.category or ""), then)
    told = [(row.position, msgspec.json.decode(row.body, type=waiver.decider.tags[row.tag])) for row in rows]
    before = [(position, event) for position, event in told if event.at <= at]
    state = waiver.decider.fold([event for _, event in before])
    return tuple(
        Waived(
            number=each.number,
            area=each.area,
            what=each.what,
            since=each.since,
            until=each.until,
            reason=each.reason,
            single_use=each.single_use,
            positions=tuple(position for position, event in before if event.number == each.number),
        )
        for each in state.all
        if each.counts(at) and asked.area.startswith(each.area)
    )


async def _told(ports: Ports, known: str, category: str, place: str, then: past.Then) -> _Told:
    stream = qualification.stream(known, category, place)
    rows = await past.events(ports.ledger, qualification.decider, stream, then)
    return _Told(stream, place, rows, past.folded(qualification.decider, rows))


def _ground(told: _Told, at: datetime, place: str) -> Ground | None:
    grant = qualification.granted_at(told.state, at, place)
    if grant is None:
        return None
    kinds = set(grant.terms.documents)
    serials = {
        serial: each
        for serial, each in enumerate(told.state.documents, 1)
        if each.counts(at) and each.checked_at is not None and each.checked_at <= at and each.paper.kind in kinds
    }
    return Ground(
        id=told.stream,
        area=told.area,
        case=grant.case,
        scheme_version=grant.scheme_version,
        since=grant.since,
        ends_at=qualification.ended(told.state, grant),
        conditional=any(each.cleared_at is None or each.cleared_at > at for each in grant.conditions),
        documents=tuple(document(serial, each) for serial, each in serials.items()),
        positions=_positions(told, grant, serials, at),
    )


def _positions(told: _Told, grant: Grant, serials: Collection[int], at: datetime) -> tuple[int, ...]:
    """Of what the grant rests on: the application, the documents that counted, the review, each level, the grant, and
    the conditions that were met by then.
    """
    state, found = Qualification(), list[int]()
    for row in told.rows:
        event = msgspec.json.decode(row.body, type=qualification.decider.tags[row.tag])
        filed = len(state.documents)
        state = qualification.evolve(state, event)
        if isinstance(event, qualification.DocumentChecked):
            rests = event.serial in serials
        elif isinstance(event, qualification.DocumentAdded):
            rests = filed + 1 in serials
        elif isinstance(event, qualification.Submitted):
            rests = state.current == grant.case or any(filed < each <= len(state.documents) for each in serials)
        elif isinstance(event, qualification.ConditionCleared):
            rests = grant.decided_at <= event.at <= at
        else:
            rests = isinstance(event, _RESTS_ON) and state.current == grant.case and event.at <= grant.decided_at
        if rests:
            found.append(row.position)
    return tuple(found)


_RESTS_ON: Final = (
    qualification.Reviewed,
    qualification.Settled,
    qualification.Decided,
    qualification.Granted,
    qualification.GrantedConditionally,
    qualification.Appealed,
)


def _ended(told: _Told, at: datetime, place: str) -> list[Ended]:
    found: list[Ended] = []
    for grant in told.state.grants:
        if grant.since > at:
            continue
        out = [each for each in grant.taken_out if each.touches(place, at)]
        moment, because = qualification.ended(told.state, grant), grant.ended_because
        if moment > at and out:
            moment, because = out[0].since, "revoked"
        if moment > at:
            continue
        found.append(
            Ended(
                id=told.stream,
                area=told.area,
                case=grant.case,
                since=grant.since,
                ended_at=moment,
                because=because or qualification.end(told.state, grant).because,
            )
        )
    return found
