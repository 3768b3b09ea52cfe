"""Whether a vendor was allowed something at a moment, said plainly over the events: what the code that decides must
agree with. It shares no function with that code, but for one: what the clock would have told by then about a standing
is told here by the clock.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.admission import admission_scheme, qualification, vendor, waiver
from domain.decider import Elapse
from domain.engaging import engagement
from domain.evaluation import rating_scheme, standing
from domain.parties import organisation
from domain.restraint import debarment, sanction, screening
from tests.domain.admission.city import City

CHINA = ZoneInfo("Asia/Shanghai")


def objections(  # noqa: PLR0917 - each word of it is asked for
    city: City,
    who: str,
    what: str,
    category: str,
    area: str,
    at: datetime,
    *,
    value: int = 0,
    kept: Iterable[str] = (),
    single: int = 0,
    must_be_qualified: bool = True,
) -> list[str]:
    """Everything that speaks against it."""
    found = [
        *_sanctions(city, who, what, category, area, at, set(kept)),
        *_debarments(city, who, at),
        *_doubts(city, who),
        *_standing(city, who, what, category, at, value),
    ]
    if must_be_qualified:
        granted = _granted(city, who, category, area, at)
        if not granted and not _waived(city, who, category, area, at, what, single):
            found.append("not qualified")
    return found


def _sanctions(  # noqa: PLR0917 - as above
    city: City, who: str, what: str, category: str, area: str, at: datetime, kept: set[str]
) -> Iterable[str]:
    events = city.events(sanction.stream(who))
    for begun in events:
        if not isinstance(begun, sanction.Suspended | sanction.Blacklisted):
            continue
        scope = begun.scope
        here = not scope.areas or any(each.startswith(area) or area.startswith(each) for each in scope.areas)
        if not here or (scope.categories and category and category not in scope.categories):
            continue
        ends = [
            each.at
            for each in events
            if isinstance(each, sanction.Lifted | sanction.Overturned | sanction.Expired)
            and each.number == begun.number
        ]
        if begun.until is not None:
            ends.append(begun.until)
        active = any(begun.at <= moment and all(moment < end for end in ends) for moment in (at, city.now))
        let_through = (
            isinstance(begun, sanction.Suspended) and what in {"pay_out", "work"} and str(begun.number) in kept
        )
        if active and not let_through:
            yield f"sanction {begun.number}"


def _debarments(city: City, who: str, at: datetime) -> Iterable[str]:
    verdicts: dict[str, tuple[str, Any]] = {}
    latest = at
    for event in city.events(screening.stream(who)):
        latest = max(latest, event.at)
        match event:
            case screening.Matched(match=match):
                before = verdicts.get(match.entry, ("", None))[0]
                verdicts[match.entry] = ("confirmed" if before == "confirmed" else "awaiting", match)
            case screening.MatchGone(entry=entry):
                verdicts.pop(entry, None)
            case screening.Confirmed(entry=entry):
                verdicts[entry] = ("confirmed", verdicts[entry][1])
            case screening.Dismissed(entry=entry):
                verdicts[entry] = ("dismissed", verdicts[entry][1])
            case _:
                pass
    for verdict, match in verdicts.values():
        strong = match.how in {"code", "name"}
        if verdict == "confirmed" or (verdict == "awaiting" and strong):
            listed = [
                each
                for each in city.events(debarment.stream(match.list_key, match.entry_key))
                if isinstance(each, debarment.Listed | debarment.Delisted)
            ]
            last = listed[-1] if listed else None
            on_list = isinstance(last, debarment.Listed) and (
                last.until is None or latest.astimezone(CHINA).date() <= last.until
            )
            if on_list:
                yield f"debarred: {verdict}"


def _doubts(city: City, who: str) -> Iterable[str]:
    waits: int | None = None
    facts: dict[int, Any] = {}
    verified: Any = None
    for event in city.events(vendor.stream(who)):
        match event:
            case vendor.Registered():
                waits, facts[1] = 1, event.facts
            case vendor.Declared():
                waits, facts[event.number] = event.number, event.facts
            case vendor.Verified(declaration=number):
                waits, verified = None, facts[number]
            case vendor.Rejected():
                waits = None
            case _:
                pass
    if verified is None:
        yield "never verified"
    elif waits is not None:
        yield "frozen"
    company = city.events(UUID(who))
    if any(isinstance(each, organisation.Closed) for each in company):
        yield "closed"
    names = [each.name for each in company if isinstance(each, organisation.Registered | organisation.Renamed)]
    if verified is not None and names and names[-1] != verified.name:
        yield "renamed"


def _standing(city: City, who: str, what: str, category: str, at: datetime, value: int) -> Iterable[str]:  # noqa: PLR0917 - as above
    stream = standing.stream(who)
    events = list(city.events(stream))
    moment = max([at, *(each.at for each in events)])
    events += standing.decide(Elapse(label="", at=moment), city(standing.decider, stream), city)
    band, tier = "normal", 0
    for event in events:
        if isinstance(event, standing.BandChanged):
            band = event.now
        if isinstance(event, standing.TierChanged):
            tier = event.now
    if band == "suspended" or (band == "no_new_work" and what != "pay_out"):
        yield f"band {band}"
    schemes = [each.rules for each in city.events(rating_scheme.stream("vendors")) if each.counts_from <= moment]
    if schemes and what in {"award", "offer", "accept"}:
        tiers = schemes[-1].tiers
        rights = tiers[min(tier, len(tiers) - 1)]
        limits = {each.category: each.largest_award_fen for each in rights.limits}
        largest = limits.get(category, rights.largest_award_fen)
        if largest is not None and value > largest:
            yield f"beyond tier {tier}"


def _granted(city: City, who: str, category: str, area: str, at: datetime) -> bool:
    above = {area[:length] for length in range(len(area) + 1)}
    return any(_granted_in(city.events(qualification.stream(who, category, each)), area, at) for each in above)


def _granted_in(events: Iterable[Any], area: str, at: datetime) -> bool:
    """By one file: some grant counts, nothing has ended it, and the area was not taken out of it."""
    events = list(events)
    for place, given in enumerate(events):
        if not isinstance(given, qualification.Granted | qualification.GrantedConditionally):
            continue
        if not given.since <= at < given.until:
            continue
        case = sum(isinstance(each, qualification.Submitted) for each in events[: place + 1])
        after = events[place:]
        ended = any(
            (isinstance(each, qualification.Lapsed) and each.case == case and each.at <= at)
            or (isinstance(each, qualification.Revoked) and not each.areas and each.at <= at)
            for each in after
        )
        stands = [*_still_out(events[:place]), *(each for each in after if _is_partial(each))]
        taken_out = any(
            each.at <= at and any(area.startswith(one) or one.startswith(area) for one in each.areas) for each in stands
        )
        met = {each.condition for each in after if isinstance(each, qualification.ConditionCleared)}
        late = isinstance(given, qualification.GrantedConditionally) and any(
            each.key not in met and each.deadline <= at for each in given.conditions
        )
        papers = all(_papers_count(events, kind, at) for kind in given.terms.documents)
        if not ended and not taken_out and not late and papers:
            return True
    return False


def _is_partial(event: Any) -> bool:
    return isinstance(event, qualification.Revoked) and bool(event.areas)


def _still_out(before: Iterable[Any]) -> list[Any]:
    """The partial revocations from before a grant that count for it too: it renews what stood, or sets right another
    revocation. Who applies when nothing stands is judged anew.
    """
    out, stands = list[Any](), False
    last = contested = None
    for event in before:
        match event:
            case qualification.Submitted():
                contested = None
                if not stands:
                    out.clear()
            case qualification.Granted() | qualification.GrantedConditionally():
                stands = True
            case qualification.Lapsed(because=because):
                stands = because == "renewed"
            case qualification.Revoked(areas=areas):
                last = event
                stands = bool(areas)
                out += [event] if areas else []
            case qualification.Appealed(against="revocation"):
                contested = last
            case _:
                pass
    return [each for each in out if each is not contested]


def _papers_count(events: list[Any], kind: str, at: datetime) -> bool:
    """Some accepted document of the kind has not run out."""
    filed: list[Any] = []
    accepted: list[Any] = []
    for event in events:
        if isinstance(event, qualification.Submitted):
            filed += event.documents
        elif isinstance(event, qualification.DocumentAdded):
            filed.append(event.document)
        elif isinstance(event, qualification.DocumentChecked) and event.verdict == "accepted":
            accepted.append(filed[event.serial - 1])
    lasts = [each.valid_until for each in accepted if each.kind == kind]
    return any(day is None or at.astimezone(CHINA).date() <= day for day in lasts)


def _waived(city: City, who: str, category: str, area: str, at: datetime, what: str, single: int) -> bool:  # noqa: PLR0917 - as above
    events = city.events(waiver.stream(who, category))
    for given in events:
        if not isinstance(given, waiver.Proposed) or what not in given.what or not area.startswith(given.area):
            continue
        if given.single_use and given.number != single:
            continue
        signed = [
            each for each in events if isinstance(each, waiver.Signed) and each.number == given.number and each.at <= at
        ]
        over = any(
            isinstance(each, waiver.Revoked | waiver.Expired) and each.number == given.number and each.at <= at
            for each in events
        )
        two_people = bool(signed) and signed[0].by != given.by
        longest = given.until - given.since <= timedelta(days=90)
        if two_people and not over and longest and given.since <= at < given.until:
            return True
    return False


def category_admits(city: City, category: str) -> bool:
    """Whether vendors are admitted to a category by a scheme."""
    return any(True for _ in city.events(admission_scheme.stream(category)))


def kept_wrongly(city: City, who: str, number: str) -> list[str]:
    """What speaks against keeping an engagement in spite of a suspension: there is none of this number so far."""
    known = [
        each
        for each in city.events(sanction.stream(who))
        if isinstance(each, sanction.Suspended | sanction.Blacklisted) and str(each.number) == number
    ]
    return [] if known else ["no such suspension yet"]


def kept_of(events: Iterable[Any]) -> list[str]:
    """The suspensions in spite of which an engagement goes on, since it is this vendor's."""
    kept: list[str] = []
    for event in events:
        if isinstance(event, engagement.Kept):
            kept.append(event.sanction)
        elif isinstance(event, engagement.Reassigned):
            kept.clear()
    return kept
