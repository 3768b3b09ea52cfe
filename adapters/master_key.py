"""The master key: what the keys of personal data are wrapped with. It lives in a file, never in the database.

    {"root": "...", "keys": [{"id": "5f0c...", "secret": "..."}, ... the newest last]}

What is wrapped begins with the id of the wrapping key, so keys can change while everything runs: a new one is added,
everything is wrapped anew, the old one is taken out. The root secret stays; what is derived from it stays with it.

Whoever has the file and a copy of the database can read everything; whoever has lost the file can read nothing
personal ever again. So it is nobody's but its owner's to read, and its copy is kept apart from the database's.
"""

import fcntl
import os
import secrets
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_SECRET, _ID, _NONCE = 32, 8, 12  # bytes
_OTHERS = 0o077


class NoMasterKey(RuntimeError):
    """There is no master key, or none that can be used. Says why, in Chinese and English."""


class NotUnsealed(RuntimeError):
    """This was not sealed with this master key, or for something else, or it was changed since."""


class _Key(msgspec.Struct, frozen=True):
    id: str
    secret: bytes


class _Keys(msgspec.Struct, frozen=True):
    root: bytes
    keys: tuple[_Key, ...]


class MasterKey:
    """The wrapping keys of a file. Notices when the file holds another newest key, or one that it did not know."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._stamp = _stamp(file)
        self._keys = _read(file)
        self._ciphers: dict[str, AESGCM] = {}

    @classmethod
    def at(cls, file: Path, *, create: bool) -> Self:
        """The master key in a file; made if it is not there and `create` is set. Raises NoMasterKey."""
        if create and not file.exists():
            _create(file)
        return cls(file)

    @classmethod
    def rotated(cls, file: Path) -> Self:
        """The master key with one more wrapping key: what is sealed from now on is sealed with that one."""
        _change(file, lambda known: msgspec.structs.replace(known, keys=(*known.keys, _new_key())))
        return cls(file)

    @classmethod
    def pruned(cls, file: Path) -> Self:
        """The master key with its newest wrapping key only: what the others sealed, in whatever copy, stays sealed."""
        _change(file, lambda known: msgspec.structs.replace(known, keys=known.keys[-1:]))
        return cls(file)

    @property
    def current(self) -> str:
        """The id of the newest wrapping key."""
        stamp = _stamp(self._file)
        if stamp != self._stamp:  # somebody rotated it; what is sealed next is not to hold on to the old one
            self._keys, self._stamp = _read(self._file), stamp
        return self._keys.keys[-1].id

    def seal(self, purpose: str, secret: bytes) -> bytes:
        """A secret, wrapped with the newest key. The purpose is authenticated with it."""
        current, nonce = self.current, os.urandom(_NONCE)
        return bytes.fromhex(current) + nonce + self._cipher(current).encrypt(nonce, secret, purpose.encode())

    @staticmethod
    def sealed_by(sealed: bytes) -> str:
        """The id of the wrapping key that something was sealed with."""
        return sealed[:_ID].hex()

    def unseal(self, purpose: str, sealed: bytes) -> bytes:
        """A secret that was sealed for this purpose, with whichever key of the file. Raises NotUnsealed."""
        nonce = sealed[_ID : _ID + _NONCE]
        try:
            return self._cipher(self.sealed_by(sealed)).decrypt(nonce, sealed[_ID + _NONCE :], purpose.encode())
        except (InvalidTag, ValueError) as error:
            raise NotUnsealed(purpose) from error

    def derive(self, purpose: str, length: int = 32) -> bytes:
        """A secret for another purpose, the same for ever (HKDF with SHA-256, RFC 5869)."""
        return HKDF(algorithm=SHA256(), length=length, salt=None, info=purpose.encode()).derive(self._keys.root)

    def _cipher(self, key_id: str) -> AESGCM:
        if key_id not in self._ciphers:
            secret = self._secret(key_id)
            if secret is None:  # added since
                self._keys, self._stamp = _read(self._file), _stamp(self._file)
                secret = self._secret(key_id)
            if secret is None:
                raise NotUnsealed(key_id)
            self._ciphers[key_id] = AESGCM(secret)
        return self._ciphers[key_id]

    def _secret(self, key_id: str) -> bytes | None:
        return next((key.secret for key in self._keys.keys if key.id == key_id), None)


# The file -------------------------------------------------------------------------------------------------------------


def _new_key() -> _Key:
    return _Key(secrets.token_hex(_ID), secrets.token_bytes(_SECRET))


def _stamp(file: Path) -> tuple[int, int]:
    try:
        found = file.stat()
    except OSError:
        return (0, 0)
    return found.st_mtime_ns, found.st_ino


def _read(file: Path) -> _Keys:
    try:
        if file.stat().st_mode & _OTHERS:
            raise NoMasterKey(_OPEN_TO_OTHERS.format(file=file))
        keys = msgspec.json.decode(file.read_bytes(), type=_Keys)
        whole = len(keys.root) == _SECRET and keys.keys and all(_is_whole(key) for key in keys.keys)
    except OSError as error:
        raise NoMasterKey(_MISSING.format(file=file, why=error.strerror)) from error
    except msgspec.MsgspecError:
        whole = False
    else:
        if whole:
            return keys
    raise NoMasterKey(_BROKEN.format(file=file))


def _is_whole(key: _Key) -> bool:
    return len(key.secret) == _SECRET and len(key.id) == 2 * _ID and set(key.id) <= set("0123456789abcdef")


def _create(file: Path) -> None:
    """Make a master key, unless another process has just done so: then that one counts."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = _written(file, _Keys(secrets.token_bytes(_SECRET), (_new_key(),)))
    try:
        os.link(fresh, file)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    _settle(file.parent)


def _change(file: Path, change: Callable[[_Keys], _Keys]) -> None:
    with _alone(file.parent):
        _written(file, change(_read(file))).replace(file)
        _settle(file.parent)


def _written(beside: Path, keys: _Keys) -> Path:
    """A new file beside another one, safe on the disk and for our eyes only."""
    descriptor, name = tempfile.mkstemp(dir=beside.parent, prefix=".master-")  # with mode 0600
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(msgspec.json.format(msgspec.json.encode(keys)))
            out.flush()
            os.fsync(out.fileno())
    except BaseException:
        Path(name).unlink()
        raise
    return Path(name)


@contextmanager
def _alone(folder: Path) -> Generator[None]:
    """One who changes the file at a time."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _settle(folder: Path) -> None:
    """See to it that the folder knows its file even after a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


_MISSING = (
    "主密钥文件 {file} 无法读取（{why}）。没有它，任何个人信息都无法读写：请恢复其备份，"
    "或设置 LINLI_MASTER_KEY_FILE。"
    "全新安装时请执行 linli keys create。"
    " The master key file {file} cannot be read ({why}). Without it no personal data can be read or written: restore"
    " its copy, or set LINLI_MASTER_KEY_FILE. For a new installation, linli keys create makes one."
)
_OPEN_TO_OTHERS = (
    "主密钥文件 {file} 对其他用户开放，请执行 chmod 600。"
    " The master key file {file} is open to other users: chmod 600 it."
)
_BROKEN = "主密钥文件 {file} 已损坏，请恢复其备份。 The master key file {file} holds no master key: restore its copy."
