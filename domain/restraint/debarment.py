"""An entry on a list of debarment: a company that others have found unworthy of trust, as they have published it.

    unknown -> listed <-> (listed anew with other data) -> delisted -> listed again ...

失信被执行人 (courts), 重大税收违法 (tax), 政府采购严重违法失信 (procurement) and others: 财库〔2016〕125号 wants them
asked before an award, and the answer kept. There is one stream for each key of a list and key of an entry. Where an
entry comes from, in which file and when that was fetched, stays in history. We hold organisations only: an entry that
looks like a person's is refused, and so leaves no trace.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Final, Literal, TypeAlias, final
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct
from msgspec.structs import replace

from domain.decider import Ask, Command, Decider, Elapse, Event, Refused, derived_id
from domain.parties import credit_code as codes
from domain.privacy.personal import Day, Key, NotPersonal
from domain.restraint import company_words

DelistReason: TypeAlias = Literal["gone_from_list", "term_over", "corrected", "mistake"]
"""It stands no longer on a newer edition of the list; its term is over; the list was wrong; our own entry was."""

ZONE: Final = ZoneInfo("Asia/Shanghai")
"""Whose days the lists mean."""


class Debarment(Struct, frozen=True):
    """An entry as it stands."""

    list_key: str = ""
    entry_key: str = ""
    name: str = ""
    credit_code: str = ""
    reason: str = ""
    listed_on: Day | None = None
    until: Day | None = None
    source: str = ""
    sha256: str = ""
    retrieved_at: datetime | None = None
    listed: bool = False
    edition: int = 0
    """Counts how often it was listed with new data: whoever has judged an edition has not judged the next."""
    delisted_because: str = ""
    latest: datetime | None = None
    """The moment of its last event."""

    def counts(self, at: datetime) -> bool:
        """Whether it debars at a moment: it is listed, and its last day is not over in China."""
        return self.listed and (self.until is None or at.astimezone(ZONE).date() <= self.until)


@final
class List(Command, frozen=True, tag="list"):
    """An organisation stands on a list of debarment."""

    at: Annotated[datetime, Meta(tz=True)]
    list_key: Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{1,31}$", description="Which list, such as dishonest.")]
    entry_key: Annotated[
        str, Meta(min_length=1, max_length=160, pattern=r"\S", description="What the list knows it by.")
    ]
    name: Annotated[str, Meta(min_length=1, max_length=128, pattern=r"\S", description="As the list writes it.")]
    listed_on: Annotated[Day, Meta(description="The day it was put on the list.")]
    source: Annotated[str, Meta(min_length=1, max_length=128, pattern=r"\S", description="Who publishes the list.")]
    credit_code: Annotated[str, Meta(max_length=64)] = ""
    reason: Annotated[str, Meta(max_length=1000, description="As published.")] = ""
    until: Annotated[Day | None, Meta(description="The last day of its term; left out: until it is taken off.")] = None
    sha256: Annotated[str, Meta(max_length=64, description="Of the file it was read from.")] = ""
    retrieved_at: Annotated[datetime, Meta(tz=True, description="When that was fetched.")] | None = None


@final
class Delist(Command, frozen=True, tag="delist"):
    """It stands on the list no longer."""

    at: Annotated[datetime, Meta(tz=True)]
    reason: DelistReason
    sha256: Annotated[str, Meta(max_length=64, description="Of the file that it is gone from.")] = ""
    retrieved_at: Annotated[datetime, Meta(tz=True)] | None = None


@final
class Listed(Event, frozen=True, tag="debarment.listed"):
    at: datetime
    list_key: Key
    entry_key: Annotated[str, NotPersonal("what a list knows an organisation by")]
    name: Annotated[str, NotPersonal("the name of an organisation, as published")]
    listed_on: Day
    source: Annotated[str, NotPersonal("the name of an authority")]
    credit_code: Key = ""
    reason: Annotated[str, NotPersonal("why an organisation is debarred, as published")] = ""
    until: Day | None = None
    sha256: Key = ""
    retrieved_at: datetime | None = None


@final
class Delisted(Event, frozen=True, tag="debarment.delisted"):
    at: datetime
    reason: DelistReason
    sha256: Key = ""
    retrieved_at: datetime | None = None


DebarmentCommand: TypeAlias = List | Delist | Elapse
DebarmentEvent: TypeAlias = Listed | Delisted


class NotListed(Refused):
    """There is no such entry on a list of debarment."""


class NamesAPerson(Refused):
    """This entry looks like a person's: we hold organisations only."""


