"""May this principal do that: by role, by scope, by what they have done before; denied unless something says yes."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given as having
from hypothesis import strategies as st

from domain.access import appointment, permission, policy, role
from domain.access.appointment import Appointments, Propose, Standing
from domain.access.permission import Denied, Question, Sight, permit, reach, sight
from domain.decider import Whose
from tests.domain.small_town import on
from tests.scenario import Streams, given

WANG = "wang"
HERE, THERE = "990101001001", "990102001001"
FIXIT, OTHER = "fixit", "other"
THING = Whose(areas=(HERE,), organisations=(FIXIT,), people=("aunt",))


def holding(*commands: Propose) -> Streams:
    """The streams in which Wang was given these roles."""
    past = given(appointment.decider).after(*commands, *_approvals(commands)).past
    return Streams({appointment.stream(WANG): appointment.decider.fold(past)})


def _approvals(commands: Sequence[Propose]) -> list[Any]:
    powerful = [number for number, each in enumerate(commands, 1) if each.role in role.POWERFUL]
    return [appointment.Approve(at=on(2), number=number) for number in powerful]


def as_a(name: Any, **more: Any) -> Propose:
    complete: dict[str, Any] = {"organisation": FIXIT, "area": "990101", "ward": "aunt", "until": on(20), **more}
    return Propose(at=on(2), principal=WANG, role=name, **complete)


def asks(what: str, whose: Whose = THING, **more: Any) -> Question:
    known: dict[str, Any] = {"actor": WANG, "at": on(3), "present": whose, **more}
    return Question(permission=what, whose=whose, **known)


def test_the_grounds_name_version_row_role_scope_and_appointment() -> None:
    assert permit(asks("work_order.triage"), holding(as_a("property_manager"))) == (
        f"{policy.VERSION} work_order.triage property_manager T #1"
    )


def test_without_a_role_nothing_is_allowed() -> None:
    with pytest.raises(permission.NotPermitted) as no:
        permit(asks("work_order.triage"), holding())
    assert not no.value.visible


def test_a_permission_that_is_in_no_row_is_nobodys() -> None:
    with pytest.raises(permission.NotPermitted):
        permit(asks("work_order.vanish"), holding(as_a("administrator")))


def test_another_area_is_out_of_scope() -> None:
    elsewhere = Whose(areas=(THERE,))
    with pytest.raises(permission.OutOfScope):
        permit(asks("work_order.triage", elsewhere), holding(as_a("property_manager")))


def test_an_area_takes_in_what_its_code_begins() -> None:
    manager = holding(as_a("property_manager", area=HERE))
    assert permit(asks("work_order.triage", Whose(areas=(HERE,))), manager)
    for wider in ("990101001", "990101001002", ""):
        with pytest.raises(permission.OutOfScope):
            permit(asks("work_order.triage", Whose(areas=(wider,))), manager)


def test_a_role_counts_only_while_it_lasts() -> None:
    for at in (on(1), on(20)):
        with pytest.raises(permission.NotPermitted):
            permit(asks("work_order.triage", at=at), holding(as_a("property_manager")))


def test_what_one_may_see_but_not_do_is_forbidden_and_what_one_may_not_see_is_not_there() -> None:
    worker = holding(as_a("provider_manager"))
    with pytest.raises(permission.NotPermitted) as no:
        permit(asks("work_order.triage"), worker)
    assert no.value.visible
    with pytest.raises(permission.NotPermitted) as no:
        permit(asks("work_order.triage", Whose(organisations=(OTHER,))), worker)
    assert not no.value.visible


def test_who_did_the_work_does_not_accept_it() -> None:
    hands = {"work_order.resolved": (WANG,)}
    with pytest.raises(permission.DutiesKeptApart) as no:
        permit(asks("work_order.accept", hands=hands), holding(as_a("property_manager")))
    assert no.value.because == "work_order.resolved"
    assert permit(asks("work_order.accept", hands={"work_order.resolved": ("li",)}), holding(as_a("property_manager")))


def test_who_proposes_a_role_does_not_approve_it_and_nobody_approves_their_own() -> None:
    officer = holding(as_a("security_officer", area=""))
    concerns = Whose(people=("li",), facet="powerful")
    assert permit(asks("appointment.approve", concerns), officer)
    with pytest.raises(permission.DutiesKeptApart):
        permit(asks("appointment.approve", concerns, hands={"appointment.proposed": (WANG,)}), officer)
    with pytest.raises(permission.NotForYourself):
        permit(asks("appointment.approve", Whose(people=(WANG,), facet="powerful")), officer)


def test_nobody_judges_the_vendor_that_they_work_for_or_gives_it_work() -> None:
    manager = holding(as_a("property_manager"))
    assert permit(asks("standing.note", Whose(areas=(HERE,), organisations=(OTHER,))), manager)
    for permission_of_it in ("standing.note", "engagement.award", "waiver.propose"):
        with pytest.raises(permission.NotForYourOrganisation):
            permit(asks(permission_of_it, Whose(areas=(HERE,), organisations=(FIXIT,))), manager)


def test_a_manager_gives_the_roles_of_the_own_staff_in_the_own_area_and_no_other() -> None:
    manager = holding(as_a("property_manager", area="990101"))
    own = Whose(areas=(HERE,), organisations=(FIXIT,), people=("li",), facet="property_staff")
    assert permit(asks("appointment.propose", own), manager)
    for beyond in (
        Whose(areas=(THERE,), organisations=(FIXIT,), people=("li",), facet="property_staff"),
        Whose(areas=(HERE,), organisations=(OTHER,), people=("li",), facet="property_staff"),
        Whose(areas=(HERE,), organisations=(FIXIT,), people=("li",), facet="grid_worker"),
        Whose(areas=(HERE,), organisations=(FIXIT,), people=("li",), facet="powerful"),
    ):
        with pytest.raises(Denied):
            permit(asks("appointment.propose", beyond), manager)


def test_who_acts_for_somebody_as_family_is_for_that_person_to_say() -> None:
    resident = holding(as_a("resident"))
    assert permit(asks("appointment.propose", Whose(people=(WANG,), facet="family")), resident)
    with pytest.raises(permission.OutOfScope):
        permit(asks("appointment.propose", Whose(people=("li",), facet="family")), resident)


def test_an_auditor_looks_and_does_nothing_else() -> None:
    auditor = holding(as_a("auditor", area=""))
    assert permit(asks("work_order.see"), auditor)
    for name in {name for name in policy.ROWS if name.rpartition(".")[2] not in policy.LOOKING}:
        with pytest.raises(permission.OnlyLooks):
            permit(asks(name.partition("/")[0]), auditor)


def test_a_key_is_limited_to_its_scopes() -> None:
    device = holding(as_a("device"))
    assert permit(asks("work_order.report", scopes=("work_order.report",)), device)
    with pytest.raises(permission.NotPermitted):
        permit(asks("work_order.report", scopes=("work_order.see",)), device)


def test_a_part_of_the_platform_does_what_is_listed_under_its_name() -> None:
    assert permit(asks("work_order.elapse", actor="clock"), holding()) == f"{policy.VERSION} work_order.elapse clock"
    assert permit(asks("work_order.report", actor="import:boston311"), holding())
    for actor, name in (("clock", "work_order.report"), ("import", "work_order.accept"), ("work_calendar", "x.elapse")):
        with pytest.raises(permission.NotPermitted):
            permit(asks(name, actor=actor), holding())


def test_everybody_sets_their_own_password_and_nobody_elses() -> None:
    auditor = holding(as_a("auditor", area=""))
    assert permit(asks("account.set_password", Whose(people=(WANG,))), auditor)
    with pytest.raises(Denied):
        permit(asks("account.set_password", Whose(people=("li",))), auditor)


letters = st.sampled_from(policy.SCOPES)
ids = st.sampled_from(["", "a", "ab", "b", WANG])
standings = st.builds(
    Standing,
    number=st.just(1),
    role=st.just("resident"),
    since=st.just(on(2)),
    organisation=ids,
    area=st.sampled_from(["", "99", "9901", "98"]),
    ward=ids,
)
things = st.builds(
    Whose,
    areas=st.lists(st.sampled_from(["99", "9901", "990101", "98", "garden"]), max_size=2).map(tuple),
    organisations=st.lists(ids.filter(bool), max_size=2).map(tuple),
    people=st.lists(ids.filter(bool), max_size=2).map(tuple),
)


@having(letter=letters, held=standings, thing=things)
def test_what_each_letter_takes_in(letter: str, held: Standing, thing: Whose) -> None:
    """The meaning of the letters, said a second time, plainly."""
    in_area = bool(held.area) and any(area[: len(held.area)] == held.area for area in thing.areas)
    of_organisation = held.organisation in thing.organisations
    meant = {
        "E": True,
        "A": in_area or not held.area,
        "T": in_area,
        "O": of_organisation,
        "B": of_organisation and in_area,
        "S": WANG in thing.people,
        "W": held.ward in thing.people,
    }
    assert reach(letter, held, WANG).takes_in(thing) == meant[letter]


@having(held=st.lists(st.tuples(letters, standings), max_size=3), thing=things)
def test_several_appointments_take_in_what_any_of_them_does(held: list[tuple[str, Standing]], thing: Whose) -> None:
    each = [reach(letter, standing, WANG) for letter, standing in held]
    together = sum(each, Sight())
    assert together.takes_in(thing) == any(one.takes_in(thing) for one in each)
    assert not (together.nothing and together.takes_in(thing))


@pytest.mark.parametrize("name", [each.name for each in role.ALL])
@pytest.mark.parametrize("row", sorted(policy.ROWS))
def test_sight_and_permit_never_disagree(name: str, row: str) -> None:
    base, _, facet = row.partition("/")
    held = Appointments(WANG, (Standing(1, name, on(2), FIXIT, "990101", "aunt", on(20), "granted"),))  # type: ignore[arg-type]
    streams = Streams({appointment.stream(WANG): held})
    for thing in (THING, Whose(areas=(THERE,), organisations=(OTHER,), people=("li",)), Whose(people=(WANG,)), Whose()):
        concerns = Whose(thing.areas, thing.organisations, thing.people, facet)
        if base in policy.BY_ANYBODY_FOR_THEMSELVES and concerns.people == (WANG,):
            continue
        try:
            permitted = bool(permit(asks(base, concerns), streams))
        except (permission.NotForYourself, permission.NotForYourOrganisation, permission.OnlyLooks):
            continue
        except Denied:
            permitted = False
        assert sight(permission.permission_of(base, facet), WANG, held.held(on(3))).takes_in(concerns) == permitted
