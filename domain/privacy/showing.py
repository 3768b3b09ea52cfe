"""Who sees what of a person's data: one table, standing by kind.

A viewer may stand in several relations to a person at once and sees the most that any of them allows. A provider sees a
resident's telephone and address only with consent and while the order is theirs and active; what was written for the
work, as long as they do the work.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from domain.privacy.personal import Kind

Shown: TypeAlias = Literal["plain", "masked", "hidden"]
"""As it is; made unreadable; not at all."""


class Standing(StrEnum):
    """What a viewer is to a person."""

    OWN = "own"
    """The person, or somebody who represents them."""
    STAFF = "staff"
    """Staff whose scope lets them see personal data here."""
    CONSENTED = "consented"
    """A provider at work for the person, who has consented that it knows data of this kind."""
    AT_WORK = "at_work"
    """A provider at work for the person."""
    PROVIDER = "provider"
    """A provider that was at work for the person."""
    AUDITOR = "auditor"
    STRANGER = "stranger"


class Viewer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Facts about whoever looks at a person's data."""

    own: bool = False
    """Is the person, or represents them."""
    staff: bool = False
    """May see personal data of this person as staff."""
    provider: bool = False
    """Belongs to the organisation that has, or had, the order in question."""
    active_order: bool = False
    """That order is still to be done."""
    consented: frozenset[Kind] = frozenset()
    """What the person has consented that this organisation knows, now."""
    auditor: bool = False

    def standings(self, kind: Kind) -> Iterator[Standing]:
        """Everything that the viewer is to the person, where data of this kind is concerned."""
        if self.own:
            yield Standing.OWN
        if self.staff:
            yield Standing.STAFF
        if self.provider and self.active_order:
            yield Standing.CONSENTED if kind in self.consented else Standing.AT_WORK
        if self.provider:
            yield Standing.PROVIDER
        if self.auditor:
            yield Standing.AUDITOR
        yield Standing.STRANGER


_KINDS = (
    Kind.IDENTITY, Kind.CONTACT, Kind.ADDRESS, Kind.FREE_TEXT, Kind.MEDIA, Kind.HEALTH, Kind.FINANCE, Kind.CREDENTIAL,
)  # fmt: skip
_ROWS: Final[Mapping[Standing, tuple[Shown, ...]]] = {
    #                     identity  contact   address   free text media     health    finance   credential
    Standing.OWN:       ("plain",  "plain",  "plain",  "plain",  "plain",  "plain",  "plain",  "plain"),
    Standing.STAFF:     ("plain",  "plain",  "plain",  "plain",  "plain",  "masked", "masked", "hidden"),
    Standing.CONSENTED: ("plain",  "plain",  "plain",  "plain",  "plain",  "plain",  "plain",  "hidden"),
    Standing.AT_WORK:   ("masked", "masked", "masked", "plain",  "plain",  "hidden", "hidden", "hidden"),
    Standing.PROVIDER:  ("masked", "masked", "masked", "masked", "masked", "hidden", "hidden", "hidden"),
    Standing.AUDITOR:   ("masked", "masked", "masked", "masked", "masked", "masked", "masked", "hidden"),
    Standing.STRANGER:  ("hidden", "hidden", "hidden", "hidden", "hidden", "hidden", "hidden", "hidden"),
}  # fmt: skip
TABLE: Final[Mapping[tuple[Standing, Kind], Shown]] = {
    (standing, kind): shown for standing, row in _ROWS.items() for kind, shown in zip(_KINDS, row, strict=True)
}
"""How data of each kind is shown to whoever stands so to the person."""


def shown(viewer: Viewer, kind: Kind) -> Shown:
    """How data of this kind is shown to this viewer."""
    ways = {TABLE[standing, kind] for standing in viewer.standings(kind)}
    return "plain" if "plain" in ways else "masked" if "masked" in ways else "hidden"
