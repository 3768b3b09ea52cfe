"""The master key: 32 random bytes in a file outside the database, from which every other key follows."""

import base64
import os
from pathlib import Path
from typing import Final, Self

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_FILE: Final = "master.key"
_NONCE: Final = 12  # bytes


class MasterKey:
    """Seals with AES-256-GCM, under a key derived for each purpose."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def at(cls, folder: Path, *, create: bool) -> Self:
        """The key in a folder. Raises FileNotFoundError where there is none and none may be made."""
        file = folder / _FILE
        if create and not file.exists():
            folder.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as made:
                made.write(base64.b64encode(os.urandom(32)))
        return cls(base64.b64decode(file.read_bytes(), validate=True))

    def seal(self, purpose: str, secret: bytes) -> bytes:
        """The secret, readable with this key and for this purpose only."""
        nonce = os.urandom(_NONCE)
        return nonce + AESGCM(self.derive("seal")).encrypt(nonce, secret, purpose.encode())

    def unseal(self, purpose: str, sealed: bytes) -> bytes:
        """What was sealed. Raises `cryptography.exceptions.InvalidTag` for another key or purpose."""
        return AESGCM(self.derive("seal")).decrypt(sealed[:_NONCE], sealed[_NONCE:], purpose.encode())

    def derive(self, purpose: str, length: int = 32) -> bytes:
        """A key for one purpose, the same for ever."""
        return HKDF(SHA256(), length, salt=None, info=purpose.encode()).derive(self._key)
