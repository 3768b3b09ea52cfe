"""One decision of who may do what, for somebody who holds several roles: each row of the table, thing after thing."""

import contextlib
from time import perf_counter
from uuid import UUID

from benchmarks.measure import Sample
from benchmarks.report import PERMISSION, Report
from benchmarks.sample import MORNING
from domain.access import appointment, permission, policy, role
from domain.access.appointment import Appointments, Standing
from domain.decider import Lifecycle, S, Whose

_ROLES = ("resident", "family", "volunteer", "grid_worker", "committee", "property_manager")
_ACTOR = "019a5b1e-0000-7000-8000-000000000001"
_HELD = Appointments(
    _ACTOR,
    tuple(
        Standing(number, held.name, MORNING, "fixit", f"9901010010{number:02}", "aunt", status="granted")  # type: ignore[arg-type] # a role's name
        for number, held in enumerate((each for each in role.ALL if each.name in _ROLES), 1)
    ),
)
_THINGS = tuple(
    Whose(areas=(f"9901010010{number:02}",), organisations=("fixit", "other"), people=("li", "aunt"))
    for number in range(20)
)
_DECISIONS = 50_000


def bench_permission(report: Report) -> None:
    """Allowed or not, it has to be quick: it is part of every command."""

    def ask(lifecycle: Lifecycle[S], _stream: UUID, /) -> S:
        assert isinstance(_HELD, type(lifecycle.initial))
        return _HELD

    names = [name.partition("/")[0] for name in policy.ROWS]
    latencies: list[float] = []
    begun = perf_counter()
    for number in range(_DECISIONS):
        thing = _THINGS[number % len(_THINGS)]
        question = permission.Question(_ACTOR, MORNING, names[number % len(names)], thing, thing)
        before = perf_counter()
        with contextlib.suppress(permission.Denied):
            permission.permit(question, ask)
        latencies.append(perf_counter() - before)
    assert appointment.decider.initial is not _HELD
    sample = Sample(_DECISIONS, perf_counter() - begun, latencies)
    report.measured(PERMISSION, sample.percentile(99))
