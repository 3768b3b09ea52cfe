"""Real input: Boston's service requests of half a year, judged by our clock exactly as the city judged them.

Every fifteenth row, and all that are odd. For all 58,119 of them: `linli import work-orders FILE --layout boston311`.
"""

import csv
import gzip
from collections import Counter
from pathlib import Path

import pytest

from adapters.door import LedgerDoor
from adapters.import_layout import layout
from adapters.importing import import_work_orders
from adapters.ledger import PostgresLedger

FILE = Path(__file__).parents[2] / "../shared/data/service-requests/boston311_2015H1.csv.gz"


def is_odd(row: dict[str, str]) -> bool:
    opened, target, closed = row["OPEN_DT"], row["TARGET_DT"], row["CLOSED_DT"]
    backwards = bool(closed) and closed < opened
    hurried = bool(target) and target <= opened
    changed_clocks = "2015-03-08T0" in opened + target + closed or "2015-11-01T0" in target + closed
    return not row["OnTime_Status"] or backwards or hurried or changed_clocks


@pytest.mark.skipif(not FILE.exists(), reason=f"needs the city's file at {FILE}")
async def test_the_citys_own_verdict_on_every_row(door: LedgerDoor, ledger: PostgresLedger, tmp_path: Path) -> None:
    path, flags, backwards = tmp_path / "some.csv", Counter[str](), 0
    with gzip.open(FILE, "rt", encoding="utf-8", newline="") as source, path.open("w", encoding="utf-8") as some:
        reader = csv.DictReader(source)
        writer = csv.DictWriter(some, reader.fieldnames or ())
        writer.writeheader()
        for number, row in enumerate(reader):
            if number % 15 and not is_odd(row):
                continue
            writer.writerow(row)
            if row["CLOSED_DT"] and row["CLOSED_DT"] < row["OPEN_DT"]:
                backwards += 1
            else:
                flags[row["OnTime_Status"]] += 1

    report = await import_work_orders(door, ledger, path, layout("boston311"))

    assert report.differing == []
    assert {"ONTIME": report.on_time, "OVERDUE": report.overdue, "": report.unflagged} == flags
    assert report.rejected == backwards == 84
    assert all("before it was opened" in reject.reason for reject in report.rejects)
    assert report.unflagged == 102
    assert report.imported == sum(flags.values()) > 3900
