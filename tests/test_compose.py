"""`compose.yaml` names only what exists: commands, variables, files; everything pinned and watched."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

import pytest
import yaml

from adapters import cli
from adapters.settings import Settings, variable

ROOT = Path(__file__).parents[1]
COMPOSE: Mapping[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: Mapping[str, Mapping[str, Any]] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if service["image"].startswith("linli:")]
KNOWN = {variable(field) for field in Settings.model_fields}
PINNED = re.compile(r"[a-z/-]+:\d+\.\d+(\.\d+)?(-[a-z]+)?")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", OURS)
def test_every_command_exists(name: str) -> None:
    options = cli.parser().parse_args(SERVICES[name]["command"])
    assert options.command == name


@pytest.mark.parametrize("name", ["serve", "work", "follow"])
def test_every_health_check_is_a_command_that_exists(name: str) -> None:
    kind, program, *arguments = SERVICES[name]["healthcheck"]["test"]
    assert (kind, program) == ("CMD", "linli")
    options = cli.parser().parse_args(arguments)
    assert (options.command, options.role) == ("health", name)


def test_every_variable_exists() -> None:
    named = {name for service in SERVICES.values() for name in service["environment"] if name.startswith("LINLI_")}
    assert named
    assert named <= KNOWN
    assert set(re.findall(r"LINLI_[A-Z_]+", DOCKERFILE)) <= KNOWN


@pytest.mark.parametrize("name", OURS)
def test_our_settings_are_accepted(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable_name in KNOWN:
        monkeypatch.delenv(variable_name, raising=False)
    for variable_name, value in SERVICES[name]["environment"].items():
        monkeypatch.setenv(variable_name, re.sub(r"\$\{[^}]+\}", "secret", value))
    settings = Settings()
    assert not settings.embeds_postgres
    assert not settings.embeds_temporal


@pytest.mark.parametrize("name", OURS)
def test_the_master_key_lies_in_a_folder_that_is_mounted_and_not_written_to(name: str) -> None:
    file = PurePath(SERVICES[name]["environment"]["LINLI_MASTER_KEY_FILE"])
    [volume] = SERVICES[name]["volumes"]
    assert volume.endswith(f":{file.parent}:ro")
    assert SERVICES["postgres"]["volumes"] == ["postgres:/var/lib/postgresql"]  # it is nowhere near the database


def test_the_same_processes_run_as_on_one_machine() -> None:
    assert {"migrate", "serve", "work", "follow"} == set(OURS)


@pytest.mark.parametrize("name", SERVICES)
def test_every_image_is_pinned(name: str) -> None:
    assert PINNED.fullmatch(SERVICES[name]["image"]), SERVICES[name]["image"]
    assert "auto-setup" not in SERVICES[name]["image"]


def test_the_images_that_ours_is_built_from_are_pinned() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert bases
    assert all(PINNED.match(base) for base in bases)


@pytest.mark.parametrize("name", SERVICES)
def test_what_runs_on_is_watched_and_what_ends_is_waited_for(name: str) -> None:
    waited_for = {
        needed: how["condition"]
        for service in SERVICES.values()
        for needed, how in service.get("depends_on", {}).items()
    }
    if waited_for.get(name) == "service_completed_successfully":
        assert "healthcheck" not in SERVICES[name]
    else:
        assert SERVICES[name]["healthcheck"]["test"]
        assert SERVICES[name]["restart"] == "unless-stopped"


def test_whoever_is_waited_for_exists() -> None:
    for service in SERVICES.values():
        assert set(service.get("depends_on", {})) <= SERVICES.keys()


def test_the_processes_may_drain_before_they_are_killed() -> None:
    patience = int(SERVICES["serve"]["stop_grace_period"].removesuffix("s"))
    assert patience > Settings.model_fields["drain_seconds"].default


def test_the_image_holds_every_folder_and_every_file_that_our_packages_need() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    packages = {package.replace(".", "/") for package in project["packages"]}
    for package in sorted(each for each in packages if "/" not in each):
        assert f"COPY {package} {package}\n" in DOCKERFILE
        shipped = ["*.py", *project["package-data"].get(package, [])]
        for file in (ROOT / package).rglob("*"):
            if file.is_file() and "__pycache__" not in file.parts:
                inside = str(file.relative_to(ROOT / package))
                assert any(PurePath(inside).match(pattern) for pattern in shipped), f"{package}/{inside}"
                assert file.suffix != ".py" or str(file.parent.relative_to(ROOT)) in packages, (
                    f"{file} is in no package"
                )
