"""A server process of our own: started, watched, stopped, and cleaned up after when we were killed.

    (nothing, or a leftover of a killed start) -> starting -> running -> stopped

One folder serves one owner at a time: the owner holds a lock that the kernel drops whatever way the owner ends. Who
gets the lock may therefore stop a server that is still written down in the folder, after looking that it is that one.
"""

import asyncio
import fcntl
import functools
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

import structlog

from adapters.unprivileged import Account

_LOOPBACK = "127.0.0.1"
_LOG_LIMIT = 10_000_000  # bytes; a log beyond this is set aside at the next start
_log = structlog.stdlib.get_logger()


class EngineFailed(Exception):
    """A server did not start, or did not become ready in time. Holds the end of what it logged."""

    def __init__(self, name: str, reason: str, log: Path) -> None:
        super().__init__(f"{name} {reason}\n--- the end of {log} ---\n{tail(log)}")


class FolderInUse(Exception):
    """Another process is using this data folder."""

    def __init__(self, folder: Path, owner: str) -> None:
        super().__init__(
            f"{folder} is in use by process {owner or 'unknown'}: stop that one first, or name another folder"
        )


def tail(log: Path, lines: int = 30) -> str:
    """The last lines of a log file."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return "(no log)"


def free_port(wanted: int | None = None, *, what: str = "") -> int:
    """The wanted port of this machine, or one that is free when it is taken (and then says so) or not wanted."""
    if wanted and _is_free(wanted):
        return wanted
    with socket.socket() as probe:
        probe.bind((_LOOPBACK, 0))
        found: int = probe.getsockname()[1]
    if wanted:
        _log.warning("port.taken", what=what, wanted=wanted, used=found)
    return found


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_LOOPBACK, port))
            probe.listen(1)
        except OSError:
            return False
        return True


def accepts(port: int) -> bool:
    """Whether something on this machine accepts connections at that port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((_LOOPBACK, port)) == 0


class FolderLock:
    """The right to run servers on a folder. Gone by itself when the process that holds it is."""

    def __init__(self, folder: Path, name: str) -> None:
        self._path = folder / f"{name}.lock"
        self._file: IO[str] | None = None

    def take(self) -> None:
        file = self._path.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            owner = file.read().strip()
            file.close()
            raise FolderInUse(self._path.parent, owner) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        self._file = file

    def drop(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


class Supervised:
    """One server process: its command, its log, and the file in which its process id is written down."""

    def __init__(  # noqa: PLR0913 - what a process is made of
        self,
        name: str,
        folder: Path,
        *,
        marker: str,
        stop_signals: Sequence[tuple[signal.Signals, float]],
        account: Account | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.folder = folder
        self.log = folder / f"{name}.log"
        self.account = account
        self._marker = marker
        self._pid_file = folder / f"{name}.pid"
        self._stop_signals = tuple(stop_signals)
        self._environment = dict(os.environ if environment is None else environment)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The id of the running process."""
        if self._process is None:
            msg = f"{self.name} is not started"
            raise RuntimeError(msg)
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    def start(self, command: Sequence[str]) -> None:
        """Start the process, after stopping one that a killed owner left behind."""
        self.stop_leftover()
        if self.log.exists() and self.log.stat().st_size > _LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".log.old"))
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - the command is ours
                [*_dies_with_us(), *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=self._environment,
                start_new_session=True,  # Ctrl-C at the terminal is for us; we stop the servers in order
                user=self.account.uid if self.account else None,
                group=self.account.gid if self.account else None,
                extra_groups=[] if self.account else None,
            )
        self._pid_file.write_text(str(self._process.pid))

    def wait_until(self, ready: Callable[[], bool], *, timeout: float) -> None:
        """Wait for the process to become ready; give up when it ends or takes longer than `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while not ready():
            if not self.alive:
                raise EngineFailed(self.name, f"ended with code {self._process and self._process.returncode}", self.log)
            if time.monotonic() > deadline:
                self.stop()
                raise EngineFailed(self.name, f"was not ready after {timeout:.0f} s", self.log)
            time.sleep(0.02)

    def stop(self) -> None:
        """Ask the process to end, more firmly each time, and wait until it has."""
        process, self._process = self._process, None
        if process is None:
            return
        for number, patience in (*self._stop_signals, (signal.SIGKILL, 5.0)):
            if process.poll() is None:
                process.send_signal(number)
            try:
                process.wait(patience)
                break
            except subprocess.TimeoutExpired:
                continue
        self._pid_file.unlink(missing_ok=True)

    def stop_leftover(self) -> None:
        """Stop the process that is written down in the folder, if it runs and really is our server on this folder."""
        try:
            pid = int(self._pid_file.read_text())
        except (OSError, ValueError):
            return
        for number, patience in (*self._stop_signals, (signal.SIGKILL, 5.0)):
            if not self._is_ours(pid):
                break
            _log.info("leftover.stopping", what=self.name, pid=pid, signal=number.name)
            os.kill(pid, number)
            _wait(lambda: not self._is_ours(pid), timeout=patience)
        self._pid_file.unlink(missing_ok=True)

    def _is_ours(self, pid: int) -> bool:
        return any(self._marker in argument for argument in _arguments_of(pid))


async def keep(name: str, alive: Callable[[], bool], start_again: Callable[[], None], *, every: float = 0.5) -> None:
    """Watch a process for as long as we run, and start it again when it has died."""
    while True:
        await asyncio.sleep(every)
        if alive():
            continue
        _log.error("engine.died", what=name)
        try:
            await asyncio.to_thread(start_again)
        except EngineFailed as failed:
            _log.error("engine.not_back", what=name, reason=str(failed))


def _wait(done: Callable[[], bool], *, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while not done() and time.monotonic() < deadline:
        time.sleep(0.02)


def _arguments_of(pid: int) -> list[str]:
    """The command line of a process; nothing for one that has ended."""
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").split("\0")
        except OSError:
            return []
    shown = subprocess.run(["/bin/ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False)  # noqa: S603
    return [shown.stdout]


def _dies_with_us() -> list[str]:
    """On Linux: a wrapper that makes the kernel stop the server when we are killed.

    The kernel goes by the thread that started it, so this is for the main thread only. Elsewhere the next start cleans
    up, as it does anyway.
    """
    if threading.current_thread() is not threading.main_thread():
        return []
    return list(_death_signal())


@functools.cache
def _death_signal() -> tuple[str, ...]:
    setpriv = shutil.which("setpriv") if sys.platform == "linux" else None
    if setpriv is None:
        return ()
    usage = subprocess.run([setpriv, "--help"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    return (setpriv, "--pdeathsig", "INT", "--") if "--pdeathsig" in usage else ()
