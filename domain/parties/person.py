"""A person: somebody we know by name, for as long as law and they themselves want us to.

    unknown -> registered -> erased                       (asked for, nothing demands keeping)
                   |
                   +-------> restricted -> erased         (a law demands keeping until a day; then by itself)

The id of the stream is the person's id everywhere, and the person is the subject of everything personal in it. A
*restricted* person's data is stored and protected, and used for nothing (PIPL 47); an erased one is a tombstone: that
somebody was here, since when and until when, not who. Whoever represents somebody (a parent, a guardian, a child of an
old person) stands on the stream of the one who is represented.

Names, numbers and addresses may be sealed by the time they are folded, so no rule looks at what a state holds of them.
What can be asked and can have happened is in `person_messages`, what it comes to in `person_history`; all names are
used from here: `person.Erase`, `person.Erased`.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from domain.decider import Ask, Decider, Due, Elapse, Refused, Whose
from domain.parties.contact_point import mail_address, telephone
from domain.parties.person_history import Person, Representative, Retained, Status, evolve
from domain.parties.person_messages import (
    TEXTS,
    Clearable,
    Correct,
    Corrected,
    CorrectionReason,
    Erase,
    Erased,
    EraseReason,
    Held,
    Hold,
    HoldReleased,
    Language,
    Law,
    PersonCommand,
    PersonEvent,
    Register,
    Registered,
    Relate,
    Related,
    Relation,
    ReleaseHold,
    Restricted,
    Unrelate,
    Unrelated,
)

__all__ = [
    "TEXTS",
    "Clearable",
    "Correct",
    "Corrected",
    "CorrectionReason",
    "Erase",
    "EraseReason",
    "Erased",
    "Held",
    "Hold",
    "HoldOverAlready",
    "HoldReleased",
    "Language",
    "Law",
    "NameUnreadable",
    "Person",
    "PersonAlreadyRegistered",
    "PersonCommand",
    "PersonErased",
    "PersonEvent",
    "PersonRestricted",
    "PersonUnknown",
    "Register",
    "Registered",
    "Relate",
    "Related",
    "Relation",
    "ReleaseHold",
    "Representative",
    "RepresentativeUnknown",
    "Restricted",
    "Retained",
    "Status",
    "Unrelate",
    "Unrelated",
    "agenda",
    "decide",
    "decider",
    "evolve",
    "whose",
]


class PersonUnknown(Refused):
    """Nobody of this id is registered."""


class PersonAlreadyRegistered(Refused):
    """This person is registered already: correct what is wrong instead."""


class PersonErased(Refused):
    """This person's data has been erased."""


class PersonRestricted(Refused):
    """This person's data is only kept because a law demands it, and may be used for nothing else."""


class NameUnreadable(Refused):
    """A name has one to a hundred characters that can be printed."""


class RepresentativeUnknown(Refused):
    """Whoever acts for somebody must be a registered person."""


class HoldOverAlready(Refused):
    """Data must be kept until a moment after the hold begins."""


def agenda(person: Person) -> Due | None:
    """When the data of somebody who is only kept is to be erased."""
    return None if person.erase_at is None else Due(at=person.erase_at, label="erase")


def decide(command: PersonCommand, person: Person, ask: Ask) -> Sequence[PersonEvent]:
    """Keep true what is known of a person, until it is to be forgotten."""
    if isinstance(command, Elapse):
        return _settled(person, command.at)
    if person.status is Status.ERASED:
        raise PersonErased
    if settled := _settled(person, command.at):
        if isinstance(command, Erase):
            return settled
        raise PersonErased
    if isinstance(command, Hold | ReleaseHold | Erase):
        return _keep_or_forget(command, person)
    if person.status is Status.RESTRICTED:
        raise PersonRestricted
    return _know(command, person, ask)


# Deciding -------------------------------------------------------------------------------------------------------------


def _settled(person: Person, at: datetime) -> Sequence[PersonEvent]:
    """What the passing of time alone has brought about: at its own moment, however late anybody looks."""
    due = person.erase_at
    return [] if due is None or due > at else [Erased(at=due, reason=person.reason)]


def _know(command: Register | Correct | Relate | Unrelate, person: Person, ask: Ask) -> Sequence[PersonEvent]:
    if isinstance(command, Register):
        return _register(command, person)
    if person.status is Status.UNKNOWN:
        raise PersonUnknown
    match command:
        case Correct():
            return _correct(command, person)
        case Relate():
            return _relate(command, person, ask)
        case Unrelate(at=at, to=to):
            known = any(each.to == to for each in person.represented_by)
            return [Unrelated(at=at, to=to)] if known else []


