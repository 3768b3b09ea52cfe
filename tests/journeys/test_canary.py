"""Twenty texts of one person are planted through the API, and after the erasure none of them is found anywhere.

Searched are a dump of the whole database, the store of Temporal, every log, and whatever the API answers and exports:
as it is, in capitals and small letters, in UTF-16, as JSON and addresses escape it, and in hexadecimal and Base64.

That the search finds things is shown first: while the person is there, the API opens all that may be opened, and the
board holds the words that people search for; at no time are they anywhere else.
"""

import asyncio
import base64
import re
import subprocess
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, Final
from urllib.parse import quote
from uuid import uuid4

import asyncpg
import httpx
import msgspec
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from adapters.embedded import postgres_programs
from adapters.engines import Engines
from adapters.settings import Settings
from adapters.wiring.core import Core, core
from adapters.wiring.desk import signing_in
from api.account_keeping import open_account
from domain.access import appointment, role
from domain.ports import Context
from tests.journeys.running import Running

COMMUNITY: Final = "990101001001"
PROPERTY: Final = "clear-and-calm"
PASSWORD: Final = "a long sentence nobody guesses"  # noqa: S105 - of a test

PLANTED: Final = {
    "name": "Quillfeather 金丝雀一",
    "former name": "Vantablume 金丝雀二",
    "phone": "13971828459",
    "email": "zephyrkettle@canary.example",
    "address": "Ostrakon Lane 5302 金丝雀五",
    "summary": "mirrorpond leaks 金丝雀六",
    "place": "gablethorn hall 金丝雀七",
    "comment": "wickershade has the key 金丝雀八",
    "hand-over": "tinderquay is too far 金丝雀九",
    "pause": "brambleloft waits 金丝雀十",
    "resolution": "copperwren replaced 金丝雀十一",
    "evidence name": "larkspindle.jpg",
    "evidence text": "dry since fennelmoor 金丝雀十三",
    "acceptance": "hazelgrove is content 金丝雀十四",
    "reopening": "drips at juniperfold again 金丝雀十五",
    "priority": "needed by oakenmere 金丝雀十六",
    "cancelling": "reported by pebblewick too 金丝雀十七",
    "file name": "rushmarrow 金丝雀十八.png",
    "file content": "saltwhistle was here",
    "login": "thistledrum.q",
}
"""What is planted, all of it about one resident."""
NOT_SHOWN: Final = {"login"}
"""What nobody is ever shown again."""
SEARCHED: Final = {"summary", "place"}
"""What people may search for on the board, for as long as the person is there."""
NEIGHBOUR: Final = {"name": "Understory Wren 邻居", "summary": "the neighbour's lamp 邻居的灯"}


