"""Photos and documents of a work order: looked into, sealed, attached once, and given back as files only."""

import asyncio
import hashlib
import tracemalloc
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, cast

import httpx
import pytest

from adapters.content_check import ContentChecker
from adapters.door import LedgerDoor
from adapters.files import PostgresFiles
from adapters.ledger import PostgresLedger
from api.ports import Files
from domain.ports import Looked, Unavailable
from tests import everybody
from tests.adapters import hostile_files
from tests.api.reception import Clock, Reception, application, counter
from tests.sealing import KeysInMemory

JPEG = hostile_files.picture()
SHA256 = hashlib.sha256(JPEG).hexdigest()
PDF = hostile_files.document()


async def send(
    reception: Reception, order: str, content: Any = JPEG, media_type: str = "image/jpeg", **headers: str
) -> httpx.Response:
    """Send a file; underscores in names of headers stand for hyphens."""
    said = {"Authorization": "Bearer staff-1", "Accept-Language": "en", "Content-Type": media_type}
    said |= {name.replace("_", "-"): value for name, value in headers.items()}
    name = said.pop("name", None)
    return await reception.http.post(
        f"{order}/files", content=content, headers=said, params=None if name is None else {"name": name}
    )


async def attached_events(reception: Reception, order: str) -> list[dict[str, Any]]:
    """What the log says about attachments."""
    events = (await reception.see(f"{order}/history")).json()["events"]
    return [event["data"]["attachment"] for event in events if event["type"] == "work_order.attached"]


async def stored(ledger: PostgresLedger) -> int:
    """How many files there are at all."""
    found: int = await ledger.pool.fetchval("SELECT count(*) FROM linli_files")
    return found


