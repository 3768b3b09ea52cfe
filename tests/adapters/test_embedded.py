"""The engines in the package keep what they were given: stopped, killed, or with their port taken."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client

from adapters.embedded import RETENTION, EmbeddedPostgres, EmbeddedTemporal
from adapters.supervised import EngineFailed, FolderInUse

REPOSITORY = Path(__file__).parents[2]

A_PARENT = """
import sys, time
from pathlib import Path
from adapters.embedded import EmbeddedPostgres, EmbeddedTemporal
engine = {engine}.start(Path(sys.argv[1]), port=int(sys.argv[2]))
print("started", engine.port, engine.pid, flush=True)
time.sleep(600)
"""

AN_ORDINARY_USER = """
import os, sys
from pathlib import Path
from adapters.embedded import EmbeddedPostgres, EmbeddedTemporal, postgres_programs, temporal_program
from adapters.unprivileged import account_for, let_read, let_through
folder = Path(sys.argv[1])
account = account_for(folder)
if account is not None:
    let_read(account, postgres_programs().parent)
    let_through(account, temporal_program())
    let_through(account, folder / "postgres")
    os.chown(folder, account.uid, account.gid)
    os.setgroups([])
    os.setgid(account.gid)
    os.setuid(account.uid)
assert os.geteuid() != 0
for engine in (EmbeddedPostgres, EmbeddedTemporal):
    engine.start(folder).stop()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "数据 folder"


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


async def query(dsn: str, statement: str) -> str:
    connection = await asyncpg.connect(dsn)
    try:
        return str(await connection.fetchval(statement))
    finally:
        await connection.close()


async def test_what_was_committed_is_there_after_stop_and_start(folder: Path) -> None:
    for expected in ("1", "2", "3"):
        server = EmbeddedPostgres.start(folder)
        try:
            await query(server.dsn, "create table if not exists kept (n int)")
            await query(server.dsn, "insert into kept values (1)")
            assert expected == await query(server.dsn, "select count(*) from kept")
        finally:
            server.stop()
        assert not server.alive


async def test_it_is_durable_and_sorts_the_same_everywhere(folder: Path) -> None:
    server = EmbeddedPostgres.start(folder)
    try:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            assert "on" == await query(server.dsn, f"show {setting}")
        assert "UTF8" == await query(server.dsn, "show server_encoding")
        assert "UTC" == await query(server.dsn, "show timezone")
        assert (await query(server.dsn, "show server_version")).startswith("18.")
        assert "True" == await query(server.dsn, "select 'B' < 'a' and 'a' < 'é'")
        assert "É" == await query(server.dsn, "select upper('é')")
    finally:
        server.stop()


async def test_nobody_gets_in_without_the_password(folder: Path) -> None:
    server = EmbeddedPostgres.start(folder)
    try:
        with pytest.raises(asyncpg.InvalidPasswordError):
            await query(f"postgresql://postgres:guess@127.0.0.1:{server.port}/linli", "select 1")
        assert (folder / "postgres.password").stat().st_mode & 0o077 == 0
    finally:
        server.stop()


async def test_a_killed_server_has_what_it_acknowledged_and_keeps_its_port(folder: Path) -> None:
    server = EmbeddedPostgres.start(folder)
    watch = asyncio.create_task(server.keep())
    try:
        await query(server.dsn, "create table kept as select 7 as n")
        port, before = server.port, server.pid
        os.kill(before, signal.SIGKILL)
        async with asyncio.timeout(20):
            while True:
                try:
                    assert "7" == await query(server.dsn, "select n from kept")
                    break
                except (OSError, asyncpg.PostgresError):
                    await asyncio.sleep(0.1)
        assert (server.port, server.pid != before) == (port, True)
    finally:
        watch.cancel()
        server.stop()


