"""The README cannot go stale: its commands are run against a real platform, and what it shows is compared."""

import json
import os
import re
import shutil
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from adapters import cli
from adapters.settings import Settings, variable
from domain import lifecycles
from tests.journeys.running import Running, eventually

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CURL = Path(__file__).parent / "journeys" / "curl.py"
ANYTHING = "…"
_CUT = "=== the next one ==="


class Shown(NamedTuple):
    """Commands of the README, and what it says that they answer."""

    commands: str
    answer: Mapping[str, Any]


def shown() -> list[Shown]:
    blocks = re.findall(r"```sh\n(.*?)```\n```json\n(.*?)```", README, re.DOTALL)
    return [Shown(commands, json.loads(answer)) for commands, answer in blocks]


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = Running(tmp_path_factory.mktemp("readme") / "var", "demo")
    running.start()
    eventually(lambda: "演示完成" in running.output.read_text(), within=120, otherwise=running.said)
    yield running
    assert running.stop() < 10


def test_the_commands_of_the_readme_answer_what_it_shows(platform: Running) -> None:
    blocks = shown()
    assert len(blocks) == README.count("```sh") == 11
    script = f"\necho; echo '{_CUT}'\n".join(block.commands for block in blocks)
    script = script.replace("http://127.0.0.1:8000", platform.address)
    if shutil.which("curl") is None:
        script = f'curl() {{ {sys.executable} {CURL} "$@"; }}\n{script}'
    done = subprocess.run(  # noqa: S603 - our own
        ["bash", "-euo", "pipefail", "-c", script],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "no_proxy": "*"},
    )
    assert done.returncode == 0, done.stderr
    for block, output in zip(blocks, done.stdout.split(_CUT), strict=True):
        said = json.JSONDecoder()
        answer = said.decode(_last_object(output))
        expected = {key: value for key, value in block.answer.items() if value != ANYTHING}
        assert expected == {key: answer.get(key) for key in expected}, block.commands
        assert block.answer.keys() <= answer.keys(), block.commands


def _last_object(output: str) -> str:
    """The last of several JSON objects that were printed one after the other."""
    decoder, at, found = json.JSONDecoder(), 0, ""
    text = output.strip()
    while at < len(text):
        _, end = decoder.raw_decode(text, at)
        found, at = text[at:end], end
        while at < len(text) and text[at].isspace():
            at += 1
    return found


def test_a_machine_without_curl_can_run_them_too(platform: Running, tmp_path: Path) -> None:
    jar = str(tmp_path / "jar")
    account = {"login": "volunteer", "password": "demo-volunteer-2026"}
    said = _curl(
        f"{platform.address}/sign-in", "-c", jar, "-H", "Content-Type: application/json", "-d", json.dumps(account)
    )
    assert "csrf_token" in said
    assert _curl(f"{platform.address}/me", "-b", jar)["kind"] == "person"
    assert _curl(f"{platform.address}/work-orders", "-b", jar, "-X", "POST")["code"] == "NotFromHere"


def _curl(*arguments: str) -> Mapping[str, Any]:
    done = subprocess.run(  # noqa: S603 - our own
        [sys.executable, str(CURL), "-s", *arguments], capture_output=True, text=True, check=True, timeout=60
    )
    answer: Mapping[str, Any] = json.loads(done.stdout)
    return answer


@pytest.mark.parametrize("field", Settings.model_fields)
def test_every_setting_is_in_the_readme(field: str) -> None:
    assert f"`{variable(field)}`" in README


def test_every_variable_in_the_readme_is_a_setting() -> None:
    assert set(re.findall(r"LINLI_[A-Z_]+", README)) == {variable(field) for field in Settings.model_fields}


def test_every_command_is_in_the_readme() -> None:
    for command in commands_of(cli.parser()):
        assert re.search(rf"^\| `{command}\b", README, re.MULTILINE), command


def test_every_file_that_the_readme_names_exists() -> None:
    named = set(re.findall(r"`([a-z_]+/[a-z_/]*\.?[a-z]*|[A-Z]+\.md|compose\.yaml)`", README))
    example = {"tests/domain/test_lease.py", "domain/lease.py", "projections/lease_register.py", "api/leases.py"}
    made = {"benchmarks/latest.json"}
    assert {name for name in named - example - made if not (ROOT / name).exists()} == set()


def test_every_stored_event_is_in_the_changelog() -> None:
    events = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").split("### Events", 1)[1]
    for tag in (tag for decider in lifecycles.ALL for tag in decider.tags):
        lifecycle, event = tag.split(".")
        assert f"`{lifecycle}`" in events, tag
        assert f"`{event}`" in events, tag


def test_every_decision_says_why_what_follows_and_what_enforces_it() -> None:
    decisions = (ROOT / "DECISIONS.md").read_text(encoding="utf-8").split("\n## ")[1:]
    assert [int(decision.split(".")[0]) for decision in decisions] == list(range(1, len(decisions) + 1))
    for decision in decisions:
        for part in ("**Context.**", "**Decision.**", "**Consequence.**", "*Enforced by:*"):
            assert part in decision, decision.splitlines()[0]


def commands_of(parser: ArgumentParser) -> set[str]:
    """The commands of a command line."""
    return {name for action in parser._actions for name in (action.choices or ()) if action.dest == "command"}  # noqa: SLF001
