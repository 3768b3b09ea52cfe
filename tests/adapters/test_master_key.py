"""The master key: kept in a file that nobody else may read, rotated while it is in use."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.master_key import MasterKey, NoMasterKey, NotUnsealed


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "master.json"


def test_is_made_once_and_only_for_its_owner(file: Path) -> None:
    made = MasterKey.at(file, create=True)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in file.parent.iterdir()] == ["master.json"]
    again = MasterKey.at(file, create=True)
    assert again.current == made.current
    assert again.unseal("a", made.seal("a", b"secret")) == b"secret"


def test_is_not_made_where_it_has_to_be_there(file: Path) -> None:
    with pytest.raises(NoMasterKey, match=r"主密钥.*master key file .*linli keys create"):
        MasterKey.at(file, create=False)
    assert not file.exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601])
def test_a_file_that_others_may_touch_is_refused(file: Path, mode: int) -> None:
    MasterKey.at(file, create=True)
    file.chmod(mode)
    with pytest.raises(NoMasterKey, match="chmod 600"):
        MasterKey.at(file, create=True)


@pytest.mark.parametrize("content", ["", "{}", '{"root":"","keys":[]}', '{"root":"QUJD","keys":[]}', "null"])
def test_a_broken_file_is_refused_and_never_replaced(file: Path, content: str) -> None:
    file.parent.mkdir(parents=True)
    file.touch(mode=0o600)
    file.write_text(content)
    with pytest.raises(NoMasterKey, match="已损坏"):
        MasterKey.at(file, create=True)
    assert file.read_text() == content


def test_processes_that_start_at_once_agree_on_one(file: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from adapters.master_key import MasterKey;"
        "sys.stdin.readline(); print(MasterKey.at(Path(sys.argv[1]), create=True).current)"
    )
    root = Path(__file__).parents[2]
    children = [
        subprocess.Popen(  # noqa: S603 - our own words
            [sys.executable, "-c", program, str(file)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=root,
            text=True,
        )
        for _ in range(6)
    ]
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    said = {child.communicate()[0].strip() for child in children}
    assert said == {MasterKey.at(file, create=False).current}


def test_what_is_sealed_opens_for_its_purpose_only(file: Path) -> None:
    master = MasterKey.at(file, create=True)
    sealed = master.seal("data key 1", b"secret")
    assert b"secret" not in sealed
    assert sealed != master.seal("data key 1", b"secret")
    assert master.unseal("data key 1", sealed) == b"secret"
    with pytest.raises(NotUnsealed):
        master.unseal("data key 2", sealed)
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(NotUnsealed):
            master.unseal("data key 1", bytes(changed))
    with pytest.raises(NotUnsealed):
        master.unseal("data key 1", b"")


def test_what_was_sealed_before_a_rotation_opens_after_it_and_what_is_derived_stays(file: Path, tmp_path: Path) -> None:
    before = MasterKey.at(file, create=True)
    old, first = before.seal("a", b"old"), before.current
    copy = tmp_path / "copy.json"
    copy.write_bytes(file.read_bytes())
    copy.chmod(0o600)
    derived = before.derive("sessions")
    after = MasterKey.rotated(file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert after.current != first
    assert after.unseal("a", old) == b"old"
    assert after.derive("sessions") == derived != after.derive("cookies")
    assert len(after.derive("long", 64)) == 64
    fresh = after.seal("a", b"new")
    assert after.sealed_by(fresh) == after.current
    with pytest.raises(NotUnsealed):
        MasterKey.at(copy, create=False).unseal("a", fresh)


def test_a_process_that_runs_on_notices_a_rotation(file: Path) -> None:
    running = MasterKey.at(file, create=True)
    elsewhere = MasterKey.rotated(file)
    assert running.unseal("a", elsewhere.seal("a", b"new")) == b"new"
    assert running.current == elsewhere.current
    assert running.sealed_by(running.seal("a", b"x")) == elsewhere.current


def test_the_old_keys_can_be_thrown_away(file: Path) -> None:
    master = MasterKey.at(file, create=True)
    old = master.seal("a", b"old")
    MasterKey.rotated(file)
    pruned = MasterKey.pruned(file)
    assert len(json.loads(file.read_bytes())["keys"]) == 1
    with pytest.raises(NotUnsealed):
        pruned.unseal("a", old)
    assert pruned.derive("sessions") == master.derive("sessions")


def test_a_change_that_fails_leaves_the_file_as_it_was(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    MasterKey.at(file, create=True)
    before = file.read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        MasterKey.rotated(file)
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == ["master.json"]
