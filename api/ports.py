"""What the API is plugged into; the wiring hands it over once, at the start."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

import msgspec

from domain.access import permission
from domain.access.permission import See
from domain.decider import Whose
from domain.ports import ContentCheck, ContentSealer, Door, FileStore, Ledger, Opened
from domain.privacy.personal import Kind
from projections.admission.engagement_board import EngagementBoard
from projections.admission.qualification_board import QualificationBoard
from projections.admission.scheme_register import SchemeRegister
from projections.admission.vendor_register import VendorRegister
from projections.admission.waiver_register import WaiverRegister
from projections.area_tree import AreaTree
from projections.concession_board import ConcessionBoard
from projections.consent_register import ConsentRegister
from projections.estate_register import EstateRegister
from projections.evaluation.standing_register import StandingRegister
from projections.evaluation.what_if import WhatIf
from projections.organisation_register import OrganisationRegister
from projections.person_register import PersonRegister
from projections.restraint.debarment_register import DebarmentRegister
from projections.restraint.fan_out_board import FanOutBoard
from projections.restraint.sanction_register import SanctionRegister
from projections.restraint.screening_board import ScreeningBoard
from projections.work_order_board import WorkOrderBoard

UNREADABLE: Final = "[无法读取 unreadable]"
"""Stands where a sealed text was found that nobody here can read."""


class Facts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Facts about a viewer, as far as they matter for what is shown of a person."""

    own: bool = False
    """Is the person, or a relative of theirs who acts for them."""
    organisations: frozenset[str] = frozenset()
    """For whom the viewer works."""
    staff: bool = False
    """May see personal data of this person as staff: has a role for that whose scope covers the person."""
    auditor: bool = False
    privacy_officer: bool = False
    """Answers people's questions about their data: may export it and see to whom it was disclosed."""


class Insight(Protocol):
    """Knows what a viewer is allowed to see of people."""

    async def of(self, viewer: str, whose: Whose, at: datetime) -> Facts:
        """The facts about a viewer, with regard to somebody's data."""
        ...

    async def areas(self, viewer: str, at: datetime) -> Sequence[str]:
        """The areas, by the beginning of their codes, whose people the viewer may list; `""` is everywhere."""
        ...


class Opening(Protocol):
    """The part of a vault (`domain.ports.Vault`) that reading needs."""

    async def open(
        self, sealed: Collection[tuple[UUID, str]], *, custody: bool = False
    ) -> Mapping[tuple[UUID, str], Opened]:
        """What sealed texts turn out to be, by stream and field."""
        ...


class Holdings(Protocol):
    """Knows where data of a person is held."""

    async def streams(self, subject: str) -> Sequence[UUID]:
        """The streams in which something of a person is sealed."""
        ...


class NoInsight:
    """Knows nothing of anybody's roles: everybody sees their own data, and nobody else's."""

    async def of(self, viewer: str, whose: Whose, at: datetime) -> Facts:
        """Only whether it is their own."""
        del at
        return Facts(own=viewer in whose.people)

    async def areas(self, viewer: str, at: datetime) -> Sequence[str]:
        """Nowhere."""
        del viewer, at
        return ()


class NoVault:
    """Has no keys: what is sealed stays so, and where it is held is not known."""

    async def open(
        self, sealed: Collection[tuple[UUID, str]], *, custody: bool = False
    ) -> Mapping[tuple[UUID, str], Opened]:
        """Nothing can be read."""
        del custody
        return {each: Opened(UNREADABLE, "", Kind.FREE_TEXT, readable=False) for each in sealed}

    async def streams(self, subject: str) -> Sequence[UUID]:
        """None are known."""
        del subject
        return ()


@dataclass(frozen=True, slots=True)
class Discretion:
    """What it takes to show people's data to the right people. What is not plugged in shows nothing to anybody."""

    insight: Insight = field(default_factory=NoInsight)
    vault: Opening = field(default_factory=NoVault)
    holdings: Holdings = field(default_factory=NoVault)


@dataclass(frozen=True, slots=True)
class Files:
    """Where files go, who looks into them, who seals them, and how large they may be."""

    store: FileStore
    check: ContentCheck
    sealer: ContentSealer
    largest: int = 10 << 20
    """Bytes."""
    patience: float = 120.0
    """Seconds that a file may take to arrive."""


@dataclass(frozen=True, slots=True)
class Ports:
    """The one door for change, the log for looking back, the read models, fresh ids and the time."""

    door: Door
    ledger: Ledger
    board: WorkOrderBoard
    areas: AreaTree
    organisations: OrganisationRegister
    estates: EstateRegister
    people: PersonRegister
    consents: ConsentRegister
    vendors: VendorRegister
    sanctions: SanctionRegister
    fan_outs: FanOutBoard
    waivers: WaiverRegister
    engagements: EngagementBoard
    schemes: SchemeRegister
    qualifications: QualificationBoard
    standings: StandingRegister
    what_if: WhatIf
    debarments: DebarmentRegister
    screenings: ScreeningBoard
    concessions: ConcessionBoard
    new_id: Callable[[], UUID]
    now: Callable[[], datetime]
    see: See = permission.sight
    """What appointments let somebody see."""
    patience: float = 5.0
    """Seconds that a read waits for its `min_position` before it says "not there yet"."""
    discretion: Discretion = field(default_factory=Discretion)
    files: Files | None = None
    """None: no files are taken."""
