"""How a person looks from outside: to themselves, to staff, to an auditor; and to everybody else, as if unknown."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from api.asked import Asked
from api.disclosing import Disclosed, Part, Sees, disclose
from api.ports import Facts, Ports
from api.problems import NotFound
from domain.parties import person
from domain.parties.person import TEXTS, Person, Representative, Retained, Status
from domain.privacy.personal import ERASED, RESTRICTED, Kind
from domain.privacy.showing import Shown, Viewer, shown


class PersonView(msgspec.Struct, frozen=True, kw_only=True):
    """What the viewer may see of a person. What is masked holds stars, what is hidden is empty."""

    id: UUID
    version: int
    position: int
    status: str
    name: str
    phone: str
    email: str
    address: str
    home: str
    """The area where they live."""
    language: str
    represented_by: tuple[Representative, ...]
    holds: tuple[Retained, ...]
    """Until when which law demands keeping."""
    erase_at: datetime | None
    """When data that is only kept will be erased."""
    registered_at: datetime | None
    restricted_at: datetime | None
    erased_at: datetime | None


class Present(NamedTuple):
    """A person as they stand now, and who is looking."""

    id: UUID
    version: int
    position: int
    person: Person
    facts: Facts
    viewer: Viewer

    @property
    def subject(self) -> str:
        """The id as it stands in events."""
        return str(self.id)


async def present(ports: Ports, request: Asked, person_id: UUID) -> Present:
    """The person, and what the viewer is to them. Raises `NotFound` where nobody is registered."""
    loaded = await ports.door.load(person.decider, person_id)
    if loaded.version == 0:
        raise NotFound
    whose = person.whose(person_id, loaded.state, None)
    facts = await ports.discretion.insight.of(request.user, whose, ports.now())
    viewer = Viewer(own=facts.own, staff=facts.staff, auditor=facts.auditor)
    return Present(person_id, loaded.version, loaded.position, loaded.state, facts, viewer)


def must_be_somebody(found: Present) -> None:
    """Raises `NotFound` for whoever is nothing to the person: that there is one is nobody's business."""
    if not (found.viewer.own or found.viewer.staff or found.viewer.auditor or found.facts.privacy_officer):
        raise NotFound


def must_answer_for(found: Present) -> None:
    """Only the person, who represents them, and a privacy officer: raises `NotFound` for all others."""
    if not (found.viewer.own or found.facts.privacy_officer):
        raise NotFound


def view(person_id: UUID, version: int, position: int, known: Person) -> PersonView:
    """The person as they stand in the log, sealed texts and all: not to be shown before it was disclosed."""
    return PersonView(
        id=person_id,
        version=version,
        position=position,
        status=known.status.value,
        name=ERASED if known.status is Status.ERASED else usable(known, known.name),
        phone=usable(known, known.phone),
        email=usable(known, known.email),
        address=usable(known, known.address),
        home=known.home,
        language=known.language,
        represented_by=known.represented_by,
        holds=known.holds,
        erase_at=known.erase_at,
        registered_at=known.registered_at,
        restricted_at=known.restricted_at,
        erased_at=known.erased_at,
    )


def usable(known: Person, text: str) -> str:
    """A text of the person, or that it is only kept."""
    return RESTRICTED if text and known.status is Status.RESTRICTED else text


def part(shape: PersonView, sees: Sees) -> Part[PersonView]:
    """A person's view as something to be disclosed."""
    return Part(shape.id, shape, sees, subject=str(shape.id), personal=TEXTS)


def seen_by(viewer: Viewer) -> Sees:
    """How this viewer sees data of the person they look at."""

    def sees(subject: str, kind: Kind) -> Shown:
        del subject  # on the stream of a person everything is about them
        return shown(viewer, kind)

    return sees


def masked(subject: str, kind: Kind) -> Shown:
    """How everybody sees a list."""
    del subject, kind
    return "masked"


async def shown_to(ports: Ports, found: Present, viewer: Viewer | None = None) -> Disclosed[PersonView]:
    """The person as the viewer may see them."""
    shape = view(found.id, found.version, found.position, found.person)
    return await disclose(ports.discretion.vault, [part(shape, seen_by(viewer or found.viewer))])
