"""Lists of work orders: filters that filter, pages that hold still while the town goes on reporting."""

from datetime import timedelta
from urllib.parse import quote

import pytest

from adapters.door import LedgerDoor
from adapters.ledger import PostgresLedger
from tests.api.reception import LEAK, PHOTO, Clock, Query, Reception, application, counter, on

pytestmark = pytest.mark.usefixtures("board")


async def reported(reception: Reception, **changes: object) -> tuple[str, int]:
    """A report: its id, and the position to wait for."""
    answer = await reception.send("/work-orders", {**LEAK, **changes})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"], answer.json()["position"]


async def listed(reception: Reception, query: Query) -> list[str]:
    answer = await reception.see("/work-orders", query)
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


async def test_who_writes_reads_it_at_once_by_its_position(reception: Reception) -> None:
    for _ in range(5):
        order, position = await reported(reception)
        assert (await listed(reception, {"min_position": position, "limit": 1})) == [order]
        reception.clock.pass_by(minutes=1)


async def test_the_position_may_come_as_a_header(reception: Reception) -> None:
    order, position = await reported(reception)
    answer = await reception.see("/work-orders", headers={"X-Min-Position": str(position)})
    assert [item["id"] for item in answer.json()["items"]] == [order]


async def test_a_position_that_is_not_there_yet_is_said_so(ledger: PostgresLedger, door: LedgerDoor) -> None:
    clock = Clock()
    async with counter(application(ledger, door, clock, patience=0.05)) as http:
        impatient = Reception(http, clock)
        order = await impatient.report()
        for path in ("/work-orders", "/work-orders/counts", order, f"{order}/history"):
            answer = await impatient.see(path, {"min_position": 10_000})
            assert (answer.status_code, answer.json()["code"]) == (503, "NotThereYet"), path
            assert answer.headers["Retry-After"] == "1"


async def test_an_item_of_the_list_is_the_order_itself(reception: Reception) -> None:
    await reception.agree()
    order, position = await reported(reception)
    item = (await reception.see("/work-orders", {"min_position": position})).json()["items"][0]
    assert item == (await reception.see(f"/work-orders/{order}")).json()


async def test_filters_find_what_they_say(reception: Reception) -> None:
    await reception.agree()
    lift, _ = await reported(reception, category="lift", community="harbour", summary="Lift stuck on FLOOR 3")
    reception.clock.pass_by(hours=1)
    leak, _ = await reported(reception, external_key="12345-7", reporter="resident-9")
    await reception.do(f"/work-orders/{leak}", "triage", {"priority": 1})
    last = await reception.do(f"/work-orders/{leak}", "assign", {"company": "brightpipe", "person": "plumber-4"})
    both = [leak, lift]
    cases: tuple[tuple[Query, list[str]], ...] = (
        ({}, both),
        ({"status": "reported"}, [lift]),
        ({"status": ["reported", "assigned"]}, both),
        ({"status": "closed"}, []),
        ({"open": "true"}, both),
        ({"open": "false"}, []),
        ({"priority": 1}, [leak]),
        ({"priority": [1, 3]}, both),
        ({"community": "harbour"}, [lift]),
        ({"category": "plumbing"}, [leak]),
        ({"channel": "phone"}, []),
        ({"company": ""}, [lift]),
        ({"company": "brightpipe", "person": "plumber-4"}, [leak]),
        ({"company": "brightpipe", "team": "west"}, []),
        ({"reporter": "resident-9"}, [leak]),
        ({"external_key": "12345-7"}, [leak]),
        ({"q": "floor 3"}, [lift]),
        ({"q": "12345"}, [leak]),
        ({"q": "100%"}, []),
        ({"reported_from": "2026-03-02T09:30:00+08:00"}, [leak]),
        ({"reported_to": "2026-03-02T09:30:00+08:00"}, [lift]),
        ({"due_before": "2026-03-02T13:30:00+08:00"}, [lift]),
        ({"breached": "false"}, both),
        ({"breached": "true"}, []),
        ({"provisional": "false", "warned": "false", "response_breached": "false"}, both),
        ({"level": 1}, []),
    )
    for query, expected in cases:
        found = await listed(reception, {"min_position": last.json()["position"], **query})
        assert found == expected, query


async def test_what_is_due_first_is_shown_first_and_what_has_no_due_moment_last(reception: Reception) -> None:
    without, _ = await reported(reception)
    await reception.agree()
    later, _ = await reported(reception)
    sooner, position = await reported(reception, occurred_at="2026-02-27T16:00:00+08:00")
    assert await listed(reception, {"sort": "due", "min_position": position, "limit": 2}) == [sooner, later]
    assert (await listed(reception, {"sort": "due"}))[-1] == without


