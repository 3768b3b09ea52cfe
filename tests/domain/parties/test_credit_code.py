"""Credit codes: what is one is taken however it is written, what is not is refused for the part that is wrong."""

import csv
import json
from itertools import combinations
from pathlib import Path
from random import Random

import pytest

from domain.parties import credit_code
from domain.parties.credit_code import CHARACTERS, CLASSES, CreditCodeInvalid, valid

REAL = "91110000600037341L"
REGIONS = ("110000", "330100", "330106", "100000", "659012")
NEIGHBOURS = [(place, place + 1) for place in range(17)]


def made_up(random: Random) -> str:
    """Any code that the standard allows."""
    register = random.choice(list(CLASSES))
    body = "".join(random.choices(CHARACTERS, k=8))
    organisation = body + credit_code.organisation_check_digit(body)
    first = register + random.choice(CLASSES[register]) + random.choice(REGIONS) + organisation
    return first + credit_code.check_digit(first)


CODES = [made_up(Random(seed)) for seed in range(300)]  # noqa: S311 - no secret


def is_valid(text: str) -> bool:
    try:
        valid(text)
    except CreditCodeInvalid:
        return False
    return True


def swapped(code: str, one: int, other: int) -> str:
    characters = list(code)
    characters[one], characters[other] = code[other], code[one]
    return "".join(characters)


def refusal(text: str) -> dict[str, object]:
    with pytest.raises(CreditCodeInvalid) as refused:
        valid(text)
    return dict(refused.value.details)


@pytest.mark.parametrize(
    "written",
    [
        REAL,
        "91 110000 600037341L",
        "\t91110000600037341l\n",
        "９１１１００００６０００３７３４１Ｌ",
        "９１\u3000110000\u00a0600037341ｌ",
    ],
)
def test_a_code_is_understood_however_it_is_written(written: str) -> None:
    assert valid(written) == REAL


@pytest.mark.parametrize("code", [code for code in CODES if code[0] in "ANY"][:30])
def test_the_military_village_collectives_and_others_have_codes_too(code: str) -> None:
    assert valid(code) == code


def test_every_register_and_kind_of_the_standard_is_known_and_no_other() -> None:
    known = {one + two for one in CHARACTERS for two in CHARACTERS if two in CLASSES.get(one, "")}
    assert len(known) == 36
    assert {"11", "39", "52", "93", "A1", "N2", "N9", "Y1"} <= known
    for one in CHARACTERS:
        for two in CHARACTERS:
            first = one + two + REAL[2:17]
            assert is_valid(first + credit_code.check_digit(first)) == (one + two in known)


@pytest.mark.parametrize("region", REGIONS)
def test_a_region_may_be_a_province_or_a_city(region: str) -> None:
    first = "91" + region + REAL[8:17]
    assert is_valid(first + credit_code.check_digit(first))


@pytest.mark.parametrize(
    ("text", "details"),
    [
        ("", {"part": "length", "found": 0, "expected": 18}),
        ("12345", {"part": "length", "found": 5, "expected": 18}),
        (REAL + "1", {"part": "length", "found": 19, "expected": 18}),
        *(
            (f"91110000{letter}00037341L", {"part": "character", "found": letter, "position": 9})
            for letter in "IOSVZ-_é测\u200b\u0661"
        ),
        ("\ufb001110000600037341", {"part": "length", "found": 17, "expected": 18}),
        ("\ufb001110000600037341L", {"part": "character", "found": "\ufb00", "position": 1}),
        ("B1110000600037341L", {"part": "class", "found": "B1"}),
        ("94110000600037341L", {"part": "class", "found": "94"}),
        ("9111000A600037341L", {"part": "region", "found": "11000A"}),
        ("91010000600037341L", {"part": "region", "found": "010000"}),
        ("91110000600037342L", {"part": "organisation_check_digit", "found": "2", "position": 17}),
        ("91110000600037314L", {"part": "organisation_check_digit", "found": "4", "position": 17}),
        ("91110000600037341N", {"part": "check_digit", "found": "N", "position": 18}),
        ("91111000600037341L", {"part": "check_digit", "found": "L", "position": 18}),
    ],
)
def test_a_refusal_says_which_part_is_wrong(text: str, details: dict[str, object]) -> None:
    assert refusal(text) == details


def test_an_organisation_code_that_contradicts_itself_is_found_under_a_right_check_digit() -> None:
    first = "91110000" + "600037342"
    assert refusal(first + credit_code.check_digit(first))["part"] == "organisation_check_digit"


def test_every_single_wrong_character_is_found() -> None:
    for code in CODES:
        for place in range(18):
            for other in "".join(set(CHARACTERS) - {code[place]}) + "IOSVZ":
                assert not is_valid(code[:place] + other + code[place + 1 :]), (code, place, other)


def test_every_two_neighbours_that_were_swapped_are_found() -> None:
    tried = 0
    for code in CODES:
        for one, other in NEIGHBOURS:
            if code[one] != code[other]:
                assert not is_valid(swapped(code, one, other)), (code, one)
                tried += 1
    assert tried > 4000


def test_the_last_check_digit_alone_finds_each_of_these() -> None:
    """The promise of the standard, without the help of the other rules: by weights, for any difference of values."""
    weights = [pow(3, place, 31) for place in range(17)] + [1]
    for code in CODES:
        assert sum(CHARACTERS.index(letter) * weight for letter, weight in zip(code, weights, strict=True)) % 31 == 0
    differences = range(1, 31)
    assert all(weight * by % 31 for weight in weights for by in differences)
    blind = [
        (one, other)
        for one, other in combinations(range(18), 2)
        if any((weights[one] - weights[other]) * by % 31 == 0 for by in differences)
    ]
    assert blind == [(0, 17)]


def test_only_the_first_and_the_last_character_can_be_swapped_unseen() -> None:
    unseen = [
        code for code in CODES if code[0] != code[17] and code[1] in CLASSES.get(code[17], "") and code[17] in CLASSES
    ]
    assert unseen
    assert all(is_valid(swapped(code, 0, 17)) for code in unseen)


def test_real_codes_are_valid_and_what_is_wrong_with_others_is_told(data: Path) -> None:
    folder = data / "china"
    if not (folder / "uscc_valid_100.csv").exists() or not (folder / "uscc_invalid.json").exists():
        pytest.skip(f"no credit codes in {folder}")
    with (folder / "uscc_valid_100.csv").open(encoding="utf-8") as file:
        codes = [row["uscc"] for row in csv.DictReader(file)]
    assert len(codes) == 100
    assert [code for code in codes if not is_valid(code)] == []
    other = json.loads((folder / "uscc_invalid.json").read_text("utf-8"))
    parts = {"InvalidLength": "length", "InvalidFormat": "", "InvalidChecksum": "check_digit"}
    for code, why in other["invalid"]:
        assert parts[why] in {"", refusal(code)["part"]}, code
    for written, code in other["normalises"]:
        assert valid(written) == code
