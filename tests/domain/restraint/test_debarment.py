"""Entries on lists of debarment: organisations only, each edition once, none from an older file."""

from datetime import date

import pytest
from msgspec.structs import replace

from domain.decider import Elapse
from domain.parties.credit_code import CreditCodeInvalid
from domain.restraint import company_words, debarment
from domain.restraint.debarment import Delist, Delisted, List, Listed
from tests.domain.small_town import on
from tests.scenario import given

CODE = "91110000600037341L"
LIST = List(
    at=on(2),
    list_key="dishonest",
    entry_key="e-1",
    name="明达水电有限公司",
    listed_on=date(2026, 1, 15),
    source="执行信息公开网",
    credit_code=CODE,
    until=date(2026, 3, 20),
    sha256="ab" * 32,
    retrieved_at=on(2),
)
LISTED = Listed(
    at=on(2),
    list_key="dishonest",
    entry_key="e-1",
    name="明达水电有限公司",
    listed_on=date(2026, 1, 15),
    source="执行信息公开网",
    credit_code=CODE,
    until=date(2026, 3, 20),
    sha256="ab" * 32,
    retrieved_at=on(2),
)


def test_an_entry_is_listed_and_the_same_entry_from_another_file_is_no_news() -> None:
    told = given(debarment.decider).when(replace(LIST, credit_code="91 110000 600037341l")).then(LISTED)
    told.when(replace(LIST, at=on(3), sha256="cd" * 32, retrieved_at=on(3))).then_nothing()
    told.when(Elapse(at=on(3), label="")).then_nothing()


def test_an_entry_with_other_data_is_another_edition_and_so_is_one_that_comes_back() -> None:
    longer = replace(LISTED, at=on(3), until=None)
    listed = given(debarment.decider, LISTED).when(replace(LIST, at=on(3), until=None)).then(longer)
    gone = listed.when(Delist(at=on(4), reason="gone_from_list")).then(Delisted(at=on(4), reason="gone_from_list"))
    gone.when(Delist(at=on(5), reason="mistake")).then_nothing()
    back = gone.when(replace(LIST, at=on(6), until=None)).then(replace(longer, at=on(6)))
    assert (listed.state.edition, back.state.edition, back.state.listed) == (2, 3, True)


def test_an_older_file_changes_nothing() -> None:
    listed = given(debarment.decider, LISTED)
    older = replace(LIST, name="明达", retrieved_at=on(1))
    assert listed.when(older).then_refused(debarment.NewerEditionKnown).details == {"known": on(2)}
    listed.when(Delist(at=on(3), reason="gone_from_list", retrieved_at=on(1))).then_refused(debarment.NewerEditionKnown)


def test_what_was_never_listed_is_not_delisted() -> None:
    given(debarment.decider).when(Delist(at=on(2), reason="mistake")).then_refused(debarment.NotListed)


def test_it_counts_until_its_last_day_is_over_in_china() -> None:
    entry = given(debarment.decider, LISTED).state
    assert entry.counts(on(20, 23, 59))
    assert not entry.counts(on(21, 0))
    assert not given(debarment.decider, LISTED, Delisted(at=on(3), reason="corrected")).state.counts(on(4))


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"name": "王小明", "credit_code": ""}, debarment.NamesAPerson),
        ({"name": "欧阳小明", "credit_code": ""}, debarment.NamesAPerson),
        ({"name": "阿卜杜拉·买买提", "credit_code": ""}, debarment.NamesAPerson),
        ({"credit_code": "11010119800101123X"}, debarment.NamesAPerson),
        ({"credit_code": "1101011980****123X"}, debarment.NamesAPerson),
        ({"reason": "法定代表人身份证 １１０１０１１９８００１０１１２３Ｘ 拒不履行"}, debarment.NamesAPerson),
        ({"entry_key": "11010119800101123X/2026-01-15"}, debarment.NamesAPerson),
        ({"credit_code": "91110000600037341N"}, CreditCodeInvalid),
        ({"until": date(2026, 1, 14)}, debarment.TermEndsBeforeListing),
        ({"listed_on": date(2026, 3, 3)}, debarment.ListedInTheFuture),
    ],
)
def test_what_is_no_entry_of_an_organisation_leaves_no_trace(
    changes: dict[str, object], refusal: type[debarment.NamesAPerson]
) -> None:
    given(debarment.decider).when(replace(LIST, **changes)).then_refused(refusal)


@pytest.mark.parametrize(
    ("name", "person"),
    [
        ("明达公司", False),
        ("李记饭店", False),
        ("张三小卖店", False),
        ("张建社", True),
        ("王行", True),
        ("Mingda Ltd", False),
        ("苏州明达水电工程有限公司", False),
    ],
)
def test_short_names_without_a_word_of_companies_are_taken_for_peoples(name: str, *, person: bool) -> None:
    assert company_words.looks_like_a_person(name) is person


def test_a_code_that_holds_digits_like_a_date_is_no_persons_number() -> None:
    code = next(c for c in _codes() if company_words.holds_resident_id(c))
    given(debarment.decider).when(replace(LIST, credit_code=code)).then(replace(LISTED, credit_code=code))


def _codes() -> list[str]:
    """Codes of companies registered in a district whose number ends in 19, with digits that could be a birthday."""
    from domain.parties import credit_code  # noqa: PLC0415 - only here

    found: list[str] = []
    for number in range(80_010_000, 80_019_999):
        organisation = f"{number:08}"
        first = f"91320519{organisation}{credit_code.organisation_check_digit(organisation)}"
        found.append(first + credit_code.check_digit(first))
    return found
