"""Makes the catalogue's index: a partition for each super-category, watched by metrics and log."""

from collections.abc import Mapping

import structlog

from ootd_gateway.services.search.settings import SearchSettings
from ootd_gateway.telemetry.metrics.index import IndexMetrics
from ootd_gateway.types import EMBEDDING_SIZE, HISTOGRAM_BINS, SuperCategory
from ootd_index.index_settings import IndexSettings, ShardSettings
from ootd_index.observer import IndexSize, SearchMethod
from ootd_index.sharded_index import ShardedIndex
from ootd_index.vector_index import VectorSizes

VECTOR_SIZES = VectorSizes(embedding=EMBEDDING_SIZE, color_histogram=HISTOGRAM_BINS)

_LABELS: Mapping[int, str] = {category: category.label for category in SuperCategory}

log = structlog.get_logger(__name__)


def open_index(settings: SearchSettings, metrics: IndexMetrics) -> ShardedIndex:
    """Return an empty index. Its sizes are told whenever metrics are read."""
    index = ShardedIndex(
        SuperCategory, VECTOR_SIZES, index_settings(settings), _MetricsAndLog(metrics)
    )

    def sizes() -> Mapping[str, IndexSize]:
        return {_LABELS[one]: size for one, size in index.sizes().items()}

    metrics.watch(sizes)
    return index


def index_settings(settings: SearchSettings) -> IndexSettings:
    """Return what the index is given of the settings."""
    return IndexSettings(
        shards_per_partition=settings.shards_per_category,
        shard=ShardSettings(
            exact_limit=settings.index_exact_limit_items,
            connectivity=settings.index_connectivity,
            expansion_add=settings.index_expansion_add,
            expansion_search=settings.index_expansion_search,
            precision=settings.index_precision,
        ),
    )


class _MetricsAndLog:
    """An `IndexObserver`."""

    def __init__(self, metrics: IndexMetrics) -> None:
        self._metrics = metrics

    def searched(self, partition: int, method: SearchMethod, seconds: float) -> None:
        """Count the time of a search."""
        self._metrics.search_seconds.labels(_LABELS[partition], method).observe(seconds)

    def refused(self, key: int, why: str) -> None:
        """Log that an item cannot be found."""
        log.error("index_entry_refused", key=key, error=why)
