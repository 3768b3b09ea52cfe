"""The area tree: each area under one that is there, under one name, and closed for good."""

import pytest

from domain.decider import Elapse
from domain.parties import area
from domain.parties.area import Area, AreaCommand, AreaEvent, Close, Closed, Register, Registered, Rename, Renamed
from tests.domain.small_town import AREAS, WILLOWS, on
from tests.scenario import Given, given

Scenario = Given[AreaCommand, Area, AreaEvent]
GRID = f"{WILLOWS}002"


def tree(*events: AreaEvent) -> Scenario:
    """A scenario of one area in the tree above it, all of which is registered."""
    scenario = given(area.decider, *events)
    for known in AREAS:
        scenario = scenario.knowing(area.decider, area.stream(known.code), known)
    return scenario


def register(code: str, name: str = "新区") -> Register:
    return Register(at=on(2), code=code, name=name)


REGISTERED = Registered(at=on(2), code=GRID, name="二号网格")


@pytest.mark.parametrize(
    ("code", "level", "parent"),
    [
        ("33", "province", ""),
        ("3302", "city", "33"),
        ("330102", "district", "3301"),
        ("330106002", "street", "330106"),
        ("330106001002", "community", "330106001"),
        (GRID, "grid", WILLOWS),
    ],
)
def test_an_area_is_registered_under_the_one_above_it(code: str, level: str, parent: str) -> None:
    assert (area.level_of(code), area.parent_of(code)) == (level, parent)
    tree().when(register(code)).then(Registered(at=on(2), code=code, name="新区"))


@pytest.mark.parametrize("code", ["440100", "330107001", "330106009001", "330106001009001"])
def test_nothing_hangs_in_the_air(code: str) -> None:
    refused = tree().when(register(code)).then_refused(area.AreaNotRegistered)
    assert refused.details == {"area": area.parent_of(code)}


def test_a_city_may_begin_without_its_province() -> None:
    tree().when(register("4401", "广州市")).then(Registered(at=on(2), code="4401", name="广州市"))


def test_a_city_of_a_province_that_is_closed_is_no_city_on_its_own() -> None:
    closed = tree().knowing(area.decider, area.stream("33"), AREAS[0], Closed(at=on(1), reason="merged"))
    assert closed.when(register("3302")).then_refused(area.AreaClosed).details == {"area": "33"}


def test_a_closed_area_takes_no_new_ones() -> None:
    closed = tree().knowing(area.decider, area.stream(WILLOWS), AREAS[-1], Closed(at=on(1), reason="split"))
    assert closed.when(register(GRID)).then_refused(area.AreaClosed).details == {"area": WILLOWS}


@pytest.mark.parametrize(
    "code", ["", "3", "330", "33010", "3301061", "33010600100", "33a1", "３３", "33 1", f"{GRID}0"]
)
def test_a_code_has_the_digits_of_a_level(code: str) -> None:
    assert area.level_of(code) is None
    tree().when(register(code)).then_refused(area.AreaCodeInvalid)


def test_registering_the_same_twice_is_no_news() -> None:
    tree(REGISTERED).when(register(GRID, "二号网格")).then_nothing()
    tree().when(register(GRID, " 二号网格 ")).then(REGISTERED).when(register(GRID, "二号网格")).then_nothing()


def test_the_same_code_under_another_name_is_another_area() -> None:
    refused = tree(REGISTERED).when(register(GRID, "三号网格")).then_refused(area.AreaAlreadyRegistered)
    assert refused.details == {"code": GRID, "name": "二号网格"}


def test_an_area_is_renamed() -> None:
    renamed = tree(REGISTERED).when(Rename(at=on(3), name="三号网格")).then(Renamed(at=on(3), name="三号网格"))
    renamed.when(Rename(at=on(4), name="三号网格")).then_nothing()
    assert renamed.state.name == "三号网格"


def test_an_area_is_closed_once_and_for_good() -> None:
    closed = tree(REGISTERED).when(Close(at=on(3), reason="merged")).then(Closed(at=on(3), reason="merged"))
    assert (closed.state.open, closed.state.closed_at, closed.state.closed_because) == (False, on(3), "merged")
    closed.when(Close(at=on(4), reason="mistake")).then_nothing()
    closed.when(Rename(at=on(4), name="三号网格")).then_refused(area.AreaClosed)
    closed.when(register(GRID, "二号网格")).then_refused(area.AreaClosed)


@pytest.mark.parametrize("command", [Rename(at=on(2), name="x"), Close(at=on(2), reason="mistake")])
def test_what_is_not_registered_can_only_be_registered(command: AreaCommand) -> None:
    tree().when(command).then_refused(area.AreaNotRegistered)
    assert not tree().state.open


def test_no_moment_is_on_its_agenda() -> None:
    tree(REGISTERED).when(Elapse(label="", at=on(9))).then_nothing()


@pytest.mark.parametrize(
    ("outer", "inner", "answer"),
    [
        ("33", "33", True),
        ("33", GRID, True),
        (WILLOWS, GRID, True),
        (GRID, WILLOWS, False),
        ("34", GRID, False),
        ("", "33", False),
        ("", "", False),
        ("garden", "garden", False),
        ("33", "33x", False),
        ("３３", "３３０１", False),
    ],
)
def test_an_area_contains_itself_and_what_begins_with_its_code(outer: str, inner: str, *, answer: bool) -> None:
    assert area.contains(outer, inner) is answer


def test_it_concerns_who_is_responsible_for_it() -> None:
    stream = area.stream(GRID)
    assert area.decider.whose(stream, Area(), register(GRID)).areas == (GRID,)
    assert area.decider.whose(stream, tree(REGISTERED).state, Rename(at=on(3), name="x")).areas == (GRID,)
    assert area.decider.whose(stream, Area(), None).areas == ()


def test_its_ancestors_come_from_the_province_down() -> None:
    assert area.ancestors_of(GRID) == ("33", "3301", "330106", "330106001", WILLOWS)
    assert area.ancestors_of("33") == ()
