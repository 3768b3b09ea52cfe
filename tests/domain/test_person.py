"""People: known by name, represented by others, kept while a law demands it, and forgotten."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from domain.decider import Due, Elapse
from domain.parties import person
from domain.parties.contact_point import NotAMailAddress, NotATelephoneNumber, mail_address, telephone
from domain.parties.person import (
    Correct,
    Corrected,
    Erase,
    Erased,
    Held,
    Hold,
    HoldReleased,
    Law,
    Person,
    PersonCommand,
    PersonErased,
    PersonRestricted,
    Register,
    Registered,
    Relate,
    Related,
    ReleaseHold,
    Representative,
    Restricted,
    Status,
    Unrelate,
    Unrelated,
)
from tests.domain.small_town import on
from tests.scenario import given

ANNA, BO = UUID(int=0xA77A), UUID(int=0xB0)
TRADE: Law = "e_commerce_law_31"
FILES: Law = "procurement_law_42"
IN_THREE_YEARS = on(2).replace(year=2029)
IN_FIFTEEN_YEARS = on(2).replace(year=2041)

registered = Registered(
    at=on(2), name="张小三", phone="13812345678", email="z@example.cn", address="柳园小区5幢302室", home="320508001001"
)
bo = Registered(at=on(1), name="Bo")
held = Held(at=on(3), until=IN_THREE_YEARS, law=TRADE)
held_longer = Held(at=on(3), until=IN_FIFTEEN_YEARS, law=FILES)
restricted = Restricted(at=on(4), until=IN_THREE_YEARS, reason="request")
erased = Erased(at=on(4), reason="request")
ERASE = Erase(at=on(4), reason="request")
ANYTHING: list[PersonCommand] = [
    Register(at=on(5), name="Carl"),
    Correct(at=on(5), reason="wrong", name="Carl"),
    Relate(at=on(5), to=str(BO), relation="child"),
    Unrelate(at=on(5), to=str(BO)),
    Hold(at=on(5), until=IN_THREE_YEARS, law=TRADE),
    ReleaseHold(at=on(5), law=TRADE),
    Erase(at=on(5), reason="court"),
]


def elapse(at: datetime) -> Elapse:
    return Elapse(label="erase", at=at)


def test_whoever_registers_is_known_by_numbers_in_one_spelling() -> None:
    given(person.decider).when(
        Register(
            at=on(2),
            name=" 张小三 ",
            phone="138 1234-5678",
            email=" z@example.cn ",
            address="柳园小区5幢302室",
            home="320508001001",
        )
    ).then(registered)


def test_nobody_registers_twice() -> None:
    given(person.decider, registered).when(Register(at=on(3), name="Carl")).then_refused(person.PersonAlreadyRegistered)


@pytest.mark.parametrize("command", ANYTHING[1:], ids=lambda command: type(command).__name__)
def test_nothing_is_done_about_somebody_who_is_not_registered(command: PersonCommand) -> None:
    given(person.decider).when(command).then_refused(person.PersonUnknown)


@pytest.mark.parametrize("name", ["张\u0000", "a\nb", "\u200b", " \t "])
def test_a_name_can_be_printed(name: str) -> None:
    given(person.decider).when(Register(at=on(2), name=name)).then_refused(person.NameUnreadable)


def test_a_bad_number_or_mail_is_refused_and_not_repeated() -> None:
    no = given(person.decider).when(Register(at=on(2), name="A", phone="12345")).then_refused(NotATelephoneNumber)
    assert no.details == {}
    no = given(person.decider).when(Register(at=on(2), name="A", email="a@b")).then_refused(NotAMailAddress)
    assert no.details == {}


def test_a_correction_says_only_what_is_new() -> None:
    correct = Correct(at=on(3), reason="changed", name="张小三", phone="13912345678", home="320508001001")
    given(person.decider, registered).when(correct).then(Corrected(at=on(3), reason="changed", phone="13912345678"))


def test_what_a_correction_empties_is_gone_and_what_it_leaves_out_stays() -> None:
    correct = Correct(at=on(3), reason="moved", email="", address="荷园小区1幢", home="320508001002")
    corrected = Corrected(at=on(3), reason="moved", address="荷园小区1幢", home="320508001002", cleared=("email",))
    known = given(person.decider, registered).when(correct).then(corrected).state
    assert (known.name, known.phone, known.email) == ("张小三", "13812345678", "")
    assert (known.address, known.home) == ("荷园小区1幢", "320508001002")


def test_correcting_to_what_is_known_is_no_news() -> None:
    correct = Correct(at=on(3), reason="wrong", name="张小三", phone="+86 138 1234 5678", language="zh")
    given(person.decider, registered).when(correct).then_nothing()


def test_what_is_sealed_can_be_corrected_all_the_same() -> None:
    sealed = Registered(at=on(2), name=f"sealed.1.{'a' * 32}.1.name.AAAA", phone=f"sealed.1.{'a' * 32}.1.phone.AAAA")
    correct = Correct(at=on(3), reason="wrong", phone="13812345678")
    given(person.decider, sealed).when(correct).then(Corrected(at=on(3), reason="wrong", phone="13812345678"))


def test_somebody_registered_can_act_for_a_ward() -> None:
    related = Related(at=on(3), to=str(BO), relation="child")
    ward = given(person.decider, registered).knowing(person.decider, BO, bo)
    after = ward.when(Relate(at=on(3), to=str(BO).upper(), relation="child")).then(related)
    after.when(Relate(at=on(4), to=str(BO), relation="child")).then_nothing()
    assert person.whose(ANNA, after.state, None).people == (str(ANNA),), "that alone opens nothing"
    changed = after.when(Relate(at=on(4), to=str(BO), relation="guardian"))
    assert changed.state.represented_by == (Representative(str(BO), "guardian"),)
    no_more = after.when(Unrelate(at=on(5), to=str(BO))).then(Unrelated(at=on(5), to=str(BO)))
    assert person.whose(ANNA, no_more.state, None).people == (str(ANNA),)
    no_more.when(Unrelate(at=on(6), to=str(BO))).then_nothing()


@pytest.mark.parametrize("to", [str(BO), "resident-17"])
def test_nobody_is_represented_by_somebody_unknown(to: str) -> None:
    ward = given(person.decider, registered)
    ward.when(Relate(at=on(3), to=to, relation="child")).then_refused(person.RepresentativeUnknown)


def test_nobody_is_represented_by_somebody_erased() -> None:
    ward = given(person.decider, registered).knowing(person.decider, BO, bo, erased)
    ward.when(Relate(at=on(5), to=str(BO), relation="child")).then_refused(person.RepresentativeUnknown)


# Erasing --------------------------------------------------------------------------------------------------------------


def test_erasing_leaves_a_tombstone_and_nothing_personal() -> None:
    gone = given(person.decider, registered).when(ERASE).then(erased).state
    assert gone == Person(
        status=Status.ERASED, home="320508001001", registered_at=on(2), erased_at=on(4), reason="request"
    )


@pytest.mark.parametrize("command", ANYTHING, ids=lambda command: type(command).__name__)
def test_everything_is_refused_about_somebody_erased(command: PersonCommand) -> None:
    given(person.decider, registered, erased).when(command).then_refused(PersonErased)


def test_while_a_law_demands_keeping_the_data_is_restricted_and_erased_in_the_end() -> None:
    kept = given(person.decider, registered, held).when(ERASE).then(restricted)
    assert person.agenda(kept.state) == Due(at=IN_THREE_YEARS, label="erase")
    kept.when(elapse(IN_THREE_YEARS - timedelta(seconds=1))).then_nothing()
    gone = kept.when(elapse(IN_THREE_YEARS)).then(Erased(at=IN_THREE_YEARS, reason="request"))
    assert person.agenda(gone.state) is None
    gone.when(elapse(IN_THREE_YEARS)).then_nothing()


def test_a_late_timer_erases_once_at_the_moment_that_was_due() -> None:
    kept = given(person.decider, registered, held, restricted)
    late = IN_THREE_YEARS + timedelta(days=40)
    gone = kept.when(elapse(late)).then(Erased(at=IN_THREE_YEARS, reason="request"))
    gone.when(elapse(late)).then_nothing()
    gone.when(elapse(IN_THREE_YEARS)).then_nothing()


def test_once_the_time_is_over_nothing_goes_on_only_because_the_timer_is_late() -> None:
    kept = given(person.decider, registered, held, restricted)
    late = IN_THREE_YEARS + timedelta(days=1)
    kept.when(Hold(at=late, until=IN_FIFTEEN_YEARS, law=FILES)).then_refused(PersonErased)
    kept.when(Erase(at=late, reason="request")).then(Erased(at=IN_THREE_YEARS, reason="request"))


@pytest.mark.parametrize("command", ANYTHING[:4], ids=lambda command: type(command).__name__)
def test_restricted_data_is_used_for_nothing(command: PersonCommand) -> None:
    given(person.decider, registered, held, restricted).when(command).then_refused(PersonRestricted)


def test_asking_again_for_what_cannot_be_erased_yet_is_no_news() -> None:
    given(person.decider, registered, held, restricted).when(Erase(at=on(5), reason="request")).then_nothing()


def test_the_last_of_several_laws_decides_when() -> None:
    to_be_erased = given(person.decider, registered, held, held_longer).when(ERASE)
    kept = to_be_erased.then(Restricted(at=on(4), until=IN_FIFTEEN_YEARS, reason="request"))
    kept.when(elapse(IN_THREE_YEARS)).then_nothing()
    released = kept.when(ReleaseHold(at=on(5), law=FILES)).then(HoldReleased(at=on(5), law=FILES))
    assert person.agenda(released.state) == Due(at=IN_THREE_YEARS, label="erase")


def test_releasing_the_last_hold_erases_at_once() -> None:
    kept = given(person.decider, registered, held, restricted)
    kept.when(ReleaseHold(at=on(5), law=FILES)).then_nothing()
    kept.when(ReleaseHold(at=on(5), law=TRADE)).then(
        HoldReleased(at=on(5), law=TRADE), Erased(at=on(5), reason="request")
    )


def test_releasing_the_last_hold_that_still_runs_erases_at_once() -> None:
    kept = given(person.decider, registered, held, held_longer, restricted)
    later = IN_THREE_YEARS + timedelta(days=1)
    kept.when(ReleaseHold(at=later, law=FILES)).then(
        HoldReleased(at=later, law=FILES), Erased(at=later, reason="request")
    )


def test_releasing_a_hold_of_somebody_who_is_not_to_be_erased_erases_nobody() -> None:
    free = given(person.decider, registered, held).when(ReleaseHold(at=on(5), law=TRADE))
    free.then(HoldReleased(at=on(5), law=TRADE)).when(Erase(at=on(6), reason="request")).then(
        Erased(at=on(6), reason="request")
    )


def test_a_hold_that_is_over_keeps_nobody() -> None:
    late = IN_THREE_YEARS
    given(person.decider, registered, held).when(Erase(at=late, reason="retention_over")).then(
        Erased(at=late, reason="retention_over")
    )


def test_a_hold_can_be_prolonged_also_while_restricted() -> None:
    kept = given(person.decider, registered, held, restricted)
    kept.when(Hold(at=on(6), until=IN_THREE_YEARS, law=TRADE)).then_nothing()
    longer = kept.when(Hold(at=on(6), until=IN_FIFTEEN_YEARS, law=TRADE)).go_on()
    assert person.agenda(longer.state) == Due(at=IN_FIFTEEN_YEARS, label="erase")


def test_a_hold_ends_after_it_begins() -> None:
    hold = Hold(at=on(6), until=on(6), law=TRADE)
    given(person.decider, registered).when(hold).then_refused(person.HoldOverAlready)


def test_only_what_ends_it_names_whose_data_is_erased_or_only_kept() -> None:
    told = (registered, held, restricted, erased)
    assert [person.decider.erases(ANNA, event) for event in told] == ["", "", "", str(ANNA)]
    assert [person.decider.restricts(ANNA, event) for event in told] == ["", "", str(ANNA), ""]


def test_a_person_is_the_business_of_whoever_is_responsible_for_their_home() -> None:
    known = person.decider.fold([registered])
    moving = Correct(at=on(3), reason="moved", home="990101")
    assert person.whose(ANNA, known, moving).areas == ("320508001001",)
    assert person.whose(ANNA, Person(), Register(at=on(2), name="A", home=" 990101 ")).areas == ("990101",)
    assert person.whose(ANNA, Person(), None).areas == ()
    assert person.whose(ANNA, person.decider.fold([registered, erased]), None).areas == ("320508001001",)


# Numbers and addresses ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("13812345678", "13812345678"),
        ("+86 138-1234-5678", "13812345678"),
        ("008613812345678", "13812345678"),
        ("１３８１２３４５６７８", "13812345678"),
        ("0512-65123456", "0512-65123456"),
        ("051265123456", "0512-65123456"),
        ("(010) 12345678", "010-12345678"),
        ("+86 512 65123456", "0512-65123456"),
        ("021-1234567", "021-1234567"),
        ("+49 151 1234-5678", "+4915112345678"),
        ("", ""),
        ("  ", ""),
    ],
)
def test_a_telephone_number_has_one_spelling(said: str, kept: str) -> None:
    assert telephone(said) == kept
    assert telephone(kept) == kept


@pytest.mark.parametrize(
    "said",
    [
        "12812345678",
        "1381234567",
        "138123456789",
        "65123456",
        "0512-651234567",
        "+86 999",
        "+0123456789",
        "door",
        "１３",
    ],
)
def test_what_nobody_can_call_is_no_telephone_number(said: str) -> None:
    with pytest.raises(NotATelephoneNumber):
        telephone(said)


@drawn(st.text(alphabet="0123456789+- ()", max_size=20))
def test_whatever_is_accepted_is_kept_as_it_is_from_then_on(said: str) -> None:
    try:
        kept = telephone(said)
    except NotATelephoneNumber:
        return
    assert telephone(kept) == kept


@pytest.mark.parametrize("said", ["a@b", "a b@c.cn", "@c.cn", "a@@c.cn", "a@c..cn", "a\x00@c.cn", f"{'a' * 250}@c.cn"])
def test_what_no_mail_can_be_sent_to_is_no_address(said: str) -> None:
    with pytest.raises(NotAMailAddress):
        mail_address(said)


@pytest.mark.parametrize("said", ["a@b.cn", "张三@例子.中国", "a.b+c@mail.example.cn"])
def test_mail_addresses_of_any_script_are_kept(said: str) -> None:
    assert mail_address(f" {said} ") == said
