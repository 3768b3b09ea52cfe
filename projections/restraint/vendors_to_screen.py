"""The vendors that are to be screened, in the order of their ids: a question to the register of vendors."""

from typing import Final

import msgspec

from domain.admission import vendor
from domain.admission.vendor import Vendor, VendorEvent
from projections.admission.vendor_register import projection
from projections.listing import Listed, Listing
from projections.table import Pool


class _All(msgspec.Struct, frozen=True):
    """No filters."""


_ALL: Final = _All()


class VendorsToScreen(Listing[Vendor, VendorEvent]):
    """Questions to the register. They raise Unavailable while the database, or the register, is not there."""

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool, projection, order="vendor", conditions={})

    async def after(self, vendor_id: str, limit: int) -> list[Listed[Vendor]]:
        """The next so many vendors after one; all whose file was ever opened, whatever stands in it."""
        return await self.page(_ALL, (vendor_id, vendor.stream(vendor_id)) if vendor_id else None, limit)
