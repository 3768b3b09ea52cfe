"""Workflows that run now can be carried on by the code of tomorrow: it makes the same steps of every stored history.

A history is the JSON of `handle.fetch_history()`, or what the Temporal UI downloads. When one changes on purpose, keep
the old histories, add one of the new kind, and mark the change with `workflow.patched`.
"""

from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner
from temporalio.workflow import NondeterminismError

from adapters.temporal import CONVERTER, sandbox
from workflows.clock import Clock
from workflows.messages import Restrained, Watch
from workflows.screening import NightlyScreening
from workflows.suspension_fan_out import SuspensionFanOut

STORED = Path(__file__).parent / "histories"
HISTORIES = sorted(STORED.glob("*.json"))
"""Of clocks."""
FAN_OUTS = sorted((STORED / "fan_out").glob("*.json"))
NIGHTS = sorted((STORED / "screening").glob("*.json"))


def load(path: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json(f"clock/{path.stem}", path.read_text())


@pytest.mark.parametrize("path", [*HISTORIES, *FAN_OUTS], ids=lambda path: path.stem)
async def test_a_stored_history_replays(path: Path) -> None:
    replayer = Replayer(workflows=[Clock, SuspensionFanOut], data_converter=CONVERTER, workflow_runner=sandbox())
    await replayer.replay_workflow(load(path))


@pytest.mark.parametrize("path", NIGHTS, ids=lambda path: path.stem)
async def test_stored_nights_replay(path: Path) -> None:
    replayer = Replayer(workflows=[NightlyScreening], data_converter=CONVERTER, workflow_runner=sandbox())
    await replayer.replay_workflow(load(path))


@workflow.defn(name="Clock", sandboxed=False)
class Impatient:
    """A clock that does something else than the one whose histories are stored."""

    @workflow.run
    async def run(self, _watch: Watch) -> None:
        await workflow.sleep(1)


@workflow.defn(name="SuspensionFanOut", sandboxed=False)
class Careless:
    """A fan-out that does something else than the one whose histories are stored."""

    @workflow.run
    async def run(self, _fan_out: Restrained) -> None:
        await workflow.sleep(1)


async def test_a_workflow_that_takes_other_steps_is_found_out() -> None:
    assert HISTORIES
    assert FAN_OUTS
    replayer = Replayer(
        workflows=[Impatient, Careless], data_converter=CONVERTER, workflow_runner=UnsandboxedWorkflowRunner()
    )
    for path in (*HISTORIES, *FAN_OUTS):
        with pytest.raises(NondeterminismError):
            await replayer.replay_workflow(load(path))
