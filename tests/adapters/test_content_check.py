"""A file is whole, harmless, and what it claims to be, or it is not taken, and whoever looks survives the look."""

import asyncio
import os
import signal
import struct
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator

import psutil
import pytest

from adapters import content_check
from adapters.content_check import ContentChecker
from adapters.file_inspection import look
from domain.ports import Busy, Looked
from tests.adapters import hostile_files as files

JPEG, PNG, WEBP, PDF = "image/jpeg", "image/png", "image/webp", "application/pdf"
FINE = Looked("fine")


@pytest.fixture
async def checker() -> AsyncIterator[ContentChecker]:
    async with ContentChecker() as opened:
        yield opened


@pytest.mark.parametrize(
    ("media_type", "content"),
    [
        (JPEG, files.picture()),
        (JPEG, files.picture(progressive=True)),
        (JPEG, files.picture(restart_marker_blocks=2)),
        (JPEG, files.picture(mode="CMYK")),
        (JPEG, files.picture(exif=b"Exif\0\0" + bytes(40))),
        (JPEG, files.two_pictures_in_one()),
        (PNG, files.picture("PNG")),
        (PNG, files.picture("PNG", mode="P")),
        (WEBP, files.picture("WEBP")),
        (WEBP, files.picture("WEBP", lossless=True)),
        (PDF, files.document()),
        (PDF, files.document(pages=30)),
        (PDF, files.document(files.opening_at_its_first_page)),
        (PDF, files.in_object_streams(files.document())),
        (PDF, files.document() + b"\r\n\0"),
    ],
)
def test_a_good_file_is_taken(media_type: str, content: bytes) -> None:
    assert look(media_type, content) == FINE


@pytest.mark.parametrize(
    ("media_type", "content", "resembles"),
    [
        (PNG, files.PAGE, "unknown"),
        (PNG, files.SVG, "unknown"),
        (JPEG, b"", "unknown"),
        (PDF, b"", "unknown"),
        (JPEG, files.picture("PNG"), PNG),
        (PNG, files.picture(), JPEG),
        (PDF, files.picture(), JPEG),
        (WEBP, files.document(), PDF),
        (JPEG, b"MZ" + files.picture(), "unknown"),
        (PDF, b"GIF89a" + files.document(), "unknown"),
        (PNG, files.animation("PNG"), "animation"),
        (WEBP, files.animation("WEBP"), "animation"),
        ("image/svg+xml", files.SVG, "unknown"),
    ],
)
def test_a_file_that_is_not_what_it_says(media_type: str, content: bytes, resembles: str) -> None:
    assert look(media_type, content) == Looked("something_else", resembles)


@pytest.mark.parametrize(
    ("media_type", "content"),
    [
        (JPEG, files.picture()[:-40]),
        (JPEG, files.picture()[:-2]),
        (JPEG, files.picture()[:20]),
        (JPEG, files.picture()[:2] + b"\xff\xdb" + b"\0" * 60),
        (JPEG, files.picture() + files.picture()[:-9]),
        (JPEG, b"\xff\xd8\xff\xd9"),
        (PNG, files.picture("PNG")[:-1]),
        (PNG, files.picture("PNG")[:40]),
        (PNG, files.picture("PNG").replace(b"IDAT", b"IDAX")),
        (PNG, files.picture("PNG")[:60] + b"\0" + files.picture("PNG")[61:]),
        (WEBP, files.picture("WEBP")[:-20]),
        (PDF, files.document()[:-40]),
        (PDF, files.document(pages=0)),
        (PDF, b"%PDF-1.7\n%%EOF\n"),
    ],
)
def test_a_file_that_is_damaged(media_type: str, content: bytes) -> None:
    assert look(media_type, content).verdict == "damaged"


@pytest.mark.parametrize(
    ("media_type", "content", "because"),
    [
        (JPEG, files.picture() + files.archive(), "archive_inside"),
        (PNG, files.picture("PNG") + files.archive(), "archive_inside"),
        (WEBP, files.picture("WEBP") + files.archive(), "archive_inside"),
        (PDF, files.document() + files.archive(), "archive_inside"),
        (JPEG, files.picture(comment=files.archive()), "archive_inside"),
        (JPEG, files.picture() + files.PAGE, "trailing_bytes"),
        (PNG, files.picture("PNG") + b"<?php system($_GET['c']);", "trailing_bytes"),
        (WEBP, files.picture("WEBP") + files.PAGE, "trailing_bytes"),
        (PDF, files.document() + files.PAGE, "trailing_bytes"),
        (JPEG, files.picture() + b"\0", "trailing_bytes"),
        (JPEG, files.picture(size=(8, 8)) * 9, "too_many_pictures"),
        (PNG, files.bomb(), "too_many_pixels"),
        (PNG, files.bomb(2**31 - 1, 2**31 - 1), "too_many_pixels"),
        (PDF, files.document(files.with_script), "active_content"),
        (PDF, files.document(files.with_script).replace(b"/JavaScript", b"/J#61vaScript"), "active_content"),
        (PDF, files.document(files.with_file_inside), "active_content"),
        (PDF, files.document(files.launching), "active_content"),
        (PDF, files.document(files.with_password), "encrypted"),
        (PDF, files.document(files.opening_an_address), "action"),
        (PDF, files.document(files.acting_when_its_page_is_seen), "action"),
        (PDF, files.in_object_streams(files.document(files.with_script)), "script"),
        (PDF, files.in_object_streams(files.document(), hidden=files.ACTION), "active_content"),
        (PDF, files.in_object_streams(files.document(files.with_script_in_a_link)), "script"),
        (PDF, files.in_object_streams(files.document(files.launching)), "action"),
        (PDF, files.in_object_streams(files.document(files.acting_when_its_page_is_seen)), "action"),
    ],
)
def test_a_file_that_means_harm(media_type: str, content: bytes, because: str) -> None:
    assert look(media_type, content) == Looked("dangerous", because)


