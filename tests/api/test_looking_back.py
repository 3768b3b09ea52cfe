"""The past over HTTP: as we knew it and as it was."""

import random
from datetime import UTC, datetime

import pytest

from adapters.ledger import PostgresLedger
from tests.api.reception import LEAK, PHOTO, Json, Reception, on

LIFE: tuple[tuple[str, Json], ...] = (
    ("triage", {"priority": 2}),
    ("acknowledge", {}),
    ("assign", {"company": "brightpipe"}),
    ("hand-over", {"company": "clearwater", "reason": "x"}),
    ("start", {}),
    ("pause", {"reason": "parts"}),
    ("resume", {}),
    ("comment", {"text": "Nearly there"}),
    ("attach", {"attachment": PHOTO}),
    ("reprioritise", {"priority": 1}),
    ("resolve", {"evidence": [PHOTO]}),
    ("reopen", {"reason": "It drips"}),
    ("accept", {}),
    ("close", {"note": "Resident content"}),
)


async def now_in(ledger: PostgresLedger) -> datetime:
    """The time of the machine that records, after everything that is recorded."""
    moment: datetime = await ledger.pool.fetchval("SELECT clock_timestamp()")
    return moment.astimezone(UTC)


@pytest.mark.parametrize("seed", range(5))
async def test_as_of_a_moment_or_position_is_what_was_seen_then(
    reception: Reception, ledger: PostgresLedger, seed: int
) -> None:
    """T35, over random histories with facts that come in late."""
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    await reception.agree()
    order = await reception.report()
    seen: list[tuple[datetime, int, dict[str, object], dict[str, object]]] = []
    for number in range(28):
        reception.clock.pass_by(minutes=chance.choice((1, 20, 90, 600)))
        command, body = LIFE[number // 2] if chance.random() < 0.6 else chance.choice(LIFE)
        late = reception.clock.at.timestamp() - chance.choice((0, 0, 600, 7200))
        happened = datetime.fromtimestamp(late, tz=UTC).isoformat()
        version = (await reception.see(order)).json()["version"]
        answer = await reception.send(f"{order}/{command}", {**body, "occurred_at": happened}, version=version)
        assert answer.status_code in {200, 409}
        shown, told = await reception.see(order), await reception.see(f"{order}/history")
        seen.append((await now_in(ledger), await ledger.head(), shown.json(), told.json()))
    assert len({str(live) for _, _, live, _ in seen}) > 5
    for moment, position, live, history in seen:
        for point in (moment.isoformat(), str(position)):
            assert (await reception.see(order, {"as_of": point})).json() == live
            assert (await reception.see(f"{order}/history", {"as_of": point})).json() == history


async def test_a_late_fact_changes_how_it_was_and_not_how_we_knew_it(
    reception: Reception, ledger: PostgresLedger
) -> None:
    """T36. Machine time stands for when we knew; the facts are told with times of their own."""
    order = await reception.report(occurred_at="2026-03-02T08:00:00+08:00")
    await reception.do(order, "triage", {"priority": 2, "occurred_at": "2026-03-02T08:10:00+08:00"})
    known = await now_in(ledger)
    was_at_noon = "2026-03-02T12:00:00+08:00"
    before = await reception.see(order, {"as_of": was_at_noon, "basis": "occurred"})
    assert before.json()["status"] == "triaged"
    reception.clock.at = on(2, 17)
    late = {"company": "brightpipe", "occurred_at": "2026-03-02T11:00:00+08:00"}
    await reception.do(order, "assign", late)
    after = await reception.see(order, {"as_of": was_at_noon, "basis": "occurred"})
    assert (after.json()["status"], after.json()["company"]) == ("assigned", "brightpipe")
    as_we_knew = await reception.see(order, {"as_of": known.isoformat()})
    assert as_we_knew.json() == before.json()
    earlier = await reception.see(order, {"as_of": "2026-03-02T10:59:00+08:00", "basis": "occurred"})
    assert earlier.json()["status"] == "triaged"


async def test_before_it_was_reported_there_was_nothing(reception: Reception, ledger: PostgresLedger) -> None:
    before = await now_in(ledger)
    order = await reception.report()
    for path in (order, f"{order}/history"):
        for query in (
            {"as_of": before.isoformat()},
            {"as_of": "0"},
            {"as_of": "2026-03-01T00:00:00Z", "basis": "occurred"},
        ):
            answer = await reception.see(path, query)
            assert (answer.status_code, answer.json()["code"]) == (404, "NotFound"), query


async def test_an_unescaped_plus_is_understood(reception: Reception) -> None:
    order = await reception.report()
    assert (await reception.see(f"{order}?as_of=2036-03-01T00:00:00+08:00")).status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        {"as_of": "yesterday"},
        {"as_of": "2026-03-01"},
        {"as_of": "2026-03-01T12:00:00"},
        {"as_of": "-1"},
        {"as_of": "９"},
        {"as_of": "9" * 30},
        {"as_of": ""},
        {"as_of": "7", "basis": "occurred"},
        {"as_of": "7", "basis": "guessed"},
        {"asof": "7"},
    ],
)
async def test_a_point_in_time_that_cannot_be_read_is_malformed(reception: Reception, query: dict[str, str]) -> None:
    order = await reception.report()
    for path in (order, f"{order}/history"):
        answer = await reception.see(path, query)
        assert (answer.status_code, answer.json()["code"]) == (400, "Malformed")


async def test_the_history_tells_who_when_and_what_in_the_language_of_the_reader(reception: Reception) -> None:
    answer = await reception.send("/work-orders", LEAK, actor="resident-17")
    order = answer.headers["Location"]
    told = await reception.see(f"{order}/history", headers={"X-Correlation-Id": "other"})
    (entry,) = told.json()["events"]
    assert entry["type"] == "work_order.reported"
    assert (entry["label"], entry["actor"], entry["version"]) == ("Reported", "resident-17", 1)
    assert entry["position"] == answer.json()["position"]
    assert entry["correlation_id"] == answer.headers["X-Correlation-Id"]
    assert entry["data"] == {"at": "2026-03-02T01:00:00Z", **LEAK}
    chinese = await reception.see(f"{order}/history", headers={"Accept-Language": "zh-CN,zh;q=0.9"})
    assert chinese.json()["events"][0]["label"] == "已报修"
    assert (chinese.headers["Content-Language"], chinese.headers["Vary"]) == ("zh", "Accept-Language")


async def test_every_event_says_when_it_happened_and_when_we_knew(reception: Reception, ledger: PostgresLedger) -> None:
    before = await now_in(ledger)
    order = await reception.report(occurred_at="2026-03-01T08:00:00+08:00")
    (entry,) = (await reception.see(f"{order}/history")).json()["events"]
    assert entry["occurred_at"] == "2026-03-01T00:00:00Z"
    assert before <= datetime.fromisoformat(entry["recorded_at"]) <= await now_in(ledger)


async def test_a_breach_that_was_noticed_late_had_occurred_when_it_was_due(reception: Reception) -> None:
    await reception.agree()
    order = await reception.report()
    reception.clock.at = on(2, 16)
    await reception.do(order, "comment", {"text": "Is anybody there?"})
    at_noon = await reception.see(order, {"as_of": on(2, 12).isoformat(), "basis": "occurred"})
    assert (at_noon.json()["response_breached"], at_noon.json()["resolution_breached"]) == (True, False)
    assert at_noon.json()["comments"] == 0
