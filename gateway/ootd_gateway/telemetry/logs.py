"""Logs (structlog): one JSON object a line, or text for people.

No line holds local variables, and `log_privacy` takes out what a message itself may hold of photos,
tokens and passwords.
"""

import logging
import sys
from typing import Any, Literal

import structlog
from structlog.tracebacks import ExceptionDictTransformer

from ootd_gateway.telemetry.log_privacy import (
    BoundedLine,
    CallsThatAreGone,
    ShortArguments,
    json_line,
    private_and_short,
)
from ootd_gateway.telemetry.tracing import add_trace_ids

LogLevel = Literal["debug", "info", "warning", "error"]
LogFormat = Literal["auto", "json", "console"]

_MAX_FRAMES = 30


def configure_logging(*, level: LogLevel, log_format: LogFormat) -> None:
    """Send the process's logs, those of libraries included, to standard error.

    Every line carries what was bound to the context, such as `request_id`, and the ids of the trace
    where there is one. "auto" is text on a terminal and JSON elsewhere.
    """
    logging.captureWarnings(True)
    is_terminal = sys.stderr.isatty()
    as_text = is_text(log_format)
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        add_trace_ids,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(CallsThatAreGone())
    handler.addFilter(ShortArguments())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *(_text(colors=is_terminal) if as_text else _json()),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # These tell at "info" of every migration and every query.
    for name in ("alembic", "sqlalchemy", "asyncio"):
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def is_text(log_format: LogFormat) -> bool:
    """Tell whether people read the log: "auto" is text on a terminal."""
    return log_format == "console" or (log_format == "auto" and sys.stderr.isatty())


def _json() -> list[Any]:
    frames = ExceptionDictTransformer(show_locals=False, max_frames=_MAX_FRAMES, use_rich=False)
    return [
        structlog.processors.ExceptionRenderer(frames),
        private_and_short,
        BoundedLine(json_line),
    ]


def _text(*, colors: bool) -> list[Any]:
    console = structlog.dev.ConsoleRenderer(
        colors=colors, exception_formatter=structlog.dev.plain_traceback
    )
    return [structlog.processors.format_exc_info, private_and_short, BoundedLine(console)]
