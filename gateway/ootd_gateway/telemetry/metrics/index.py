"""The index, and what searches find in it."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from ootd_index.observer import IndexSize

_SEARCH_BUCKETS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5)
_HITS_BUCKETS = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
_SCORE_BUCKETS = (0.0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.99, 1.0)


class IndexMetrics:
    """The index, and what searches find in it."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
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
        self.search_seconds = Histogram(
            "ootd_index_search_seconds",
            "Time of one query in the index: exact (all entries compared) or graph.",
            ("super_category", "how"),
            buckets=_SEARCH_BUCKETS,
            registry=registry,
        )
        self.hits = Histogram(
            "ootd_search_hits",
            "Hits of one query: a garment, an item or an embedding.",
            buckets=_HITS_BUCKETS,
            registry=registry,
        )
        self.best_score = Histogram(
            "ootd_search_best_score",
            "Score of the first hit of one query that has any.",
            buckets=_SCORE_BUCKETS,
            registry=registry,
        )

    def observe_hits(self, scores: Sequence[float]) -> None:
        """Count the hits of one query, given their scores, best first."""
        self.hits.observe(len(scores))
        if scores:
            self.best_score.observe(scores[0])

    def watch(self, sizes: Callable[[], Mapping[str, IndexSize]]) -> None:
        """Ask for the sizes of the indexes, by super-category, whenever metrics are read."""
        self._registry.register(_SizeCollector(sizes))


class _SizeCollector(Collector):
    def __init__(self, sizes: Callable[[], Mapping[str, IndexSize]]) -> None:
        self._sizes = sizes

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the gauges as they are now."""
        sizes = self._sizes()
        for name, text, value in (
            ("ootd_index_bytes", "Memory of vectors and graph.", "memory_bytes"),
            ("ootd_index_graph_entries", "Items that are in the graph.", "graph_entries"),
            (
                "ootd_index_graph_complete",
                "1 where the graph holds all items, so that searches may use it, else 0.",
                "is_graph_complete",
            ),
        ):
            family = GaugeMetricFamily(name, text, labels=("super_category",))
            for category, size in sizes.items():
                family.add_metric((category,), float(getattr(size, value)))
            yield family
