"""A vendor at a glance: everything that has a say in whether it gets work, and what it would be told now.

    GET /vendors/{vendor_id}/dossier?category=&area=&value_fen=

Put together from the streams themselves, not from read models: what it says is what a decision at this moment rests on.
`would` asks the very function that every command asks (`domain.engaging.exposure`), and changes nothing.
"""

from datetime import datetime
from functools import partial
from typing import Annotated, Final, get_args
from uuid import UUID

import msgspec
from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from msgspec import UNSET, Meta, UnsetType

from api.answered import answered
from api.asked import Asked
from api.documentation import operation, problems
from api.freshness import reach, reached
from api.ports import Ports
from api.problems import InternalError, LedgerAway, Malformed, NotFound, NotIdentified, NotThereYet
from api.query import Reading, asked_for, parameters
from api.sentences import language_of, say
from api.sight import must_see
from domain.admission import qualification, vendor
from domain.admission.basis import Basis
from domain.admission.vendor import Status as FileStatus
from domain.admission.what import What
from domain.decider import Ask, Refused
from domain.engaging import exposure
from domain.engaging.exposure import Wanted
from domain.evaluation import standing
from domain.evaluation.scorecard import Rating
from domain.restraint import sanction, screening
from domain.restraint.sanction import Sanction, SanctionKind
from domain.restraint.scope import Scope
from projections.admission import qualification_board

SEEING: Final = "vendor.see"
MOST: Final = 200
"""So many qualifications are listed; more of one vendor are found at /qualifications?vendor=."""


