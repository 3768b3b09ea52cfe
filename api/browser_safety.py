"""What every answer tells a browser about itself, so that a page of ours can be turned against nobody.

Pages may use what this server sends, and nothing from elsewhere or written into them; all other answers are no pages at
all. A route that sets one of these fields itself knows better. What people may see is kept by no cache.
"""

from collections.abc import Iterable
from typing import Final

Field = tuple[bytes, bytes]

CSP: Final = b"content-security-policy"
PAGE: Final = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self';"
    b" connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""For HTML: ready for forms, styles and scripts of our own."""
NO_PAGE: Final = b"default-src 'none'; frame-ancestors 'none'"
"""For everything else."""

_ALWAYS: Final[tuple[Field, ...]] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)
_HTTPS_ONLY: Final[Field] = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
_NO_STORE: Final[Field] = (b"cache-control", b"no-store")
_PAGE: Final[tuple[Field, ...]] = (*_ALWAYS, (CSP, PAGE))
_NO_PAGE: Final[tuple[Field, ...]] = (*_ALWAYS, (CSP, NO_PAGE))


class Safety:
    """Puts together what is added to an answer. `https`: people reach us by https, and by nothing else from now on."""

    def __init__(self, *, https: bool) -> None:
        more = (_HTTPS_ONLY,) if https else ()
        self._page = (*_PAGE, *more)
        self._no_page = (*_NO_PAGE, *more)
        self._page_of_somebody = (*self._page, _NO_STORE)
        self._no_page_of_somebody = (*self._no_page, _NO_STORE)

    def fields(self, said: Iterable[Field], *, personal: bool) -> Iterable[Field]:
        """What is to be added to these fields. `personal`: it was answered to somebody in particular, or is a no."""
        names = {name.lower(): value for name, value in said}
        if names.get(b"content-type", b"").startswith(b"text/html"):
            wanted = self._page_of_somebody if personal else self._page
        else:
            wanted = self._no_page_of_somebody if personal else self._no_page
        if names.keys().isdisjoint(_FIELDS):
            return wanted
        return [field for field in wanted if field[0] not in names]


_FIELDS: Final = frozenset(name for name, _ in (*_PAGE, _HTTPS_ONLY, _NO_STORE))
