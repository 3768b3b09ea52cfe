"""Disclosures: each look at sensitive data is a fact, in the stream of the person's month."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from msgspec.structs import replace

from domain.privacy import disclosure
from domain.privacy.disclosure import Made, Note, stream, streams
from domain.privacy.personal import Kind
from tests.domain.small_town import on
from tests.scenario import given

NOTE = Note(
    at=on(2),
    subject="anna",
    to="plumber-4",
    organisation="fixit",
    kinds=(Kind.CONTACT, Kind.ADDRESS, Kind.CONTACT),
    purpose="service_contact",
    about="work_order/7",
)
made = Made(
    at=on(2),
    subject="anna",
    to="plumber-4",
    organisation="fixit",
    kinds=(Kind.ADDRESS, Kind.CONTACT),
    purpose="service_contact",
    about="work_order/7",
)


def look(at: datetime) -> Note:
    return replace(NOTE, at=at)


def test_each_look_is_a_fact() -> None:
    seen = given(disclosure.decider).when(NOTE).then(made)
    assert seen.when(look(on(2) + timedelta(seconds=1))).state.count == 2


def test_the_same_look_told_twice_is_one() -> None:
    given(disclosure.decider, made).when(NOTE).then_nothing()


def test_seeing_nothing_is_no_disclosure() -> None:
    nothing = Note(at=on(2), subject="anna", to="x", organisation="", kinds=(), purpose="p", about="a")
    given(disclosure.decider).when(nothing).then_nothing()


def test_a_month_of_a_person_is_one_stream_and_all_months_can_be_named() -> None:
    january, march = datetime(2026, 1, 31, 23, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)
    assert stream("anna", january) == stream("anna", january.replace(day=1))
    assert stream("anna", january) != stream("bo", january)
    february = datetime(2026, 2, 3, tzinfo=UTC)
    assert list(streams("anna", january, march)) == [stream("anna", at) for at in (january, february, march)]
    assert list(streams("anna", march, march)) == [stream("anna", march)]
    assert len(list(streams("anna", datetime(2020, 12, 1, tzinfo=UTC), datetime(2022, 1, 1, tzinfo=UTC)))) == 14


def test_a_moment_belongs_to_its_month_wherever_the_clock_hangs() -> None:
    evening = datetime.fromisoformat("2026-04-01T01:00:00+08:00")
    assert stream("anna", evening) == stream("anna", datetime(2026, 3, 15, tzinfo=UTC))


def test_it_concerns_the_person_whose_data_was_seen() -> None:
    assert disclosure.whose(UUID(int=1), disclosure.decider.initial, NOTE).people == ("anna",)
    assert disclosure.whose(UUID(int=1), disclosure.decider.fold([made]), None).people == ("anna",)
