"""Vendors: who they are takes two people to say, and what they can show runs out by itself."""

from datetime import UTC, date, datetime, timedelta
from typing import get_args

import pytest
from msgspec.structs import replace

from domain.admission import vendor
from domain.admission.vendor import (
    AddMember,
    CertificateAdded,
    CertificateExpired,
    CertificateExpiring,
    CertificateWithdrawn,
    Contact,
    Correct,
    Corrected,
    Declare,
    Declared,
    MemberAdded,
    MemberRemoved,
    Rejected,
    RemoveMember,
    Status,
    Vendor,
    VendorCommand,
    VendorEvent,
    Verified,
    Verify,
    WithdrawCertificate,
)
from domain.admission.what import What
from domain.decider import Due, Elapse, Refused
from domain.parties import organisation, person
from domain.parties.credit_code import CreditCodeInvalid
from tests.domain.small_town import on
from tests.domain.trade import (
    ACCEPT,
    ADD_MEMBER,
    AGENT,
    BOSS,
    CERTIFICATE,
    CODE,
    COMPANY,
    DECLARE,
    FACTS,
    MECHANIC,
    NOBODY,
    OTHER_CODE,
    PEOPLE,
    REGISTER,
    REGISTERED,
    VENDOR,
    VERIFIED,
)
from tests.scenario import Given, Streams, given

Scenario = Given[VendorCommand, Vendor, VendorEvent]


def trade(*events: VendorEvent) -> Scenario:
    """A scenario of one vendor, whose organisation and people are known."""
    scenario = given(vendor.decider, *events).knowing(organisation.decider, organisation.stream(CODE), COMPANY)
    for each in PEOPLE:
        scenario = scenario.knowing(person.decider, each, person.Registered(at=on(1), name="王建国"))
    return scenario


TRUSTED = trade(REGISTERED, VERIFIED)
ADDED = CertificateAdded(
    at=on(3),
    certificate=1,
    kind="lift_maintenance",
    number="TS3311-2026",
    issuer="浙江省市场监督管理局",
    valid_from=date(2026, 1, 1),
    valid_until=date(2026, 12, 31),
)
DECLARED = Declared(at=on(4), number=2, facts=replace(FACTS, account="6222000000000002"))


# Registering ----------------------------------------------------------------------------------------------------------


def test_a_vendor_registers_itself_and_waits_for_verification() -> None:
    registered = trade().when(REGISTER).then(REGISTERED)
    state = registered.state
    assert (state.status, state.registered, state.verified, state.frozen) == (Status.REGISTERED, True, False, False)
    assert state.declared is not None
    assert (state.declared.number, state.declared.facts) == (1, FACTS)


def test_what_it_says_is_kept_as_it_is_written() -> None:
    sloppy = replace(
        REGISTER,
        vendor=VENDOR.upper(),
        name=" 明达水电 ",
        credit_code="91 110000 600037341l",
        account="6222 0000-0000 0001",
        legal_representative=str(BOSS).upper(),
        contacts=REGISTER.contacts * 2,
    )
    trade().when(sloppy).then(REGISTERED)
    assert vendor.stream(VENDOR.upper()) == vendor.stream(VENDOR)


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"credit_code": "91110000600037341N"}, CreditCodeInvalid),
        ({"credit_code": OTHER_CODE}, vendor.NotItsCreditCode),
        ({"credit_code": ""}, vendor.NotItsCreditCode),
        ({"name": "明达机电"}, vendor.NotItsName),
        ({"vendor": "nobody"}, organisation.OrganisationNotRegistered),
        ({"vendor": NOBODY}, organisation.OrganisationNotRegistered),
        ({"account": "1234"}, vendor.AccountNumberInvalid),
        ({"account": "6222;DROP TABLE"}, vendor.AccountNumberInvalid),
        ({"founded_on": date(2026, 3, 3)}, vendor.FoundedInTheFuture),
        ({"legal_representative": "boss"}, vendor.VendorPersonUnknown),
        ({"contacts": (Contact(NOBODY, "sales"),)}, vendor.VendorPersonUnknown),
    ],
)
def test_what_is_not_so_is_refused(change: dict[str, object], refusal: type[Refused]) -> None:
    trade().when(replace(REGISTER, **change)).then_refused(refusal)


