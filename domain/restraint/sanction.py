"""Sanctions on a vendor: suspended or blacklisted, where and how long, and whether that stands on appeal.

    suspended ----> lifted | expired | appealed -> upheld (it stands)
    blacklisted -->                             -> overturned (it ends)

One stream for each vendor; its sanctions are numbered from 1. A sanction restrains from the instant it is decided on,
never from an earlier one, and whatever exposes the city to a vendor asks `must_not_restrain` first, with a guard on
this stream: so there is no moment between the decision and its effect. Law: 政府采购法 77 (a ban of one to three
years), 政府采购质疑和投诉办法 (the days within which one objects).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final
from uuid import UUID

from domain.admission import admission_scheme
from domain.admission.what import What
from domain.decider import Ask, Decider, Due, Elapse, Refused, Whose, derived_id
from domain.parties import area, organisation
from domain.privacy.published import PublishedTextNamesPeople, fit_to_publish
from domain.restraint.sanction_history import AppealAgainst, Sanction, Sanctions, evolve
from domain.restraint.sanction_messages import (
    Appeal,
    Appealed,
    Blacklist,
    Blacklisted,
    Expired,
    Lift,
    Lifted,
    LiftedBecause,
    Overturn,
    Overturned,
    Reason,
    SanctionCommand,
    SanctionEvent,
    SanctionKind,
    Suspend,
    Suspended,
    Upheld,
    Uphold,
)
from domain.restraint.scope import Scope, around, scope

APPEAL_WINDOW: Final = timedelta(days=15)
"""From the moment of the sanction: whoever is restrained has so long to object."""
LONGEST_BAN: Final = 3
"""Years (政府采购法 77)."""
_LET_THROUGH_IF_KEPT: Final[frozenset[What]] = frozenset({"pay_out", "work"})
"""What a suspension lets through of work that was under way and was chosen to be finished."""


class VendorSuspended(Refused):
    """This vendor is suspended here: nothing new may begin with it."""


class VendorBlacklisted(Refused):
    """This vendor is blacklisted: nothing may be begun with it or paid to it."""


class NoSuchSanction(Refused):
    """There is no sanction of this number on this vendor."""


class SanctionOver(Refused):
    """This sanction has ended."""


class SanctionEndsTooEarly(Refused):
    """A sanction must end after it begins."""


class BanTooLong(Refused):
    """A vendor can be blacklisted for three years at most."""


class SanctionAppealTooLate(Refused):
    """An appeal must be made within fifteen days of the sanction."""


class AppealedAlready(Refused):
    """There has been an appeal against this sanction already."""


class NoAppealPending(Refused):
    """No appeal against this sanction waits to be heard."""


@lru_cache(maxsize=16_384)
def stream(vendor: str) -> UUID:
    """The stream of the sanctions on a vendor."""
    return derived_id("sanction", organisation.id_of(vendor))


# What the others ask --------------------------------------------------------------------------------------------------


def restraints(state: Sanctions, at: datetime) -> tuple[Sanction, ...]:
    """The sanctions in force at a moment, also at one that is past."""
    return tuple([each for each in state.all if each.in_force(at)])


def must_not_restrain(  # noqa: PLR0913, PLR0917 - what exposes, in the order in which every restraint is asked
    ask: Ask,
    vendor: str,
    what: What,
    category: str,
    area: str,
    at: datetime,
    kept: bool | str = False,  # noqa: FBT001, FBT002 - as above
) -> None:
    """Whether this vendor may be exposed to. Raises VendorBlacklisted, VendorSuspended.

    Judged at the moment the thing happens, and at the latest moment anything is known of: something that is said to
    have happened before a sanction, but is said after it, does not slip through. `kept`: the work was under way and
    was chosen to be finished in spite of the suspension of this number (True: of any).
    """
    state = ask(decider, stream(vendor))
    if state.latest is None:
        return
    stands = {each.number: each for moment in (at, max(at, state.latest)) for each in restraints(state, moment)}
    here = [each for each in stands.values() if each.scope.touches(category, area)]
    for each in here:
        if each.kind == "blacklisted":
            raise VendorBlacklisted(vendor=vendor, sanction=each.number, until=each.until, reason=each.reason)
    for each in here:
        if not (kept in (True, str(each.number)) and what in _LET_THROUGH_IF_KEPT):
            raise VendorSuspended(vendor=vendor, sanction=each.number, until=each.until, reason=each.reason)


# Deciding -------------------------------------------------------------------------------------------------------------


def agenda(state: Sanctions) -> Due | None:
    """When the next term runs out."""
    terms = [Due(at=each.until, label=f"expire/{each.number}") for each in state.all if each.until and not each.ended]
    return min(terms, default=None)


def decide(command: SanctionCommand, state: Sanctions, ask: Ask) -> Sequence[SanctionEvent]:
    """Restrain and release; what the passing of time has brought about comes first."""
    ran_out = _ran_out(state, command.at)
    if isinstance(command, Elapse):
        return ran_out
    now = decider.fold(ran_out, state)
    at = command.at if now.latest is None else max(command.at, now.latest)  # nothing takes effect before it is known
    told = _do(command, now, at, ask)
    return [*ran_out, *told] if told else []


def _do(
    command: Suspend | Blacklist | Lift | Appeal | Uphold | Overturn, state: Sanctions, at: datetime, ask: Ask
) -> list[SanctionEvent]:
    match command:
        case Suspend():
            return _restrain(command, state, at, ask)
        case Blacklist():
            _must_be_lawful(command.until, at)
            return _restrain(command, state, at, ask)
        case Lift():
            return _lift(command, state, at)
        case Appeal():
            return _appeal(command, state, at)
        case Uphold() | Overturn():
            return _hear(command, state, at)


def _ran_out(state: Sanctions, at: datetime) -> list[SanctionEvent]:
    """The terms that are over, each at its own moment, the earliest first."""
    over = [(each.until, each.number) for each in state.all if each.until and each.until <= at and not each.ended]
    return [Expired(at=until, number=number) for until, number in sorted(over)]


def _restrain(command: Suspend | Blacklist, state: Sanctions, at: datetime, ask: Ask) -> list[SanctionEvent]:
    reach = scope(command.categories, command.areas)
    vendor = _organisation(command.vendor, ask)
    for category in reach.categories:
        if not admission_scheme.exists(ask, category):
            raise admission_scheme.CategoryUnknown(category=category)
    for place in reach.areas:
        if ask(area.decider, area.stream(place)).registered_at is None:
            raise area.AreaNotRegistered(area=place)
    if command.until is not None and command.until <= at:
        raise SanctionEndsTooEarly(until=command.until)
    text = fit_to_publish(command.text)
    kind: SanctionKind = "suspended" if isinstance(command, Suspend) else "blacklisted"
    if any(_says(each) == (kind, command.reason, text, reach, command.until) for each in restraints(state, at)):
        return []
    number = len(state.all) + 1
    if isinstance(command, Suspend):
        return [
            Suspended(
                at=at,
                vendor=vendor,
                number=number,
                by=command.by,
                reason=command.reason,
                text=text,
                scope=reach,
                until=command.until,
            )
        ]
    return [
        Blacklisted(
            at=at,
            vendor=vendor,
            number=number,
            by=command.by,
            reason=command.reason,
            text=text,
            until=command.until,
            scope=reach,
        )
    ]


def _says(each: Sanction) -> tuple[SanctionKind, str, str, Scope, datetime | None]:
    return each.kind, each.reason, each.text, each.scope, each.until


def _organisation(vendor: str, ask: Ask) -> str:
    """Its id. Also one that is no vendor yet can be barred from becoming one."""
    try:
        stream_ = UUID(organisation.id_of(vendor))
    except ValueError:
        raise organisation.OrganisationNotRegistered from None
    if ask(organisation.decider, stream_).registered_at is None:
        raise organisation.OrganisationNotRegistered
    return str(stream_)


def _must_be_lawful(until: datetime, at: datetime) -> None:
    day = at.replace(day=28) if (at.month, at.day) == (2, 29) else at
    latest = day.replace(year=day.year + LONGEST_BAN)
    if until > latest:
        raise BanTooLong(until=until, latest=latest)


def _found(state: Sanctions, number: int) -> Sanction:
    found = state.one(number)
    if found is None:
        raise NoSuchSanction(number=number)
    return found


def _lift(command: Lift, state: Sanctions, at: datetime) -> list[SanctionEvent]:
    found = _found(state, command.number)
    if found.ended == "lifted":
        return []
    if not found.in_force(at):
        raise SanctionOver(ended=found.ended)
    return [Lifted(at=at, by=command.by, number=command.number, reason=command.reason)]


def _appeal(command: Appeal, state: Sanctions, at: datetime) -> list[SanctionEvent]:
    found = _found(state, command.number)
    if found.appeal is not None:
        raise AppealedAlready(at=found.appeal.at)
    if not found.in_force(at):
        raise SanctionOver(ended=found.ended)
    if at > found.since + APPEAL_WINDOW:
        raise SanctionAppealTooLate(until=found.since + APPEAL_WINDOW)
    return [Appealed(at=at, by=command.by, number=command.number, grounds=command.grounds, position=command.position)]


def _hear(command: Uphold | Overturn, state: Sanctions, at: datetime) -> list[SanctionEvent]:
    """An appeal is heard even when the term has run out meanwhile: whether it was right still matters."""
    found = _found(state, command.number)
    outcome = "upheld" if isinstance(command, Uphold) else "overturned"
    if found.appeal is not None and found.appeal.outcome == outcome:
        return []
    if found.appeal is None or found.appeal.outcome or found.ended == "lifted":
        raise NoAppealPending
    kind = Upheld if isinstance(command, Uphold) else Overturned
    return [kind(at=at, by=command.by, number=command.number, finding=fit_to_publish(command.finding))]


# Whose it is ----------------------------------------------------------------------------------------------------------


def whose(_stream: UUID, state: Sanctions, command: SanctionCommand | None) -> Whose:
    """The vendor's, and of whoever is responsible for all the areas that a sanction reaches."""
    vendor = organisation.id_of(command.vendor) if isinstance(command, Suspend | Blacklist) else state.vendor
    organisations = (vendor,) if vendor else ()
    match command:
        case Suspend() | Blacklist():
            return Whose(areas=around(scope(command.categories, command.areas).areas), organisations=organisations)
        case Lift() | Appeal() | Uphold() | Overturn():
            found = state.one(command.number)
            return Whose(areas=() if found is None else around(found.scope.areas), organisations=organisations)
        case _:
            places = dict.fromkeys(place for each in state.all for place in around(each.scope.areas))
            return Whose(areas=tuple(places), organisations=organisations)


