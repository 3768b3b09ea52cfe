"""A disclosure: somebody was shown sensitive data of a person. Who, what, when, why (PIPL 44, 45, 55).

    unknown -> made -> made -> ...

One stream holds what was disclosed of one person in one month (of UTC), so that no stream grows for ever and the
streams of a person can be named without a list of them. A disclosure holds no data, only that it was seen.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from msgspec import Meta, Struct

from domain.decider import Ask, Command, Decider, Elapse, Event, Whose, derived_id
from domain.privacy.personal import NOT_PERSONAL, Key, Kind

Instant: TypeAlias = Annotated[datetime, Meta(tz=True)]
GivenKey: TypeAlias = Annotated[str, Meta(max_length=400), NOT_PERSONAL]

Form: TypeAlias = Literal["plain", "export"]


class Note(Command, frozen=True, tag="note"):
    """Note down that somebody is being shown data of a person."""

    at: Instant
    subject: Annotated[str, Meta(min_length=1, max_length=128), NOT_PERSONAL]
    to: GivenKey
    organisation: GivenKey
    kinds: tuple[Kind, ...]
    purpose: GivenKey
    about: GivenKey
    form: Form = "plain"


class Made(Event, frozen=True, tag="disclosure.made"):
    at: datetime
    subject: Key
    to: Key
    """The id of whoever saw it."""
    organisation: Key
    """For whom: ids, with commas; `""` for nobody else."""
    kinds: tuple[Kind, ...]
    purpose: Key
    about: Key
    """In what matter, such as `work_order/<id>`."""
    form: Form = "plain"


DisclosureCommand: TypeAlias = Note | Elapse
DisclosureEvent: TypeAlias = Made


class Disclosures(Struct, frozen=True, omit_defaults=True):
    """How often data of a person was shown in a month, and the last time."""

    subject: str = ""
    count: int = 0
    last: Made | None = None


def stream(subject: str, at: datetime) -> UUID:
    """The stream of what is disclosed of a person in the month of a moment."""
    return derived_id("disclosure", f"{subject}/{at.astimezone(UTC):%Y-%m}")


def streams(subject: str, since: datetime, until: datetime) -> Iterator[UUID]:
    """The streams of all months from one moment to another, the first first."""
    first, last = since.astimezone(UTC), until.astimezone(UTC)
    for month in range(first.year * 12 + first.month - 1, last.year * 12 + last.month):
        yield stream(subject, datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC))


def decide(command: DisclosureCommand, disclosures: Disclosures, _ask: Ask) -> Sequence[DisclosureEvent]:
    """Each look is a fact of its own; the same look told twice is not."""
    if isinstance(command, Elapse):
        return []
    made = Made(
        at=command.at,
        subject=command.subject,
        to=command.to,
        organisation=command.organisation,
        kinds=tuple(sorted(set(command.kinds))),
        purpose=command.purpose,
        about=command.about,
        form=command.form,
    )
    return [] if made == disclosures.last or not made.kinds else [made]


def evolve(disclosures: Disclosures, event: DisclosureEvent) -> Disclosures:
    """Count it."""
    return Disclosures(subject=event.subject, count=disclosures.count + 1, last=event)


def whose(_stream: UUID, disclosures: Disclosures, command: DisclosureCommand | None) -> Whose:
    """The person's whose data was shown."""
    subject = disclosures.subject or (command.subject if isinstance(command, Note) else "")
    return Whose(people=(subject,) if subject else ())


decider: Decider[DisclosureCommand, Disclosures, DisclosureEvent] = Decider(
    name="disclosure",
    initial=Disclosures(),
    decide=decide,
    evolve=evolve,
    commands=(Note, Elapse),
    events=(Made,),
    whose=whose,
)
