"""The whole platform as a process, the way a person starts it: for journeys on the real stack."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx
import psutil

from adapters.supervised import free_port

PASSWORD = "a long sentence for journeys"  # noqa: S105 - of a test
START = 90.0  # seconds until it must be ready, on a busy machine


class Running:
    """`linli up` (or another command) on a folder, with ports of its own."""

    def __init__(self, folder: Path, *command: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.output = folder.with_suffix(".out")
        self._linli = [sys.executable, "-m", "adapters.cli"]
        self._command = [*self._linli, *(command or ("up",))]
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("LINLI_")},
            "LINLI_DATA_DIR": str(folder),
            "LINLI_PORT": str(self.port),
            "LINLI_TEMPORAL_PORT": str(free_port()),
            "LINLI_TEMPORAL_UI_PORT": str(free_port()),
            "LINLI_LOG_FORMAT": "json",
            "LINLI_SIGN_INS_PER_MINUTE": "0",  # all of a journey come from one address
        }
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Of the API."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it says that it is ready."""
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(  # noqa: S603 - our own
                self._command,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=Path(__file__).parents[2],
            )
        eventually(self.is_ready, within=START, otherwise=self.said)

    def stop(self) -> float:
        """Ask it to stop; the seconds that it took. It must end well."""
        assert self.process is not None
        asked = time.monotonic()
        self.process.terminate()
        code = self.process.wait(60)
        assert code == 0, self.said()
        return time.monotonic() - asked

    def is_ready(self) -> bool:
        """Whether the API says so."""
        assert self.process is not None
        assert self.process.poll() is None, self.said()
        try:
            return httpx.get(f"{self.address}/health/ready", timeout=3, trust_env=False).is_success
        except httpx.TransportError:
            return False

    def pids(self) -> Mapping[str, int]:
        """The processes that it is made of now, by name."""
        found: dict[str, int] = {}
        assert self.process is not None
        for child in psutil.Process(self.process.pid).children():
            try:
                words = child.cmdline()
            except psutil.Error:
                continue
            if "adapters.cli" in words:
                found[words[words.index("adapters.cli") + 1]] = child.pid
            elif str(self.folder / "postgres") in words:
                found["postgres"] = child.pid
            elif str(self.folder / "temporal.db") in words:
                found["temporal"] = child.pid
        return found

    def let_in(self, login: str, role: str = "", **post: str) -> str:
        """Somebody new who can sign in, made on the command line beside it; the id of the person."""
        options = {"role": role, **post} if role else post
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        done = subprocess.run(  # noqa: S603 - our own
            [*self._linli, "account", "create", "--login", login, "--password-stdin", *words],
            env=self.environment,
            input=f"{PASSWORD}\n",
            capture_output=True,
            text=True,
            check=False,
            cwd=Path(__file__).parents[2],
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.split()[1]

    def token(self, login: str) -> str:
        """An access token of somebody who was let in: the value of the header Authorization."""
        with httpx.Client(base_url=self.address, timeout=30, trust_env=False) as browser:
            signed_in = browser.post("/sign-in", json={"login": login, "password": PASSWORD})
            assert signed_in.is_success, signed_in.text
            shown = {"X-CSRF-Token": signed_in.json()["csrf_token"]}
            issued = browser.post("/tokens", json={}, headers=shown)
            assert issued.is_success, issued.text
            return f"Bearer {issued.json()['access_token']}"

    def kill(self, name: str) -> int:
        """Kill one of them without a warning; its process id."""
        pid = self.pids()[name]
        os.kill(pid, signal.SIGKILL)
        return pid

    def kill_all_at_once(self) -> None:
        """Kill the parent, which nobody can clean up after."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(30)

    def said(self) -> str:
        """The end of what it wrote."""
        return self.output.read_text(errors="replace")[-4000:]


def eventually(so: Callable[[], bool], *, within: float, otherwise: Callable[[], str]) -> None:
    """Ask again and again until it is so; fail when it is not within so many seconds."""
    deadline = time.monotonic() + within
    while not so():
        assert time.monotonic() < deadline, otherwise()
        time.sleep(0.05)