def test_a_closed_organisation_becomes_no_vendor() -> None:
    gone = organisation.Closed(at=on(1), reason="dissolved")
    closed = trade().knowing(organisation.decider, organisation.stream(CODE), COMPANY, gone)
    closed.when(REGISTER).then_refused(organisation.OrganisationClosed)


def test_a_foreign_vendor_is_known_by_the_number_of_its_own_country() -> None:
    abroad = organisation.Registered(at=on(1), name="Lifts Ltd", kinds=("vendor",), country="GB")
    known = (
        trade()
        .knowing(organisation.decider, BOSS, abroad)
        .knowing(person.decider, AGENT, person.Registered(at=on(1), name="Ann"))
    )
    register = replace(
        REGISTER,
        vendor=str(BOSS),
        name="Lifts Ltd",
        credit_code="",
        legal_representative=str(AGENT),
        contacts=(Contact(str(AGENT), "general"),),
    )
    known.when(register).then_refused(vendor.RegistrationNumberMissing)
    assert known.when(replace(register, registration_number="GB 01234")).state.registration_number == "GB 01234"


def test_registering_the_same_twice_is_no_news_and_with_other_data_is_refused() -> None:
    for past in (trade(REGISTERED), TRUSTED, trade(REGISTERED, VERIFIED, ADDED)):
        past.when(replace(REGISTER, at=on(9))).then_nothing()
        past.when(replace(REGISTER, website="https://mingda.example")).then_refused(vendor.VendorAlreadyRegistered)
        past.when(replace(REGISTER, account="6222000000000002")).then_refused(vendor.VendorAlreadyRegistered)


@pytest.mark.parametrize(
    "command",
    [
        Correct(at=on(2), address="x"),
        DECLARE,
        ACCEPT,
        CERTIFICATE,
        WithdrawCertificate(at=on(2), certificate=1, reason="forged"),
        AddMember(at=on(2), person=str(MECHANIC), qualification="lift_mechanic", since=date(2026, 1, 1)),
        RemoveMember(at=on(2), person=str(MECHANIC), reason="left"),
    ],
)
def test_without_a_file_there_is_nothing_to_change(command: VendorCommand) -> None:
    trade().when(command).then_refused(vendor.VendorNotRegistered)


# Correcting, declaring, verifying -------------------------------------------------------------------------------------


def test_what_is_not_sensitive_is_corrected_at_once() -> None:
    contacts = (Contact(str(MECHANIC), "technical"),)
    corrected = Corrected(at=on(3), contacts=contacts, website="https://mingda.example", address="")
    command = Correct(at=on(3), contacts=contacts, website="https://mingda.example", address=" ")
    after = TRUSTED.when(command).then(corrected)
    assert (after.state.status, after.state.address, after.state.contacts) == (Status.VERIFIED, "", contacts)
    after.when(replace(command, at=on(4))).then_nothing()
    after.when(Correct(at=on(4))).then_nothing()
    after.when(Correct(at=on(4), contacts=(Contact("x", "sales"),))).then_refused(vendor.VendorPersonUnknown)


def test_it_is_verified_by_the_number_of_what_was_looked_at() -> None:
    verified = trade(REGISTERED).when(ACCEPT).then(VERIFIED)
    assert (verified.state.status, verified.state.declared) == (Status.VERIFIED, None)
    verified.when(ACCEPT).then_nothing()
    verified.when(replace(ACCEPT, declaration=2)).then_refused(vendor.NothingToVerify)
    verified.when(replace(ACCEPT, accepted=False, reason="other")).then_refused(vendor.NothingToVerify)


