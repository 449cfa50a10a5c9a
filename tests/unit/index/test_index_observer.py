"""What an index tells whoever watches it."""

import numpy as np
import pytest

from index_builders import FIRST, PARTITIONS, SECOND, SIZES, embedding, histogram, index_change
from ootd_index.index_settings import IndexSettings, ShardSettings
from ootd_index.observer import SearchMethod
from ootd_index.sharded_index import ShardedIndex
from ootd_index.vector_index import IndexChange, IndexEntry, Query

GRAPH = ShardSettings(exact_limit=100, min_candidates=32, build_threads=1)


class Listener:
    def __init__(self) -> None:
        self.searches: list[tuple[int, SearchMethod]] = []
        self.refusals: list[tuple[int, str]] = []

    def searched(self, partition: int, method: SearchMethod, seconds: float) -> None:
        assert 0.0 < seconds < 60.0
        self.searches.append((partition, method))

    def refused(self, key: int, why: str) -> None:
        self.refusals.append((key, why))


@pytest.mark.parametrize("shards", [1, 3])
def test_each_search_is_told_with_its_method(shards: int) -> None:
    listener = Listener()
    index = ShardedIndex(PARTITIONS, SIZES, IndexSettings(shards, GRAPH), listener)
    index.apply([index_change(n, n, seed=n) for n in range(1, 1001)])
    index.search(Query(FIRST, embedding(1), 5))
    index.search(Query(SECOND, embedding(1), 5))
    assert listener.searches == [(FIRST, "graph"), (SECOND, "exact")]
    index.close()


def test_entries_that_are_left_out_are_told_and_queries_are_not() -> None:
    listener = Listener()
    index = ShardedIndex(PARTITIONS, SIZES, observer=listener)
    nothing = np.full(SIZES.embedding, np.nan, dtype=np.float32)
    short = np.ones(3, dtype=np.float32)
    index.apply(
        [
            IndexChange(1, 10, IndexEntry(10, FIRST, nothing, None)),
            IndexChange(2, 20, IndexEntry(20, FIRST, embedding(2), short)),
            IndexChange(3, 30, IndexEntry(30, 99, embedding(3), histogram(3))),
            index_change(4, 40, seed=4),
        ]
    )
    assert listener.refusals == [
        (10, "an embedding's values must be finite and not all 0"),
        (20, "a colour histogram has 56 finite values"),
        (30, "there is no partition 99"),
    ]
    assert index.count() == 1
    with pytest.raises(ValueError, match="finite"):
        index.search(Query(FIRST, nothing, 5))
    assert len(listener.refusals) == 3
    assert listener.searches == []


@pytest.mark.parametrize("shards", [1, 3])
def test_sizes_are_of_whole_partitions(shards: int) -> None:
    index = ShardedIndex(PARTITIONS, SIZES, IndexSettings(shards, GRAPH))
    index.apply([index_change(n, n, seed=n) for n in range(1, 1001)])
    sizes = index.sizes()
    assert sizes.keys() == set(PARTITIONS)
    assert (sizes[FIRST].entries, sizes[FIRST].graph_entries) == (1000, 1000)
    assert sizes[FIRST].is_graph_complete
    assert (sizes[SECOND].entries, sizes[SECOND].graph_entries) == (0, 0)
    assert sizes[FIRST].memory_bytes > sizes[SECOND].memory_bytes
    index.close()
