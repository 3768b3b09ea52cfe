"""A process that appends mixed batches as fast as it can and says which appends were acknowledged, one a line.

Run by `test_ledger_faults.py`: `python append_process.py DSN SECONDS`.
"""

import asyncio
import random
import sys
import time

from adapters.ids import new_id
from adapters.ledger import PostgresLedger
from domain.ports import Append, NewEvent


async def append_for(dsn: str, seconds: float) -> None:
    """Sixteen clients append one to seven events at a time until the time is over."""
    until = time.monotonic() + seconds
    dice = random.Random(seconds)  # noqa: S311 - a mix, not a secret
    async with PostgresLedger(dsn) as ledger:

        async def client() -> None:
            while time.monotonic() < until:
                stream = new_id()
                events = tuple(
                    NewEvent(stream, version, "test.happened", b"{}") for version in range(1, dice.randint(2, 8))
                )
                meta = f'{{"command_id":"{new_id()}"}}'.encode()
                command_id = new_id() if dice.random() < 0.5 else None
                receipt = await ledger.append(Append(events=events, meta=meta, command_id=command_id))
                sys.stdout.write(f"{stream} {len(events)} {receipt.position}\n")
                sys.stdout.flush()

        await asyncio.gather(*(client() for _ in range(16)))


if __name__ == "__main__":
    asyncio.run(append_for(sys.argv[1], float(sys.argv[2])))
