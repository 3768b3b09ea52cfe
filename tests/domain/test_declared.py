"""What events declare about personal data is found wherever it stands in them."""

from typing import Annotated

from msgspec import Struct

from domain.decider import Event
from domain.parties import person
from domain.privacy.declared import declared, owner
from domain.privacy.personal import Key, Kind, Personal


class Proof(Struct, frozen=True):
    """A part of an event."""

    name: Key
    text: Annotated[str, Personal("reporter", Kind.FREE_TEXT)] = ""


class Happened(Event, frozen=True, tag="sample.happened"):
    reporter: Key
    summary: Annotated[str, Personal("reporter", Kind.FREE_TEXT)]
    proofs: tuple[Proof, ...] = ()
    nurse: Annotated[str, Personal("", Kind.IDENTITY)] | None = None


class Nursed(Struct, frozen=True):
    """A state."""

    nurse_id: str


def test_personal_fields_are_found_in_parts_and_lists_and_where_they_may_be_absent() -> None:
    found = {each.name: each.personal for each in declared(Happened)}
    assert found == {
        "summary": Personal("reporter", Kind.FREE_TEXT),
        "proofs.text": Personal("reporter", Kind.FREE_TEXT),
        "nurse": Personal("", Kind.IDENTITY),
    }


def test_whose_a_field_is_stands_in_the_event_or_in_the_state_or_is_the_streams() -> None:
    personal = Personal("reporter", Kind.FREE_TEXT)
    told = Happened(reporter="bo", summary="drips")
    silent = Happened(reporter="", summary="drips")
    state = Happened(reporter="carl", summary="")
    assert owner(personal, told, state, "anna") == "bo"
    assert owner(personal, silent, state, "anna") == "anna"
    elsewhere = Personal("nurse_id", Kind.IDENTITY)
    assert owner(elsewhere, told, Nursed(nurse_id="carl"), "anna") == "carl"
    assert owner(elsewhere, told, None, "anna") == "anna"
    assert owner(Personal("", Kind.IDENTITY), told, state, "anna") == "anna"


def test_a_persons_events_declare_what_a_person_is_known_by() -> None:
    assert {each.name for each in declared(person.Registered)} == set(person.TEXTS)
    assert {each.name: each.personal.kind for each in declared(person.Corrected)} == person.TEXTS
    assert declared(person.Erased) == ()
