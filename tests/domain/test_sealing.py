"""Which texts are personal and whose they are follows from what events declare; nothing is left undeclared."""

from datetime import date
from random import Random
from typing import Annotated, Literal
from uuid import UUID

import msgspec
import pytest

from domain import lifecycles
from domain.decider import Event
from domain.privacy.personal import NOT_PERSONAL, Key, Kind, Personal, Token, is_sealed, token, written
from domain.privacy.sealing import Finding, Misdeclared, bound, findings, holds_personal, replaced, unclassified
from domain.work_order import Attached, Commented, Evidence, Reported, Resolved, WorkOrder
from tests.domain.any_message import made_up
from tests.domain.small_town import on

STREAM = UUID("018f0000-0000-7000-8000-000000000001")
EVENTS = [pytest.param(event, id=tag) for decider in lifecycles.ALL for tag, event in decider.tags.items()]


@pytest.mark.parametrize("event", EVENTS)
def test_no_field_of_any_event_is_unclassified(event: type[Event]) -> None:
    assert unclassified(event) == []


class Inner(msgspec.Struct, frozen=True):
    street: str
    when: date | None = None


class Careless(Event, frozen=True, tag="test.careless"):
    who: Key
    said: Annotated[str, Personal("who", Kind.FREE_TEXT)]
    name: str
    born: date
    where: float
    scan: bytes
    more: dict[str, str]
    inner: tuple[Inner, ...]
    notes: tuple[str, ...] | None
    picture: Annotated[bytes, Personal("who", Kind.MEDIA)]
    count: int
    mood: Literal["good", "bad"]


def test_a_field_that_says_nothing_of_itself_is_found_out() -> None:
    assert unclassified(Careless) == [
        "Careless.born",
        "Careless.more",
        "Careless.name",
        "Careless.notes",
        "Careless.picture",
        "Careless.scan",
        "Careless.where",
        "Inner.street",
        "Inner.when",
    ]


class TwoFaced(Event, frozen=True, tag="test.two_faced"):
    pair: tuple[Annotated[str, NOT_PERSONAL], Annotated[str, Personal("who", Kind.MEDIA)]]


def test_a_field_that_says_two_things_is_refused() -> None:
    with pytest.raises(Misdeclared, match="pair"):
        unclassified(TwoFaced)


def test_personal_texts_are_found_wherever_they_are() -> None:
    reported = Reported(
        at=on(2), community="garden", category="door", summary="stuck", channel="phone", reporter="r-1", place="3-2"
    )
    assert findings(reported, WorkOrder(), STREAM) == [
        Finding("summary", "r-1", Kind.FREE_TEXT, "stuck"),
        Finding("place", "r-1", Kind.FREE_TEXT, "3-2"),
    ]
    proof = (Evidence(kind="photo", name="a.jpg", sha256="ab" * 32), Evidence(kind="note", text="fixed"))
    resolved = Resolved(at=on(2), evidence=proof, closes_at=on(3), note="")
    assert findings(resolved, WorkOrder(reporter="r-2"), STREAM) == [
        Finding("evidence-0-name", "r-2", Kind.FREE_TEXT, "a.jpg"),
        Finding("evidence-1-text", "r-2", Kind.FREE_TEXT, "fixed"),
    ]
    attached = Attached(at=on(2), attachment=proof[0])
    assert [each.path for each in findings(attached, WorkOrder(), STREAM)] == ["attachment-name"]


def test_whose_it_is_says_the_innermost_that_knows_or_else_the_state_or_else_it_is_the_streams() -> None:
    class Visit(msgspec.Struct, frozen=True):
        who: Key
        found: Annotated[str, Personal("who", Kind.HEALTH)]
        told: Annotated[str, Personal("by", Kind.HEALTH)] = ""

    class Visited(Event, frozen=True, tag="test.visited"):
        who: Key
        by: UUID
        visits: tuple[Visit, ...]
        words: tuple[Annotated[str, Personal("who", Kind.FREE_TEXT)], ...]
        name: Annotated[str, Personal("elsewhere", Kind.IDENTITY)]

    class State(msgspec.Struct):
        elsewhere: str = ""

    nurse = UUID(int=5)
    event = Visited(who="outer", by=nurse, visits=(Visit("inner", "well", "ok"),), words=("a", "", "b"), name="Zhang")
    found = [(each.path, each.subject) for each in findings(event, State("stated"), STREAM)]
    assert found == [
        ("visits-0-found", "inner"),
        ("visits-0-told", str(nurse)),
        ("words-0", "outer"),
        ("words-2", "outer"),
        ("name", "stated"),
    ]
    assert findings(event, State(), STREAM)[-1].subject == str(STREAM)
    assert findings(event, object(), STREAM)[-1].subject == str(STREAM)
    assert unclassified(Visited) == []


def test_what_looks_sealed_is_found_like_any_text() -> None:
    smuggled = written(Token("ab" * 16, 3, "text", "QUJD"))
    assert is_sealed(smuggled)
    assert [each.text for each in findings(Commented(at=on(2), text=smuggled), WorkOrder(), STREAM)] == [smuggled]


def test_the_texts_of_an_event_are_replaced_where_they_are() -> None:
    proof = (Evidence(kind="photo", name="a.jpg", sha256="ab" * 32), Evidence(kind="note", text="fixed"))
    event = Resolved(at=on(2), evidence=proof, closes_at=on(3), note="done")
    other = replaced(event, {"evidence-1-text": "X", "note": "Y", "evidence-0-sha256": "never", "closes_at": "never"})
    expected = (proof[0], Evidence(kind="note", text="X"))
    assert other == Resolved(at=on(2), evidence=expected, closes_at=on(3), note="Y")
    assert replaced(event, {}) is event


def test_sealed_texts_are_bound_to_their_version_and_field() -> None:
    here = written(Token("ab" * 16, 3, "attachment-text", "QUJD"))
    event = Attached(at=on(2), attachment=Evidence(kind="note", text=here))
    assert bound(event, 3)
    assert not bound(event, 4)
    assert not bound(Commented(at=on(2), text=here), 3)
    assert bound(Commented(at=on(2), text="plain, from before anything was sealed"), 3)


def test_events_without_anything_personal_are_passed_over() -> None:
    personal = {
        tag
        for decider in lifecycles.ALL
        for tag, event in decider.tags.items()
        if holds_personal([made_up(event, Random(1))])  # noqa: S311 - no secret
    }
    assert "work_order.commented" in personal
    assert "work_order.triaged" not in personal
    assert "service_agreement.published" not in personal


@pytest.mark.parametrize(
    "text",
    [
        "sealed.1." + "ab" * 16 + ".0.text.QUJD",
        "sealed.1." + "ab" * 16 + ".01.text.QUJD",
        "sealed.1." + "ab" * 16 + "." + "9" * 6000 + ".text.QUJD",
        "sealed.1." + "AB" * 16 + ".1.text.QUJD",
        "sealed.1." + "ab" * 16 + ".1.text.QUJD\n",
        "sealed.2." + "ab" * 16 + ".1.text.QUJD",
        "sealed.1.",
        "",
    ],
)
def test_a_token_is_written_in_one_way_only(text: str) -> None:
    assert token(text) is None
    assert not is_sealed(text)
