"""A vendor screened against the lists of debarment: what was compared, when, with what, and what people made of it.

    (nothing) -> screened -> screened ...                 every night, also when nothing is found: that is the proof
                 matched -> confirmed | dismissed         strong ones block at once, alike ones await a person
                 matched -> gone                          the entry has left its list, or run out

What a person has said about an edition of an entry stays said; an entry that changed is looked at anew. A vendor that
takes another name leaves no match behind by that: only the list lets it go. Comparing names is no business of the
domain: whoever records a screening has done it, by a `Matcher`.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Final, Literal, Protocol, TypeAlias, final
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import replace

from domain.decider import Ask, Command, Decider, Elapse, Event, Refused, Whose, derived_id
from domain.parties import organisation
from domain.privacy.personal import Key, NotPersonal
from domain.restraint import debarment

How: TypeAlias = Literal["code", "name", "alike"]
"""By the same credit code, by the very same name once it is written in one way, or by a name that is like it."""
STRONG: Final[frozenset[How]] = frozenset({"code", "name"})
Status: TypeAlias = Literal["awaiting", "confirmed", "dismissed"]
Occasion: TypeAlias = Literal["night", "lists", "vendor"]
"""Why it was screened: the night came, a list has changed, the vendor is new or another name."""
ConfirmReason: TypeAlias = Literal["same_code", "same_organisation", "former_name", "branch"]
DismissReason: TypeAlias = Literal["other_organisation", "other_place", "other_code", "wrong_entry"]


class Match(Struct, frozen=True, omit_defaults=True):
    """An entry that may be the vendor."""

    entry: Key
    """The id of the entry's stream."""
    edition: int
    list_key: Key
    entry_key: Annotated[str, NotPersonal("what a list knows an organisation by")]
    how: How
    name: Annotated[str, NotPersonal("the name of an organisation, as published")]
    credit_code: Key = ""
    likeness: int = 100
    """0 to 100."""


class Compared(Struct, frozen=True, omit_defaults=True):
    """A list as it was compared with: how many of its entries counted, and a hash over them (SHA-256)."""

    list_key: Key
    entries: int
    sha256: Key


class Matcher(Protocol):
    """Knows the entries of the lists, and finds those that may be a vendor. Made anew when a list has changed."""

    @property
    def compared(self) -> Sequence[Compared]:
        """The lists that it knows."""
        ...

    @property
    def position(self) -> int:
        """The position of the log as of which it knows them."""
        ...

    def matches(self, name: str, credit_code: str) -> Sequence[Match]:
        """The entries that may be the organisation of this name and code, strong ones first."""
        ...


class Judged(Struct, frozen=True):
    """A match, and what was made of it."""

    match: Match
    since: datetime
    status: Status = "awaiting"
    decided_at: datetime | None = None
    by: str = ""
    reason: str = ""
    evidence: int = 0

    @property
    def strong(self) -> bool:
        """It blocks until somebody has said that it is wrong."""
        return self.match.how in STRONG


class Screening(Struct, frozen=True):
    """What is known of a vendor's screening."""

    vendor: str = ""
    screened_at: datetime | None = None
    name: str = ""
    credit_code: str = ""
    compared: tuple[Compared, ...] = ()
    position: int = 0
    found: tuple[Judged, ...] = ()
    latest: datetime | None = None

    @property
    def awaiting(self) -> tuple[Judged, ...]:
        """The matches that a person has yet to judge."""
        return tuple(each for each in self.found if each.status == "awaiting")

    def judged(self, entry: str) -> Judged | None:
        """A match by its entry."""
        return next((each for each in self.found if each.match.entry == entry), None)


@final
class Record(Command, frozen=True, tag="record"):
    """A vendor was compared with the lists."""

    at: Annotated[datetime, Meta(tz=True)]
    vendor: Annotated[str, Meta(min_length=1, max_length=36)]
    name: Annotated[str, Meta(max_length=128)]
    credit_code: Annotated[str, Meta(max_length=18)] = ""
    occasion: Occasion = "night"
    compared: Annotated[tuple[Compared, ...], Meta(max_length=64)] = ()
    position: int = 0
    matches: Annotated[tuple[Match, ...], Meta(max_length=200)] = ()