def forms(text: str) -> list[bytes]:
    """A text as it may stand in a file. What is looked for in them is in small letters."""
    plain = [text.encode(), text.casefold().encode()]
    found = [*plain, text.encode("utf-16-le"), text.encode("utf-16-be")]
    found += [msgspec.json.encode(text)[1:-1], text.encode("unicode_escape"), quote(text).encode()]
    for each in plain:
        found.append(each.hex().encode())
        for shift in range(3):  # Base64 looks different in each third byte; the edges depend on what is beside it
            inner = base64.b64encode(b"\0" * shift + each)[-(-shift * 8 // 6) :]
            whole = inner[: len(inner.rstrip(b"=")) - 1]
            found += [whole, whole.translate(bytes.maketrans(b"+/", b"-_"))]
    return sorted({each.lower() for each in found})


FORMS: Final = {name: forms(text) for name, text in PLANTED.items()}


def found_in(haystack: bytes) -> set[str]:
    """Which of the planted texts are there, in whatever form."""
    small = haystack.lower()  # of ASCII letters; nothing else is changed
    return {name for name, wanted in FORMS.items() if any(each in small for each in wanted)}


def test_the_search_finds_a_text_in_every_form() -> None:
    text = PLANTED["address"]
    hidden = [
        f"x{text}y".encode(),
        text.upper().encode(),
        b"\1" + text.encode("utf-16-le"),
        text.encode("utf-16-be"),
        text.encode().hex().upper().encode(),
        quote(text).encode(),
        text.encode("unicode_escape"),
        *(base64.b64encode(b"abcd"[:shift] + text.encode() + b"end") for shift in range(4)),
        base64.urlsafe_b64encode(b"?" + text.encode()),
    ]
    assert [found_in(each) for each in hidden] == [{"address"}] * len(hidden)
    assert found_in(text[1:].encode()) == set()


def picture() -> bytes:
    """A small PNG, with a text in it."""
    inside = PngInfo()
    inside.add_text("Comment", PLANTED["file content"])
    file = BytesIO()
    Image.new("RGB", (16, 16), "yellow").save(file, "PNG", pnginfo=inside)
    return file.getvalue()


# The town -------------------------------------------------------------------------------------------------------------


@dataclass
class Somebody:
    """A person with a browser. Everything that they were answered is kept."""

    http: httpx.AsyncClient
    answers: list[bytes] = field(default_factory=list[bytes])

    async def post(self, path: str, body: Mapping[str, object], *, expect: int = 0) -> Any:
        """A command, which a key makes repeatable."""
        headers = {"Idempotency-Key": uuid4().hex, "If-Match": "*"}
        return self._told(await self.http.post(path, json=body, headers=headers), expect)

    async def get(self, path: str, *, expect: int = 0, **query: str | int) -> httpx.Response:
        """Look at something."""
        answer = await self.http.get(path, params=query or None)
        self._told(answer, expect)
        return answer

    def _told(self, answer: httpx.Response, expect: int) -> Any:
        assert answer.status_code == expect if expect else answer.is_success, f"{answer.request.url}: {answer.text}"
        self.answers.append(repr(answer.headers.raw).encode() + answer.content)
        return answer.json() if "json" in answer.headers.get("content-type", "") else None


@dataclass
class Town:
    """A running platform, and how its pieces are reached from here."""

    running: Running
    engines: Engines
    settings: Settings

    @asynccontextmanager
    async def inside(self) -> AsyncGenerator[Core]:
        """The door, the way the command line of the machine has it."""
        async with core(self.settings, self.engines) as opened:
            yield opened

    async def settle(self, name: str, *held: tuple[role.Name, str]) -> str:
        """An account for a new person with roles, each in an area: the id."""
        person = str(uuid4())
        said = Context(actor="operator", occurred_at=datetime.now(UTC))
        async with self.inside() as opened, signing_in(self.settings, opened) as desk:
            await open_account(desk, person, name, PASSWORD, said)
            for number, (held_role, area) in enumerate(held, 1):
                propose = appointment.Propose(
                    at=said.occurred_at, principal=person, role=held_role, organisation=PROPERTY, area=area
                )
                stream = appointment.stream(person)
                await opened.door.execute(appointment.decider, stream, propose, said)
                if held_role in role.POWERFUL:
                    approve = appointment.Approve(at=said.occurred_at, number=number)
                    await opened.door.execute(appointment.decider, stream, approve, said)
        return person

    @asynccontextmanager
    async def signed_in(self, login: str) -> AsyncGenerator[Somebody]:
        """Somebody who has signed in with a browser."""
        async with httpx.AsyncClient(base_url=self.running.address, timeout=30, trust_env=False) as http:
            answer = await http.post("/sign-in", json={"login": login, "password": PASSWORD})
            assert answer.is_success, answer.text
            http.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
            yield Somebody(http)

    # Where to look ----------------------------------------------------------------------------------------------------

    def dump(self) -> bytes:
        """The whole database as text."""
        command = [str(postgres_programs() / "pg_dump"), "--format=plain", self.engines.database_url]
        return subprocess.run(command, check=True, capture_output=True).stdout  # noqa: S603 - our own words

    def tables_with_planted(self) -> dict[str, set[str]]:
        """The tables that hold one of the texts, and which."""
        dump = self.dump()
        tables = {part[0]: found_in(part[1]) for part in re.findall(rb"(?ms)^COPY (\S+) .*?$(.*?)^\\\.$", dump)}
        assert b"public.linli_events" in tables
        elsewhere = found_in(dump) - set().union(*tables.values())
        assert not elsewhere
        return {name.decode(): texts for name, texts in tables.items() if texts}

    def files_with_planted(self) -> dict[str, set[str]]:
        """The files beside the database that hold one of the texts: the store of Temporal, logs, notes."""
        beside = [
            file
            for file in self.settings.data_dir.rglob("*")
            if file.is_file() and file.relative_to(self.settings.data_dir).parts[0] != "postgres"
        ]
        names = {file.name for file in beside}
        assert {"temporal.db", "temporal.log", "postgres.log"} <= names, names
        content = b"".join(file.read_bytes() for file in beside if file.name.startswith("temporal.db"))
        assert b"clock/work_order/" in content, "no clock was ever started"
        told = {file.name: found_in(file.read_bytes()) for file in (*beside, self.running.output)}
        return {name: texts for name, texts in told.items() if texts}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    running = Running(tmp_path_factory.mktemp("canary") / "var")
    running.start()
    engines = msgspec.json.decode((running.folder / "engines.json").read_bytes(), type=Engines)
    yield Town(running, engines, Settings(data_dir=running.folder))
    running.stop()


# The story ------------------------------------------------------------------------------------------------------------

_DAY = {"kind": "wall_clock", "seconds": 86_400}
_TERMS = {"resolution": _DAY, "warn_before": 60, "ladder": [{"of": "resolution", "to": "manager", "after": 1}]}
_AGREEMENT = {"lines": [{"priority": priority, "terms": _TERMS} for priority in (1, 2, 3, 4)]}


@dataclass
class Case:
    """Whom it is about, and what they have reported."""

    person: str
    order: str
    cancelled: str
    neighbour: str
    beside: str
    """What the neighbour has reported."""


async def _report(somebody: Somebody, reporter: str, summary: str, place: str) -> str:
    body = {"community": COMMUNITY, "category": "water", "channel": "resident", "reporter": reporter}
    answer = await somebody.post("/work-orders", {**body, "summary": summary, "place": place})
    return str(answer["id"])


async def _meet(manager: Somebody, administrator: Somebody, name: str, login: str, **known: str) -> str:
    """Register a resident, let them sign in, and make them a resident."""
    body = {"name": name, "home": COMMUNITY, **known}
    person = str((await manager.post("/people", body))["id"])
    opened = await administrator.http.post(f"/people/{person}/account", json={"login": login, "password": PASSWORD})
    assert opened.status_code == 201, opened.text
    await manager.post(f"/principals/{person}/appointments", {"role": "resident", "area": COMMUNITY})
    return person


async def _live(town: Town, manager: Somebody, administrator: Somebody) -> Case:
    """Everything that happens while the person is there."""
    await manager.post(f"/service-agreements/{COMMUNITY}", _AGREEMENT)
    known = {name: PLANTED[name] for name in ("phone", "email", "address")}
    person = await _meet(manager, administrator, PLANTED["former name"], PLANTED["login"], **known)
    neighbour = await _meet(manager, administrator, NEIGHBOUR["name"], "neighbour.wren", phone="13800138000")
    async with town.signed_in("neighbour.wren") as wren:
        beside = await _report(wren, neighbour, NEIGHBOUR["summary"], "her own door")
    async with town.signed_in(PLANTED["login"]) as resident:
        await resident.post(f"/people/{person}/correct", {"reason": "misspelt", "name": PLANTED["name"]})
        consent = {"recipient": PROPERTY, "purpose": "service_contact", "text_version": "1", "kinds": ["contact"]}
        await resident.post(f"/people/{person}/consents", consent)
        order = await _report(resident, person, PLANTED["summary"], PLANTED["place"])
        cancelled = await _report(resident, person, "something else", "")
        at, its = f"/work-orders/{order}", PLANTED
        await resident.post(f"{at}/comment", {"text": its["comment"]})
        sent = await resident.http.post(
            f"{at}/files",
            params={"name": its["file name"]},
            content=picture(),
            headers={"Content-Type": "image/png", "Idempotency-Key": "picture"},
        )
        assert sent.status_code == 201, sent.text
        await manager.post(f"{at}/triage", {"priority": 3})
        await manager.post(f"{at}/reprioritise", {"priority": 2, "reason": its["priority"]})
        await manager.post(f"{at}/assign", {"company": "far-away"})
        await manager.post(f"{at}/hand-over", {"company": PROPERTY, "reason": its["hand-over"]})
        await manager.post(f"{at}/start", {})
        pause = {"reason": "parts", "note": its["pause"]}
        await manager.post(f"{at}/pause", pause)
        refused = await manager.post(f"{at}/pause", {**pause, "reason": "weather"}, expect=409)
        assert refused["code"] == "AlreadyPaused"
        await manager.post(f"{at}/resume", {})
        evidence = [
            {"kind": "photo", "name": its["evidence name"], "sha256": "ab" * 32},
            {"kind": "note", "text": its["evidence text"]},
        ]
        await manager.post(f"{at}/resolve", {"evidence": evidence, "note": its["resolution"]})
        await resident.post(f"{at}/reopen", {"reason": its["reopening"]})
        await manager.post(f"{at}/start", {})
        await manager.post(f"{at}/resolve", {"evidence": evidence})
        await resident.post(f"{at}/accept", {"note": its["acceptance"]})
        await resident.post(f"/work-orders/{cancelled}/cancel", {"reason": its["cancelling"]})
    await _be_clumsy(manager)
    return Case(person, order, cancelled, neighbour, beside)


async def _be_clumsy(manager: Somebody) -> None:
    """What people type goes wrong too, and then it must not be in a log either."""
    its = PLANTED
    wrong = {"name": its["name"], "phone": its["phone"] + "x", "email": its["email"] + " or so", "home": COMMUNITY}
    assert (await manager.http.post("/people", json=wrong)).status_code in {409, 422}
    assert (await manager.http.post("/people", json={"name": [its["name"], its["address"]]})).status_code == 422
    assert (await manager.http.post("/people", content=f'{{"name": "{its["name"]}", '.encode())).is_client_error
    assert (await manager.http.get("/work-orders", params={"reported_from": its["address"]})).status_code in {400, 422}
    bad = await manager.http.post("/sign-in", json={"login": its["login"], "password": its["phone"]})
    assert bad.status_code in {401, 403}


async def _look(case: Case, *, by: Somebody, upto: int = 0) -> set[str]:
    """Everything that the API tells about it, to somebody: which of the texts that holds."""
    since = len(by.answers)
    await by.get("/work-orders", min_position=upto, q="a")
    for order in (case.order, case.cancelled):
        for path in ("", "/history", "/files", "/contact"):
            await by.http.get(f"/work-orders/{order}{path}")
        for path in ("", "/history", "/files"):
            await by.get(f"/work-orders/{order}{path}")
    files = (await by.get(f"/work-orders/{case.order}/files")).json()["items"]
    for each in files:
        by.answers.append((await by.http.get(f"/work-orders/{case.order}/files/{each['sha256']}")).content)
    for word in (PLANTED["summary"], PLANTED["place"]):
        listed = await by.get("/work-orders", q=word)
        by.answers.append(listed.content)
    return found_in(b"\n".join(by.answers[since:]))


async def _look_up(case: Case, *, by: Somebody) -> set[str]:
    """What is held about the person, as a privacy officer gets to know it."""
    since = len(by.answers)
    for path in ("", "/export", "/disclosures", "/consents"):
        by.answers.append((await by.http.get(f"/people/{case.person}{path}")).content)
    return found_in(b"\n".join(by.answers[since:]))


async def _cleared(town: Town, person: str, position: int) -> None:
    """Wait until whatever is cleared away beside the log is."""
    connection = await asyncpg.connect(town.engines.database_url)
    try:
        async with asyncio.timeout(60):
            while True:
                behind = await connection.fetchval(
                    "SELECT count(*) FROM linli_projections WHERE position < $1"
                    " AND name IN ('forgetting', 'work_order_board', 'person_register', 'consent_register')",
                    position,
                )
                files = await connection.fetchval("SELECT count(*) FROM linli_files WHERE subject = $1", person)
                if not behind and not files:
                    return
                await asyncio.sleep(0.1)
    finally:
        await connection.close()


async def test_nothing_of_a_person_is_left_anywhere_once_they_are_erased(town: Town) -> None:
    await town.settle("manager", ("property_manager", COMMUNITY))
    await town.settle("administrator", ("administrator", ""))
    await town.settle("officer", ("privacy_officer", ""))
    async with (
        town.signed_in("manager") as manager,
        town.signed_in("administrator") as administrator,
        town.signed_in("officer") as officer,
    ):
        case = await _live(town, manager, administrator)
        head = await _head(town)
        seen = await _look(case, by=manager, upto=head) | await _look_up(case, by=officer)
        assert seen == set(PLANTED) - NOT_SHOWN
        assert await asyncio.to_thread(town.tables_with_planted) == {"reads.work_order_board": SEARCHED}
        assert await asyncio.to_thread(town.files_with_planted) == {}

        erased = await officer.post(f"/people/{case.person}/erase", {"reason": "request"})
        await _cleared(town, case.person, erased["position"])

        assert await asyncio.to_thread(town.tables_with_planted) == {}
        assert await asyncio.to_thread(town.files_with_planted) == {}
        assert await _look(case, by=manager, upto=erased["position"]) == set()
        assert await _look_up(case, by=officer) == set()
        await _the_neighbour_is_still_there(town, case, manager)
        assert await asyncio.to_thread(town.files_with_planted) == {}


async def _head(town: Town) -> int:
    async with town.inside() as opened:
        return await opened.ledger.head()


async def _the_neighbour_is_still_there(town: Town, case: Case, manager: Somebody) -> None:
    """What is about others stays readable, to them and to staff."""
    beside = (await manager.get(f"/work-orders/{case.beside}")).json()
    assert beside["summary"] == NEIGHBOUR["summary"]
    assert [each["id"] for each in (await manager.get("/work-orders", q="neighbour's lamp")).json()["items"]] == [
        case.beside
    ]
    async with town.signed_in("neighbour.wren") as wren:
        known = (await wren.get(f"/people/{case.neighbour}")).json()
        assert (known["name"], known["phone"]) == (NEIGHBOUR["name"], "13800138000")
    async with httpx.AsyncClient(base_url=town.running.address, timeout=30, trust_env=False) as nobody:
        again = await nobody.post("/sign-in", json={"login": PLANTED["login"], "password": PASSWORD})
        assert again.is_client_error
