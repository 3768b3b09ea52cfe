"""Measure everything, or what the arguments select, and print the table: `python -m benchmarks [-k append] ...`.

pytest finds the `bench_*.py` and gives them their engines; `make test` never looks here.
"""

import sys
from pathlib import Path

import pytest

_HERE = Path(__file__).parent
_OPTIONS = (
    "--override-ini=python_files=bench_*.py",
    "--override-ini=python_functions=bench_*",
    "-p",
    "no:cacheprovider",
    "--quiet",
    "--no-header",
    "--capture=no",
    "--tb=short",
    "--benchmark-columns=min,median,iqr,ops,rounds",
)

if __name__ == "__main__":
    sys.exit(pytest.main([str(_HERE), *_OPTIONS, *sys.argv[1:]]))
