"""Temporal: how we connect to it, what our messages look like there, and how our workers run.

Messages are msgspec's, as plain JSON, so operators can read them. A message that does not fit what is expected fails
its workflow or activity at once and visibly; left to itself, Temporal would try it again for ever.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import structlog
from temporalio.api.common.v1 import Payload
from temporalio.client import Client
from temporalio.converter import (
    CompositePayloadConverter,
    DataConverter,
    DefaultPayloadConverter,
    EncodingPayloadConverter,
    JSONPlainPayloadConverter,
    create_payload_validation_error,
)
from temporalio.service import RetryConfig, RPCError
from temporalio.worker import PollerBehaviorSimpleMaximum, Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

_log = structlog.stdlib.get_logger()

_PASSED_THROUGH = (
    "domain",
    "msgspec",
    "structlog",
    "workflows.activities",
    "workflows.fan_outs",
    "workflows.messages",
    "workflows.revisions",
    "workflows.screenings",
)
"""Modules that workflows share with the rest of the process: they are pure, or hold messages, or are only named."""

_QUICK_TO_GIVE_UP = RetryConfig(initial_interval_millis=50, max_elapsed_time_millis=1500, max_retries=4)
"""Whoever calls knows better what to do about a server that is away than to wait ten seconds."""


class MsgspecPayloadConverter(EncodingPayloadConverter):
    """Anything that msgspec can encode, as `json/plain`, decoded to the type that is expected."""

    @property
    def encoding(self) -> str:
        """Operators' tools show this encoding as it is."""
        return "json/plain"

    def to_payload(self, value: Any) -> Payload | None:
        """Encode a value."""
        return Payload(metadata={"encoding": self.encoding.encode()}, data=msgspec.json.encode(value))

    def from_payload(self, payload: Payload, type_hint: type | None = None) -> Any:
        """Decode a value, which must be what is expected."""
        expected: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Any if type_hint is None else type_hint)
        try:
            return expected.decode(payload.data)
        except msgspec.DecodeError as error:
            raise create_payload_validation_error(str(error)) from error


class LinliPayloadConverter(CompositePayloadConverter):
    """The converters of the SDK, with ours in place of plain JSON."""

    def __init__(self) -> None:
        ours = MsgspecPayloadConverter()
        theirs = DefaultPayloadConverter.default_encoding_payload_converters
        super().__init__(*(ours if isinstance(one, JSONPlainPayloadConverter) else one for one in theirs))


CONVERTER = replace(DataConverter.default, payload_converter_class=LinliPayloadConverter)


async def connect(address: str, *, namespace: str = "linli", patience: float = 30.0) -> Client:
    """A client of the Temporal server at host:port, which may be starting up: it is tried for `patience` seconds.

    Raises RuntimeError when it cannot be reached until then.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience
    while True:
        try:
            return await Client.connect(
                address, namespace=namespace, data_converter=CONVERTER, retry_config=_QUICK_TO_GIVE_UP
            )
        except (RuntimeError, RPCError) as error:
            if loop.time() >= deadline:
                msg = f"no Temporal server answers at {address}: {error}"
                raise RuntimeError(msg) from error
            _log.info("temporal.waiting", address=address)
            await asyncio.sleep(0.5)


def sandbox() -> SandboxedWorkflowRunner:
    """Where workflows run: clocks, random numbers and the network are out of their reach."""
    return SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules(*_PASSED_THROUGH))


def worker(  # noqa: PLR0913 - what a worker is made of
    client: Client,
    *,
    task_queue: str,
    workflows: Sequence[type],
    activities: Sequence[Callable[..., Any]],
    drain: timedelta = timedelta(seconds=8),
    cached_workflows: int = 1000,
    sticky: timedelta = timedelta(seconds=5),
) -> Worker:
    """A worker for a task queue: run it as `async with` or by `run()`.

    Stopped, it takes no more work and gives what is under way `drain` time. When it dies, another one gets its
    workflows after `sticky`. It keeps `cached_workflows` between their tasks (about 0.1 MB each; 0: every task replays
    its history). That must be more than it works on at once: a workflow that is pushed out while it runs a local
    activity loses its task, and waits 10 s for the next.
    """
    pollers = PollerBehaviorSimpleMaximum(5)
    return Worker(
        client,
        task_queue=task_queue,
        workflows=workflows,
        activities=activities,
        workflow_runner=sandbox(),
        graceful_shutdown_timeout=drain,
        max_cached_workflows=cached_workflows,
        max_concurrent_workflow_tasks=32,
        max_concurrent_activities=32,
        max_concurrent_local_activities=32,
        workflow_task_poller_behavior=pollers,
        activity_task_poller_behavior=pollers,
        sticky_queue_schedule_to_start_timeout=sticky,
    )
