"""Engagements to tell scenarios about: a vendor that is known and verified, and what it is allowed in an emergency."""

from typing import Final

from msgspec.structs import replace

from domain.admission import admission_scheme, qualification, vendor, waiver
from domain.admission.basis import Basis
from domain.admission.what import What
from domain.engaging import engagement
from domain.engaging.engagement import Engagement, EngagementCommand, EngagementEvent
from domain.parties import area, organisation
from tests.domain import trade
from tests.domain.admission import qualifying
from tests.domain.small_town import AREAS, WILLOWS, on
from tests.scenario import Given, given

VENDOR: Final = trade.VENDOR
DISTRICT: Final = WILLOWS[:6]
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
SCHEME: Final = admission_scheme.Published(at=on(1), category="parking", counts_from=on(1), document=qualifying.RULES)
SUBMITTED: Final = qualification.Submitted(
    at=on(1), by="lin", vendor=VENDOR, category="parking", scheme_version=1, area=DISTRICT
)
GRANTED: Final = qualification.Granted(at=on(2), since=on(2), until=on(20), terms=qualification.Terms())
GRANT: Final = Basis(kind="grant", area=DISTRICT, number=1, scheme_version=1, until=on(20))
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


def known_town() -> Scenario:
    """An engagement that is yet to be, in a town with one community and a verified vendor who is not qualified."""
    scenario = given(engagement.decider)
    for known in AREAS:
        scenario = scenario.knowing(area.decider, area.stream(known.code), known)
    scenario = scenario.knowing(admission_scheme.decider, admission_scheme.stream("parking"), SCHEME)
    scenario = scenario.knowing(organisation.decider, organisation.stream(trade.CODE), trade.COMPANY)
    return scenario.knowing(vendor.decider, vendor.stream(VENDOR), trade.REGISTERED, trade.VERIFIED)


def town(*more: qualification.QualificationEvent) -> Scenario:
    """The same, with a vendor who is qualified for parking in the district until the 20th, but for what came after."""
    stream = qualification.stream(VENDOR, "parking", DISTRICT)
    return known_town().knowing(qualification.decider, stream, SUBMITTED, GRANTED, *more)


def emergency(*events: waiver.WaiverEvent) -> Scenario:
    """The same, with a vendor who is not qualified, but needed in an emergency."""
    return known_town().knowing(waiver.decider, waiver.stream(VENDOR, "parking"), *(events or (PROPOSED, SIGNED)))


def with_other(scenario: Scenario) -> Scenario:
    """And another vendor, who is verified and qualified likewise."""
    company = organisation.Registered(at=on(1), name="安居", kinds=("vendor",), credit_code=trade.OTHER_CODE)
    registered = replace(
        trade.REGISTERED,
        vendor=OTHER,
        credit_code=trade.OTHER_CODE,
        facts=replace(trade.FACTS, name="安居"),
    )
    scenario = scenario.knowing(organisation.decider, organisation.stream(trade.OTHER_CODE), company)
    scenario = scenario.knowing(vendor.decider, vendor.stream(OTHER), registered, trade.VERIFIED)
    stream = qualification.stream(OTHER, "parking", DISTRICT)
    return scenario.knowing(qualification.decider, stream, replace(SUBMITTED, vendor=OTHER), GRANTED)
