"""HTTP requests whose address and headers have a bound: uvicorn's parser in C has none, and would keep all that comes.

A head that comes in pieces is refused when too much has come without completing it, one that comes at once when it is
complete. (One piece has a quarter of a megabyte at most.) Bodies are counted by whoever reads them.
"""

from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LARGEST_HEAD: Final = 32 << 10
"""Bytes of address and headers together, about as many as other servers take."""
_SENTENCE: Final = b"The address and the headers of this request are too large."
_ANSWER: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"x-content-type-options: nosniff\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%b"
    % (len(_SENTENCE), _SENTENCE)
)


class BoundedHeads(HttpToolsProtocol):
    """Speaks HTTP for one connection."""

    _incomplete = 0
    """Bytes that came since anything was complete: a head, a piece of a body, a request."""
    _refused = False

    def data_received(self, data: bytes) -> None:
        """Parse what came, and look at how much came without completing anything."""
        self._incomplete += len(data)
        super().data_received(data)
        if self._incomplete > LARGEST_HEAD:
            self._refuse()

    def on_headers_complete(self) -> None:
        """Begin a request, unless its head is too large."""
        self._incomplete = 0
        if len(self.url) + sum([len(name) + len(value) for name, value in self.headers]) > LARGEST_HEAD:
            self._refuse()
        if not self._refused:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of a body is complete in itself."""
        self._incomplete = 0
        if not self._refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The next head begins."""
        self._incomplete = 0
        if not self._refused:
            super().on_message_complete()

    def _refuse(self) -> None:
        if not self._refused and not self.transport.is_closing():
            self.transport.write(_ANSWER)
            self.transport.close()
        self._refused = True