async def test_late_is_what_is_late_now_and_does_not_wait_for_anything(reception: Reception) -> None:
    await reception.agree()
    late, _ = await reported(reception)
    waiting, _ = await reported(reception)
    await reception.do(f"/work-orders/{waiting}", "triage", {"priority": 1})
    last = await reception.do(f"/work-orders/{waiting}", "pause", {"reason": "parts"})
    assert await listed(reception, {"overdue": "true", "min_position": last.json()["position"]}) == []
    reception.clock.at = on(2, 16)
    assert await listed(reception, {"overdue": "true"}) == [late]
    counts = (await reception.see("/work-orders/counts")).json()
    assert counts == {"status": {"reported": 1, "paused": 1}, "open": 2, "overdue": 1}
    assert (await reception.see("/work-orders/counts", {"community": "harbour"})).json()["open"] == 0


@pytest.mark.parametrize("sort", ["newest", "due"])
async def test_pages_neither_repeat_nor_skip_while_others_report(reception: Reception, sort: str) -> None:
    await reception.agree()
    before: list[str] = []
    position = 0
    for number in range(11):
        order, position = await reported(reception)
        before.append(order)
        if number % 3:  # some at the very same moment
            reception.clock.pass_by(minutes=1)
    seen: list[str] = []
    path: str | None = f"/work-orders?limit=3&sort={sort}&min_position={position}&category=plumbing"
    while path is not None:
        answer = await reception.see(path)
        seen += [item["id"] for item in answer.json()["items"]]
        link = answer.links.get("next")
        path = link["url"] if link else None
        assert (path is None) == (answer.json()["next"] is None)
        last = 0
        for minutes in (-30, 0, 3):  # new ones before, among and behind what was shown
            _, last = await reported(reception, occurred_at=(on(2) + timedelta(minutes=minutes)).isoformat())
        assert await listed(reception, {"min_position": last})
    assert len(seen) == len(set(seen))
    expected = sorted(before, reverse=sort == "newest")
    assert [order for order in seen if order in before] == expected


async def test_a_cursor_is_good_for_its_own_question_only(reception: Reception) -> None:
    position = max([(await reported(reception))[1] for _ in range(3)])
    first = await reception.see("/work-orders", {"limit": 1, "min_position": position})
    cursor = first.json()["next"]
    assert (await reception.see("/work-orders", {"limit": 2, "cursor": cursor})).status_code == 200
    broken = cursor[:-4] + ("AAAA" if cursor[-4:] != "AAAA" else "BBBB")
    for query in (
        {"cursor": cursor, "sort": "due"},
        {"cursor": cursor, "community": "garden"},
        {"cursor": broken},
        {"cursor": "x"},
        {"cursor": ""},
        {"cursor": "５" * 20},
        {"cursor": cursor + "=="},
    ):
        answer = await reception.see("/work-orders", query)
        assert (answer.status_code, answer.json()["code"]) == (400, "Malformed"), query
        assert answer.json()["errors"][0]["parameter"] == "cursor"


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("colour=red", "colour"),
        ("status=lost", "status"),
        ("priority=7", "priority"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=many", "limit"),
        ("sort=oldest", "sort"),
        ("open=perhaps", "open"),
        ("overdue=false", "overdue"),
        ("reported_from=2026-03-02", "reported_from"),
        ("reported_from=2026-03-02T09:00:00", "reported_from"),
        ("min_position=-1", "min_position"),
        (f"min_position={2**63}", "min_position"),
        (f"q={'x' * 129}", "q"),
    ],
)
async def test_a_filter_that_cannot_be_read_is_named(reception: Reception, query: str, parameter: str) -> None:
    answer = await reception.see(f"/work-orders?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "Malformed")
    assert answer.json()["errors"][0]["parameter"] == parameter


async def test_an_unescaped_plus_in_a_moment_is_understood(reception: Reception) -> None:
    order, position = await reported(reception)
    for moment in ("2026-03-02T08:00:00+08:00", quote("2026-03-02T08:00:00+08:00")):
        path = f"/work-orders?reported_from={moment}&min_position={position}"
        assert [item["id"] for item in (await reception.see(path)).json()["items"]] == [order]


async def test_a_resolved_order_is_no_longer_late(reception: Reception) -> None:
    await reception.agree()
    order, _ = await reported(reception)
    await reception.do(f"/work-orders/{order}", "triage", {"priority": 1})
    done = await reception.do(f"/work-orders/{order}", "resolve", {"evidence": [PHOTO]})
    reception.clock.at = on(3)
    assert await listed(reception, {"overdue": "true", "min_position": done.json()["position"]}) == []
