"""The vision graph, as the gateway sees it."""

from prometheus_client import CollectorRegistry, Gauge, Histogram

from ootd_gateway.metrics.buckets import SECONDS_BUCKETS


class VisionMetrics:
    """The vision graph, as the gateway sees it."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.seconds = Histogram(
            "ootd_vision_seconds",
            "Time of one photo in the vision graph, as the gateway sees it.",
            ("outcome",),
            buckets=SECONDS_BUCKETS,
            registry=registry,
        )
        self.waiting = Gauge(
            "ootd_vision_waiting_photos",
            "Photos that wait for a place in the vision graph.",
            registry=registry,
        )
        self.garments = Histogram(
            "ootd_garments_per_photo",
            "Garments kept of one photo.",
            buckets=(0, 1, 2, 3, 4, 5, 6, 8, 10, 15, 20),
            registry=registry,
        )
        self.triton_up = Gauge(
            "ootd_triton_up",
            "1 where the vision graph answers, else 0.",
            registry=registry,
        )
