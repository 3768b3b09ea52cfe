"""How often somebody may ask: each principal, and where nobody is known yet, each address.

The address is the peer's, or what a trusted proxy says it is (`LINLI_TRUSTED_PROXIES`; uvicorn sees to that). Of IPv6,
a network of 64 bits counts as one: that is what a single customer gets.

Who asks too often is told what the limit is and when to come back (429, `Retry-After`, and the fields of
draft-ietf-httpapi-ratelimit-headers): `q` requests in `w` seconds, of which `r` are left, with more after `t` seconds.
"""

from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network, ip_address
from math import ceil
from typing import Final

from litestar import Request
from litestar.datastructures import State

from api.problems import TooManyRequests
from domain.ports import Admitted, RateLimits

_CUSTOMER = 64  # bits


@dataclass(frozen=True, slots=True)
class Limit:
    """So many requests a minute, so many of them at once; `per_minute` 0 is no limit. `name` keeps them apart."""

    name: str
    per_minute: int
    burst: int

    @property
    def window(self) -> int:
        """Seconds in which a burst comes back."""
        return ceil(self.burst * 60 / self.per_minute)


@dataclass(frozen=True, slots=True)
class Limits:
    """Who counts, and what is allowed. Without `rates` everything is."""

    rates: RateLimits | None = None
    requests: Limit = Limit("requests", 6000, 600)
    """Of one principal."""
    sign_ins: Limit = Limit("sign_ins", 20, 20)
    """Of one address, on routes that are open to whoever has not signed in yet."""
    reading: Limit = Limit("reading", 120, 60)
    """Of one address, on what everybody may read."""

    async def within_limits(self, request: Request[str, None, State]) -> None:
        """Raises `TooManyRequests` for a principal that asks too often. To be asked once it is known who asks."""
        await self._within(self.requests, request.scope["state"]["actor"])

    async def within_sign_ins(self, request: Request[str, None, State]) -> None:
        """Raises `TooManyRequests` for an address that knocks too often. For routes that are open to everybody."""
        await self._within(self.sign_ins, address(request))

    async def within_reading(self, request: Request[str, None, State]) -> None:
        """Raises `TooManyRequests` for an address that reads too much. For lists that are open to everybody."""
        await self._within(self.reading, address(request))

    async def _within(self, limit: Limit, who: str) -> None:
        if self.rates is None or not limit.per_minute:
            return
        said = await self.rates.admit(f"{limit.name}/{who}", rate=limit.per_minute, burst=limit.burst)
        if not said.allowed:
            raise TooManyRequests(_headers(limit, said))


UNLIMITED: Final = Limits()
"""Nobody counts."""


def address(request: Request[str, None, State]) -> str:
    """Where a request comes from, as far as one customer of a network reaches."""
    host = "" if request.client is None else request.client.host
    try:
        found = ip_address(host.partition("%")[0])
    except ValueError:
        return host[:64]  # a socket of this machine, or a proxy that writes names
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or IPv6Network((found, _CUSTOMER), strict=False))
    return str(found)


def _headers(limit: Limit, said: Admitted) -> dict[str, str]:
    wait = max(1, ceil(said.retry_after))
    return {
        "Retry-After": str(wait),
        "RateLimit-Policy": f'"{limit.name}";q={limit.burst};w={limit.window}',
        "RateLimit": f'"{limit.name}";r={said.remaining};t={wait}',
    }
