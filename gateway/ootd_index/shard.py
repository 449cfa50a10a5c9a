"""One shard: exact while it is small, an HNSW graph with exact re-ranking once it is large."""

import threading
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from usearch.index import Index, MetricKind, ScalarKind  # type: ignore[attr-defined]

from ootd_index.index_settings import ShardSettings
from ootd_index.observer import IndexSize, SearchMethod
from ootd_index.read_write_lock import FairReadWriteLock
from ootd_index.scores import ExactQuery, Scores
from ootd_index.vector_index import IndexEntry, VectorSizes
from ootd_index.vector_table import VectorTable

_PRECISIONS = {"f16": ScalarKind.F16, "f32": ScalarKind.F32}
_WRITES_A_STEP = 16
"""Changes that are made while searches wait; about ten milliseconds of graph building."""
_EARLY_NODES = 16
"""Entries that a write adds to a graph that is not in use yet, at least."""
_EARLY_NODES_AN_ENTRY = 4
"""Likewise, for each entry of the write; enough to be complete in time."""


class Shard:
    """Entries of one partition. One writer at a time; searches from any thread, side by side.

    Only their walks of the graph take turns: usearch's Python module tells its index that each is
    thread 0 and shares the working memory of that thread; it holds the interpreter's lock
    meanwhile, so nothing is lost. Comparing all entries, and ranking again, run on several cores.
    """

    def __init__(self, sizes: VectorSizes, settings: ShardSettings) -> None:
        self._settings = settings
        self._table = VectorTable(sizes)
        self._graph = Index(
            ndim=sizes.embedding,
            metric=MetricKind.IP,
            dtype=_PRECISIONS[settings.precision],
            connectivity=settings.connectivity,
            expansion_add=settings.expansion_add,
            expansion_search=settings.expansion_search,
        )
        self._is_graph_complete = False
        self._graph_entries = 0
        self._graph_bytes = 0
        self._lock = FairReadWriteLock()
        self._walking = threading.Lock()

    def __len__(self) -> int:
        return len(self._table)

    def __contains__(self, key: int) -> bool:
        return key in self._table

    def apply(self, removed: Iterable[int], entries: Sequence[IndexEntry]) -> None:
        """Remove keys, then add or replace entries; searches go on between steps."""
        present = [key for key in removed if key in self._table]
        for start in range(0, len(present), _WRITES_A_STEP):
            with self._lock.writing():
                self._remove(present[start : start + _WRITES_A_STEP])
        for start in range(0, len(entries), _WRITES_A_STEP):
            with self._lock.writing():
                self._put(entries[start : start + _WRITES_A_STEP])
        if not self._is_graph_complete and 2 * len(self._table) > self._settings.exact_limit:
            self._extend_graph(max(_EARLY_NODES, _EARLY_NODES_AN_ENTRY * len(entries)))

    def search(self, query: ExactQuery) -> Scores:
        """Return the best k entries, best first."""
        return self.find(query)[0]

    def find(self, query: ExactQuery) -> tuple[Scores, SearchMethod]:
        """Return the best k entries, best first, and how they were found."""
        with self._lock.reading():
            scores = self._search_graph(query)
            method: SearchMethod = "exact" if scores is None else "graph"
            if scores is None:
                scores = self._table.score(query)
        return scores.best(query.k), method

    def size(self) -> IndexSize:
        """Tell how large it is; may be a write behind."""
        return IndexSize(
            entries=len(self._table),
            graph_entries=self._graph_entries,
            memory_bytes=self._table.memory_bytes + self._graph_bytes,
            is_graph_complete=self._is_graph_complete,
        )

    def _search_graph(self, query: ExactQuery) -> Scores | None:
        """Return scores of at least k candidates, or None where comparing all is the better way.

        The graph orders by appearance alone. So more candidates are taken while one that was not
        seen, no nearer than the farthest candidate and as good in colour as the best one, would
        still be among the best k.
        """
        count = len(self._table)
        settings = self._settings
        if not self._is_graph_complete or count <= settings.exact_limit:
            return None
        if query.color_weight > 0.5:
            return None
        candidates = max(query.k * settings.overfetch, settings.min_candidates)
        while 2 * candidates < count:
            with self._walking:
                found = self._graph.search(query.embedding, candidates, threads=1)
            # The graph answers with keys alone; a key it should have forgotten has no row.
            scores = self._table.score(query, self._table.rows_of(found.keys))
            if len(scores.keys) >= query.k and (
                candidates >= settings.max_candidates or scores.is_settled(query.k)
            ):
                return scores
            candidates *= 4
        return None

    def _remove(self, keys: Sequence[int]) -> None:
        self._forget(np.array(keys, dtype=np.uint64))
        for key in keys:
            self._table.remove(key)

    def _put(self, entries: Sequence[IndexEntry]) -> None:
        keys = np.array([entry.key for entry in entries], dtype=np.uint64)
        self._forget(keys)
        if self._is_graph_complete:
            self._connect(keys, np.stack([entry.embedding for entry in entries]))
        for entry in entries:
            self._table.put(entry)

    def _extend_graph(self, count: int) -> None:
        """Add some of the entries that the graph lacks.

        It is begun at half the size that needs it and grows with each write, so that no one write
        waits for the whole of it. Searches don't see it until it is complete, and only the one
        writer changes table and graph, so no lock is needed.
        """
        keys = self._table.keys().astype(np.uint64)
        missing = np.flatnonzero(~self._graph.contains(keys))
        added = missing[:count]
        if len(added):
            self._connect(keys[added], self._table.vectors(added))
        if len(added) == len(missing):
            with self._lock.writing():
                self._is_graph_complete = True

    def _connect(self, keys: NDArray[np.uint64], vectors: NDArray[np.float32]) -> None:
        self._graph.add(keys, vectors, threads=self._settings.build_threads)
        self._measure_graph()

    def _forget(self, keys: NDArray[np.uint64]) -> None:
        if len(self._graph):
            known = keys[self._graph.contains(keys)]
            if len(known):
                self._graph.remove(known)
                self._measure_graph()

    def _measure_graph(self) -> None:
        self._graph_entries = len(self._graph)
        self._graph_bytes = int(self._graph.memory_usage)