def _register(command: Register, person: Person) -> Sequence[PersonEvent]:
    if person.status is not Status.UNKNOWN:
        raise PersonAlreadyRegistered
    return [
        Registered(
            at=command.at,
            name=_name(command.name),
            phone=telephone(command.phone),
            email=mail_address(command.email),
            address=command.address.strip(),
            home=command.home.strip(),
            language=command.language,
        )
    ]


def _correct(command: Correct, person: Person) -> Sequence[PersonEvent]:
    """Only what differs is new; a sealed text differs from every other, for nobody looks inside."""
    said: dict[Clearable, str | None] = {
        "phone": None if command.phone is None else telephone(command.phone),
        "email": None if command.email is None else mail_address(command.email),
        "address": None if command.address is None else command.address.strip(),
        "home": None if command.home is None else command.home.strip(),
    }
    known = {"phone": person.phone, "email": person.email, "address": person.address, "home": person.home}
    news: dict[Clearable, str] = {
        field: text for field, text in said.items() if text is not None and text != known[field]
    }
    name = "" if command.name is None else _name(command.name)
    name = "" if name == person.name else name
    language = None if command.language == person.language else command.language
    if not (news or name or language):
        return []
    return [
        Corrected(
            at=command.at,
            reason=command.reason,
            name=name,
            phone=news.get("phone", ""),
            email=news.get("email", ""),
            address=news.get("address", ""),
            home=news.get("home", ""),
            language=language,
            cleared=tuple(field for field, text in news.items() if not text),
        )
    ]


def _relate(command: Relate, person: Person, ask: Ask) -> Sequence[PersonEvent]:
    try:
        to = UUID(command.to)
    except ValueError:
        raise RepresentativeUnknown from None
    if Representative(str(to), command.relation) in person.represented_by:
        return []
    if ask(decider, to).status is not Status.REGISTERED:
        raise RepresentativeUnknown
    return [Related(at=command.at, to=str(to), relation=command.relation)]


def _keep_or_forget(command: Hold | ReleaseHold | Erase, person: Person) -> Sequence[PersonEvent]:
    if person.status is Status.UNKNOWN:
        raise PersonUnknown
    match command:
        case Hold(at=at, until=until, law=law):
            if until <= at:
                raise HoldOverAlready(until=until)
            return [] if Retained(law, until) in person.holds else [Held(at=at, until=until, law=law)]
        case ReleaseHold(at=at, law=law):
            if law not in {hold.law for hold in person.holds}:
                return []
            released = HoldReleased(at=at, law=law)
            if person.status is Status.RESTRICTED and evolve(person, released).kept_until(at) is None:
                return [released, Erased(at=at, reason=person.reason)]
            return [released]
        case Erase(at=at, reason=reason):
            kept_until = person.kept_until(at)
            if kept_until is None:
                return [Erased(at=at, reason=reason)]
            return [] if person.status is Status.RESTRICTED else [Restricted(at=at, until=kept_until, reason=reason)]


def _name(said: str) -> str:
    name = said.strip()
    if not name or not name.isprintable():
        raise NameUnreadable
    return name


# Whose it is ----------------------------------------------------------------------------------------------------------


def whose(stream: UUID, person: Person, command: PersonCommand | None) -> Whose:
    """The person's, and of the area where they live. A relative who acts for them is appointed to that (`family`).

    Only registering looks at what is asked for: a correction of the home must not be the business of whoever is
    responsible for the new one, or anybody could call for anyone's data.
    """
    home = command.home.strip() if isinstance(command, Register) and not person.home else person.home
    return Whose(people=(str(stream),), areas=(home,) if home else ())


def _erases(stream: UUID, event: PersonEvent) -> str:
    return str(stream) if isinstance(event, Erased) else ""


def _restricts(stream: UUID, event: PersonEvent) -> str:
    return str(stream) if isinstance(event, Restricted) else ""


decider: Decider[PersonCommand, Person, PersonEvent] = Decider(
    name="person",
    initial=Person(),
    decide=decide,
    evolve=evolve,
    commands=(Register, Correct, Relate, Unrelate, Hold, ReleaseHold, Erase, Elapse),
    events=(Registered, Corrected, Related, Unrelated, Held, HoldReleased, Restricted, Erased),
    agenda=agenda,
    whose=whose,
    erases=_erases,
    restricts=_restricts,
)
