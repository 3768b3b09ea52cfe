"""Two processes at once: one gives a vendor something, the other suspends it, or both spend the same waiver.

What the log says in its own order must be what each decision could have seen: no award after the suspension.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from random import Random
from uuid import UUID

import pytest
from msgspec.structs import replace

from adapters.door import LedgerDoor
from adapters.ids import new_id
from adapters.ledger import PostgresLedger
from domain.admission import admission_scheme, vendor, waiver
from domain.decider import Command, Refused
from domain.engaging import engagement
from domain.lifecycles import AnyDecider
from domain.parties import organisation, person
from domain.ports import Context, Done
from domain.restraint import sanction
from tests import everybody
from tests.domain import trade
from tests.domain.admission import qualifying
from tests.domain.engaging.engaged import AWARD, EVERYTHING
from tests.domain.small_town import on

PAIRS = 50
VENDOR = trade.VENDOR
SUSPEND = sanction.Suspend(at=on(4), vendor=VENDOR, by="lin", reason="quality", text="三次返修")


async def do(door: LedgerDoor, decider: AnyDecider, stream: UUID, command: Command) -> Done:
    return await door.execute(decider, stream, command, Context(actor="mayor", occurred_at=on(1)))


@pytest.fixture
async def doors(ledger: PostgresLedger, database: str) -> AsyncIterator[tuple[LedgerDoor, LedgerDoor]]:
    """Two processes, each with a memory and connections of its own, in a town with a verified vendor who is needed in
    an emergency.
    """
    async with PostgresLedger(database) as other:
        doors = everybody.door_to(ledger), everybody.door_to(other)
        await build(doors[0])
        yield doors


async def build(door: LedgerDoor) -> None:
    for each in trade.PEOPLE:
        await do(door, person.decider, each, person.Register(at=on(1), name="Bo"))
    company = organisation.Register(at=on(1), name="明达水电", kinds=("vendor",), credit_code=trade.CODE)
    await do(door, organisation.decider, organisation.stream(trade.CODE), company)
    for command in (trade.REGISTER, trade.ACCEPT):
        await do(door, vendor.decider, vendor.stream(VENDOR), command)
    scheme = admission_scheme.Publish(at=on(1), category="parking", document=qualifying.RULES)
    await do(door, admission_scheme.decider, admission_scheme.stream("parking"), scheme)
    await waived(door)


async def waived(door: LedgerDoor, *, single_use: bool = False) -> int:
    """One more emergency waiver of two people, by its number."""
    stream = waiver.stream(VENDOR, "parking")
    propose = waiver.Propose(
        at=on(3),
        vendor=VENDOR,
        category="parking",
        reason="public_safety",
        text="道闸失控",
        what=EVERYTHING,
        until=on(30),
        single_use=single_use,
        by="anna",
    )
    await do(door, waiver.decider, stream, propose)
    number = len((await door.load(waiver.decider, stream)).state.all)
    await do(door, waiver.decider, stream, waiver.Sign(at=on(3), number=number, by="bo"))
    return number


async def outcome(wish: Awaitable[Done]) -> str:
    """What came of it: done, or the code of the refusal."""
    try:
        await wish
    except Refused as no:
        return no.code
    return "done"


async def test_no_award_stands_in_the_log_after_the_suspension_that_it_did_not_see(
    ledger: PostgresLedger, doors: tuple[LedgerDoor, LedgerDoor]
) -> None:
    awarding, suspending = doors
    random, came = Random(4), list[str]()  # noqa: S311 - no secret
    restrained = sanction.stream(VENDOR)
    for pair in range(PAIRS):
        await awarding.load(sanction.decider, restrained)  # it remembers that nothing stands in the way
        work = new_id()
        command = replace(AWARD, area="", title=f"第{pair}件")
        suspend = do(suspending, sanction.decider, restrained, replace(SUSPEND, text=f"第{pair}次"))
        award = outcome(do(awarding, engagement.decider, work, command))
        both = [award, suspend]
        random.shuffle(both)
        await asyncio.gather(*both)
        awarded = await ledger.read(work)
        known = await ledger.read(restrained)
        came.append("awarded" if awarded else "refused")
        if awarded:
            assert awarded[0].position < known[-1].position, "awarded after it was suspended"
        lift = sanction.Lift(at=on(4), by="xu", number=pair + 1, reason="mistake")
        await do(suspending, sanction.decider, restrained, lift)
    assert set(came) == {"awarded", "refused"}, "neither is always first"


async def test_all_at_once_each_award_comes_before_the_suspension_or_not_at_all(
    ledger: PostgresLedger, doors: tuple[LedgerDoor, LedgerDoor]
) -> None:
    works = [new_id() for _ in range(PAIRS)]
    wishes = [
        outcome(do(doors[place % 2], engagement.decider, work, replace(AWARD, area="", title=f"第{place}件")))
        for place, work in enumerate(works)
    ]
    suspends = [outcome(do(doors[place % 2], sanction.decider, sanction.stream(VENDOR), SUSPEND)) for place in (0, 1)]
    wishes[PAIRS // 2 : PAIRS // 2] = suspends
    came = await asyncio.gather(*wishes)
    (suspended,) = [row.position for row in await ledger.read(sanction.stream(VENDOR))]
    awarded = [row.position for work in works for row in await ledger.read(work)]
    assert all(position < suspended for position in awarded)
    assert came.count("done") == len(awarded) + len(suspends)
    assert len(awarded) + came.count("VendorSuspended") == PAIRS
    late = await outcome(do(doors[0], engagement.decider, new_id(), replace(AWARD, area="")))
    assert late == "VendorSuspended"


async def test_a_single_use_waiver_is_spent_once_however_many_try_at_once(
    ledger: PostgresLedger, doors: tuple[LedgerDoor, LedgerDoor]
) -> None:
    number = await waived(doors[0], single_use=True)
    stream = engagement.stream_of(VENDOR, "parking", number)
    wishes = [
        do(doors[place % 2], engagement.decider, stream, replace(AWARD, area="", title=f"第{place}件", waiver=number))
        for place in range(PAIRS)
    ]
    came = await asyncio.gather(*map(outcome, wishes))
    assert (came.count("done"), came.count("AlreadyEngaged")) == (1, PAIRS - 1)
    assert len(await ledger.read(stream)) == 1
