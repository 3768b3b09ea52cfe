"""The papers themselves that a vendor shows: their hash stands in the log, they lie beside it.

PUT /vendors/{id}/files/{sha256}    the bytes of a paper that is named already, under its hash
GET /vendors/{id}/files/{sha256}    byte for byte

A certificate names the hash first (`add-certificate`), or a document of a qualification, what is submitted to meet a
condition, or to appeal; then the paper is sent: what nothing names is not taken, and what is taken is what was named.
Sending it again changes nothing. Papers are sealed like everything that people send.
"""

import asyncio
import hashlib
from typing import Final
from uuid import UUID

from litestar import Response, get, put
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath

from api.asked import LARGEST, Asked
from api.documentation import IF_NONE_MATCH, NOT_MODIFIED, operation, problems
from api.freshness import reach, reached
from api.ports import Files, Ports
from api.preconditions import already_seen
from api.problems import (
    ContentErased,
    Damaged,
    Dangerous,
    InternalError,
    KindNotAllowed,
    LedgerAway,
    Malformed,
    NotFound,
    NotIdentified,
    NotThereYet,
    NotWhatItSays,
    TooBusy,
    TooLarge,
    TooSlow,
)
from api.query import Reading, asked_for, parameters
from api.sight import must_be_allowed, must_see
from api.uploads import Room, claimed_kind, must_be_fine, must_fit, received
from api.work_order_files import UNDER_WAY, context_of
from domain.access.permission import NotPermitted
from domain.admission import vendor
from domain.admission.qualification import Qualification
from domain.admission.vendor import Vendor
from domain.file_kinds import FILE_KINDS
from domain.ports import StoredFile
from projections.admission import qualification_board

PATH: Final = "/vendors/{vendor_id:uuid}/files/{sha256:str}"
SEEING: Final = "vendor.see"
SENDING: Final = "vendor.add_certificate"
_AT_ONCE: Final = 100
READING: Final = (Malformed, NotIdentified, NotFound, InternalError, NotThereYet, LedgerAway)
_HARMLESS: Final = "default-src 'none'; frame-ancestors 'none'; sandbox"


def routes(ports: Ports) -> list[HTTPRouteHandler]:
    """All that can be asked about the papers of vendors; nothing where there is no place for them."""
    return [] if ports.files is None else [_send(ports, ports.files), _one(ports, ports.files)]


def _send(ports: Ports, files: Files) -> HTTPRouteHandler:
    room = Room(UNDER_WAY * files.largest)

    @put(
        PATH,
        status_code=204,
        summary="Send the paper of a certificate or a document (上传证书、材料原件)",
        description=(
            "The body is the file: Content-Type says what it is, and it is looked into. Its SHA-256 must be the one in"
            " the address, which a certificate in the file names, or a document, a condition or an appeal of a"
            f" qualification. At most {files.largest} bytes."
        ),
        operation_id="sendFileOfVendor",
        operation_class=operation(sends_file=FILE_KINDS, status=204, permission=SENDING),
        responses={
            204: ResponseSpec(None, generate_examples=False, description="It is kept, or was before."),
            **problems(
                *(Malformed, NotIdentified, NotPermitted, NotFound, TooLarge, TooSlow, TooBusy, KindNotAllowed),
                *(NotWhatItSays, Damaged, Dangerous, vendor.NotTheNamedPaper, InternalError, LedgerAway),
            ),
        },
        opt={LARGEST: files.largest},
    )
    async def send(request: Asked, vendor_id: FromPath[UUID], sha256: FromPath[str]) -> None:
        stream = vendor.stream(str(vendor_id))
        file = await _existing(request, ports, stream)
        await must_be_allowed(request, ports, SENDING, vendor.whose(stream, file, None))
        await _must_be_named(ports, vendor_id, file, sha256)
        media_type = claimed_kind(request)
        with room.take(must_fit(request, files.largest)):
            content = await received(request, files.patience)
            must_be_fine(await files.check.look(media_type, content))
            if (await asyncio.to_thread(hashlib.sha256, content)).hexdigest() != sha256:
                raise vendor.NotTheNamedPaper
            await _keep(files, stream, sha256, media_type, content)

    return send


