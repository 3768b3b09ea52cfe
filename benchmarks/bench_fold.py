"""What the past costs: the state of a work order from its first twenty events."""

from typing import Any

from benchmarks.report import FOLD, Report
from benchmarks.sample import TWENTY
from domain import work_order


def bench_fold(benchmark: Any, report: Report) -> None:  # the plugin is not typed
    """Decoded events, as the door and the projections fold them."""
    assert len(TWENTY) == 20
    state = benchmark.pedantic(work_order.decider.fold, args=(TWENTY,), rounds=200, iterations=50, warmup_rounds=20)
    assert state.status is work_order.Status.ACCEPTED
    report.measured(FOLD, benchmark.stats.stats.median / len(TWENTY) * 1e6)
