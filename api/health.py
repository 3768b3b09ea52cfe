"""Is it alive, is it ready: for whoever watches the processes. Asked without identity.

live   this process answers
ready  every check passes: the database can be reached, migrations are current, projections keep up, ...
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

import msgspec
import structlog
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example

from api.documentation import operation

PATIENCE = 2.0
"""Seconds that a check may take."""


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a check found."""

    ok: bool
    detail: str = ""


class Readiness(msgspec.Struct, frozen=True):
    """All checks, by name."""

    ready: bool
    checks: dict[str, Finding]


class Liveness(msgspec.Struct, frozen=True):
    """This process answers."""

    alive: bool = True


READY = {"ready": True, "checks": {"database": {"ok": True}}}
UNREADY = ResponseSpec(
    Readiness,
    generate_examples=False,
    description="Some check fails: send nobody here.",
    examples=[Example(value={"ready": False, "checks": {"database": {"ok": False, "detail": "cannot be checked"}}})],
)

Check: TypeAlias = Callable[[], Awaitable[Finding]]


def routes(checks: Mapping[str, Check]) -> list[HTTPRouteHandler]:
    """The two questions."""

    @get(
        "/health/live",
        tags=["health"],
        summary="Is this process alive?",
        operation_id="healthLive",
        operation_class=operation(gives={"alive": True}),
    )
    async def live() -> Liveness:
        return Liveness()

    @get(
        "/health/ready",
        tags=["health"],
        summary="Can it do its work?",
        operation_id="healthReady",
        operation_class=operation(gives=READY),
        responses={503: UNREADY},
    )
    async def ready() -> Response[Readiness]:
        findings = await asyncio.gather(*(_look(name, check) for name, check in checks.items()))
        found = dict(zip(checks, findings, strict=True))
        good = all(finding.ok for finding in findings)
        return Response(Readiness(ready=good, checks=found), status_code=200 if good else 503)

    return [live, ready]


async def _look(name: str, check: Check) -> Finding:
    """One check; whatever goes wrong in it is logged, and its insides stay inside."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await check()
    except TimeoutError:
        return Finding(ok=False, detail=f"no answer within {PATIENCE:g} s")
    except Exception:  # noqa: BLE001 - not ready, whatever the reason
        structlog.get_logger().warning("health.check_failed", check=name, exc_info=True)
        return Finding(ok=False, detail="cannot be checked")
