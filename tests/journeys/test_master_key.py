"""The master key as an operator meets it: made, missing, rotated and pruned on the command line."""

import json
from pathlib import Path

import pytest

from adapters.engines import Engines
from adapters.ids import new_id
from adapters.master_key import MasterKey, NoMasterKey
from adapters.settings import Settings
from adapters.vault import vault_at
from adapters.wiring.core import core
from tests.adapters.test_vault import SECRET, reported, seal, text_of
from tests.journeys.test_command_line import linli


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


async def test_a_new_installation_gets_a_master_key_and_one_that_lost_it_says_so(database: str, folder: Path) -> None:
    settings = Settings(data_dir=folder)
    async with core(settings, Engines(database)) as (_, _, vault):
        stream = new_id()
        sealed = (await seal(vault, stream, reported())).events[0].summary
    async with core(settings, Engines(database)) as (_, _, vault):
        assert await text_of(vault, stream, sealed) == SECRET
    settings.master_key.unlink()
    with pytest.raises(NoMasterKey):
        async with core(settings, Engines(database)):
            pass
    assert not settings.master_key.exists()


async def test_a_database_elsewhere_needs_one_that_somebody_made(database: str, folder: Path) -> None:
    named = {"LINLI_DATABASE_URL": database, "LINLI_DATA_DIR": str(folder)}
    done = linli("rebuild", **named)
    assert done.returncode == 1
    assert "linli keys create" in done.stderr
    assert linli("keys", "create", **named).returncode == 0
    again = linli("keys", "create", **named)
    assert again.returncode == 1
    assert "already" not in again.stdout
    assert linli("rebuild", **named).returncode == 0


async def test_rotating_and_pruning_leave_everything_readable(database: str, folder: Path) -> None:
    file = folder / "elsewhere.json"
    MasterKey.at(file, create=True)
    stream = new_id()
    async with vault_at(database, file) as vault:
        sealed = (await seal(vault, stream, reported())).events[0].summary
        named = {"LINLI_DATABASE_URL": database, "LINLI_MASTER_KEY_FILE": str(file)}
        done = linli("keys", "rotate-master", **named)
        assert done.returncode == 0, done.stderr
        assert "wrapped anew: 1." in done.stdout  # one person, one kind of data
        assert len(json.loads(file.read_bytes())["keys"]) == 2
        assert linli("keys", "prune", **named).returncode == 0
        assert len(json.loads(file.read_bytes())["keys"]) == 1
        assert await text_of(vault, stream, sealed) == SECRET
    async with vault_at(database, file) as vault:
        assert await text_of(vault, stream, sealed) == SECRET
