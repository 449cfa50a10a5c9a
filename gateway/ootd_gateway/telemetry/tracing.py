"""Traces, where the gateway runs under OpenTelemetry (the extra "tracing")."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

try:
    from opentelemetry import trace
    from opentelemetry.instrumentation.utils import suppress_instrumentation
except ImportError:  # the extra is not installed
    trace = None  # type: ignore[assignment]
    suppress_instrumentation = None  # type: ignore[assignment]


def add_trace_ids(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    """Add `trace_id` and `span_id` in hexadecimal to a log line (a structlog processor)."""
    if trace is not None:
        context = trace.get_current_span().get_span_context()
        if context.is_valid:
            event["trace_id"] = f"{context.trace_id:032x}"
            event["span_id"] = f"{context.span_id:016x}"
    return event


@contextmanager
def untraced() -> Iterator[None]:
    """Have calls within make no spans: a probe each second tells nobody anything."""
    if suppress_instrumentation is None:
        yield
    else:
        with suppress_instrumentation():
            yield
