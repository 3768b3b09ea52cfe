"""Who may do what, as one table: a row for each permission, a column for each role. What is not here is forbidden.

    E  everything there is: what is public to all who hold a role
    A  anywhere, or within the area of the appointment if it names one
    T  territory: what lies in the area of the appointment
    O  what concerns the organisation of the appointment
    B  both: what concerns its organisation and lies in its area
    S  what concerns the person itself
    W  what concerns the person's ward
    .  no

A cell may hold several letters; one that fits is enough. A permission is called `<lifecycle>.<command>`, with `/facet`
where a command weighs differently (`domain.decider.Whose.facet`); without a row of its own a facet has the row of the
command. `<lifecycle>.see` is looking at it. Whoever changes the table counts `VERSION` up: it is recorded with every
event, and git keeps each version of the table.
"""

import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from domain.access import role

VERSION: Final = 2
DIGEST: Final = "0e1aaa193821aa69"
"""SHA-256 of the table, 16 digits: a test fails when the table changes and neither this nor the version does."""

SCOPES: Final = "EATOBSW"

TABLE: Final = """
                                    res fam vol grd com pmg pst smg swk ven pro phd aud adm sec prv dev prt
work_order.see                      S   W   S   T   T   T   T   O   S   O   .   .   A   .   .   .   S   OS
work_order.contact                  S   W   .   T   T   T   O   O   S   O   .   .   A   .   .   .   .   .
work_order.report                   S   W   T   T   T   T   T   .   .   .   .   .   .   .   .   .   T   S
work_order.triage                   .   .   .   .   T   T   .   .   .   .   .   .   .   .   .   .   .   .
work_order.acknowledge              .   .   .   T   T   T   T   O   .   .   .   .   .   .   .   .   .   .
work_order.assign                   .   .   .   .   T   T   .   .   .   .   .   .   .   .   .   .   .   .
work_order.hand_over                .   .   .   .   T   T   .   O   .   .   .   .   .   .   .   .   .   .
work_order.start                    .   .   .   .   .   T   T   O   S   O   .   .   .   .   .   .   .   .
work_order.pause                    .   .   .   .   .   T   T   O   S   O   .   .   .   .   .   .   .   .
work_order.resume                   .   .   .   .   .   T   T   O   S   O   .   .   .   .   .   .   .   .
work_order.resolve                  .   .   .   .   .   T   T   O   S   O   .   .   .   .   .   .   .   .
work_order.accept                   S   W   .   T   T   T   .   .   .   .   .   .   .   .   .   .   .   .
work_order.reopen                   S   W   .   T   T   T   .   .   .   .   .   .   .   .   .   .   .   .
work_order.close                    .   .   .   .   T   T   .   .   .   .   .   .   .   .   .   .   .   .
work_order.cancel                   S   W   .   .   T   T   .   .   .   .   .   .   .   .   .   .   .   .
work_order.reprioritise             .   .   .   .   T   T   .   .   .   .   .   .   .   .   .   .   .   .
work_order.comment                  S   W   S   T   T   T   T   O   S   O   .   .   .   .   .   .   S   S
work_order.attach                   S   W   S   T   T   T   T   O   S   O   .   .   .   .   .   .   S   S
service_agreement.see               E   E   E   E   E   E   E   E   E   E   E   E   E   E   E   E   .   E
service_agreement.publish           .   .   .   .   .   T   .   .   .   .   .   A   .   .   .   .   .   .
work_calendar.see                   E   E   E   E   E   E   E   E   E   E   E   E   E   E   E   E   E   E
work_calendar.publish               .   .   .   .   .   .   .   .   .   .   .   A   .   A   .   .   .   .
work_calendar.confirm_year          .   .   .   .   .   .   .   .   .   .   .   A   .   A   .   .   .   .
appointment.see                     S   .   S   S   SO  SO  S   SO  S   SO  S   S   A   A   A   S   .   .
appointment.propose                 .   .   .   .   .   .   .   .   .   .   .   .   .   A   .   .   .   .
appointment.propose/resident        .   .   .   T   T   T   .   .   .   .   .   .   .   A   .   .   .   .
appointment.propose/family          S   .   .   .   .   .   .   .   .   .   .   .   .   .   .   A   .   .
appointment.propose/volunteer       .   .   .   T   T   .   .   .   .   .   .   .   .   A   .   .   .   .
appointment.propose/grid_worker     .   .   .   .   T   .   .   .   .   .   .   .   .   A   .   .   .   .
appointment.propose/property_staff  .   .   .   .   .   B   .   .   .   .   .   .   .   A   .   .   .   .
appointment.propose/provider_worker .   .   .   .   .   .   .   O   .   O   .   .   .   A   .   .   .   .
appointment.approve                 .   .   .   .   .   .   .   .   .   .   .   .   .   .   A   .   .   .
appointment.decline                 .   .   .   .   .   .   .   .   .   .   .   .   .   .   A   .   .   .
appointment.revoke                  .   .   .   .   .   .   .   .   .   .   .   .   .   A   A   .   .   .
appointment.revoke/resident         .   .   .   .   T   T   .   .   .   .   .   .   .   A   A   .   .   .
appointment.revoke/family           S   .   .   .   .   .   .   .   .   .   .   .   .   .   A   A   .   .
appointment.revoke/volunteer        .   .   .   T   T   .   .   .   .   .   .   .   .   A   A   .   .   .
appointment.revoke/grid_worker      .   .   .   .   T   .   .   .   .   .   .   .   .   A   A   .   .   .
appointment.revoke/property_staff   .   .   .   .   .   B   .   .   .   .   .   .   .   A   A   .   .   .
appointment.revoke/provider_worker  .   .   .   .   .   .   .   O   .   O   .   .   .   A   A   .   .   .
area.see                            E   E   E   E   E   E   E   E   E   E   E   E   E   E   E   E   E   E
area.register                       .   .   .   .   .   .   .   .   .   .   .   .   .   A   .   .   .   .
area.rename                         .   .   .   .   .   .   .   .   .   .   .   .   .   A   .   .   .   .
area.close                          .   .   .   .   .   .   .   .   .   .   .   .   .   A   .   .   .   .
organisation.see                    E   E   E   E   E   E   E   E   E   E   E   E   E   E   E   E   E   E
organisation.register               .   .   .   .   .   .   .   .   .   .   A   A   .   A   .   .   .   .
organisation.rename                 .   .   .   .   O   O   .   O   .   O   .   .   .   A   .   .   .   .
organisation.extend                 .   .   .   .   .   .   .   .   .   .   .   .   .   A   .   .   .   .
organisation.trust_provider         .   .   .   .   .   .   .   .   .   .   .   .   .   A   .   .   .   .
organisation.distrust_provider      .   .   .   .   .   .   .   .   .   .   .   .   .   A   A   .   .   .
organisation.close                  .   .   .   .   .   .   .   .   .   .   .   .   .   A   .   .   .   .
estate.see                          E   E   E   E   E   E   E   E   E   E   E   E   E   E   E   E   E   E
estate.register                     .   .   .   .   T   T   .   .   .   .   .   .   .   A   .   .   .   .
estate.add_building                 .   .   .   .   T   T   .   .   .   .   .   .   .   A   .   .   .   .
estate.rename                       .   .   .   .   T   T   .   .   .   .   .   .   .   A   .   .   .   .
estate.close                        .   .   .   .   T   .   .   .   .   .   .   .   .   A   .   .   .   .
person.see                          S   SW  S   ST  ST  ST  S   S   S   S   S   S   A   A   A   A   .   .
person.list                         .   .   .   T   T   T   .   .   .   .   .   .   .   .   .   .   .   .
person.register                     .   .   .   T   T   T   .   A   .   A   .   A   .   A   .   .   .   .
person.correct                      S   SW  S   ST  ST  S   S   S   S   S   S   S   .   S   S   A   .   .
person.relate                       S   .   .   .   T   .   .   .   .   .   .   .   .   .   .   A   .   .
person.unrelate                     S   .   .   .   T   .   .   .   .   .   .   .   .   .   .   A   .   .
person.hold                         .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   A   .   .
person.release_hold                 .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   A   .   .
person.erase                        .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   A   .   .
person.export                       S   SW  S   S   S   S   S   S   S   S   S   S   S   S   S   A   .   .
consent.see                         S   SW  S   ST  ST  ST  S   S   S   S   S   S   A   A   A   A   .   .
consent.give                        S   W   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
consent.withdraw                    S   W   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
disclosure.see                      S   SW  S   S   S   S   S   S   S   S   S   S   S   S   S   A   .   .
account.see                         S   SW  S   S   S   S   S   S   S   S   S   S   A   A   A   S   .   .
account.open                        .   .   .   .   .   .   .   .   .   .   .   .   .   A   .   .   .   .
account.set_password                .   .   .   .   .   .   .   .   .   .   .   .   .   .   A   .   .   .
account.set_password/first          .   .   .   .   .   .   .   .   .   .   .   .   .   A   .   .   .   .
account.lock                        .   .   .   .   .   .   .   .   .   .   .   .   .   A   A   .   .   .
account.unlock                      .   .   .   .   .   .   .   .   .   .   .   .   .   A   A   .   .   .
account.disable                     .   .   .   .   .   .   .   .   .   .   .   .   .   A   A   .   .   .
account.enable                      .   .   .   .   .   .   .   .   .   .   .   .   .   A   A   .   .   .
login.see                           .   .   .   .   .   .   .   .   .   .   .   .   A   A   A   .   .   .
login.take                          .   .   .   .   .   .   .   .   .   .   .   .   .   A   .   .   .   .
login.release                       .   .   .   .   .   .   .   .   .   .   .   .   .   A   A   .   .   .
program.see                         .   .   .   .   O   O   .   O   .   O   .   .   A   A   A   .   O   O
program.register                    .   .   .   .   .   .   .   .   .   .   .   .   .   A   .   .   .   .
program.issue_key                   .   .   .   .   .   .   .   .   .   .   .   .   .   A   .   .   .   .
program.revoke_key                  .   .   .   .   .   .   .   .   .   .   .   .   .   A   A   .   .   .
program.disable                     .   .   .   .   .   .   .   .   .   .   .   .   .   A   A   .   .   .
program.enable                      .   .   .   .   .   .   .   .   .   .   .   .   .   A   .   .   .   .
admission_scheme.see                E   E   E   E   E   E   E   E   E   E   E   E   E   E   E   E   .   E
admission_scheme.publish            .   .   .   .   .   .   .   .   .   .   .   A   .   .   .   .   .   .
vendor.see                          .   .   .   .   .   O   .   O   .   O   A   A   A   .   .   .   .   .
vendor.register                     .   .   .   .   .   O   .   O   .   O   A   .   .   .   .   .   .   .
vendor.correct                      .   .   .   .   .   O   .   O   .   O   .   .   .   .   .   .   .   .
vendor.declare                      .   .   .   .   .   O   .   O   .   O   .   .   .   .   .   .   .   .
vendor.verify                       .   .   .   .   .   .   .   .   .   .   A   A   .   .   .   .   .   .
vendor.add_certificate              .   .   .   .   .   O   .   O   .   O   .   .   .   .   .   .   .   .
vendor.withdraw_certificate         .   .   .   .   .   O   .   O   .   O   A   .   .   .   .   .   .   .
vendor.add_member                   .   .   .   .   .   O   .   O   .   O   .   .   .   .   .   .   .   .
vendor.remove_member                .   .   .   .   .   O   .   O   .   O   .   .   .   .   .   .   .   .
qualification.see                   .   .   .   .   .   O   .   O   .   O   A   A   A   .   .   .   .   .
qualification.submit                .   .   .   .   .   O   .   O   .   O   .   .   .   .   .   .   .   .
qualification.add_document          .   .   .   .   .   O   .   O   .   O   .   .   .   .   .   .   .   .
qualification.withdraw              .   .   .   .   .   O   .   O   .   O   .   .   .   .   .   .   .   .
qualification.submit_evidence       .   .   .   .   .   O   .   O   .   O   .   .   .   .   .   .   .   .
qualification.appeal                .   .   .   .   .   O   .   O   .   O   .   .   .   .   .   .   .   .
qualification.check_document        .   .   .   .   .   .   .   .   .   .   A   A   .   .   .   .   .   .
qualification.assign_reviewers      .   .   .   .   .   .   .   .   .   .   .   A   .   .   .   .   .   .
qualification.score                 .   .   .   .   .   .   .   .   .   .   S   S   .   .   .   .   .   .
qualification.settle                .   .   .   .   .   .   .   .   .   .   S   S   .   .   .   .   .   .
qualification.decide                .   .   .   .   .   .   .   .   .   .   .   A   .   .   .   .   .   .
qualification.clear_condition       .   .   .   .   .   .   .   .   .   .   A   A   .   .   .   .   .   .
qualification.revoke                .   .   .   .   .   .   .   .   .   .   .   A   .   .   .   .   .   .
waiver.see                          .   .   .   .   T   T   .   O   .   O   A   A   A   .   .   .   .   .
waiver.propose                      .   .   .   .   T   T   .   .   .   .   A   .   .   .   .   .   .   .
waiver.sign                         .   .   .   .   .   .   .   .   .   .   A   A   .   .   .   .   .   .
waiver.revoke                       .   .   .   .   .   .   .   .   .   .   .   A   .   .   .   .   .   .
engagement.see                      .   .   .   .   .   T   .   O   .   O   A   A   A   .   .   .   .   .
engagement.award                    .   .   .   .   .   T   .   .   .   .   A   .   .   .   .   .   .   .
engagement.offer                    .   .   .   .   .   T   .   .   .   .   A   .   .   .   .   .   .   .
engagement.accept                   .   .   .   .   .   .   .   O   .   O   .   .   .   .   .   .   .   .
engagement.decline                  .   .   .   .   .   .   .   O   .   O   .   .   .   .   .   .   .   .
engagement.start                    .   .   .   .   .   .   .   O   .   O   .   .   .   .   .   .   .   .
engagement.finish                   .   .   .   .   .   .   .   O   .   O   .   .   .   .   .   .   .   .
engagement.reassign                 .   .   .   .   .   T   .   .   .   .   A   .   .   .   .   .   .   .
engagement.cancel                   .   .   .   .   .   T   .   .   .   .   A   .   .   .   .   .   .   .
engagement.keep                     .   .   .   .   .   .   .   .   .   .   .   A   .   .   .   .   .   .
engagement.hold                     .   .   .   .   .   .   .   .   .   .   A   A   .   .   .   .   .   .
engagement.release                  .   .   .   .   .   .   .   .   .   .   .   A   .   .   .   .   .   .
engagement.pay_out                  .   .   .   .   .   .   .   .   .   .   .   A   .   .   .   .   .   .
rating_scheme.see                   E   E   E   E   E   E   E   E   E   E   E   E   E   E   E   E   .   E
rating_scheme.publish               .   .   .   .   .   .   .   .   .   .   .   A   .   .   .   .   .   .
standing.see                        .   .   .   .   .   O   .   O   .   O   A   A   A   .   .   .   .   .
standing.note                       .   .   .   T   T   T   .   .   .   .   A   A   .   .   .   .   .   .
standing.close_period               .   .   .   .   .   .   .   .   .   .   A   A   .   .   .   .   .   .
sanction.see                        .   .   .   .   .   O   .   O   .   O   A   A   A   .   .   .   .   .
sanction.suspend                    .   .   .   .   .   .   .   .   .   .   A   A   .   .   .   .   .   .
sanction.blacklist                  .   .   .   .   .   .   .   .   .   .   .   A   .   .   .   .   .   .
sanction.lift                       .   .   .   .   .   .   .   .   .   .   .   A   .   .   .   .   .   .
sanction.appeal                     .   .   .   .   .   O   .   O   .   O   .   .   .   .   .   .   .   .
sanction.uphold                     .   .   .   .   .   .   .   .   .   .   .   A   .   .   .   .   .   .
sanction.overturn                   .   .   .   .   .   .   .   .   .   .   .   A   .   .   .   .   .   .
fan_out.see                         .   .   .   .   .   O   .   O   .   O   A   A   A   .   .   .   .   .
fan_out.choose                      .   .   .   .   .   .   .   .   .   .   A   A   .   .   .   .   .   .
debarment.see                       .   .   .   .   .   .   .   .   .   .   A   A   A   .   .   .   .   .
debarment.list                      .   .   .   .   .   .   .   .   .   .   A   .   .   .   .   .   .   .
debarment.delist                    .   .   .   .   .   .   .   .   .   .   A   .   .   .   .   .   .   .
screening.see                       .   .   .   .   .   O   .   O   .   O   A   A   A   .   .   .   .   .
screening.confirm                   .   .   .   .   .   .   .   .   .   .   A   A   .   .   .   .   .   .
screening.dismiss                   .   .   .   .   .   .   .   .   .   .   A   A   .   .   .   .   .   .
concession.see                      .   .   .   .   T   O   .   O   .   O   A   A   A   .   .   .   .   .
concession.sign                     .   .   .   .   .   .   .   .   .   .   .   A   .   .   .   .   .   .
concession.amend                    .   .   .   .   .   .   .   .   .   .   .   A   .   .   .   .   .   .
concession.submit_evidence          .   .   .   .   .   O   .   O   .   O   .   .   .   .   .   .   .   .
concession.confirm                  .   .   .   .   T   .   .   .   .   .   A   A   .   .   .   .   .   .
concession.reject                   .   .   .   .   T   .   .   .   .   .   A   A   .   .   .   .   .   .
concession.end                      .   .   .   .   .   .   .   .   .   .   .   A   .   .   .   .   .   .
"""

