"""Looking into a file that somebody else made: whether it is whole, harmless, and what it claims to be.

Whoever runs this gives the file a process of its own to do its worst in (`content_check`): decoders are attacked, and a
few bytes can ask for gigabytes. So this opens everything, completely:

    images   decoded to the last pixel; behind the end mark there is nothing. Behind a JPEG there may be more JPEGs, as
             telephones put them there (brightness maps), and they are decoded likewise
    PDF      every object is looked at: no scripts, no actions of their own, no files inside, no password, and a page

A file that is two things at once (a picture and an archive) is neither.
"""

import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from typing import Final, NoReturn, cast
from zipfile import is_zipfile

from PIL import Image
from pypdf import PdfReader
from pypdf.generic import DictionaryObject, IndirectObject, NameObject, StreamObject

from domain.ports import Looked

MOST_PIXELS: Final = 50_000_000
"""A picture of 200 MB in memory."""
MOST_OBJECTS: Final = 100_000
_MOST_PICTURES = 8

FINE: Final = Looked("fine")
Image.MAX_IMAGE_PIXELS = None  # ours is stricter, and an answer instead of a warning


class _No(Exception):
    def __init__(self, looked: Looked) -> None:
        super().__init__(looked.because)
        self.looked = looked


def _something_else(because: str) -> NoReturn:
    raise _No(Looked("something_else", because))


def _damaged(because: str) -> NoReturn:
    raise _No(Looked("damaged", because))


def _dangerous(because: str) -> NoReturn:
    raise _No(Looked("dangerous", because))


def look(media_type: str, content: bytes) -> Looked:
    """What the content is, judged by what it claims to be. Never raises."""
    try:
        _must_be(media_type, content)
    except _No as no:
        return no.looked
    except MemoryError:
        return Looked("dangerous", "too_much_memory")
    except RecursionError:
        return Looked("dangerous", "too_deep")
    except Exception as error:  # noqa: BLE001 - whatever a decoder stumbles over is a fault of the file
        return Looked("damaged", type(error).__name__)
    return FINE


def _must_be(media_type: str, content: bytes) -> None:
    begins = _BEGINS.get(media_type)
    if begins is None or begins.match(content) is None:
        _something_else(_resembles(content) or "unknown")
    if is_zipfile(BytesIO(content)):
        _dangerous("archive_inside")
    _LOOK[media_type](content)


def _resembles(content: bytes) -> str:
    return next((media_type for media_type, begins in _BEGINS.items() if begins.match(content)), "")


# Images ---------------------------------------------------------------------------------------------------------------


def _jpeg(content: bytes) -> None:
    end = 0
    for _ in range(_MOST_PICTURES):
        begin, end = end, _jpeg_end(content, end)
        _decode(content[begin:end], "JPEG")
        if end == len(content):
            return
    _dangerous("too_many_pictures")


_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_SOI, _EOI, _SOS, _TEM = 0xD8, 0xD9, 0xDA, 0x01
_RESTARTS = range(0xD0, 0xD8)


def _jpeg_end(content: bytes, begin: int) -> int:
    """Where the picture ends that begins here (ISO/IEC 10918-1, B.1): segments, coded data up to the next marker."""
    if content[begin : begin + 2] != b"\xff\xd8":
        _dangerous("trailing_bytes")
    at = begin + 2
    while at + 2 <= len(content):
        if content[at] != 0xFF:  # noqa: PLR2004 - every marker begins with it
            _damaged("no_marker")
        marker = content[at + 1]
        if marker == _EOI:
            return at + 2
        if marker == 0xFF:  # noqa: PLR2004 - a marker may be filled up with it
            at += 1
        elif marker in _RESTARTS or marker == _TEM:
            at += 2
        else:
            at += 2 + int.from_bytes(content[at + 2 : at + 4])
        if marker == _SOS:
            found = _NEXT_MARKER.search(content, at)
            at = len(content) if found is None else found.start()
    _damaged("truncated")


def _png(content: bytes) -> None:
    at = 8
    kind = b""
    while kind != b"IEND":
        length, kind = int.from_bytes(content[at : at + 4]), content[at + 4 : at + 8]
        end = at + 12 + length
        if end > len(content):
            _damaged("truncated")
        if zlib.crc32(content[at + 4 : end - 4]) != int.from_bytes(content[end - 4 : end]):
            _damaged("checksum")
        at = end
    if at != len(content):
        _dangerous("trailing_bytes")
    _decode(content, "PNG")