async def test_a_photo_is_attached_and_given_back(reception: Reception) -> None:
    order = await reception.report()
    answer = await send(reception, order, name="阀门.jpg")
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"] == f"{order}/files/{SHA256}"
    assert answer.json()["events"] == 1
    assert await attached_events(reception, order) == [{"kind": "photo", "name": "阀门.jpg", "sha256": SHA256}]

    got = await reception.see(answer.headers["Location"])
    assert (got.status_code, got.content) == (200, JPEG)
    assert got.headers["Content-Type"] == "image/jpeg"
    assert got.headers["Content-Disposition"] == "attachment; filename*=UTF-8''%E9%98%80%E9%97%A8.jpg"
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert set(got.headers["Content-Security-Policy"].split("; ")) >= {"sandbox", "default-src 'none'"}
    assert got.headers["Cache-Control"] == "private, no-cache"
    again = await reception.see(answer.headers["Location"], headers={"If-None-Match": got.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_a_document_is_a_document_and_both_are_listed(reception: Reception) -> None:
    order = await reception.report()
    await send(reception, order, name="one.jpg")
    await send(reception, order, PDF, "application/pdf; charset=binary", name="two.pdf")
    items = (await reception.see(f"{order}/files")).json()["items"]
    assert [(item["name"], item["kind"], item["media_type"], item["size"]) for item in items] == [
        ("one.jpg", "photo", "image/jpeg", len(JPEG)),
        ("two.pdf", "document", "application/pdf", len(PDF)),
    ]
    assert (await reception.see(f"{order}/files/{items[1]['sha256']}")).content == PDF


async def test_the_same_file_again_changes_nothing(reception: Reception, ledger: PostgresLedger) -> None:
    order = await reception.report()
    first = await send(reception, order, name="one.jpg")
    for name in ("one.jpg", "other.jpg"):
        again = await send(reception, order, name=name)
        assert (again.status_code, again.json()["events"]) == (201, 0)
        assert again.headers["Location"] == first.headers["Location"]
    assert len(await attached_events(reception, order)) == await stored(ledger) == 1


async def test_many_at_once_leave_one(reception: Reception, ledger: PostgresLedger) -> None:
    order = await reception.report()
    answers = await asyncio.gather(*(send(reception, order, name=f"{number}.jpg") for number in range(6)))
    assert {answer.status_code for answer in answers} == {201}
    assert sum(answer.json()["events"] for answer in answers) == 1
    assert len(await attached_events(reception, order)) == await stored(ledger) == 1


async def test_the_same_file_of_another_order_is_another(reception: Reception, ledger: PostgresLedger) -> None:
    for _ in range(2):
        assert (await send(reception, await reception.report())).json()["events"] == 1
    assert await stored(ledger) == 2


async def test_a_repeat_under_a_key_gets_the_first_answer(reception: Reception) -> None:
    order = await reception.report()
    first = await send(reception, order, Idempotency_Key="k1")
    again = await send(reception, order, Idempotency_Key="k1")
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json() == first.json()
    other = await send(reception, order, PDF, "application/pdf", Idempotency_Key="k1")
    assert (other.status_code, other.json()["code"]) == (422, "KeyReused")
    assert len((await reception.see(f"{order}/files")).json()["items"]) == 1


async def test_a_refused_file_leaves_nothing(reception: Reception, ledger: PostgresLedger) -> None:
    order = await reception.report()
    early = await reception.http.post(
        f"{order}/files",
        content=JPEG,
        headers={"Authorization": "Bearer staff-1", "Content-Type": "image/jpeg"},
        params={"occurred_at": "2026-01-01T00:00:00+08:00"},
    )
    assert (early.status_code, early.json()["code"]) == (409, "BeforeReported")
    moved = await send(reception, order, If_Match='"77"')
    assert moved.status_code == 412
    assert await stored(ledger) == 0
    assert (await send(reception, order)).status_code == 201  # and the way is free


async def test_an_order_that_does_not_exist(reception: Reception, ledger: PostgresLedger) -> None:
    nowhere = "/work-orders/019a5b1e-0000-7000-8000-000000000001"
    assert (await send(reception, nowhere)).status_code == 404
    assert (await reception.see(f"{nowhere}/files")).status_code == 404
    assert await stored(ledger) == 0


@pytest.mark.parametrize("sha256", ["0" * 64, "nonsense", "9F" * 32, "..%2f..%2fetc"])
async def test_a_file_that_does_not_exist(reception: Reception, sha256: str) -> None:
    order = await reception.report()
    await send(reception, order)
    assert (await reception.see(f"{order}/files/{sha256}")).status_code == 404


async def test_a_file_is_found_under_its_own_order_only(reception: Reception) -> None:
    order, other = await reception.report(), await reception.report()
    await send(reception, order)
    assert (await reception.see(f"{other}/files/{SHA256}")).status_code == 404


@pytest.mark.parametrize(
    ("content", "media_type", "status", "code"),
    [
        (hostile_files.PAGE, "image/png", 422, "NotWhatItSays"),
        (JPEG, "image/png", 422, "NotWhatItSays"),
        (b"", "image/jpeg", 422, "NotWhatItSays"),
        (JPEG[:-30], "image/jpeg", 422, "Damaged"),
        (JPEG + hostile_files.archive(), "image/jpeg", 422, "Dangerous"),
        (hostile_files.bomb(), "image/png", 422, "Dangerous"),
        (hostile_files.document(hostile_files.with_script), "application/pdf", 422, "Dangerous"),
        (hostile_files.document(hostile_files.with_password), "application/pdf", 422, "Dangerous"),
        (hostile_files.SVG, "image/svg+xml", 415, "KindNotAllowed"),
        (hostile_files.PAGE, "text/html", 415, "KindNotAllowed"),
        (hostile_files.archive(), "application/zip", 415, "KindNotAllowed"),
        (JPEG, "", 415, "KindNotAllowed"),
    ],
)
async def test_a_file_that_is_not_taken(
    reception: Reception, ledger: PostgresLedger, content: bytes, media_type: str, *, status: int, code: str
) -> None:
    order = await reception.report()
    no = await send(reception, order, content, media_type)
    assert (no.status_code, no.json()["code"]) == (status, code)
    assert await stored(ledger) == 0
    assert await attached_events(reception, order) == []


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ({"name": "../../etc/passwd"}, "passwd"),
        ({"name": "C:\\temp\\a.jpg"}, "a.jpg"),
        ({"name": "全角　空格.jpg"}, "全角　空格.jpg"),
        ({"Content_Disposition": "attachment; filename=a.jpg"}, "a.jpg"),
        ({"Content_Disposition": 'attachment; filename="a b.jpg"'}, "a b.jpg"),
        ({"Content_Disposition": "attachment; filename=x; filename*=UTF-8''%E9%98%80.jpg"}, "阀.jpg"),
        ({"Content_Disposition": "attachment; filename*=UTF-8''%E9%98%80.jpg", "name": "b.jpg"}, "b.jpg"),
        ({"Content_Disposition": "attachment"}, f"{SHA256[:12]}.jpg"),
        ({}, f"{SHA256[:12]}.jpg"),
    ],
)
async def test_a_file_gets_the_name_that_was_meant(reception: Reception, said: dict[str, str], name: str) -> None:
    order = await reception.report()
    assert (await send(reception, order, **said)).status_code == 201
    assert [event["name"] for event in await attached_events(reception, order)] == [name]


