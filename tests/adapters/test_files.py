"""Files beside the log: held by uploads, kept when the log knows them, swept away when nobody does."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from adapters.door import LedgerDoor
from adapters.files import PostgresFiles, sweep
from adapters.ids import new_id
from adapters.ledger import PostgresLedger
from domain import work_order
from domain.admission import vendor
from domain.parties import organisation, person
from domain.ports import Context, StoredFile
from domain.work_order import Attach, Evidence, Report
from tests.domain import trade
from tests.projections.town_hall import TownHall

AT = datetime(2026, 3, 2, 1, tzinfo=UTC)
NOW = timedelta(0)
SHA256 = "9f" * 32
PHOTO = StoredFile(sha256=SHA256, media_type="image/jpeg", size=7, name=b"sealed name", subject="resident-17")


@pytest.fixture
def files(ledger: PostgresLedger) -> PostgresFiles:
    return PostgresFiles(ledger.pool)


async def reported(door: LedgerDoor) -> UUID:
    """A work order."""
    stream = new_id()
    report = Report(at=AT, community="c", category="p", summary="s", channel="staff", reporter="resident-17")
    await door.execute(work_order.decider, stream, report, Context(actor="a", occurred_at=AT))
    return stream


async def test_what_was_claimed_is_there_and_given_back_unchanged(files: PostgresFiles) -> None:
    stream = new_id()
    await files.claim(stream, PHOTO, b"sealed content")
    (found,) = await files.known(stream)
    assert (found.sha256, found.media_type, found.size, found.name, found.subject) == (
        SHA256, "image/jpeg", 7, b"sealed name", "resident-17",
    )  # fmt: skip
    assert await files.content(stream, SHA256) == b"sealed content"
    assert await files.known(new_id()) == []
    assert await files.content(new_id(), SHA256) is None


async def test_the_same_file_is_stored_once_a_stream(files: PostgresFiles) -> None:
    one, two = new_id(), new_id()
    for stream in (one, one, two):
        await files.claim(stream, PHOTO, b"sealed")
    assert len(await files.known(one)) == len(await files.known(two)) == 1


async def test_a_file_is_dropped_when_its_last_upload_gives_it_up(files: PostgresFiles) -> None:
    stream = new_id()
    await files.claim(stream, PHOTO, b"sealed")
    await files.claim(stream, PHOTO, b"sealed")
    await files.give_up(stream, SHA256)
    assert len(await files.known(stream)) == 1
    await files.give_up(stream, SHA256)
    assert await files.known(stream) == []


async def test_a_file_that_is_attached_stays_whoever_gives_up(files: PostgresFiles) -> None:
    stream = new_id()
    await files.claim(stream, PHOTO, b"sealed")
    await files.confirm(stream, SHA256)
    await files.claim(stream, PHOTO, b"sealed")
    await files.give_up(stream, SHA256)
    await files.give_up(stream, SHA256)
    assert len(await files.known(stream)) == 1


async def test_everything_about_somebody_is_forgotten_and_nothing_else(files: PostgresFiles) -> None:
    mine, yours = new_id(), new_id()
    await files.claim(mine, PHOTO, b"sealed")
    await files.claim(yours, StoredFile(sha256=SHA256, media_type="m", size=1, name=b"", subject="resident-18"), b"s")
    assert await files.forget("resident-17") == 1
    assert await files.forget("resident-17") == 0
    assert await files.known(mine) == []
    assert len(await files.known(yours)) == 1


async def test_a_leftover_is_confirmed_when_the_log_knows_it_and_removed_when_not(
    files: PostgresFiles, door: LedgerDoor
) -> None:
    attached, orphaned = await reported(door), await reported(door)
    for stream in (attached, orphaned):
        await files.claim(stream, PHOTO, b"sealed")
    evidence = Evidence(kind="photo", name="x.jpg", sha256=SHA256)
    attach = Attach(at=AT, attachment=evidence)
    await door.execute(work_order.decider, attached, attach, Context(actor="a", occurred_at=AT))

    assert await sweep(files, door) == (0, 0)  # both may still be under way
    assert await sweep(files, door, NOW) == (1, 1)
    assert await sweep(files, door, NOW) == (0, 0)
    assert len(await files.known(attached)) == 1
    assert await files.known(orphaned) == []


async def test_a_leftover_that_is_taken_up_again_is_not_swept(
    files: PostgresFiles, ledger: PostgresLedger, door: LedgerDoor
) -> None:
    stream = await reported(door)
    await files.claim(stream, PHOTO, b"sealed")
    await ledger.pool.execute("UPDATE linli_files SET stored_at = stored_at - interval '2 hours'")
    assert await files.doubtful() == [(stream, SHA256)]
    await files.claim(stream, PHOTO, b"sealed")
    await files.remove_doubtful(stream, SHA256)
    assert len(await files.known(stream)) == 1


async def test_a_paper_that_a_vendors_file_names_is_kept_and_any_other_swept_away(
    files: PostgresFiles, ledger: PostgresLedger, door: LedgerDoor
) -> None:
    hall = TownHall(door, ledger)
    company = organisation.Register(at=AT, name="明达水电", kinds=("vendor",), credit_code=trade.CODE)
    await hall.do(organisation.decider, company, stream=organisation.stream(trade.CODE))
    for each in trade.PEOPLE:
        await hall.do(person.decider, person.Register(at=AT, name="王建国"), stream=each)
    certificate = replace(trade.CERTIFICATE, sha256=SHA256)
    stream = await hall.do(vendor.decider, trade.REGISTER, certificate, stream=vendor.stream(trade.VENDOR))
    await files.claim(stream, PHOTO, b"sealed")
    await files.claim(stream, replace(PHOTO, sha256="ab" * 32), b"sealed")
    assert await sweep(files, door, NOW) == (1, 1)
    assert [each.sha256 for each in await files.known(stream)] == [SHA256]
