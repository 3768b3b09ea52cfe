"""Keys are rotated and thrown away while people write and sign in: nobody notices, and everything still opens."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from adapters import rewrapping
from adapters.content_check import ContentChecker
from adapters.engines import Engines
from adapters.ids import new_id
from adapters.master_key import MasterKey, NotUnsealed
from adapters.settings import Settings
from adapters.wiring.core import OPERATOR, Core, core, now
from adapters.wiring.desk import signing_in
from adapters.wiring.serving import files, ports_on
from api.account_keeping import open_account
from api.app import create_app
from api.desk import Desk
from domain.parties import person
from domain.ports import Context
from tests.api.reception import counter, fine
from tests.journeys.test_command_line import linli

NAME, PASSWORD = "li.wei", "a long sentence nobody guesses"
ORGANISATION, SECRET = "clear-and-calm", "known to its provider only"


@dataclass
class Process:
    """All that a process of the API has, with its own idea of which keys there are."""

    core: Core
    desk: Desk
    http: httpx.AsyncClient
    names: dict[UUID, str] = field(default_factory=dict[UUID, str])
    tokens: list[str] = field(default_factory=list[str])

    async def write(self) -> None:
        """Get to know somebody: new data keys, each time."""
        stream = new_id()
        self.names[stream] = f"Somebody {stream}"
        at = now()
        command = person.Register(at=at, name=self.names[stream], phone="13812345678", home="990101001001")
        await self.core.door.execute(person.decider, stream, command, Context(actor=OPERATOR, occurred_at=at))
        assert await self.name(stream) == self.names[stream]

    async def name(self, stream: UUID) -> str:
        """What somebody is called."""
        sealed = (await self.core.door.load(person.decider, stream)).state.name
        return (await self.core.vault.open([(stream, sealed)]))[stream, sealed].text

    async def sign_in(self) -> None:
        """With the password, then with a token, which is kept."""
        entered = await self.http.post("/sign-in", json={"login": NAME, "password": PASSWORD})
        assert entered.status_code == 200, entered.text
        given = await self.http.post("/tokens", json={}, headers={"X-CSRF-Token": entered.json()["csrf_token"]})
        assert given.status_code == 200, given.text
        self.tokens = [*self.tokens[-2:], given.json()["access_token"]]
        self.http.cookies.clear()
        assert await self.knows(self.tokens[-1])

    async def knows(self, token: str) -> bool:
        """Whether a token is accepted."""
        return (await self.http.get("/me", headers={"Authorization": f"Bearer {token}"})).status_code == 200


@asynccontextmanager
async def process(settings: Settings, database: str) -> AsyncGenerator[Process]:
    """One more process."""
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(core(settings, Engines(database)))
        desk = await stack.enter_async_context(signing_in(settings, running))
        checker = await stack.enter_async_context(ContentChecker())
        ports = ports_on(running, files(settings, running, checker))
        app = create_app(ports, desk=desk, identify=desk.identification.who, ready={"database": fine})
        yield Process(running, desk, await stack.enter_async_context(counter(app)))


@dataclass
class Bustle:
    """What goes on meanwhile. The first thing that fails ends it, and the test."""

    processes: list[Process]
    over: bool = False
    rounds: int = 0

    async def go_on(self) -> None:
        """Write and sign in, in all processes at once, until it is over."""
        while not self.over:
            await asyncio.gather(*(each.write() for each in self.processes))
            await asyncio.gather(*(each.sign_in() for each in self.processes))
            self.rounds += 1

    async def two_more(self) -> None:
        """Until everybody has certainly begun and ended something since."""
        until = self.rounds + 2
        while self.rounds < until:  # noqa: ASYNC110 - it is over in a moment
            await asyncio.sleep(0.01)


async def _operate(bustle: Bustle, settings: Settings, database: str) -> str:
    """What an operator does on the command line while all goes on. The id of the first wrapping key."""
    named = {"LINLI_DATABASE_URL": database, "LINLI_DATA_DIR": str(settings.data_dir)}
    first = MasterKey(settings.master_key).current
    await bustle.two_more()
    for what in (["rotate-master"], ["rotate-signing"], ["rotate-master"], ["prune"], ["rotate-signing"]):
        done = await asyncio.to_thread(linli, "keys", *what, **named)
        assert done.returncode == 0, done.stderr
        await bustle.two_more()
    bustle.over = True
    return first


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, port=8765)


async def test_nothing_fails_while_keys_change_and_all_opens_once_the_old_ones_are_gone(
    database: str, settings: Settings
) -> None:
    async with process(settings, database) as one, process(settings, database) as other:
        somebody = str(new_id())
        await open_account(one.desk, somebody, NAME, PASSWORD, Context(actor=OPERATOR, occurred_at=now()))
        await one.desk.client_secrets.keep(ORGANISATION, SECRET, now())
        await one.write()
        await one.sign_in()
        pool = one.core.ledger.pool
        [(kid, signing)] = await pool.fetch("SELECT kid, sealed FROM linli_signing_keys")
        copied = await pool.fetchval("SELECT sealed FROM linli_client_secrets")
        bustle = Bustle([one, other])
        async with asyncio.TaskGroup() as group:
            group.create_task(bustle.go_on())
            operating = group.create_task(_operate(bustle, settings, database))
        assert len(json.loads(settings.master_key.read_bytes())["keys"]) == 1
        assert await rewrapping.sealed_otherwise(pool, one.core.vault) == 0
        kept = MasterKey(settings.master_key)
        assert kept.current != operating.result()
        for purpose, sealed in ((f"signing key {kid}", signing), (f"client secret of {ORGANISATION}", copied)):
            with pytest.raises(NotUnsealed):  # copies from before are worthless now
                kept.unseal(purpose, sealed)
        assert await pool.fetchval("SELECT count(*) FROM linli_signing_keys") == 3
    async with process(settings, database) as fresh:
        for stream, name in {**one.names, **other.names}.items():
            assert await fresh.name(stream) == name
        assert all([await fresh.knows(token) for token in (*one.tokens, *other.tokens)])
        assert await fresh.desk.client_secrets.find(ORGANISATION) == SECRET
        await fresh.sign_in()
        await fresh.write()


async def test_what_is_not_sealed_anew_keeps_the_old_key(database: str, settings: Settings) -> None:
    async with process(settings, database) as one:
        await one.desk.client_secrets.keep(ORGANISATION, SECRET, now())
        await one.write()
        pool, vault = one.core.ledger.pool, one.core.vault
        MasterKey.rotated(settings.master_key)
        assert await rewrapping.sealed_otherwise(pool, vault) == 3
        assert await rewrapping.rewrap(pool, vault) == 3
        assert await rewrapping.sealed_otherwise(pool, vault) == 0
        assert await rewrapping.rewrap(pool, vault) == 0
