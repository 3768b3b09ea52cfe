"""No history leads to an award, an offer, an acceptance, work or a payment that was not allowed at that moment.

NEVER_EXPOSED=5000 pytest ...: so many histories instead of the usual number.
"""

import os
from collections import Counter
from random import Random
from typing import Any
from uuid import UUID

import pytest

from domain import work_order
from domain.admission import vendor
from domain.concession.messages import Amended, Signed
from domain.decider import Event, tag_of
from domain.engaging import engagement
from domain.engaging.engagement import Awarded, Offered, Reassigned
from tests.domain.admission.city import VENDORS, City
from tests.domain.admission.oracle import category_admits, kept_of, kept_wrongly, objections

_RARER = ("concession.signed", "concession.amended", "qualification.appealed")
HISTORIES = int(os.environ.get("NEVER_EXPOSED", "300"))
STEPS = 160
_WHAT = {
    "engagement.awarded": "award",
    "engagement.offered": "offer",
    "engagement.accepted": "accept",
    "engagement.started": "work",
    "engagement.reassigned": "award",
    "engagement.paid_out": "pay_out",
}


class NotAllowed(AssertionError):
    """Something was given to somebody who was not allowed it at that moment."""


def check(city: City, stream: UUID, event: Event) -> None:
    """Told of every event before it is appended: whoever exposes the city must be allowed to."""
    tag = tag_of(event)
    if tag in _WHAT:
        found = _objections_to_engagement(city, stream, event, _WHAT[tag])
    elif isinstance(event, engagement.Kept):
        owners = [each.vendor for each in city.events(stream) if isinstance(each, Awarded | Offered | Reassigned)]
        found = kept_wrongly(city, owners[-1], event.sanction)
    elif isinstance(event, Signed | Amended):
        found = _objections_to_concession(city, stream, event)
    elif isinstance(event, work_order.Assigned | work_order.HandedOver):
        found = _objections_to_order(city, stream, event)
    else:
        return
    if found:
        past = "\n".join(f"  {each.known_at} {each.event}" for each in city.log[-40:])
        msg = f"{event} was told at {city.now} although: {found}\n{past}"
        raise NotAllowed(msg)


def _objections_to_engagement(city: City, stream: UUID, event: Any, what: str) -> list[str]:
    past = list(city.events(stream))
    given = [each for each in (*past, event) if isinstance(each, Awarded | Offered)]
    if len(given) != 1:
        return ["engaged twice under one id"]
    work = given[0]
    owners = [each.vendor for each in (*past, event) if isinstance(each, Awarded | Offered | Reassigned)]
    moved = any(isinstance(each, Reassigned) for each in (*past, event))
    single = 0 if moved else work.waiver
    if work.waiver and stream != engagement.stream_of(work.vendor, work.category, work.waiver):
        return ["spends a single-use waiver that is another's"]
    found = objections(
        city,
        owners[-1].lower(),
        what,
        work.category,
        work.area,
        event.at,
        value=work.value_fen,
        kept=() if isinstance(event, Reassigned) else kept_of(past),
        single=single,
        must_be_qualified=what != "pay_out",
    )
    if what == "pay_out":
        names = [tag_of(each) for each in past]
        if "engagement.finished" not in names or "engagement.paid_out" in names:
            found.append("nothing to pay for")
        if _is_held(past):
            found.append("held")
    if any(event.at < each.at for each in past):
        found.append("dated back")
    return found


def _objections_to_concession(city: City, stream: UUID, event: Signed | Amended) -> list[str]:
    """Signing, and agreeing on a later end, which is all that is amended here."""
    signed = event if isinstance(event, Signed) else city.events(stream)[0]
    contracts = [each.contract for each in (*city.events(stream), event) if isinstance(each, Signed | Amended)]
    if len(contracts) > 1 and contracts[-1].ends <= contracts[-2].ends:
        return []
    return objections(city, signed.vendor, "award", "", signed.area, event.at, must_be_qualified=False)


def _is_held(past: list[Any]) -> bool:
    held = ""
    for event in past:
        if isinstance(event, engagement.Held):
            held = event.reason
        elif isinstance(event, engagement.Released) or (isinstance(event, Reassigned) and held == "sanction"):
            held = ""
    return bool(held)


def _objections_to_order(city: City, stream: UUID, event: Any) -> list[str]:
    past = city.events(stream)
    before = [each.company for each in past if isinstance(each, work_order.Assigned | work_order.HandedOver)]
    if any(event.company != each and each in event.company.lower() for each in VENDORS):
        return ["a vendor under another spelling"]
    if event.company not in VENDORS or event.company in before[-1:]:
        return []
    reported = past[0]
    qualified = category_admits(city, reported.category)
    found = objections(
        city, event.company, "award", reported.category, reported.community, event.at, must_be_qualified=qualified
    )
    if not city.events(vendor.stream(event.company)):  # whoever is no vendor is kept from work by sanctions only
        return [each for each in found if each.startswith("sanction")]
    if "never verified" in found:  # who has only opened a file is no worse off than who is no vendor
        return [each for each in found if each not in {"never verified", "closed"}]
    return found


def history(seed: int) -> City:
    """One history, from the founding of the city on."""
    city = City(Random(seed), check)  # noqa: S311 - no secret
    city.found()
    for _ in range(STEPS):
        city.go_on()
    return city


def test_nobody_is_ever_given_or_paid_what_they_were_not_allowed_at_that_moment() -> None:
    told, refused = Counter[str](), Counter[str]()
    for seed in range(HISTORIES):
        city = history(seed)
        told += city.told
        refused += city.refused
    _got_everywhere(told, refused)


def _got_everywhere(told: Counter[str], refused: Counter[str]) -> None:
    """The histories reach what they are about: both that it is done and that it is refused, for every reason."""
    few = HISTORIES // 10
    for tag in (*_WHAT, "work_order.assigned", "work_order.handed_over", "engagement.kept", *_RARER):
        assert told[tag] > few, f"{tag}: {told[tag]}"
    reasons = Counter[str]()
    commands = Counter[str]()
    for said, number in refused.items():
        command, reason = said.split()
        reasons[reason] += number
        commands[command] += number
    for reason in (
        "VendorSuspended", "VendorBlacklisted", "OnDebarmentList", "ScreeningAwaitsReview", "VendorFrozen",
        "VendorNotVerified", "StandsTooLow", "BeyondItsTier", "NotQualified", "BackDated", "EngagementHeld",
    ):  # fmt: skip
        assert reasons[reason] > few, f"{reason}: {reasons[reason]}"
    for command in (
        "engagement.award", "engagement.offer", "engagement.accept", "engagement.start", "engagement.pay_out",
        "engagement.reassign", "work_order.assign", "work_order.hand_over", "concession.sign", "concession.amend",
    ):  # fmt: skip
        assert commands[command] > few, f"{command}: {commands[command]}"


@pytest.mark.parametrize("seed", [1, 2])
def test_a_history_is_the_same_each_time(seed: int) -> None:
    assert history(seed).log == history(seed).log
