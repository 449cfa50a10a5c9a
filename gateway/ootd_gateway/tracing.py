"""The ids of the current trace, where the gateway runs under OpenTelemetry."""

from typing import Any

try:
    from opentelemetry import trace
except ImportError:  # the extra "tracing" is not installed
    trace = None  # type: ignore[assignment]


def add_trace_ids(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    """Add `trace_id` and `span_id` in hexadecimal to a log line (a structlog processor)."""
    if trace is not None:
        context = trace.get_current_span().get_span_context()
        if context.is_valid:
            event["trace_id"] = f"{context.trace_id:032x}"
            event["span_id"] = f"{context.span_id:016x}"
    return event
