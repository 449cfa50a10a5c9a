"""The exact vectors and histograms of a shard, in growing arrays, and scores computed from them."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ootd_index.scores import ExactQuery, Scores
from ootd_index.vector_index import IndexEntry, VectorSizes

_Scalar = TypeVar("_Scalar", bound=np.generic)

_FIRST_CAPACITY = 256
_COSINE_DECIMALS = 6
_BAR_SLACK = np.float32(1e-5)
"""More than float32 sums and the rounding are off."""


class VectorTable:
    """Rows of keys, vectors and histograms (zeros where there is none), float32 of the given sizes.

    Rows are dense: the last row moves into a removed one's place. Safe for concurrent reads, not
    beside a write.
    """

    def __init__(self, sizes: VectorSizes) -> None:
        self._rows: dict[int, int] = {}
        self._keys = np.empty(_FIRST_CAPACITY, dtype=np.int64)
        self._vectors = np.empty((_FIRST_CAPACITY, sizes.embedding), dtype=np.float32)
        self._histograms = np.empty((_FIRST_CAPACITY, sizes.color_histogram), dtype=np.float32)
        self._has_histogram = np.empty(_FIRST_CAPACITY, dtype=np.bool_)

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, key: int) -> bool:
        return key in self._rows

    @property
    def memory_bytes(self) -> int:
        """Bytes of the arrays, room for further rows included."""
        arrays = (self._keys, self._vectors, self._histograms, self._has_histogram)
        return sum(array.nbytes for array in arrays)

    def put(self, entry: IndexEntry) -> None:
        """Add a row, or replace the key's."""
        row = self._rows.get(entry.key)
        if row is None:
            row = len(self._rows)
            if row == len(self._keys):
                self._grow()
            self._rows[entry.key] = row
            self._keys[row] = entry.key
        self._vectors[row] = entry.embedding
        self._has_histogram[row] = entry.color_histogram is not None
        self._histograms[row] = 0.0 if entry.color_histogram is None else entry.color_histogram

    def remove(self, key: int) -> None:
        """Drop the key's row."""
        row = self._rows.pop(key)
        last = len(self._rows)
        if row != last:
            moved = int(self._keys[last])
            self._rows[moved] = row
            for array in (self._keys, self._vectors, self._histograms, self._has_histogram):
                array[row] = array[last]

    def keys(self) -> NDArray[np.int64]:
        """Return a copy of all keys, in the order of their rows."""
        return self._keys[: len(self._rows)].copy()

    def vectors(self, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """Return a copy of some rows' vectors."""
        return self._vectors[rows]

    def rows_of(self, keys: NDArray[np.uint64]) -> NDArray[np.intp]:
        """Return the rows of those keys that are there, each once."""
        found = {self._rows.get(key, -1) for key in keys.tolist()}
        found.discard(-1)
        return np.fromiter(found, dtype=np.intp, count=len(found))

    def score(self, query: ExactQuery, rows: NDArray[np.intp] | None = None) -> Scores:
        """Score some rows exactly, or, of all, those that can be among the best k.

        The excluded key is left out.
        """
        where: slice | NDArray[np.intp] = slice(len(self._rows)) if rows is None else rows
        appearance = (self._vectors[where] @ query.embedding).clip(-1.0, 1.0)
        excluded = self._rows.get(query.exclude_key) if query.exclude_key is not None else None
        if rows is None:
            rows = self._contenders(query, appearance)
            appearance = appearance[rows]
        if excluded is not None:
            kept = rows != excluded
            rows, appearance = rows[kept], appearance[kept]
        color = np.zeros(len(rows))
        weight = np.zeros(len(rows))
        if query.color_histogram is not None:
            shared = np.minimum(self._histograms[rows], query.color_histogram).sum(axis=1)
            color = shared.astype(np.float64).round(_COSINE_DECIMALS).clip(0.0, 1.0)
            weight = np.where(self._has_histogram[rows], query.color_weight, 0.0)
        # Rounded to what float32 sums hold, so that equal vectors get equal scores in any order.
        exact = appearance.astype(np.float64).round(_COSINE_DECIMALS)
        return Scores(self._keys[rows], exact, color, weight)

    def _contenders(self, query: ExactQuery, appearance: NDArray[np.float32]) -> NDArray[np.intp]:
        """Return the rows that can be among the best k: colour adds 0 to its weight to a score.

        Those are mostly few, and colour need only be compared for them.
        """
        wanted = query.k + 1  # one of them may be the excluded key
        if len(appearance) <= 2 * wanted:
            return np.arange(len(appearance))
        weight = np.float32(0.0 if query.color_histogram is None else query.color_weight)
        weights = np.where(self._has_histogram[: len(appearance)], weight, np.float32(0.0))
        least = (1.0 - weights) * appearance
        bar = np.partition(least, len(least) - wanted)[len(least) - wanted]
        return np.flatnonzero(least + weights >= bar - _BAR_SLACK)

    def _grow(self) -> None:
        capacity = 2 * len(self._keys)
        self._keys = _enlarged(self._keys, capacity)
        self._vectors = _enlarged(self._vectors, capacity)
        self._histograms = _enlarged(self._histograms, capacity)
        self._has_histogram = _enlarged(self._has_histogram, capacity)


def _enlarged(array: NDArray[_Scalar], capacity: int) -> NDArray[_Scalar]:
    larger: NDArray[_Scalar] = np.empty((capacity, *array.shape[1:]), dtype=array.dtype)
    larger[: len(array)] = array
    return larger
