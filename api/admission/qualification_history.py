"""Everything that happened to a qualification, as it may be told: scores only once all of their round are in."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from msgspec import structs

from api.sentences import Language
from api.work_order_view import Entry, History, history
from domain.admission import qualification
from domain.decider import tag_of
from domain.ports import Recorded

_SCORED: Final = tag_of(qualification.Scored)
_REVIEWED: Final = tag_of(qualification.Reviewed)
_NEW_ROUND: Final = frozenset({tag_of(qualification.Submitted), tag_of(qualification.Appealed)})


def told(stream: UUID, rows: Sequence[Recorded], language: Language) -> History:
    """The history that these rows tell. What one reviewer gave shows once the review is complete as far as they go; of
    a round that never came to that, it never does.
    """
    found = history(stream, rows, language)
    return structs.replace(found, events=_covered(found.events))


def _covered(events: Sequence[Entry]) -> list[Entry]:
    shown: list[Entry] = []
    reviewed = False
    for each in reversed(events):
        if each.type == _REVIEWED:
            reviewed = True
        elif each.type in _NEW_ROUND:
            reviewed = False
        elif each.type == _SCORED and not reviewed:
            shown.append(structs.replace(each, data={name: each.data[name] for name in ("at", "by")}))
            continue
        shown.append(each)
    return shown[::-1]
