"""The database."""

from prometheus_client import CollectorRegistry, Gauge


class StoreMetrics:
    """The database."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.sequence_number = Gauge(
            "ootd_store_sequence_number",
            "Newest change of the store that this process knows.",
            registry=registry,
        )
