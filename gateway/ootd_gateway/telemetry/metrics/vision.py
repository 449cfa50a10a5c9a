"""The vision graph, as the gateway sees it."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from ootd_gateway.telemetry.metrics.buckets import SECONDS_BUCKETS
from ootd_gateway.types import BoxOrigin, DropReason, ImageAnalysis


class VisionMetrics:
    """The vision graph, as the gateway sees it."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._add_photo_metrics(registry)
        self._add_garment_metrics(registry)
        self._add_triton_metrics(registry)

    def _add_photo_metrics(self, registry: CollectorRegistry) -> None:
        self.photos = Counter(
            "ootd_vision_photos",
            'Photos, by how they ended: "ok", an error\'s reason in lower case, "cancelled", or '
            '"unexpected".',
            ("outcome",),
            registry=registry,
        )
        self.seconds = Histogram(
            "ootd_vision_seconds",
            "Time of one photo in the vision graph, without its wait for a slot.",
            ("outcome",),
            buckets=SECONDS_BUCKETS,
            registry=registry,
        )
        self.queue_seconds = Histogram(
            "ootd_vision_queue_seconds",
            "Time that one photo waited for a slot of the vision graph, also where it gave up.",
            ("priority",),
            buckets=SECONDS_BUCKETS,
            registry=registry,
        )
        self.waiting = Gauge(
            "ootd_vision_waiting_photos",
            "Photos that wait for a slot of the vision graph.",
            ("priority",),
            registry=registry,
        )
        self.running = Gauge(
            "ootd_vision_running_photos",
            "Photos that hold a slot of the vision graph, those included that nobody waits for any "
            "more.",
            ("priority",),
            registry=registry,
        )
        self.abandoned = Counter(
            "ootd_vision_abandoned_photos",
            "Photos that nobody waited for any more while Triton worked on them.",
            registry=registry,
        )
        self.limit = Gauge("ootd_vision_limit", "Slots of the vision graph.", registry=registry)

    def _add_garment_metrics(self, registry: CollectorRegistry) -> None:
        self.garments = Histogram(
            "ootd_garments_per_photo",
            "Garments kept of one photo.",
            buckets=(0, 1, 2, 3, 4, 5, 6, 8, 10, 15, 20),
            registry=registry,
        )
        self.dropped = Counter(
            "ootd_dropped_garments",
            "Boxes that the graph's rules dropped.",
            ("reason",),
            registry=registry,
        )
        self.whole_photo = Counter(
            "ootd_whole_photo_answers",
            "Photos in which nothing was detected and the whole photo was taken as the garment.",
            registry=registry,
        )
        self.empty_photos = Counter(
            "ootd_photos_without_garment",
            "Photos that were answered with no garment.",
            registry=registry,
        )
        for reason in DropReason:
            self.dropped.labels(reason.name.lower())

    def _add_triton_metrics(self, registry: CollectorRegistry) -> None:
        self.triton_up = Gauge(
            "ootd_triton_up",
            "1 where the vision graph answers, else 0.",
            registry=registry,
        )
        self.circuit_state = Gauge(
            "ootd_triton_circuit_state",
            "Whether photos go to this Triton: 0 closed (they do), 1 half-open (it is tried out), "
            "2 open (they do not).",
            ("address",),
            registry=registry,
        )
        self.circuit_opened = Counter(
            "ootd_triton_circuit_opened",
            "How often photos were kept from a Triton that had answered before, by cause.",
            ("cause",),
            registry=registry,
        )
        self.triton_info = Gauge(
            "ootd_triton_info",
            "1 for each Triton that is known; its version is in the label.",
            ("address", "version"),
            registry=registry,
        )
        self.triton_restarts = Counter(
            "ootd_triton_restarts",
            "How often the embedded Triton failed and was started again, by cause.",
            ("cause",),
            registry=registry,
        )

    def observe_garments(self, analysis: ImageAnalysis) -> None:
        """Count what one photo was answered with."""
        self.garments.observe(len(analysis.garments))
        for one in analysis.dropped:
            self.dropped.labels(one.reason.name.lower()).inc()
        if not analysis.garments:
            self.empty_photos.inc()
        elif any(one.box_origin is BoxOrigin.WHOLE_PHOTO for one in analysis.garments):
            self.whole_photo.inc()