def start_parent(engine: str, folder: Path, port: int = 0) -> tuple[subprocess.Popen[str], int, int]:
    parent = subprocess.Popen(  # noqa: S603 - ourselves
        [sys.executable, "-c", A_PARENT.format(engine=engine), str(folder), str(port)],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    said = next(line for line in parent.stdout if line.startswith("started"))
    port, pid = map(int, said.split()[1:])
    return parent, port, pid


def kill(parent: subprocess.Popen[str]) -> None:
    parent.kill()
    parent.communicate()


@pytest.mark.parametrize("engine", ["EmbeddedPostgres", "EmbeddedTemporal"])
def test_a_killed_parent_leaves_nothing_that_blocks_the_next_start(folder: Path, engine: str) -> None:
    parent, port, first = start_parent(engine, folder)
    kill(parent)
    again, same_port, second = start_parent(engine, folder, port)
    try:
        assert same_port == port
        assert runs(second)
        assert not runs(first)
    finally:
        kill(again)
        gone_soon(second)


def runs(pid: int) -> bool:
    """Whether a process runs: one that only waits for its parent to notice its end does not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def gone_soon(pid: int) -> None:
    deadline = time.monotonic() + 10
    while runs(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not runs(pid)


async def test_a_server_that_outlived_its_parent_is_stopped_by_the_next_start(folder: Path) -> None:
    orphan = await asyncio.to_thread(EmbeddedPostgres.start, folder)  # no death signal off the main thread
    await query(orphan.dsn, "create table kept as select 7 as n")
    vars(orphan)["_lock"].drop()  # what the kernel does when the owner is killed
    server = EmbeddedPostgres.start(folder)
    try:
        assert not orphan.alive
        assert "7" == await query(server.dsn, "select n from kept")
    finally:
        server.stop()


def test_a_stranger_with_the_recorded_process_id_is_left_alone(folder: Path) -> None:
    stranger = subprocess.Popen(["/bin/sleep", "600"])
    try:
        folder.mkdir()
        (folder / "postgres.pid").write_text(str(stranger.pid))
        server = EmbeddedPostgres.start(folder)
        server.stop()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.parametrize("engine", [EmbeddedPostgres, EmbeddedTemporal])
def test_a_folder_in_use_is_refused_and_its_server_left_alone(
    folder: Path, engine: type[EmbeddedPostgres] | type[EmbeddedTemporal]
) -> None:
    server = engine.start(folder)
    try:
        with pytest.raises(FolderInUse, match=str(os.getpid())):
            engine.start(folder)
        assert server.alive
    finally:
        server.stop()


def test_a_taken_port_is_replaced_and_said(folder: Path, taken: int, capsys: pytest.CaptureFixture[str]) -> None:
    server = EmbeddedPostgres.start(folder, port=taken)
    try:
        assert server.port not in (0, taken)
        said = capsys.readouterr().out
        assert "port.taken" in said
        assert f"used={server.port}" in said
    finally:
        server.stop()


async def test_temporal_replaces_taken_ports_and_remembers_its_workflows(folder: Path, taken: int) -> None:
    server = EmbeddedTemporal.start(folder, port=taken, ui_port=taken)
    try:
        assert taken not in (server.port, server.ui_port)
        client = await Client.connect(server.address, namespace="linli")
        await client.start_workflow("Waits", id="kept", task_queue="nobody")
    finally:
        server.stop()
    server = EmbeddedTemporal.start(folder)
    try:
        client = await Client.connect(server.address, namespace="linli")
        assert "kept" == (await client.get_workflow_handle("kept").describe()).id
        assert {"kept"} == {found.id async for found in client.list_workflows()}
    finally:
        server.stop()


async def test_temporal_keeps_what_has_ended_for_a_season(folder: Path) -> None:
    server = EmbeddedTemporal.start(folder)
    try:
        client = await Client.connect(server.address, namespace="linli")
        said = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace="linli"))
        assert f"{said.config.workflow_execution_retention_ttl.ToTimedelta().days}d" == RETENTION
    finally:
        server.stop()


def test_a_server_that_cannot_start_says_why(folder: Path) -> None:
    EmbeddedPostgres.start(folder).stop()
    (folder / "postgres" / "pg_hba.conf").write_text("nonsense\n")
    with pytest.raises(EngineFailed, match="pg_hba"):
        EmbeddedPostgres.start(folder)


def test_a_first_start_that_was_cut_off_is_done_over(folder: Path) -> None:
    half = folder / "postgres.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    server = EmbeddedPostgres.start(folder)
    try:
        assert not half.exists()
    finally:
        server.stop()


def test_an_ordinary_user_can_do_the_same_twice(folder: Path) -> None:
    folder.mkdir()
    for _ in range(2):
        said = subprocess.run(  # noqa: S603 - ourselves
            [sys.executable, "-c", AN_ORDINARY_USER, str(folder)],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
        )
        assert said.returncode == 0, said.stderr
    assert folder.stat().st_uid != 0
    assert folder.stat().st_uid == (folder / "postgres").stat().st_uid == (folder / "temporal.db").stat().st_uid
