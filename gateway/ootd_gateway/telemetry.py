"""Logs (structlog, one JSON object a line) and metrics (Prometheus)."""

import logging
import sys
from typing import Any, Literal

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

LogLevel = Literal["debug", "info", "warning", "error"]
LogFormat = Literal["json", "console"]

SECONDS_BUCKETS = (
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.15,
    0.2,
    0.25,
    0.35,
    0.5,
    0.75,
    1.0,
    2.5,
    5.0,
    10.0,
    30.0,
)
"""Upper edges of latency histograms in seconds, dense around one photo's time."""


def configure_logging(*, level: LogLevel, log_format: LogFormat) -> None:
    """Send the process's logs, those of libraries included, to standard error.

    Every line carries what was bound to the context, such as `request_id`.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    renderer: list[Any] = (
        [structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer()]
        if log_format == "json"
        else [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    )
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
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # These tell at "info" of every migration and every query.
    for name in ("alembic", "sqlalchemy", "asyncio"):
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


class Metrics:
    """All metrics of one gateway, in a registry of its own. The unit is in each name."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self._define_calls()
        self._define_domain()

    def _define_calls(self) -> None:
        call = ("grpc_type", "grpc_service", "grpc_method")
        self.calls_started = Counter(
            "grpc_server_started_total",
            "Calls begun.",
            call,
            registry=self.registry,
        )
        self.calls_handled = Counter(
            "grpc_server_handled_total",
            "Calls ended, by status code.",
            (*call, "grpc_code"),
            registry=self.registry,
        )
        self.call_seconds = Histogram(
            "grpc_server_handling_seconds",
            "Time from a call's beginning to its end.",
            call,
            buckets=SECONDS_BUCKETS,
            registry=self.registry,
        )
        self.admitted_calls = Gauge(
            "ootd_admission_calls",
            "Calls that run now.",
            ("pool",),
            registry=self.registry,
        )
        self.waiting_calls = Gauge(
            "ootd_admission_waiting_calls",
            "Calls that wait for others to end.",
            ("pool",),
            registry=self.registry,
        )
        self.refused_calls = Counter(
            "ootd_admission_refused_total",
            "Calls refused because as many ran as the server takes.",
            ("pool",),
            registry=self.registry,
        )
        self.element_errors = Counter(
            "ootd_stream_element_errors_total",
            "Elements of streams that failed alone.",
            ("grpc_method", "reason"),
            registry=self.registry,
        )

    def _define_domain(self) -> None:
        self.vision_seconds = Histogram(
            "ootd_vision_seconds",
            "Time of one photo in the vision graph, as the gateway sees it.",
            ("outcome",),
            buckets=SECONDS_BUCKETS,
            registry=self.registry,
        )
        self.vision_waiting = Gauge(
            "ootd_vision_waiting_photos",
            "Photos that wait for a place in the vision graph.",
            registry=self.registry,
        )
        self.garments = Histogram(
            "ootd_garments_per_photo",
            "Garments kept of one photo.",
            buckets=(0, 1, 2, 3, 4, 5, 6, 8, 10, 15, 20),
            registry=self.registry,
        )
        self.triton_up = Gauge(
            "ootd_triton_up",
            "1 where the vision graph answers, else 0.",
            registry=self.registry,
        )
        self.index_entries = Gauge(
            "ootd_index_entries",
            "Items that searches see.",
            ("super_category",),
            registry=self.registry,
        )
        self.store_sequence_number = Gauge(
            "ootd_store_sequence_number",
            "Newest change of the store that this process knows.",
            registry=self.registry,
        )
        self.index_sequence_number = Gauge(
            "ootd_index_sequence_number",
            "Newest change that searches see.",
            registry=self.registry,
        )


class PoolMetrics:
    """A `PoolObserver` that keeps the metrics of one pool of calls."""

    def __init__(self, metrics: Metrics, pool: str) -> None:
        self._running = metrics.admitted_calls.labels(pool)
        self._waiting = metrics.waiting_calls.labels(pool)
        self._refused = metrics.refused_calls.labels(pool)

    def changed(self, running: int, waiting: int) -> None:
        """Calls began, ended, or wait."""
        self._running.set(running)
        self._waiting.set(waiting)

    def refused(self) -> None:
        """A call was refused."""
        self._refused.inc()