@final
class Confirm(Command, frozen=True, tag="confirm"):
    """It is the vendor who stands on the list: nothing more goes to it."""

    at: Annotated[datetime, Meta(tz=True)]
    by: Key
    entry: Annotated[str, Meta(max_length=36, description="The id of the entry.")]
    reason: ConfirmReason
    evidence: Annotated[int, Meta(ge=0, description="The log position of what you have seen.")] = 0


@final
class Dismiss(Command, frozen=True, tag="dismiss"):
    """It is somebody else who stands on the list."""

    at: Annotated[datetime, Meta(tz=True)]
    by: Key
    entry: Annotated[str, Meta(max_length=36, description="The id of the entry.")]
    reason: DismissReason
    evidence: Annotated[int, Meta(ge=0, description="The log position of what you have seen.")] = 0


@final
class Screened(Event, frozen=True, tag="screening.screened"):
    """The proof that it was done, whatever came of it."""

    at: datetime
    vendor: Key
    name: Annotated[str, NotPersonal("the registered name of an organisation")]
    credit_code: Key = ""
    occasion: Occasion = "night"
    compared: tuple[Compared, ...] = ()
    position: int = 0
    matches: int = 0


@final
class Matched(Event, frozen=True, tag="screening.matched"):
    at: datetime
    match: Match


@final
class MatchGone(Event, frozen=True, tag="screening.match_gone"):
    at: datetime
    entry: Key


@final
class Confirmed(Event, frozen=True, tag="screening.confirmed"):
    at: datetime
    by: Key
    entry: Key
    reason: ConfirmReason
    evidence: int = 0


@final
class Dismissed(Event, frozen=True, tag="screening.dismissed"):
    at: datetime
    by: Key
    entry: Key
    reason: DismissReason
    evidence: int = 0


ScreeningCommand: TypeAlias = Record | Confirm | Dismiss | Elapse
ScreeningEvent: TypeAlias = Screened | Matched | MatchGone | Confirmed | Dismissed


class MatchNotFound(Refused):
    """There is no such match for this vendor."""


class OnDebarmentList(Refused):
    """This vendor stands on a list of debarment."""


class ScreeningAwaitsReview(Refused):
    """This vendor may stand on a list of debarment: somebody has to look at the match first."""


@lru_cache(maxsize=8192)
def stream(vendor: str) -> UUID:
    """The stream of a vendor's screening, by the id of its organisation."""
    return derived_id("screening", organisation.id_of(vendor))


def must_be_clear(ask: Ask, vendor: str, at: datetime) -> None:
    """Nothing goes to who stands on a list. Raises OnDebarmentList, ScreeningAwaitsReview.

    A match blocks as long as its entry counts: not any more once that was taken off its list or has run out, whether
    or not the vendor was screened since. Moments in the past are judged by what is known now.
    """
    known = ask(decider, stream(vendor))
    at = at if known.latest is None else max(at, known.latest)
    for each in sorted(known.found, key=lambda one: one.status != "confirmed"):
        if each.status == "dismissed" or not (each.status == "confirmed" or each.strong):
            continue
        match = each.match
        if not _counts(match, at, ask):
            continue
        if each.status == "confirmed":
            raise OnDebarmentList(list=match.list_key, entry=match.entry)
        raise ScreeningAwaitsReview(list=match.list_key, entry=match.entry)


def decide(command: ScreeningCommand, screening: Screening, ask: Ask) -> Sequence[ScreeningEvent]:
    """Tell that it was screened and what is new in it; let people judge what was found."""
    match command:
        case Elapse():
            return []
        case Record():
            return _record(command, screening, ask)
        case Confirm() | Dismiss():
            return _judge(command, screening)


