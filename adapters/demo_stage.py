"""What a story of the demo is told with: the API as each of its people sees it, and words on a screen."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Any, NamedTuple, Self, TypeAlias
from uuid import UUID, uuid4

import httpx
import msgspec
from rich.cells import set_cell_size
from rich.console import Console

from adapters.demo_city import ACCOUNTS, COMPANIES
from domain.access.newcomer import Newcomer

Json: TypeAlias = dict[str, Any]  # what the API answered

NAMES = {each.person: each.name for each in ACCOUNTS.values()} | {each.id: each.name for each in COMPANIES}
"""What people and companies are called, by their ids."""
_NOT_FOUND = 404
_LATER = {429, 503}
_COLUMNS = (22, 20, 28)  # characters of a terminal


class StoryFailed(Exception):
    """Something went otherwise than the story says."""


class Backstage(NamedTuple):
    """What the one who runs the machine can do beside the API."""

    let_in: Callable[[Sequence[Newcomer]], Awaitable[int]]
    stored: Callable[[UUID], Awaitable[list[str]]]
    """What the log holds of a stream, as it lies there."""


class Api:
    """The API as somebody sees it who has signed in. Speaks Chinese, under one correlation id for the whole story."""

    def __init__(self, client: httpx.AsyncClient, correlation_id: str) -> None:
        self._client = client
        self._csrf = ""
        self.correlation_id = correlation_id

    async def sign_in(self, login: str, password: str) -> None:
        """Begin a session: a cookie, and a token that changes must show."""
        body = msgspec.json.encode({"login": login, "password": password})
        self._csrf = str(_json(await self._send("/sign-in", body, self._headers()), 200)["csrf_token"])

    async def get(self, path: str, *, expect: int = 200, **query: str | int) -> Json:
        """Read something that must be there, unless another answer is expected."""
        return _json(await self._client.get(path, params=query, headers=self._headers()), expect)

    async def find(self, path: str) -> Json | None:
        """Read something that may not be there."""
        answer = await self._client.get(path, headers=self._headers())
        return None if answer.status_code == _NOT_FOUND else _json(answer, 200)

    async def post(
        self, path: str, body: Mapping[str, object], *, key: str = "", seen: str = "*", expect: int = 201
    ) -> Json:
        """Ask for a change: `key` makes a repeat harmless, `seen` is the version we believe in."""
        headers = self._headers() | {"If-Match": seen} | ({"Idempotency-Key": key} if key else {})
        return _json(await self._send(path, msgspec.json.encode(body), headers), expect)

    async def _send(self, path: str, content: bytes, headers: Mapping[str, str]) -> httpx.Response:
        answer = await self._client.post(path, content=content, headers=headers)
        while answer.status_code in _LATER:
            await asyncio.sleep(float(answer.headers.get("Retry-After", "1")))
            answer = await self._client.post(path, content=content, headers=headers)
        return answer

    def _headers(self) -> dict[str, str]:
        return {
            "X-CSRF-Token": self._csrf,
            "X-Correlation-Id": self.correlation_id,
            "Accept-Language": "zh",
            "Content-Type": "application/json",
        }


class Cast:
    """Everybody in the story. Who is needed signs in, once."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._clients = AsyncExitStack()
        self._present: dict[str, Api] = {}
        self.correlation_id = f"demo-{uuid4().hex[:12]}"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._clients.aclose()

    async def as_(self, login: str) -> Api:
        """The API as one of them sees it."""
        if login not in self._present:
            browser = httpx.AsyncClient(base_url=self._address, timeout=30, trust_env=False)
            api = Api(await self._clients.enter_async_context(browser), self.correlation_id)
            await api.sign_in(login, ACCOUNTS[login].password)
            self._present[login] = api
        return self._present[login]


def _json(answer: httpx.Response, expected: int) -> Json:
    successes = {200, 201}
    if answer.status_code != expected and not {answer.status_code, expected} <= successes:
        msg = f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
        raise StoryFailed(msg)
    found: Json = answer.json()
    return found


class Teller:
    """Prints what happens, Chinese first."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._step = 0

    def step(self, zh: str, en: str) -> None:
        """The next thing in the story."""
        self._step += 1
        self.console.print(f"\n[bold cyan]{self._step:>2}[/] [bold]{zh}[/]  [dim]{en}[/]")

    def fact(self, words: str, *, markup: bool = True) -> None:
        """What came of it."""
        self.console.print("  ", words, markup=markup)

    def row(self, *cells: str, style: str = "") -> None:
        """A row of a table, in columns, whole: what stands in it is copied from here."""
        *fixed, last = cells
        said = "".join(set_cell_size(cell, width) for cell, width in zip(fixed, _COLUMNS, strict=True)) + last
        self.console.print("  ", said, style=style, markup=False)

    def event(self, event: Json) -> None:
        """An event of the log."""
        told = clock(event["occurred_at"])
        details = {key: value for key, value in event["data"].items() if key in {"of", "to", "level", "because"}}
        said = " ".join(f"{key}={value}" for key, value in details.items())
        who = NAMES.get(event["actor"], event["actor"])
        self.console.print(
            f"   [green]{told}[/] {event['label']} [dim]{event['type']}[/] {said} [dim]@{event['position']} {who}[/]"
        )


def clock(moment: str) -> str:
    """A moment of today on the wall clock of this machine."""
    return datetime.fromisoformat(moment).astimezone().strftime("%H:%M:%S")


def must(so: bool, otherwise: str) -> None:  # noqa: FBT001 - the question is the argument
    """Raises StoryFailed otherwise."""
    if not so:
        raise StoryFailed(otherwise)
