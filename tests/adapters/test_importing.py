"""An import comes through the door like everything else: each row once, the bad ones told, the rest in."""

import asyncio
import csv
import gzip
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.door import LedgerDoor
from adapters.import_layout import LayoutMismatch, UnknownLayout, known_layouts, layout
from adapters.importing import Report, import_work_orders
from adapters.intake import Progress
from adapters.ledger import PostgresLedger
from domain import work_order
from domain.decider import derived_id
from domain.work_order import Status, WorkOrder
from tests import everybody

BOSTON = layout("boston311")
HEADER = (
    "CASE_ENQUIRY_ID,OPEN_DT,TARGET_DT,CLOSED_DT,OnTime_Status,CASE_STATUS,CLOSURE_REASON,SUBJECT,REASON,TYPE,QUEUE,"
    "Department,neighborhood,ward,LATITUDE,LONGITUDE,Source"
)
DATA = Path(__file__).parents[2] / "../shared/data/service-requests/boston311_2015H1.csv.gz"


def row(
    key: str,
    opened: str = "2015-03-02T09:00:00",
    target: str = "2015-03-09T08:30:00",
    closed: str = "2015-03-04T10:00:00",
    flag: str = "ONTIME",
) -> str:
    return (
        f"{key},{opened},{target},{closed},{flag},Closed,done,Public Works,Street Lights,Street Light Outages,"
        "PWDx_Street Lights,PWDx,Roxbury,Ward 9,42.33,-71.09,Self Service"
    )


def written(folder: Path, *rows: str) -> Path:
    path = folder / "cases.csv"
    path.write_text("\n".join([HEADER, *rows, ""]), encoding="utf-8")
    return path


async def imported(door: LedgerDoor, ledger: PostgresLedger, path: Path) -> Report:
    return await import_work_orders(door, ledger, path, BOSTON)


async def case(door: LedgerDoor, key: str) -> WorkOrder:
    return (await door.load(work_order.decider, derived_id("work_order", f"boston311/{key}"))).state


async def streams_and_events(ledger: PostgresLedger) -> tuple[int, int]:
    found = await ledger.pool.fetchrow("SELECT count(DISTINCT originator_id), count(*) FROM linli_events")
    assert found is not None
    return found[0], found[1]


async def said(ledger: PostgresLedger, key: str, sealed: str) -> str:
    """What was said in a sealed text of a case."""
    place = (derived_id("work_order", f"boston311/{key}"), sealed)
    return (await everybody.vault_on(ledger).open([place]))[place].text


async def test_a_case_becomes_a_work_order_with_its_own_times(
    door: LedgerDoor, ledger: PostgresLedger, tmp_path: Path
) -> None:
    report = await imported(door, ledger, written(tmp_path, row("1")))
    order = await case(door, "1")
    assert order.status is Status.CLOSED
    assert order.reported_at == datetime(2015, 3, 2, 14, tzinfo=UTC)
    assert order.resolution_due == datetime(2015, 3, 9, 12, 30, tzinfo=UTC)  # the clocks went forward in between
    assert order.resolved_at == order.closed_at == datetime(2015, 3, 4, 15, tzinfo=UTC)
    assert (order.community, order.category) == ("Roxbury", "Street Light Outages")
    assert (order.company, order.team) == ("PWDx", "PWDx_Street Lights")
    assert (order.channel, order.external_key) == ("resident", "1")
    assert [await said(ledger, "1", item.text) for item in order.evidence] == ["done"]
    assert (report.rows, report.imported, report.on_time, report.differences) == (1, 1, 1, 0)


async def test_envelopes_say_when_it_happened(door: LedgerDoor, ledger: PostgresLedger, tmp_path: Path) -> None:
    await imported(door, ledger, written(tmp_path, row("1")))
    meta = (await ledger.page())[-1].meta
    assert meta is not None
    assert b'"occurred_at":"2015-03-04T15:00:00Z"' in meta
    assert b'"actor":"import:boston311"' in meta