async def test_a_name_in_bare_utf_8_is_read(reception: Reception) -> None:
    order = await reception.report()
    headers = {b"Authorization": b"Bearer staff-1", b"Content-Type": b"image/jpeg"}
    headers[b"Content-Disposition"] = 'attachment; filename="阀门.jpg"'.encode()
    await reception.http.post(f"{order}/files", content=JPEG, headers=headers)
    assert [event["name"] for event in await attached_events(reception, order)] == ["阀门.jpg"]


@pytest.mark.parametrize("name", ["", " ", "..", "a/", "x" * 129, "a\nb", "cod\u202egpj.exe", "a\0b", "\ufeffa"])
async def test_a_name_that_is_none(reception: Reception, ledger: PostgresLedger, name: str) -> None:
    order = await reception.report()
    no = await send(reception, order, name=name)
    assert (no.status_code, no.json()["errors"][0]["parameter"]) == (400, "name")
    assert await stored(ledger) == 0


async def test_a_parameter_that_does_not_exist(reception: Reception) -> None:
    order = await reception.report()
    no = await reception.http.post(
        f"{order}/files?nmae=x", content=JPEG, headers={"Authorization": "Bearer a", "Content-Type": "image/jpeg"}
    )
    assert no.status_code == 400


# --- how large, how slow, how many


class Drip:
    """A body in pieces that counts how many of them were taken."""

    def __init__(self, size: int, piece: int = 1000) -> None:
        self.left = size
        self.piece = piece
        self.taken = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self.left > 0:
            size = min(self.piece, self.left)
            self.left -= size
            self.taken += size
            yield b"\xff" * size


async def test_a_byte_too_many_with_its_length_announced_is_refused_before_a_byte_is_read(
    reception: Reception, files: Files
) -> None:
    order = await reception.report()
    drip = Drip(files.largest + 1)
    no = await send(reception, order, drip, Content_Length=str(files.largest + 1))
    assert (no.status_code, no.json()["code"]) == (413, "TooLarge")
    assert drip.taken <= drip.piece  # the client itself looks ahead by one


async def test_a_file_without_announced_length_is_refused_at_the_first_byte_too_many(
    reception: Reception, files: Files
) -> None:
    order = await reception.report()
    drip = Drip(50 * files.largest)
    tracemalloc.start()
    try:
        no = await send(reception, order, drip)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (no.status_code, no.json()["code"]) == (413, "TooLarge")
    assert drip.taken <= files.largest + 2 * drip.piece
    assert most < 10 * files.largest


