"""Engagements to tell scenarios about: a vendor that is known and verified, and what it is allowed in an emergency."""

from typing import Final

from domain.admission import vendor, waiver
from domain.admission.basis import Basis
from domain.admission.what import What
from domain.engaging import engagement
from domain.engaging.engagement import Engagement, EngagementCommand, EngagementEvent
from domain.parties import area, organisation
from tests.domain import trade
from tests.domain.small_town import AREAS, WILLOWS, on
from tests.scenario import Given, given

VENDOR: Final = trade.VENDOR
OTHER: Final = str(organisation.stream(trade.OTHER_CODE))
EVERYTHING: Final[tuple[What, ...]] = ("award", "offer", "accept", "pay_out", "work")
PROPOSED: Final = waiver.Proposed(
    at=on(1),
    number=1,
    vendor=VENDOR,
    category="parking",
    reason="public_safety",
    text="道闸失控",
    what=EVERYTHING,
    since=on(1),
    until=on(30, month=5),
    by="anna",
)
SIGNED: Final = waiver.Signed(at=on(1), number=1, by="bo")
WAIVED: Final = Basis(kind="waiver", area="", number=1, until=on(30, month=5))

AWARD: Final = engagement.Award(
    at=on(4), vendor=VENDOR, category="parking", item="job", title="道闸大修", value_fen=50_000, area=WILLOWS
)
OFFER: Final = engagement.Offer(
    at=on(4), vendor=VENDOR, category="parking", item="job", title="道闸大修", value_fen=50_000, area=WILLOWS
)
ACCEPT: Final = engagement.Accept(at=on(5))
START: Final = engagement.Start(at=on(6))
FINISH: Final = engagement.Finish(at=on(7))
PAY_OUT: Final = engagement.PayOut(at=on(8))

Scenario = Given[EngagementCommand, Engagement, EngagementEvent]


def town() -> Scenario:
    """An engagement that is yet to be, in a town with one community and a verified vendor who has an emergency waiver
    for parking.
    """
    scenario = given(engagement.decider)
    for known in AREAS:
        scenario = scenario.knowing(area.decider, area.stream(known.code), known)
    scenario = scenario.knowing(organisation.decider, organisation.stream(trade.CODE), trade.COMPANY)
    scenario = scenario.knowing(vendor.decider, vendor.stream(VENDOR), trade.REGISTERED, trade.VERIFIED)
    return scenario.knowing(waiver.decider, waiver.stream(VENDOR, "parking"), PROPOSED, SIGNED)