@pytest.mark.parametrize(
    ("target", "closed", "flag"),
    [
        ("2015-03-09T08:30:00", "2015-03-09T08:30:00", "ONTIME"),  # at the very moment
        ("2015-03-09T08:30:00", "2015-03-09T08:30:01", "OVERDUE"),
        ("2015-03-02T09:00:00", "2015-03-02T09:00:01", "OVERDUE"),  # due when it was reported
        ("", "2015-12-01T09:00:00", "ONTIME"),  # nothing promised
        ("2015-03-09T08:30:00", "", "OVERDUE"),  # open
        ("2016-01-13T00:00:00", "", "ONTIME"),  # open, due when the file was written
        ("2016-01-12T23:59:59", "", "OVERDUE"),
        ("", "", "ONTIME"),
        ("2015-11-01T01:30:00", "2015-11-01T01:45:00", "OVERDUE"),  # in the hour that happened twice
        ("2015-03-08T02:30:00", "2015-03-08T03:15:00", "ONTIME"),  # in the hour that never happened
    ],
)
async def test_judges_by_its_own_records_as_the_file_does(  # noqa: PLR0917 - half of them are fixtures
    door: LedgerDoor, ledger: PostgresLedger, tmp_path: Path, target: str, closed: str, flag: str
) -> None:
    report = await imported(door, ledger, written(tmp_path, row("1", target=target, closed=closed, flag=flag)))
    assert report.differing == []
    assert (report.on_time, report.overdue) == ((1, 0) if flag == "ONTIME" else (0, 1))


async def test_a_flag_that_our_records_do_not_bear_out_is_a_difference(
    door: LedgerDoor, ledger: PostgresLedger, tmp_path: Path
) -> None:
    report = await imported(door, ledger, written(tmp_path, row("1"), row("2", flag="OVERDUE"), row("3", flag="")))
    assert (report.on_time, report.overdue, report.unflagged, report.differences) == (2, 0, 1, 1)
    assert [(each.line, each.key, each.ours, each.theirs) for each in report.differing] == [(3, "2", True, False)]


BAD = [
    (row("b1", closed="2015-03-01T10:00:00"), "closed (2015-03-01T10:00:00) before it was opened"),
    (row("b2", opened="yesterday"), "opened at an unreadable date: 'yesterday'"),
    (row("b3", closed="2015-02-30T10:00:00"), "closed at an unreadable date"),
    (row("b4", opened="0002-03-01T10:00:00"), "opened in the year 2"),
    (row("b5", target="9999-12-31T00:00:00"), "target in the year 9999"),
    (row("b6", opened=""), "no opening date"),
    (row(""), "no key"),
    (row("good 1"), "key good 1 was on line 2 already"),
    (row("b8") + ",more", "18 fields instead of 17"),
    (row('"b9'), "broken quoting"),
    (row("b10").replace("done", '"said \\"no\\""'), "broken quoting"),
    (row("k" * 200), "key of 200 characters, at most 128"),
]


async def test_bad_rows_are_told_with_line_and_reason_and_all_others_are_in(
    door: LedgerDoor, ledger: PostgresLedger, tmp_path: Path
) -> None:
    rows = [row("good 1")]
    for number, (bad, _) in enumerate(BAD, 2):
        rows += [bad, row(f"good {number}")]
    report = await imported(door, ledger, written(tmp_path, *rows))
    assert [reject.line for reject in report.rejects] == [3 + 2 * number for number in range(len(BAD))]
    for (_, reason), reject in zip(BAD, report.rejects, strict=True):
        assert reason in reject.reason
    assert (report.rows, report.rejected, report.imported) == (2 * len(BAD) + 1, len(BAD), len(BAD) + 1)
    for number in range(1, len(BAD) + 2):
        assert (await case(door, f"good {number}")).status is Status.CLOSED


async def test_a_row_that_is_bad_does_not_take_the_key_of_a_good_one(
    door: LedgerDoor, ledger: PostgresLedger, tmp_path: Path
) -> None:
    report = await imported(door, ledger, written(tmp_path, row("1", opened="?"), row("1")))
    assert [reject.line for reject in report.rejects] == [2]
    assert report.imported == 1


async def test_a_second_run_imports_nothing_twice(door: LedgerDoor, ledger: PostgresLedger, tmp_path: Path) -> None:
    path = written(tmp_path, *(row(str(number)) for number in range(50)), row("7"))
    first = await imported(door, ledger, path)
    before = await streams_and_events(ledger)
    second = await imported(everybody.door_to(ledger), ledger, path)
    assert await streams_and_events(ledger) == before
    assert (first.imported, second.imported, second.known) == (50, 0, 50)
    assert (second.on_time, second.rejected, second.differences) == (first.on_time, first.rejected, 0)