def test_a_sensitive_change_freezes_and_counts_once_it_is_verified() -> None:
    frozen = TRUSTED.when(DECLARE).then(DECLARED)
    assert (frozen.state.status, frozen.state.frozen, frozen.state.facts) == (Status.FROZEN, True, FACTS)
    frozen.when(replace(DECLARE, at=on(5))).then_nothing()
    thawed = frozen.when(Verify(at=on(5), declaration=2, accepted=True)).then(Verified(at=on(5), declaration=2))
    assert (thawed.state.status, thawed.state.facts.account) == (Status.VERIFIED, "6222000000000002")


def test_a_rejected_change_leaves_what_was_verified_and_freezes_no_longer() -> None:
    reject = Verify(at=on(5), declaration=2, accepted=False, reason="account_differs")
    thawed = trade(REGISTERED, VERIFIED, DECLARED).when(reject)
    after = thawed.then(Rejected(at=on(5), declaration=2, reason="account_differs"))
    assert (after.state.status, after.state.facts) == (Status.VERIFIED, FACTS)
    assert after.state.rejected_because == "account_differs"
    after.when(reject).then_nothing()


def test_a_rejection_has_a_reason_and_only_that() -> None:
    trade(REGISTERED).when(replace(ACCEPT, accepted=False)).then_refused(vendor.RejectionUnexplained)
    trade(REGISTERED).when(replace(ACCEPT, reason="other")).then_refused(vendor.RejectionUnexplained)


def test_the_last_declaration_counts_and_an_older_one_cannot_be_verified_any_more() -> None:
    twice = trade(REGISTERED, VERIFIED, DECLARED).when(Declare(at=on(5), legal_representative=str(AGENT)))
    other = twice.then(Declared(at=on(5), number=3, facts=replace(FACTS, legal_representative=str(AGENT))))
    refused = other.when(Verify(at=on(6), declaration=2, accepted=True)).then_refused(vendor.DeclaredSince)
    assert refused.details == {"declaration": 3}
    after = other.when(Verify(at=on(6), declaration=3, accepted=True)).state
    assert (after.facts.account, after.facts.legal_representative) == (FACTS.account, str(AGENT))


def test_even_taking_it_back_is_for_a_second_person_to_verify() -> None:
    back = trade(REGISTERED, VERIFIED, DECLARED).when(Declare(at=on(5), account=FACTS.account))
    assert back.then(Declared(at=on(5), number=3, facts=FACTS)).state.frozen


def test_declaring_what_is_so_already_is_no_news_unless_it_was_rejected_before_it_ever_counted() -> None:
    TRUSTED.when(Declare(at=on(4), bank=FACTS.bank)).then_nothing()
    rejected = trade(REGISTERED, Rejected(at=on(3), declaration=1, reason="not_proven"))
    assert rejected.state.status is Status.REGISTERED
    rejected.when(Declare(at=on(4), bank=FACTS.bank)).then(Declared(at=on(4), number=2, facts=FACTS))
    rejected.when(replace(ACCEPT, at=on(4))).then_refused(vendor.NothingToVerify)


def test_a_declaration_declares_something_true_to_form() -> None:
    TRUSTED.when(Declare(at=on(4))).then_refused(vendor.NothingDeclared)
    TRUSTED.when(Declare(at=on(4), account="12")).then_refused(vendor.AccountNumberInvalid)
    TRUSTED.when(Declare(at=on(4), legal_representative=NOBODY)).then_refused(vendor.VendorPersonUnknown)


def test_a_new_name_is_verified_only_when_the_organisation_has_it() -> None:
    declared = TRUSTED.when(Declare(at=on(4), name="明达机电")).go_on()
    accept = Verify(at=on(5), declaration=2, accepted=True)
    declared.when(accept).then_refused(vendor.NotItsName)
    renamed = declared.knowing(
        organisation.decider, organisation.stream(CODE), COMPANY, organisation.Renamed(at=on(4), name="明达机电")
    )
    assert renamed.when(accept).state.name == "明达机电"


