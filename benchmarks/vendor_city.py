"""A city of 2,160 communities and 5,000 vendors: their files, what they are qualified for and where, how they stand.

The events are those that the product writes, put into the log as they are; nothing is measured here.
"""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from adapters.ids import new_id
from adapters.ledger import PostgresLedger
from benchmarks.sample import META, MORNING, encode
from domain.admission import qualification, vendor
from domain.admission.qualification import Terms
from domain.admission.vendor import Contact, Facts
from domain.decider import Event, tag_of
from domain.evaluation import standing
from domain.evaluation.rating_rules import BandName
from domain.parties import area
from domain.ports import Append, NewEvent
from domain.restraint import sanction

COMMUNITIES: Final = 2_160
VENDORS: Final = 5_000
KINDS: Final = ("lift_maintenance", "fire_safety", "security_engineering", "home_care", "food_hygiene")
CATEGORIES: Final = ("access_control", "cameras", "parking", "lifts", "home_care", "housekeeping", "fresh_retail")
TRADES: Final = ("电梯", "安防", "保洁", "养老", "生鲜", "停车", "门禁", "水电")
BANDS: Final[Sequence[BandName]] = ("preferred", "normal", "normal", "watch", "no_new_work")
_PERSON: Final = str(UUID(int=0xB055))
_DISTRICTS, _STREETS, _HERE = 6, 18, 20  # 6 x 18 x 20 communities
CITY: Final = "3301"


def districts() -> list[str]:
    """Their codes."""
    return [f"{CITY}{number:02}" for number in range(1, _DISTRICTS + 1)]


def communities() -> list[str]:
    """Their codes."""
    return [
        f"{district}{street:03}{number:03}"
        for district in districts()
        for street in range(1, _STREETS + 1)
        for number in range(1, _HERE + 1)
    ]


async def fill(ledger: PostgresLedger) -> list[str]:
    """Put the city into the log: the ids of the vendors."""
    companies = [str(new_id()) for _ in range(VENDORS)]
    waiting = [
        _append(area.stream(code), [area.Registered(at=MORNING, code=code, name=code)]) for code in communities()
    ]
    for number, company in enumerate(companies):
        waiting += [_append(stream, told) for stream, told in _life(number, company)]
    for begin in range(0, len(waiting), 500):
        await asyncio.gather(*(ledger.append(each) for each in waiting[begin : begin + 500]))
    return companies


def _append(stream: UUID, told: Sequence[Event]) -> Append:
    events = [NewEvent(stream, version, tag_of(event), encode(event)) for version, event in enumerate(told, 1)]
    return Append(events=tuple(events), meta=META)


def _life(number: int, company: str) -> Iterator[tuple[UUID, Sequence[Event]]]:
    yield vendor.stream(company), _file(number, company)
    for place in range(number % 3 + 1):
        category = CATEGORIES[(number + place) % len(CATEGORIES)]
        where = districts()[number % _DISTRICTS] if number % 4 else communities()[number * 7 % COMMUNITIES]
        yield qualification.stream(company, category, where), _qualified(company, category, where, number)
    yield standing.stream(company), _rated(number, company)
    if number % 50 == 7:
        suspended = sanction.Suspended(
            at=MORNING, vendor=company, number=1, by=_PERSON, reason="quality", text="三次返修不合格"
        )
        yield sanction.stream(company), [suspended]


def _file(number: int, company: str) -> Sequence[Event]:
    facts = Facts(
        name=f"{TRADES[number % len(TRADES)]}工程{number:05}有限公司",
        legal_representative=_PERSON,
        bank="中国工商银行",
        account=f"6222{number:012}",
    )
    opened = vendor.Registered(
        at=MORNING,
        vendor=company,
        facts=facts,
        contacts=(Contact(_PERSON, "general"),),
        founded_on=date(2015, 6, 1),
        registered_capital_fen=500_000_000,
        credit_code=f"{number:018}",
    )
    certificates = [
        vendor.CertificateAdded(
            at=MORNING,
            certificate=place,
            kind=KINDS[(number + place) % len(KINDS)],
            number=f"{number}-{place}",
            issuer="SAMR",
            valid_from=date(2026, 1, 1),
            valid_until=date(2027, 6, 1) + timedelta(days=(number * 7 + place) % 1500),
        )
        for place in (1, 2, 3)
    ]
    verified = [vendor.Verified(at=MORNING, declaration=1)] if number % 10 else []
    frozen = [vendor.Declared(at=MORNING, number=2, facts=facts)] if number % 25 == 1 else []
    return [opened, *certificates, *verified, *frozen]


def _qualified(company: str, category: str, where: str, number: int) -> Sequence[Event]:
    applied = qualification.Submitted(
        at=MORNING,
        by=_PERSON,
        vendor=company,
        category=category,
        area=where,
        scheme_version=1,
        answers=(),
        documents=(),
    )
    if number % 9 == 0:
        return [applied]
    granted = qualification.Granted(
        at=MORNING,
        since=MORNING,
        until=MORNING + timedelta(days=3 * 365 + number % 300),
        terms=Terms(reminders=(90, 30, 7), renewal_opens=90),
    )
    return [applied, granted]


def _rated(number: int, company: str) -> Sequence[Event]:
    noted = standing.Noted(
        at=MORNING,
        vendor=company,
        id=f"inspection/{number}",
        kind="inspection",
        happened_at=MORNING,
        points=80,
        subject=f"inspection/{number}",
    )
    rated = standing.BandChanged(at=MORNING, was="", now=BANDS[number % len(BANDS)], because="2026-02")
    return [noted, rated] if number % 6 else [noted]
