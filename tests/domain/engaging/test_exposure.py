"""Every command that exposes the city to a vendor asks the one decision first: commands are counted, not screens."""

from collections.abc import Callable
from datetime import date
from typing import Any, Final

import pytest
from msgspec.structs import replace

from domain import lifecycles, work_order
from domain.admission import admission_scheme, qualification, vendor
from domain.concession.messages import Amend
from domain.decider import Command, Refused, tag_of
from domain.engaging import engagement
from domain.engaging.exposure import CREATE_EXPOSURE, NotQualified
from domain.evaluation import rating_scheme, standing
from domain.parties import organisation
from domain.restraint import debarment, sanction, screening
from domain.restraint.sanction import VendorBlacklisted, VendorSuspended
from domain.restraint.scope import Scope
from domain.restraint.screening import OnDebarmentList, ScreeningAwaitsReview
from domain.work_order import Assign, Assigned, HandOver, Triage
from tests.domain import trade
from tests.domain.concession.test_agreement import CONTRACT, SIGN, SIGNED
from tests.domain.concession.test_agreement import town as concession_town
from tests.domain.engaging.engaged import (
    ACCEPT,
    AWARD,
    DISTRICT,
    FINISH,
    GRANTED,
    OFFER,
    OTHER,
    PAY_OUT,
    SCHEME,
    START,
    SUBMITTED,
    VENDOR,
    Scenario,
    known_town,
    town,
    with_other,
)
from tests.domain.evaluation import rated
from tests.domain.small_town import FOUND, WILLOWS, OrderScenario, on, order, report

EXPOSE_NOBODY: Final = [
    "work_calendar.publish",
    "work_calendar.confirm_year",
    "service_agreement.publish",
    "work_order.report",
    "work_order.triage",
    "work_order.acknowledge",
    "work_order.start",
    "work_order.pause",
    "work_order.resume",
    "work_order.resolve",
    "work_order.accept",
    "work_order.reopen",
    "work_order.close",
    "work_order.cancel",
    "work_order.reprioritise",
    "work_order.comment",
    "work_order.attach",
    "work_order.revise_calendar",
    "appointment.propose",
    "appointment.approve",
    "appointment.decline",
    "appointment.revoke",
    "area.register",
    "area.rename",
    "area.close",
    "organisation.register",
    "organisation.rename",
    "organisation.extend",
    "organisation.trust_provider",
    "organisation.distrust_provider",
    "organisation.close",
    "estate.register",
    "estate.add_building",
    "estate.rename",
    "estate.close",
    "account.open",
    "account.set_password",
    "account.sign_in",
    "account.fail_sign_in",
    "account.sign_out",
    "account.lock",
    "account.unlock",
    "account.disable",
    "account.enable",
    "login.take",
    "login.release",
    "program.register",
    "program.issue_key",
    "program.revoke_key",
    "program.disable",
    "program.enable",
    "person.register",
    "person.correct",
    "person.relate",
    "person.unrelate",
    "person.hold",
    "person.release_hold",
    "person.erase",
    "consent.give",
    "consent.withdraw",
    "disclosure.note",
    "admission_scheme.publish",
    "vendor.register",
    "vendor.correct",
    "vendor.declare",
    "vendor.verify",
    "vendor.add_certificate",
    "vendor.withdraw_certificate",
    "vendor.add_member",
    "vendor.remove_member",
    "qualification.submit",
    "qualification.add_document",
    "qualification.withdraw",
    "qualification.check_document",
    "qualification.assign_reviewers",
    "qualification.score",
    "qualification.settle",
    "qualification.decide",
    "qualification.submit_evidence",
    "qualification.clear_condition",
    "qualification.revoke",
    "qualification.appeal",
    "waiver.propose",
    "waiver.sign",
    "waiver.revoke",
    "engagement.decline",
    "engagement.finish",
    "engagement.cancel",
    "engagement.keep",
    "engagement.hold",
    "engagement.release",
    "rating_scheme.publish",
    "standing.note",
    "standing.close_period",
    "sanction.suspend",
    "sanction.blacklist",
    "sanction.lift",
    "sanction.appeal",
    "sanction.uphold",
    "sanction.overturn",
    "fan_out.begin",
    "fan_out.choose",
    "fan_out.settle",
    "fan_out.close",
    "debarment.list",
    "debarment.delist",
    "screening.record",
    "screening.confirm",
    "screening.dismiss",
    "concession.submit_evidence",
    "concession.confirm",
    "concession.reject",
    "concession.end",
]
"""What gives no vendor anything: where what is under way goes on, or ends, or where something is only written down."""

