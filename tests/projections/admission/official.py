"""The official release schema of OCDS 1.1.4, and the reference implementation that merges releases.

The schema is not ours to keep in the repository. The source package of the reference implementation holds it: it is
fetched from the package registry, and the folder for temporary files keeps it from one run to the next. Where it cannot
be fetched, tests that need it are skipped, and say so.
"""

import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # pyright: ignore[reportMissingTypeStubs]
import ocdsmerge  # type: ignore[import-untyped]  # pyright: ignore[reportMissingTypeStubs]
import pytest

from projections.admission.ocds import Json

_PACKAGE = "ocdsmerge==0.8.0"
_MEMBER = "ocdsmerge-0.8.0/tests/fixtures/release-schema-1__1__4.json"
_CACHE = Path(tempfile.gettempdir()) / "linli-test-ocds"


@cache
def schema() -> dict[str, Any]:
    """The official release schema 1.1.4, as it stands in the source of the reference implementation."""
    kept = _CACHE / "release-schema-1__1__4.json"
    if not kept.exists():
        _CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=_CACHE) as folder:
            _fetch(Path(folder))
            with tarfile.open(Path(folder) / "ocdsmerge-0.8.0.tar.gz") as source:
                member = source.extractfile(_MEMBER)
                assert member is not None
                fetched = Path(folder) / "schema.json"
                fetched.write_bytes(member.read())
                fetched.replace(kept)
    found: dict[str, Any] = json.loads(kept.read_text("utf-8"))
    return found


def _fetch(folder: Path) -> None:
    options = ["--quiet", "--disable-pip-version-check", "--no-input", "--no-deps", "--no-build-isolation"]
    command = [sys.executable, "-m", "pip", "download", *options, "--no-binary", ":all:", _PACKAGE, "-d", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603 - ours
    except subprocess.TimeoutExpired:
        pytest.skip("the official schema is in the source of ocdsmerge, which could not be fetched: it took too long")
    if done.returncode:
        pytest.skip(f"the official schema is in the source of ocdsmerge, which could not be fetched: {done.stderr}")


def must_be_valid(release: Json) -> None:
    """By the official schema."""
    validator: Any = jsonschema.Draft4Validator(schema(), format_checker=jsonschema.FormatChecker())
    wrong = [f"{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in validator.iter_errors(release)]
    assert not wrong, "\n".join(wrong)


@cache
def _merger() -> Any:
    return ocdsmerge.Merger(schema())


def merged(releases: Sequence[Json]) -> Json:
    """The compiled release as the reference implementation makes it."""
    found: Json = _merger().create_compiled_release(list(releases))
    return found
