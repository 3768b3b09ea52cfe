"""The area tree comes in through the door: from the top down whatever the order, each area once, the bad rows told."""

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.door import LedgerDoor
from adapters.import_areas import ColumnMissing, import_areas, summary
from adapters.intake import Progress, Tally
from adapters.ledger import PostgresLedger
from adapters.records import NoHeader
from domain.parties import area
from domain.ports import Context
from tests import everybody

AT = datetime(2026, 3, 2, 1, tzinfo=UTC)
TREE = '33,"浙江省"\n3301,"杭州市"\n330106,"西湖区"\n330106001,"翠苑街道"\n330106001001,"翠苑一区"\n'


def written(folder: Path, rows: str, name: str = "areas.csv", header: str = "code,name") -> Path:
    path = folder / name
    path.write_text(f"{header}\n{rows}", encoding="utf-8")
    return path


async def imported(door: LedgerDoor, *paths: Path) -> Tally:
    return await import_areas(door, paths, AT)


async def names(door: LedgerDoor, *codes: str) -> list[str]:
    return [(await door.load(area.decider, area.stream(code))).state.name for code in codes]


async def test_a_tree_comes_in_from_files_in_any_order_and_with_other_columns(door: LedgerDoor, tmp_path: Path) -> None:
    lower = written(tmp_path, "翠苑街道,330106001,x\n西湖区,330106,y\n", "lower.csv", "name,code,provinceCode")
    with gzip.open(tmp_path / "upper.csv.gz", "wt", encoding="utf-8-sig") as file:
        file.write('code,name\n3301,"杭州市"\n33,"浙江省"\n')
    tally = await imported(door, lower, tmp_path / "upper.csv.gz")
    assert (tally.rows, tally.imported, tally.known, tally.rejected) == (4, 4, 0, 0)
    assert await names(door, "33", "3301", "330106", "330106001") == ["浙江省", "杭州市", "西湖区", "翠苑街道"]


async def test_envelopes_say_that_it_was_an_import(door: LedgerDoor, ledger: PostgresLedger, tmp_path: Path) -> None:
    await imported(door, written(tmp_path, TREE))
    events = await ledger.page()
    assert len(events) == 5
    for event in events:
        assert event.meta is not None
        assert b'"actor":"import"' in event.meta
        assert b'"occurred_at":"2026-03-02T01:00:00Z"' in event.meta
        assert b'"correlation_id":"import/area/33' in event.meta


async def test_a_second_run_adds_nothing(door: LedgerDoor, ledger: PostgresLedger, tmp_path: Path) -> None:
    path = written(tmp_path, TREE)
    await imported(door, path)
    head = await ledger.head()
    again = await import_areas(everybody.door_to(ledger), [path], datetime(2027, 1, 1, tzinfo=UTC))
    assert (again.imported, again.known, again.rejected) == (0, 5, 0)
    assert await ledger.head() == head


async def test_what_somebody_entered_by_hand_is_known(door: LedgerDoor, tmp_path: Path) -> None:
    command = area.Register(at=AT, code="33", name="浙江省")
    await door.execute(area.decider, area.stream("33"), command, Context(actor="clerk", occurred_at=AT))
    tally = await imported(door, written(tmp_path, TREE))
    assert (tally.imported, tally.known) == (4, 1)


BAD = [
    ("x1,某地", "The code of an area has"),
    ("330,某地", "The code of an area has"),
    (",某地", "The code of an area has"),
    ("330107,", "name of 0 characters"),
    (f"330107,{'长' * 129}", "name of 129 characters"),
    ("330106,西湖区", "code 330106 was on line 4 of areas.csv already"),
    ("990101,某地", "the area above, 9901, is not registered, or closed"),
    ("990101001001,某地", "the area above, 990101001, is not registered, or closed"),
    ("330107,某地,more", "3 fields instead of 2"),
    ('330107,"某地', "broken quoting"),
]


