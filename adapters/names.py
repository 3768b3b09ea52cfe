"""Names that people sign in with, as ids of streams: a hash that only whoever has the master key can make.

Without the key, neither the log nor the tables tell whether a name is known here; with a plain hash anybody who holds a
copy could try all names of a city.
"""

import hmac
import unicodedata
from uuid import UUID

from domain.access import login
from domain.access.credentials import Sealer


class KeyedNames:
    """Implements `domain.access.credentials.Names`."""

    def __init__(self, sealer: Sealer) -> None:
        self._key = sealer.derive("login names")

    def login(self, name: str) -> UUID:
        """The stream of a login; how the name is written (case, width, blanks around it) makes no difference."""
        return self._stream(f"name\n{unicodedata.normalize('NFKC', name).strip().casefold()}")

    def subject(self, issuer: str, subject: str) -> UUID:
        """The stream of a login by the subject at an identity provider."""
        return self._stream(f"oidc\n{issuer}\n{subject}")

    def _stream(self, text: str) -> UUID:
        return login.stream(hmac.digest(self._key, text.encode(), "sha256").hex())
