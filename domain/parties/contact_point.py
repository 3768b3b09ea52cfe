"""How a person is reached: telephone numbers and mail addresses, in the one spelling in which they are kept.

The shapes are simple and strict. Whether a number is in use only a call can tell.

    mobile       138 1234 5678, +86 13812345678          13812345678       (工信部 numbering plan: 1, then 3 to 9)
    landline     051265123456, (0512) 65123456           0512-65123456     (区号 of three digits: 010 and 02x)
    elsewhere    +49 151 1234-5678                       +4915112345678    (ITU-T E.164)

What was wrong is never repeated in a refusal: refusals are kept with their commands.
"""

import re
import unicodedata
from typing import Final

from domain.decider import Refused

LONGEST_MAIL: Final = 254
"""Characters of a mail address (RFC 5321, 4.5.3.1.3, without the brackets)."""

_FILLING: Final = str.maketrans("", "", " -()\t\u00a0\u2010\u2011\u2013\u2014")
_HOME: Final = re.compile(r"(?:\+86|0086)(?=1[3-9][0-9]{9}$)")
_HOME_LANDLINE: Final = re.compile(r"(?:\+86|0086)0?(?=(?:10|2[0-9]|[3-9][0-9]{2})[0-9]{7,8}$)")
_MOBILE: Final = re.compile(r"1[3-9][0-9]{9}")
_LANDLINE: Final = re.compile(r"(0(?:10|2[0-9]|[3-9][0-9]{2}))([0-9]{7,8})")
_ELSEWHERE: Final = re.compile(r"\+(?!86)[1-9][0-9]{6,14}")
_MAIL: Final = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+")


class NotATelephoneNumber(Refused):
    """This is not a telephone number: a mobile, a landline with its area code, or + and a country code."""


class NotAMailAddress(Refused):
    """This is not a mail address."""


def telephone(said: str) -> str:
    """A telephone number as it is kept; `""` stays that. Raises NotATelephoneNumber."""
    plain = unicodedata.normalize("NFKC", said).translate(_FILLING)
    if not plain:
        return ""
    home = _HOME_LANDLINE.sub("0", _HOME.sub("", plain))
    if _MOBILE.fullmatch(home):
        return home
    if found := _LANDLINE.fullmatch(home):
        return f"{found[1]}-{found[2]}"
    if _ELSEWHERE.fullmatch(home):
        return home
    raise NotATelephoneNumber


def mail_address(said: str) -> str:
    """A mail address as it is kept; `""` stays that. Raises NotAMailAddress."""
    plain = said.strip()
    if not plain:
        return ""
    if len(plain) > LONGEST_MAIL or not plain.isprintable() or not _MAIL.fullmatch(plain):
        raise NotAMailAddress
    return plain
