"""Checks and normalises what callers bring: entries and queries."""

import numpy as np

from ootd_index.scores import ExactQuery
from ootd_index.vector_index import FloatVector, IndexEntry, Query, VectorSizes


class CheckedVectors:
    """Makes entries and queries ready for shards whose vectors have the given sizes."""

    def __init__(self, sizes: VectorSizes) -> None:
        self._sizes = sizes

    def entry(self, entry: IndexEntry) -> IndexEntry:
        """Return the entry with its embedding L2-normalised.

        Raises ValueError where a vector is of another shape or not finite, or the embedding all 0.
        """
        histogram = entry.color_histogram
        return IndexEntry(
            key=entry.key,
            partition=entry.partition,
            embedding=self._normalised(entry.embedding),
            color_histogram=None if histogram is None else self._histogram(histogram),
        )

    def query(self, query: Query) -> ExactQuery:
        """Return the query made ready.

        Raises ValueError as `entry` does, and where `k` or `color_weight` is out of its range.
        """
        if query.k < 1:
            raise ValueError(f"k must be at least 1, is {query.k}")
        if not 0.0 <= query.color_weight <= 1.0:
            raise ValueError(f"the colour weight must be 0 to 1, is {query.color_weight}")
        histogram = query.color_histogram if query.color_weight > 0.0 else None
        return ExactQuery(
            embedding=self._normalised(query.embedding),
            k=query.k,
            color_histogram=None if histogram is None else self._histogram(histogram),
            color_weight=0.0 if histogram is None else query.color_weight,
            exclude_key=query.exclude_key,
        )

    def _normalised(self, vector: FloatVector) -> FloatVector:
        size = self._sizes.embedding
        vector = np.asarray(vector, dtype=np.float32)
        if vector.shape != (size,):
            raise ValueError(f"an embedding has {size} values, not shape {vector.shape}")
        length = float(np.linalg.norm(vector.astype(np.float64)))
        if not np.isfinite(length) or length == 0.0:
            raise ValueError("an embedding's values must be finite and not all 0")
        return (vector / length).astype(np.float32)

    def _histogram(self, histogram: FloatVector) -> FloatVector:
        bins = self._sizes.color_histogram
        histogram = np.asarray(histogram, dtype=np.float32)
        if histogram.shape != (bins,) or not np.isfinite(histogram).all():
            raise ValueError(f"a colour histogram has {bins} finite values")
        return histogram
