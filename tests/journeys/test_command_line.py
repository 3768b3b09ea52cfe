"""The command line: what it refuses, and what it does beside a running platform."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.journeys.running import Running

ROOT = Path(__file__).parents[2]


def linli(*arguments: str, said: str = "", **settings: str) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LINLI_")}
    return subprocess.run(  # noqa: S603 - our own
        [sys.executable, "-m", "adapters.cli", *arguments],
        env={**environment, **settings},
        input=said,
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
    "command", ["up", "serve", "work", "follow", "migrate", "rebuild", "import", "demo", "account", "keys", "health"]
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


def test_a_list_of_debarment_is_imported_beside_a_running_platform(platform: Running, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes("单位名称,列入日期\n某某有限公司,2026-01-02\n王小明,2026-01-02\n".encode("gb18030"))
    arguments = ("import", "debarments", str(file), "--list", "tax", "--source", "税务局", "--json")
    done = linli(*arguments, **_beside(platform))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["rows"], told["imported"], told["rejected"], told["delisted"]) == (2, 1, 1, 0)
    assert "list.csv:3: " in done.stderr
    assert "王小明" not in done.stderr
    again = linli(*arguments, **_beside(platform))
    assert json.loads(again.stdout)["known"] == 1
    assert linli(*arguments[:3], "--list", "Not One", "--source", "x", **_beside(platform)).returncode == 1


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


def test_an_account_made_beside_a_running_platform_signs_in_with_its_temporary_password(platform: Running) -> None:
    person = "019a5b1e-0000-7000-8000-000000000017"
    done = linli("account", "create", "--login", "li.wei", "--person", person, **_beside(platform))
    assert done.returncode == 0, done.stderr
    temporary = done.stdout.split()[-1]
    body = {"login": "li.wei", "password": temporary}
    answer = httpx.post(f"{platform.address}/sign-in", json=body, trust_env=False)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["person"], answer.json()["must_change_password"]) == (person, True)
    again = linli("account", "create", "--login", "LI.WEI", **_beside(platform))
    assert (again.returncode, again.stdout) == (1, "")
    assert "LoginTaken" in again.stderr


def test_a_password_is_read_from_the_input_and_never_printed(platform: Running) -> None:
    arguments = ("account", "create", "--login", "wang.fang", "--password-stdin")
    refused = linli(*arguments, said="short\n", **_beside(platform))
    assert (refused.returncode, "PasswordTooShort" in refused.stderr) == (1, True)
    assert linli(*arguments, **_beside(platform)).returncode == 2
    password = "a long sentence of the test"  # noqa: S105 - of a test
    done = linli(*arguments, said=f"{password}\n", **_beside(platform))
    assert done.returncode == 0, done.stderr
    assert password not in done.stdout + done.stderr
    body = {"login": "wang.fang", "password": password}
    answer = httpx.post(f"{platform.address}/sign-in", json=body, trust_env=False)
    assert answer.json()["must_change_password"] is False


def test_the_signing_key_is_rotated_beside_a_running_platform(platform: Running) -> None:
    done = linli("keys", "rotate-signing", **_beside(platform))
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.strip()) == 32


def test_the_first_administrator_and_security_officer_are_made_on_the_command_line(platform: Running) -> None:
    area = {"code": "9902", "name": "某市"}
    for login, role, entered in (("admin", "administrator", 201), ("security", "security_officer", 403)):
        person = platform.let_in(login, role)
        shown = {"Authorization": platform.token(login)}
        me = httpx.get(f"{platform.address}/me", headers=shown, trust_env=False).json()
        assert (me["id"], [each["role"] for each in me["roles"]]) == (person, [role])
        entering = httpx.post(f"{platform.address}/areas", json=area, trust_env=False, headers=shown)
        assert entering.status_code == entered


def test_a_role_that_lacks_something_leaves_no_account_behind(platform: Running) -> None:
    arguments = ("account", "create", "--login", "sun.lei", "--role", "grid_worker")
    refused = linli(*arguments, **_beside(platform))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "AppointmentIncomplete" in refused.stderr
    assert linli(*arguments, "--area", "990101001", **_beside(platform)).returncode == 0
    assert linli(*arguments, "--until", "tomorrow", **_beside(platform)).returncode == 2
