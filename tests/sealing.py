"""A stand-in for whoever seals files: a key a subject, in memory. Without the key nothing about them can be read."""

import os
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.ports import Forged


@dataclass
class KeysInMemory:
    """Implements `domain.ports.ContentSealer`."""

    keys: dict[str, bytes] = field(default_factory=dict[str, bytes])

    async def seal_content(self, subject: str, context: str, content: bytes) -> bytes:
        """Nonce and ciphertext."""
        key = self.keys.setdefault(subject, os.urandom(32))
        nonce = os.urandom(12)
        return nonce + AESGCM(key).encrypt(nonce, content, context.encode())

    async def open_content(self, subject: str, context: str, sealed: bytes) -> bytes | None:
        """What was sealed, for as long as there is a key."""
        key = self.keys.get(subject)
        if key is None:
            return None
        try:
            return AESGCM(key).decrypt(sealed[:12], sealed[12:], context.encode())
        except InvalidTag:
            raise Forged from None

    def erase(self, subject: str) -> None:
        """Destroy a key."""
        del self.keys[subject]
