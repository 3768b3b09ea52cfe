"""Sealed data in an answer of any shape is opened in one go and shown as the viewer may see it."""

from collections.abc import Mapping
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.disclosing import UNREADABLE, Part, Seen, Sees, disclose
from domain.privacy.personal import ERASED, Kind
from domain.privacy.showing import Shown
from tests.api.office import PaperVault

ONE, TWO = UUID(int=1), UUID(int=2)


class Inner(msgspec.Struct, frozen=True):
    """A part of an answer."""

    text: str
    number: int = 0


class Answer(msgspec.Struct, frozen=True):
    """An answer."""

    summary: str = ""
    company: str = "fixit"
    inner: Inner | None = None
    many: tuple[Inner, ...] = ()
    data: Mapping[str, object] = {}


def everybody(how: Shown) -> Sees:
    def sees(subject: str, kind: Kind) -> Shown:
        del subject, kind
        return how

    return sees


async def test_texts_are_opened_wherever_they_stand_with_one_call_for_all_parts() -> None:
    vault = PaperVault()
    tokens = [vault.seal(ONE, "anna", Kind.FREE_TEXT, f"text {n}") for n in range(5)]
    other = vault.seal(TWO, "bo", Kind.FREE_TEXT, "of bo")
    first = Answer(
        summary=tokens[0],
        inner=Inner(tokens[1], 7),
        many=(Inner(tokens[2]), Inner("plain")),
        data={"list": [tokens[3], 5, None], "deep": {"text": f"said: {tokens[4]}."}},
    )
    told = await disclose(vault, [Part(ONE, first, everybody("plain")), Part(TWO, Answer(other), everybody("plain"))])
    assert told.contents == [
        Answer(
            summary="text 0",
            inner=Inner("text 1", 7),
            many=(Inner("text 2"), Inner("plain")),
            data={"list": ["text 3", 5, None], "deep": {"text": "said: text 4."}},
        ),
        Answer("of bo"),
    ]
    assert vault.calls == 1
    assert told.seen == frozenset()


async def test_an_answer_without_anything_sealed_is_handed_back_as_it_is() -> None:
    vault = PaperVault()
    answer = Answer("drips", data={"a": ["b"]})
    told = await disclose(vault, [Part(ONE, answer, everybody("hidden"))])
    assert told.contents[0] is answer
    assert vault.calls == 0


async def test_only_what_is_sensitive_and_shown_in_plain_has_to_be_noted() -> None:
    vault = PaperVault()
    phone = vault.seal(ONE, "anna", Kind.CONTACT, "13812345678")
    words = vault.seal(ONE, "anna", Kind.FREE_TEXT, "drips")
    answer = Answer(summary=words, company=phone)
    told = await disclose(vault, [Part(ONE, answer, everybody("plain"))])
    assert told.seen == {Seen("anna", Kind.CONTACT)}
    told = await disclose(vault, [Part(ONE, answer, everybody("masked"))])
    assert told == ([Answer("***", "138****5678")], frozenset())
    told = await disclose(vault, [Part(ONE, answer, everybody("hidden"))])
    assert told == ([Answer("", "")], frozenset())


async def test_each_text_is_shown_by_whose_it_is() -> None:
    vault = PaperVault()
    mine = vault.seal(ONE, "anna", Kind.CONTACT, "13812345678")
    other = vault.seal(ONE, "bo", Kind.CONTACT, "13912345678")

    def sees(subject: str, kind: Kind) -> Shown:
        del kind
        return "plain" if subject == "anna" else "masked"

    told = await disclose(vault, [Part(ONE, Answer(mine, other), sees)])
    assert told.contents == [Answer("13812345678", "139****5678")]
    assert told.seen == {Seen("anna", Kind.CONTACT)}


async def test_what_cannot_be_read_any_more_says_so_and_is_no_disclosure() -> None:
    vault = PaperVault()
    phone = vault.seal(ONE, "anna", Kind.CONTACT, "13812345678")
    vault.destroy("anna")
    hows: list[Shown] = ["plain", "masked", "hidden"]
    for how, shown in zip(hows, (ERASED, ERASED, ""), strict=True):
        told = await disclose(vault, [Part(ONE, Answer(phone), everybody(how))])
        assert told == ([Answer(shown)], frozenset())


async def test_a_text_that_was_moved_from_elsewhere_is_not_read_and_spoils_no_other() -> None:
    vault = PaperVault()
    phone = vault.seal(ONE, "anna", Kind.CONTACT, "13812345678")
    parts = [Part(ONE, Answer(phone), everybody("plain")), Part(TWO, Answer(phone), everybody("plain"))]
    told = await disclose(vault, parts)
    assert told.contents == [Answer("13812345678"), Answer(UNREADABLE)]


async def test_texts_from_before_there_was_a_vault_are_treated_alike_where_the_part_says_so() -> None:
    vault = PaperVault()
    answer = Answer("drips", inner=Inner("13812345678"))
    personal = {"summary": Kind.FREE_TEXT, "text": Kind.CONTACT}
    told = await disclose(vault, [Part(ONE, answer, everybody("masked"), subject="anna", personal=personal)])
    assert told.contents == [Answer("***", inner=Inner("138****5678"))]
    told = await disclose(vault, [Part(ONE, answer, everybody("plain"), subject="anna", personal=personal)])
    assert told == ([answer], frozenset({Seen("anna", Kind.CONTACT)}))


json = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=8) | st.just("sealed.1."),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("how", ["plain", "hidden"])
@settings(max_examples=100, deadline=None)
@given(data=st.dictionaries(st.text(max_size=4), json, max_size=4))
async def test_what_is_not_sealed_stays_as_it_is_in_any_shape(how: Shown, data: dict[str, object]) -> None:
    vault = PaperVault()
    token = vault.seal(ONE, "anna", Kind.FREE_TEXT, "opened")
    answer = Answer(data={**data, "sealed": [token]})
    told = await disclose(vault, [Part(ONE, answer, everybody(how))])
    assert told.contents == [Answer(data={**data, "sealed": ["opened" if how == "plain" else ""]})]