LOOKING: Final = frozenset({"see", "list", "contact", "export"})
"""Permissions that change nothing."""

BY_ANYBODY_FOR_THEMSELVES: Final = frozenset({"account.set_password", "account.sign_out"})
"""What everybody may do who has signed in, whatever roles they hold, as far as it concerns themselves only."""

SYSTEM: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "clock": frozenset({"*.elapse"}),
        "work_calendar": frozenset({"work_order.revise_calendar"}),
        "import": frozenset(
            {
                "area.register",
                "area.rename",
                "debarment.list",
                "debarment.delist",
                "work_order.report",
                "work_order.triage",
                "work_order.assign",
                "work_order.start",
                "work_order.resolve",
                "work_order.close",
            }
        ),
        "screening": frozenset({"screening.record"}),
        "evaluation": frozenset({"standing.note"}),
        "fan_out": frozenset(
            {
                "fan_out.begin",
                "fan_out.settle",
                "fan_out.close",
                "engagement.keep",
                "engagement.hold",
                "engagement.reassign",
                "engagement.cancel",
                "work_order.hand_over",
                "work_order.pause",
                "work_order.cancel",
            }
        ),
        "sign-in": frozenset({"account.sign_in", "account.fail_sign_in", "account.sign_out"}),
        "disclosure": frozenset({"disclosure.note"}),
        "operator": frozenset(
            {
                "account.open",
                "account.set_password",
                "account.unlock",
                "login.take",
                "person.register",
                "appointment.propose",
                "appointment.approve",
                "appointment.revoke",
            }
        ),
    }
)
"""What parts of the platform may do, by their name. No client can speak in their name. `operator` is whoever has the
command line of the machine: somebody must appoint the first administrator."""


def _parsed(table: str) -> Mapping[str, Mapping[str, str]]:
    """The letters by permission and role, without the cells that have none."""
    heading, *lines = table.strip("\n").splitlines()
    columns = heading.split()
    found: dict[str, Mapping[str, str]] = {}
    for line in lines:
        permission, *cells = line.split()
        if len(cells) != len(columns) or permission in found:
            msg = f"the table of permissions is broken at {permission}"
            raise ValueError(msg)
        row = {role.by_column[column].name: cell for column, cell in zip(columns, cells, strict=True) if cell != "."}
        if strays := set("".join(row.values())) - set(SCOPES):
            msg = f"the table of permissions knows no {strays} (at {permission})"
            raise ValueError(msg)
        found[permission] = row
    return found


ROWS: Final = _parsed(TABLE)


def digest() -> str:
    """What `DIGEST` must be."""
    rows = sorted((name, sorted(row.items())) for name, row in ROWS.items())
    said = repr((rows, sorted(BY_ANYBODY_FOR_THEMSELVES), sorted(_system())))
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _system() -> list[tuple[str, list[str]]]:
    return [(name, sorted(may)) for name, may in SYSTEM.items()]
