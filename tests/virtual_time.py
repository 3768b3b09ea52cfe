"""A real Temporal server in which every workflow has a clock of its own, which moves only when a test says so."""

from temporalio.testing import TimeSkippingConfig, WorkflowEnvironment

from adapters.embedded import temporal_program
from adapters.temporal import CONVERTER

_SETTINGS = (
    "frontend.WorkflowTimeSkippingEnabled=true",
    'history.timerProcessorMaxTimeShift="10ms"',  # a skip costs 0.1 s instead of 1.1 s
    'history.workflowIdReuseMinimalInterval="0s"',  # a run that was continued as new would start years too late
    "limit.historyCount.suggestContinueAsNew=60",  # lives of years pass through several runs
)


async def start_virtual_time() -> WorkflowEnvironment:
    """Start such a server, which knows nothing yet. Whoever starts it shuts it down."""
    return await WorkflowEnvironment.start_time_skipping_v2(
        ts_config=TimeSkippingConfig(enabled=False),
        dev_server_existing_path=str(temporal_program()),
        dev_server_log_level="error",
        data_converter=CONVERTER,
        dev_server_extra_args=[word for value in _SETTINGS for word in ("--dynamic-config-value", value)],
    )
