"""Logs: one JSON object a line on standard error, or readable lines where a person looks on."""

import logging
import sys
from datetime import UTC, datetime
from typing import Any

import msgspec
import structlog

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


class UnknownLogLevel(ValueError):
    def __init__(self, level: str) -> None:
        super().__init__(f"LOG_LEVEL is {level!r}; it can be {', '.join(_LEVELS)}")


def configure_logging(level: str, process: str, *, for_good: bool = False) -> None:
    """Send our own logs and those of libraries the same way, each line naming the process it is from.

    `level` is one of debug, info, warning and error; libraries say no less than warnings. `for_good` is for
    processes that write a line for each request: loggers are made once, and never configured otherwise.
    Raises UnknownLogLevel.
    """
    if level not in _LEVELS:
        raise UnknownLogLevel(level)
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        _stamped,
    ]
    person = sys.stderr.isatty()
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if person else structlog.processors.JSONRenderer(serializer=_json)
    )
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=for_good,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
        )
    )
    logging.basicConfig(level=max(_LEVELS[level], logging.WARNING), handlers=[handler], force=True)
    structlog.contextvars.bind_contextvars(process=process)


def _stamped(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    event["timestamp"] = datetime.now(UTC).isoformat()
    return event


def _json(event: structlog.typing.EventDict, **_: Any) -> str:
    """A line is written for each request; this takes a third of the time of the standard library's."""
    return msgspec.json.encode(event, enc_hook=repr).decode()
