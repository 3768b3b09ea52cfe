"""What comes next with a qualification, as whoever follows it reads it: in words of their language."""

from datetime import datetime

import msgspec

from api.sentences import Language, say
from domain.admission import qualification_next
from domain.admission.qualification_history import Qualification
from domain.admission.qualification_next import Do, NextStep, Who
from domain.admission.scheme_document import Document


class NextView(msgspec.Struct, frozen=True, kw_only=True):
    """Something that somebody has to do, or may do."""

    do: Do
    who: Who
    people: tuple[str, ...]
    """Whoever of them it waits for, where they are named."""
    about: tuple[str, ...]
    """Kinds of documents, keys of conditions, or the level that decides out of how many."""
    by: datetime | None
    """Null: no time is set."""
    title: str


def coming(state: Qualification, rules: Document | None, at: datetime, language: Language) -> tuple[NextView, ...]:
    """What comes next, as of a moment."""
    return tuple(_shown(each, language) for each in qualification_next.steps(state, rules, at))


def _shown(step: NextStep, language: Language) -> NextView:
    title = say(qualification_next.SENTENCES[step.do], language)
    return NextView(do=step.do, who=step.who, people=step.people, about=step.about, by=step.by, title=title)
