"""The files of a work order over HTTP: photos and documents, looked into, sealed, and kept beside the log.

    POST /work-orders/{id}/files            the bytes of one file     -> attached: its hash is in an event
    GET  /work-orders/{id}/files            what there is
    GET  /work-orders/{id}/files/{sha256}   the bytes again, to be saved and never to be shown as a page

The log decides what is attached. A file is held first, then its event is asked for through the one door, then it is
confirmed; a refused one is let go. Nobody but the browser of who asked may keep what goes out, and that asks each time.
"""

import asyncio
import hashlib
import re
from datetime import datetime
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath
from msgspec import UNSET, Meta, UnsetType

from api.asked import LARGEST, Asked
from api.change import EVERY_CHANGE, ON_SOMETHING, Change, Offer
from api.documentation import (
    IDEMPOTENCY_KEY,
    IF_MATCH,
    IF_NONE_MATCH,
    NOT_MODIFIED,
    header,
    operation,
    problems,
)
from api.freshness import reached
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
    NotJson,
    NotThereYet,
    NotWhatItSays,
    TooSlow,
)
from api.query import Query, Reading, asked_for, parameters
from api.receipt import RECEIPT, Answer, Receipt
from api.sight import must_be_allowed, must_see
from api.uploads import Room, claimed_kind, must_be_fine, must_fit, name_of, received
from api.work_order_examples import OFFERS
from domain import work_order
from domain import work_order_refusals as refusals
from domain.file_kinds import FILE_KINDS
from domain.ports import Busy, CommandIdReused, Done, LedgerError, StoredFile
from domain.privacy.personal import ERASED
from domain.work_order import Attach, Evidence, WorkOrder, WorkOrderCommand, WorkOrderEvent

PATH = "/work-orders/{order_id:uuid}/files"
UNDER_WAY = 8
"""So many of the largest files may be under way at once in one process."""
CONTENT_DISPOSITION = header(
    "Content-Disposition",
    "What the file is called (RFC 6266), unless the query says.",
    "attachment; filename=valve.jpg",
)
SEEING = "work_order.see"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_HARMLESS = "default-src 'none'; frame-ancestors 'none'; sandbox"

READING = (Malformed, NotIdentified, NotFound, InternalError, NotThereYet, LedgerAway)
FILE = {
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "name": "valve.jpg",
    "kind": "photo",
    "media_type": "image/jpeg",
    "size": 482133,
    "stored_at": "2026-03-02T01:12:00Z",
}


