"""Calls: how many, how long, how they ended, and how many wait."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from ootd_gateway.metrics.buckets import SECONDS_BUCKETS

_CALL = ("grpc_type", "grpc_service", "grpc_method")


class CallMetrics:
    """Calls: how many, how long, how they ended, and how many wait.

    Names are those of go-grpc-prometheus where it has one, so that its dashboards fit.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self.started = Counter(
            "grpc_server_started_total",
            "Calls begun.",
            _CALL,
            registry=registry,
        )
        self.handled = Counter(
            "grpc_server_handled_total",
            "Calls ended, by status code.",
            (*_CALL, "grpc_code"),
            registry=registry,
        )
        self.seconds = Histogram(
            "grpc_server_handling_seconds",
            "Time from a call's beginning to its end.",
            _CALL,
            buckets=SECONDS_BUCKETS,
            registry=registry,
        )
        self.admitted = Gauge(
            "ootd_admission_calls",
            "Calls that run now.",
            ("pool",),
            registry=registry,
        )
        self.waiting = Gauge(
            "ootd_admission_waiting_calls",
            "Calls that wait for others to end.",
            ("pool",),
            registry=registry,
        )
        self.refused = Counter(
            "ootd_admission_refused_total",
            "Calls refused because as many ran as the server takes.",
            ("pool",),
            registry=registry,
        )
        self.element_errors = Counter(
            "ootd_stream_element_errors_total",
            "Elements of streams that failed alone.",
            ("grpc_method", "reason"),
            registry=registry,
        )


class PoolMetrics:
    """A `PoolObserver` that keeps the metrics of one pool of calls."""

    def __init__(self, metrics: CallMetrics, pool: str) -> None:
        self._running = metrics.admitted.labels(pool)
        self._waiting = metrics.waiting.labels(pool)
        self._refused = metrics.refused.labels(pool)

    def changed(self, running: int, waiting: int) -> None:
        """Calls began, ended, or wait."""
        self._running.set(running)
        self._waiting.set(waiting)

    def refused(self) -> None:
        """A call was refused."""
        self._refused.inc()
