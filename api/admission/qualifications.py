"""Qualifications over HTTP: one POST a command, one now or as of then, what it came to and why, lists of them.

POST /qualifications                             apply; the body names the vendor, the category and the area
POST /qualifications/{id}/score ../decide ..     every other command, by its name
GET  /qualifications/{id}                        ?as_of=, ?basis=: where it stands, and who has to do what next
GET  /qualifications/{id}/history                the same: everything that happened to it, scores once all are in
GET  /qualifications/{id}/explanation            ?case=, ?as_of=: scores, weights, minimums, who
GET  /qualifications?vendor=&category=&within=&status=&stage=&awaiting=me&granted=    a page, oldest submission first

None of them can be dated back: windows, deadlines and the version of the rules are judged by when it is said.
"""

from typing import Annotated, Final, TypeVar
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from msgspec import UNSET, Meta, UnsetType, structs

from api import as_of as past
from api.admission.qualification_examples import (
    APPEAL,
    EXAMPLE,
    EXPLANATION,
    HISTORY,
    LINE,
    OFFERS,
    SUBMIT,
)
from api.admission.qualification_history import told
from api.admission.qualification_next import coming
from api.admission.qualification_view import (
    Explanation,
    QualificationLine,
    QualificationView,
    explanation,
    line,
    view,
)
from api.asked import Asked
from api.change import Change, Offer, body_of, command_route
from api.documentation import IF_NONE_MATCH, NOT_MODIFIED, operation, problems
from api.freshness import reached
from api.pages import Paging, linked, page_of
from api.ports import Ports
from api.preconditions import etag, fresh
from api.problems import InternalError, LedgerAway, Malformed, NotFound, NotIdentified, NotThereYet
from api.query import asked_for, parameters
from api.sentences import language_of
from api.sight import looking_at_some, must_see
from api.work_order_view import History
from api.work_orders import Looking
from domain.access.permission import NotPermitted
from domain.admission import admission_scheme, qualification
from domain.admission.qualification import Case, Qualification, QualificationCommand, Stage, Status
from domain.admission.scheme_document import Document
from domain.ports import Done, Loaded, Recorded
from projections.admission.qualification_board import Filters, projection

T = TypeVar("T")

SEEING: Final = "qualification.see"
PATH: Final = "/qualifications"
ME: Final = "me"
READING = (Malformed, NotIdentified, NotFound, InternalError, NotThereYet, LedgerAway)
LISTING = (Malformed, NotIdentified, NotPermitted, InternalError, NotThereYet, LedgerAway)