async def test_bad_rows_are_told_with_file_line_and_reason_and_all_others_are_in(
    door: LedgerDoor, tmp_path: Path
) -> None:
    rows = TREE + "".join(f"{bad}\n3301060{number},好街道\n" for number, (bad, _) in enumerate(BAD, 20))
    tally = await imported(door, written(tmp_path, rows))
    assert [(reject.file, reject.line) for reject in tally.rejects] == [
        ("areas.csv", 7 + 2 * number) for number in range(len(BAD))
    ]
    for (_, reason), reject in zip(BAD, tally.rejects, strict=True):
        assert reason in reject.reason
    assert (tally.rows, tally.imported, tally.rejected) == (5 + 2 * len(BAD), 5 + len(BAD), len(BAD))
    assert set(await names(door, *(f"3301060{number}" for number in range(20, 20 + len(BAD))))) == {"好街道"}


async def test_what_lacked_its_place_comes_in_once_the_place_is_there(door: LedgerDoor, tmp_path: Path) -> None:
    street = written(tmp_path, "330106001,翠苑街道\n", "streets.csv")
    assert (await imported(door, street)).rejected == 1
    again = await imported(door, street, written(tmp_path, "3301,杭州市\n330106,西湖区\n"))
    assert (again.imported, again.rejected) == (3, 0)


async def test_another_name_for_what_was_imported_is_told(door: LedgerDoor, tmp_path: Path) -> None:
    await imported(door, written(tmp_path, TREE))
    tally = await imported(door, written(tmp_path, "33,浙江\n"))
    assert [reject.reason for reject in tally.rejects] == ["it was imported before, under another name"]


async def test_another_name_for_what_was_entered_by_hand_is_told(door: LedgerDoor, tmp_path: Path) -> None:
    command = area.Register(at=AT, code="33", name="浙江")
    await door.execute(area.decider, area.stream("33"), command, Context(actor="clerk", occurred_at=AT))
    tally = await imported(door, written(tmp_path, '33,"浙江省"\n'))
    assert [reject.reason.partition(":")[0] for reject in tally.rejects] == ["AreaAlreadyRegistered"]


async def test_nothing_comes_in_below_what_is_closed(door: LedgerDoor, tmp_path: Path) -> None:
    await imported(door, written(tmp_path, TREE))
    close = area.Close(at=AT, reason="merged")
    await door.execute(area.decider, area.stream("330106"), close, Context(actor="clerk", occurred_at=AT))
    tally = await imported(door, written(tmp_path, "330106002,文新街道\n"))
    assert [reject.key for reject in tally.rejects] == ["330106002"]


async def test_a_file_without_the_columns_is_refused_and_nothing_comes_in(
    door: LedgerDoor, ledger: PostgresLedger, tmp_path: Path
) -> None:
    good = written(tmp_path, TREE)
    with pytest.raises(ColumnMissing, match=r"other\.csv has no column 'name', only code, title"):
        await imported(door, good, written(tmp_path, "33,浙江省\n", "other.csv", "code,title"))
    empty = tmp_path / "empty.csv"
    empty.write_bytes(b"")
    with pytest.raises(NoHeader):
        await imported(door, good, empty)
    assert await ledger.head() == 0


async def test_it_says_how_far_it_is(door: LedgerDoor, tmp_path: Path) -> None:
    heard: list[Progress] = []
    rows = TREE + "".join(f"3301060010{number:02},社区\n" for number in range(10, 99))
    tally = await import_areas(door, [written(tmp_path, rows)], AT, heard.append)
    assert heard[-1] == Progress(94, 94, 94, 0)
    assert all(0 <= progress.done <= progress.of for progress in heard)
    numbers = summary(tally)
    assert (numbers.rows, numbers.imported, numbers.known, numbers.rejected) == (94, 94, 0, 0)
    assert numbers.seconds > 0


async def test_the_real_tree_comes_in_whole(door: LedgerDoor, ledger: PostgresLedger, data: Path) -> None:
    """Provinces, cities and districts. For all 52,460 areas: `linli import areas` with the five files."""
    paths = [data / "china" / f"{name}.csv" for name in ("areas", "cities", "provinces")]
    if not all(path.exists() for path in paths):
        pytest.skip(f"no area tree in {data / 'china'}")
    tally = await imported(door, *paths)
    assert (tally.rows, tally.imported, tally.rejects) == (3351, 3351, [])
    found = await ledger.pool.fetchval("SELECT count(DISTINCT originator_id) FROM linli_events")
    assert found == 3351
    assert await names(door, "330106", "659012") == ["西湖区", "白杨市"]
