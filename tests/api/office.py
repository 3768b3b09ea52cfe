"""The office that knows people, in tests: the API with roles and with keys that a test sets, on the real database.

Roles and keys are stand-ins for what decides about permissions and for the vault: the smallest things that keep the
promises of `api.ports`.
"""

import base64
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import httpx
import msgspec

from adapters.ledger import PostgresLedger
from adapters.vault import PostgresVault
from api.ports import Facts
from domain.decider import Event, Whose, tag_of
from domain.ports import Append, Forged, NewEvent, Opened
from domain.privacy.personal import ERASED, Kind, Token, written
from tests.api.reception import Query, Reception

HOME = "320508001001"
ZHANG: Mapping[str, object] = {
    "name": "张小三",
    "phone": "138 1234 5678",
    "email": "zhang@example.cn",
    "address": "柳园小区5幢302室",
    "home": HOME,
}
PLAIN = {"name": "张小三", "phone": "13812345678", "email": "zhang@example.cn", "address": "柳园小区5幢302室"}
MASKED = {"name": "张*三", "phone": "138****5678", "email": "z***@example.cn", "address": "柳园小区***"}


@dataclass
class Roles:
    """Who is what: staff of areas, members of organisations, auditors, privacy officers."""

    staff: dict[str, str] = field(default_factory=dict[str, str])
    """Viewer -> beginning of the codes of their areas."""
    members: dict[str, str] = field(default_factory=dict[str, str])
    """Viewer -> organisation."""
    auditors: set[str] = field(default_factory=set[str])
    privacy_officers: set[str] = field(default_factory=set[str])

    async def of(self, viewer: str, whose: Whose, at: datetime) -> Facts:
        """The facts about a viewer."""
        del at
        area = self.staff.get(viewer)
        return Facts(
            own=viewer in whose.people,
            organisations=frozenset({self.members[viewer]}) if viewer in self.members else frozenset(),
            staff=area is not None and any(each.startswith(area) for each in whose.areas),
            auditor=viewer in self.auditors,
            privacy_officer=viewer in self.privacy_officers,
        )

    async def areas(self, viewer: str, at: datetime) -> Sequence[str]:
        """Where the viewer is staff."""
        del at
        return [self.staff[viewer]] if viewer in self.staff else []


@dataclass
class PaperVault:
    """Keeps what it has sealed on paper, and counts how often it is asked. What else there is, is in the real one."""

    beside: PostgresVault | None = None
    papers: dict[tuple[UUID, str], Opened] = field(default_factory=dict[tuple[UUID, str], Opened])
    calls: int = 0

    def seal(self, stream: UUID, subject: str, kind: Kind, text: str, *, field: str = "text") -> str:
        """The token that stands for a text."""
        number = len(self.papers) + 1
        sealed = base64.urlsafe_b64encode(f"paper {number}".encode()).decode().rstrip("=")
        token = written(Token(f"{number:032x}", 1, field, sealed))
        self.papers[stream, token] = Opened(text, subject, kind, readable=True)
        return token

    def destroy(self, subject: str) -> None:
        """Nothing of this person can be read any more."""
        for place, opened in self.papers.items():
            if opened.subject == subject:
                self.papers[place] = Opened(ERASED, subject, opened.kind, readable=False)

    async def open(
        self, sealed: Collection[tuple[UUID, str]], *, custody: bool = False
    ) -> Mapping[tuple[UUID, str], Opened]:
        """What was sealed there. Raises Forged."""
        self.calls += 1
        others = [place for place in sealed if place not in self.papers]
        if others and self.beside is None:
            raise Forged
        opened: Mapping[tuple[UUID, str], Opened] = {}
        if self.beside is not None and others:
            opened = await self.beside.open(others, custody=custody)
        return {**opened, **{place: self.papers[place] for place in sealed if place in self.papers}}

    async def streams(self, subject: str) -> Sequence[UUID]:
        """Where something of a person was sealed."""
        here = [stream for (stream, _), opened in self.papers.items() if opened.subject == subject]
        elsewhere = await self.beside.streams(subject) if self.beside else []
        return list(dict.fromkeys([*here, *elsewhere]))


@dataclass
class Office:
    """Sends and reads as somebody."""

    reception: Reception
    ledger: PostgresLedger
    roles: Roles
    vault: PaperVault

    async def register(self, **changes: object) -> str:
        """Register somebody: the id."""
        answer = await self.reception.send("/people", {**ZHANG, **changes})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def do(self, path: str, body: object = None) -> httpx.Response:
        """A command that must succeed."""
        answer = await self.reception.send(path, body)
        assert answer.status_code == 200, answer.text
        return answer

    async def see(self, path: str, viewer: str, query: Query | None = None) -> httpx.Response:
        """GET as somebody."""
        return await self.reception.see(path, query, headers={"Authorization": f"Bearer {viewer}"})

    async def append(self, stream: UUID, *events: Event) -> None:
        """Put events into the log as they are, such as sealed ones."""
        bodies = [(tag_of(event), msgspec.json.encode(event)) for event in events]
        rows = tuple(NewEvent(stream, number, *told) for number, told in enumerate(bodies, 1))
        await self.ledger.append(Append(events=rows))
