"""The exact vectors and histograms of a shard, in growing arrays, and scores computed from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ootd_gateway.index.base import IndexEntry, Neighbor
from ootd_gateway.types import EMBEDDING_SIZE, HISTOGRAM_BINS, FloatVector, ScoreParts

_Scalar = TypeVar("_Scalar", bound=np.generic)

_FIRST_CAPACITY = 256
_COSINE_DECIMALS = 6
_BAR_SLACK = np.float32(1e-5)
"""More than float32 sums and the rounding are off."""


@dataclass(frozen=True, slots=True, eq=False)
class ExactQuery:
    """A query made ready: `embedding` L2-normalised; `color_weight` 0 where it has no histogram."""

    embedding: FloatVector
    k: int
    color_histogram: FloatVector | None
    color_weight: float
    exclude_key: int | None


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Keys with the parts of their scores, best first, equal scores by key."""

    keys: NDArray[np.int64]
    appearance: NDArray[np.float64]
    color: NDArray[np.float64]
    weight: NDArray[np.float64]

    def total(self) -> NDArray[np.float64]:
        """Return the scores, as `ScoreParts.score` computes them."""
        return (1.0 - self.weight) * self.appearance + self.weight * self.color

    def is_settled(self, k: int) -> bool:
        """Tell whether the k-th best beats any entry farther than all of these, whose colour is at
        most as good as the best of these.
        """
        if not self.weight.any():
            return True
        weight = float(self.weight.max())
        beyond = (1.0 - weight) * self.appearance.min() + weight * self.color.max()
        total = self.total()
        return bool(np.partition(total, len(total) - k)[len(total) - k] >= beyond)

    def best(self, k: int) -> "Scores":
        """Return the best k, in order."""
        total = self.total()
        if len(total) > 4 * k:
            # All that tie with the k-th stay in, so that the order by key decides among them.
            kth = np.partition(total, len(total) - k)[len(total) - k]
            return self._take(np.flatnonzero(total >= kth)).best_sorted(k)
        return self.best_sorted(k)

    def best_sorted(self, k: int) -> "Scores":
        """Return the best k by sorting all."""
        return self._take(np.lexsort((self.keys, -self.total()))[:k])

    def after(self, offset: int) -> "Scores":
        """Return all but the first `offset`."""
        return self._take(np.arange(min(offset, len(self.keys)), len(self.keys)))

    def neighbors(self) -> list[Neighbor]:
        """Return them as the contract wants."""
        parts = zip(
            self.keys.tolist(),
            self.appearance.tolist(),
            self.color.tolist(),
            self.weight.tolist(),
            strict=True,
        )
        return [Neighbor(key, ScoreParts(cosine, color, w)) for key, cosine, color, w in parts]

    def _take(self, places: NDArray[np.intp]) -> "Scores":
        return Scores(
            self.keys[places], self.appearance[places], self.color[places], self.weight[places]
        )

    @staticmethod
    def merged(several: Sequence["Scores"]) -> "Scores":
        """Return the scores of several shards as one."""
        return Scores(
            np.concatenate([one.keys for one in several]),
            np.concatenate([one.appearance for one in several]),
            np.concatenate([one.color for one in several]),
            np.concatenate([one.weight for one in several]),
        )


class VectorTable:
    """Rows of keys, vectors (float32[128]) and histograms (float32[56], zeros where there is none).

    Rows are dense: the last row moves into a removed one's place. Safe for concurrent reads, not
    beside a write.
    """

    def __init__(self) -> None:
        self._rows: dict[int, int] = {}
        self._keys = np.empty(_FIRST_CAPACITY, dtype=np.int64)
        self._vectors = np.empty((_FIRST_CAPACITY, EMBEDDING_SIZE), dtype=np.float32)
        self._histograms = np.empty((_FIRST_CAPACITY, HISTOGRAM_BINS), dtype=np.float32)
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
