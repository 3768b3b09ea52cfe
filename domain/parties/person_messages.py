"""What can be asked of a person's record (commands), and what can have happened to one (events).

Free input is held to a length where a command is decoded; events are held to nothing, so that what was once stored
decodes for ever. What is personal is declared with its kind; its subject is the person of the stream.
"""

from datetime import datetime
from typing import Annotated, Final, Literal, TypeAlias

from msgspec import Meta

from domain.decider import Command, Elapse, Event
from domain.privacy.personal import NOT_PERSONAL, Key, Kind, Personal

Instant: TypeAlias = Annotated[datetime, Meta(tz=True)]
GivenName: TypeAlias = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"\S")]
GivenPhone: TypeAlias = Annotated[str, Meta(max_length=40)]
GivenMail: TypeAlias = Annotated[str, Meta(max_length=254)]
GivenAddress: TypeAlias = Annotated[str, Meta(max_length=300)]
GivenArea: TypeAlias = Annotated[str, Meta(max_length=64), NOT_PERSONAL]
GivenId: TypeAlias = Annotated[str, Meta(min_length=1, max_length=64), NOT_PERSONAL]

Language: TypeAlias = Literal["zh", "en"]
Relation: TypeAlias = Literal["spouse", "child", "parent", "grandchild", "sibling", "guardian", "carer"]
"""What the representative is to the person."""
CorrectionReason: TypeAlias = Literal["misspelt", "wrong", "changed", "moved", "other"]
Law: TypeAlias = Literal["e_commerce_law_31", "procurement_law_42", "civil_code_188", "court_order"]
"""What demands keeping: trade records for three years (电子商务法 31), procurement files for fifteen
(政府采购法 42), the limitation period of three years (民法典 188), an order of a court."""
EraseReason: TypeAlias = Literal["request", "retention_over", "court"]
Clearable: TypeAlias = Literal["phone", "email", "address", "home"]

Name: TypeAlias = Annotated[str, Personal("", Kind.IDENTITY)]
Phone: TypeAlias = Annotated[str, Personal("", Kind.CONTACT)]
Mail: TypeAlias = Annotated[str, Personal("", Kind.CONTACT)]
Address: TypeAlias = Annotated[str, Personal("", Kind.ADDRESS)]

TEXTS: Final = {"name": Kind.IDENTITY, "phone": Kind.CONTACT, "email": Kind.CONTACT, "address": Kind.ADDRESS}
"""The personal fields of a person, and what kind they are."""


class Register(Command, frozen=True, tag="register"):
    """Get to know somebody. `home` is the community or estate where they live."""

    at: Instant
    name: GivenName
    phone: GivenPhone = ""
    email: GivenMail = ""
    address: GivenAddress = ""
    home: GivenArea = ""
    language: Language = "zh"


class Correct(Command, frozen=True, tag="correct"):
    """Put right what is wrong or has changed (PIPL 46). What is left out stays; an empty text takes it away."""

    at: Instant
    reason: CorrectionReason
    name: GivenName | None = None
    phone: GivenPhone | None = None
    email: GivenMail | None = None
    address: GivenAddress | None = None
    home: GivenArea | None = None
    language: Language | None = None


class Relate(Command, frozen=True, tag="relate"):
    """Let another person act for this one. Said again with another relation, that one counts."""

    at: Instant
    to: GivenId
    relation: Relation


class Unrelate(Command, frozen=True, tag="unrelate"):
    """That person no longer acts for this one."""

    at: Instant
    to: GivenId


class Hold(Command, frozen=True, tag="hold"):
    """A law demands that this person's data be kept until a moment. Said again, the newest moment counts."""

    at: Instant
    until: Instant
    law: Law


class ReleaseHold(Command, frozen=True, tag="release_hold"):
    """That law no longer demands it. With the last hold goes the data of somebody who is only kept."""

    at: Instant
    law: Law


class Erase(Command, frozen=True, tag="erase"):
    """Forget this person (PIPL 47); while a law demands keeping, keep the data and do nothing else with it."""

    at: Instant
    reason: EraseReason


class Registered(Event, frozen=True, tag="person.registered"):
    at: datetime
    name: Name
    phone: Phone = ""
    email: Mail = ""
    address: Address = ""
    home: Key = ""
    language: Language = "zh"


class Corrected(Event, frozen=True, tag="person.corrected"):
    """What is empty here stayed as it was, unless it is among the `cleared`."""

    at: datetime
    reason: CorrectionReason
    name: Name = ""
    phone: Phone = ""
    email: Mail = ""
    address: Address = ""
    home: Key = ""
    language: Language | None = None
    cleared: tuple[Clearable, ...] = ()


class Related(Event, frozen=True, tag="person.related"):
    at: datetime
    to: Key
    relation: Relation


class Unrelated(Event, frozen=True, tag="person.unrelated"):
    at: datetime
    to: Key


class Held(Event, frozen=True, tag="person.held"):
    at: datetime
    until: datetime
    law: Law


class HoldReleased(Event, frozen=True, tag="person.hold_released"):
    at: datetime
    law: Law


class Restricted(Event, frozen=True, tag="person.restricted"):
    """From now on the data is only kept, until this moment; later holds may move it."""

    at: datetime
    until: datetime
    reason: EraseReason = "request"


class Erased(Event, frozen=True, tag="person.erased"):
    """The keys of this person's data are destroyed with this event: nobody can read it any more, in any event."""

    at: datetime
    reason: EraseReason


PersonCommand: TypeAlias = Register | Correct | Relate | Unrelate | Hold | ReleaseHold | Erase | Elapse
PersonEvent: TypeAlias = Registered | Corrected | Related | Unrelated | Held | HoldReleased | Restricted | Erased
