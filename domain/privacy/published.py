"""What is told to everybody, such as the reason of a sanction: it names no people, as far as a rule can tell."""

import re
from typing import Final

from domain.decider import Refused

_NAMES_A_PERSON: Final = re.compile(
    r"(?<!\d)1[3-9]\d{9}(?!\d)"  # a mobile number
    r"|(?<![0-9A-Za-z])[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[0-9Xx](?![0-9A-Za-z])"
)
"""The number of an identity card (GB 11643-1999) or a mobile telephone: such have no place in what is published."""


class PublishedTextNamesPeople(Refused):
    """This text is published: it may hold no telephone number and no number of an identity card."""


def fit_to_publish(text: str) -> str:
    """The text without blanks around it. Raises PublishedTextNamesPeople."""
    if _NAMES_A_PERSON.search(text):
        raise PublishedTextNamesPeople
    return text.strip()
