"""The engines this process works with: those that the settings name, those of a running `linli up`, or its own.

Whoever starts embedded engines owns their folder and writes their addresses down in it, so that other commands on the
same machine (`linli import` beside a running `linli up`) find them.
"""

import os
import time
from collections.abc import Coroutine, Generator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from adapters.embedded import EmbeddedPostgres, EmbeddedTemporal
from adapters.settings import Settings
from adapters.supervised import FolderInUse

_PATIENCE = 60.0  # seconds for another process to bring its engines up


class Engines(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where the engines answer. Written down by the process that runs them (`owner`)."""

    database_url: str
    temporal_address: str = ""
    temporal_ui: str = ""
    owner: int = 0


class OwnEngines:
    """Embedded engines of this process; only those that the settings do not name elsewhere."""

    def __init__(self, settings: Settings, *, temporal: bool) -> None:
        self._settings = settings
        self._wants_temporal = temporal and settings.embeds_temporal
        self.postgres: EmbeddedPostgres | None = None
        self.temporal: EmbeddedTemporal | None = None

    def start(self) -> Engines:
        """Start what is not running elsewhere. Raises FolderInUse, EngineFailed."""
        settings = self._settings
        if settings.embeds_postgres:
            self.postgres = EmbeddedPostgres.start(settings.data_dir, port=settings.postgres_port)
        if self._wants_temporal:
            self.temporal = EmbeddedTemporal.start(
                settings.data_dir,
                namespace=settings.temporal_namespace,
                port=settings.temporal_port,
                ui_port=settings.temporal_ui_port,
            )
        self._write_down()
        return self.addresses

    @property
    def addresses(self) -> Engines:
        """Where they answer now."""
        return Engines(
            database_url=self.postgres.dsn if self.postgres else (self._settings.database_url or ""),
            temporal_address=self.temporal.address if self.temporal else (self._settings.temporal_address or ""),
            temporal_ui=self.temporal.ui_address if self.temporal else "",
            owner=os.getpid(),
        )

    def processes(self) -> dict[str, int]:
        """The process ids of those that run here."""
        running = {"postgres": self.postgres, "temporal": self.temporal}
        return {name: engine.pid for name, engine in running.items() if engine is not None and engine.alive}

    def keepers(self) -> Sequence[Coroutine[Any, Any, None]]:  # what a coroutine yields is nobody's business
        """Tasks to run for as long as the engines are wanted: each starts its engine again when it dies."""
        return [engine.keep() for engine in (self.postgres, self.temporal) if engine is not None]

    def stop(self) -> None:
        """Stop them, the clock before the log."""
        for engine in (self.temporal, self.postgres):
            if engine is not None:
                engine.stop()
        if self.postgres is not None or self.temporal is not None:
            _file(self._settings).unlink(missing_ok=True)

    def _write_down(self) -> None:
        if self.postgres is None and self.temporal is None:
            return
        file = _file(self._settings)
        fresh = file.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_bytes(msgspec.json.encode(self.addresses))
        fresh.replace(file)


@contextmanager
def engines_for(settings: Settings, *, temporal: bool) -> Generator[Engines]:
    """Engines for one command: named, found running, or started for as long as it lasts."""
    with ExitStack() as cleanup:
        own = OwnEngines(settings, temporal=temporal)
        cleanup.callback(own.stop)
        try:
            engines = own.start()
        except FolderInUse:
            engines = _of_the_owner(settings, temporal=temporal)
        yield engines


def _of_the_owner(settings: Settings, *, temporal: bool) -> Engines:
    """The engines of the process that owns the folder, which may still be starting them."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        found = _read(settings)
        if found is not None and _is_alive(found.owner) and (found.temporal_address or not temporal):
            return found
        time.sleep(0.1)
    raise FolderInUse(settings.data_dir, "")


def _read(settings: Settings) -> Engines | None:
    try:
        return msgspec.json.decode(_file(settings).read_bytes(), type=Engines)
    except (OSError, msgspec.DecodeError):
        return None


def _is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def _file(settings: Settings) -> Path:
    return settings.data_dir / "engines.json"
