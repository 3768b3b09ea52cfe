"""The one decision about exposure: whether this vendor may be given this, or be paid for it, here and now.

    blacklisted, suspended -> debarred -> unknown, unverified, frozen -> stands too low -> not qualified, not waived

Every command that exposes the city to a vendor asks it first, whichever door it comes in by; the table
`CREATE_EXPOSURE` names them all. The most telling refusal comes first. Each answer is guarded: what it rests on is
still so when the command's events are appended.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal, TypeAlias
from uuid import UUID

from msgspec import Struct

from domain.admission import admission_scheme, qualification, vendor, waiver
from domain.admission.basis import Basis
from domain.admission.what import What
from domain.decider import Ask, Refused
from domain.evaluation import standing
from domain.parties import area as areas
from domain.parties import organisation
from domain.restraint import sanction, screening

CREATE_EXPOSURE: Final[Mapping[str, What]] = MappingProxyType(
    {
        "engagement.award": "award",
        "engagement.offer": "offer",
        "engagement.accept": "accept",
        "engagement.start": "work",
        "engagement.reassign": "award",
        "engagement.pay_out": "pay_out",
        "work_order.assign": "award",
        "work_order.hand_over": "award",
        "concession.sign": "award",
        "concession.amend": "award",
    }
)
"""Every command of every lifecycle that exposes the city to a vendor, and how. A test goes through all commands there
are: one that stands neither here nor among those that expose to nobody fails it."""

EARNED: Final[frozenset[What]] = frozenset({"pay_out"})
"""What takes no qualification at that moment: it was there when the work was given."""


Shortfall: TypeAlias = Literal["never", "undecided", "not_yet", "not_here", "lapsed", "revoked"]
"""Why somebody is not qualified: never was, is not decided on, from later on, elsewhere only, no longer."""


class Wanted(Struct, frozen=True, kw_only=True):
    """What is asked for: a vendor is to be given this."""

    vendor: str
    what: What
    category: str
    area: str
    at: datetime
    value_fen: int = 0
    kept: tuple[str, ...] = ()
    """The numbers of the suspensions in spite of which this one engagement was allowed to come to its end."""
    waiver: int = 0
    """The number of the single-use waiver that this engagement spends."""
    engaged: Basis | None = None
    """What the engagement rests on so far: what is earned is paid, also when the qualification has lapsed since."""


class NotQualified(Refused):
    """This vendor is not qualified for this category in this area, and no emergency waiver is in force."""


def vendor_id(text: str) -> str:
    """The id of a vendor as all streams about it are derived from it, however it is written; anything else as it is."""
    return organisation.id_of(text)


def must_be_allowed(ask: Ask, wanted: Wanted) -> Basis:
    """By what the vendor may be given this now. Raises the most telling refusal first."""
    must_be_unrestrained(ask, wanted)
    if wanted.what in EARNED and wanted.engaged is not None:
        return wanted.engaged
    return _must_be_qualified(ask, wanted)


def _must_be_qualified(ask: Ask, wanted: Wanted) -> Basis:
    known, category, area, at = vendor_id(wanted.vendor), wanted.category, wanted.area, wanted.at
    found = qualification.basis(ask, known, category, area, at) or waiver.basis(
        ask, known, category, area, at, wanted.what, wanted.waiver
    )
    if found is None:
        reason, since = _why_not(ask, known, category, area, at)
        raise NotQualified(category=category, area=area, reason=reason, since=since)
    return found


def _why_not(ask: Ask, vendor: str, category: str, area: str, at: datetime) -> tuple[Shortfall, datetime | None]:
    """What a vendor lacks, and since when: the most that is known of it, from the whole city down to the area."""
    reason: Shortfall = "never"
    since: datetime | None = None
    for each in dict.fromkeys(("", *areas.ancestors_of(area), area)):
        state = ask(qualification.decider, qualification.stream(vendor, category, each))
        if state.grants:
            last = state.grants[-1]
            ended = qualification.ended(state, last)
            moment = at if state.latest is None else max(at, state.latest)
            if at < last.since:
                reason, since = "not_yet", last.since
            elif moment < ended:
                out = [one.since for one in last.taken_out if one.touches(area, moment)]
                reason, since = "not_here", min(out, default=None)
            else:
                reason, since = ("revoked" if last.ended_because == "revoked" else "lapsed"), ended
        elif state.open_case is not None and reason == "never":
            reason = "undecided"
    return reason, since


def must_be_unrestrained(ask: Ask, wanted: Wanted) -> None:
    """Nothing stands in the way: no sanction, no debarment, no doubt about who it is, no standing that is too low."""
    known = vendor_id(wanted.vendor)
    sanction.must_not_restrain(
        ask, known, wanted.what, wanted.category, wanted.area, wanted.at, kept=_is_kept(ask, known, wanted)
    )
    screening.must_be_clear(ask, known, wanted.at)
    vendor.must_be_sound(ask, known, wanted.what)
    standing.must_be_allowed(ask, known, wanted.what, wanted.at, wanted.value_fen, wanted.category)


def _is_kept(ask: Ask, known: str, wanted: Wanted) -> bool:
    """Whether it was chosen to go on in spite of every suspension that restrains it: a later one asks anew."""
    if not wanted.kept:
        return False
    sanctions = ask(sanction.decider, sanction.stream(known))
    latest = wanted.at if sanctions.latest is None else max(wanted.at, sanctions.latest)
    standing = (*sanction.restraints(sanctions, wanted.at), *sanction.restraints(sanctions, latest))
    return all(str(each.number) in wanted.kept for each in standing if each.scope.touches(wanted.category, wanted.area))


def is_in_doubt(ask: Ask, vendor_of: str, at: datetime) -> bool:
    """Whether a vendor stands on a list of debarment, or it is not sure who it is: nothing is given to it meanwhile."""
    known = vendor_id(vendor_of)
    try:
        screening.must_be_clear(ask, known, at)
        vendor.must_be_sound(ask, known, "award")
    except Refused:
        return True
    return False


def is_barred(ask: Ask, company: str, category: str, area: str, at: datetime) -> bool:
    """Whether a sanction or a list of debarment keeps a company from work.

    What it did badly it may put right, also when it is rated worse since or its qualification has lapsed; not when it
    is barred.
    """
    try:
        known = str(UUID(vendor_id(company)))
    except ValueError:
        return False
    try:
        sanction.must_not_restrain(ask, known, "award", category, area, at)
        screening.must_be_clear(ask, known, at)
    except Refused:
        return True
    return False


def must_be_free(ask: Ask, company: str, category: str, area: str, at: datetime) -> None:
    """Before a work order is given to a company: no sanction may stand in the way, and where the company is a vendor,
    nothing at all; it must be qualified where vendors of that category are.

    Most companies that mend things here are no vendors (the property company's own people): for them this is a look at
    two streams that mostly are empty. Who has opened a file that nobody has verified yet is no worse off than they are.
    What is no id of an organisation costs nothing.
    """
    try:
        known = str(UUID(vendor_id(company)))
    except ValueError:
        return
    sanction.must_not_restrain(ask, known, "award", category, area, at)
    file = ask(vendor.decider, vendor.stream(known))
    if not file.registered:
        return
    wanted = Wanted(vendor=known, what="award", category=category, area=area, at=at)
    screening.must_be_clear(ask, known, at)
    if file.verified:
        vendor.must_be_sound(ask, known, wanted.what)
    standing.must_be_allowed(ask, known, wanted.what, at, category=category)
    if admission_scheme.exists(ask, category):
        _must_be_qualified(ask, wanted)
