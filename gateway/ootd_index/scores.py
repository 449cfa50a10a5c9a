"""A query made ready for comparing, and the scores that come of it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ootd_index.vector_index import FloatVector, Neighbor, ScoreParts


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
