"""A vendor to tell scenarios about: its organisation, its people, and its file as it was registered and verified."""

from datetime import date
from typing import Final
from uuid import UUID

from domain.admission.vendor import (
    AddCertificate,
    AddMember,
    Contact,
    Declare,
    Facts,
    Register,
    Registered,
    Verified,
    Verify,
)
from domain.parties import organisation
from tests.domain.small_town import on

CODE: Final = "91110000600037341L"
OTHER_CODE: Final = "91310000775785552L"
VENDOR: Final = str(organisation.stream(CODE))
"""The id of the organisation."""
BOSS: Final = UUID(int=0xB055)
AGENT: Final = UUID(int=0xA6E7)
MECHANIC: Final = UUID(int=0x3EC4)
PEOPLE: Final = (BOSS, AGENT, MECHANIC)
NOBODY: Final = str(UUID(int=0xDEAD))
"""An id that nothing has."""
COMPANY: Final = organisation.Registered(at=on(1), name="明达水电", kinds=("vendor",), credit_code=CODE)
FACTS: Final = Facts(
    name="明达水电", legal_representative=str(BOSS), bank="中国工商银行杭州文三支行", account="6222000000000001"
)
CONTACTS: Final = (Contact(str(AGENT), "general"),)
REGISTER: Final = Register(
    at=on(2),
    vendor=VENDOR,
    name="明达水电",
    legal_representative=str(BOSS),
    contacts=CONTACTS,
    bank="中国工商银行杭州文三支行",
    account="6222000000000001",
    founded_on=date(2015, 6, 1),
    registered_capital_fen=500_000_000,
    credit_code=CODE,
    address="杭州市西湖区文三路 1 号",
)
REGISTERED: Final = Registered(
    at=on(2),
    vendor=VENDOR,
    facts=FACTS,
    contacts=CONTACTS,
    founded_on=date(2015, 6, 1),
    registered_capital_fen=500_000_000,
    credit_code=CODE,
    address="杭州市西湖区文三路 1 号",
)
ACCEPT: Final = Verify(at=on(3), declaration=1, accepted=True)
VERIFIED: Final = Verified(at=on(3), declaration=1)
DECLARE: Final = Declare(at=on(4), account="6222 0000 0000 0002")
CERTIFICATE: Final = AddCertificate(
    at=on(3),
    kind="lift_maintenance",
    number="TS3311-2026",
    issuer="浙江省市场监督管理局",
    valid_from=date(2026, 1, 1),
    valid_until=date(2026, 12, 31),
)
ADD_MEMBER: Final = AddMember(
    at=on(4),
    person=str(MECHANIC),
    qualification="lift_mechanic",
    since=date(2025, 5, 1),
    until=date(2026, 4, 30),
    certificate_number="T330106199001011234",
)