# Whether it is sound --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", get_args(What))
def test_only_a_vendor_whose_facts_are_verified_is_sound(what: What) -> None:
    def ask(*events: VendorEvent, company: tuple[organisation.OrganisationEvent, ...] = (COMPANY,)) -> Streams:
        return Streams(
            {
                vendor.stream(VENDOR): vendor.decider.fold(events),
                organisation.stream(CODE): organisation.decider.fold(company),
            }
        )

    renamed = organisation.Renamed(at=on(4), name="明达机电")
    closed = organisation.Closed(at=on(4), reason="dissolved")
    rejected = Rejected(at=on(5), declaration=2, reason="other")
    for unsound, refusal in (
        (ask(), vendor.VendorNotRegistered),
        (ask(REGISTERED), vendor.VendorNotVerified),
        (ask(REGISTERED, VERIFIED, DECLARED), vendor.VendorFrozen),
        (ask(REGISTERED, VERIFIED, company=(COMPANY, renamed)), vendor.VendorFrozen),
        (ask(REGISTERED, VERIFIED, company=(COMPANY, closed)), organisation.OrganisationClosed),
    ):
        with pytest.raises(refusal):
            vendor.must_be_sound(unsound, VENDOR, what)
    vendor.must_be_sound(ask(REGISTERED, VERIFIED), VENDOR.upper(), what)
    vendor.must_be_sound(ask(REGISTERED, VERIFIED, DECLARED, rejected), VENDOR, what)


# Certificates ---------------------------------------------------------------------------------------------------------


def test_a_certificate_is_valid_from_its_first_day_to_its_last() -> None:
    state = TRUSTED.when(CERTIFICATE).then(ADDED).state
    until = datetime(2026, 12, 31, 16, tzinfo=UTC)  # midnight in China
    assert state.certificates[0].ends_at == until
    assert state.holds("lift_maintenance", until - timedelta(seconds=1))
    assert not state.holds("lift_maintenance", until)
    assert not state.holds("lift_maintenance", datetime(2025, 12, 31, 15, tzinfo=UTC))
    assert not state.holds("fire_safety", on(9))


@pytest.mark.parametrize(
    ("days", "refusal"),
    [
        ((date(2026, 12, 31), date(2026, 1, 1)), vendor.CertificateDatesReversed),
        ((date(2026, 1, 1), date(2026, 1, 1)), vendor.CertificateDatesReversed),
        ((date(2026, 3, 5), date(2027, 1, 1)), vendor.CertificateNotYetValid),
        ((date(2026, 1, 1), date(2056, 1, 2)), vendor.CertificateTooLong),
        ((date(2026, 1, 1), date(9999, 12, 31)), vendor.CertificateTooLong),
        ((date(2025, 1, 1), date(2026, 3, 2)), vendor.CertificateOver),
        ((date(1, 1, 1), date(2, 1, 1)), vendor.CertificateOver),
    ],
)
def test_dates_that_no_valid_certificate_has_are_refused(days: tuple[date, date], refusal: type[Refused]) -> None:
    wrong = replace(CERTIFICATE, valid_from=days[0], valid_until=days[1])
    TRUSTED.when(wrong).then_refused(refusal)


@pytest.mark.parametrize(
    "days",
    [(date(2026, 3, 4), date(2026, 3, 5)), (date(2026, 1, 1), date(2056, 1, 1)), (date(2025, 1, 1), date(2026, 3, 3))],
)
def test_dates_at_the_edge_are_fine(days: tuple[date, date]) -> None:
    edge = replace(CERTIFICATE, valid_from=days[0], valid_until=days[1])
    assert TRUSTED.when(edge).state.certificates[0].in_file


def test_dating_back_brings_no_certificate_in_that_has_run_out() -> None:
    over = replace(CERTIFICATE, at=on(1), valid_from=date(2025, 1, 1), valid_until=date(2026, 3, 1))
    TRUSTED.when(over).then_refused(vendor.CertificateOver)