SUSPENDED: Final = sanction.Suspended(at=on(6), vendor=VENDOR, number=1, by="lin", reason="quality", text="三次返修")
BLACKLISTED: Final = sanction.Blacklisted(
    at=on(6), vendor=VENDOR, number=1, by="lin", reason="fraud", text="虚假材料", until=on(6, month=12)
)
LATER: Final = on(9)


def work(*commands: work_order.WorkOrderCommand, community: str = WILLOWS) -> OrderScenario:
    """A work order in a town with a verified vendor, whose organisation may have work orders to do."""
    scenario = order(report(on(2), community=community, category="parking"), Triage(at=on(2), priority=3))
    scenario = scenario.knowing(organisation.decider, organisation.stream(trade.CODE), trade.COMPANY)
    scenario = scenario.knowing(vendor.decider, vendor.stream(VENDOR), trade.REGISTERED, trade.VERIFIED)
    return scenario.after(*commands)


# For each command that exposes: what has happened before, and the command.
EXPOSING: Final[dict[str, tuple[Callable[[], Any], Command]]] = {
    "engagement.award": (town, replace(AWARD, at=LATER)),
    "engagement.offer": (town, replace(OFFER, at=LATER)),
    "engagement.accept": (lambda: town().after(AWARD), replace(ACCEPT, at=LATER)),
    "engagement.start": (lambda: town().after(AWARD, ACCEPT), replace(START, at=LATER)),
    "engagement.pay_out": (lambda: town().after(AWARD, ACCEPT, START, FINISH), replace(PAY_OUT, at=LATER)),
    "engagement.reassign": (
        lambda: with_other(town()).after(replace(AWARD, vendor=OTHER)),
        engagement.Reassign(at=LATER, vendor=VENDOR, reason="quality"),
    ),
    "work_order.assign": (work, Assign(at=LATER, company=VENDOR)),
    "work_order.hand_over": (
        lambda: work(Assign(at=on(3), company="fixit")),
        HandOver(at=LATER, company=VENDOR, reason="needs a welder"),
    ),
    "concession.sign": (concession_town, replace(SIGN, at=LATER)),
    "concession.amend": (
        lambda: concession_town(SIGNED),
        Amend(at=LATER, contract=replace(CONTRACT, ends=on(30, month=6))),
    ),
}


def commands() -> set[str]:
    return {
        f"{decider.name}.{tag_of(command)}"
        for decider in lifecycles.ALL
        for command in decider.commands
        if tag_of(command) != "elapse"
    }


def test_of_every_command_it_is_known_whether_it_exposes_the_city_to_a_vendor() -> None:
    assert len(EXPOSE_NOBODY) == len(set(EXPOSE_NOBODY))
    assert set(CREATE_EXPOSURE) & set(EXPOSE_NOBODY) == set()
    assert commands() - set(CREATE_EXPOSURE) - set(EXPOSE_NOBODY) == set(), "say whether these expose"
    assert (set(CREATE_EXPOSURE) | set(EXPOSE_NOBODY)) - commands() == set(), "these are no commands"
    assert set(EXPOSING) == set(CREATE_EXPOSURE)


@pytest.mark.parametrize("name", sorted(CREATE_EXPOSURE))
def test_each_of_them_is_allowed_to_a_vendor_who_is_allowed_it(name: str) -> None:
    before, command = EXPOSING[name]
    assert before().when(command).events()


@pytest.mark.parametrize("name", sorted(CREATE_EXPOSURE))
def test_none_of_them_is_allowed_to_a_suspended_vendor(name: str) -> None:
    before, command = EXPOSING[name]
    suspended = before().knowing(sanction.decider, sanction.stream(VENDOR), SUSPENDED)
    suspended.when(command).then_refused(VendorSuspended)


@pytest.mark.parametrize("name", sorted(CREATE_EXPOSURE))
def test_none_of_them_is_allowed_to_a_blacklisted_vendor(name: str) -> None:
    before, command = EXPOSING[name]
    barred = before().knowing(sanction.decider, sanction.stream(VENDOR), BLACKLISTED)
    barred.when(command).then_refused(VendorBlacklisted)


@pytest.mark.parametrize("name", sorted(CREATE_EXPOSURE))
def test_none_of_them_is_allowed_to_a_vendor_of_whom_it_is_not_sure_who_it_is(name: str) -> None:
    before, command = EXPOSING[name]
    declared = vendor.Declared(at=on(6), number=2, facts=replace(trade.FACTS, account="6222000000000002"))
    frozen = before().knowing(vendor.decider, vendor.stream(VENDOR), trade.REGISTERED, trade.VERIFIED, declared)
    frozen.when(command).then_refused(vendor.VendorFrozen)


