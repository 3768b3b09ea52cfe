"""What happens to a qualification by itself: ends are remembered, and grants lapse, each at its own due moment.

Every command first settles what came due before it, so the history is the same whether the timer fired in time, late
or never. What is done at the due moment itself is in time. Facts count from no earlier than what is known already: a
command that says it happened before the last thing that happened counts from that moment.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from domain.admission.qualification_history import Qualification, covering, end, evolve
from domain.admission.qualification_messages import ExpiryNoted, Lapsed, QualificationEvent
from domain.decider import Due


class Story:
    """A decision in the making: the facts so far, and what they lead to."""

    __slots__ = ("events", "state")

    def __init__(self, state: Qualification) -> None:
        self.state = state
        self.events: list[QualificationEvent] = []

    def tell(self, event: QualificationEvent) -> None:
        """One more fact."""
        self.events.append(event)
        self.state = evolve(self.state, event)


class _Happening(NamedTuple):
    at: datetime
    order: int
    """At one moment: what ends first, then what is remembered."""
    label: str
    event: QualificationEvent


def agenda(state: Qualification) -> Due | None:
    """The next moment at which something happens by itself."""
    found = _next(state)
    return None if found is None else Due(found.at, found.label)


def settle(story: Story, until: datetime, *, inclusive: bool = False) -> None:
    """Tell everything that came due before a moment (or, `inclusive`, right then)."""
    while (found := _next(story.state)) is not None and (found.at < until or (inclusive and found.at == until)):
        story.tell(found.event)


def _next(state: Qualification) -> _Happening | None:
    return min((*_ends(state), *_reminders(state)), key=lambda each: (each.at, each.order), default=None)


def _ends(state: Qualification) -> Iterator[_Happening]:
    for grant in state.live:
        due = end(state, grant)
        lapsed = Lapsed(at=due.at, case=grant.case, because=due.because, serial=due.serial)
        yield _Happening(due.at, grant.case, "lapse", lapsed)


def _reminders(state: Qualification) -> Iterator[_Happening]:
    """Each end that lies ahead, at each distance; not such as lay behind already when it was granted or accepted."""
    live = state.live
    if not live:
        return
    last, told = live[-1], {each for grant in live for each in grant.noted}
    already = {(each.until, each.days, each.serial) for each in told}
    # where a renewal came to nothing, the grant before it is the last one again, from that moment on
    changed_at = max((last.decided_at, *(each.ended_at for each in state.grants if each.ended_at is not None)))
    ends = [(last.until, 0, changed_at)]
    for kind in dict.fromkeys((*last.terms.documents, *(each.paper.kind for each in state.documents))):
        found = covering(state, kind)
        if found is not None and (ends_at := found[1].ends) is not None:
            ends.append((ends_at, found[0], max(found[1].checked_at or found[1].at, live[0].decided_at)))
    for until, serial, known_at in ends:
        for days in last.terms.reminders:
            at = until - timedelta(days=days)
            if at > known_at and (until, days, serial) not in already:
                noted = ExpiryNoted(at=at, of="document" if serial else "grant", until=until, days=days, serial=serial)
                yield _Happening(at, len(state.cases) + 1 + serial, "reminder", noted)
