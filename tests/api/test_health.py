"""Alive is not ready: each check is reported by its name, and one that fails keeps traffic away."""

import asyncio

from adapters.door import LedgerDoor
from adapters.ledger import PostgresLedger
from api.health import Finding
from tests.api.reception import Clock, Reception, application, counter, fine


async def behind() -> Finding:
    return Finding(ok=False, detail="70000 events behind")


async def broken() -> Finding:
    msg = "password=hunter2"
    raise ConnectionError(msg)


async def stuck() -> Finding:
    await asyncio.Event().wait()
    return Finding(ok=True)


async def test_it_is_alive_without_asking_who_asks(reception: Reception) -> None:
    answer = await reception.http.get("/health/live")
    assert (answer.status_code, answer.json()) == (200, {"alive": True})


async def test_it_is_ready_when_every_check_passes(reception: Reception) -> None:
    answer = await reception.http.get("/health/ready")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "checks": {"database": {"ok": True}}})


async def test_one_check_that_fails_is_named_and_its_insides_stay_inside(
    ledger: PostgresLedger, door: LedgerDoor
) -> None:
    ready = {"database": fine, "work_order_board": behind, "temporal": broken, "migrations": stuck}
    async with counter(application(ledger, door, Clock(), ready=ready)) as http:
        answer = await http.get("/health/ready")
        alive = await http.get("/health/live")
    assert alive.status_code == 200
    assert (answer.status_code, answer.json()["ready"]) == (503, False)
    checks = answer.json()["checks"]
    assert checks["database"] == {"ok": True}
    assert checks["work_order_board"] == {"ok": False, "detail": "70000 events behind"}
    assert checks["temporal"] == {"ok": False, "detail": "cannot be checked"}
    assert checks["migrations"] == {"ok": False, "detail": "no answer within 2 s"}