def test_the_same_certificate_is_entered_once() -> None:
    known = trade(REGISTERED, VERIFIED, ADDED)
    known.when(replace(CERTIFICATE, at=on(4))).then_nothing()
    refused = known.when(replace(CERTIFICATE, valid_until=date(2027, 12, 31))).then_refused(vendor.CertificateKnown)
    assert refused.details == {"certificate": 1}
    other = known.when(replace(CERTIFICATE, issuer="国家市场监督管理总局"))
    other.then(replace(ADDED, certificate=2, issuer="国家市场监督管理总局"))


def test_it_is_renewed_under_the_same_number_once_it_has_run_out_or_was_withdrawn() -> None:
    renewed = replace(CERTIFICATE, at=on(5), valid_until=date(2027, 12, 31))
    withdrawn = trade(REGISTERED, VERIFIED, ADDED, CertificateWithdrawn(at=on(4), certificate=1, reason="replaced"))
    assert withdrawn.when(renewed).state.certificates[1].id == 2
    january = datetime(2027, 1, 5, tzinfo=UTC)
    next_one = replace(renewed, at=january, valid_from=date(2027, 1, 1))
    assert trade(REGISTERED, VERIFIED, ADDED).when(next_one).state.holds("lift_maintenance", january)


def test_a_withdrawn_certificate_counts_no_longer() -> None:
    withdraw = WithdrawCertificate(at=on(6), certificate=1, reason="forged")
    after = trade(REGISTERED, VERIFIED, ADDED).when(withdraw)
    gone = after.then(CertificateWithdrawn(at=on(6), certificate=1, reason="forged"))
    assert gone.state.holds("lift_maintenance", on(5))
    assert not gone.state.holds("lift_maintenance", on(6))
    assert vendor.agenda(gone.state) is None
    gone.when(withdraw).then_nothing()
    gone.when(replace(withdraw, certificate=2)).then_refused(vendor.CertificateUnknown)


END = datetime(2026, 12, 31, 16, tzinfo=UTC)
REMINDERS: list[CertificateExpiring | CertificateExpired] = [
    CertificateExpiring(at=END - timedelta(days=90), certificate=1, days=90),
    CertificateExpiring(at=END - timedelta(days=30), certificate=1, days=30),
    CertificateExpiring(at=END - timedelta(days=7), certificate=1, days=7),
    CertificateExpired(at=END, certificate=1),
]


def test_its_end_is_told_at_each_distance_once_and_at_the_end() -> None:
    scenario = trade(REGISTERED, VERIFIED, ADDED)
    for event, days in zip(REMINDERS, (90, 30, 7, 0), strict=True):
        assert vendor.agenda(scenario.state) == Due(event.at, f"certificate/1/{days}")
        scenario.when(Elapse(label="", at=event.at - timedelta(microseconds=1))).then_nothing()
        scenario = scenario.when(Elapse(label="", at=event.at)).then(event)
        scenario.when(Elapse(label="", at=event.at)).then_nothing()
    assert vendor.agenda(scenario.state) is None
    scenario.when(WithdrawCertificate(at=END, certificate=1, reason="other")).then_refused(vendor.CertificateUnknown)


def test_a_clock_that_was_down_tells_each_at_its_own_moment_once() -> None:
    late = trade(REGISTERED, VERIFIED, ADDED).when(Elapse(label="", at=END + timedelta(days=400))).then(*REMINDERS)
    late.when(Elapse(label="", at=END + timedelta(days=500))).then_nothing()


def test_a_full_file_that_nobody_has_looked_at_for_years_is_settled_in_one_go() -> None:
    """Once a look at all certificates for each of their events took most of a minute, and the city waited for it."""
    full = [
        replace(
            ADDED, certificate=number, number=f"no {number}", valid_until=ADDED.valid_until + timedelta(days=number)
        )
        for number in range(1, 1001)
    ]
    told = trade(REGISTERED, VERIFIED, *full).when(Elapse(label="", at=END + timedelta(days=4000))).events()
    assert len(told) == 4 * len(full)
    assert [each.at for each in told] == sorted(each.at for each in told)


