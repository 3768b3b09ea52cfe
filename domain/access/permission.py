"""May this principal do that, and why: decided here and nowhere else, for every door.

    appointments that count now -> the row of the permission -> what they take in -> is this thing in it?
                                -> duties that are kept apart -> grounds, or a denial

Deny by default: a permission without a row, a principal without an appointment, a thing that nobody's scope takes in.
What a list may show is the same `Sight` that a single thing is judged by.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Final, NamedTuple, Protocol, TypeAlias

from msgspec import Struct

from domain.access import appointment, duties, policy, role
from domain.access.appointment import Standing
from domain.access.duties import Hands
from domain.decider import Ask, Whose

SEE: Final = "see"
"""`<lifecycle>.see` is the permission to look at a thing."""


class Sight(Struct, frozen=True):
    """What a principal's appointments take in, for one permission: a thing is in sight when any of this fits."""

    everything: bool = False
    areas: tuple[str, ...] = ()
    organisations: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    both: tuple[tuple[str, str], ...] = ()
    """(organisation, area): only what concerns the one and lies in the other."""

    @property
    def nothing(self) -> bool:
        """Whether there is nothing at all in sight."""
        return not (self.everything or self.areas or self.organisations or self.people or self.both)

    def takes_in(self, whose: Whose) -> bool:
        """Whether a thing is in sight."""
        return (
            self.everything
            or any(each in self.people for each in whose.people)
            or any(each in self.organisations for each in whose.organisations)
            or any(lies_in(area, whose) for area in self.areas)
            or any(organisation in whose.organisations and lies_in(area, whose) for organisation, area in self.both)
        )

    def __add__(self, other: "Sight") -> "Sight":
        """What either takes in."""
        return Sight(
            everything=self.everything or other.everything,
            areas=_merged(self.areas, other.areas),
            organisations=_merged(self.organisations, other.organisations),
            people=_merged(self.people, other.people),
            both=tuple(dict.fromkeys((*self.both, *other.both))),
        )


def _merged(some: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*some, *more)))


def lies_in(area: str, whose: Whose) -> bool:
    """Whether a thing lies in an area: codes of the area tree begin with the codes of what they lie in."""
    return bool(area) and any(each.startswith(area) for each in whose.areas)


class Denied(Exception):
    """You are not allowed to do this."""

    def __init__(self, permission: str, *, visible: bool = True, because: str = "") -> None:
        super().__init__(type(self).__name__, permission)
        self.permission = permission
        self.visible = visible
        """Whether the principal may see the thing at all. To whom may not, it does not exist."""
        self.because = because

    @property
    def code(self) -> str:
        """The stable name that programs look at."""
        return type(self).__name__

    @classmethod
    def sentence(cls) -> str:
        """The sentence people read, in English."""
        return " ".join((cls.__doc__ or "").split())


class NotPermitted(Denied):
    """Your roles do not allow this."""


class OutOfScope(Denied):
    """Your roles allow this, but not here: it belongs to another area, organisation or person."""


class DutiesKeptApart(Denied):
    """You have done another part of this yourself: this step takes somebody else."""


class NotForYourself(Denied):
    """Nobody may do this for themselves: it takes somebody else."""


class NotForYourOrganisation(Denied):
    """Nobody may do this for the organisation that they work for: it takes somebody else."""


class OnlyLooks(Denied):
    """Whoever audits changes nothing."""


class Question(NamedTuple):
    """Who asks for what, when, and whom it concerns."""

    actor: str
    at: datetime
    permission: str
    """`<lifecycle>.<command>`, without facet."""
    whose: Whose
    """Whom doing it concerns."""
    present: Whose | None = None
    """Whom the thing concerns as it is; None when it is not there yet."""
    hands: Hands = duties.NOBODY
    scopes: tuple[str, ...] = ()
    """The permissions that the actor's key is limited to; empty: no limit but its roles."""


Permit: TypeAlias = Callable[[Question, Ask], str]
"""Answers with the grounds that are recorded with the events. Raises Denied."""


class See(Protocol):
    """Answers what somebody's appointments take in, for one permission."""

    def __call__(
        self, permission: str, actor: str, held: Iterable[Standing], scopes: Collection[str] = ...
    ) -> Sight: ...