@pytest.mark.parametrize("name", sorted(CREATE_EXPOSURE))
def test_a_suspended_vendor_does_not_slip_in_under_another_spelling_of_its_id(name: str) -> None:
    before, command = EXPOSING[name]
    for spelling in (VENDOR.upper(), VENDOR.replace("-", ""), f"{{{VENDOR}}}"):
        spelled = command
        for field in ("vendor", "company"):
            if hasattr(command, field):
                spelled = replace(command, **{field: spelling})
        suspended = before().knowing(sanction.decider, sanction.stream(VENDOR), SUSPENDED)
        suspended.when(spelled).then_refused(VendorSuspended)


# Which refusal comes first, and why somebody is not qualified --------------------------------------------------------


LISTED: Final = debarment.Listed(
    at=on(1), list_key="city", entry_key="1", name="明达水电", listed_on=date(2026, 3, 1), source="市财政局"
)
MATCH: Final = screening.Match(
    entry=str(debarment.stream("city", "1")), edition=1, list_key="city", entry_key="1", how="name", name="明达水电"
)
SCREENED: Final = screening.Screened(at=on(5), vendor=VENDOR, name="明达水电", matches=1)
MATCHED: Final = screening.Matched(at=on(5), match=MATCH)
CONFIRMED: Final = screening.Confirmed(at=on(6), by="lin", entry=MATCH.entry, reason="same_organisation")


def debarred(scenario: Any, *events: screening.ScreeningEvent) -> Any:
    """Its name stands on the list of the city."""
    listed = scenario.knowing(debarment.decider, debarment.stream("city", "1"), LISTED)
    return listed.knowing(screening.decider, screening.stream(VENDOR), SCREENED, MATCHED, *events)


@pytest.mark.parametrize("name", sorted(CREATE_EXPOSURE))
def test_none_of_them_is_allowed_to_a_vendor_who_stands_on_a_list_of_debarment(name: str) -> None:
    before, command = EXPOSING[name]
    debarred(before(), CONFIRMED).when(command).then_refused(OnDebarmentList)
    debarred(before()).when(command).then_refused(ScreeningAwaitsReview)


def refusal_of(scenario: Scenario, **change: Any) -> Refused:
    refused = scenario.when(replace(AWARD, at=LATER, **change)).refused
    assert refused is not None
    return refused


def test_a_sanction_is_told_before_a_doubt_and_a_doubt_before_a_standing_and_that_before_a_qualification() -> None:
    nothing = known_town()
    assert type(refusal_of(nothing)) is NotQualified
    low = nothing.knowing(rating_scheme.decider, rating_scheme.stream(rating_scheme.VENDORS), rated.published)
    assert type(refusal_of(low, value_fen=100_001)) is standing.BeyondItsTier
    doubtful = low.knowing(vendor.decider, vendor.stream(VENDOR), trade.REGISTERED)
    assert type(refusal_of(doubtful, value_fen=100_001)) is vendor.VendorNotVerified
    listed = debarred(doubtful, CONFIRMED)
    assert type(refusal_of(listed, value_fen=100_001)) is OnDebarmentList
    suspended = listed.knowing(sanction.decider, sanction.stream(VENDOR), SUSPENDED)
    assert type(refusal_of(suspended, value_fen=100_001)) is VendorSuspended
    both = listed.knowing(
        sanction.decider, sanction.stream(VENDOR), SUSPENDED, replace(BLACKLISTED, number=2, at=on(7))
    )
    assert type(refusal_of(both, value_fen=100_001)) is VendorBlacklisted


@pytest.mark.parametrize("vendor_id", [trade.NOBODY, "fixit", OTHER])
def test_who_is_no_vendor_is_given_nothing(vendor_id: str) -> None:
    assert type(refusal_of(town(), vendor=vendor_id)) is vendor.VendorNotRegistered


