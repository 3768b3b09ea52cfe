"""All of the platform on one machine: the engines and our own processes, each started again when it dies.

    engines -> migrations -> serve, work, follow -> (somebody says stop) -> serve, work, follow -> engines

The processes are the ones that run on many machines elsewhere; here they only share a parent. They notice when it is
gone and end too, so a killed parent leaves nobody behind.
"""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import structlog

from adapters.engines import Engines, OwnEngines
from adapters.master_key import MasterKey
from adapters.migrate import migrate
from adapters.settings import Settings, variable
from adapters.supervised import free_port

ROLES = ("serve", "work", "follow")
_SOON = 0.2  # seconds until a dead process is started again; doubles while it keeps dying
_AT_LATEST = 5.0
_LONG_ENOUGH = 10.0  # seconds of life that make a death a new accident
_WATCH = 0.5

_log = structlog.get_logger("supervisor")


class Child:
    """One of our processes."""

    def __init__(self, name: str, arguments: Sequence[str], environment: Mapping[str, str], log: Path | None) -> None:
        self.name = name
        self.starts = 0
        self._command = [sys.executable, "-m", "adapters.cli", *arguments, "--child-of", str(os.getpid())]
        self._environment = {**os.environ, **environment}
        self._log = log
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = asyncio.Event()

    @property
    def pid(self) -> int | None:
        """The id of the process, None while there is none."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def keep(self) -> None:
        """Start it, and again whenever it ends, until told to stop."""
        pause = _SOON
        while not self._stopping.is_set():
            born = time.monotonic()
            code = await self._run()
            if self._stopping.is_set():
                return
            pause = _SOON if time.monotonic() - born > _LONG_ENOUGH else min(pause * 2, _AT_LATEST)
            _log.error("process.died", what=self.name, code=code, again_in=pause)
            await asyncio.sleep(pause)

    async def stop(self, patience: float) -> None:
        """Let it finish what it has begun, for at most `patience` seconds."""
        self._stopping.set()
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), patience)
        except TimeoutError:
            _log.warning("process.killed", what=self.name, patience=patience)
            process.kill()
            await process.wait()

    async def _run(self) -> int:
        self.starts += 1
        with contextlib.ExitStack() as files:
            output = files.enter_context(self._log.open("ab")) if self._log else None
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C at the terminal is for us; we stop the processes in order
            )
        if self._stopping.is_set():  # said while it was being started
            self._process.terminate()
        return await self._process.wait()


class Platform:
    """What runs: where to reach it, and who it is made of."""

    def __init__(self, engines: Engines, own: OwnEngines, children: Sequence[Child], api: str) -> None:
        self.engines = engines
        self.api = api
        self._own = own
        self._children = tuple(children)

    def processes(self) -> dict[str, int]:
        """The ids of the processes that run now, by name."""
        ours = {child.name: child.pid for child in self._children}
        return {**self._own.processes(), **{name: pid for name, pid in ours.items() if pid is not None}}

    async def ready(self, patience: float = 60.0) -> bool:
        """Wait until the API says that it can do its work."""
        deadline = time.monotonic() + patience
        async with httpx.AsyncClient(base_url=self.api, trust_env=False) as client:
            while time.monotonic() < deadline:
                try:
                    if (await client.get("/health/ready")).is_success:
                        return True
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.1)
        return False


@asynccontextmanager
async def platform(settings: Settings, *, logs: Path | None = None) -> AsyncGenerator[Platform]:
    """Everything running, for as long as the block lasts. `logs`: a folder for the logs of our processes.

    Raises FolderInUse, EngineFailed.
    """
    own = OwnEngines(settings, temporal=True)
    try:
        engines = own.start()  # blocks on purpose: the kernel ties the engines to the thread that starts them
        await migrate(engines.database_url)
        MasterKey.at(settings.key_dir, create=settings.embeds_postgres)  # before the children, who may not make one
        async with _kept(own), _children(settings, engines, logs) as (children, api):
            yield Platform(engines, own, children, api)
    finally:
        own.stop()


@asynccontextmanager
async def _children(
    settings: Settings, engines: Engines, logs: Path | None
) -> AsyncGenerator[tuple[Sequence[Child], str]]:
    port = free_port(settings.port, what="api")
    environment = {
        variable("database_url"): engines.database_url,
        variable("temporal_address"): engines.temporal_address,
        variable("data_dir"): str(settings.data_dir.resolve()),
        variable("port"): str(port),
    }
    if logs is not None:
        environment[variable("log_format")] = "json"
    children = [Child(role, [role], environment, logs / f"{role}.log" if logs else None) for role in ROLES]
    keepers = [asyncio.create_task(child.keep(), name=f"keep-{child.name}") for child in children]
    try:
        yield children, f"http://{settings.host}:{port}"
    finally:
        await asyncio.gather(*(child.stop(settings.drain_seconds) for child in children))
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)


@asynccontextmanager
async def _kept(own: OwnEngines) -> AsyncGenerator[None]:
    keepers = [asyncio.create_task(keeper) for keeper in own.keepers()]
    try:
        yield
    finally:
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)


def stop_requested() -> asyncio.Event:
    """An event that is set by SIGTERM or Ctrl-C, from now on."""
    event = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, event.set)
    return event


async def end_with(parent: int) -> None:
    """End this process, as if asked to stop, when the process that started it is gone. Run it as a task."""
    while os.getppid() == parent:  # noqa: ASYNC110 - nobody tells an orphan
        await asyncio.sleep(_WATCH)
    _log.warning("parent.gone", parent=parent)
    os.kill(os.getpid(), signal.SIGTERM)
