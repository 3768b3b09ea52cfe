"""Lists of debarment come in through the door: organisations only, in whatever encoding, and out when they left."""

import gzip
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from adapters.debarment_lists import (
    ColumnMissing,
    NotAList,
    OlderFile,
    Report,
    Source,
    entries_of,
    import_debarments,
)
from adapters.door import LedgerDoor
from adapters.ledger import PostgresLedger
from adapters.records import NoHeader
from domain.restraint import debarment
from domain.restraint.debarment import Debarment
from tests import everybody

AT = datetime(2026, 3, 2, 1, tzinfo=UTC)
CODE = "91110000600037341L"
HEADER = "name,credit_code,reason,listed_on,until\n"
ROWS = f"明达水电有限公司,{CODE},拒不履行,2026-01-15,2028-01-14\n宏远物业有限公司,,偷税,2026/2/1,\n"
PERSON = "11010119800101123X"


def written(folder: Path, text: str, name: str = "list.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


class Office:
    """Imports one list, a day after the other."""

    def __init__(self, ledger: PostgresLedger, folder: Path) -> None:
        self.ledger = ledger
        self.folder = folder
        self.door: LedgerDoor = everybody.door_to(ledger)
        self.day = 0

    async def take(self, text: str, *, whole: bool = True, encoding: str = "utf-8", days: int = 1) -> Report:
        self.day += days
        path = written(self.folder, text, f"day{self.day}.csv", encoding)
        return await self.take_file(path, whole=whole)

    async def take_file(self, path: Path, *, whole: bool = True) -> Report:
        at = AT + timedelta(days=self.day)
        source = Source("dishonest", "执行信息公开网", at, whole)
        return await import_debarments(self.door, self.ledger, path, source, at)

    async def listed(self) -> dict[str, Debarment]:
        known = await entries_of(self.ledger, "dishonest")
        return {entry.name: entry for entry in known.values() if entry.listed}


@pytest.fixture
def office(ledger: PostgresLedger, tmp_path: Path) -> Office:
    return Office(ledger, tmp_path)


def reasons(report: Report) -> list[tuple[int, str]]:
    return [(row.line, row.reason.partition(":")[0]) for row in report.rejects]


async def test_a_list_comes_in_with_where_it_is_from(office: Office) -> None:
    report = await office.take(HEADER + ROWS)
    assert (report.rows, report.imported, report.known, report.rejected) == (2, 2, 0, 0)
    entry = (await office.listed())["明达水电有限公司"]
    assert (entry.credit_code, entry.reason, entry.listed_on, entry.until) == (
        CODE,
        "拒不履行",
        date(2026, 1, 15),
        date(2028, 1, 14),
    )
    assert (entry.source, len(entry.sha256), entry.retrieved_at) == ("执行信息公开网", 64, AT + timedelta(days=1))
    events = await office.ledger.page()
    assert all(event.meta is not None and b'"actor":"import"' in event.meta for event in events)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "gbk"])
async def test_it_may_be_written_as_chinese_offices_do(office: Office, encoding: str) -> None:
    text = "单位名称,统一社会信用代码,列入原因,列入日期,有效期至\n" + ROWS.replace("2026/2/1", "2026年2月1日")
    report = await office.take(text, encoding=encoding)
    assert (report.imported, report.rejected) == (2, 0)
    assert (await office.listed())["宏远物业有限公司"].listed_on == date(2026, 2, 1)


async def test_one_broken_line_does_not_make_it_another_encoding(office: Office) -> None:
    path = office.folder / "list.csv"
    path.write_bytes((HEADER + ROWS).encode() + "坏行有限公司,,x,2026-01-01,\n".encode("gb18030"))
    report = await office.take_file(path)
    assert (report.imported, reasons(report)) == (2, [(4, "not UTF-8")])


async def test_a_second_run_adds_nothing_and_neither_does_another_file_with_the_same_rows(office: Office) -> None:
    await office.take(HEADER + ROWS)
    head = await office.ledger.head()
    again = await office.take(HEADER + "\n" + ROWS)
    assert (again.imported, again.known, again.delisted) == (0, 2, 0)
    assert await office.ledger.head() == head


async def test_what_has_disappeared_from_a_newer_file_is_delisted_and_may_come_back(office: Office) -> None:
    await office.take(HEADER + ROWS)
    first = ROWS.splitlines(keepends=True)[0]
    report = await office.take(HEADER + first)
    assert (report.delisted, list(await office.listed())) == (1, ["明达水电有限公司"])
    assert (await office.take(HEADER + ROWS)).imported == 1
    assert (await office.listed())["宏远物业有限公司"].edition == 2


async def test_a_changed_row_is_another_edition(office: Office) -> None:
    await office.take(HEADER + ROWS)
    report = await office.take(HEADER + ROWS.replace("2028-01-14", ""))
    assert (report.imported, report.known) == (1, 1)
    assert (await office.listed())["明达水电有限公司"].edition == 2


async def test_an_older_file_is_refused_as_a_whole(office: Office) -> None:
    await office.take(HEADER + ROWS)
    with pytest.raises(OlderFile):
        await office.take(HEADER + ROWS.splitlines(keepends=True)[0], days=-1)
    assert len(await office.listed()) == 2


