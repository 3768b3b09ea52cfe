"""Masks: enough to tell two apart, never the whole."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.privacy.masking import mask
from domain.privacy.personal import Kind


@pytest.mark.parametrize(
    ("kind", "text", "masked"),
    [
        (Kind.CONTACT, "13812345678", "138****5678"),
        (Kind.CONTACT, "0512-65123456", "051****3456"),
        (Kind.CONTACT, "+4915112345678", "+49****5678"),
        (Kind.CONTACT, "65123456", "****56"),
        (Kind.CONTACT, "12345", "****"),
        (Kind.CONTACT, "an@b.cn", "a***@b.cn"),
        (Kind.CONTACT, "a@b.cn", "***@b.cn"),
        (Kind.IDENTITY, "张三", "张*"),
        (Kind.IDENTITY, "张小三", "张*三"),
        (Kind.IDENTITY, "欧阳小三", "欧**三"),
        (Kind.IDENTITY, "Annabelle Smith", "A***h"),
        (Kind.IDENTITY, "张", "*"),
        (Kind.ADDRESS, "苏州市姑苏区柳园小区5幢302室", "苏州市姑苏区柳园小区***"),
        (Kind.ADDRESS, "柳园新村三幢二单元", "柳园新村***"),
        (Kind.ADDRESS, "人民路100号柳园小区5幢", "人民路***"),
        (Kind.ADDRESS, "柳园小区", "***"),
        (Kind.ADDRESS, "12 Main Street", "***"),
        (Kind.ADDRESS, "柳", "***"),
        (Kind.FREE_TEXT, "我家漏水，电话13812345678", "***"),
        (Kind.HEALTH, "糖尿病", "***"),
        (Kind.CREDENTIAL, "zhang", "***"),
        (Kind.MEDIA, "door.jpg", "***"),
        (Kind.IDENTITY, "", ""),
    ],
)
def test_what_is_left_of_a_text(kind: Kind, text: str, masked: str) -> None:
    assert mask(kind, text) == masked


anything = st.text(st.characters(exclude_categories=[]), max_size=60) | st.text("*＊张a@.138", max_size=6)


@settings(max_examples=2000)
@given(kind=st.sampled_from(Kind), text=anything)
@example(kind=Kind.FREE_TEXT, text="**")
@example(kind=Kind.IDENTITY, text="张*")
@example(kind=Kind.CONTACT, text="*@b.cn")
@example(kind=Kind.CONTACT, text="@b.cn")
def test_no_mask_holds_the_whole_text(kind: Kind, text: str) -> None:
    masked = mask(kind, text)
    if len(text) >= 2:
        assert text not in masked
    assert bool(masked) == bool(text)


@given(text=st.text(min_size=40, max_size=100))
def test_the_mask_of_a_long_name_or_free_text_is_short(text: str) -> None:
    assert len(mask(Kind.IDENTITY, text)) <= 5
    assert len(mask(Kind.FREE_TEXT, text)) <= 3


@given(number=st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_four_digits_of_a_mobile_are_always_missing(number: str) -> None:
    masked = mask(Kind.CONTACT, number)
    assert (masked[:3], masked[3:7], masked[7:]) == (number[:3], "****", number[-4:])
