"""What people read, in their language: the English sentences of the domain and of this API, and their Chinese.

A refusal's sentence is its docstring, and that English text is the key under which `locale/zh/LC_MESSAGES/linli.po`
holds the Chinese one. The catalogue is read as it is, once: there is no compiled copy that could lag behind. Chinese is
what a caller gets who does not ask for a language.
"""

from functools import cache, lru_cache
from pathlib import Path
from typing import Literal, TypeAlias

from babel.messages.pofile import read_po

Language: TypeAlias = Literal["zh", "en"]

DEFAULT: Language = "zh"
CATALOGUE = Path(__file__).parent / "locale" / "zh" / "LC_MESSAGES" / "linli.po"


@cache
def chinese() -> dict[str, str]:
    """English sentence -> Chinese sentence, without those that nobody has translated yet."""
    with CATALOGUE.open("rb") as file:
        messages = list(read_po(file, locale="zh"))
    return {
        message.id: message.string
        for message in messages
        if isinstance(message.id, str) and message.id and isinstance(message.string, str) and message.string
    }


def say(sentence: str, language: Language) -> str:
    """The sentence in that language; in English where nobody has translated it."""
    return sentence if language == "en" else chinese().get(sentence, sentence)


def event_label(tag: str, language: Language) -> str:
    """What an event is called on a page: `work_order.priority_changed` is "Priority changed", 优先级已调整.

    Where the same English word is another one in Chinese, the catalogue holds it under the whole tag.
    """
    words = tag.rpartition(".")[2].replace("_", " ")
    label = words[:1].upper() + words[1:]
    return label if language == "en" else chinese().get(tag, say(label, language))


@lru_cache(maxsize=256)
def language_of(accept_language: str | None) -> Language:
    """The best of our languages for an Accept-Language header (RFC 9110, 12.5.4)."""
    best: tuple[float, Language] = (0.0, DEFAULT)
    for entry in (accept_language or "").split(","):
        tag, _, parameter = entry.strip().partition(";")
        language = _ours(tag.strip().lower())
        weight = _weight(parameter)
        if language is not None and weight > best[0]:
            best = (weight, language)
    return best[1]


def _ours(tag: str) -> Language | None:
    primary = tag.partition("-")[0]
    if primary == "*":
        return DEFAULT
    return "zh" if primary == "zh" else "en" if primary == "en" else None


def _weight(parameter: str) -> float:
    name, _, value = parameter.partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
