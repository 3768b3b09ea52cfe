"""A consent: a person lets one organisation know some of their data, for one purpose, under one text.

    unknown -> given -> withdrawn -> given (anew) -> ...
                 |
                 +----> given (another text, other kinds, another end)

There is one stream for each person, recipient and purpose: giving data to another handler needs a consent of its own
(PIPL 23), for sensitive data too (PIPL 29), and withdrawing must be as easy as giving (PIPL 15). What was in force at
a moment can be asked for ever.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import replace

from domain.decider import Ask, Command, Decider, Elapse, Event, Refused, Whose, derived_id
from domain.privacy.personal import NOT_PERSONAL, Key, Kind

Instant: TypeAlias = Annotated[datetime, Meta(tz=True)]
GivenId: TypeAlias = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"\S"), NOT_PERSONAL]

Purpose: TypeAlias = Literal["service_contact", "care", "marketing", "payment"]


class Give(Command, frozen=True, tag="give"):
    """Let an organisation know data of these kinds, for one purpose, until a moment or until it is withdrawn."""

    at: Instant
    person: GivenId
    recipient: GivenId
    purpose: Purpose
    text_version: GivenId
    kinds: tuple[Kind, ...]
    until: Instant | None = None


class Withdraw(Command, frozen=True, tag="withdraw"):
    """No longer."""

    at: Instant


class Given(Event, frozen=True, tag="consent.given"):
    at: datetime
    person: Key
    recipient: Key
    purpose: Purpose
    text_version: Key
    """Of the text that the person agreed to."""
    kinds: tuple[Kind, ...]
    until: datetime | None = None


class Withdrawn(Event, frozen=True, tag="consent.withdrawn"):
    at: datetime


ConsentCommand: TypeAlias = Give | Withdraw | Elapse
ConsentEvent: TypeAlias = Given | Withdrawn


class NothingConsentedTo(Refused):
    """Nothing of this was ever consented to."""


class NothingToDisclose(Refused):
    """A consent names the kinds of data that may be disclosed."""


class ConsentOverAlready(Refused):
    """A consent must end after it begins."""


class ConsentMovedOn(Refused):
    """After that moment this consent was given anew or withdrawn."""


class Grant(Struct, frozen=True, omit_defaults=True):
    """What was consented to, from when until when."""

    since: datetime
    text_version: str
    kinds: tuple[Kind, ...]
    until: datetime | None = None
    withdrawn_at: datetime | None = None

    def holds(self, at: datetime) -> bool:
        """Whether it counts at a moment, as far as nothing came after it."""
        ended = self.withdrawn_at is not None and self.withdrawn_at <= at
        return self.since <= at and not ended and (self.until is None or at < self.until)


class Consent(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Everything that was consented to in this matter, the first first."""

    person: str = ""
    recipient: str = ""
    purpose: Purpose = "service_contact"
    grants: tuple[Grant, ...] = ()

    @property
    def latest(self) -> Grant | None:
        """What was said last."""
        return self.grants[-1] if self.grants else None


@lru_cache(maxsize=4096)
def stream(person: str, recipient: str, purpose: Purpose) -> UUID:
    """The stream of a person's consent that this organisation may know their data for this purpose."""
    return derived_id("consent", f"{person}\n{recipient}\n{purpose}")


def granted(consent: Consent, at: datetime) -> Grant | None:
    """What counts at a moment: the last that was given until then, if it is neither over nor withdrawn."""
    until_then = [grant for grant in consent.grants if grant.since <= at]
    return until_then[-1] if until_then and until_then[-1].holds(at) else None


def in_force(consent: Consent, at: datetime) -> bool:
    """Whether anything may be disclosed at a moment."""
    return granted(consent, at) is not None


def decide(command: ConsentCommand, consent: Consent, _ask: Ask) -> Sequence[ConsentEvent]:
    """Say what may be disclosed, and take it back."""
    match command:
        case Elapse():
            return []
        case Give():
            return _give(command, consent)
        case Withdraw(at=at):
            if consent.latest is None:
                raise NothingConsentedTo
            return [] if consent.latest.withdrawn_at is not None else [Withdrawn(at=at)]


def evolve(consent: Consent, event: ConsentEvent) -> Consent:
    """Remember what was given beside all that was given earlier."""
    match event:
        case Given(at=at, text_version=text_version, kinds=kinds, until=until):
            return Consent(
                person=event.person,
                recipient=event.recipient,
                purpose=event.purpose,
                grants=(*consent.grants, Grant(at, text_version, kinds, until)),
            )
        case Withdrawn(at=at):
            if not consent.grants:
                return consent  # decide never tells this, and evolve never refuses
            ended = replace(consent.grants[-1], withdrawn_at=at)
            return replace(consent, grants=(*consent.grants[:-1], ended))


def _give(command: Give, consent: Consent) -> Sequence[ConsentEvent]:
    kinds = tuple(sorted(set(command.kinds)))
    if not kinds:
        raise NothingToDisclose
    if command.until is not None and command.until <= command.at:
        raise ConsentOverAlready(until=command.until)
    latest = consent.latest
    if latest is not None:
        if command.at < max(latest.since, latest.withdrawn_at or latest.since):
            raise ConsentMovedOn
        same = (latest.text_version, latest.kinds, latest.until) == (command.text_version, kinds, command.until)
        if same and latest.holds(command.at):
            return []
    return [
        Given(
            at=command.at,
            person=command.person,
            recipient=command.recipient,
            purpose=command.purpose,
            text_version=command.text_version,
            kinds=kinds,
            until=command.until,
        )
    ]


def whose(_stream: UUID, consent: Consent, command: ConsentCommand | None) -> Whose:
    """The person's whose data it is: nobody else can consent, and it is not the recipient's to see."""
    person = consent.person or (command.person if isinstance(command, Give) else "")
    return Whose(people=(person,) if person else ())


decider: Decider[ConsentCommand, Consent, ConsentEvent] = Decider(
    name="consent",
    initial=Consent(),
    decide=decide,
    evolve=evolve,
    commands=(Give, Withdraw, Elapse),
    events=(Given, Withdrawn),
    whose=whose,
)
