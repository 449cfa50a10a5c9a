"""The index."""

from prometheus_client import CollectorRegistry, Gauge


class IndexMetrics:
    """The index."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.entries = Gauge(
            "ootd_index_entries",
            "Items that searches see.",
            ("super_category",),
            registry=registry,
        )
        self.sequence_number = Gauge(
            "ootd_index_sequence_number",
            "Newest change that searches see.",
            registry=registry,
        )
