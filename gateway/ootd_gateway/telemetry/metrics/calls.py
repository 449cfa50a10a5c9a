"""Calls: how many, how long, how large, how they ended, and how many wait."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from ootd_gateway.telemetry.metrics.buckets import SECONDS_BUCKETS

_CALL = ("grpc_type", "grpc_service", "grpc_method")
_BYTES_BUCKETS = tuple(float(1 << power) for power in (8, 10, 12, 14, 16, 18, 20, 21, 22, 23, 24))
_WAIT_BUCKETS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class CallMetrics:
    """Calls: how many, how long, how large, how they ended, and how many wait.

    Names are those of go-grpc-prometheus where it has one, so that its dashboards fit. No label
    has a value that callers can make up.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self.started = self._counter("grpc_server_started_total", "Calls begun.", _CALL)
        self.handled = self._counter(
            "grpc_server_handled_total", "Calls ended, by status code.", (*_CALL, "grpc_code")
        )
        self.received = self._counter(
            "grpc_server_msg_received_total", "Messages that came in.", _CALL
        )
        self.sent = self._counter("grpc_server_msg_sent_total", "Messages that went out.", _CALL)
        self.seconds = Histogram(
            "grpc_server_handling_seconds",
            "Time from a call's beginning to its end.",
            _CALL,
            buckets=SECONDS_BUCKETS,
            registry=registry,
        )
        self.request_bytes = Histogram(
            "ootd_request_bytes",
            "Size of a request, or of an element of a stream.",
            ("grpc_method",),
            buckets=_BYTES_BUCKETS,
            registry=registry,
        )
        self.errors = self._counter(
            "ootd_errors_total",
            "Calls that failed, by reason; elements of streams are counted apart.",
            ("grpc_method", "reason"),
        )
        self.bytes_in_flight = Gauge(
            "ootd_request_bytes_in_flight",
            "Bytes of requests that are held, those kept free for requests on their way included.",
            registry=registry,
        )
        self._describe_elements()
        self._describe_admission()

    def _describe_elements(self) -> None:
        self.elements = self._counter(
            "ootd_stream_elements_total",
            "Elements of streams that were answered: ok or failed.",
            ("grpc_method", "outcome"),
        )
        self.element_errors = self._counter(
            "ootd_stream_element_errors_total",
            "Elements of streams that failed alone.",
            ("grpc_method", "reason"),
        )
        self.upserts = self._counter(
            "ootd_upserts_total",
            "Items that were to be stored: created, replaced, unchanged or failed.",
            ("result",),
        )
        for result in ("created", "replaced", "unchanged", "failed"):
            self.upserts.labels(result)
        self.deleted_items = self._counter("ootd_deleted_items_total", "Items deleted.", ())

    def prepare(self, grpc_type: str, service: str, method: str) -> None:
        """Let the series of a method exist before its first call, so that alerts on them work."""
        labels = (grpc_type, service, method)
        for counter in (self.started, self.received, self.sent):
            counter.labels(*labels)
        self.handled.labels(*labels, "OK")
        self.seconds.labels(*labels)
        if grpc_type != "unary":
            for outcome in ("ok", "failed"):
                self.elements.labels(method, outcome)

    def _describe_admission(self) -> None:
        pool = ("pool",)
        self.limit = Gauge(
            "ootd_admission_limit", "Calls that may run at a time.", pool, registry=self._registry
        )
        self.admitted = Gauge(
            "ootd_admission_calls", "Calls that run now.", pool, registry=self._registry
        )
        self.waiting = Gauge(
            "ootd_admission_waiting_calls",
            "Calls that wait for others to end.",
            pool,
            registry=self._registry,
        )
        self.wait_seconds = Histogram(
            "ootd_admission_wait_seconds",
            "How long calls that were let in had waited for others to end.",
            pool,
            buckets=_WAIT_BUCKETS,
            registry=self._registry,
        )
        self.refused = self._counter(
            "ootd_admission_refused_total",
            "Calls refused because as many ran as the server, or one caller, may have.",
            pool,
        )

    def _counter(self, name: str, text: str, labels: tuple[str, ...]) -> Counter:
        return Counter(name, text, labels, registry=self._registry)


class PoolMetrics:
    """A `PoolObserver` that keeps the metrics of one pool of calls."""

    def __init__(self, metrics: CallMetrics, pool: str) -> None:
        self._limit = metrics.limit.labels(pool)
        self._running = metrics.admitted.labels(pool)
        self._waiting = metrics.waiting.labels(pool)
        self._wait_seconds = metrics.wait_seconds.labels(pool)
        self._refused = metrics.refused.labels(pool)

    def bounded(self, limit: int) -> None:
        """So many calls may run."""
        self._limit.set(limit)

    def changed(self, running: int, waiting: int) -> None:
        """Calls began, ended, or wait."""
        self._running.set(running)
        self._waiting.set(waiting)

    def entered(self, waited_seconds: float) -> None:
        """A call was let in after so long."""
        self._wait_seconds.observe(waited_seconds)

    def refused(self) -> None:
        """A call was refused."""
        self._refused.inc()
