"""All lifecycles, and how their events are read back from the log.

Adding a lifecycle to the product means adding its decider to `ALL`; the tests over all lifecycles then include it.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

import msgspec

from domain import service_agreement, work_calendar, work_order
from domain.access import account, appointment, login, program
from domain.admission import admission_scheme, qualification, vendor, waiver
from domain.concession import agreement
from domain.decider import Decider, Event
from domain.engaging import engagement
from domain.evaluation import rating_scheme, standing
from domain.parties import area, estate, organisation, person
from domain.privacy import consent, disclosure
from domain.restraint import debarment, fan_out, sanction, screening

AnyDecider: TypeAlias = Decider[Any, Any, Any]
"""A decider whose commands, state and events are not known here: what is true of all of them needs no more."""

ALL: Final[tuple[AnyDecider, ...]] = (
    work_calendar.decider,
    service_agreement.decider,
    work_order.decider,
    appointment.decider,
    area.decider,
    organisation.decider,
    estate.decider,
    account.decider,
    login.decider,
    program.decider,
    person.decider,
    consent.decider,
    disclosure.decider,
    waiver.decider,
    engagement.decider,
    sanction.decider,
    vendor.decider,
    debarment.decider,
    screening.decider,
    agreement.decider,
    fan_out.decider,
    rating_scheme.decider,
    standing.decider,
    admission_scheme.decider,
    qualification.decider,
)

by_name: Final[Mapping[str, AnyDecider]] = {decider.name: decider for decider in ALL}

_BY_TAG: Final[Mapping[str, AnyDecider]] = {tag: decider for decider in ALL for tag in decider.tags}

_DECODERS: Final[Mapping[str, Callable[[bytes], Event]]] = {
    tag: msgspec.json.Decoder(event).decode for decider in ALL for tag, event in decider.tags.items()
}


def by_tag(tag: str) -> AnyDecider | None:
    """The lifecycle that an event belongs to; None for an event that is not ours."""
    return _BY_TAG.get(tag)


def decode(tag: str, body: bytes) -> Event | None:
    """An event from the log; None for one that is not ours (others may write to the same tables)."""
    decoder = _DECODERS.get(tag)
    return None if decoder is None else decoder(body)
