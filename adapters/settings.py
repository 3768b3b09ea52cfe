"""What can be set from outside: environment variables that start with LINLI_.

Everything has a default that works on one machine. Whatever is wrong is reported at once and together, in words, before
anything starts: a value that cannot be read, and a variable that nobody knows (most likely a typing error).
"""

import difflib
import os
import sys
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "LINLI_"
_HOST_AND_PORT = r"^[A-Za-z0-9_.\-\[\]:]+:[0-9]{1,5}$"
_POSTGRES = r"^postgres(ql)?://.+"
_ORIGIN = r"^https?://[A-Za-z0-9_.\-\[\]:]+$"
Port = Annotated[int, Field(ge=1, le=65535)]
Network: TypeAlias = IPv4Network | IPv6Network


class Settings(BaseSettings):
    """Where the engines are, where the data is, where to listen, what to log."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", env_ignore_empty=True)

    database_url: str | None = Field(default=None, pattern=_POSTGRES)
    """A PostgreSQL server, `postgresql://user:password@host:5432/database`. Unset: the embedded one."""
    database_connections: int = Field(default=8, ge=2, le=200)
    """How many connections one process keeps for reading; writing takes two more."""
    temporal_address: str | None = Field(default=None, pattern=_HOST_AND_PORT)
    """A Temporal server, `host:7233`. Unset: the embedded one."""
    temporal_namespace: str = Field(default="linli", min_length=1, max_length=200)
    """The Temporal namespace that holds the clocks."""
    data_dir: Path = Path("var")
    """The folder in which the embedded engines keep their data and logs."""
    master_key_file: Path | None = None
    """The file with the master key of personal data. Unset: keys/master.json in the data folder."""
    host: str = Field(default="127.0.0.1", min_length=1)
    """The address that the API listens on."""
    port: Port = 8000
    """The port that the API listens on. `up` and `demo` take another one when it is taken, and say so."""
    public_url: str | None = Field(default=None, pattern=_ORIGIN)
    """Where people reach the API from outside, `https://linli.example`. Unset: where it listens."""
    postgres_port: Port | None = None
    """The port of the embedded PostgreSQL. Unset: any free one."""
    temporal_port: Port = 7233
    """The port of the embedded Temporal server; another one when it is taken."""
    temporal_ui_port: Port = 8233
    """The port of the embedded Temporal UI; another one when it is taken."""
    max_queue: int = Field(default=20_000, ge=1)
    """How many commands may wait for the database before more are answered with 503."""
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = ()
    """Networks, separated by commas, whose X-Forwarded-For is believed. Empty: nobody's."""
    requests_per_minute: int = Field(default=6000, ge=0, le=10_000_000)
    """How many requests a person or a program may make a minute, over all processes. 0: as many as they like."""
    requests_burst: int = Field(default=600, ge=1, le=1_000_000)
    """How many of them at once."""
    sign_ins_per_minute: int = Field(default=20, ge=0, le=1_000_000)
    """How often somebody may try to sign in from one address. 0: as often as they like."""
    largest_upload: int = Field(default=10 << 20, ge=1 << 10, le=100 << 20)
    """How many bytes a file may have."""
    drain_seconds: float = Field(default=8.0, gt=0, le=600)
    """How long a stopping process finishes what it has begun."""
    log_format: Literal["auto", "json", "console"] = "auto"
    """One JSON object a line, or lines for people. `auto`: for people when somebody watches."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least level that is logged."""

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _separated(cls, value: object) -> object:
        """Networks as they stand in a variable, separated by commas."""
        return [each.strip() for each in value.split(",") if each.strip()] if isinstance(value, str) else value

    @property
    def origin(self) -> str:
        """Where the API is reached: the issuer of its tokens, and the site that its cookies are for."""
        return self.public_url or f"http://{self.host}:{self.port}"

    @property
    def embeds_postgres(self) -> bool:
        """Whether we run PostgreSQL ourselves."""
        return self.database_url is None

    @property
    def reached_by_https(self) -> bool:
        """Whether people reach us by https."""
        return self.public_url is not None and self.public_url.startswith("https://")

    @property
    def embeds_temporal(self) -> bool:
        """Whether we run Temporal ourselves."""
        return self.temporal_address is None

    @property
    def master_key(self) -> Path:
        """Where the master key is."""
        return self.master_key_file or self.data_dir / "keys" / "master.json"

    @property
    def logs_json(self) -> bool:
        """Whether logs are for machines."""
        return self.log_format == "json" or (self.log_format == "auto" and not sys.stderr.isatty())


class BadSettings(Exception):
    """The settings cannot be used. Holds everything that is wrong with them, each in Chinese and English."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("设置有误 the settings cannot be used:\n" + "\n".join(f"  * {fault}" for fault in faults))
        self.faults = faults


def read_settings() -> Settings:
    """The settings that the environment holds. Raises BadSettings with all faults at once."""
    given = {name.upper() for name in os.environ if name.upper().startswith(PREFIX)}
    known = {variable(field) for field in Settings.model_fields}
    faults = [_unknown(name, known) for name in sorted(given - known)]
    try:
        settings = Settings()
    except ValidationError as error:
        raise BadSettings(faults + [_in_words(detail) for detail in error.errors()]) from None
    if faults:
        raise BadSettings(faults)
    return settings


def variable(field: str) -> str:
    """The environment variable that sets a field."""
    return PREFIX + field.upper()


def _unknown(name: str, known: set[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    hint_zh, hint_en = (f"，是否想写 {near[0]}?", f"; did you mean {near[0]}?") if near else ("", "")
    return f"{name}: 没有这个设置{hint_zh} There is no such setting{hint_en}"


_NETWORKS = ("应为网段，以逗号分隔，如 10.0.0.0/8", "must be networks, separated by commas, such as 10.0.0.0/8")
_WORDS: Mapping[str, tuple[str, str]] = {
    "int_parsing": ("应为整数", "must be a whole number"),
    "float_parsing": ("应为数字", "must be a number"),
    "literal_error": ("应为 {expected}", "must be {expected}"),
    "greater_than": ("应大于 {gt}", "must be more than {gt}"),
    "greater_than_equal": ("至少为 {ge}", "must be at least {ge}"),
    "less_than_equal": ("至多为 {le}", "must be at most {le}"),
    "ip_v4_network": _NETWORKS,
    "ip_v6_network": _NETWORKS,
    "string_too_short": ("不能为空", "must not be empty"),
    "string_too_long": ("太长，最多 {max_length} 个字符", "is too long: {max_length} characters at most"),
}
_SHAPES: Mapping[str, tuple[str, str]] = {
    _POSTGRES: (
        "应形如 postgresql://用户:密码@主机:5432/库",
        "must look like postgresql://user:password@host:5432/database",
    ),
    _ORIGIN: ("应形如 https://主机，不带路径", "must look like https://host, without a path"),
    _HOST_AND_PORT: ("应形如 主机:7233", "must look like host:7233"),
}


def _in_words(detail: ErrorDetails) -> str:
    """One fault for people. The value is not repeated: it may be a secret."""
    about: dict[str, Any] = detail.get("ctx", {})  # pydantic's own type for it
    shape = _SHAPES.get(str(about.get("pattern")))
    zh, en = shape or _WORDS.get(detail["type"], (detail["msg"], detail["msg"]))
    where = variable(str(detail["loc"][0])) if detail["loc"] else PREFIX + "*"
    return f"{where}: {zh.format(**about)}。{where} {en.format(**about)}."
