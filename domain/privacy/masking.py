"""Personal data made unreadable for people who need to see that it is there, and perhaps to tell two apart.

    13812345678 -> 138****5678      张小三 -> 张*三      苏州市姑苏区柳园小区5幢302室 -> 苏州市姑苏区柳园小区***
    an@b.cn     -> a***@b.cn        张三   -> 张*        whatever people write             -> ***

A mask never holds the whole text (of two characters or more), tells nothing of its length, and is made of code points:
any text of any script will do.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

from domain.privacy.personal import Kind

HIDDEN: Final = "***"
"""What stands for something of which nothing is shown."""

_LONG_NUMBER, _SHORT_NUMBER = 11, 7
_HOUSE: Final = re.compile(r"[一二三四五六七八九十百零〇]+(?:号|幢|栋|座|弄|单元|室|楼|层|组|期)|[0-9０-９A-Za-z#＃]")
_PLACE: Final = re.compile(
    r".*(?:小区|花园|新村|家园|公寓|社区|大道|苑|庭|园|里|村|路|街|巷|镇|乡|区|县|市|省)", re.DOTALL
)


def mask(kind: Kind, text: str) -> str:
    """A text of this kind, masked. Nothing stays nothing."""
    if not text:
        return ""
    masked = _MASKS.get(kind, _nothing)(text.strip())
    return masked if text not in masked else "*"


def _nothing(_text: str) -> str:
    return HIDDEN


def _name(name: str) -> str:
    """The family name, and the last character of a given name of two."""
    if len(name) <= 1:
        return "*"
    return f"{name[0]}*" if len(name) == len("张三") else f"{name[0]}{'*' * min(len(name) - 2, 3)}{name[-1]}"


def _contact(contact: str) -> str:
    if "@" in contact:
        local, _, domain = contact.rpartition("@")
        return f"{local[:1] if len(local) > 1 else ''}{HIDDEN}@{domain}"
    if len(contact) >= _LONG_NUMBER:
        return f"{contact[:3]}****{contact[-4:]}"
    return f"****{contact[-2:]}" if len(contact) >= _SHORT_NUMBER else "****"


def _address(address: str) -> str:
    """Down to the estate: what comes before the first number, as far as it ends like the name of a place."""
    house = _HOUSE.search(address)
    place = _PLACE.match(address if house is None else address[: house.start()])
    return HIDDEN if place is None or place[0] == address else f"{place[0]}{HIDDEN}"


_MASKS: Final[Mapping[Kind, Callable[[str], str]]] = {
    Kind.IDENTITY: _name,
    Kind.CONTACT: _contact,
    Kind.ADDRESS: _address,
}