def _webp(content: bytes) -> None:
    announced = int.from_bytes(content[4:8], "little") + 8
    if announced > len(content):
        _damaged("truncated")
    if announced < len(content):
        _dangerous("trailing_bytes")
    _decode(content, "WEBP")


def _decode(content: bytes, kind: str) -> None:
    with Image.open(BytesIO(content), formats=[kind]) as image:
        if image.width * image.height > MOST_PIXELS:
            _dangerous("too_many_pixels")
        if kind != "JPEG" and getattr(image, "is_animated", False):
            _something_else("animation")
        image.load()


# PDF ------------------------------------------------------------------------------------------------------------------

_ACTS = frozenset(
    {"/JavaScript", "/Launch", "/ImportData", "/SubmitForm", "/GoToE", "/Rendition", "/RichMediaExecute", "/Movie"}
)
"""Kinds of actions (ISO 32000-2, 12.6.4) that do more than show another page."""
_KEYS: Mapping[str, str] = {
    "/JavaScript": "script", "/JS": "script", "/AA": "action", "/XFA": "script",
    "/EmbeddedFiles": "file_inside", "/EF": "file_inside", "/RichMediaContent": "file_inside",
}  # fmt: skip
_TYPES = frozenset({"/EmbeddedFile", "/FileAttachment", "/RichMedia", "/3D"})
_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
_ANYWHERE = re.compile(rb"/(?:JavaScript|Launch|EmbeddedFiles?)(?![0-9A-Za-z])")
"""Names that no table of objects may hide: other readers find what ours was not told of."""
_PADDING = b" \t\r\n\0"


def _pdf(content: bytes) -> None:
    end = content.rfind(b"%%EOF")
    if end < 0:
        _damaged("truncated")
    if content[end + 5 :].strip(_PADDING):
        _dangerous("trailing_bytes")
    _must_not_name(content)
    reader = PdfReader(BytesIO(content), strict=False)
    if reader.is_encrypted:
        _dangerous("encrypted")
    packed: list[StreamObject] = []
    for found in _objects(reader):
        _must_be_still(found)
        if isinstance(found, StreamObject) and found.get("/Type") == "/ObjStm":
            packed.append(found)
    for each in packed:  # may hold more than the tables name
        _must_not_name(each.get_data())
    if len(reader.pages) < 1:
        _damaged("no_page")
    reader.pages[0].get_object()


def _must_not_name(content: bytes) -> None:
    if _ANYWHERE.search(_ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), content)):
        _dangerous("active_content")


def _objects(reader: PdfReader) -> Iterator[object]:
    """Every object that the tables of the file name, and the trailer."""
    yield reader.trailer
    numbers = {(number, generation) for generation, entries in reader.xref.items() for number in entries}
    numbers |= {(number, 0) for number in reader.xref_objStm}
    if len(numbers) > MOST_OBJECTS:
        _dangerous("too_many_objects")
    for number, generation in numbers:
        yield reader.get_object(IndirectObject(number, generation, reader))


def _must_be_still(found: object) -> None:
    """Neither this object nor anything that stands in it does something by itself or holds a file."""
    open_: list[object] = [found]
    while open_:
        each = open_.pop()
        if isinstance(each, DictionaryObject):
            _must_not_act(each)
            open_.extend(each.values())
        elif isinstance(each, list):
            open_.extend(cast("list[object]", each))


def _must_not_act(entries: DictionaryObject) -> None:
    for key, because in _KEYS.items():
        if key in entries:
            _dangerous(because)
    if entries.get("/S") in _ACTS:
        _dangerous("action")
    if entries.get("/Type") in _TYPES or entries.get("/Subtype") in _TYPES:
        _dangerous("file_inside")
    if "/OpenAction" in entries:
        opens = entries["/OpenAction"]  # a place to open the file at, or an action, which may be to go there
        if isinstance(opens, DictionaryObject) and opens.get("/S") != NameObject("/GoTo"):
            _dangerous("action")


_BEGINS: Mapping[str, re.Pattern[bytes]] = {
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "image/webp": re.compile(rb"RIFF.{4}WEBP", re.DOTALL),
    "application/pdf": re.compile(rb"%PDF-[12]\.[0-9]"),
}
_LOOK: Mapping[str, Callable[[bytes], None]] = {
    "image/jpeg": _jpeg, "image/png": _png, "image/webp": _webp, "application/pdf": _pdf,
}  # fmt: skip
