"""The process: what it is, how it lives, what it stands on."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from ootd_gateway.telemetry.metrics.buckets import SECONDS_BUCKETS


class ProcessMetrics:
    """The process: what it is, how it lives, what it stands on."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.build_info = Gauge(
            "ootd_build_info",
            "Always 1; the labels tell which gateway runs, over which models and vision server.",
            ("version", "taxonomy", "release", "triton"),
            registry=registry,
        )
        self.event_loop_lag_seconds = Histogram(
            "ootd_event_loop_lag_seconds",
            "How much later than asked for the event loop woke up, looked at four times a second.",
            buckets=SECONDS_BUCKETS,
            registry=registry,
        )
        self.ready = Gauge(
            "ootd_dependency_ready",
            "1 where what the gateway stands on is there, else 0.",
            ("dependency",),
            registry=registry,
        )
        self.replay_seconds = Gauge(
            "ootd_replay_seconds",
            "How long the replay of the change log took at start.",
            registry=registry,
        )
        self.index_lag_seconds = Gauge(
            "ootd_index_lag_seconds",
            "How long there have been changes that searches do not see; 0 where there are none.",
            registry=registry,
        )
        self.tail_failures = Counter(
            "ootd_tail_failures_total",
            "Rounds in which the change log could not be followed.",
            registry=registry,
        )
        self.certificate_expiry = Gauge(
            "ootd_tls_certificate_expiry_timestamp_seconds",
            "When the server's certificate expires, in seconds since 1970; 0 without TLS.",
            registry=registry,
        )

    def tell_build(self, *, version: str, taxonomy: str, release: str, triton: str) -> None:
        """Set the labels of `ootd_build_info`; "" is what is not known."""
        self.build_info.clear()
        self.build_info.labels(version, taxonomy, release, triton).set(1)
