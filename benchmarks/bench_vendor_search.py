"""Finding vendors in a city of 5,000: pages of fifty, by words, code, standing, what they hold, and who is looking."""

from collections.abc import Sequence
from datetime import date, timedelta
from time import perf_counter
from typing import Final
from uuid import UUID

import msgspec
import uvloop

from adapters.ids import new_id
from adapters.ledger import PostgresLedger
from benchmarks.bench_projection import follow
from benchmarks.measure import Sample
from benchmarks.report import VENDOR_SEARCH, Report
from benchmarks.sample import MORNING
from domain.access.permission import Sight
from domain.admission import vendor
from domain.admission.vendor import Contact, Facts, Status, VendorEvent
from domain.decider import tag_of
from domain.ports import Append, NewEvent
from projections.admission.vendor_register import Filters, VendorRegister, projection

_VENDORS: Final = 5_000
_SEARCHES: Final = 1_000
_KINDS: Final = ("lift_maintenance", "fire_safety", "security_engineering", "home_care", "food_hygiene")
_TRADES: Final = ("电梯", "安防", "保洁", "养老", "生鲜", "停车", "门禁", "水电")
_PERSON: Final = str(UUID(int=0xB055))


def bench_vendor_search(database: str, report: Report) -> None:
    """Whatever is asked for, an officer does not wait."""
    uvloop.run(_searched(database, report))


async def _searched(database: str, report: Report) -> None:
    async with PostgresLedger(database) as ledger:
        companies = [str(new_id()) for _ in range(_VENDORS)]
        for number, company in enumerate(companies):
            stream = vendor.stream(company)
            rows = [
                NewEvent(stream, version, tag_of(event), msgspec.json.encode(event))
                for version, event in enumerate(_file(number, company), 1)
            ]
            await ledger.append(Append(events=tuple(rows)))
        await follow(ledger, projection)
        register = VendorRegister(ledger.pool)
        latencies: list[float] = []
        begun = perf_counter()
        for number in range(_SEARCHES):
            before = perf_counter()
            await register.page(_question(number, companies), None, 51)
            latencies.append(perf_counter() - before)
        report.measured(VENDOR_SEARCH, Sample(_SEARCHES, perf_counter() - begun, latencies).percentile(95))


def _file(number: int, company: str) -> Sequence[VendorEvent]:
    facts = Facts(
        name=f"{_TRADES[number % len(_TRADES)]}工程{number:05}有限公司",
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
            kind=_KINDS[(number + place) % len(_KINDS)],
            number=f"{number}-{place}",
            issuer="SAMR",
            valid_from=date(2026, 1, 1),
            valid_until=date(2026, 6, 1) + timedelta(days=(number * 7 + place) % 1500),
        )
        for place in (1, 2, 3)
    ]
    verified = [vendor.Verified(at=MORNING, declaration=1)] if number % 10 else []
    frozen = [vendor.Declared(at=MORNING, number=2, facts=facts)] if number % 25 == 1 else []
    return [opened, *certificates, *verified, *frozen]


def _question(number: int, companies: Sequence[str]) -> Filters:
    questions = (
        Filters(),
        Filters(words=_TRADES[number % len(_TRADES)]),
        Filters(words=f"{number % _VENDORS:05}"),
        Filters(words="没有这样的名字"),
        Filters(credit_code=f"{number % _VENDORS:018}"),
        Filters(status=Status.FROZEN),
        Filters(awaits_verification=True, words="电梯"),
        Filters(holds=_KINDS[number % len(_KINDS)], status=Status.VERIFIED),
        Filters(expiring_before=MORNING + timedelta(days=90 + number % 300)),
        Filters(sight=Sight(organisations=(companies[number % _VENDORS],))),
    )
    return questions[number % len(questions)]
