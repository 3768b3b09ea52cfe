"""Requests that only look at the same stream do not wait for each other: they go out in one batch."""

import asyncio

from adapters.ids import new_id
from adapters.ledger import PostgresLedger
from domain.ports import Append, Conflict, NewEvent


async def test_many_requests_that_guard_one_stream_share_batches(ledger: PostgresLedger) -> None:
    agreement = new_id()
    await asyncio.gather(
        *(
            ledger.append(Append(events=(NewEvent(new_id(), 1, "a.b", b"{}"),), guards=((agreement, 0),)))
            for _ in range(200)
        )
    )
    batches = await ledger.pool.fetchval("SELECT count(DISTINCT xmin::text) FROM linli_events")
    assert batches <= 5


async def test_a_request_that_writes_the_guarded_stream_stays_out_of_their_batch(ledger: PostgresLedger) -> None:
    agreement = new_id()
    guarded = [Append(events=(NewEvent(new_id(), 1, "a.b", b"{}"),), guards=((agreement, 0),)) for _ in range(20)]
    published = Append(events=(NewEvent(agreement, 1, "a.c", b"{}"),))
    requests = [*guarded[:10], published, *guarded[10:]]
    answers = await asyncio.gather(*(ledger.append(each) for each in requests), return_exceptions=True)
    written = await ledger.pool.fetchval("SELECT notification_id FROM linli_events WHERE originator_id = $1", agreement)
    for request, answer in zip(requests, answers, strict=True):
        if request is published:
            continue
        if isinstance(answer, BaseException):
            assert isinstance(answer, Conflict)
        else:
            assert answer.position < written
