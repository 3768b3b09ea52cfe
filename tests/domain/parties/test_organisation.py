"""Organisations: each once, a Chinese one by its credit code, and a provider that may say who its people are."""

import pytest
from msgspec.structs import replace

from domain.decider import Elapse
from domain.parties import area, organisation
from domain.parties.credit_code import CreditCodeInvalid
from domain.parties.organisation import (
    Close,
    Closed,
    DistrustProvider,
    Extend,
    Extended,
    Organisation,
    OrganisationCommand,
    OrganisationEvent,
    Provider,
    ProviderDistrusted,
    ProviderTrusted,
    Register,
    Registered,
    Rename,
    Renamed,
    TrustProvider,
)
from tests.domain.small_town import AREAS, WILLOWS, on
from tests.scenario import Given, given

Scenario = Given[OrganisationCommand, Organisation, OrganisationEvent]
CODE = "91110000600037341L"


def town(*events: OrganisationEvent) -> Scenario:
    """A scenario of one organisation in a town with one community."""
    scenario = given(organisation.decider, *events)
    for known in AREAS:
        scenario = scenario.knowing(area.decider, area.stream(known.code), known)
    return scenario


REGISTER = Register(at=on(2), name="明达水电", kinds=("vendor",), credit_code=CODE, area=WILLOWS)
REGISTERED = Registered(at=on(2), name="明达水电", kinds=("vendor",), credit_code=CODE, area=WILLOWS)
COMMITTEE = Registered(at=on(2), name="柳园业委会", kinds=("owners_committee",), area=WILLOWS)
TRUST = TrustProvider(at=on(3), issuer="https://id.example/realm", client_id="linli")
TRUSTED = ProviderTrusted(at=on(3), issuer="https://id.example/realm", client_id="linli")
CLOSED = Closed(at=on(4), reason="dissolved")


def test_an_organisation_is_registered_by_its_credit_code() -> None:
    town().when(REGISTER).then(REGISTERED)


def test_its_credit_code_is_stored_as_it_is_written_and_its_kinds_once_and_in_order() -> None:
    sloppy = replace(
        REGISTER, name=" 明达水电 ", credit_code="91 110000 600037341l", kinds=("partner", "vendor", "partner")
    )
    town().when(sloppy).then(replace(REGISTERED, kinds=("vendor", "partner")))
    assert organisation.stream("91 110000 600037341l") == organisation.stream(CODE)


def test_a_wrong_credit_code_is_refused_with_its_part() -> None:
    refused = town().when(replace(REGISTER, credit_code="91110000600037341N")).then_refused(CreditCodeInvalid)
    assert refused.details["part"] == "check_digit"
    abroad = replace(REGISTER, credit_code="12345", country="GB")
    town().when(abroad).then_refused(CreditCodeInvalid)


@pytest.mark.parametrize(
    ("kinds", "country", "refused"),
    [
        (("vendor",), "CN", True),
        (("owners_committee", "vendor"), "CN", True),
        (("owners_committee",), "CN", False),
        (("residents_committee", "owners_committee"), "CN", False),
        (("vendor",), "GB", False),
    ],
)
def test_only_committees_and_foreigners_do_without_a_credit_code(
    kinds: organisation.Kinds, country: str, *, refused: bool
) -> None:
    said = town().when(replace(REGISTER, kinds=kinds, country=country, credit_code=""))
    if refused:
        said.then_refused(organisation.CreditCodeMissing)
    else:
        said.then(replace(REGISTERED, kinds=kinds, country=country, credit_code=""))


def test_it_is_something() -> None:
    town().when(replace(REGISTER, kinds=())).then_refused(organisation.KindMissing)


def test_its_area_must_be_there_and_open() -> None:
    refused = town().when(replace(REGISTER, area="330106001009")).then_refused(area.AreaNotRegistered)
    assert refused.details == {"area": "330106001009"}
    closed = town().knowing(area.decider, area.stream(WILLOWS), AREAS[-1], area.Closed(at=on(1), reason="merged"))
    closed.when(REGISTER).then_refused(area.AreaClosed)
    town().when(replace(REGISTER, area="")).then(replace(REGISTERED, area=""))


def test_registering_the_same_twice_is_no_news() -> None:
    town(REGISTERED).when(replace(REGISTER, at=on(5), credit_code=CODE.lower())).then_nothing()


@pytest.mark.parametrize(
    "change",
    [{"name": "另一家"}, {"kinds": ("vendor", "partner")}, {"country": "HK"}, {"area": ""}, {"credit_code": ""}],
)
def test_registering_it_with_other_data_is_refused(change: dict[str, str]) -> None:
    town(REGISTERED).when(replace(REGISTER, **change)).then_refused(organisation.AlreadyRegistered)


