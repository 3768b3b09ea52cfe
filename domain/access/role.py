"""The roles that people and programs can hold, as data: what each needs to be given, how it is given, and its column.

To add a role: a line here, a column in `policy.TABLE`, its Chinese name here, and the next `policy.VERSION`.
"""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple, TypeAlias

Rank: TypeAlias = Literal["everyday", "staff", "head", "powerful", "program"]
"""How a role weighs, which decides who may give it. A powerful one takes two people."""
Needed: TypeAlias = Literal["organisation", "area", "ward", "until"]
"""What an appointment to a role must name."""


class Role(NamedTuple):
    """A role. `column` is its heading in the table of permissions."""

    name: str
    column: str
    zh: str
    rank: Rank
    needs: tuple[Needed, ...] = ()
    exclusive: bool = False
    """Whoever holds it holds no other, and changes nothing: an auditor."""


ALL: Final = (
    Role("resident", "res", "居民", "everyday"),
    Role("family", "fam", "家属", "everyday", ("ward",)),
    Role("volunteer", "vol", "志愿者", "everyday", ("area",)),
    Role("grid_worker", "grd", "网格员", "staff", ("area",)),
    Role("committee", "com", "社区与业主委员会", "head", ("organisation", "area")),
    Role("property_manager", "pmg", "物业经理", "head", ("organisation", "area")),
    Role("property_staff", "pst", "物业员工", "staff", ("organisation", "area")),
    Role("provider_manager", "smg", "服务商经理", "head", ("organisation",)),
    Role("provider_worker", "swk", "服务人员", "staff", ("organisation",)),
    Role("vendor_agent", "ven", "供应商代表", "head", ("organisation",)),
    Role("procurement_officer", "pro", "采购专员", "powerful"),
    Role("procurement_head", "phd", "采购负责人", "powerful"),
    Role("auditor", "aud", "审计员", "powerful", ("until",), exclusive=True),
    Role("administrator", "adm", "系统管理员", "powerful"),
    Role("security_officer", "sec", "安全管理员", "powerful"),
    Role("privacy_officer", "prv", "个人信息保护负责人", "powerful"),
    Role("device", "dev", "设备网关", "program", ("organisation", "area")),
    Role("partner", "prt", "合作方系统", "program", ("organisation",)),
)
"""Three officers are kept apart as MLPS 2.0 (GB/T 22239-2019) wants it: administrator, security officer, auditor."""

by_name: Final[Mapping[str, Role]] = {role.name: role for role in ALL}
by_column: Final[Mapping[str, Role]] = {role.column: role for role in ALL}
POWERFUL: Final = frozenset(role.name for role in ALL if role.rank == "powerful")

Name: TypeAlias = Literal[
    "resident",
    "family",
    "volunteer",
    "grid_worker",
    "committee",
    "property_manager",
    "property_staff",
    "provider_manager",
    "provider_worker",
    "vendor_agent",
    "procurement_officer",
    "procurement_head",
    "auditor",
    "administrator",
    "security_officer",
    "privacy_officer",
    "device",
    "partner",
]
"""The names, for commands: nobody is appointed to a role that does not exist."""
