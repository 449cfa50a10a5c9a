"""The contract of a vector index: what it holds, what it is asked, what it answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatVector: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class VectorSizes:
    """How many values an embedding has, and how many bins a colour histogram; at least 1 each."""

    embedding: int
    color_histogram: int


@dataclass(frozen=True, slots=True, eq=False)
class IndexEntry:
    """One thing that can be found.

    `key` is its number: positive, fits 63 bits. It is found by queries of its `partition` alone.
    `embedding` is float32[VectorSizes.embedding] of any length but 0; `color_histogram` is
    float32[VectorSizes.color_histogram] that sums to 1, or None.
    """

    key: int
    partition: int
    embedding: FloatVector
    color_histogram: FloatVector | None


@dataclass(frozen=True, slots=True, eq=False)
class IndexChange:
    """One change: a new or replaced entry, or, where `entry` is None, a removal."""

    sequence_number: int
    key: int
    entry: IndexEntry | None


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """What to look for: one vector in one partition, and how many of its neighbours.

    The first `offset` of those k are passed over. `color_weight` is the weight of the colour part,
    0 to 1; it counts as 0 for entries without a histogram, and for all where the query has none.
    `exclude_key` never comes back.
    """

    partition: int
    embedding: FloatVector
    k: int
    color_histogram: FloatVector | None = None
    color_weight: float = 0.0
    exclude_key: int | None = None
    offset: int = 0


@dataclass(frozen=True, slots=True)
class ScoreParts:
    """score = (1 - color_weight) * appearance + color_weight * color (11st section 3.5).

    `appearance` is the cosine (-1 to 1); `color` is the histogram intersection (0 to 1), 0 with
    weight 0 where query or entry has no histogram.
    """

    appearance: float
    color: float
    color_weight: float

    @property
    def score(self) -> float:
        """The weighted sum, -1 to 1."""
        return (1.0 - self.color_weight) * self.appearance + self.color_weight * self.color


@dataclass(frozen=True, slots=True)
class Neighbor:
    """An entry that looks like the query."""

    key: int
    parts: ScoreParts


class VectorIndex(Protocol):
    """Entries in partitions that are searched apart. Methods block; call them from a worker thread.

    Safe for concurrent searches beside one writer.
    """

    @property
    def applied_sequence_number(self) -> int:
        """The newest change that searches see."""
        ...

    def apply(self, changes: Sequence[IndexChange]) -> None:
        """Make changes visible to searches, in their order.

        Changes that were applied before (by their sequence number) are passed over. A key that
        changes its partition leaves its old one. An entry whose vectors are none (of another shape,
        not finite, all 0) is not there afterwards.
        """
        ...

    def search(self, query: Query) -> Sequence[Neighbor]:
        """Return the best k entries but the first `offset`, best first, equal scores by key.

        Fewer than k - offset come back only where there are fewer. A removed or replaced entry
        never does. Raises ValueError where the query's vectors are none, or a number is out of its
        range.
        """
        ...

    def count(self, partition: int | None = None) -> int:
        """Return how many entries there are, of one partition or of all."""
        ...

    def close(self) -> None:
        """Give back memory and files; no call may follow."""
        ...
