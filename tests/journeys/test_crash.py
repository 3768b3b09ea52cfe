"""Kill any one process of a running platform: no acknowledged command is lost, and no timer; none happens twice."""

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.journeys.running import Running, eventually

COMMUNITY = "990101001"
WRITERS = 3
_TERMS = {
    "resolution": {"kind": "wall_clock", "seconds": 3},
    "warn_before": 1,
    "ladder": [{"of": "resolution", "to": "manager", "after": 1}],
}
_AGREEMENT = {"lines": [{"priority": priority, "terms": _TERMS} for priority in (1, 2, 3, 4)]}


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = Running(tmp_path_factory.mktemp("crash") / "var")
    running.start()
    running.let_in("manager", "property_manager", area=COMMUNITY, organisation="ours")
    yield running
    assert running.stop() < 10


class Resident:
    """Reports faults one after the other, each until it is acknowledged; repeats itself when there is no answer."""

    def __init__(self, client: httpx.AsyncClient, platform: Running, name: str) -> None:
        self._client = client
        self.name = name
        self.person = platform.let_in(name, "resident")
        self._token = platform.token(name)
        self.acknowledged: dict[str, str] = {}
        self.said_enough = asyncio.Event()

    async def report(self) -> None:
        number = 0
        while not self.said_enough.is_set():
            number += 1
            key = f"{self.name}-{number}"
            body = {
                "community": COMMUNITY,
                "category": "plumbing",
                "summary": key,
                "channel": "resident",
                "external_key": key,
            }
            self.acknowledged[key] = await self._until_acknowledged(body, key)
            await asyncio.sleep(0.15)

    async def _until_acknowledged(self, body: dict[str, str], key: str) -> str:
        headers = {"Authorization": self._token, "Idempotency-Key": key}
        while True:
            with contextlib.suppress(httpx.TransportError):
                answer = await self._client.post("/work-orders", json=body, headers=headers)
                if answer.is_success:
                    return str(answer.json()["id"])
                assert answer.status_code == 503, answer.text
            await asyncio.sleep(0.1)


async def _get(client: httpx.AsyncClient, path: str, **query: str) -> Any:
    answer = await client.get(path, params=query)
    assert answer.is_success, answer.text
    return answer.json()


async def _kinds(client: httpx.AsyncClient, order: str) -> list[str]:
    history = await _get(client, f"/work-orders/{order}/history")
    return [event["type"].removeprefix("work_order.") for event in history["events"]]


async def _reported_by(client: httpx.AsyncClient, reporter: str) -> list[str]:
    """The keys of everything that somebody reported, as often as it is there."""
    found = await _get(client, "/work-orders", reporter=reporter, limit="200", min_position=str(await _head(client)))
    return sorted(item["external_key"] for item in found["items"])


async def _head(client: httpx.AsyncClient) -> int:
    """The position of a write that comes after all others."""
    published = await client.post(f"/service-agreements/{COMMUNITY}-{uuid4()}", json=_AGREEMENT)
    assert published.is_success, published.text
    return int(published.headers["X-Position"])


async def _until_all_have_escalated(client: httpx.AsyncClient, orders: list[str]) -> None:
    async with asyncio.timeout(60):
        for order in orders:
            while "escalated" not in await _kinds(client, order):  # noqa: ASYNC110 - over HTTP nobody calls us
                await asyncio.sleep(0.2)


@pytest.mark.parametrize("victim", ["serve", "work", "follow", "postgres", "temporal", "everything"])
async def test_nothing_is_lost_and_nothing_happens_twice_when_a_process_is_killed(
    platform: Running, victim: str
) -> None:
    manager = {"Authorization": platform.token("manager")}
    async with httpx.AsyncClient(base_url=platform.address, timeout=20, trust_env=False, headers=manager) as client:
        agreed = await client.post(f"/service-agreements/{COMMUNITY}", json=_AGREEMENT)
        assert agreed.is_success, agreed.text
        residents = [Resident(client, platform, f"{victim}-{number}") for number in range(WRITERS)]
        reporting = [asyncio.create_task(resident.report()) for resident in residents]
        await asyncio.sleep(2)
        await asyncio.to_thread(_kill_and_wait_until_it_is_back, platform, victim)
        await asyncio.sleep(1)
        for resident in residents:
            resident.said_enough.set()
        await asyncio.wait_for(asyncio.gather(*reporting), 60)

        acknowledged = {key: order for resident in residents for key, order in resident.acknowledged.items()}
        assert len(acknowledged) > 5 * WRITERS
        await _until_all_have_escalated(client, list(acknowledged.values()))
        for key, order in acknowledged.items():
            assert await _kinds(client, order) == ["reported", "clock_set", "warned", "breached", "escalated"]
            assert (await _get(client, f"/work-orders/{order}"))["summary"] == key
        for resident in residents:
            assert await _reported_by(client, resident.person) == sorted(resident.acknowledged)


def _kill_and_wait_until_it_is_back(platform: Running, victim: str) -> None:
    if victim == "everything":
        platform.kill_all_at_once()
        platform.start()
        return
    killed = platform.kill(victim)
    eventually(lambda: platform.pids().get(victim, killed) != killed, within=60, otherwise=platform.said)
    eventually(platform.is_ready, within=60, otherwise=platform.said)
