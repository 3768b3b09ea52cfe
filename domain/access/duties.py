"""Duties that are kept apart, as data: what nobody may do who has done something else to the same thing.

A stream knows who did what to it from the envelopes of its events; those of the tags named here are remembered beside
its state (`Hands`) and asked for in `permission`.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, TypeAlias

Hands: TypeAlias = Mapping[str, tuple[str, ...]]
"""Who did what to a stream: for each tag the actors, the last one last."""


NOBODY: Final[Hands] = MappingProxyType({})
"""Nobody has done anything that counts."""


class Apart(NamedTuple):
    """Whoever has done one of these to a thing may not do that."""

    permission: str
    done: tuple[str, ...]
    """Tags of events."""
    by: Literal["anyone", "the last"] = "anyone"
    """The last: only the last hand counts, such as the last editor's."""


class NotForOneself(NamedTuple):
    """Nobody may do this where it concerns the person itself, but for these facets of it."""

    permission: str
    but: tuple[str, ...] = ()


_FILED: Final = ("qualification.submitted", "qualification.document_added", "qualification.appealed")
_SANCTIONED: Final = ("sanction.suspended", "sanction.blacklisted")

APART: Final = (
    Apart("work_order.accept", ("work_order.resolved",)),  # who did the work does not accept it
    Apart("appointment.approve", ("appointment.proposed",)),  # a powerful role takes two people
    Apart("vendor.verify", ("vendor.registered", "vendor.declared")),
    # whoever files a case neither checks nor scores it, and whoever scores it does not decide it
    Apart("qualification.check_document", _FILED),
    Apart("qualification.score", _FILED),
    Apart("qualification.settle", (*_FILED, "qualification.scored")),
    Apart("qualification.decide", (*_FILED, "qualification.scored", "qualification.settled", "qualification.decided")),
    Apart("qualification.clear_condition", (*_FILED, "qualification.evidence_submitted")),
    Apart("waiver.sign", ("waiver.proposed",)),  # an emergency takes two signatures
    Apart("sanction.uphold", _SANCTIONED),  # an appeal is heard by others than those who are appealed against
    Apart("sanction.overturn", _SANCTIONED),
    Apart("engagement.pay_out", ("engagement.awarded", "engagement.offered", "engagement.finished")),
    Apart("concession.confirm", ("concession.evidence_submitted",), by="the last"),
)
NOT_FOR_ONESELF: Final = (
    NotForOneself("appointment.propose", but=("family",)),  # who acts for somebody is for that very person to say
    NotForOneself("appointment.approve"),
)
NOT_FOR_ONES_ORGANISATION: Final = frozenset(
    {
        "vendor.verify",
        "qualification.check_document",
        "qualification.assign_reviewers",
        "qualification.score",
        "qualification.settle",
        "qualification.decide",
        "qualification.clear_condition",
        "waiver.propose",
        "waiver.sign",
        "engagement.award",
        "engagement.offer",
        "engagement.reassign",
        "engagement.keep",
        "engagement.release",
        "engagement.pay_out",
        "standing.note",
        "standing.close_period",
        "sanction.lift",
        "sanction.uphold",
        "sanction.overturn",
        "fan_out.choose",
        "screening.confirm",
        "screening.dismiss",
        "concession.confirm",
        "concession.reject",
    }
)
"""What nobody may do to the very vendor that they work for, in whatever role: judge it, or give it something."""

BEGINS_ANEW: Final = frozenset({"qualification.submitted", "waiver.proposed"})
"""Tags that begin another round of a thing: who did what in the rounds before does not count in it."""

_BY_PERMISSION: Final = {each.permission: each for each in APART}
_NOT_FOR_ONESELF: Final = {each.permission: each.but for each in NOT_FOR_ONESELF}
REMEMBERED: Final = frozenset(tag for each in APART for tag in each.done)
"""Tags of the events whose actors are remembered."""


def conflict(permission: str, actor: str, hands: Hands) -> str:
    """The tag of what the actor has done that keeps it from doing this; `""` if nothing does."""
    rule = _BY_PERMISSION.get(permission)
    if rule is None:
        return ""
    for tag in rule.done:
        actors = hands.get(tag, ())
        if actor in (actors[-1:] if rule.by == "the last" else actors):
            return tag
    return ""


def is_for_others_only(permission: str, facet: str) -> bool:
    """Whether nobody may do this for itself."""
    return permission in _NOT_FOR_ONESELF and facet not in _NOT_FOR_ONESELF[permission]


def told(hands: Hands, done: Iterable[tuple[str, str]]) -> Hands:
    """The hands after some more events: (tag, actor) each."""
    news = [(tag, actor) for tag, actor in done if tag in REMEMBERED]
    if not news:
        return hands
    after = dict(hands)
    for tag, actor in news:
        if tag in BEGINS_ANEW:
            after.clear()
        after[tag] = (*(each for each in after.get(tag, ()) if each != actor), actor)
    return after
