"""The command line: what it refuses, and what it does beside a running platform."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.running import Running

ROOT = Path(__file__).parents[2]


def linli(*arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LINLI_")}
    return subprocess.run(  # noqa: S603 - our own
        [sys.executable, "-m", "adapters.cli", *arguments],
        env={**environment, **settings},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=120,
    )


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = Running(tmp_path_factory.mktemp("cli") / "var")
    running.start()
    yield running
    assert running.stop() < 10


@pytest.mark.parametrize(
    "command", ["up", "serve", "work", "follow", "migrate", "rebuild", "import", "demo", "keys", "health"]
)
def test_every_command_explains_itself(command: str) -> None:
    done = linli(command, "--help")
    assert done.returncode == 0
    assert f"linli {command}" in done.stdout


def test_bad_settings_stop_the_start_with_all_that_is_wrong() -> None:
    done = linli("serve", LINLI_PORT="x", LINLI_DATABSE_URL="y")
    assert done.returncode == 2
    assert "LINLI_PORT" in done.stderr
    assert "LINLI_DATABASE_URL?" in done.stderr


def test_a_port_that_is_taken_is_said_and_not_worked_around_by_serve(platform: Running) -> None:
    done = linli("serve", **_beside(platform), LINLI_PORT=str(platform.port))
    assert done.returncode == 1
    assert "in use" in done.stderr


def test_a_second_platform_on_the_same_folder_is_refused(platform: Running) -> None:
    done = linli("up", **_beside(platform))
    assert done.returncode == 1
    assert "is in use by process" in done.stderr


def test_an_import_beside_a_running_platform_uses_its_engines(platform: Running, tmp_path: Path) -> None:
    columns = (
        "CASE_ENQUIRY_ID,OPEN_DT,TARGET_DT,CLOSED_DT,OnTime_Status,CASE_STATUS,CLOSURE_REASON,CASE_TITLE,SUBJECT,REASON,"
        "TYPE,QUEUE,Department,neighborhood,ward,LATITUDE,LONGITUDE,Source"
    )
    row = (
        "101,2015-01-02 08:00:00,2015-01-05 08:30:00,2015-01-03 09:00:00,ONTIME,Closed,done,Pothole,Works,Street,"
        "Pothole,PWD,PWDx,Roxbury,9,42.1,-71.1,Self Service"
    )
    broken = row.replace("101,2015-01-02", "102,2015-13-02")
    (file := tmp_path / "cases.csv").write_text(f"{columns}\n{row}\n{broken}\n")
    done = linli("import", "work-orders", str(file), "--layout", "boston311", "--json", **_beside(platform))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["rows"], told["imported"], told["rejected"], told["on_time"], told["differences"]) == (2, 1, 1, 1, 0)
    assert "cases.csv:3: 102" in done.stderr
    again = linli("import", "work-orders", str(file), "--layout", "boston311", "--json", **_beside(platform))
    assert json.loads(again.stdout)["imported"] == 0


def test_areas_are_imported_beside_a_running_platform_too(platform: Running, tmp_path: Path) -> None:
    (upper := tmp_path / "upper.csv").write_text('code,name\n99,"某省"\n9901,"某市"\n')
    (lower := tmp_path / "lower.csv").write_text("code,name\n990101,某区\n99x,?\n")
    done = linli("import", "areas", str(lower), str(upper), "--json", **_beside(platform))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["rows"], told["imported"], told["known"], told["rejected"]) == (4, 3, 0, 1)
    assert "lower.csv:3: 99x" in done.stderr
    again = linli("import", "areas", str(lower), str(upper), **_beside(platform))
    assert "已有" in again.stdout
    assert linli("import", "areas", **_beside(platform)).returncode == 2


def test_a_layout_that_nobody_described_is_refused(platform: Running, tmp_path: Path) -> None:
    (file := tmp_path / "cases.csv").write_text("a\n1\n")
    done = linli("import", "work-orders", str(file), "--layout", "atlantis", **_beside(platform))
    assert done.returncode == 1
    assert "boston311" in done.stderr


def test_maintenance_beside_a_running_platform(platform: Running) -> None:
    assert "up to date" in linli("migrate", **_beside(platform)).stdout
    assert linli("rebuild", **_beside(platform)).returncode == 0
    assert linli("rebuild", "nothing", **_beside(platform)).returncode == 2
    assert platform.is_ready()


@pytest.mark.parametrize("role", ["serve", "work", "follow"])
def test_a_process_that_is_well_says_so(platform: Running, role: str, tmp_path: Path) -> None:
    assert linli("health", role, **_beside(platform), LINLI_PORT=str(platform.port)).returncode == 0
    assert linli("health", role, LINLI_DATA_DIR=str(tmp_path), LINLI_PORT="1").returncode == 1


def _beside(platform: Running) -> dict[str, str]:
    return {"LINLI_DATA_DIR": str(platform.folder), "LINLI_LOG_FORMAT": "json"}
