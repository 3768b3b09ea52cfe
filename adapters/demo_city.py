"""The city that the demo makes up, and everybody in it: areas, organisations, and one account for each role.

Everything has the same id in every demo, so whoever founds the city twice asks for the same things twice. The area code
and the credit codes are well formed and belong to nobody. The passwords are for everybody to read, which is why these
accounts exist in the demo only.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, NamedTuple

from domain.access.newcomer import Newcomer, Post
from domain.decider import derived_id
from domain.parties import credit_code, organisation
from domain.parties.organisation import Kind

STREET: Final = "990101001"
LIUYUAN: Final = "990101001001"
STAGE: Final = "990101001004"
"""The community in which the story plays, with terms of seconds."""

COMMUNITIES: Final[Mapping[str, int]] = {LIUYUAN: 10, "990101001002": 6, "990101001003": 8}
"""Code of the other communities, and number of buildings."""

AREAS: Final[Mapping[str, str]] = {
    "9901": "示范市",
    "990101": "示范区",
    STREET: "示范街道",
    LIUYUAN: "柳园社区",
    "990101001002": "梧桐里社区",
    "990101001003": "滨江花园社区",
    STAGE: "演示社区",
}
"""From above to below."""


class Company(NamedTuple):
    """An organisation."""

    name: str
    kinds: tuple[Kind, ...]
    code: str

    @property
    def id(self) -> str:
        """By which everybody knows it."""
        return str(organisation.stream(self.code))


def _code(kind: str, own: str) -> str:
    """A unified social credit code, with both its check digits."""
    first = f"{kind}990101{own}{credit_code.organisation_check_digit(own)}"
    return first + credit_code.check_digit(first)


QINGHE: Final = Company("清和物业服务有限公司", ("property_company",), _code("91", "MA0DEM01"))
MINGDA: Final = Company("明达水电工程有限公司", ("service_provider", "vendor"), _code("91", "MA0DEM02"))
ANJIE: Final = Company("安捷电梯工程有限公司", ("service_provider",), _code("91", "MA0DEM03"))
COMPANIES: Final = (QINGHE, MINGDA, ANJIE)


class Account(NamedTuple):
    """Somebody who can sign in."""

    login: str
    name: str
    post: Post
    where: str = ""

    @property
    def person(self) -> str:
        """The id of the person."""
        return person_of(self.login)

    @property
    def password(self) -> str:
        """Which everybody can guess: this is a demo."""
        return f"demo-{self.login}-2026"

    @property
    def newcomer(self) -> Newcomer:
        """What letting them in takes."""
        home = LIUYUAN if self.post.role in {"resident", "family"} else ""
        return Newcomer(self.person, self.login, self.password, self.name, home, self.post)


def person_of(login: str) -> str:
    """The id of somebody in the demo, by the name they sign in with."""
    return str(derived_id("demo", login))


_AUDITED_UNTIL = datetime(2036, 1, 1, tzinfo=UTC)
_ACCOUNTS = (
    Account("resident", "李婷", Post("resident"), "柳园社区"),
    Account("family", "李明", Post("family", ward=person_of("resident")), "代李婷 for resident"),
    Account("volunteer", "何静", Post("volunteer", area=LIUYUAN), "柳园社区"),
    Account("grid_worker", "孙磊", Post("grid_worker", area=LIUYUAN), "柳园社区"),
    Account("committee", "郑红", Post("committee", QINGHE.id, LIUYUAN), "柳园社区"),
    Account("property_manager", "王强", Post("property_manager", QINGHE.id, STREET), "清和物业，示范街道"),
    Account("property_staff", "陈晨", Post("property_staff", QINGHE.id, STREET), "清和物业，示范街道"),
    Account("provider_manager", "周明达", Post("provider_manager", MINGDA.id), "明达水电"),
    Account("provider_worker", "吴刚", Post("provider_worker", MINGDA.id), "明达水电"),
    Account("vendor_agent", "冯娟", Post("vendor_agent", MINGDA.id), "明达水电"),
    Account("procurement_officer", "褚平", Post("procurement_officer")),
    Account("procurement_head", "卫东", Post("procurement_head")),
    Account("auditor", "蒋文", Post("auditor", until=_AUDITED_UNTIL)),
    Account("administrator", "沈洁", Post("administrator")),
    Account("security_officer", "韩松", Post("security_officer")),
    Account("privacy_officer", "杨柳", Post("privacy_officer")),
    Account("other_manager", "许安捷", Post("provider_manager", ANJIE.id), "安捷电梯"),
    Account("second_officer", "朱宁", Post("procurement_officer")),
    Account("second_head", "秦岚", Post("procurement_head")),
)
ACCOUNTS: Final[Mapping[str, Account]] = {each.login: each for each in _ACCOUNTS}
"""By login, which is the name of the role; and one more for what takes two people or two companies."""

PROGRAMS: Final[Mapping[str, Post]] = {
    "device": Post("device", QINGHE.id, LIUYUAN),
    "partner": Post("partner", ANJIE.id),
}
"""Programs have a key instead of an account."""
