"""What is under way with a vendor: engagements to be done or paid for, and work orders that its people are on."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from domain.restraint.fan_out import Item
from domain.restraint.scope import Scope
from domain.work_order import Status, WorkOrder
from projections import work_order_board
from projections.admission import engagement_board
from projections.admission.engagement_board import EngagementBoard
from projections.work_order_board import WorkOrderBoard

_PAGE: Final = 200
BOARDS: Final = (engagement_board.projection.name, work_order_board.projection.name)
"""The read models that are looked at."""
_DONE: Final = frozenset({Status.RESOLVED, Status.ACCEPTED})
"""The company has done its part of a work order."""


@dataclass(frozen=True)
class Boards:
    """What the read models know to be under way."""

    work_orders: WorkOrderBoard
    engagements: EngagementBoard

    async def under_way(self, vendor: str, scope: Scope) -> Sequence[Item]:
        """Everything under way with a vendor, as far as a scope reaches."""
        found = [
            Item("engagement", str(row.id), row.state.category, row.state.area, row.state.status)
            for row in await self.engagements.in_flight(vendor)
            if scope.touches(row.state.category, row.state.area)
        ]
        async for stream, order in self._orders(vendor):
            if order.status not in _DONE and scope.touches(order.category, order.community):
                found.append(Item("work_order", str(stream), order.category, order.community, order.status.value))
        return found

    async def _orders(self, vendor: str) -> AsyncIterator[tuple[UUID, WorkOrder]]:
        after: work_order_board.Key | None = None
        wanted = work_order_board.Filters(company=vendor, open=True)
        while page := await self.work_orders.page(wanted, after=after, limit=_PAGE):
            for row in page:
                yield row.id, row.order
            after = page[-1].key("newest")
