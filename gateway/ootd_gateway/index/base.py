"""The contract of the vector index: a cache of the store that answers "what looks like this"."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ootd_gateway.types import FloatVector, ScoreParts, SuperCategory


@dataclass(frozen=True, slots=True, eq=False)
class IndexEntry:
    """What the index holds of an item.

    `embedding` is float32[128], L2-normalised; `color_histogram` is float32[56] or None.
    """

    key: int
    super_category: SuperCategory
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
    """What to look for: one vector of one super-category, and how many of its neighbours.

    The first `offset` of those k are passed over. `color_weight` is the weight of the colour part,
    0 to 1; it counts as 0 for entries without a histogram, and for all where the query has none.
    `exclude_key` never comes back.
    """

    super_category: SuperCategory
    embedding: FloatVector
    k: int
    color_histogram: FloatVector | None = None
    color_weight: float = 0.0
    exclude_key: int | None = None
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Neighbor:
    """An entry that looks like the query."""

    key: int
    parts: ScoreParts


class VectorIndex(Protocol):
    """One index per super-category, in shards. Methods block; call them from a worker thread.

    Safe for concurrent searches beside one writer.
    """

    @property
    def applied_sequence_number(self) -> int:
        """The newest change that searches see."""
        ...

    def apply(self, changes: Sequence[IndexChange]) -> None:
        """Make changes visible to searches, in their order.

        Changes that were applied before (by their sequence number) are passed over. A key that
        changes its super-category leaves its old index.
        """
        ...

    def search(self, query: Query) -> Sequence[Neighbor]:
        """Return the best k entries but the first `offset`, best first, equal scores by key.

        Fewer than k - offset come back only where there are fewer. A removed or replaced entry
        never does.
        """
        ...

    def count(self, super_category: SuperCategory | None = None) -> int:
        """Return how many entries there are, of one super-category or of all."""
        ...

    def close(self) -> None:
        """Give back memory and files; no call may follow."""
        ...
