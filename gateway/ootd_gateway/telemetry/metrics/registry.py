"""All metrics of one gateway."""

from prometheus_client import CollectorRegistry, disable_created_metrics
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from ootd_gateway.telemetry.metrics.calls import CallMetrics
from ootd_gateway.telemetry.metrics.database import DatabaseMetrics
from ootd_gateway.telemetry.metrics.index import IndexMetrics
from ootd_gateway.telemetry.metrics.process import ProcessMetrics
from ootd_gateway.telemetry.metrics.store import StoreMetrics
from ootd_gateway.telemetry.metrics.vision import VisionMetrics


class Metrics:
    """All metrics of one gateway, in a registry of its own. The unit is in each name."""

    def __init__(self) -> None:
        # They would double the series of counters, and tell what the process's start tells.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self.process = ProcessMetrics(self.registry)
        self.calls = CallMetrics(self.registry)
        self.vision = VisionMetrics(self.registry)
        self.index = IndexMetrics(self.registry)
        self.store = StoreMetrics(self.registry)
        self.database = DatabaseMetrics(self.registry)
