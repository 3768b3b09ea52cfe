"""`make demo` on a machine where the ports are taken, and a second time on the same folder."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.access import role
from tests.journeys.running import eventually

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "var"


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody else is listening."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        yield port


def _demo(folder: Path, port: int, *options: str) -> "subprocess.Popen[str]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LINLI_")}
    settings = {name: str(port) for name in ("LINLI_PORT", "LINLI_TEMPORAL_PORT", "LINLI_TEMPORAL_UI_PORT")}
    return subprocess.Popen(  # noqa: S603 - our own
        [sys.executable, "-m", "adapters.cli", "demo", *options],
        env={**environment, **settings, "LINLI_DATA_DIR": str(folder)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
    )


def test_the_story_plays_where_the_ports_are_taken_and_ends_by_itself(folder: Path, taken: int) -> None:
    said, _ = (demo := _demo(folder, taken, "--once")).communicate(timeout=180)
    assert demo.returncode == 0, said
    for words in ("work_order.warned", "work_order.breached", "work_order.escalated", "409 NoEvidence", "演示完成"):
        assert words in said
    for words in ("403 NotPermitted", "resolve → 404", "summary = sealed.1.", "[已删除 erased]"):
        assert words in said
    for words in (
        "409 VendorFrozen",
        "409 VendorSuspended",
        "处置报告 report：cancel 1，keep 1",
        "normal → watch（68.00 → 64.00）",
    ):
        assert words in said
    for each in role.ALL:
        assert f"demo-{each.name}-2026" in said or f"{each.name} " in said, each.name
    assert said.count("lk_") == sum(each.rank == "program" for each in role.ALL)
    assert said.count("port.taken") == 3
    assert f"http://127.0.0.1:{taken}/" not in said


def test_played_again_it_changes_nothing_and_stays_up_until_it_is_told_to_stop(folder: Path, taken: int) -> None:
    with _demo(folder, taken) as demo:
        assert demo.stdout is not None
        said: list[str] = []
        for line in demo.stdout:
            said.append(line)
            if "演示完成" in line:
                break
        assert any("nothing is there twice" in line for line in said), "".join(said)
        assert any("vendor access was played before" in line for line in said), "".join(said)
        assert demo.poll() is None, "".join(said)
        asked = time.monotonic()
        demo.send_signal(signal.SIGTERM)
        demo.stdout.read()
        assert demo.wait(30) == 0
        assert time.monotonic() - asked < 10


def test_nobody_is_left_behind(folder: Path) -> None:
    def gone() -> bool:
        commands = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
        return not any(str(folder).encode() in command for command in commands)

    eventually(gone, within=10, otherwise=lambda: "a process still runs on the folder")