class TermEndsBeforeListing(Refused):
    """An entry cannot end before the day it was listed."""


class ListedInTheFuture(Refused):
    """The day of listing lies in the future."""


class NewerEditionKnown(Refused):
    """A newer edition of this list is known already."""


@lru_cache(maxsize=4096)
def stream(list_key: str, entry_key: str) -> UUID:
    """The stream of an entry."""
    return derived_id("debarment", f"{list_key}\n{entry_key}")


def must_be_an_organisation(*texts: str, name: str, credit_code: str) -> None:
    """Raises NamesAPerson where the name looks like a person's, or a resident's number stands in any of the texts."""
    person = company_words.looks_like_a_person(name) and not credit_code
    if person or any(company_words.holds_resident_id(text) for text in (name, *texts)):
        raise NamesAPerson


def decide(command: DebarmentCommand, entry: Debarment, ask: Ask) -> Sequence[DebarmentEvent]:
    """List what is news, and delist what is listed."""
    del ask
    match command:
        case Elapse():
            return []
        case List():
            return _list(command, entry)
        case Delist(at=at, reason=reason):
            if entry.edition == 0:
                raise NotListed
            _must_not_be_older(command.retrieved_at, entry)
            if not entry.listed:
                return []
            return [Delisted(at=at, reason=reason, sha256=command.sha256, retrieved_at=command.retrieved_at)]


def evolve(entry: Debarment, event: DebarmentEvent) -> Debarment:
    """What the event makes of it."""
    match event:
        case Listed():
            return Debarment(
                list_key=event.list_key,
                entry_key=event.entry_key,
                name=event.name,
                credit_code=event.credit_code,
                reason=event.reason,
                listed_on=event.listed_on,
                until=event.until,
                source=event.source,
                sha256=event.sha256,
                retrieved_at=event.retrieved_at,
                listed=True,
                edition=entry.edition + 1,
                latest=event.at,
            )
        case Delisted(at=at, reason=reason):
            return replace(
                entry,
                listed=False,
                delisted_because=reason,
                retrieved_at=event.retrieved_at or entry.retrieved_at,
                latest=at,
            )


def _list(command: List, entry: Debarment) -> Sequence[DebarmentEvent]:
    name, reason = " ".join(command.name.split()), " ".join(command.reason.split())
    perhaps = "" if _is_a_code(command.credit_code) else command.credit_code  # one may look like a person's number
    must_be_an_organisation(command.entry_key, reason, perhaps, name=name, credit_code=command.credit_code)
    code = codes.valid(command.credit_code) if command.credit_code else ""
    if command.until is not None and command.until < command.listed_on:
        raise TermEndsBeforeListing(listed_on=str(command.listed_on), until=str(command.until))
    if command.listed_on > command.at.astimezone(ZONE).date():
        raise ListedInTheFuture(listed_on=str(command.listed_on))
    _must_not_be_older(command.retrieved_at, entry)
    known = (entry.name, entry.credit_code, entry.reason, entry.listed_on, entry.until, entry.source)
    if entry.listed and known == (name, code, reason, command.listed_on, command.until, command.source.strip()):
        return []
    return [
        Listed(
            at=command.at,
            list_key=command.list_key,
            entry_key=command.entry_key,
            name=name,
            listed_on=command.listed_on,
            source=command.source.strip(),
            credit_code=code,
            reason=reason,
            until=command.until,
            sha256=command.sha256,
            retrieved_at=command.retrieved_at,
        )
    ]


def _is_a_code(text: str) -> bool:
    try:
        return bool(codes.valid(text))
    except codes.CreditCodeInvalid:
        return False


def _must_not_be_older(retrieved_at: datetime | None, entry: Debarment) -> None:
    if retrieved_at is not None and entry.retrieved_at is not None and retrieved_at < entry.retrieved_at:
        raise NewerEditionKnown(known=entry.retrieved_at)


decider: Decider[DebarmentCommand, Debarment, DebarmentEvent] = Decider(
    name="debarment",
    initial=Debarment(),
    decide=decide,
    evolve=evolve,
    commands=(List, Delist, Elapse),
    events=(Listed, Delisted),
)
