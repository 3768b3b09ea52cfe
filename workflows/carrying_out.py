"""What becomes of engagements and of work orders when their vendor is sanctioned, said as commands of theirs.

A work order has nothing of its own to be held by but a pause; that an order is paused, and why, is there for the
community to see, who can hand it over.
"""

from dataclasses import dataclass
from datetime import datetime

from domain import work_order
from domain.engaging import engagement
from domain.engaging.engagement import EngagementCommand
from domain.parties import organisation
from domain.ports import Door
from domain.restraint.fan_out import TheirsNoLonger
from domain.work_order import WorkOrderCommand
from workflows.fan_outs import Wish

WHY = "供应商被暂停资格或列入黑名单"
"""What stands in a work order for people to read: its vendor was suspended or blacklisted."""


@dataclass(frozen=True)
class Engagements:
    """Engagements, through the one door."""

    door: Door

    async def keep(self, wish: Wish) -> None:
        """Work and payment go on in spite of this sanction."""
        at, version = await self._found(wish)
        await self._do(wish, version, engagement.Keep(at=at, sanction=str(wish.sanction)))

    async def hold(self, wish: Wish) -> None:
        """Nothing is paid until it is released."""
        at, version = await self._found(wish)
        await self._do(wish, version, engagement.Hold(at=at, reason="sanction"))

    async def reassign(self, wish: Wish) -> None:
        """To a vendor who must be allowed it."""
        at, version = await self._found(wish, wish.to)
        await self._do(wish, version, engagement.Reassign(at=at, vendor=wish.to, reason="sanction"))

    async def cancel(self, wish: Wish) -> None:
        """It is not done."""
        at, version = await self._found(wish)
        await self._do(wish, version, engagement.Cancel(at=at, reason="sanction"))

    async def _found(self, wish: Wish, to: str = "") -> tuple[datetime, int]:
        """The moment to say it at, never before what is known, and the version in which it was the vendor's: what goes
        to somebody else meanwhile is left alone. Raises TheirsNoLonger.
        """
        loaded = await self.door.load(engagement.decider, wish.stream)
        state = loaded.state
        if state.vendor not in (wish.vendor, organisation.id_of(to)):
            raise TheirsNoLonger
        at = wish.context.occurred_at
        return (at if state.last_at is None else max(at, state.last_at)), loaded.version

    async def _do(self, wish: Wish, version: int, command: EngagementCommand) -> None:
        await self.door.execute(engagement.decider, wish.stream, command, wish.context, expected_version=version)


@dataclass(frozen=True)
class WorkOrders:
    """Work orders, through the one door."""

    door: Door

    async def keep(self, wish: Wish) -> None:
        """It stays where it is: nothing keeps a company from finishing a repair."""
        await self._found(wish)

    async def hold(self, wish: Wish) -> None:
        """It waits, for everybody to see."""
        at, version = await self._found(wish)
        await self._do(wish, version, work_order.Pause(at=at, reason="other", note=WHY))

    async def reassign(self, wish: Wish) -> None:
        """Another company starts anew; the clock runs on."""
        at, version = await self._found(wish, wish.to)
        await self._do(wish, version, work_order.HandOver(at=at, company=wish.to, reason=WHY))

    async def cancel(self, wish: Wish) -> None:
        """It need not be done."""
        at, version = await self._found(wish)
        await self._do(wish, version, work_order.Cancel(at=at, reason=WHY))

    async def _found(self, wish: Wish, to: str = "") -> tuple[datetime, int]:
        loaded = await self.door.load(work_order.decider, wish.stream)
        state = loaded.state
        if state.company not in (wish.vendor, organisation.id_of(to)):
            raise TheirsNoLonger
        at = wish.context.occurred_at
        return (at if state.last_at is None else max(at, state.last_at)), loaded.version

    async def _do(self, wish: Wish, version: int, command: WorkOrderCommand) -> None:
        await self.door.execute(work_order.decider, wish.stream, command, wish.context, expected_version=version)
