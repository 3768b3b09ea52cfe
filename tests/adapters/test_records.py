"""Records of a delimited file: each with its line number; what is broken costs itself and nothing else."""

import gzip
from pathlib import Path

import pytest

from adapters.records import Broken, DelimitedFile, NoHeader, Record

HEADER = "id,note,place\n"


def written(folder: Path, text: str | bytes, name: str = "file.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def read(path: Path) -> list[Record | Broken]:
    with DelimitedFile(path) as file:
        return list(file)


def lines_of(found: list[Record | Broken], kind: type[Record | Broken]) -> list[int]:
    return [each.line for each in found if isinstance(each, kind)]


def test_a_record_has_the_number_of_the_line_it_starts_on(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER + '1,"two\nlines, and a comma",x\n\n2,"a ""word""",y\r\n3,,\n')
    assert read(path) == [
        Record(2, ["1", "two\nlines, and a comma", "x"]),
        Record(5, ["2", 'a "word"', "y"]),
        Record(6, ["3", "", ""]),
    ]


def test_a_quote_that_is_never_closed_costs_its_own_line_only(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER + '1,"broken,x\n2,fine,y\n3,"quoted, too",z\n4,last,w\n')
    found = read(path)
    assert lines_of(found, Broken) == [2]
    assert lines_of(found, Record) == [3, 4, 5]


def test_two_quotes_that_are_never_closed_do_not_swallow_what_lies_between(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER + '1,"broken,x\n2,fine,y\n3,"broken,z\n4,last,w\n')
    found = read(path)
    assert lines_of(found, Broken) == [2, 4]
    assert lines_of(found, Record) == [3, 5]


def test_a_quote_left_open_at_the_end_of_a_large_file_costs_one_line(tmp_path: Path) -> None:
    rows = [f"{number},fine,y\n" for number in range(2000)]
    rows[5] = '5,"broken,x\n'
    found = read(written(tmp_path, HEADER + "".join(rows)))
    assert lines_of(found, Broken) == [7]
    assert len(lines_of(found, Record)) == 1999


def test_quotes_escaped_by_backslashes_are_broken_quoting(tmp_path: Path) -> None:
    found = read(written(tmp_path, HEADER + '1,"he said \\"no\\"",x\n2,C:\\path,y\n'))
    assert lines_of(found, Broken) == [2]
    assert found[1] == Record(3, ["2", "C:\\path", "y"])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"1,too few\n", "2 fields instead of 3"),
        (b"1,too,many,fields\n", "4 fields instead of 3"),
        (b"1,\xff\xfe,x\n", "not UTF-8"),
        (b"1,zero\0byte,x\n", "zero byte"),
        (b"1," + b"a" * 1_100_000 + b",x\n", "longer than"),
    ],
)
def test_a_line_that_is_no_record_is_told_and_passed_over(tmp_path: Path, line: bytes, reason: str) -> None:
    broken, fine = read(written(tmp_path, HEADER.encode() + line + b"2,fine,y\n"))
    assert isinstance(broken, Broken)
    assert broken.line == 2
    assert reason in broken.reason
    assert fine == Record(3, ["2", "fine", "y"])


def test_a_byte_order_mark_is_not_part_of_the_first_name(tmp_path: Path) -> None:
    with DelimitedFile(written(tmp_path, "\ufeff" + HEADER)) as file:
        assert file.header == ["id", "note", "place"]


def test_an_archive_that_breaks_off_gives_what_was_before(tmp_path: Path) -> None:
    rows = "".join(f"{number},{number * 7919 % 1000},{number * 104729 % 99991}\n" for number in range(20_000))
    whole = gzip.compress((HEADER + rows).encode())
    found = read(written(tmp_path, whole[: len(whole) // 2], "file.csv.gz"))
    assert len(lines_of(found, Record)) > 1000
    last = found[-1]
    assert isinstance(last, Broken)
    assert "breaks off" in last.reason
    assert lines_of(found, Broken) == [last.line]


def test_a_file_without_a_header_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoHeader):
        read(written(tmp_path, ""))