class Sending(Query, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is said about a file that is sent."""

    name: Annotated[str, Meta(max_length=1000, description="What the file is called.")] | UnsetType = UNSET
    occurred_at: (
        Annotated[datetime, Meta(tz=True, description="When it was attached, with offset. Left out: now.")] | UnsetType
    ) = UNSET


class Sent(msgspec.Struct, frozen=True):
    """What the command says."""

    attachment: Evidence
    occurred_at: datetime | None = None


class FileView(msgspec.Struct, frozen=True, kw_only=True):
    """One file."""

    sha256: str
    name: str
    kind: str
    media_type: str
    size: int
    """Bytes."""
    stored_at: datetime | None


class FileList(msgspec.Struct, frozen=True):
    """The files of one work order, the first first."""

    items: list[FileView]


def routes(ports: Ports) -> list[HTTPRouteHandler]:
    """All that can be asked about files; nothing where there is no place for them."""
    if ports.files is None:
        return []
    return [_send(ports, ports.files), _list(ports, ports.files), _one(ports, ports.files)]


def _send(ports: Ports, files: Files) -> HTTPRouteHandler:
    attaching = _Attaching(ports, files)

    @post(
        PATH,
        status_code=201,
        summary="Send a photo or a document (上传附件)",
        description=(
            "The body is the file: Content-Type says what it is, and it is looked into. The same file is attached once,"
            f" however often it is sent. At most {files.largest} bytes."
        ),
        operation_id="sendFileOfWorkOrder",
        operation_class=operation(
            *parameters(Sending),
            CONTENT_DISPOSITION,
            IDEMPOTENCY_KEY,
            IF_MATCH,
            sends_file=FILE_KINDS,
            gives=RECEIPT,
            status=201,
            headers=("ETag", "X-Position", "Idempotent-Replayed", "Location"),
            permission="work_order.attach",
        ),
        responses={
            201: ResponseSpec(Receipt, generate_examples=False, description="It is attached, or was before."),
            **problems(
                *(kind for kind in EVERY_CHANGE if kind is not NotJson),
                *ON_SOMETHING,
                *(TooSlow, KindNotAllowed, NotWhatItSays, Damaged, Dangerous),
                *(refusals.NotEvidence, refusals.BeforeReported),
            ),
        },
        opt={LARGEST: files.largest},
    )
    async def send(request: Asked) -> Answer:
        return await attaching.attach(request)

    return send


class _Attaching:
    """From the bytes of a request to an event that names their hash."""

    def __init__(self, ports: Ports, files: Files) -> None:
        self._ports = ports
        self._files = files
        self._room = Room(UNDER_WAY * files.largest)
        offer: Offer[WorkOrderCommand] = next(offer for offer in OFFERS if offer.command is Attach)
        self._change: Change[WorkOrderCommand, WorkOrder, WorkOrderEvent] = Change(ports, work_order.decider, offer)

    async def attach(self, request: Asked) -> Answer:
        """Take in the file of a request."""
        sending = asked_for(request, Sending)
        stream: UUID = request.path_params["order_id"]
        order = await _existing(request, self._ports, stream)
        await must_be_allowed(request, self._ports, "work_order.attach", work_order.whose(stream, order, None))
        media_type = claimed_kind(request)
        name = name_of(request, None if sending.name is UNSET else sending.name)
        with self._room.take(must_fit(request, self._files.largest)):
            content = await received(request, self._files.patience)
            must_be_fine(await self._files.check.look(media_type, content))
            sha256 = (await asyncio.to_thread(hashlib.sha256, content)).hexdigest()
            file = _Taken(
                stream, order.reporter or str(stream), media_type, sha256, name or _a_name(sha256, media_type)
            )
            await self._hold(file, content)
        occurred_at = None if sending.occurred_at is UNSET else sending.occurred_at
        done = await self._ask(request, file, Sent(file.evidence, occurred_at))
        return Answer(done, f"/work-orders/{stream}/files/{sha256}")

    async def _hold(self, file: "_Taken", content: bytes) -> None:
        seal = self._files.sealer.seal_content
        stored = StoredFile(
            sha256=file.sha256,
            media_type=file.media_type,
            size=len(content),
            name=await seal(file.subject, f"{file.context}/name", file.name.encode()),
            subject=file.subject,
        )
        await self._files.store.claim(file.stream, stored, await seal(file.subject, file.context, content))

    async def _ask(self, request: Asked, file: "_Taken", body: Sent) -> Done:
        """Attach it, and let it go when the answer is no. Where the outcome is not known, the log is asked later."""
        store = self._files.store
        try:
            done = await self._change.ask_existing(request, body, file.stream)
        except Exception as no:
            if not isinstance(no, LedgerError) or isinstance(no, Busy | CommandIdReused):
                await store.give_up(file.stream, file.sha256)
            raise
        await store.confirm(file.stream, file.sha256)
        return done


class _Taken(msgspec.Struct, frozen=True):
    """A file that was looked into."""

    stream: UUID
    subject: str
    media_type: str
    sha256: str
    name: str

    @property
    def context(self) -> str:
        return context_of(self.stream, self.sha256)

    @property
    def evidence(self) -> Evidence:
        return Evidence(kind=FILE_KINDS[self.media_type].evidence, name=self.name, sha256=self.sha256)


def context_of(stream: UUID, sha256: str) -> str:
    """The one place in which a sealed file can be opened; its name is sealed in `<context>/name`."""
    return f"file/{stream}/{sha256}"


def _a_name(sha256: str, media_type: str) -> str:
    return f"{sha256[:12]}.{FILE_KINDS[media_type].ending}"


def _list(ports: Ports, files: Files) -> HTTPRouteHandler:
    @get(
        PATH,
        summary="The files of a work order",
        operation_id="filesOfWorkOrder",
        operation_class=operation(*parameters(Reading), gives={"items": [FILE]}, permission=SEEING),
        responses=problems(*READING),
    )
    async def some(request: Asked, order_id: FromPath[UUID]) -> FileList:
        await reached(ports, asked_for(request, Reading).min_position)
        stored = await _attached(request, ports, files, order_id)
        return FileList([_view(each, await _name(files, order_id, each)) for each in stored])

    return some


def _one(ports: Ports, files: Files) -> HTTPRouteHandler:
    @get(
        f"{PATH}/{{sha256:str}}",
        summary="One file, byte for byte",
        operation_id="fileOfWorkOrder",
        operation_class=operation(
            *parameters(Reading),
            IF_NONE_MATCH,
            gives_file=FILE_KINDS,
            headers=("ETag", "Content-Disposition"),
            permission=SEEING,
        ),
        responses=NOT_MODIFIED | problems(*READING, ContentErased),
    )
    async def one(request: Asked, order_id: FromPath[UUID], sha256: FromPath[str]) -> Response[bytes | None]:
        await reached(ports, asked_for(request, Reading).min_position)
        if _SHA256.fullmatch(sha256) is None:
            raise NotFound
        stored = next(
            (each for each in await _attached(request, ports, files, order_id) if each.sha256 == sha256), None
        )
        if stored is None:
            raise NotFound
        name = await _name(files, order_id, stored)
        if name is None:
            raise ContentErased
        said = {"ETag": f'"{sha256}"', "Cache-Control": "private, no-cache"}
        if already_seen(request.said(b"if-none-match"), said["ETag"]):
            return Response(None, status_code=304, headers=said)
        said["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
        said["Content-Security-Policy"] = _HARMLESS
        return Response(await _content(files, order_id, stored), media_type=stored.media_type, headers=said)

    return one


async def _existing(request: Asked, ports: Ports, stream: UUID) -> WorkOrder:
    """The work order, for whoever may see it."""
    loaded = await ports.door.load(work_order.decider, stream)
    if loaded.version == 0:
        raise NotFound
    await must_see(request, ports, work_order.decider, stream, loaded.state)
    return loaded.state


async def _attached(request: Asked, ports: Ports, files: Files, stream: UUID) -> list[StoredFile]:
    """The stored files of a work order whose event is in the log."""
    order = await _existing(request, ports, stream)
    known = {each.sha256 for each in order.attachments}
    return [stored for stored in await files.store.known(stream) if stored.sha256 in known]


async def _name(files: Files, stream: UUID, stored: StoredFile) -> str | None:
    context = f"{context_of(stream, stored.sha256)}/name"
    name = await files.sealer.open_content(stored.subject, context, stored.name)
    return None if name is None else name.decode()


async def _content(files: Files, stream: UUID, stored: StoredFile) -> bytes:
    sealed = await files.store.content(stream, stored.sha256)
    if sealed is None:
        raise NotFound
    content = await files.sealer.open_content(stored.subject, context_of(stream, stored.sha256), sealed)
    if content is None:
        raise ContentErased
    return content


def _view(stored: StoredFile, name: str | None) -> FileView:
    return FileView(
        sha256=stored.sha256,
        name=ERASED if name is None else name,
        kind=FILE_KINDS[stored.media_type].evidence,
        media_type=stored.media_type,
        size=stored.size,
        stored_at=stored.stored_at,
    )
