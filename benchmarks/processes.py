"""Processes of ours, started as an operator starts them, for as long as a block lasts."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

_PATIENCE = 60.0


class Ended(Exception):
    """The process ended by itself. Holds the end of its log."""


class Process:
    """A running process and its log."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(  # noqa: S603 - the command is ours
                command, env={**os.environ, **environment}, stdout=output, stderr=output
            )

    @property
    def pid(self) -> int:
        """Its id."""
        return self._process.pid

    def wait_for(self, address: str) -> None:
        """Wait until it answers there, whatever it says. Raises Ended, TimeoutError."""
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise Ended(self._log.read_text()[-2000:])
            try:
                urllib.request.urlopen(address, timeout=5).close()  # noqa: S310 - our own address
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise TimeoutError(address)

    def stop(self) -> None:
        """Let it finish."""
        self._process.terminate()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextmanager
def linli(role: str, environment: Mapping[str, str], folder: Path) -> Generator[Process]:
    """One of the platform's processes, with settings from the environment."""
    with running(
        ["-m", "adapters.cli", role], {"LINLI_DATA_DIR": str(folder), **environment}, folder / role
    ) as process:
        yield process


@contextmanager
def running(arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> Generator[Process]:
    """A process of this interpreter; `log` is the file for what it says, without its suffix."""
    process = Process([sys.executable, *arguments], environment, log.with_suffix(".log"))
    try:
        yield process
    finally:
        process.stop()
