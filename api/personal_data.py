"""A person's rights over HTTP: to know who saw what, to have a copy, and for everybody to know what is processed.

GET /people/{id}/disclosures   who saw what, when and why                        (PIPL 44, 45)
GET /people/{id}/export        everything held about the person, as one document (PIPL 45)
GET /personal-data             the record of processing, read from the events' declarations (PIPL 55, 56)
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from msgspec import UNSET, Meta, UnsetType

from api.as_of import occurred_at
from api.asked import Asked
from api.consents import ConsentView, consents_of
from api.disclosing import Part, Seen, disclose, note
from api.documentation import operation, problems
from api.freshness import reach, reached
from api.people_examples import DISCLOSURE, EXPORT, RECORD
from api.person_view import PersonView, Present, must_answer_for, present, shown_to
from api.ports import Ports
from api.problems import InternalError, LedgerAway, Malformed, NotFound, NotIdentified, NotThereYet
from api.query import Reading, asked_for, parameters
from domain import lifecycles
from domain.decider import Decider, Event
from domain.ports import Recorded
from domain.privacy import disclosure
from domain.privacy.declared import declared, owner
from domain.privacy.disclosure import Form
from domain.privacy.personal import HANDLING, RETENTION, Kind, Personal
from domain.privacy.showing import Shown, Viewer
from projections import consent_register

READING = (Malformed, NotIdentified, NotFound, InternalError, NotThereYet, LedgerAway)
LONGEST = timedelta(days=366 * 16)
"""How far back disclosures are looked for: longer than any law demands keeping."""

_SOMEBODY_ELSE = "-"
_month = msgspec.json.Decoder(disclosure.Made)


class DisclosureView(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody saw sensitive data."""

    at: datetime
    to: str
    organisation: str
    kinds: tuple[Kind, ...]
    purpose: str
    about: str
    form: Form


class Processed(msgspec.Struct, frozen=True, kw_only=True):
    """A field of an event that holds personal data, and how it is handled."""

    event: str
    field: str
    of: str
    """The field that names whose it is; empty: the stream is the person's."""
    kind: Kind
    purpose: str
    basis: str
    retention: str
    kept: str
    sensitive: bool


class HeldField(msgspec.Struct, frozen=True, kw_only=True):
    """A field of an event that is about the person, and how it is handled."""

    field: str
    kind: Kind
    purpose: str
    basis: str
    retention: str


class HeldEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event that is about the person. What in it is about others is left out."""

    stream: UUID
    lifecycle: str
    type: str
    version: int
    position: int
    occurred_at: datetime
    recorded_at: datetime
    data: dict[str, object]
    personal: list[HeldField]


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is held about a person."""

    format: str
    subject: UUID
    made_at: datetime
    person: PersonView
    events: list[HeldEvent]
    consents: list[ConsentView]
    disclosures: list[DisclosureView]
    recipients: list[str]
    """The organisations that were told something, or may be."""