async def test_a_row_that_has_changed_since_is_told(door: LedgerDoor, ledger: PostgresLedger, tmp_path: Path) -> None:
    await imported(door, ledger, written(tmp_path, row("1", closed=""), row("2")))
    report = await imported(door, ledger, written(tmp_path, row("1"), row("2")))
    assert [(each.line, each.key) for each in report.rejects] == [(2, "1")]
    assert "before, with another content" in report.rejects[0].reason


async def test_an_interrupted_import_goes_on(door: LedgerDoor, ledger: PostgresLedger, tmp_path: Path) -> None:
    path = written(tmp_path, *(row(str(number)) for number in range(1500)))
    begun = asyncio.Event()

    def told(progress: Progress) -> None:
        if progress.rows >= 512:
            begun.set()

    importing = asyncio.create_task(import_work_orders(door, ledger, path, BOSTON, told))
    await begun.wait()
    importing.cancel()
    await asyncio.gather(importing, return_exceptions=True)
    interrupted, _ = await streams_and_events(ledger)
    assert 0 < interrupted < 1500
    report = await imported(everybody.door_to(ledger), ledger, path)
    assert await streams_and_events(ledger) == (1500, 1500 * 7 - 1500)
    assert report.imported + report.known == report.on_time == 1500
    assert report.known >= interrupted


SECOND_CITY = """
name = "springfield"
zone = "America/Chicago"
extracted = 2020-06-01T00:00:00
delimiter = ";"
times = "%d/%m/%Y %H:%M"

[columns]
key = "Ref"
opened = "Created"
target = "Due"
closed = "Done"
on_time = "Late?"

[words.on_time]
no = true
yes = false

[order]
category = "{Kind}"
summary = "{Kind} ({Remark})"

[otherwise]
community = "Springfield"
"""


def second_city(folder: Path, rows: Sequence[Sequence[str]]) -> Path:
    path = folder / "springfield.csv.gz"
    with gzip.open(path, "wt", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, delimiter=";").writerows([("Ref", "Kind", "Remark", "Created", "Due", "Done", "Late?"), *rows])
    return path


async def test_a_second_city_is_a_few_lines(door: LedgerDoor, ledger: PostgresLedger, tmp_path: Path) -> None:
    start = datetime(2020, 5, 1, 12)  # noqa: DTZ001 - a wall-clock time of the file

    def said(days: int) -> str:
        return f"{start + timedelta(days=days):%d/%m/%Y %H:%M}"

    rows = [
        (f"S-{number}", "Pothole", "deep;\n wide", said(0), said(10), said(number), "no" if number <= 10 else "yes")
        for number in range(20)
    ]
    path = tmp_path / "springfield.toml"
    path.write_text(SECOND_CITY, encoding="utf-8")
    city = layout(str(path))
    report = await import_work_orders(door, ledger, second_city(tmp_path, rows), city)
    assert report.rejects == []
    assert (report.on_time, report.overdue, report.differences) == (11, 9, 0)
    order = (await door.load(work_order.decider, derived_id("work_order", "springfield/S-3"))).state
    stream = derived_id("work_order", "springfield/S-3")
    summary = (await everybody.vault_on(ledger).open([(stream, order.summary)]))[stream, order.summary].text
    assert (summary, order.community, order.company) == ("Pothole (deep; wide)", "Springfield", "")
    assert order.reported_at == datetime(2020, 5, 1, 17, tzinfo=UTC)


async def test_a_file_of_another_layout_is_refused_as_a_whole(
    door: LedgerDoor, ledger: PostgresLedger, tmp_path: Path
) -> None:
    path = tmp_path / "other.csv"
    path.write_text("id,when\n1,2015-01-01\n", encoding="utf-8")
    with pytest.raises(LayoutMismatch, match="no column 'CASE_ENQUIRY_ID', only id, when"):
        await imported(door, ledger, path)
    assert await ledger.head() == 0


def test_a_layout_that_is_not_there_or_not_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownLayout, match="boston311"):
        layout("atlantis")
    path = tmp_path / "wrong.toml"
    path.write_text('name = "x"\nzone = "Mars/Olympus"\n', encoding="utf-8")
    with pytest.raises(UnknownLayout, match="zone"):
        layout(str(path))
    assert known_layouts() == ["boston311"]
