"""The table of permissions: complete, readable, and never changed without a new version."""

import re
from pathlib import Path

import pytest

from domain import lifecycles
from domain.access import duties, policy, role
from domain.access.permission import SEE
from domain.decider import Elapse, tag_of

COMMANDS = {
    f"{decider.name}.{tag_of(command)}"
    for decider in lifecycles.ALL
    for command in decider.commands
    if command is not Elapse
}
SYSTEM = {permission for may in policy.SYSTEM.values() for permission in may}


def without_facet(permission: str) -> str:
    return permission.partition("/")[0]


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_is_in_the_table_or_belongs_to_a_part_of_the_platform(command: str) -> None:
    rows = {without_facet(permission) for permission in policy.ROWS}
    assert command in rows | SYSTEM | policy.BY_ANYBODY_FOR_THEMSELVES


def test_the_table_names_nothing_that_does_not_exist() -> None:
    looking = {f"{decider.name}.{word}" for decider in lifecycles.ALL for word in policy.LOOKING}
    named = {without_facet(permission) for permission in policy.ROWS} | SYSTEM | policy.BY_ANYBODY_FOR_THEMSELVES
    assert named - looking - COMMANDS == {"*.elapse"}


def test_every_lifecycle_can_be_looked_at_by_somebody() -> None:
    assert {decider.name for decider in lifecycles.ALL if f"{decider.name}.{SEE}" not in policy.ROWS} == set()


def test_an_auditor_writes_nothing() -> None:
    assert {
        name for name, row in policy.ROWS.items() if "auditor" in row and name.rpartition(".")[2] not in policy.LOOKING
    } == set()
    assert {each.name for each in role.ALL if each.exclusive} == {"auditor"}


def test_every_role_may_do_something() -> None:
    assert {each.name for each in role.ALL} == {name for row in policy.ROWS.values() for name in row}


def test_no_program_decides_about_people() -> None:
    programs = {each.name for each in role.ALL if each.rank == "program"}
    deciding = {name for name, row in policy.ROWS.items() if programs & row.keys() and name.startswith("appointment")}
    assert deciding == set()


def test_a_changed_table_needs_a_new_version() -> None:
    assert policy.digest() == policy.DIGEST, f"count VERSION up and set DIGEST to {policy.digest()}"


def test_the_changelog_tells_the_version_in_force() -> None:
    changes = (Path(__file__).parents[3] / "CHANGELOG.md").read_text("utf-8")
    assert f"permissions, version {policy.VERSION}" in changes


def test_every_facet_stands_beside_a_row_for_the_command_itself() -> None:
    assert {name for name in policy.ROWS if "/" in name and without_facet(name) not in policy.ROWS} == set()


def test_columns_and_names_of_roles_are_unambiguous() -> None:
    assert len({each.column for each in role.ALL}) == len({each.name for each in role.ALL}) == len(role.ALL)
    assert all(re.fullmatch(r"[a-z]{3}", each.column) and each.zh for each in role.ALL)


def test_duties_name_permissions_and_events_that_exist() -> None:
    rows = {without_facet(permission) for permission in policy.ROWS}
    assert rows >= duties.NOT_FOR_ONES_ORGANISATION
    assert {each.permission for each in duties.APART} | {each.permission for each in duties.NOT_FOR_ONESELF} <= rows
    assert {tag for each in duties.APART for tag in each.done} <= {tag for each in lifecycles.ALL for tag in each.tags}