async def _keep(files: Files, stream: UUID, sha256: str, media_type: str, content: bytes) -> None:
    """Seal and store it. Its hash is in the log already, so it is there to stay."""
    subject, context = str(stream), context_of(stream, sha256)
    name = f"{sha256[:12]}.{FILE_KINDS[media_type].ending}"
    stored = StoredFile(
        sha256=sha256,
        media_type=media_type,
        size=len(content),
        name=await files.sealer.seal_content(subject, f"{context}/name", name.encode()),
        subject=subject,
    )
    await files.store.claim(stream, stored, await files.sealer.seal_content(subject, context, content))
    await files.store.confirm(stream, sha256)


def _one(ports: Ports, files: Files) -> HTTPRouteHandler:
    @get(
        PATH,
        summary="The paper of a certificate or a document, byte for byte",
        operation_id="fileOfVendor",
        operation_class=operation(
            *parameters(Reading),
            IF_NONE_MATCH,
            gives_file=FILE_KINDS,
            headers=("ETag", "Content-Disposition"),
            permission=SEEING,
        ),
        responses=NOT_MODIFIED | problems(*READING, ContentErased),
    )
    async def one(request: Asked, vendor_id: FromPath[UUID], sha256: FromPath[str]) -> Response[bytes | None]:
        await reached(ports, asked_for(request, Reading).min_position)
        stream = vendor.stream(str(vendor_id))
        file = await _existing(request, ports, stream)
        stored = next((each for each in await files.store.known(stream) if each.sha256 == sha256), None)
        if stored is None:
            raise NotFound
        await _must_be_named(ports, vendor_id, file, sha256)
        said = {"ETag": f'"{sha256}"', "Cache-Control": "private, no-cache"}
        if already_seen(request.said(b"if-none-match"), said["ETag"]):
            return Response(None, status_code=304, headers=said)
        ending = FILE_KINDS[stored.media_type].ending
        said["Content-Disposition"] = f"attachment; filename={sha256[:12]}.{ending}"
        said["Content-Security-Policy"] = _HARMLESS
        return Response(await _content(files, stream, stored), media_type=stored.media_type, headers=said)

    return one


async def _existing(request: Asked, ports: Ports, stream: UUID) -> Vendor:
    """The vendor's file, for whoever may see it."""
    loaded = await ports.door.load(vendor.decider, stream)
    if loaded.version == 0:
        raise NotFound
    await must_see(request, ports, vendor.decider, stream, loaded.state)
    return loaded.state


async def _content(files: Files, stream: UUID, stored: StoredFile) -> bytes:
    sealed = await files.store.content(stream, stored.sha256)
    if sealed is None:
        raise NotFound
    content = await files.sealer.open_content(stored.subject, context_of(stream, stored.sha256), sealed)
    if content is None:
        raise ContentErased
    return content


async def _must_be_named(ports: Ports, vendor_id: UUID, file: Vendor, sha256: str) -> None:
    """Raises NotFound for what neither the file nor a qualification of the vendor names."""
    if sha256 in hashes(file):
        return
    await reach(ports, qualification_board.projection.name, await ports.ledger.head())  # it may have just been filed
    wanted, after = qualification_board.Filters(vendor=str(vendor_id)), None
    while rows := await ports.qualifications.page(wanted, after, _AT_ONCE):
        if any(sha256 in _shown(row.state) for row in rows):
            return
        after = rows[-1].key
    raise NotFound


def _shown(found: Qualification) -> set[str]:
    """What the documents, conditions and appeals of a qualification name."""
    named = {each.paper.sha256 for each in found.documents}
    named.update(sha256 for grant in found.grants for each in grant.conditions for sha256 in each.files)
    named.update(sha256 for case in found.cases if case.appeal is not None for sha256 in case.appeal.files)
    return named


def hashes(file: Vendor) -> set[str]:
    """What the certificates in a file name."""
    return {each.sha256 for each in file.certificates if each.sha256}