class Since(Reading, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From when on."""

    since: Annotated[datetime, Meta(tz=True, description="From this moment on.")] | UnsetType = UNSET


def routes(ports: Ports) -> list[HTTPRouteHandler]:
    """What people can ask for."""
    return [_disclosures(ports), _export(ports), _record()]


# Who saw what ---------------------------------------------------------------------------------------------------------


def _disclosures(ports: Ports) -> HTTPRouteHandler:
    @get(
        "/people/{person_id:uuid}/disclosures",
        summary="Who saw sensitive data of a person, when and why",
        operation_id="disclosuresOfPerson",
        operation_class=operation(*parameters(Since), gives=[DISCLOSURE], permission="disclosure.see"),
        responses=problems(*READING),
    )
    async def some(request: Asked, person_id: FromPath[UUID]) -> list[DisclosureView]:
        asked = asked_for(request, Since)
        await reached(ports, asked.min_position)
        found = await present(ports, request, person_id)
        must_answer_for(found)
        told = await _disclosures_of(ports, found)
        return [each for each in told if asked.since is UNSET or each.at >= asked.since]

    return some


async def _disclosures_of(ports: Ports, found: Present) -> list[DisclosureView]:
    """Everything that was ever disclosed of a person, the newest first."""
    now = ports.now()
    since = max(min(found.person.registered_at or now, now), now - LONGEST)
    streams = disclosure.streams(found.subject, since, now)
    months = await asyncio.gather(*(ports.ledger.read(stream) for stream in streams))
    return [_view(_month.decode(row.body)) for rows in reversed(months) for row in reversed(rows)]


def _view(made: disclosure.Made) -> DisclosureView:
    return DisclosureView(
        at=made.at,
        to=made.to,
        organisation=made.organisation,
        kinds=made.kinds,
        purpose=made.purpose,
        about=made.about,
        form=made.form,
    )


# A copy ---------------------------------------------------------------------------------------------------------------


def _export(ports: Ports) -> HTTPRouteHandler:
    @get(
        "/people/{person_id:uuid}/export",
        summary="Everything held about a person, as one document",
        operation_id="exportPerson",
        operation_class=operation(gives=EXPORT, permission="person.export"),
        responses=problems(*READING),
    )
    async def export(request: Asked, person_id: FromPath[UUID]) -> Response[Export]:
        found = await present(ports, request, person_id)
        must_answer_for(found)
        await reach(ports, consent_register.projection.name, await ports.ledger.head())
        themselves = await shown_to(ports, found, Viewer(own=True))
        events, seen = await _held(ports, found)
        await note(
            ports,
            request,
            {*themselves.seen, *seen},
            purpose="access_request",
            about=f"person/{person_id}",
            organisations=found.facts.organisations,
            form="export",
        )
        now = ports.now()
        consents = await consents_of(ports, found.subject, now)
        disclosures = await _disclosures_of(ports, found)
        document = Export(
            format="linli.export.1",
            subject=person_id,
            made_at=now,
            person=themselves.contents[0],
            events=events,
            consents=consents,
            disclosures=disclosures,
            recipients=_recipients(consents, disclosures),
        )
        return Response(document, headers={"Content-Disposition": f'attachment; filename="person-{person_id}.json"'})

    return export


def _recipients(consents: Iterable[ConsentView], disclosures: Iterable[DisclosureView]) -> list[str]:
    told = {each.recipient for each in consents}
    told.update(name for each in disclosures for name in each.organisation.split(",") if name)
    return sorted(told)


async def _held(ports: Ports, found: Present) -> tuple[list[HeldEvent], frozenset[Seen]]:
    """The events in which something of the person is held, what is theirs readable and what is others' left out."""
    elsewhere = await ports.discretion.holdings.streams(found.subject)
    streams = dict.fromkeys([found.id, *elsewhere])
    histories = await asyncio.gather(*(ports.ledger.read(stream) for stream in streams))

    def sees(subject: str, kind: Kind) -> Shown:
        del kind
        return "plain" if subject == found.subject else "hidden"

    parts = [
        Part(held.stream, held, sees, subject=_SOMEBODY_ELSE, personal=others)
        for history in histories
        for held, others in _of_history(history, found)
    ]
    told = await disclose(ports.discretion.vault, parts)
    theirs = {Seen(found.subject, field.kind) for held in told.contents for field in held.personal}
    return told.contents, frozenset(seen for seen in {*told.seen, *theirs} if HANDLING[seen.kind].sensitive)


def _of_history(history: Iterable[Recorded], found: Present) -> Iterator[tuple[HeldEvent, dict[str, Kind]]]:
    """The events of a stream that are about the person, each with its fields that are about somebody else."""
    state: object = None
    for row in history:
        decider, event = lifecycles.by_tag(row.tag), lifecycles.decode(row.tag, row.body)
        if decider is None or event is None:
            continue
        state = decider.initial if state is None else state
        mine, others = list[HeldField](), dict[str, Kind]()
        for field in declared(type(event)):
            if owner(field.personal, event, state, str(row.stream)) == found.subject:
                mine.append(_handled(field.name, field.personal))
            else:
                others[field.path[-1]] = field.personal.kind
        if mine or row.stream == found.id:
            yield _entry(row, decider.name, mine), others
        state = decider.evolve(state, event)


def _entry(row: Recorded, lifecycle: str, mine: list[HeldField]) -> HeldEvent:
    data = msgspec.json.decode(row.body, type=dict[str, object])
    data.pop(Decider.EVENT_TAG, None)
    return HeldEvent(
        stream=row.stream,
        lifecycle=lifecycle,
        type=row.tag,
        version=row.version,
        position=row.position,
        occurred_at=occurred_at(row),
        recorded_at=row.recorded_at,
        data=data,
        personal=[field for field in mine if field.field.partition(".")[0] in data],
    )


def _handled(name: str, personal: Personal) -> HeldField:
    handling = HANDLING[personal.kind]
    return HeldField(
        field=name,
        kind=personal.kind,
        purpose=handling.purpose,
        basis=handling.basis,
        retention=handling.retention,
    )


# The record of processing ---------------------------------------------------------------------------------------------


def _record() -> HTTPRouteHandler:
    @get(
        "/personal-data",
        summary="Every field that holds personal data, and how it is handled",
        operation_id="recordOfProcessing",
        operation_class=operation(gives=[RECORD]),
        responses=problems(NotIdentified, InternalError),
    )
    async def record() -> list[Processed]:
        return list(processing())

    return record


def processing() -> Iterator[Processed]:
    """The record of processing: what every event declares."""
    for decider in lifecycles.ALL:
        tags: Mapping[str, type[Event]] = decider.tags
        for tag, event in tags.items():
            for field in declared(event):
                handling = HANDLING[field.personal.kind]
                yield Processed(
                    event=tag,
                    field=field.name,
                    of=field.personal.of,
                    kind=field.personal.kind,
                    purpose=handling.purpose,
                    basis=handling.basis,
                    retention=handling.retention,
                    kept=RETENTION[handling.retention],
                    sensitive=handling.sensitive,
                )