def test_it_is_renamed() -> None:
    town(REGISTERED).when(Rename(at=on(3), name="明达机电")).then(Renamed(at=on(3), name="明达机电"))
    town(REGISTERED).when(Rename(at=on(3), name="明达水电")).then_nothing()


def test_it_becomes_something_else_as_well() -> None:
    more = town(REGISTERED).when(Extend(at=on(3), kinds=("property_company", "vendor", "property_company")))
    extended = more.then(Extended(at=on(3), kinds=("property_company",)))
    assert extended.state.kinds == ("vendor", "property_company")
    extended.when(Extend(at=on(4), kinds=("vendor",))).then_nothing()
    extended.when(Extend(at=on(4), kinds=())).then_nothing()


def test_a_committee_without_a_credit_code_stays_a_committee() -> None:
    town(COMMITTEE).when(Extend(at=on(3), kinds=("vendor",))).then_refused(organisation.CreditCodeMissing)
    more = town(COMMITTEE).when(Extend(at=on(3), kinds=("residents_committee",)))
    more.then(Extended(at=on(3), kinds=("residents_committee",)))


def test_its_people_may_sign_in_with_its_own_provider_until_it_is_distrusted() -> None:
    trusting = town(REGISTERED).when(TRUST).then(TRUSTED)
    assert trusting.state.provider == Provider("https://id.example/realm", "linli")
    trusting.when(TRUST).then_nothing()
    other = replace(TRUST, client_id="linli-2")
    trusting.when(other).then(replace(TRUSTED, client_id="linli-2"))
    none = trusting.when(DistrustProvider(at=on(4))).then(
        ProviderDistrusted(at=on(4), issuer="https://id.example/realm")
    )
    assert none.state.provider is None
    none.when(DistrustProvider(at=on(5))).then_nothing()


@pytest.mark.parametrize(
    "issuer",
    [
        "https://id.example",
        "https://id.example:8443/realms/x",
        "http://127.0.0.1:9000",
        "http://[::1]:9000/o",
        "http://localhost",
    ],
)
def test_an_issuer_is_an_encrypted_address_or_on_this_machine(issuer: str) -> None:
    town(REGISTERED).when(replace(TRUST, issuer=issuer)).then(replace(TRUSTED, issuer=issuer))


@pytest.mark.parametrize(
    "issuer",
    [
        "",
        "id.example",
        "ftp://id.example",
        "http://id.example",
        "http://10.0.0.1",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "https://",
        "https://:443",
        "https://user:secret@id.example",
        "https://id.example?x=1",
        "https://id.example#x",
        "https://id.example/ x",
        "https://id.example/\n",
        "https://id.example:port",
        "https://id.example\\@evil.example",
        "https://[::1",
        "https://测试.example",
    ],
)
def test_what_is_no_address_of_a_provider_is_refused(issuer: str) -> None:
    town(REGISTERED).when(replace(TRUST, issuer=issuer)).then_refused(organisation.NotAnIssuer)


def test_a_closed_one_takes_part_no_longer_but_can_still_be_distrusted() -> None:
    closed = town(REGISTERED, TRUSTED).when(Close(at=on(4), reason="dissolved")).then(CLOSED)
    assert not closed.state.open
    closed.when(Close(at=on(5), reason="mistake")).then_nothing()
    for command in (Rename(at=on(5), name="x"), Extend(at=on(5), kinds=("partner",)), TRUST, REGISTER):
        closed.when(command).then_refused(organisation.OrganisationClosed)
    closed.when(DistrustProvider(at=on(5))).then(ProviderDistrusted(at=on(5), issuer=TRUSTED.issuer))


@pytest.mark.parametrize(
    "command",
    [
        Rename(at=on(2), name="x"),
        Extend(at=on(2), kinds=("partner",)),
        TRUST,
        DistrustProvider(at=on(2)),
        Close(at=on(2), reason="mistake"),
    ],
)
def test_what_is_not_registered_can_only_be_registered(command: OrganisationCommand) -> None:
    town().when(command).then_refused(organisation.OrganisationNotRegistered)


def test_no_moment_is_on_its_agenda() -> None:
    town(REGISTERED).when(Elapse(label="", at=on(9))).then_nothing()


def test_it_concerns_itself_and_who_is_responsible_for_its_area() -> None:
    stream = organisation.stream(CODE)
    before = organisation.decider.whose(stream, Organisation(), REGISTER)
    after = organisation.decider.whose(stream, town(REGISTERED).state, None)
    assert before == after
    assert (after.organisations, after.areas) == ((str(stream),), (WILLOWS,))
    nowhere = organisation.decider.whose(stream, Organisation(), replace(REGISTER, area=""))
    assert nowhere.areas == ()
