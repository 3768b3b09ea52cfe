"""Estates: in a community that is there, each building once."""

import pytest
from msgspec.structs import replace

from domain.decider import Elapse
from domain.parties import area, estate
from domain.parties.estate import (
    AddBuilding,
    Building,
    BuildingAdded,
    Close,
    Closed,
    Estate,
    EstateCommand,
    EstateEvent,
    Register,
    Registered,
    Rename,
    Renamed,
)
from tests.domain.small_town import AREAS, WILLOWS, on
from tests.scenario import Given, given

Scenario = Given[EstateCommand, Estate, EstateEvent]


def town(*events: EstateEvent) -> Scenario:
    """A scenario of one estate in a town with one community."""
    scenario = given(estate.decider, *events)
    for known in AREAS:
        scenario = scenario.knowing(area.decider, area.stream(known.code), known)
    return scenario


REGISTER = Register(at=on(2), name="柳园小区", community=WILLOWS)
REGISTERED = Registered(at=on(2), name="柳园小区", community=WILLOWS)
BUILDING = AddBuilding(at=on(3), number="3", floors=18)
BUILT = BuildingAdded(at=on(3), number="3", floors=18)


def test_an_estate_is_registered_in_a_community() -> None:
    town().when(replace(REGISTER, name=" 柳园小区 ")).then(REGISTERED).when(REGISTER).then_nothing()


@pytest.mark.parametrize("community", ["", "garden", "33", "330106001", f"{WILLOWS}001"])
def test_an_estate_lies_in_a_community_and_in_nothing_else(community: str) -> None:
    town().when(replace(REGISTER, community=community)).then_refused(estate.NotACommunity)


def test_its_community_must_be_there_and_open() -> None:
    town().when(replace(REGISTER, community="330106001009")).then_refused(area.AreaNotRegistered)
    closed = town().knowing(area.decider, area.stream(WILLOWS), AREAS[-1], area.Closed(at=on(1), reason="merged"))
    closed.when(REGISTER).then_refused(area.AreaClosed)


@pytest.mark.parametrize("change", [{"name": "槐园"}, {"community": "330106001009"}])
def test_another_estate_needs_another_id(change: dict[str, str]) -> None:
    town(REGISTERED).when(replace(REGISTER, **change)).then_refused(estate.EstateAlreadyRegistered)


def test_buildings_are_added_one_by_one_and_each_once() -> None:
    built = town(REGISTERED).when(replace(BUILDING, number=" 3 ")).then(BUILT)
    built.when(BUILDING).then_nothing()
    refused = built.when(replace(BUILDING, floors=6)).then_refused(estate.BuildingAlreadyThere)
    assert refused.details == {"number": "3", "floors": 18}
    two = built.when(replace(BUILDING, number="5", floors=6)).state
    assert two.buildings == (Building("3", 18), Building("5", 6))
    assert two.building("5") == Building("5", 6)
    assert two.building("4") is None


def test_it_is_renamed() -> None:
    renamed = town(REGISTERED).when(Rename(at=on(3), name="柳园新村")).then(Renamed(at=on(3), name="柳园新村"))
    renamed.when(Rename(at=on(4), name="柳园新村")).then_nothing()


def test_a_closed_one_is_left_as_it_was() -> None:
    closed = town(REGISTERED, BUILT).when(Close(at=on(4), reason="demolished"))
    ended = closed.then(Closed(at=on(4), reason="demolished"))
    assert (ended.state.open, ended.state.closed_because) == (False, "demolished")
    ended.when(Close(at=on(5), reason="mistake")).then_nothing()
    for command in (BUILDING, Rename(at=on(5), name="x")):
        ended.when(command).then_refused(estate.EstateClosed)


@pytest.mark.parametrize("command", [BUILDING, Rename(at=on(2), name="x"), Close(at=on(2), reason="mistake")])
def test_what_is_not_registered_can_only_be_registered(command: EstateCommand) -> None:
    town().when(command).then_refused(estate.EstateNotRegistered)


def test_no_moment_is_on_its_agenda() -> None:
    town(REGISTERED).when(Elapse(label="", at=on(9))).then_nothing()


def test_it_concerns_who_is_responsible_for_its_community() -> None:
    stream = area.stream("any")
    assert estate.decider.whose(stream, Estate(), REGISTER).areas == (WILLOWS,)
    assert estate.decider.whose(stream, town(REGISTERED).state, BUILDING).areas == (WILLOWS,)
    assert estate.decider.whose(stream, Estate(), None).areas == ()