def permit(question: Question, ask: Ask) -> str:
    """The grounds on which somebody may do something now. Raises Denied."""
    part = question.actor.partition(":")[0]
    if part in policy.SYSTEM:
        return _part_of_the_platform(question, part)
    if question.permission in policy.BY_ANYBODY_FOR_THEMSELVES and question.whose.people == (question.actor,):
        return f"{policy.VERSION} {question.permission} oneself"
    held = ask(appointment.decider, appointment.stream(question.actor)).held(question.at)
    name = permission_of(question.permission, question.whose.facet)
    row = _row(name, question.scopes)
    if any(role.by_name[each.role].exclusive for each in held) and not _only_looks(name):
        raise OnlyLooks(name, visible=_visible(question, held))
    for each in held:
        for letter in row.get(each.role, ""):
            if reach(letter, each, question.actor).takes_in(question.whose):
                _must_be_somebody_elses(question, name, held)
                return f"{policy.VERSION} {name} {each.role} {letter} #{each.number}"
    denial = OutOfScope if any(each.role in row for each in held) else NotPermitted
    raise denial(name, visible=_visible(question, held))


def _only_looks(permission: str) -> bool:
    return permission.rpartition(".")[2] in policy.LOOKING


_NO_ROW: Final[Mapping[str, str]] = {}


def _part_of_the_platform(question: Question, part: str) -> str:
    """A part of the platform may do what is listed under its name."""
    may = policy.SYSTEM[part]
    _, _, command = question.permission.rpartition(".")
    if question.permission in may or f"*.{command}" in may:
        return f"{policy.VERSION} {question.permission} {part}"
    raise NotPermitted(question.permission)


def _must_be_somebody_elses(question: Question, name: str, held: Iterable[Standing]) -> None:
    """Duties that are kept apart, and what nobody may do for themselves or their organisation. Raises Denied."""
    if duties.is_for_others_only(question.permission, question.whose.facet) and question.actor in question.whose.people:
        raise NotForYourself(name, visible=_visible(question, held))
    if tag := duties.conflict(question.permission, question.actor, question.hands):
        raise DutiesKeptApart(name, visible=_visible(question, held), because=tag)
    if question.permission in duties.NOT_FOR_ONES_ORGANISATION:
        theirs = {each.organisation for each in held if each.organisation}
        if not theirs.isdisjoint(question.whose.organisations):
            raise NotForYourOrganisation(name, visible=_visible(question, held))


def permission_of(name: str, facet: str) -> str:
    """The name of the row that counts."""
    faceted = f"{name}/{facet}"
    return faceted if facet and faceted in policy.ROWS else name


def _visible(question: Question, held: Iterable[Standing]) -> bool:
    """Whether the actor may know that the thing is there; of what is not there yet nothing is given away."""
    if question.present is None:
        return True
    lifecycle, _, _ = question.permission.rpartition(".")
    return sight(f"{lifecycle}.{SEE}", question.actor, held, question.scopes).takes_in(question.present)


def _row(permission: str, scopes: Collection[str]) -> Mapping[str, str]:
    """The letters by role; none for a permission that the key at hand is not for."""
    if scopes and permission.partition("/")[0] not in scopes:
        return _NO_ROW
    return policy.ROWS.get(permission, _NO_ROW)


def sight(permission: str, actor: str, held: Iterable[Standing], scopes: Collection[str] = ()) -> Sight:
    """Everything that a principal's appointments take in, for one permission."""
    row = _row(permission, scopes)
    seen = Sight()
    for each in held:
        for letter in row.get(each.role, ""):
            seen += reach(letter, each, actor)
    return seen


def reach(letter: str, held: Standing, actor: str) -> Sight:  # noqa: PLR0911 - one line a letter of the table
    """What an appointment takes in under a letter of the table."""
    if letter == "E":
        return Sight(everything=True)
    if letter == "A":
        return Sight(areas=(held.area,)) if held.area else Sight(everything=True)
    if letter == "T" and held.area:
        return Sight(areas=(held.area,))
    if letter == "O" and held.organisation:
        return Sight(organisations=(held.organisation,))
    if letter == "B" and held.organisation and held.area:
        return Sight(both=((held.organisation, held.area),))
    if letter == "S":
        return Sight(people=(actor,))
    if letter == "W" and held.ward:
        return Sight(people=(held.ward,))
    return Sight()