async def test_bad_rows_are_told_by_their_line_and_all_others_are_in(office: Office) -> None:
    report = await office.take(
        HEADER
        + ROWS
        + "坏码有限公司,91110000600037341N,x,2026-01-01,\n"
        + ",,x,2026-01-01,\n"
        + "无日有限公司,,x,,\n"
        + "怪日有限公司,,x,2026-02-30,\n"
        + "倒期有限公司,,x,2026-02-03,2026-02-02\n"
        + "未来有限公司,,x,2027-02-03,\n"
        + "宏远物业有限公司,,偷税,2026-02-01,\n"
        + "少列有限公司,2026-02-03\n"
        + f"{'长' * 130}公司,,x,2026-01-01,\n"
    )
    assert reasons(report) == [
        (4, "CreditCodeInvalid"),
        (5, "no name"),
        (6, "no listed_on"),
        (7, "listed_on is no day, such as 2026-03-02"),
        (8, "TermEndsBeforeListing"),
        (9, "ListedInTheFuture"),
        (10, "it was on line 3 already"),
        (11, "2 fields instead of 5"),
        (12, "name of 132 characters, at most 128"),
    ]
    assert list(await office.listed()) == ["明达水电有限公司", "宏远物业有限公司"]


async def test_nothing_of_a_person_is_kept_or_told(office: Office) -> None:
    report = await office.take(
        HEADER
        + f"王小明,{PERSON},拒不履行,2026-01-15,\n"
        + "欧阳小明,1101011980****123X,拒不履行,2026-01-15,\n"
        + "李四,,拒不履行,2026-01-15,\n"
        + f"明达水电有限公司,,法定代表人{PERSON},2026-01-15,\n"
        + f"小明饭店({PERSON}),,x,2026-01-15,\n"
    )
    assert reasons(report) == [(line, "NamesAPerson") for line in (2, 3, 4, 5, 6)]
    assert await office.ledger.head() == 0
    assert not any("小明" in str(row) or PERSON in str(row) for row in report.rejects)


async def test_two_cases_of_one_organisation_on_one_day_are_two_entries(office: Office) -> None:
    case = "名称,信用代码,列入原因,列入日期,案号\n"
    report = await office.take(
        case
        + f"明达水电有限公司,{CODE},甲,2026-01-15,(2026)苏01执1号\n"
        + f"明达水电有限公司,{CODE},甲,2026-01-15,(2026)苏01执2号\n"
    )
    assert (report.imported, report.rejected) == (2, 0)
    without = await office.take(HEADER + "甲公司,,甲,2026-01-15,\n甲公司,,乙,2026-01-15,\n", whole=False)
    assert (without.imported, without.rejected) == (2, 0)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (HEADER, "nothing in the file could be imported"),
        (HEADER + "某某有限公司,,x,never,\n", "nothing in the file could be imported"),
        (HEADER + ROWS.splitlines(keepends=True)[0] + "乱\n", "the file holds lines that cannot be read"),
    ],
)
async def test_a_file_that_may_not_hold_all_takes_nobody_off(office: Office, text: str, why: str) -> None:
    await office.take(HEADER + ROWS)
    report = await office.take(text)
    assert (report.delisted, report.nobody_delisted_because) == (0, why)
    assert len(await office.listed()) == 2
    part = await office.take(HEADER + ROWS.splitlines(keepends=True)[0], whole=False)
    assert (part.delisted, part.nobody_delisted_because) == (0, "the file is a part of the list only")


async def test_a_row_that_has_become_bad_keeps_its_entry_on_the_list(office: Office) -> None:
    await office.take(HEADER + ROWS)
    report = await office.take(HEADER + ROWS.replace("2026/2/1", "soon"))
    assert (report.rejected, report.delisted, len(await office.listed())) == (1, 0, 2)


async def test_what_was_entered_by_hand_stays_whatever_a_file_says(office: Office) -> None:
    key, door = "by-hand", office.door
    command = debarment.List(
        at=AT,
        list_key="dishonest",
        entry_key=key,
        name="手录有限公司",
        listed_on=date(2026, 1, 1),
        source="公告",
    )
    from domain.ports import Context  # noqa: PLC0415 - only here

    await door.execute(
        debarment.decider, debarment.stream("dishonest", key), command, Context(actor="officer", occurred_at=AT)
    )
    assert (await office.take(HEADER + ROWS)).delisted == 0
    assert "手录有限公司" in await office.listed()


async def test_a_file_without_the_columns_or_a_list_without_a_key_is_refused(office: Office) -> None:
    with pytest.raises(ColumnMissing):
        await office.take("name,until\nx,y\n")
    with pytest.raises(NoHeader):
        await office.take("")
    source = Source("Not A List", "x", AT)
    with pytest.raises(NotAList):
        await import_debarments(office.door, office.ledger, Path("none.csv"), source, AT)
    with pytest.raises(FileNotFoundError):
        await office.take_file(office.folder / "none.csv")


async def test_it_may_be_compressed(office: Office) -> None:
    path = office.folder / "list.csv.gz"
    path.write_bytes(gzip.compress((HEADER + ROWS).encode("gb18030")))
    assert (await office.take_file(path)).imported == 2
