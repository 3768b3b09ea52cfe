"""The registers of people and consents show what the log says, and whose data waits for its day."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from adapters.door import LedgerDoor
from adapters.ids import new_id
from adapters.ledger import PostgresLedger
from domain.parties import person
from domain.parties.person import PersonCommand, Status
from domain.ports import Context, Unavailable
from domain.privacy import consent
from domain.privacy.personal import Kind
from projections import consent_register, person_register
from projections.consent_register import ConsentRegister
from projections.follower import Follower
from projections.person_register import PersonRegister
from projections.rebuild import rebuild
from projections.table import digest

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
YEAR = timedelta(days=365)


def said(actor: str = "clerk") -> Context:
    return Context(actor=actor, occurred_at=START)


@pytest.fixture
async def following(ledger: PostgresLedger) -> AsyncIterator[None]:
    followers = [
        asyncio.create_task(Follower(person_register.projection, ledger, ledger.pool).run()),
        asyncio.create_task(Follower(consent_register.projection, ledger, ledger.pool).run()),
    ]
    yield
    for follower in followers:
        follower.cancel()
    await asyncio.gather(*followers, return_exceptions=True)


async def lived(door: LedgerDoor, *commands: PersonCommand) -> UUID:
    stream = new_id()
    register = person.Register(at=START, name="张三", home="320508001001")
    await door.execute(person.decider, stream, [register, *commands], said())
    return stream


def held(days: int) -> person.Hold:
    return person.Hold(at=START, until=START + timedelta(days=days), law="court_order")


ERASE = person.Erase(at=START, reason="request")


async def test_people_whose_data_is_only_kept_wait_for_their_day_the_earliest_first(
    ledger: PostgresLedger, door: LedgerDoor, following: None
) -> None:
    assert following is None
    await lived(door)
    await lived(door, held(3))
    await lived(door, ERASE)
    later, sooner = await lived(door, held(9), ERASE), await lived(door, held(5), ERASE)
    register = PersonRegister(ledger.pool)
    assert await ledger.wait("person_register", await ledger.head(), timeout=20)
    assert [stream async for stream in register.open_clocks()] == [sooner, later]
    listed = await register.page([""], limit=10)
    statuses = [row.person.status for row in listed]
    assert sorted(statuses) == sorted(
        [Status.REGISTERED, Status.REGISTERED, Status.ERASED, Status.RESTRICTED, Status.RESTRICTED]
    )
    assert await register.page([], limit=10) == []
    assert [row.id for row in await register.page([""], listed[1].key)] == [row.id for row in listed[2:]]


async def test_registers_are_the_same_when_they_are_replayed(
    ledger: PostgresLedger, door: LedgerDoor, following: None
) -> None:
    assert following is None
    anna = str(await lived(door))
    for recipient in ("fixit", "caring"):
        give = consent.Give(
            at=START,
            person=anna,
            recipient=recipient,
            purpose="care",
            text_version="1",
            kinds=(Kind.HEALTH, Kind.CONTACT),
        )
        await door.execute(consent.decider, consent.stream(anna, recipient, "care"), give, said(anna))
    await lived(door, ERASE)
    assert [row.consent.recipient for row in await _consents(ledger, anna)] == ["caring", "fixit"]
    assert await _consents(ledger, "nobody") == []
    async with ledger.pool.acquire() as connection:
        people, consents = (
            await digest(connection, person_register.projection),
            await digest(connection, consent_register.projection),
        )
    await rebuild(person_register.projection, ledger, ledger.pool)
    await rebuild(consent_register.projection, ledger, ledger.pool)
    async with ledger.pool.acquire() as connection:
        assert await digest(connection, person_register.projection) == people
        assert await digest(connection, consent_register.projection) == consents
    assert (people.rows, consents.rows) == (2, 2)


async def _consents(ledger: PostgresLedger, subject: str) -> list[consent_register.Listed]:
    for name in ("person_register", "consent_register"):
        assert await ledger.wait(name, await ledger.head(), timeout=20)
    return await ConsentRegister(ledger.pool).of(subject)


async def test_a_register_that_is_not_there_yet_is_unavailable(ledger: PostgresLedger) -> None:
    with pytest.raises(Unavailable):
        await PersonRegister(ledger.pool).page([""])
    with pytest.raises(Unavailable):
        await ConsentRegister(ledger.pool).of("anna")