async def test_exactly_the_largest_is_taken(ledger: PostgresLedger, door: LedgerDoor, files: Files) -> None:
    clock = Clock()
    async with counter(application(ledger, door, clock, files=replace(files, largest=len(JPEG)))) as http:
        reception = Reception(http, clock)
        order = await reception.report()
        assert (await send(reception, order)).status_code == 201
        assert (await send(reception, order, JPEG + b"\0")).status_code == 413


async def test_a_file_that_never_comes_to_an_end_in_time(
    ledger: PostgresLedger, door: LedgerDoor, files: Files
) -> None:
    async def stuck() -> AsyncIterator[bytes]:
        yield JPEG[:100]
        await asyncio.Event().wait()

    clock = Clock()
    async with counter(application(ledger, door, clock, files=replace(files, patience=0.05))) as http:
        reception = Reception(http, clock)
        order = await reception.report()
        no = await send(reception, order, stuck())
        assert (no.status_code, no.json()["code"]) == (408, "TooSlow")
        assert (await send(reception, order)).status_code == 201  # its room is free again


async def test_more_files_at_once_than_there_is_room_for_are_told_to_wait(reception: Reception, files: Files) -> None:
    order = await reception.report()
    begun, go_on = asyncio.Semaphore(0), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield JPEG[:100]
        begun.release()
        await go_on.wait()
        yield JPEG[100:]

    sending = [asyncio.create_task(send(reception, order, slowly())) for _ in range(8)]
    for _ in sending:
        await begun.acquire()
    no = await send(reception, order)
    assert (no.status_code, no.json()["code"], no.headers["Retry-After"]) == (503, "TooBusy", "1")
    go_on.set()
    assert {answer.status_code for answer in await asyncio.gather(*sending)} == {201}
    assert (await send(reception, order)).status_code == 201
    assert files.largest * 8 == 800_000


async def test_nobody_waits_for_a_caller_who_has_gone(reception: Reception, ledger: PostgresLedger) -> None:
    order = await reception.report()
    pieces = iter([{"type": "http.request", "body": JPEG[:100], "more_body": True}, {"type": "http.disconnect"}])
    said: list[Any] = []

    async def receive() -> Any:
        return next(pieces)

    async def answer(message: Any) -> None:
        said.append(message)

    scope: dict[str, Any] = {
        "type": "http", "method": "POST", "path": f"{order}/files", "raw_path": f"{order}/files".encode(),
        "root_path": "", "query_string": b"", "scheme": "http", "server": ("linli.test", 80), "client": ("::1", 1),
        "headers": [(b"x-actor", b"staff-1"), (b"content-type", b"image/jpeg")], "state": {}, "http_version": "1.1",
    }  # fmt: skip
    await cast("Any", reception.http)._transport.app(scope, receive, answer)  # noqa: SLF001 - the application
    assert said[0]["status"] == 400
    assert await stored(ledger) == 0


# --- whose it is


async def test_what_is_stored_can_be_read_by_nobody_without_the_key(
    reception: Reception, ledger: PostgresLedger
) -> None:
    order = await reception.report()
    await send(reception, order, PDF, "application/pdf", name="canary-4711.pdf")
    row = await ledger.pool.fetchrow("SELECT * FROM linli_files")
    assert row is not None
    assert row["subject"] == "resident-17"
    assert b"%PDF" not in row["content"]
    assert b"canary" not in row["name"]


async def test_who_is_erased_takes_the_content_along(reception: Reception, files: Files) -> None:
    order = await reception.report()
    other = await reception.report(reporter="resident-18")
    for each in (order, other):
        await send(reception, each, name="mine.jpg")
    cast("KeysInMemory", files.sealer).erase("resident-17")
    (item,) = (await reception.see(f"{order}/files")).json()["items"]
    assert item["name"] == "[已删除 erased]"
    no = await reception.see(f"{order}/files/{SHA256}", headers={"If-None-Match": f'"{SHA256}"'})
    assert (no.status_code, no.json()["code"]) == (410, "ContentErased")
    assert (await reception.see(f"{other}/files/{SHA256}")).content == JPEG

    assert await files.store.forget("resident-17") == 1
    assert (await reception.see(f"{order}/files")).json()["items"] == []
    assert (await reception.see(f"{order}/files/{SHA256}")).status_code == 404


