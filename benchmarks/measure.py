"""The one way in which everything is measured: sides take turns, and medians over the rounds are compared.

    round 1: A B C   round 2: A B C   ...   ratio = median of (A / B) within a round

A machine that is slow for a while is slow for both sides of a round, so a ratio is steadier than either rate.
"""

import asyncio
import statistics
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from itertools import count, takewhile
from time import perf_counter
from typing import NamedTuple, TypeAlias

from rich.console import Console
from rich.table import Table

SETTINGS = (1, 8, 64, 512)
"""The concurrencies at which comparisons are printed."""


class Sample(NamedTuple):
    """What one side did in one round. `latencies` in seconds; empty where single operations cannot be told apart."""

    amount: int
    seconds: float
    latencies: Sequence[float] = ()

    @property
    def rate(self) -> float:
        """Operations a second."""
        return self.amount / self.seconds

    def percentile(self, percent: float) -> float:
        """The latency in milliseconds that this percentage of the operations did not exceed; NaN if there are none."""
        if not self.latencies:
            return float("nan")
        ranked = sorted(self.latencies)
        return ranked[min(len(ranked) - 1, int(len(ranked) * percent / 100))] * 1000


Side: TypeAlias = Callable[[], Awaitable[Sample]]
"""Does its work once, and says what that took."""


class Rounds(NamedTuple):
    """What the sides did, round by round."""

    samples: Mapping[str, Sequence[Sample]]

    def rate(self, side: str) -> float:
        """The median rate of a side."""
        return statistics.median(sample.rate for sample in self.samples[side])

    def percentile(self, side: str, percent: float) -> float:
        """The median over the rounds of a side's latency percentile, in milliseconds."""
        return statistics.median(sample.percentile(percent) for sample in self.samples[side])

    def ratio(self, side: str, baseline: str) -> float:
        """How many times faster than a baseline: the median over the rounds of the ratios within a round."""
        pairs = zip(self.samples[side], self.samples[baseline], strict=True)
        return statistics.median(ours.rate / theirs.rate for ours, theirs in pairs)


async def in_turns(sides: Mapping[str, Side], *, rounds: int = 3) -> Rounds:
    """Let the sides take turns."""
    samples: dict[str, list[Sample]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            samples[name].append(await side())
    return Rounds(samples)


# Loads ----------------------------------------------------------------------------------------------------------------


def lasting(seconds: float) -> Iterator[int]:
    """Numbers for as long as this lasts, counted from now."""
    end = perf_counter() + seconds
    return takewhile(lambda _: perf_counter() < end, count())


async def by_tasks(operation: Callable[[int], Awaitable[object]], numbers: Iterable[int], concurrency: int) -> Sample:
    """Do the operation for each number, so many at a time: as soon as one is done its place takes the next."""
    left = iter(numbers)
    latencies: list[float] = []

    async def place() -> None:
        for number in left:
            begun = perf_counter()
            await operation(number)
            latencies.append(perf_counter() - begun)

    started = perf_counter()
    await asyncio.gather(*(place() for _ in range(concurrency)))
    return Sample(len(latencies), perf_counter() - started, latencies)


async def by_threads(operation: Callable[[int], object], numbers: Iterable[int], threads: int) -> Sample:
    """The same for a client that blocks: each place is a thread. `numbers` must not come from a generator."""
    return await asyncio.to_thread(_by_threads, operation, iter(numbers), threads)


def _by_threads(operation: Callable[[int], object], left: Iterator[int], threads: int) -> Sample:
    latencies: list[float] = []
    failures: list[Exception] = []

    def place() -> None:
        try:
            for number in left:
                begun = perf_counter()
                operation(number)
                latencies.append(perf_counter() - begun)
        except Exception as failure:  # noqa: BLE001 - handed over to whoever waits
            failures.append(failure)

    places = [threading.Thread(target=place) for _ in range(threads)]
    started = perf_counter()
    for thread in places:
        thread.start()
    for thread in places:
        thread.join()
    for failure in failures:
        raise failure
    return Sample(len(latencies), perf_counter() - started, latencies)


# Showing --------------------------------------------------------------------------------------------------------------


class Comparison:
    """A printed table: one line for each side in each setting."""

    def __init__(self, title: str, unit: str) -> None:
        self._table = Table("setting", "who", f"{unit}/s", "p50 ms", "p99 ms", title=title, title_justify="left")
        for column in self._table.columns[2:]:
            column.justify = "right"

    def add(self, setting: str, rounds: Rounds) -> None:
        """What the sides did in a setting."""
        for side in rounds.samples:
            spans = [rounds.percentile(side, percent) for percent in (50, 99)]
            texts = ["" if span != span else f"{span:,.2f}" for span in spans]  # noqa: PLR0124 - NaN: not told apart
            self._table.add_row(setting, side, f"{rounds.rate(side):,.0f}", *texts)
            setting = ""

    def print(self) -> None:
        """Show it."""
        Console(highlight=False, soft_wrap=True).print(self._table)
