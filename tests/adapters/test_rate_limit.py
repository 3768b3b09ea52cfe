"""How often somebody may ask: never more than allowed, never less, however many processes ask at once."""

import asyncio
import math
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.embedded import EmbeddedPostgres
from adapters.migrate import migrate
from adapters.postgres import Connection, Pool
from adapters.rate_limit import RateLimiter
from domain.ports import Admitted, Unavailable

START = datetime(2026, 3, 2, 1, tzinfo=UTC)


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    async with asyncpg.create_pool(database, min_size=1, max_size=4) as opened:
        yield opened


async def granted(pool: Pool, amount: int, at: datetime, *, rate: int = 60, burst: int = 5, key: str = "k") -> int:
    row = await pool.fetchrow("SELECT * FROM linli_admit($1, $2, $3, $4, $5)", [key], [amount], [rate], [burst], at)
    assert row is not None
    found: int = row["granted"]
    return found


async def test_so_many_at_once_and_then_at_the_even_rate(pool: Pool) -> None:
    assert await granted(pool, 7, START) == 5
    assert await granted(pool, 1, START) == 0
    assert await granted(pool, 1, START + timedelta(microseconds=999_999)) == 0
    assert await granted(pool, 2, START + timedelta(seconds=1)) == 1
    assert await granted(pool, 9, START + timedelta(seconds=4, microseconds=500_000)) == 3
    assert await granted(pool, 1, START + timedelta(seconds=4, microseconds=999_999)) == 0
    assert await granted(pool, 1, START + timedelta(seconds=5)) == 1
    assert await granted(pool, 9, START + timedelta(days=1)) == 5


async def test_what_is_left_and_when_the_next_one_is_allowed(pool: Pool) -> None:
    ask = "SELECT granted, remaining, retry FROM linli_admit(ARRAY['k'], ARRAY[$1::int], ARRAY[60], ARRAY[3], $2)"
    assert tuple(await pool.fetchrow(ask, 1, START) or ()) == (1, 2, 0.0)
    assert tuple(await pool.fetchrow(ask, 4, START) or ()) == (2, 0, 1.0)
    assert tuple(await pool.fetchrow(ask, 1, START + timedelta(milliseconds=250)) or ()) == (0, 0, 0.75)


async def test_a_clock_that_goes_back_gives_nothing_away(pool: Pool) -> None:
    assert await granted(pool, 5, START) == 5
    assert await granted(pool, 5, START - timedelta(hours=1)) == 0


class Oracle:
    """The same rule in plain Python, in whole microseconds."""

    def __init__(self) -> None:
        self.tat: dict[str, int] = {}

    def admit(self, key: str, amount: int, now: int, rate: int, burst: int) -> int:
        step = math.ceil(60_000_000 / rate)
        ahead = max(0, self.tat.get(key, 0) - now)
        allowed = min(amount, max(0, (burst * step - ahead) // step))
        self.tat[key] = now + ahead + allowed * step
        return allowed


requests = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from("abc"), st.integers(1, 9), min_size=1),
        st.integers(0, 3_000_000) | st.integers(0, 50),
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rate=st.sampled_from([1, 7, 60, 77, 6000, 1_000_000]), burst=st.integers(1, 12), asked=requests)
async def test_it_decides_like_the_rule_in_plain_python(
    pool: Pool, rate: int, burst: int, asked: list[tuple[dict[str, int], int]]
) -> None:
    await pool.execute("DELETE FROM linli_rates")
    oracle, now = Oracle(), 1_000_000_000
    for amounts, passed in asked:
        now += passed
        rows = await pool.fetch(
            "SELECT key, granted FROM linli_admit($1, $2, $3, $4, $5)",
            list(amounts),
            list(amounts.values()),
            [rate] * len(amounts),
            [burst] * len(amounts),
            START + timedelta(microseconds=now),
        )
        expected = {key: oracle.admit(key, amount, now, rate, burst) for key, amount in amounts.items()}
        assert {row["key"]: row["granted"] for row in rows} == expected
        await pool.execute("SELECT linli_rates_prune($1)", START + timedelta(microseconds=now))


