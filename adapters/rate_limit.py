"""How often somebody may ask, counted exactly over all processes: a row for each caller in PostgreSQL, and its clock.

Like gathered reads (`group_read`): while one statement is out, the next one collects who else wants to ask, so a
hundred requests cost the database one. The arithmetic (GCRA) and the locks are in `linli_admit`, in
`migrations/0004_limits.sql`.

Whoever was refused is refused from memory until his time has come, because what is used up is never given back: a flood
costs the database nothing. An answer that was lost may have been a grant; it is asked for again, at the caller's cost.
"""

import asyncio
from typing import NamedTuple

import asyncpg
import structlog

from adapters.postgres import LOST, Pool
from domain.ports import Admitted, LedgerError, Unavailable

_log = structlog.get_logger("limits")

_ATTEMPTS = 6
_PRUNE_EVERY = 60.0  # seconds
_ADMIT = "SELECT key, granted, remaining, retry FROM linli_admit($1, $2, $3, $4)"


class _Terms(NamedTuple):
    rate: int
    burst: int


class _Asking(NamedTuple):
    key: str
    terms: _Terms
    answer: asyncio.Future[Admitted]


class _Shut(NamedTuple):
    until: float
    terms: _Terms


class RateLimiter:
    """Implements `domain.ports.RateLimits`. `max_shut` is how many refused callers are remembered.

    `max_batch` is how many callers go into one statement: the time it takes grows with their square, and 64 (1 ms) are
    the best bargain.
    """

    def __init__(self, pool: Pool, *, max_batch: int = 64, max_shut: int = 10_000) -> None:
        self._pool = pool
        self._max_batch = max_batch
        self._max_shut = max_shut
        self._queue: list[_Asking] = []
        self._shut: dict[str, _Shut] = {}
        self._task: asyncio.Task[None] | None = None
        self._pruned_at = asyncio.get_running_loop().time()
        self.statements = 0
        """How many statements went to the database."""

    @property
    def remembered(self) -> int:
        """How many refused callers are refused from memory."""
        return len(self._shut)

    async def admit(self, key: str, *, rate: int, burst: int) -> Admitted:
        """Ask for one request of a key that may make `rate` a minute, `burst` of them at once. Raises Unavailable."""
        terms = _Terms(rate, burst)
        loop = asyncio.get_running_loop()
        shut = self._shut.get(key)
        if shut is not None:
            left = shut.until - loop.time()
            if left > 0 and shut.terms == terms:
                return Admitted(allowed=False, retry_after=left)
            del self._shut[key]
        answer: asyncio.Future[Admitted] = loop.create_future()
        self._queue.append(_Asking(key, terms, answer))
        if self._task is None:
            self._task = asyncio.create_task(self._serve(), name="rate-limiter")
        return await answer

    async def prune(self) -> int:
        """Forget who has used up nothing; how many there were."""
        gone: int = await self._pool.fetchval("SELECT linli_rates_prune()")
        return gone

    async def close(self) -> None:
        """Finish what was asked."""
        if self._task is not None:
            await self._task

    async def _serve(self) -> None:
        while self._queue:
            batch, self._queue = _gather(self._queue, self._max_batch)
            try:
                await self._answer(batch)
                await self._prune_now_and_then()
            except LOST as error:
                _fail(batch, Unavailable(f"no answer from the database: {error}"))
            except Exception as error:  # noqa: BLE001 - it must fail its batch, not hang everyone who waits
                _log.exception("limits.failed")
                _fail(batch, LedgerError(f"the rate limits failed: {error!r}"))
        self._task = None

    async def _answer(self, batch: dict[str, list[_Asking]]) -> None:
        asked_at = asyncio.get_running_loop().time()
        for row in await self._decide(batch):
            key, granted, remaining, retry = row
            callers = batch[key]
            for number, caller in enumerate(callers):
                if number < granted:
                    said = Admitted(allowed=True, remaining=remaining + granted - number - 1)
                else:
                    said = Admitted(allowed=False, retry_after=retry)
                if not caller.answer.done():
                    caller.answer.set_result(said)
            if granted < len(callers):
                self._shut_out(key, _Shut(asked_at + retry, callers[0].terms))

    async def _decide(self, batch: dict[str, list[_Asking]]) -> list[asyncpg.Record]:
        terms = [callers[0].terms for callers in batch.values()]
        amounts = [len(callers) for callers in batch.values()]
        pause = 0.01
        for _ in range(_ATTEMPTS - 1):
            try:
                return await self._ask(batch, amounts, terms)
            except LOST:
                await asyncio.sleep(pause)
                pause *= 2
        return await self._ask(batch, amounts, terms)

    async def _ask(
        self, batch: dict[str, list[_Asking]], amounts: list[int], terms: list[_Terms]
    ) -> list[asyncpg.Record]:
        self.statements += 1
        return await self._pool.fetch(
            _ADMIT, list(batch), amounts, [each.rate for each in terms], [each.burst for each in terms]
        )

    def _shut_out(self, key: str, shut: _Shut) -> None:
        if len(self._shut) >= self._max_shut:
            now = asyncio.get_running_loop().time()
            self._shut = {key: each for key, each in self._shut.items() if each.until > now}
            if len(self._shut) >= self._max_shut:
                self._shut.clear()  # the database still knows
        self._shut[key] = shut

    async def _prune_now_and_then(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._pruned_at > _PRUNE_EVERY:
            self._pruned_at = now
            await self.prune()


def _gather(queue: list[_Asking], most: int) -> tuple[dict[str, list[_Asking]], list[_Asking]]:
    """The next batch by key, and who has to wait for the one after: more keys, or a key on other terms."""
    batch: dict[str, list[_Asking]] = {}
    later: list[_Asking] = []
    for asking in queue:
        callers = batch.get(asking.key)
        if callers is not None and callers[0].terms == asking.terms:
            callers.append(asking)
        elif callers is None and len(batch) < most:
            batch[asking.key] = [asking]
        else:
            later.append(asking)
    return batch, later


def _fail(batch: dict[str, list[_Asking]], error: LedgerError) -> None:
    for callers in batch.values():
        for caller in callers:
            if not caller.answer.done():
                caller.answer.set_exception(error)
