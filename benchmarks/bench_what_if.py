"""What if other rules had counted: a year of all vendors of a city, rated anew; and their register, searched."""

from time import perf_counter

import uvloop
from msgspec.structs import replace

from adapters.ledger import PostgresLedger
from benchmarks import rated_vendors
from benchmarks.measure import Sample
from benchmarks.report import STANDINGS, WHAT_IF, Report
from benchmarks.sample import vault_on
from domain.evaluation.rating_rules import BEST_FIRST
from domain.evaluation.what_if import Period
from projections.evaluation.standing_register import Filters, StandingRegister, projection
from projections.evaluation.what_if import WhatIf
from projections.rebuild import rebuild

_VENDORS = 5_000
_NOTES = 100
"""Pieces of evidence about each, in a year."""
_ROUNDS = 3
_SEARCHES = 500


def bench_what_if(database: str, report: Report) -> None:
    """Half a million pieces of evidence under other weights; and pages of the register."""
    uvloop.run(_what_if(database, report))


async def _what_if(database: str, report: Report) -> None:
    async with PostgresLedger(database) as ledger:
        started = perf_counter()
        evidence = await rated_vendors.fill(ledger, _VENDORS, _NOTES)
        print(f"{evidence:,} pieces of evidence about {_VENDORS:,} vendors, in {perf_counter() - started:.0f} s")
        await rebuild(projection, ledger, ledger.pool, vault=vault_on(ledger))
        await ledger.pool.execute("ANALYZE")
        report.measured(WHAT_IF, max([await _wondered(ledger) for _ in range(_ROUNDS)]))
        searched = await _searched(ledger)
        report.measured(STANDINGS, searched.percentile(95))


async def _wondered(ledger: PostgresLedger) -> float:
    """Seconds until it is known who would be in another band."""
    rules = rated_vendors.RULES
    in_time, repeats, stars, inspected = rules.measures
    proposed = replace(rules, measures=(replace(in_time, weight=60), repeats, replace(stars, weight=5), inspected))
    periods = [Period(name, rules) for name in rated_vendors.MONTHS]
    started = perf_counter()
    answer = await WhatIf(ledger.pool).ask(periods, proposed)
    seconds = perf_counter() - started
    assert answer.vendors == _VENDORS
    print(f"{answer.rated:,} periods, {answer.changed:,} in another band: {seconds:.2f} s")
    return seconds


async def _searched(ledger: PostgresLedger) -> Sample:
    """First and later pages of fifty, in any band and tier."""
    register, spans = StandingRegister(ledger.pool), list[float]()
    for number in range(_SEARCHES):
        band = BEST_FIRST[number % len(BEST_FIRST)] if number % 2 else None
        wanted = Filters(band=band, tier=None if number % 3 else number % 2)
        started = perf_counter()
        page = await register.page(wanted)
        if page:
            await register.page(wanted, page[-1].key)
        spans.append(perf_counter() - started)
    return Sample(_SEARCHES, sum(spans), spans)