class Asking(Reading, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """For what work."""

    category: (
        Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{1,31}$", description="`would` is told for work of this category.")]
        | UnsetType
    ) = UNSET
    area: Annotated[str, Meta(pattern="^[0-9]{0,15}$", description="In this area; left out: the whole city.")] = ""
    value_fen: Annotated[int, Meta(ge=0, le=10**15, description="Of this value, in fen.")] = 0


class QualificationLine(msgspec.Struct, frozen=True, kw_only=True):
    """Where one qualification stands."""

    id: UUID
    category: str
    area: str
    status: str
    stage: str
    """Of the case that is open; empty: none is."""
    granted_until: datetime | None
    """When what is granted ends, unless something is done: by its term, a document, or a condition."""


class StandingLine(msgspec.Struct, frozen=True, kw_only=True):
    """How it is rated."""

    band: Rating
    tier: int
    total: int | None
    """Of the last rated period, in hundredths of a point."""
    rated_until: str


class SanctionLine(msgspec.Struct, frozen=True, kw_only=True):
    """A sanction that is in force."""

    number: int
    kind: SanctionKind
    since: datetime
    until: datetime | None
    """Null: until it is lifted."""
    reason: str
    text: str
    """As it is published."""
    scope: Scope
    appealed: bool


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the vendor would be told now."""

    what: What
    allowed: bool
    basis: Basis | None
    code: str
    """Of the refusal; empty where it is allowed."""
    title: str


class Dossier(msgspec.Struct, frozen=True, kw_only=True):
    """A vendor at a glance."""

    id: UUID
    at: datetime
    name: str
    credit_code: str
    status: FileStatus
    verified: bool
    frozen: bool
    qualifications: list[QualificationLine]
    standing: StandingLine
    sanctions: list[SanctionLine]
    """Those in force."""
    matches_awaiting_review: int
    """On lists of debarment."""
    debarred: bool
    """A list of debarment stands in the way."""
    would: list[Answer]
    """One line for each kind of exposure, where a category was named."""


EXAMPLE: dict[str, object] = {
    "id": "019a5b1e-0000-7000-8000-000000000003",
    "at": "2026-03-02T01:10:00Z",
    "name": "明达水电工程有限公司",
    "credit_code": "91110000600037341L",
    "status": "verified",
    "verified": True,
    "frozen": False,
    "qualifications": [
        {
            "id": "019a5b1e-0000-7000-8000-000000000004",
            "category": "access_control",
            "area": "990101",
            "status": "granted",
            "stage": "",
            "granted_until": "2027-03-02T01:00:00Z",
        }
    ],
    "standing": {"band": "normal", "tier": 1, "total": 7850, "rated_until": "2026-02"},
    "sanctions": [],
    "matches_awaiting_review": 0,
    "debarred": False,
    "would": [
        {
            "what": "award",
            "allowed": True,
            "basis": {
                "kind": "grant",
                "area": "990101",
                "number": 1,
                "scheme_version": 1,
                "until": "2027-03-02T01:00:00Z",
            },
            "code": "",
            "title": "",
        }
    ],
}


def routes(ports: Ports) -> list[HTTPRouteHandler]:
    """The one page."""

    @get(
        "/vendors/{vendor_id:uuid}/dossier",
        summary="A vendor at a glance, and what it would be told now",
        operation_id="vendorDossier",
        operation_class=operation(*parameters(Asking), gives=EXAMPLE, permission=SEEING),
        responses=problems(Malformed, NotIdentified, NotFound, InternalError, NotThereYet, LedgerAway),
    )
    async def one(request: Asked, vendor_id: FromPath[UUID]) -> Dossier:
        asked = asked_for(request, Asking)
        await reached(ports, asked.min_position)
        await reach(ports, qualification_board.projection.name, asked.min_position)
        known, now = str(vendor_id), ports.now()
        stream = vendor.stream(known)
        loaded = await ports.door.load(vendor.decider, stream)
        if loaded.version == 0:
            raise NotFound
        await must_see(request, ports, vendor.decider, stream, loaded.state)
        stands = (await ports.door.load(standing.decider, standing.stream(known))).state
        sanctions = (await ports.door.load(sanction.decider, sanction.stream(known))).state
        screened = (await ports.door.load(screening.decider, screening.stream(known))).state
        rated = stands.last_rated
        would = [] if asked.category is UNSET else await _would(request, ports, known, asked, now)
        return Dossier(
            id=vendor_id,
            at=now,
            name=loaded.state.name,
            credit_code=loaded.state.credit_code,
            status=loaded.state.status,
            verified=loaded.state.verified,
            frozen=loaded.state.frozen,
            qualifications=await _qualifications(ports, known),
            standing=StandingLine(
                band=stands.band,
                tier=stands.tier,
                total=None if rated is None else rated.total,
                rated_until="" if rated is None else rated.period,
            ),
            sanctions=[_sanction(each) for each in sanction.restraints(sanctions, now)],
            matches_awaiting_review=len(screened.awaiting),
            debarred=await _is_debarred(ports, known, now),
            would=would,
        )

    return [one]


def _sanction(found: Sanction) -> SanctionLine:
    return SanctionLine(
        number=found.number,
        kind=found.kind,
        since=found.since,
        until=found.until,
        reason=found.reason,
        text=found.text,
        scope=found.scope,
        appealed=found.appeal is not None,
    )


async def _is_debarred(ports: Ports, known: str, now: datetime) -> bool:
    def clear(ask: Ask) -> None:
        screening.must_be_clear(ask, known, now)

    try:
        await answered(ports.door, clear)
    except Refused:
        return True
    return False


async def _qualifications(ports: Ports, known: str) -> list[QualificationLine]:
    rows = await ports.qualifications.page(qualification_board.Filters(vendor=known), None, MOST)
    return [
        QualificationLine(
            id=row.id,
            category=row.state.category,
            area=row.state.area,
            status=row.state.status,
            stage="" if row.state.open_case is None else row.state.open_case.stage,
            granted_until=max((qualification.end(row.state, each).at for each in row.state.live), default=None),
        )
        for row in rows
    ]


def _allowed(wanted: Wanted, ask: Ask) -> Basis:
    return exposure.must_be_allowed(ask, wanted)


async def _would(request: Asked, ports: Ports, known: str, asked: Asking, now: datetime) -> list[Answer]:
    language = language_of(request.said(b"accept-language"))
    answers: list[Answer] = []
    for what in get_args(What):
        wanted = Wanted(
            vendor=known,
            what=what,
            category=asked.category or "",
            area=asked.area,
            at=now,
            value_fen=asked.value_fen,
        )
        try:
            basis = await answered(ports.door, partial(_allowed, wanted))
            answers.append(Answer(what=what, allowed=True, basis=basis, code="", title=""))
        except Refused as no:
            title = say(no.sentence(), language)
            answers.append(Answer(what=what, allowed=False, basis=None, code=no.code, title=title))
    return answers