def evolve(screening: Screening, event: ScreeningEvent) -> Screening:
    """What the event makes of it."""
    screening = replace(screening, latest=max(event.at, screening.latest or event.at))
    match event:
        case Screened():
            return replace(
                screening,
                vendor=event.vendor,
                screened_at=event.at,
                name=event.name,
                credit_code=event.credit_code,
                compared=event.compared,
                position=event.position,
            )
        case Matched(match=found):
            before = screening.judged(found.entry)
            now = Judged(found, event.at)
            if before is not None and before.status == "confirmed":  # it is the vendor, whatever else they write of it
                now = replace(before, match=found)
            return _with(screening, found.entry, now)
        case MatchGone(entry=entry):
            return _with(screening, entry, None)
        case Confirmed():
            return _decided(screening, event, "confirmed")
        case Dismissed():
            return _decided(screening, event, "dismissed")


def whose(stream_: UUID, screening: Screening, command: ScreeningCommand | None) -> Whose:
    """A screening concerns the vendor."""
    del stream_
    vendor = organisation.id_of(command.vendor) if isinstance(command, Record) else screening.vendor
    return Whose(organisations=(vendor,) if vendor else ())


def _record(command: Record, screening: Screening, ask: Ask) -> Sequence[ScreeningEvent]:
    if screening.screened_at is not None and command.at < screening.screened_at:
        return []  # a later one has told more
    found = {match.entry: match for match in command.matches}
    told: list[ScreeningEvent] = [
        Screened(
            at=command.at,
            vendor=organisation.id_of(command.vendor),
            name=command.name,
            credit_code=command.credit_code,
            occasion=command.occasion,
            compared=command.compared,
            position=command.position,
            matches=len(found),
        )
    ]
    told += [
        Matched(at=command.at, match=match)
        for match in found.values()
        if _is_news(match, screening.judged(match.entry))
    ]
    told += [
        MatchGone(at=command.at, entry=each.match.entry)
        for each in screening.found
        if each.match.entry not in found and not _counts(each.match, command.at, ask)
    ]
    return told


def _is_news(match: Match, before: Judged | None) -> bool:
    """It was not there, its entry has changed since, or what was only alike is now the same."""
    if before is None or match.edition > before.match.edition:
        return True
    return match.edition == before.match.edition and match.how in STRONG and not before.strong


def _counts(match: Match, at: datetime, ask: Ask) -> bool:
    return ask(debarment.decider, debarment.stream(match.list_key, match.entry_key)).counts(at)


def _judge(command: Confirm | Dismiss, screening: Screening) -> Sequence[ScreeningEvent]:
    known = screening.judged(command.entry)
    if known is None:
        raise MatchNotFound(entry=command.entry)
    status = "confirmed" if isinstance(command, Confirm) else "dismissed"
    if (known.status, known.reason) == (status, command.reason):
        return []
    if isinstance(command, Confirm):
        return [
            Confirmed(
                at=command.at,
                by=command.by,
                entry=command.entry,
                reason=command.reason,
                evidence=command.evidence,
            )
        ]
    return [
        Dismissed(
            at=command.at,
            by=command.by,
            entry=command.entry,
            reason=command.reason,
            evidence=command.evidence,
        )
    ]


def _decided(screening: Screening, event: Confirmed | Dismissed, status: Status) -> Screening:
    known = screening.judged(event.entry)
    if known is None:
        return screening
    judged = replace(
        known, status=status, decided_at=event.at, by=event.by, reason=event.reason, evidence=event.evidence
    )
    return _with(screening, event.entry, judged)


def _with(screening: Screening, entry: str, now: Judged | None) -> Screening:
    """The matches with one of them in another state; None takes it away."""
    others = tuple(each for each in screening.found if each.match.entry != entry)
    found = others if now is None else (*others, now)
    return replace(screening, found=tuple(sorted(found, key=lambda each: each.match.entry)))


decider: Decider[ScreeningCommand, Screening, ScreeningEvent] = Decider(
    name="screening",
    initial=Screening(),
    decide=decide,
    evolve=evolve,
    commands=(Record, Confirm, Dismiss, Elapse),
    events=(Screened, Matched, MatchGone, Confirmed, Dismissed),
    whose=whose,
)
