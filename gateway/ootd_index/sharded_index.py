"""The vector index of one process: shards of usearch graphs for each partition."""

import os
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from ootd_index.checked_vectors import CheckedVectors
from ootd_index.index_settings import DEFAULT_SETTINGS, IndexSettings
from ootd_index.observer import IndexObserver, IndexSize, NoObserver, SearchMethod
from ootd_index.scores import ExactQuery, Scores
from ootd_index.shard import Shard
from ootd_index.vector_index import IndexChange, IndexEntry, Neighbor, Query, VectorSizes

_MASK = (1 << 64) - 1


class ShardedIndex:
    """A `VectorIndex` in memory. Any number of searches side by side, and beside one writer.

    `partitions` are all that there will be, a handful: each change looks into every one.
    """

    def __init__(
        self,
        partitions: Iterable[int],
        sizes: VectorSizes,
        settings: IndexSettings = DEFAULT_SETTINGS,
        observer: IndexObserver | None = None,
    ) -> None:
        self._shards = {
            partition: [Shard(sizes, settings.shard) for _ in range(settings.shards_per_partition)]
            for partition in partitions
        }
        self._vectors = CheckedVectors(sizes)
        self._observer = observer or NoObserver()
        self._writing = threading.Lock()
        self._applied = 0
        # The thread that searches takes the first shard itself.
        self._helpers = (
            ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="search-shard")
            if settings.shards_per_partition > 1
            else None
        )

    @property
    def applied_sequence_number(self) -> int:
        """See `VectorIndex.applied_sequence_number`."""
        return self._applied

    def apply(self, changes: Sequence[IndexChange]) -> None:
        """See `VectorIndex.apply`. The observer is told of entries that are left out."""
        with self._writing:
            # A key's last change is all that matters.
            last = {
                change.key: change for change in changes if change.sequence_number > self._applied
            }
            removed: defaultdict[Shard, list[int]] = defaultdict(list)
            entries: defaultdict[Shard, list[IndexEntry]] = defaultdict(list)
            for key, change in last.items():
                entry = None if change.entry is None else self._checked(change.entry)
                home = None if entry is None else self._shard_of(key, entry.partition)
                for partition in self._shards:
                    shard = self._shard_of(key, partition)
                    if shard is not home and key in shard:
                        removed[shard].append(key)
                if home is not None and entry is not None:
                    entries[home].append(entry)
            for shard in removed.keys() | entries.keys():
                shard.apply(removed[shard], entries[shard])
            newest = max((change.sequence_number for change in changes), default=0)
            self._applied = max(self._applied, newest)

    def search(self, query: Query) -> Sequence[Neighbor]:
        """See `VectorIndex.search`. Raises ValueError where there is no such partition, too."""
        began = time.perf_counter()
        found = self._find(self._shards_of(query.partition), self._vectors.query(query))
        best = Scores.merged([scores for scores, _ in found]).best(query.k).after(query.offset)
        neighbors = best.neighbors()
        method: SearchMethod = "graph" if any(one == "graph" for _, one in found) else "exact"
        self._observer.searched(query.partition, method, time.perf_counter() - began)
        return neighbors

    def sizes(self) -> dict[int, IndexSize]:
        """Return how large each partition is; may be a write behind."""
        return {
            partition: IndexSize(
                entries=sum(one.entries for one in sizes),
                graph_entries=sum(one.graph_entries for one in sizes),
                memory_bytes=sum(one.memory_bytes for one in sizes),
                is_graph_complete=all(one.is_graph_complete for one in sizes),
            )
            for partition, shards in self._shards.items()
            if (sizes := [shard.size() for shard in shards])
        }

    def count(self, partition: int | None = None) -> int:
        """See `VectorIndex.count`. Raises ValueError where there is no such partition."""
        partitions = self._shards if partition is None else (partition,)
        return sum(len(shard) for one in partitions for shard in self._shards_of(one))

    def close(self) -> None:
        """See `VectorIndex.close`."""
        with self._writing:
            self._shards = {partition: [] for partition in self._shards}
        if self._helpers is not None:
            self._helpers.shutdown()

    def _find(
        self, shards: Sequence[Shard], query: ExactQuery
    ) -> list[tuple[Scores, SearchMethod]]:
        if self._helpers is None:
            return [shard.find(query) for shard in shards]
        others = [self._helpers.submit(shard.find, query) for shard in shards[1:]]
        return [*(shard.find(query) for shard in shards[:1]), *(one.result() for one in others)]

    def _checked(self, entry: IndexEntry) -> IndexEntry | None:
        try:
            self._shards_of(entry.partition)
            return self._vectors.entry(entry)
        except ValueError as error:
            self._observer.refused(entry.key, str(error))
            return None

    def _shards_of(self, partition: int) -> Sequence[Shard]:
        shards = self._shards.get(partition)
        if shards is None:
            raise ValueError(f"there is no partition {partition}")
        return shards

    def _shard_of(self, key: int, partition: int) -> Shard:
        shards = self._shards[partition]
        return shards[_mixed(key) % len(shards)]


def _mixed(key: int) -> int:
    """Spread keys, which are consecutive numbers, evenly (the finalizer of splitmix64)."""
    key = ((key ^ (key >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    key = ((key ^ (key >> 27)) * 0x94D049BB133111EB) & _MASK
    return key ^ (key >> 31)
