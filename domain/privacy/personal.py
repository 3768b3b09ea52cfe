"""Which fields hold personal data: declared where the field is, with whose it is, what it is for, how long it is kept.

    summary: Annotated[str, Personal("reporter", Kind.FREE_TEXT)]      is sealed with the key of whom `reporter` names
    company: Annotated[str, NOT_PERSONAL]                              is an id, a code, a word of ours

Every text of every event says one or the other; a test fails on one that says nothing. What is personal is sealed
before it goes into the log, with a key of the one subject and the one kind, and stays sealed in states and read models;
it is opened at the edge, for somebody who may see it. The domain never looks inside. Destroying the key is erasing.

Terms are those of the Personal Information Protection Law (个人信息保护法, PIPL).
"""

import re
from datetime import date
from enum import StrEnum
from typing import Annotated, Final, NamedTuple, TypeAlias

from msgspec import Struct


class Kind(StrEnum):
    """Kinds of personal data; each subject has one key for each kind."""

    IDENTITY = "identity"
    """Names and numbers of documents (姓名、证件)."""
    CONTACT = "contact"
    """Telephone, mail (联系方式)."""
    ADDRESS = "address"
    """Where somebody lives (住址)."""
    FREE_TEXT = "free_text"
    """Whatever people write: may hold anything (自由文本)."""
    MEDIA = "media"
    """Photos and documents (照片、文件)."""
    HEALTH = "health"
    """State of health, abilities, care (健康)."""
    FINANCE = "finance"
    """Bank accounts (金融账户)."""
    CREDENTIAL = "credential"
    """What somebody signs in with (登录凭据)."""


class Handling(NamedTuple):
    """How a kind of personal data is handled."""

    purpose: str
    """What it is held for (PIPL 6)."""
    basis: str
    """Why that is lawful (PIPL 13)."""
    retention: str
    """How long it is kept (PIPL 19), as a code of `RETENTION`."""
    sensitive: bool
    """Sensitive personal information (PIPL 28): every look at it is logged, and needs separate consent."""


RETENTION: Final = {
    "relationship": "While the relationship lasts, then erased on request or after three years.",
    "case": "Three years after the case it belongs to was closed.",
    "account": "While the account exists.",
}
"""Retention classes, by code."""

HANDLING: Final = {
    Kind.IDENTITY: Handling("to know who it is", "contract (PIPL 13.2)", "relationship", sensitive=True),
    Kind.CONTACT: Handling("to reach the person about a case", "contract (PIPL 13.2)", "relationship", sensitive=True),
    Kind.ADDRESS: Handling("to come to the place of service", "contract (PIPL 13.2)", "relationship", sensitive=True),
    Kind.FREE_TEXT: Handling("to describe and settle a case", "contract (PIPL 13.2)", "case", sensitive=False),
    Kind.MEDIA: Handling("to prove what was found and done", "contract (PIPL 13.2)", "case", sensitive=False),
    Kind.HEALTH: Handling("to care", "separate consent (PIPL 29)", "relationship", sensitive=True),
    Kind.FINANCE: Handling("to pay", "contract (PIPL 13.2)", "relationship", sensitive=True),
    Kind.CREDENTIAL: Handling("to sign in", "contract (PIPL 13.2)", "account", sensitive=False),
}
"""How each kind is handled: the record of processing (PIPL 55, 56)."""


class Personal(NamedTuple):
    """The annotation of a field that holds personal data."""

    of: str
    """Whose: the field of the same event, or else of the state before it, that holds the person's id. An id that is
    empty there: the stream itself is the subject."""
    kind: Kind


class NotPersonal(NamedTuple):
    """The annotation of a text that holds no personal data, and what it holds instead."""

    holds: str = "a code or an id"


NOT_PERSONAL: Final = NotPersonal()

Key: TypeAlias = Annotated[str, NOT_PERSONAL]
"""An id, a code, a word of ours: never personal data."""

Day: TypeAlias = Annotated[date, NotPersonal("a day of a calendar")]
"""A day that is nobody's: a holiday, never a birthday."""

ERASED: Final = "[已删除 erased]"
"""What stands where personal data was, once its key is destroyed."""
RESTRICTED: Final = "[限制处理 restricted]"
"""What stands where personal data is that may only be kept (PIPL 47)."""


class Token(Struct, frozen=True):
    """Sealed personal data as it stands in a field, taken apart.

    In the field: `sealed.1.<key id, 32 hex digits>.<version>.<field>.<nonce and ciphertext, base64url>`. Stream,
    version and field are authenticated with it, so it can be read in no other place.
    """

    key: str
    version: int
    """Of the event, in its stream."""
    field: str
    sealed: str


_TOKEN: Final = re.compile(r"sealed\.1\.([0-9a-f]{32})\.([1-9][0-9]{0,17})\.([a-z0-9_\-]+)\.([A-Za-z0-9_\-]+)")
PREFIX: Final = "sealed.1."


def is_sealed(text: str) -> bool:
    """Whether a field holds sealed personal data."""
    return text.startswith(PREFIX) and _TOKEN.fullmatch(text) is not None


def token(text: str) -> Token | None:
    """What a sealed field says; None for any other text."""
    found = _TOKEN.fullmatch(text)
    return None if found is None else Token(found[1], int(found[2]), found[3], found[4])


def written(said: Token) -> str:
    """The token as it stands in a field."""
    return f"{PREFIX}{said.key}.{said.version}.{said.field}.{said.sealed}"


TOKENS: Final = _TOKEN
"""Finds sealed data inside a longer text."""
