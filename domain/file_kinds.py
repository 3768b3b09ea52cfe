"""What may be attached: the kinds of files that we know how to look into, and what each of them is evidence of."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple


class FileKind(NamedTuple):
    """A kind of file."""

    evidence: Literal["photo", "document"]
    ending: str
    """Of its name, where nobody gave one."""


FILE_KINDS: Final[Mapping[str, FileKind]] = MappingProxyType(
    {
        "image/jpeg": FileKind("photo", "jpg"),
        "image/png": FileKind("photo", "png"),
        "image/webp": FileKind("photo", "webp"),
        "application/pdf": FileKind("document", "pdf"),
    }
)
"""By media type. SVG and HTML are programs, and are not among them."""
