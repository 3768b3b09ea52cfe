"""Unified social credit codes (统一社会信用代码): the number that every organisation registered in China has for life.

    9 1 110000 600037341 L
    │ │    │       │     └ check digit over all that stands before (ISO 7064, mod 31)
    │ │    │       └ organisation code of eight characters, with a check digit of its own (GB 11714, mod 11)
    │ │    └ where it is registered: a province (xx0000), a city (xxxx00) or a district
    │ └ what kind of organisation it is
    └ who registered it

GB 32100-2015 with its amendment No. 1 of 2016, from which registers like A and N come. I, O, S, V and Z are not used.
What the check digit finds: every single wrong character, and every two different characters that were swapped, unless
they are the first and the last, whose weights are both 1.
"""

from collections.abc import Mapping
from typing import Final

from domain.decider import Refused

LENGTH: Final = 18
CHARACTERS: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""The value of a character for the check digit is its place here."""

CLASSES: Final[Mapping[str, str]] = {
    "1": "1239",  # staffing office 机构编制: 机关、事业单位、群众团体、其他
    "2": "19",  # foreign affairs 外交: 外国常驻新闻机构、其他
    "3": "123459",  # justice 司法行政: 律师执业机构、公证处、基层法律服务所、司法鉴定机构、仲裁委员会、其他
    "4": "19",  # culture 文化: 外国在华文化中心、其他
    "5": "1239",  # civil affairs 民政: 社会团体、民办非企业单位、基金会、其他
    "6": "129",  # tourism 旅游: 外国、港澳台旅游部门常驻代表机构、其他
    "7": "129",  # religion 宗教: 宗教活动场所、宗教院校、其他
    "8": "19",  # trade unions 工会: 基层工会、其他
    "9": "123",  # commerce 工商: 企业、个体工商户、农民专业合作社
    "A": "19",  # military staffing office 中央军委改革和编制办公室: 军队事业单位、其他
    "N": "1239",  # agriculture 农业: 组级、村级、乡镇级集体经济组织、其他
    "Y": "1",  # any other 其他
}
"""Who registers (first character), and which kinds of organisation (second character) each of them knows."""

_VALUES: Final = {character: value for value, character in enumerate(CHARACTERS)}
_WEIGHTS: Final = tuple(pow(3, place, 31) for place in range(LENGTH - 1))
_ORGANISATION_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)
_WRITTEN: Final = {
    **{ord(letter): ord(letter) - 32 for letter in "abcdefghijklmnopqrstuvwxyz"},
    **{code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B))},  # full-width ０-９, Ａ-Ｚ
    **{code: code - 0xFEE0 - 32 for code in range(0xFF41, 0xFF5B)},  # ａ-ｚ
}


class CreditCodeInvalid(Refused):
    """This is not a unified social credit code: one part of it is wrong."""


def normalised(text: str) -> str:
    """The text as a code is written: without blanks, in plain capital letters and digits."""
    return "".join(text.split()).translate(_WRITTEN)


def valid(text: str) -> str:
    """The code that a text holds, as it is written.

    Raises CreditCodeInvalid with the `part` that is wrong: length, character, class, region, organisation_check_digit
    (then the mistake is most likely in characters 9 to 17) or check_digit.
    """
    code = normalised(text)
    if len(code) != LENGTH:
        raise CreditCodeInvalid(part="length", found=len(code), expected=LENGTH)
    for place, character in enumerate(code, 1):
        if character not in _VALUES:
            raise CreditCodeInvalid(part="character", found=character, position=place)
    if code[1] not in CLASSES.get(code[0], ""):
        raise CreditCodeInvalid(part="class", found=code[:2])
    if not code[2:8].isdecimal() or code[2] == "0":
        raise CreditCodeInvalid(part="region", found=code[2:8])
    if code[16] != organisation_check_digit(code[8:16]):
        raise CreditCodeInvalid(part="organisation_check_digit", found=code[16], position=17)
    if code[17] != check_digit(code[:17]):
        raise CreditCodeInvalid(part="check_digit", found=code[17], position=18)
    return code


def check_digit(first: str) -> str:
    """The 18th character that belongs to the first 17 (GB 32100, 4.6)."""
    total = sum(_VALUES[character] * weight for character, weight in zip(first, _WEIGHTS, strict=True))
    return CHARACTERS[-total % 31]


def organisation_check_digit(first: str) -> str:
    """The 9th character of an organisation code that belongs to its first 8 (GB 11714). Letters count from A, 10."""
    total = sum(int(character, 36) * weight for character, weight in zip(first, _ORGANISATION_WEIGHTS, strict=True))
    return "0123456789X"[-total % 11]
