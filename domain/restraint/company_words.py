"""What names of organisations are made of: the words that tell a company from a person, and its legal forms.

We keep no data on persons who stand on lists of debarment: a row is an organisation's, or it is not taken. Names are
looked at as they are written in simplified characters; whoever has others brings them into that form first.
"""

import re
import unicodedata
from typing import Final

LEGAL_FORMS: Final = (
    ("有限责任公司", "有限公司"),  # the same form, said twice in the Company Law (公司法)
    ("股份有限公司", "股份有限公司"),
    ("有限公司", "有限公司"),
    ("集团公司", "集团"),
    ("总公司", "公司"),
)
"""How a legal form ends a name, and the one way in which we write it; the longest first."""

_WORDS: Final = (
    "公司", "集团", "中心", "工作室", "合伙", "企业", "商行", "经营", "超市", "物业", "委员会", "协会", "学会",
    "基金会", "银行", "酒店", "餐厅", "饭店", "办事处", "分行", "商贸", "工程", "科技", "服务", "有限", "股份",
    "联合社", "事务所", "机构", "大厦", "街道", "政府", "医院", "学校", "学院", "药店", "商店", "农场", "工厂",
    "合作社",
)  # fmt: skip
_ENDINGS: Final = "店厂社所院校局站馆队行部场"
"""End the name of an organisation that has four characters or more; given names have some of them too."""

_SHORT_CHINESE: Final = re.compile(r"[\u3400-\u9fff]{2,4}|[\u3400-\u9fff]{1,10}[·•][\u3400-\u9fff]{1,10}")
_LONGEST_GIVEN: Final = 3
"""Characters of a family name and a given name together, as a rule."""
_RESIDENT: Final = re.compile(
    r"(?<![0-9A-Za-z])(?:"
    r"[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]"  # GB 11643, 18 places
    r"|[1-9]\d{2,16}[*＊]{2,}[\dXx*＊]*"  # the same, masked as courts publish it
    r")(?![0-9A-Za-z])"
)


def plain(text: str) -> str:
    """The text in characters of plain width, without blanks."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def holds_resident_id(text: str) -> bool:
    """Whether the number of a resident's identity card stands in a text, masked or not."""
    return _RESIDENT.search(plain(text)) is not None


def looks_like_a_person(name: str) -> bool:
    """Whether a name is more likely a person's than an organisation's: short, and without a word that only those have.

    Rather too often than too seldom: whoever enters an organisation with a name like that can give its credit code.
    """
    said = plain(name)
    if _SHORT_CHINESE.fullmatch(said) is None or any(word in said for word in _WORDS):
        return False
    return not (len(said) > _LONGEST_GIVEN and said[-1] in _ENDINGS)