async def test_a_sealed_file_opens_in_its_own_place_only(reception: Reception, ledger: PostgresLedger) -> None:
    order, other = await reception.report(), await reception.report()
    for each in (order, other):
        await send(reception, each)
    await ledger.pool.execute(
        "UPDATE linli_files SET content = (SELECT content FROM linli_files WHERE stream = $1) WHERE stream = $2",
        order.rpartition("/")[2],
        other.rpartition("/")[2],
    )
    assert (await reception.see(f"{other}/files/{SHA256}")).status_code == 500


# --- when something goes wrong between the file and its event


class Interrupted(LedgerDoor):
    """Executes, and then the answer is lost."""

    lost = False

    async def execute(self, *args: Any, **kwargs: Any) -> Any:
        done = await super().execute(*args, **kwargs)
        if self.lost:
            raise Unavailable
        return done


async def test_an_answer_that_was_lost_loses_no_file(ledger: PostgresLedger, files: Files) -> None:
    clock, door = Clock(), Interrupted(ledger, permit=everybody.may, vault=everybody.vault_on(ledger))
    async with counter(application(ledger, door, clock, files=files)) as http:
        reception = Reception(http, clock)
        order = await reception.report()
        door.lost = True
        assert (await send(reception, order)).status_code == 503
        door.lost = False
        assert (await reception.see(f"{order}/files/{SHA256}")).content == JPEG
        assert (await send(reception, order)).json()["events"] == 0
    assert await ledger.pool.fetchval("SELECT bool_and(confirmed) FROM linli_files")


async def test_a_file_whose_event_is_not_in_the_log_is_not_shown(reception: Reception, ledger: PostgresLedger) -> None:
    order, other = await reception.report(), await reception.report()
    await send(reception, order)
    await ledger.pool.execute("UPDATE linli_files SET stream = $1", other.rpartition("/")[2])
    assert (await reception.see(f"{other}/files")).json()["items"] == []
    assert (await reception.see(f"{other}/files/{SHA256}")).status_code == 404


class Knowing:
    """Finds everything fine, without a look."""

    async def look(self, media_type: str, content: bytes) -> Looked:
        del media_type, content
        return Looked("fine")


async def test_without_a_place_for_files_none_are_taken(ledger: PostgresLedger, door: LedgerDoor) -> None:
    clock = Clock()
    async with counter(application(ledger, door, clock)) as http:
        reception = Reception(http, clock)
        order = await reception.report()
        assert (await send(reception, order)).status_code == 404
        assert (await reception.see(f"{order}/files")).status_code == 404


async def test_a_large_file_of_any_bytes_comes_back_as_it_was(ledger: PostgresLedger, door: LedgerDoor) -> None:
    clock = Clock()
    content = bytes(range(256)) * 8000
    place = Files(store=PostgresFiles(ledger.pool), check=Knowing(), sealer=KeysInMemory(), largest=len(content))
    async with counter(application(ledger, door, clock, files=place)) as http:
        reception = Reception(http, clock)
        order = await reception.report()
        answer = await send(reception, order, content)
        assert (await reception.see(answer.headers["Location"])).content == content


async def test_no_look_is_taken_at_what_cannot_be_wanted(ledger: PostgresLedger, door: LedgerDoor) -> None:
    """The process that looks into files is not even started."""
    clock = Clock()
    async with ContentChecker() as checker:
        place = Files(store=PostgresFiles(ledger.pool), check=checker, sealer=KeysInMemory(), largest=100)
        async with counter(application(ledger, door, clock, files=place)) as http:
            reception = Reception(http, clock)
            order = await reception.report()
            assert (await send(reception, order)).status_code == 413
            assert (await send(reception, order, b"x", "text/plain")).status_code == 415
            assert (await send(reception, order, b"x", name="..")).status_code == 400
        assert checker.pid is None
