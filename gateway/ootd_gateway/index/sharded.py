"""The vector index of one process: shards of usearch graphs for each super-category."""

import os
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import structlog

from ootd_gateway.index.base import IndexChange, IndexEntry, Neighbor, Query
from ootd_gateway.index.shard import How, Shard, ShardSettings
from ootd_gateway.index.vectors import ExactQuery, Scores
from ootd_gateway.telemetry.metrics.index import CategorySize, IndexMetrics
from ootd_gateway.types import EMBEDDING_SIZE, HISTOGRAM_BINS, FloatVector, SuperCategory

_MASK = (1 << 64) - 1
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class IndexSettings:
    """`shards_per_category`: shards of each super-category, searched side by side."""

    shards_per_category: int = 1
    shard: ShardSettings = field(default_factory=ShardSettings)


class ShardedIndex:
    """A `VectorIndex` in memory. Any number of searches side by side, and beside one writer."""

    def __init__(
        self, settings: IndexSettings | None = None, metrics: IndexMetrics | None = None
    ) -> None:
        self._settings = settings or IndexSettings()
        self._shards = {
            category: [
                Shard(self._settings.shard) for _ in range(self._settings.shards_per_category)
            ]
            for category in SuperCategory
        }
        self._writing = threading.Lock()
        self._applied = 0
        # The thread that searches takes the first shard itself.
        self._helpers = (
            ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="search-shard")
            if self._settings.shards_per_category > 1
            else None
        )
        self._metrics = metrics
        if metrics is not None:
            metrics.watch(self.sizes)

    @property
    def applied_sequence_number(self) -> int:
        """See `VectorIndex.applied_sequence_number`."""
        return self._applied

    def apply(self, changes: Sequence[IndexChange]) -> None:
        """See `VectorIndex.apply`. An entry whose vector is no vector is left out, and logged."""
        with self._writing:
            # A key's last change is all that matters.
            last = {
                change.key: change for change in changes if change.sequence_number > self._applied
            }
            removed: defaultdict[Shard, list[int]] = defaultdict(list)
            entries: defaultdict[Shard, list[IndexEntry]] = defaultdict(list)
            for key, change in last.items():
                entry = None if change.entry is None else _cleaned(change.entry)
                home = None if entry is None else self._shard_of(key, entry.super_category)
                for category in SuperCategory:
                    shard = self._shard_of(key, category)
                    if shard is not home and key in shard:
                        removed[shard].append(key)
                if home is not None and entry is not None:
                    entries[home].append(entry)
            for shard in removed.keys() | entries.keys():
                shard.apply(removed[shard], entries[shard])
            newest = max((change.sequence_number for change in changes), default=0)
            self._applied = max(self._applied, newest)

    def search(self, query: Query) -> Sequence[Neighbor]:
        """See `VectorIndex.search`. Raises ValueError where the query's vectors are no vectors."""
        began = time.perf_counter()
        exact = _prepared(query)
        found = self._find(self._shards[query.super_category], exact)
        best = Scores.merged([scores for scores, _ in found]).best(query.k).after(query.offset)
        neighbors = best.neighbors()
        if self._metrics is not None:
            how = "graph" if any(how == "graph" for _, how in found) else "exact"
            self._metrics.search_seconds.labels(query.super_category.label, how).observe(
                time.perf_counter() - began
            )
        return neighbors

    def sizes(self) -> dict[str, CategorySize]:
        """Return how large the index of each super-category is, by its label."""
        return {
            category.label: CategorySize(
                graph_entries=sum(one.graph_entries for one in sizes),
                memory_bytes=sum(one.memory_bytes for one in sizes),
                is_graph_complete=all(one.is_graph_complete for one in sizes),
            )
            for category, shards in self._shards.items()
            if (sizes := [shard.size() for shard in shards])
        }

    def count(self, super_category: SuperCategory | None = None) -> int:
        """See `VectorIndex.count`."""
        categories = SuperCategory if super_category is None else (super_category,)
        return sum(len(shard) for category in categories for shard in self._shards[category])

    def close(self) -> None:
        """See `VectorIndex.close`."""
        with self._writing:
            self._shards = {category: [] for category in SuperCategory}
        if self._helpers is not None:
            self._helpers.shutdown()

    def _find(self, shards: Sequence[Shard], query: ExactQuery) -> list[tuple[Scores, How]]:
        if self._helpers is None:
            return [shard.find(query) for shard in shards]
        others = [self._helpers.submit(shard.find, query) for shard in shards[1:]]
        return [*(shard.find(query) for shard in shards[:1]), *(one.result() for one in others)]

    def _shard_of(self, key: int, category: SuperCategory) -> Shard:
        shards = self._shards[category]
        return shards[_mixed(key) % len(shards)]


def _mixed(key: int) -> int:
    """Spread keys, which are consecutive numbers, evenly (the finalizer of splitmix64)."""
    key = ((key ^ (key >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    key = ((key ^ (key >> 27)) * 0x94D049BB133111EB) & _MASK
    return key ^ (key >> 31)


def _prepared(query: Query) -> ExactQuery:
    if query.k < 1:
        raise ValueError(f"k must be at least 1, is {query.k}")
    if not 0.0 <= query.color_weight <= 1.0:
        raise ValueError(f"the colour weight must be 0 to 1, is {query.color_weight}")
    histogram = query.color_histogram if query.color_weight > 0.0 else None
    return ExactQuery(
        embedding=_normalised(query.embedding),
        k=query.k,
        color_histogram=None if histogram is None else _checked_histogram(histogram),
        color_weight=0.0 if histogram is None else query.color_weight,
        exclude_key=query.exclude_key,
    )


def _cleaned(entry: IndexEntry) -> IndexEntry | None:
    try:
        histogram = entry.color_histogram
        return IndexEntry(
            key=entry.key,
            super_category=entry.super_category,
            embedding=_normalised(entry.embedding),
            color_histogram=None if histogram is None else _checked_histogram(histogram),
        )
    except ValueError as error:
        _log.error("index_entry_refused", key=entry.key, error=str(error))
        return None


def _normalised(vector: FloatVector) -> FloatVector:
    vector = np.asarray(vector, dtype=np.float32)
    if vector.shape != (EMBEDDING_SIZE,):
        raise ValueError(f"an embedding has {EMBEDDING_SIZE} values, not shape {vector.shape}")
    length = float(np.linalg.norm(vector.astype(np.float64)))
    if not np.isfinite(length) or length == 0.0:
        raise ValueError("an embedding's values must be finite and not all 0")
    return (vector / length).astype(np.float32)


def _checked_histogram(histogram: FloatVector) -> FloatVector:
    histogram = np.asarray(histogram, dtype=np.float32)
    if histogram.shape != (HISTOGRAM_BINS,) or not np.isfinite(histogram).all():
        raise ValueError(f"a colour histogram has {HISTOGRAM_BINS} finite values")
    return histogram
