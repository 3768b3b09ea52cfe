"""Which version the caller has seen: `ETag`, `If-Match`, `If-None-Match` (RFC 9110, section 13).

The ETag of anything that lives in one stream is the stream's version in quotes: "7".
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeVar

from litestar import Response

from api.asked import Asked
from api.problems import Fault, Malformed, VersionMoved, VersionRequired

T = TypeVar("T")

_TAG = re.compile(r'(?P<weak>W/)?"(?P<opaque>[\x21\x23-\x7e]*)"')


def etag(version: int) -> str:
    """The entity tag of a stream at a version."""
    return f'"{version}"'


def expected_version(if_match: str | None, *, required: bool) -> int | None:
    """The version in If-Match: None when any will do.

    Raises `VersionRequired` (428) when there is no such header and the change needs one, `VersionMoved` (412) when no
    version can be what it says, `Malformed` (400) when it says nothing.
    """
    if if_match is None:
        if required:
            raise VersionRequired
        return None
    if if_match.strip() == "*":
        return None
    found = _TAG.fullmatch(if_match.strip())
    if found is None:
        raise Malformed(Fault('one entity tag in quotes, such as "7"', parameter="If-Match"))
    if found.group("weak") or not found.group("opaque").isdecimal():
        raise VersionMoved
    return int(found.group("opaque"))


def already_seen(if_none_match: str | None, tag: str) -> bool:
    """Whether the caller holds exactly this version, so that there is nothing to send (304)."""
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or any(
        f'"{found.group("opaque")}"' == tag for found in _TAG.finditer(if_none_match)
    )


def fresh(
    request: Asked, tag: str, content: T, headers: Mapping[str, str] = MappingProxyType({})
) -> Response[T | None]:
    """The content with its entity tag, or 304 if the caller holds it."""
    said = {**headers, "ETag": tag}
    if already_seen(request.said(b"if-none-match"), tag):
        return Response(None, status_code=304, headers=said)
    return Response(content, headers=said)