@pytest.mark.parametrize("callers", [1, 40])
async def test_two_processes_share_one_allowance_to_the_last_request(database: str, callers: int) -> None:
    """A rate of one a minute: nothing comes back while the test runs, so the burst is all there is."""
    async with (
        asyncpg.create_pool(database, min_size=1, max_size=2) as one,
        asyncpg.create_pool(database, min_size=1, max_size=2) as two,
    ):
        limiters = [RateLimiter(one), RateLimiter(two)]
        answers: Counter[tuple[str, bool]] = Counter()

        async def ask(number: int) -> None:
            for round_ in range(30):
                key = f"person-{(number + round_) % 3}"
                said = await limiters[number % 2].admit(key, rate=1, burst=100)
                answers[key, said.allowed] += 1

        await asyncio.gather(*(ask(number) for number in range(callers * 2)))
        for limiter in limiters:
            await limiter.close()
    for person in range(3):
        asked = answers[f"person-{person}", True] + answers[f"person-{person}", False]
        assert answers[f"person-{person}", True] == min(asked, 100)
    assert answers.total() == callers * 2 * 30


async def test_batches_with_the_same_keys_in_any_order_never_wait_for_each_other(database: str) -> None:
    keys = [f"key-{number}" for number in range(50)]

    async def ask(connection: Connection, order: int) -> None:
        for _ in range(40):
            await connection.fetch(
                "SELECT * FROM linli_admit($1, $2, $2, $2)", keys[::order], [1] * len(keys)
            )  # a deadlock would be an error

    one, two = await asyncpg.connect(database), await asyncpg.connect(database)
    await asyncio.gather(ask(one, 1), ask(two, -1))
    await one.close()
    await two.close()


async def test_a_hundred_callers_cost_a_statement_or_two(pool: Pool) -> None:
    limiter = RateLimiter(pool)
    said = await asyncio.gather(*(limiter.admit(f"k{number % 7}", rate=60, burst=100) for number in range(100)))
    assert all(each.allowed for each in said)
    assert limiter.statements <= 2
    left = sorted(each.remaining for each in said[::7])
    assert left == list(range(85, 100))


async def test_who_was_refused_is_not_asked_about_again_before_his_time(pool: Pool) -> None:
    limiter = RateLimiter(pool)
    first = await limiter.admit("k", rate=1, burst=1)
    again = await limiter.admit("k", rate=1, burst=1)
    asked = limiter.statements
    once_more = await limiter.admit("k", rate=1, burst=1)
    assert (first.allowed, again.allowed, once_more.allowed) == (True, False, False)
    assert 59 < once_more.retry_after <= again.retry_after <= 60
    assert limiter.statements == asked
    assert (await limiter.admit("k", rate=1, burst=2)).allowed  # other terms are another question


async def test_he_is_let_in_again_when_his_time_has_come(pool: Pool) -> None:
    limiter = RateLimiter(pool)
    assert (await limiter.admit("k", rate=1200, burst=1)).allowed
    async with asyncio.timeout(20):
        while not (said := await limiter.admit("k", rate=1200, burst=1)).allowed:
            assert 0 < said.retry_after <= 0.05
            await asyncio.sleep(said.retry_after)


async def test_the_memory_of_refusals_is_bounded(pool: Pool) -> None:
    limiter = RateLimiter(pool, max_shut=3)
    for number in range(10):
        assert (await limiter.admit(f"k{number}", rate=1, burst=1)).allowed
        assert not (await limiter.admit(f"k{number}", rate=1, burst=1)).allowed
    assert not any([(await limiter.admit(f"k{number}", rate=1, burst=1)).allowed for number in range(10)])
    assert limiter.remembered <= 3


async def test_two_terms_for_one_key_in_the_same_moment(pool: Pool) -> None:
    limiter = RateLimiter(pool)
    small, large = await asyncio.gather(limiter.admit("k", rate=60, burst=1), limiter.admit("k", rate=60, burst=10))
    assert small == Admitted(allowed=True, remaining=0)
    assert large.allowed
    assert large.remaining == 8


async def test_rows_that_are_worth_nothing_are_forgotten(pool: Pool) -> None:
    await granted(pool, 5, START, key="idle")
    limiter = RateLimiter(pool)
    await limiter.admit("busy", rate=1, burst=5)
    assert await limiter.prune() == 1
    assert [row["key"] for row in await pool.fetch("SELECT key FROM linli_rates")] == ["busy"]


async def test_the_table_outlives_no_crash_and_costs_no_log(pool: Pool) -> None:
    assert await pool.fetchval("SELECT relpersistence FROM pg_class WHERE relname = 'linli_rates'") == b"u"


async def test_nobody_gets_in_while_the_database_is_away(tmp_path: Path) -> None:
    server = EmbeddedPostgres.start(tmp_path, unsafe_but_fast=True)
    await migrate(server.dsn)
    async with asyncpg.create_pool(server.dsn, min_size=1, max_size=1) as pool:
        limiter = RateLimiter(pool)
        assert (await limiter.admit("k", rate=60, burst=5)).allowed
        server.stop()
        with pytest.raises(Unavailable):
            await limiter.admit("k", rate=60, burst=5)