decider: Decider[SanctionCommand, Sanctions, SanctionEvent] = Decider(
    name="sanction",
    initial=Sanctions(),
    decide=decide,
    evolve=evolve,
    commands=(Suspend, Blacklist, Lift, Appeal, Uphold, Overturn, Elapse),
    events=(Suspended, Blacklisted, Lifted, Appealed, Upheld, Overturned, Expired),
    agenda=agenda,
    whose=whose,
)

__all__ = [
    "APPEAL_WINDOW",
    "Appeal",
    "AppealAgainst",
    "Appealed",
    "AppealedAlready",
    "BanTooLong",
    "Blacklist",
    "Blacklisted",
    "Expired",
    "Lift",
    "Lifted",
    "LiftedBecause",
    "NoAppealPending",
    "NoSuchSanction",
    "Overturn",
    "Overturned",
    "PublishedTextNamesPeople",
    "Reason",
    "Sanction",
    "SanctionAppealTooLate",
    "SanctionCommand",
    "SanctionEndsTooEarly",
    "SanctionEvent",
    "SanctionKind",
    "SanctionOver",
    "Sanctions",
    "Suspend",
    "Suspended",
    "Upheld",
    "Uphold",
    "VendorBlacklisted",
    "VendorSuspended",
    "agenda",
    "decide",
    "decider",
    "evolve",
    "must_not_restrain",
    "restraints",
    "stream",
    "whose",
]
