"""What becomes of engagements and of work orders when their vendor is sanctioned, said as commands of theirs.

A work order has nothing of its own to be held by but a pause; that an order is paused, and why, is there for the
community to see, who can hand it over.
"""

from dataclasses import dataclass
from datetime import datetime

from domain import work_order
from domain.engaging import engagement
from domain.engaging.engagement import EngagementCommand
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
        at = await self._at(wish)
        await self._do(wish, engagement.Keep(at=at, sanction=str(wish.sanction)))

    async def hold(self, wish: Wish) -> None:
        """Nothing is paid until it is released."""
        await self._do(wish, engagement.Hold(at=await self._at(wish), reason="sanction"))

    async def reassign(self, wish: Wish) -> None:
        """To a vendor who must be allowed it."""
        at = await self._at(wish, wish.to)
        await self._do(wish, engagement.Reassign(at=at, vendor=wish.to, reason="sanction"))

    async def cancel(self, wish: Wish) -> None:
        """It is not done."""
        await self._do(wish, engagement.Cancel(at=await self._at(wish), reason="sanction"))

    async def _at(self, wish: Wish, to: str = "") -> datetime:
        """The moment to say it at: never before what is known. Raises TheirsNoLonger."""
        state = (await self.door.load(engagement.decider, wish.stream)).state
        if state.vendor not in (wish.vendor, to):
            raise TheirsNoLonger
        at = wish.context.occurred_at
        return at if state.last_at is None else max(at, state.last_at)

    async def _do(self, wish: Wish, command: EngagementCommand) -> None:
        await self.door.execute(engagement.decider, wish.stream, command, wish.context)


@dataclass(frozen=True)
class WorkOrders:
    """Work orders, through the one door."""

    door: Door

    async def keep(self, wish: Wish) -> None:
        """It stays where it is: nothing keeps a company from finishing a repair."""
        await self._at(wish)

    async def hold(self, wish: Wish) -> None:
        """It waits, for everybody to see."""
        await self._do(wish, work_order.Pause(at=await self._at(wish), reason="other", note=WHY))

    async def reassign(self, wish: Wish) -> None:
        """Another company starts anew; the clock runs on."""
        at = await self._at(wish, wish.to)
        await self._do(wish, work_order.HandOver(at=at, company=wish.to, reason=WHY))

    async def cancel(self, wish: Wish) -> None:
        """It need not be done."""
        await self._do(wish, work_order.Cancel(at=await self._at(wish), reason=WHY))

    async def _at(self, wish: Wish, to: str = "") -> datetime:
        state = (await self.door.load(work_order.decider, wish.stream)).state
        if state.company not in (wish.vendor, to):
            raise TheirsNoLonger
        at = wish.context.occurred_at
        return at if state.last_at is None else max(at, state.last_at)

    async def _do(self, wish: Wish, command: WorkOrderCommand) -> None:
        await self.door.execute(work_order.decider, wish.stream, command, wish.context)