def test_who_is_not_qualified_is_told_why() -> None:
    assert refusal_of(known_town()).details["reason"] == "never"
    stream = qualification.stream(VENDOR, "parking", DISTRICT)
    applied = known_town().knowing(qualification.decider, stream, SUBMITTED)
    assert refusal_of(applied).details["reason"] == "undecided"
    coming = applied.knowing(qualification.decider, stream, SUBMITTED, replace(GRANTED, since=on(12)))
    assert (refusal_of(coming).details["reason"], refusal_of(coming).details["since"]) == ("not_yet", on(12))
    lapsed = town(qualification.Lapsed(at=on(8), case=1, because="document"))
    assert (refusal_of(lapsed).details["reason"], refusal_of(lapsed).details["since"]) == ("lapsed", on(8))
    revoked = town(qualification.Revoked(at=on(8), by="head", reason="safety"))
    assert (refusal_of(revoked).details["reason"], refusal_of(revoked).details["since"]) == ("revoked", on(8))
    partly = town(qualification.Revoked(at=on(8), by="head", reason="safety", areas=(WILLOWS,)))
    assert (refusal_of(partly).details["reason"], refusal_of(partly).details["since"]) == ("not_here", on(8))
    assert refusal_of(town(), category="lifts").details["reason"] == "never"
    assert refusal_of(town(), area="33").details["reason"] == "never"


# Work orders ----------------------------------------------------------------------------------------------------------


def test_a_company_that_is_no_vendor_is_given_work_as_ever() -> None:
    work().when(Assign(at=LATER, company="fixit")).events()
    work().when(Assign(at=LATER, company=trade.NOBODY)).events()


def test_a_company_that_has_only_opened_a_vendors_file_is_given_work_as_before() -> None:
    opened = work().knowing(vendor.decider, vendor.stream(VENDOR), trade.REGISTERED)
    opened.when(Assign(at=LATER, company=VENDOR)).events()


def test_a_company_that_is_barred_is_given_no_work_although_it_is_no_vendor() -> None:
    barred = work().knowing(sanction.decider, sanction.stream(OTHER), replace(BLACKLISTED, vendor=OTHER))
    barred.when(Assign(at=LATER, company=OTHER)).then_refused(VendorBlacklisted)


def test_where_vendors_are_admitted_to_a_category_a_vendor_must_be_qualified_for_its_work_orders() -> None:
    admitted = work().knowing(admission_scheme.decider, admission_scheme.stream("parking"), SCHEME)
    admitted.when(Assign(at=LATER, company=VENDOR)).then_refused(NotQualified)
    stream = qualification.stream(VENDOR, "parking", DISTRICT)
    qualified = admitted.knowing(qualification.decider, stream, SUBMITTED, GRANTED)
    qualified.when(Assign(at=LATER, company=VENDOR)).events()
    admitted.when(Assign(at=LATER, company="fixit")).events()


def test_within_a_company_work_changes_hands_freely() -> None:
    """It is no new work: what becomes of it after a suspension is chosen item by item."""
    given = work(Assign(at=on(3), company=VENDOR)).knowing(sanction.decider, sanction.stream(VENDOR), SUSPENDED)
    given.when(HandOver(at=LATER, company=VENDOR, team="night", reason="shift")).events()


def test_a_work_order_is_not_dated_back_to_before_a_suspension() -> None:
    suspended = work().knowing(sanction.decider, sanction.stream(VENDOR), SUSPENDED)
    suspended.when(Assign(at=on(5), company=VENDOR)).then_refused(VendorSuspended)


def test_a_suspension_elsewhere_or_of_other_work_restrains_nothing_here() -> None:
    for scope in (Scope(areas=("34",)), Scope(categories=("lifts",))):
        suspended = town().knowing(sanction.decider, sanction.stream(VENDOR), replace(SUSPENDED, scope=scope))
        suspended.when(replace(AWARD, at=LATER)).events()


def test_work_that_is_reopened_goes_back_to_whoever_had_it_but_not_to_who_is_barred() -> None:
    done = work(
        Assign(at=on(3), company=VENDOR, person="wu"),
        work_order.Start(at=on(3)),
        work_order.Resolve(at=on(5), evidence=(FOUND,)),
    )
    again = work_order.Reopen(at=on(6, 10), reason="drips again")
    back = done.when(again).state
    assert (back.status, back.company, back.person) == (work_order.Status.ASSIGNED, VENDOR, "wu")
    barred = done.knowing(sanction.decider, sanction.stream(VENDOR), SUSPENDED)
    open_again = barred.when(again).state
    assert (open_again.status, open_again.company, open_again.person) == (work_order.Status.TRIAGED, "", "")
    barred.after(again).when(Assign(at=on(6, 11), company=VENDOR)).then_refused(VendorSuspended)
    barred.after(again).when(Assign(at=on(6, 11), company="fixit")).then(Assigned(at=on(6, 11), company="fixit"))
