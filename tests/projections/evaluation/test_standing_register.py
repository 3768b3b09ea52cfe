"""The register shows every standing and its clock; asking what if gives what live closing gave, and writes nothing."""

from collections.abc import AsyncIterator
from datetime import timedelta
from random import Random
from uuid import UUID

import pytest
from msgspec.structs import replace

from adapters.door import LedgerDoor
from adapters.ledger import PostgresLedger
from domain.evaluation import rating_scheme, standing
from domain.evaluation.evidence import EvidenceKind
from domain.evaluation.periods import ends_at
from domain.evaluation.rating_rules import Rules
from domain.evaluation.what_if import Period
from domain.parties import organisation
from projections.evaluation.standing_register import Filters, StandingRegister, projection
from projections.evaluation.what_if import WhatIf
from projections.rebuild import rebuild
from projections.table import digest
from tests.domain.evaluation import rated
from tests.domain.small_town import on
from tests.everybody import vault_on
from tests.followed import followed
from tests.projections.town_hall import TownHall

VENDORS = [UUID(int=0xF100 + number) for number in range(12)]
KINDS: tuple[EvidenceKind, ...] = ("sla_kept", "sla_kept", "sla_breached", "work_done", "repeat_fault", "rating")
MONTHS = ("2026-01", "2026-02", "2026-03")


@pytest.fixture
async def hall(ledger: PostgresLedger, door: LedgerDoor) -> AsyncIterator[TownHall]:
    """Three months of a few vendors, in which evidence comes late and is withdrawn."""
    async with followed(ledger, projection):
        hall = TownHall(door, ledger)
        await hall.do(rating_scheme.decider, rated.PUBLISH, stream=rating_scheme.stream("vendors"))
        random = Random(7)  # noqa: S311 - no secret
        for vendor in VENDORS:
            register = organisation.Register(at=on(1, month=1), name=str(vendor), kinds=("owners_committee",))
            await hall.do(organisation.decider, register, stream=vendor)
            await hall.do(standing.decider, *_life(str(vendor), random), stream=standing.stream(str(vendor)))
        await hall.shown(projection)
        yield hall


def _life(vendor: str, random: Random) -> list[standing.StandingCommand]:
    """Evidence as it comes in, and the clock at the end of each month but the last for some."""
    commands: list[standing.StandingCommand] = []
    for number in range(random.randrange(8, 30)):
        happened_at = on(random.randrange(1, 28), month=random.choice((1, 2, 3)))
        kind = random.choice(KINDS)
        points = random.randrange(1, 6) if kind == "rating" else None
        at = happened_at + timedelta(days=random.choice((0, 0, 1, 20, 50)))
        noted = replace(rated.note(kind, happened_at, name=str(number), points=points, at=at), vendor=vendor)
        commands.append(noted)
        if random.random() < 0.2:
            commands.append(replace(noted, at=at + timedelta(days=10), withdrawn=True))
    ordered = sorted(commands, key=lambda command: command.at)
    return [*ordered, rated.closing("2026-03")]


def periods(rules: Rules) -> list[Period]:
    return [Period(name, rules) for name in MONTHS]


async def test_every_filter_finds_what_it_says(hall: TownHall) -> None:
    register = StandingRegister(hall.pool)
    everybody = await register.page(Filters())
    assert [row.state.vendor for row in everybody] == [str(vendor) for vendor in VENDORS]
    for band in ("", "preferred", "normal", "watch", "no_new_work", "suspended"):
        found = await register.page(Filters(band=band))
        assert [row.id for row in found] == [row.id for row in everybody if row.state.band == band]
    some = tuple(str(vendor) for vendor in VENDORS[:2])
    assert [row.state.vendor for row in await register.page(Filters(vendors=some))] == list(some)
    below = await register.page(Filters(total_below=6000))
    assert [row.id for row in below] == [
        row.id
        for row in everybody
        if (last := row.state.last_rated) is not None and last.total is not None and last.total < 6000
    ]
    assert 0 < len(below) < len(VENDORS)


async def test_the_clocks_are_known_that_are_still_to_ring(hall: TownHall) -> None:
    april = replace(rated.note("sla_kept", on(20, month=4), name="april"), vendor=str(VENDORS[3]))
    stream = await hall.do(standing.decider, april, stream=standing.stream(str(VENDORS[3])))
    await hall.shown(projection)
    assert stream in [each async for each in StandingRegister(hall.pool).open_clocks()]


async def test_a_rebuilt_register_is_the_live_one(hall: TownHall, ledger: PostgresLedger) -> None:
    async with hall.pool.acquire() as connection:
        live = await digest(connection, projection)
        await rebuild(projection, ledger, hall.pool, vault=vault_on(ledger))
        assert await digest(connection, projection) == live
    assert live.rows == len(VENDORS)


async def test_the_same_rules_change_nobody_and_come_to_what_live_closing_came_to(
    hall: TownHall, ledger: PostgresLedger
) -> None:
    head = await ledger.head()
    answer = await WhatIf(hall.pool).ask(periods(rated.RULES), rated.RULES)
    assert (answer.vendors, answer.changed, answer.changes) == (len(VENDORS), 0, ())
    nobody = replace(rated.RULES, bands=(replace(rated.RULES.bands[0], name="suspended", points=0),))
    told = await WhatIf(hall.pool).ask(periods(rated.RULES), nobody)
    reckoned = {(change.vendor, change.period): (change.total_was, change.was) for change in told.changes}
    lived = {
        (row.state.vendor, card.period): (card.total, card.band)
        for row in await StandingRegister(hall.pool).page(Filters())
        for card in row.state.cards
        if card.band
    }
    assert reckoned == {key: value for key, value in lived.items() if value[1] != "suspended"}
    assert answer.rated == len(lived) > 2 * len(VENDORS)
    assert await ledger.head() == head


async def test_other_rules_list_who_would_change_and_no_more_of_them_than_asked(hall: TownHall) -> None:
    first, *others = rated.RULES.measures
    heavier = replace(rated.RULES, measures=(replace(first, weight=5), *others[:-1], replace(others[-1], weight=75)))
    answer = await WhatIf(hall.pool).ask(periods(rated.RULES), heavier)
    assert 0 < answer.changed == len(answer.changes)
    assert all(change.was != change.would_be for change in answer.changes)
    assert list(answer.changes) == sorted(answer.changes, key=lambda change: (change.vendor, change.period))
    fewer = await WhatIf(hall.pool).ask(periods(rated.RULES), heavier, most=1)
    assert (fewer.changed, fewer.changes) == (answer.changed, answer.changes[:1])


async def test_only_the_periods_that_were_asked_about_are_looked_at(hall: TownHall) -> None:
    answer = await WhatIf(hall.pool).ask([Period("2025-12", rated.RULES)], rated.STRICTER)
    assert (answer.rated, answer.changed) == (0, 0)
    assert ends_at("2025-12") < on(1, month=1)
