"""What people read: nothing untranslated, and the language they asked for."""

import pytest

from api.problems import Kind, Problem, descendants, kinds
from api.sentences import chinese, event_label, language_of, say
from domain import lifecycles
from domain.admission import qualification_next
from domain.decider import Refused


def our_kinds() -> list[Kind]:
    """All kinds but those that other tests have defined for themselves."""
    all_of_them = [no for root in (Refused, Problem) for no in descendants(root)]
    elsewhere = {no.__name__ for no in all_of_them if no.__module__.startswith("test")}
    return [kind for kind in kinds() if kind.code not in elsewhere]


TAGS = [tag for decider in lifecycles.ALL for tag in decider.tags]


def test_every_no_has_a_sentence_in_chinese() -> None:
    assert {kind.code for kind in our_kinds() if kind.sentence not in chinese()} == set()


def test_every_no_says_something_in_english() -> None:
    assert {kind.code for kind in our_kinds() if not kind.sentence.endswith(".")} == set()


def test_no_two_refusals_share_a_code() -> None:
    codes = [refusal.__name__ for refusal in descendants(Refused)]
    assert len(codes) == len(set(codes))


def test_every_event_has_a_name_in_chinese() -> None:
    assert {tag for tag in TAGS if event_label(tag, "zh") == event_label(tag, "en")} == set()


def test_the_same_english_word_may_be_another_one_in_chinese() -> None:
    assert {event_label(tag, "en") for tag in ("work_order.closed", "area.closed")} == {"Closed"}
    assert (event_label("work_order.closed", "zh"), event_label("area.closed", "zh")) == ("已结单", "已撤销")


def test_the_catalogue_holds_nothing_that_nobody_says() -> None:
    said = {kind.sentence for kind in our_kinds()} | {event_label(tag, "en") for tag in TAGS} | set(TAGS)
    said |= set(qualification_next.SENTENCES.values())
    assert set(chinese()) - said == set()
    assert set(qualification_next.SENTENCES.values()) - set(chinese()) == set()


def test_what_nobody_has_translated_is_said_in_english() -> None:
    assert say("A sentence of tomorrow.", "zh") == "A sentence of tomorrow."


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "zh"),
        ("", "zh"),
        ("en", "en"),
        ("EN-gb", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("de, en;q=0.5, zh;q=0.4", "en"),
        ("de-AT", "zh"),
        ("*", "zh"),
        ("en;q=0", "zh"),
        ("en;q=high", "zh"),
        ("zh;q=0.1,en", "en"),
    ],
)
def test_the_language_is_the_best_of_ours(header: str | None, language: str) -> None:
    assert language_of(header) == language