def test_whatever_is_done_first_tells_what_came_due_before() -> None:
    later = END - timedelta(days=29)
    done = trade(REGISTERED, VERIFIED, ADDED).when(Correct(at=later, address="文三路 1 号"))
    done.then(*REMINDERS[:2], Corrected(at=later, address="文三路 1 号"))


def test_distances_that_have_passed_when_it_is_entered_are_not_told() -> None:
    soon = replace(CERTIFICATE, valid_until=date(2026, 3, 20))
    state = TRUSTED.when(soon).state
    assert vendor.agenda(state) == Due(datetime(2026, 3, 13, 16, tzinfo=UTC), "certificate/1/7")


def test_of_several_certificates_the_first_to_come_due_comes_first() -> None:
    both = trade(REGISTERED, VERIFIED, ADDED, replace(ADDED, certificate=2, number="2", valid_until=date(2026, 12, 30)))
    due = vendor.agenda(both.state)
    assert due == Due(END - timedelta(days=91), "certificate/2/90")


# Members --------------------------------------------------------------------------------------------------------------

MEMBER = MemberAdded(
    at=on(4),
    person=str(MECHANIC),
    qualification="lift_mechanic",
    since=date(2025, 5, 1),
    until=date(2026, 4, 30),
    certificate_number="T330106199001011234",
)


def test_people_work_for_it_with_a_qualification_from_a_day_to_a_day() -> None:
    state = TRUSTED.when(ADD_MEMBER).then(MEMBER).state
    assert state.staff("lift_mechanic", on(30, month=4)) == 1
    assert state.staff("lift_mechanic", on(1, month=5)) == 0
    assert state.staff("electrician", on(9)) == 0


def test_the_newest_word_about_a_member_counts() -> None:
    known = trade(REGISTERED, VERIFIED, MEMBER)
    known.when(replace(ADD_MEMBER, at=on(5))).then_nothing()
    longer = known.when(replace(ADD_MEMBER, at=on(5), until=None)).then(replace(MEMBER, at=on(5), until=None))
    assert len(longer.state.members) == 1
    assert len(known.when(replace(ADD_MEMBER, qualification="electrician")).state.members) == 2


def test_a_member_is_somebody_and_ends_after_the_beginning() -> None:
    TRUSTED.when(replace(ADD_MEMBER, person=NOBODY)).then_refused(vendor.VendorPersonUnknown)
    TRUSTED.when(replace(ADD_MEMBER, until=date(2025, 4, 30))).then_refused(vendor.MemberDatesReversed)


def test_who_has_left_is_a_member_no_longer() -> None:
    known = trade(REGISTERED, VERIFIED, MEMBER, replace(MEMBER, qualification="electrician"))
    remove = RemoveMember(at=on(5), person=str(MECHANIC), reason="left")
    gone = known.when(remove).then(MemberRemoved(at=on(5), person=str(MECHANIC), reason="left"))
    assert gone.state.members == ()
    gone.when(remove).then_refused(vendor.MemberUnknown)
    one = known.when(replace(remove, qualification="electrician")).state.members
    assert [each.qualification for each in one] == ["lift_mechanic"]


# Whose it is ----------------------------------------------------------------------------------------------------------


def test_a_file_concerns_its_organisation() -> None:
    before = vendor.whose(vendor.stream(VENDOR), Vendor(), replace(REGISTER, vendor=VENDOR.upper()))
    after = vendor.whose(vendor.stream(VENDOR), TRUSTED.state, replace(REGISTER, vendor=str(BOSS)))
    assert before == after
    assert before.organisations == (VENDOR,)
    assert vendor.whose(vendor.stream(VENDOR), Vendor(), None).organisations == ()
