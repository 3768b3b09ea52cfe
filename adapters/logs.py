"""How the processes speak: one line per fact, JSON for machines or colours for people, all on stderr.

Whatever is bound to the context (the correlation id of a request, a command, a workflow) is in every line that follows,
also in those of libraries that log through the standard library. Values that name a person or open a door are masked on
the way out, wherever they were logged.
"""

import functools
import logging
import re
import sys
from collections.abc import MutableMapping, Sequence
from typing import Any, cast

import msgspec
import structlog
from structlog.types import EventDict, Processor, WrappedLogger

MASK = "***"
_SECRET_KEYS = re.compile(
    r"password|passwd|secret|token|authorization|cookie|api_?key|phone|mobile|email|address_line|id_card|real_?name",
    re.IGNORECASE,
)
_ID = re.compile(r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}")  # a UUID: digits in it mean nothing
_SUSPICIOUS = re.compile(r"\d{11}|://")
_PASSWORD_IN_URL = re.compile(r"(\w+://[^\s:/@]*):[^\s@]+@")
_MOBILE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
_ID_CARD = re.compile(r"(?<!\d)\d{17}[\dXx](?![\dXx])")

# Local variables stay out of tracebacks: nobody can tell what they hold.
_TRACEBACK = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))


def configure(*, json: bool, level: str, process: str = "") -> None:
    """Send everything that is logged in this process, by us and by libraries, to stderr in one form.

    Our own lines go the short way (one is written for every request), those of libraries through the standard library.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _named(process),
    ]
    ends: list[Processor] = (
        [_TRACEBACK, redact, structlog.processors.JSONRenderer(serializer=_to_json)]
        if json
        else [
            structlog.processors.format_exc_info,
            redact,
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ]
    )
    structlog.configure(
        processors=[*shared, *ends],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ends],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    _quieten()


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Mask what names a person or opens a door: by key, and by shape wherever it hides in a text."""
    return {key: MASK if _is_secret(key) and value is not None else _masked(value) for key, value in event.items()}


def _masked(value: Any) -> Any:  # whatever was logged
    if isinstance(value, str):
        if _SUSPICIOUS.search(value) is None or _ID.fullmatch(value):
            return value
        return _ID_CARD.sub(MASK, _MOBILE.sub(MASK, _PASSWORD_IN_URL.sub(rf"\1:{MASK}@", value)))
    if isinstance(value, dict):
        inside = cast("dict[object, object]", value)
        return {key: MASK if _is_secret(str(key)) else _masked(inner) for key, inner in inside.items()}
    if isinstance(value, (list, tuple)):
        return [_masked(inner) for inner in cast("Sequence[object]", value)]
    return value


@functools.lru_cache(maxsize=1000)
def _is_secret(key: str) -> bool:
    return _SECRET_KEYS.search(key) is not None


def _to_json(event: Any, **_rest: Any) -> str:  # the signature of json.dumps
    return msgspec.json.encode(event, enc_hook=repr).decode()


def _named(process: str) -> Processor:
    def add(_logger: WrappedLogger, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        if process:
            event.setdefault("process", process)
        return event

    return add


def _quieten() -> None:
    """Libraries that tell every step; their warnings still come through."""
    for name in ("httpx", "httpcore", "uvicorn.access", "temporalio.core"):
        logging.getLogger(name).setLevel(logging.WARNING)
