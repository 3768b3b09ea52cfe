"""Somebody with a browser, or without one, at the desk where people and programs sign in."""

from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

import httpx

from adapters.door import LedgerDoor
from adapters.ledger import PostgresLedger
from api.account_keeping import open_account
from api.desk import Desk
from domain.ports import Context
from tests import everybody
from tests.api.reception import Clock, application, counter, desk_at

PASSWORD = "correct horse battery"  # noqa: S105 - of a test
NAME = "li.wei"
SITE = "http://linli.test"


@dataclass
class Visitor:
    """A browser: it keeps cookies, and shows the CSRF token that it was given."""

    http: httpx.AsyncClient
    csrf_token: str = ""

    async def post(self, path: str, body: object = None, **headers: str) -> httpx.Response:
        """Ask for something as the console's pages do."""
        shown = {"Accept-Language": "en"} | ({"X-CSRF-Token": self.csrf_token} if self.csrf_token else {})
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.post(path, json={} if body is None else body, headers=shown | said)

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """Look at something."""
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.get(path, headers={"Accept-Language": "en"} | said)

    async def sign_in(self, login: str = NAME, password: str = PASSWORD) -> httpx.Response:
        """Sign in; remembers what a page would remember."""
        answer = await self.post("/sign-in", {"login": login, "password": password})
        if answer.status_code == 200:
            self.csrf_token = answer.json()["csrf_token"]
        return answer

    @property
    def secret(self) -> str:
        """What is in the cookie."""
        return self.http.cookies["linli_session"]


@dataclass
class House:
    """The whole API, a clock, and somebody who may sign in."""

    ledger: PostgresLedger
    door: LedgerDoor
    clock: Clock
    desk: Desk
    app: Any  # Litestar and httpx describe ASGI in different types
    li: str = field(default_factory=lambda: str(uuid4()))

    def visitor(self) -> Visitor:
        """A browser that was never here."""
        return Visitor(counter(self.app))

    def program(self) -> httpx.AsyncClient:
        """A client that keeps no cookies of its own."""
        return counter(self.app)

    async def open(self, person: str, name: str, password: str = PASSWORD) -> str | None:
        """Open an account; the temporary password if none is given."""
        context = Context(actor="test", occurred_at=self.clock.now())
        return await open_account(self.desk, person, name, password, context)

    async def inside(self) -> Visitor:
        """A browser in which Li has signed in."""
        visitor = self.visitor()
        answer = await visitor.sign_in()
        assert answer.status_code == 200, answer.text
        return visitor

    def elsewhere(self) -> "House":
        """The same house in another process: nothing is shared but the database."""
        door = everybody.door_to(self.ledger)
        desk = desk_at(self.ledger, door, self.clock)
        return replace(self, door=door, desk=desk, app=application(self.ledger, door, self.clock, desk=desk))


async def house_of(ledger: PostgresLedger, door: LedgerDoor) -> House:
    """A house in which Li has an account."""
    clock = Clock()
    desk = desk_at(ledger, door, clock)
    house = House(ledger, door, clock, desk, application(ledger, door, clock, desk=desk))
    await house.open(house.li, NAME)
    return house