def test_a_packed_document_hides_its_words_from_a_search() -> None:
    """Or the tests above would not show that objects are looked at."""
    assert b"JavaScript" not in files.in_object_streams(files.document(files.with_script))


async def test_looks_happen_in_another_process(checker: ContentChecker) -> None:
    assert checker.pid is None
    answers = await asyncio.gather(
        checker.look(JPEG, files.picture()),
        checker.look(PNG, files.PAGE),
        checker.look(PNG, files.bomb()),
        checker.look(PDF, files.document(files.with_script)),
    )
    assert [each.verdict for each in answers] == ["fine", "something_else", "dangerous", "dangerous"]
    assert checker.pid not in {None, os.getpid()}


async def test_a_process_that_was_killed_is_replaced(checker: ContentChecker) -> None:
    assert await checker.look(JPEG, files.picture()) == FINE
    first = checker.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert await checker.look(JPEG, files.picture()) == FINE
    assert checker.pid not in {None, first}


async def test_a_look_that_takes_too_long_is_ended_with_its_process() -> None:
    async with ContentChecker() as checker:
        assert await checker.look(JPEG, files.picture()) == FINE
        process = psutil.Process(checker.pid)
        process.suspend()
        checker.patience = 0.05
        assert await checker.look(JPEG, files.picture()) == Looked("dangerous", "too_slow")
        assert not process.is_running()
        checker.patience = content_check.PATIENCE
        assert await checker.look(JPEG, files.picture()) == FINE


async def test_whoever_goes_away_while_waiting_leaves_nothing_in_the_pipe(checker: ContentChecker) -> None:
    assert await checker.look(JPEG, files.picture()) == FINE
    psutil.Process(checker.pid).suspend()
    gone = asyncio.create_task(checker.look(PDF, files.document()))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    assert await checker.look(PNG, files.picture("PNG")) == FINE


async def test_a_process_cannot_take_all_the_memory_and_write_no_file(checker: ContentChecker) -> None:
    await checker.look(JPEG, files.picture())
    process = psutil.Process(checker.pid)
    assert process.rlimit(psutil.RLIMIT_AS)[1] <= 1 << 30
    assert process.rlimit(psutil.RLIMIT_FSIZE) == (0, 0)


async def test_a_large_picture_fits_into_that_memory(checker: ContentChecker) -> None:
    large = files.picture(size=(8000, 6000), progressive=True, quality=20)
    assert await checker.look(JPEG, large) == FINE


async def test_no_more_than_so_many_may_wait(checker: ContentChecker) -> None:
    looks = [checker.look(JPEG, files.picture()) for _ in range(content_check.MOST_WAITING + 3)]
    answers = await asyncio.gather(*looks, return_exceptions=True)
    assert [type(each) for each in answers] == [Looked] * content_check.MOST_WAITING + [Busy] * 3


async def other_end(asked: bytes) -> tuple[int, bytes]:
    """Exit code and answers of the process when it is asked this, and nothing more."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", content_check.__name__, stdin=PIPE, stdout=PIPE, stderr=DEVNULL
    )
    async with asyncio.timeout(30):
        answers, _ = await process.communicate(asked)
    assert process.returncode is not None
    return process.returncode, answers


def question(media_type: bytes, content: bytes) -> bytes:
    return struct.pack(">HI", len(media_type), len(content)) + media_type + content


async def test_a_process_ends_when_nobody_is_left_who_asks() -> None:
    photo = question(b"image/jpeg", files.picture())
    answer = b'{"verdict":"fine","because":""}\n'
    assert await other_end(b"") == (0, b"")
    assert await other_end(photo * 2) == (0, answer * 2)
    assert await other_end(photo + photo[:-1]) == (0, answer)


async def test_a_broken_question_ends_the_process_and_gets_no_answer() -> None:
    code, answers = await other_end(question(b"\xff\xff", b"content"))
    assert code != 0
    assert answers == b""
