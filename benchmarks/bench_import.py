"""Real work orders of a city, read through the same door as everything else: `linli import` as an operator runs it."""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from benchmarks.report import IMPORT, Report

FILE = Path(__file__).parents[1] / "../shared/data/service-requests/boston311_2015H1.csv.gz"
_ROWS = 15_000


def bench_import(database: str, folder: Path, report: Report) -> None:
    """The first rows of the file, into an empty ledger."""
    if not FILE.exists():
        pytest.skip(f"no {FILE}")
    told = _import(database, _first_rows(folder))
    print(f"{told['rows']:,} rows in {told['seconds']:.1f} s, {told['differences']} differences")
    report.measured(IMPORT, told["rows"] / told["seconds"])


def _first_rows(folder: Path) -> Path:
    part = folder / "part.csv.gz"
    with gzip.open(FILE, "rb") as whole, gzip.open(part, "wb", compresslevel=1) as some:
        some.writelines(islice(whole, _ROWS + 1))
    return part


def _import(database: str, file: Path) -> Mapping[str, Any]:  # numbers by name
    done = subprocess.run(  # noqa: S603 - the command is ours
        [sys.executable, "-m", "adapters.cli", "import", "work-orders", str(file), "--layout", "boston311", "--json"],
        env={
            **os.environ,
            "LINLI_DATABASE_URL": database,
            "LINLI_DATA_DIR": str(file.parent),
            "LINLI_LOG_LEVEL": "error",
        },
        stdout=subprocess.PIPE,
        check=True,
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return told
