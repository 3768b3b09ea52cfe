"""What exposes the city to a vendor: every command that does one of these asks `exposure` first."""

from typing import Literal, TypeAlias

What: TypeAlias = Literal["award", "offer", "accept", "pay_out", "work"]
