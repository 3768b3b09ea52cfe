"""Categories of what vendors do. A category exists once an admission scheme is published for it."""

from types import MappingProxyType
from typing import Annotated, Final, TypeAlias

from msgspec import Meta

Category: TypeAlias = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{1,31}$", description="Such as access_control.")]

CHINESE: Final = MappingProxyType(
    {
        "access_control": "门禁",
        "cameras": "视频监控",
        "parking": "停车",
        "lifts": "电梯",
        "home_care": "居家养老",
        "housekeeping": "家政",
        "fresh_retail": "生鲜零售",
    }
)
"""Names of the categories that the city began with; others go by their keys."""
