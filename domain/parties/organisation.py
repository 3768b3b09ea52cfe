"""An organisation: a party to what happens here, from the government that commissions to the company that mends.

    unknown -> registered <-> (renamed, extended, trusts a provider or none) -> closed

A Chinese one is known by its unified social credit code: its stream is derived from the code, so there is only one.
Committees often have none (业主委员会), and foreign companies have none; their streams have ids of their own. An
organisation may let its people sign in with its own OpenID Connect provider; the secret that takes is no event.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from ipaddress import ip_address
from typing import Annotated, Final, Literal, TypeAlias, final, get_args
from urllib.parse import urlsplit
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import replace

from domain.decider import Ask, Command, Decider, Elapse, Event, Refused, Whose, derived_id
from domain.parties import area, credit_code
from domain.privacy.personal import Key, NotPersonal

Kind: TypeAlias = Literal[
    "government",
    "vendor",
    "property_company",
    "service_provider",
    "residents_committee",
    "owners_committee",
    "operator",
    "partner",
]
Kinds: TypeAlias = tuple[Kind, ...]
CloseReason: TypeAlias = Literal["dissolved", "merged", "duplicate", "mistake"]

ALL_KINDS: Final[Kinds] = get_args(Kind)
COMMITTEES: Final[frozenset[Kind]] = frozenset({"residents_committee", "owners_committee"})
"""Whoever is nothing else may do without a credit code (居民委员会、业主委员会)."""


class Provider(Struct, frozen=True):
    """An OpenID Connect provider that an organisation vouches for: who it says it is, and who we are there."""

    issuer: str
    client_id: str


class Organisation(Struct, frozen=True):
    """An organisation as it stands."""

    name: str = ""
    kinds: Kinds = ()
    credit_code: str = ""
    country: str = ""
    area: str = ""
    provider: Provider | None = None
    registered_at: datetime | None = None
    closed_at: datetime | None = None
    closed_because: str = ""

    @property
    def open(self) -> bool:
        """It is registered and not closed."""
        return self.registered_at is not None and self.closed_at is None


@final
class Register(Command, frozen=True, tag="register"):
    """Enter an organisation. A Chinese one needs its credit code, unless it is a committee and nothing else."""

    at: Annotated[datetime, Meta(tz=True)]
    name: Annotated[str, Meta(min_length=1, max_length=128, pattern=r"\S")]
    kinds: Annotated[Kinds, Meta(max_length=16)]
    credit_code: Annotated[str, Meta(max_length=64, description="Blanks, small and full-width letters are fine.")] = ""
    country: Annotated[str, Meta(pattern="^[A-Z]{2}$", description="ISO 3166-1, two letters.")] = "CN"
    area: Annotated[str, Meta(max_length=15, description="The code of the area it belongs to.")] = ""


@final
class Rename(Command, frozen=True, tag="rename"):
    """It has another name from now on."""

    at: Annotated[datetime, Meta(tz=True)]
    name: Annotated[str, Meta(min_length=1, max_length=128, pattern=r"\S")]


@final
class Extend(Command, frozen=True, tag="extend"):
    """It is something else as well from now on."""

    at: Annotated[datetime, Meta(tz=True)]
    kinds: Annotated[Kinds, Meta(max_length=16)]


@final
class TrustProvider(Command, frozen=True, tag="trust_provider"):
    """Let its people sign in with its own OpenID Connect provider, in place of any that was trusted before."""

    at: Annotated[datetime, Meta(tz=True)]
    issuer: Annotated[str, Meta(max_length=255, description="Exactly as the provider says it, such as https://id.cn")]
    client_id: Annotated[str, Meta(min_length=1, max_length=255, pattern=r"\S")]


@final
class DistrustProvider(Command, frozen=True, tag="distrust_provider"):
    """Nobody signs in with its provider any more."""

    at: Annotated[datetime, Meta(tz=True)]


@final
class Close(Command, frozen=True, tag="close"):
    """It takes part no longer. What it did stays what it was."""

    at: Annotated[datetime, Meta(tz=True)]
    reason: CloseReason


@final
class Registered(Event, frozen=True, tag="organisation.registered"):
    at: datetime
    name: Annotated[str, NotPersonal("the registered name of an organisation")]
    kinds: Kinds
    credit_code: Key = ""
    country: Key = "CN"
    area: Key = ""


@final
class Renamed(Event, frozen=True, tag="organisation.renamed"):
    at: datetime
    name: Annotated[str, NotPersonal("the registered name of an organisation")]


@final
class Extended(Event, frozen=True, tag="organisation.extended"):
    at: datetime
    kinds: Kinds
    """Those that are new."""


@final
class ProviderTrusted(Event, frozen=True, tag="organisation.provider_trusted"):
    at: datetime
    issuer: Key
    client_id: Key


@final
class ProviderDistrusted(Event, frozen=True, tag="organisation.provider_distrusted"):
    at: datetime
    issuer: Key


@final
class Closed(Event, frozen=True, tag="organisation.closed"):
    at: datetime
    reason: CloseReason


OrganisationCommand: TypeAlias = Register | Rename | Extend | TrustProvider | DistrustProvider | Close | Elapse
OrganisationEvent: TypeAlias = Registered | Renamed | Extended | ProviderTrusted | ProviderDistrusted | Closed


class OrganisationNotRegistered(Refused):
    """No such organisation is registered."""


class AlreadyRegistered(Refused):
    """This organisation is registered already, with other data."""


class OrganisationClosed(Refused):
    """This organisation is closed."""


class KindMissing(Refused):
    """Say what kind of organisation this is."""


class CreditCodeMissing(Refused):
    """A Chinese organisation needs its unified social credit code, unless it is a committee and nothing else."""


class NotAnIssuer(Refused):
    """The issuer of an identity provider is an https address without user, query or fragment."""


def id_of(text: str) -> str:
    """The id of an organisation as it is written everywhere, however somebody writes it; what is no id as it is.

    Streams are derived from it and scopes of appointments are compared with it: two spellings would be two vendors.
    """
    try:
        return str(UUID(text.strip()))
    except ValueError:
        return text


@lru_cache(maxsize=4096)
def stream(code: str) -> UUID:
    """The stream of the organisation with this credit code, however it is written."""
    return derived_id("organisation", credit_code.normalised(code))


def decide(command: OrganisationCommand, organisation: Organisation, ask: Ask) -> Sequence[OrganisationEvent]:
    """Enter it once, and change only what is open."""
    match command:
        case Elapse():
            return []
        case Register():
            return _register(command, organisation, ask)
        case _ if organisation.registered_at is None:
            raise OrganisationNotRegistered
        case Close(at=at, reason=reason):
            return [Closed(at=at, reason=reason)] if organisation.open else []
        case DistrustProvider(at=at):  # also when it is closed: trust can always be taken back
            provider = organisation.provider
            return [] if provider is None else [ProviderDistrusted(at=at, issuer=provider.issuer)]
        case _:
            return _change(command, organisation)


def _change(command: Rename | Extend | TrustProvider, organisation: Organisation) -> Sequence[OrganisationEvent]:
    """What can be done to one that is open only."""
    if not organisation.open:
        raise OrganisationClosed
    match command:
        case Rename(at=at, name=name):
            return [] if name.strip() == organisation.name else [Renamed(at=at, name=name.strip())]
        case Extend(at=at, kinds=kinds):
            new: Kinds = tuple(kind for kind in _in_order(kinds) if kind not in organisation.kinds)
            _must_be_coded(organisation.country, (*organisation.kinds, *new), organisation.credit_code)
            return [Extended(at=at, kinds=new)] if new else []
        case TrustProvider(at=at, issuer=issuer, client_id=client_id):
            _must_be_an_issuer(issuer)
            same = organisation.provider == Provider(issuer, client_id)
            return [] if same else [ProviderTrusted(at=at, issuer=issuer, client_id=client_id)]


def evolve(organisation: Organisation, event: OrganisationEvent) -> Organisation:
    """What the event makes of it."""
    match event:
        case Registered():
            return Organisation(
                name=event.name,
                kinds=event.kinds,
                credit_code=event.credit_code,
                country=event.country,
                area=event.area,
                registered_at=event.at,
            )
        case Renamed(name=name):
            return replace(organisation, name=name)
        case Extended(kinds=kinds):
            return replace(organisation, kinds=_in_order((*organisation.kinds, *kinds)))
        case ProviderTrusted(issuer=issuer, client_id=client_id):
            return replace(organisation, provider=Provider(issuer, client_id))
        case ProviderDistrusted():
            return replace(organisation, provider=None)
        case Closed(at=at, reason=reason):
            return replace(organisation, closed_at=at, closed_because=reason)


def whose(stream_: UUID, organisation: Organisation, command: OrganisationCommand | None) -> Whose:
    """An organisation concerns itself, and whoever is responsible for its area."""
    place = command.area if isinstance(command, Register) else organisation.area
    return Whose(organisations=(str(stream_),), areas=(place,) if place else ())


def _register(command: Register, organisation: Organisation, ask: Ask) -> Sequence[OrganisationEvent]:
    code = credit_code.valid(command.credit_code) if command.credit_code else ""
    kinds, name = _in_order(command.kinds), command.name.strip()
    if organisation.registered_at is not None:
        if not organisation.open:
            raise OrganisationClosed
        known = (organisation.name, organisation.kinds, organisation.country, organisation.area)
        if known != (name, kinds, command.country, command.area) or organisation.credit_code != code:
            raise AlreadyRegistered
        return []
    if not kinds:
        raise KindMissing
    _must_be_coded(command.country, kinds, code)
    if command.area:
        area.must_be_open(command.area, ask)
    return [
        Registered(at=command.at, name=name, kinds=kinds, credit_code=code, country=command.country, area=command.area)
    ]


def _in_order(kinds: Iterable[Kind]) -> Kinds:
    said = set(kinds)
    return tuple(kind for kind in ALL_KINDS if kind in said)


def _must_be_coded(country: str, kinds: Kinds, code: str) -> None:
    if country == "CN" and not code and not COMMITTEES.issuperset(kinds):
        raise CreditCodeMissing


_ADDRESS: Final = re.compile(r"https?://[!-~]+")


def _must_be_an_issuer(issuer: str) -> None:
    """An address as OpenID Connect Core 1.0 (section 2) wants it; without encryption only on this very machine."""
    if not _ADDRESS.fullmatch(issuer) or set("?#@\\") & set(issuer):
        raise NotAnIssuer(issuer=issuer)
    try:
        parts = urlsplit(issuer)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise NotAnIssuer(issuer=issuer) from None
    if not host or (parts.scheme == "http" and not _is_loopback(host)):
        raise NotAnIssuer(issuer=issuer)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


decider: Decider[OrganisationCommand, Organisation, OrganisationEvent] = Decider(
    name="organisation",
    initial=Organisation(),
    decide=decide,
    evolve=evolve,
    commands=(Register, Rename, Extend, TrustProvider, DistrustProvider, Close, Elapse),
    events=(Registered, Renamed, Extended, ProviderTrusted, ProviderDistrusted, Closed),
    whose=whose,
)
