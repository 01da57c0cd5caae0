"""Structured logs: readable lines on a terminal, JSON elsewhere and in ``LOG_FILE``; secrets
masked."""

import logging
import logging.handlers
import sys
from collections.abc import MutableMapping
from typing import Any

import msgspec
import structlog

from shopwright.kernel.settings import Settings

MASKED = frozenset(
    {
        "api_key",
        "apikey",
        "token",
        "code",
        "state",
        "access_code",
        "password",
        "secret",
        "authorization",
    }
)
LOG_FILE_BYTES = 20_000_000
LOG_FILES_KEPT = 5


def configure(settings: Settings) -> None:
    """Send our logs and the libraries' logs through one formatter; called once by ``main``."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        mask_secrets,
    ]
    # Nobody reads them, and looking for the calling line costs as much as the rest of a record.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None  # noqa: SLF001  the switch that the manual names
    if sys.stderr.isatty() or settings.log_file:
        structlog.configure(
            processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
            logger_factory=structlog.stdlib.LoggerFactory(),
            wrapper_class=structlog.stdlib.BoundLogger,
            cache_logger_on_first_use=True,
        )
    else:
        _write_straight(shared, settings.log_level)
    root = logging.getLogger()
    root.handlers = [_console(shared)]
    if settings.log_file:
        settings.log_file.parent.mkdir(parents=True, exist_ok=True)
        root.addHandler(_file(settings, shared))
    root.setLevel(settings.log_level.upper())
    for noisy in ("dbos", "httpx", "pyftpdlib", "sqlalchemy.engine", "aiosqlite", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


class JsonLines:
    """A logger whose lines are ready: straight to the stream. The library's way, by record, handler
    and formatter, costs more than an answer that did not change."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._stream = sys.stderr

    def msg(self, line: str) -> None:
        self._stream.write(line + "\n")
        self._stream.flush()

    debug = info = warning = error = critical = exception = log = msg


def _json_lines(*names: Any) -> JsonLines:
    """Named as the library names its own: as asked for, else after the module that asks."""
    named = structlog.stdlib.LoggerFactory(ignore_frame_names=[__name__])
    return JsonLines(named(*names).name)


def _write_straight(shared: list[Any], level: str) -> None:
    structlog.configure(
        processors=[
            *shared,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(_to_json),
        ],
        logger_factory=_json_lines,
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        cache_logger_on_first_use=True,
    )


def mask_secrets(
    _logger: Any, _name: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    for key in event:
        if key.lower() in MASKED:
            event[key] = "***"
    return event


def _to_json(event: Any, **_: Any) -> str:
    return msgspec.json.encode(event, enc_hook=repr).decode()


def _console(shared: list[Any]) -> logging.Handler:
    handler = logging.StreamHandler(sys.stderr)
    renderer: Any = (
        structlog.dev.ConsoleRenderer(
            exception_formatter=structlog.dev.plain_traceback  # local variables hold secrets
        )
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer(_to_json)
    )
    handler.setFormatter(_formatter(shared, renderer))
    return handler


def _file(settings: Settings, shared: list[Any]) -> logging.Handler:
    assert settings.log_file is not None  # noqa: S101  checked by the caller
    handler = logging.handlers.RotatingFileHandler(
        settings.log_file, maxBytes=LOG_FILE_BYTES, backupCount=LOG_FILES_KEPT
    )
    handler.setFormatter(_formatter(shared, structlog.processors.JSONRenderer(_to_json)))
    return handler


def _formatter(shared: list[Any], renderer: Any) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            renderer,
        ],
    )
