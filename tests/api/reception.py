"""Asking the API in tests as a partner would: over HTTP, in process, on the real database, at a time of our own.

Offices are open Monday to Friday, 09:00 to 17:00 in Shanghai. 2 March 2026 is a Monday.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, TypeAlias, cast
from zoneinfo import ZoneInfo

import httpx
from litestar import Litestar

from adapters.ids import new_id
from adapters.ledger import PostgresLedger
from adapters.passwords import ArgonPasswords
from adapters.wiring.desk import desk_on
from api.app import create_app
from api.desk import Desk
from api.health import Check, Finding
from api.insight import InsightByRole
from api.limits import UNLIMITED, Limits
from api.ports import Discretion, Files, Ports
from domain.access.permission import See
from domain.ports import Door
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
from tests import everybody

Json: TypeAlias = Mapping[str, object]
Query: TypeAlias = Mapping[str, str | int | list[str] | list[int]]

SHANGHAI = ZoneInfo("Asia/Shanghai")
PHOTO = {"kind": "photo", "name": "valve.jpg", "sha256": "9f" * 32}
LEAK = {
    "community": "garden",
    "category": "plumbing",
    "summary": "Water drips from the ceiling",
    "channel": "resident",
    "reporter": "resident-17",
}
OFFICE_DAY = [{"opens": "09:00:00", "closes": "17:00:00"}]
WEEK = [OFFICE_DAY] * 5 + [[], []]
URGENT = {
    "response": {"kind": "working_hours", "seconds": 3600},
    "resolution": {"kind": "working_hours", "seconds": 4 * 3600},
    "calendar": "office",
}
LINES = [{"priority": priority, "terms": URGENT} for priority in (1, 2, 3, 4)]


def on(day: int, hour: int = 9, minute: int = 0) -> datetime:
    """A moment of March 2026, told in local time."""
    return datetime(2026, 3, day, hour, minute, tzinfo=SHANGHAI)


async def fine() -> Finding:
    """A check of readiness that passes."""
    return Finding(ok=True)


def application(
    ledger: PostgresLedger,
    door: Door,
    clock: "Clock",
    *,
    ready: Mapping[str, Check] = MappingProxyType({"database": fine}),
    patience: float = 20.0,
    desk: Desk | None = None,
    discretion: Discretion | None = None,
    see: See = everybody.sees_everything,
    by_role: bool = False,
    files: Files | None = None,
    limits: Limits = UNLIMITED,
    https: bool = False,
) -> Litestar:
    """The API on this ledger. Whoever comes to a desk of their own must show who they are there."""
    ports = Ports(
        door=door,
        ledger=ledger,
        board=WorkOrderBoard(ledger.pool),
        areas=AreaTree(ledger.pool),
        organisations=OrganisationRegister(ledger.pool),
        estates=EstateRegister(ledger.pool),
        people=PersonRegister(ledger.pool),
        consents=ConsentRegister(ledger.pool),
        vendors=VendorRegister(ledger.pool),
        sanctions=SanctionRegister(ledger.pool),
        fan_outs=FanOutBoard(ledger.pool),
        waivers=WaiverRegister(ledger.pool),
        engagements=EngagementBoard(ledger.pool),
        schemes=SchemeRegister(ledger.pool),
        qualifications=QualificationBoard(ledger.pool),
        standings=StandingRegister(ledger.pool),
        what_if=WhatIf(ledger.pool),
        debarments=DebarmentRegister(ledger.pool),
        screenings=ScreeningBoard(ledger.pool),
        concessions=ConcessionBoard(ledger.pool),
        new_id=new_id,
        now=clock.now,
        see=see,
        patience=patience,
        discretion=discretion or _discretion(ledger, door, by_role=by_role),
        files=files,
    )
    identify = desk.identification.who if desk else everybody.named
    return create_app(
        ports,
        desk=desk or desk_at(ledger, door, clock),
        identify=identify,
        ready=ready,
        limits=limits,
        https=https,
    )


def _discretion(ledger: PostgresLedger, door: Door, *, by_role: bool) -> Discretion:
    vault = everybody.vault_on(ledger)
    if by_role:
        return Discretion(insight=InsightByRole(door), vault=vault, holdings=vault)
    return Discretion(vault=vault, holdings=vault)


def desk_at(ledger: PostgresLedger, door: Door, clock: "Clock", public_url: str = "http://linli.test") -> Desk:
    """The desk where people sign in, at which a "no" takes no longer than it takes."""
    passwords = ArgonPasswords(ledger.pool)
    desk = desk_on(ledger.pool, door, everybody.master_key(), passwords, public_url=public_url, clock=clock.now)
    return replace(desk, least=0.0)


def counter(app: Litestar) -> httpx.AsyncClient:
    """A client of the application, in the same process and event loop."""
    transport = httpx.ASGITransport(app=cast("Any", app))  # the two describe ASGI messages in different types
    return httpx.AsyncClient(transport=transport, base_url="http://linli.test")


@dataclass
class Clock:
    """What the API takes for now."""

    at: datetime = on(2)  # noqa: RUF009 - a value

    def now(self) -> datetime:
        """The time that the test has set."""
        return self.at

    def pass_by(self, **span: float) -> datetime:
        """Some time passes."""
        self.at += timedelta(**span)
        return self.at


@dataclass
class Reception:
    """Sends commands and reads, as somebody, in English."""

    http: httpx.AsyncClient
    clock: Clock

    async def send(
        self,
        path: str,
        body: object = None,
        *,
        key: str | None = None,
        version: int | None = None,
        actor: str = "staff-1",
        language: str = "en",
    ) -> httpx.Response:
        """POST a command."""
        headers = {"Authorization": f"Bearer {actor}", "Accept-Language": language}
        if key is not None:
            headers["Idempotency-Key"] = key
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        return await self.http.post(path, json={} if body is None else body, headers=headers)

    async def see(
        self, path: str, query: Query | None = None, *, headers: Mapping[str, str] = MappingProxyType({})
    ) -> httpx.Response:
        """GET something."""
        said = {"Authorization": "Bearer staff-1", "Accept-Language": "en", **headers}
        return await self.http.get(path, params=query or None, headers=said)

    async def report(self, **changes: object) -> str:
        """Report a leak: the path of the new work order."""
        answer = await self.send("/work-orders", {**LEAK, **changes})
        assert answer.status_code == 201, answer.text
        return answer.headers["Location"]

    async def do(self, order: str, command: str, body: object = None) -> httpx.Response:
        """A command that must succeed, on the version that stands now."""
        version = (await self.see(order)).json()["version"]
        answer = await self.send(f"{order}/{command}", body, version=version)
        assert answer.status_code == 200, answer.text
        return answer

    async def agree(self) -> None:
        """Office hours, and one and four working hours for everything."""
        calendar = {"working_time": {"zone": "Asia/Shanghai", "week": WEEK}, "occurred_at": "2026-01-01T00:00:00Z"}
        agreement = {"lines": LINES, "occurred_at": "2026-01-01T00:00:00Z"}
        for path, body in (("/work-calendars/office", calendar), ("/service-agreements/city-wide", agreement)):
            answer = await self.send(path, body)
            assert answer.status_code == 200, answer.text