class Explaining(Looking, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which case, and at which point in time."""

    case: Annotated[int, Meta(ge=1, description="Left out: the one that is, or was last, worked on.")] | UnsetType = (
        UNSET
    )


class Place(Paging, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Whose, for what, where."""

    vendor: Annotated[str, Meta(max_length=36, description="The id of the organisation.")] | UnsetType = UNSET
    category: Annotated[str, Meta(max_length=32)] | UnsetType = UNSET
    within: (
        Annotated[str, Meta(pattern="^[0-9]{1,15}$", description="For this area, or for one that lies in it.")]
        | UnsetType
    ) = UNSET


class QualificationSieve(Place, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which qualifications. Everything that is given has to hold."""

    status: Status | UnsetType = UNSET
    stage: Annotated[Stage, Meta(description="Of the case that is open.")] | UnsetType = UNSET
    awaiting: (
        Annotated[
            str, Meta(max_length=128, description="This person is to score or settle it now; `me`: whoever asks.")
        ]
        | UnsetType
    ) = UNSET
    granted: Annotated[bool, Meta(description="What is granted counts now.")] | UnsetType = UNSET


class QualificationPage(msgspec.Struct, frozen=True):
    """Some qualifications, and the cursor of the next page, null on the last."""

    items: list[QualificationLine]
    next: str | None


def routes(ports: Ports) -> list[HTTPRouteHandler]:
    """Everything that can be asked about qualifications."""
    return [
        _submit(ports),
        *(_command(ports, offer) for offer in OFFERS),
        _appeal(ports),
        _one(ports),
        _history(ports),
        _explanation(ports),
        _list(ports),
    ]


# Changing -------------------------------------------------------------------------------------------------------------


def _submit(ports: Ports) -> HTTPRouteHandler:
    change = Change(ports, qualification.decider, SUBMIT)

    async def asking(request: Asked, body: msgspec.Struct) -> Done:
        said = structs.asdict(body)
        stream = qualification.stream(said["vendor"], said["category"], said["area"])
        return await change.ask(request, body, stream, by=request.user)

    body = body_of(SUBMIT.command, "SubmitQualification", without=["by"], dated=False)
    return command_route(PATH, SUBMIT, body, asking, place=PATH)


def _command(ports: Ports, offer: Offer[QualificationCommand]) -> HTTPRouteHandler:
    change = Change(ports, qualification.decider, offer)

    async def asking(request: Asked, body: msgspec.Struct) -> Done:
        return await change.ask_existing(request, body, request.path_params["qualification_id"], by=request.user)

    body = body_of(offer.command, f"{offer.command.__name__}OfQualification", without=["by"], dated=False)
    return command_route(f"{PATH}/{{qualification_id:uuid}}/{offer.name}", offer, body, asking)


def _appeal(ports: Ports) -> HTTPRouteHandler:
    """What is in the log now is the evidence that it is heard on."""
    change = Change(ports, qualification.decider, APPEAL)

    async def asking(request: Asked, body: msgspec.Struct) -> Done:
        stream, position = request.path_params["qualification_id"], await ports.ledger.head()
        return await change.ask_existing(request, body, stream, by=request.user, position=position)

    body = body_of(APPEAL.command, "AppealOfQualification", without=["by", "position"], dated=False)
    return command_route(f"{PATH}/{{qualification_id:uuid}}/{APPEAL.name}", APPEAL, body, asking)


# Reading --------------------------------------------------------------------------------------------------------------


async def _then(request: Asked, ports: Ports, stream: UUID, asked: Looking) -> Loaded[Qualification]:
    """As it stood at the point that is asked for, for whoever may see it now."""
    await reached(ports, asked.min_position)
    loaded = await _seen(request, ports, stream)
    if _point(asked) == past.NOW:
        return loaded
    rows = await _rows(ports, stream, asked)
    return Loaded(past.folded(qualification.decider, rows), rows[-1].version, rows[-1].position)


def _point(asked: Looking) -> past.Then:
    return past.point(None if asked.as_of is UNSET else asked.as_of, asked.basis)


async def _seen(request: Asked, ports: Ports, stream: UUID) -> Loaded[Qualification]:
    """As it stands now, for whoever may see it now: that decides about its past too."""
    loaded = await ports.door.load(qualification.decider, stream)
    if loaded.version == 0:
        raise NotFound
    await must_see(request, ports, qualification.decider, stream, loaded.state)
    return loaded


async def _rows(ports: Ports, stream: UUID, asked: Looking) -> list[Recorded]:
    """What had happened at the point that is asked for. Raises NotFound where nothing had."""
    rows = await past.events(ports.ledger, qualification.decider, stream, _point(asked))
    if not rows:
        raise NotFound
    return rows


def _one(ports: Ports) -> HTTPRouteHandler:
    @get(
        f"{PATH}/{{qualification_id:uuid}}",
        summary="One qualification, now or as of then, and who has to do what next",
        operation_id="oneQualification",
        operation_class=operation(*parameters(Looking), gives=EXAMPLE, headers=("ETag",), permission=SEEING),
        responses=problems(*READING),
    )
    async def one(request: Asked, qualification_id: FromPath[UUID]) -> Response[QualificationView]:
        asked = asked_for(request, Looking)
        then = await _then(request, ports, qualification_id, asked)
        found, moment = then.state, _point(asked)
        at = ports.now() if moment == past.NOW else moment.moment or found.latest or ports.now()
        language = language_of(request.said(b"accept-language"))
        following = coming(found, await _rules(ports, found, found.case), at, language)
        said = {"ETag": etag(then.version), "Content-Language": language, "Vary": "Accept-Language"}
        return Response(view(qualification_id, then.version, then.position, found, following), headers=said)

    return one


def _history(ports: Ports) -> HTTPRouteHandler:
    @get(
        f"{PATH}/{{qualification_id:uuid}}/history",
        summary="Everything that happened to a qualification; scores once all of a round are in",
        operation_id="qualificationHistory",
        operation_class=operation(
            *parameters(Looking), IF_NONE_MATCH, gives=HISTORY, headers=("ETag",), permission=SEEING
        ),
        responses=NOT_MODIFIED | problems(*READING),
    )
    async def events(request: Asked, qualification_id: FromPath[UUID]) -> Response[History | None]:
        asked = asked_for(request, Looking)
        await reached(ports, asked.min_position)
        await _seen(request, ports, qualification_id)
        language = language_of(request.said(b"accept-language"))
        shape = told(qualification_id, await _rows(ports, qualification_id, asked), language)
        said = {"Content-Language": language, "Vary": "Accept-Language"}
        return fresh(request, f'"{shape.version}-{language}"', shape, said)

    return events


async def _rules(ports: Ports, found: Qualification, case: Case | None) -> Document | None:
    """Those that a case was submitted under."""
    if case is None:
        return None
    scheme = await ports.door.load(admission_scheme.decider, admission_scheme.stream(found.category))
    version = scheme.state.version(case.scheme_version)
    return None if version is None else version.document


def _explanation(ports: Ports) -> HTTPRouteHandler:
    @get(
        f"{PATH}/{{qualification_id:uuid}}/explanation",
        summary="How a case came to what it came to: scores, weights, minimums, who",
        operation_id="explanationOfQualification",
        operation_class=operation(*parameters(Explaining), gives=EXPLANATION, permission=SEEING),
        responses=problems(*READING),
    )
    async def one(request: Asked, qualification_id: FromPath[UUID]) -> Explanation:
        asked = asked_for(request, Explaining)
        loaded = await _then(request, ports, qualification_id, asked)
        number = loaded.state.current if asked.case is UNSET else asked.case
        case = next((each for each in loaded.state.cases if each.number == number), None)
        rules = await _rules(ports, loaded.state, case)
        if case is None or rules is None:
            raise NotFound
        return explanation(qualification_id, loaded.version, loaded.state, case, rules)

    return one


def _list(ports: Ports) -> HTTPRouteHandler:
    @get(
        PATH,
        summary="Qualifications, filtered, a page at a time, the oldest submission first",
        operation_id="listQualifications",
        operation_class=operation(
            *parameters(QualificationSieve), gives={"items": [LINE], "next": None}, headers=("Link",), permission=SEEING
        ),
        responses=problems(*LISTING),
    )
    async def some(request: Asked) -> Response[QualificationPage]:
        viewer = await looking_at_some(request, ports, SEEING)
        sieve = asked_for(request, QualificationSieve)
        if sieve.awaiting == ME:  # before the page is looked up: a cursor is good for whoever it was given to
            sieve = structs.replace(sieve, awaiting=request.user)
        wanted = structs.replace(
            _place(sieve),
            status=_given(sieve.status),
            stage=_given(sieve.stage),
            awaiting=_given(sieve.awaiting),
            granted_at=ports.now() if sieve.granted is True else None,
            not_granted_at=ports.now() if sieve.granted is False else None,
            sight=viewer.sight,
        )
        shown = await page_of(
            ports, projection.name, sieve, lambda after, limit: ports.qualifications.page(wanted, after, limit)
        )
        lines = [line(row.id, row.version, row.state) for row in shown.rows]
        return linked(request, PATH, QualificationPage(lines, shown.onward), shown.onward)

    return some


def _given(said: T | UnsetType) -> T | None:
    return None if isinstance(said, UnsetType) else said


def _place(sieve: Place) -> Filters:
    return Filters(vendor=_given(sieve.vendor), category=_given(sieve.category), within=_given(sieve.within))
