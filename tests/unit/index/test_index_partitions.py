"""The partitions and the sizes of vectors are those that an index was made with."""

import numpy as np
import pytest

from index_builders import FIRST, embedding, index_change, new_sharded_index
from ootd_index.sharded_index import ShardedIndex
from ootd_index.vector_index import IndexChange, IndexEntry, Query, VectorSizes

UNKNOWN = 99


def test_partitions_that_are_not_there() -> None:
    index = new_sharded_index()
    with pytest.raises(ValueError, match="no partition 99"):
        index.search(Query(UNKNOWN, embedding(1), 5))
    with pytest.raises(ValueError, match="no partition 99"):
        index.count(UNKNOWN)


def test_an_entry_of_no_partition_is_not_there_and_stops_no_other() -> None:
    index = new_sharded_index()
    index.apply([index_change(1, 1, seed=1)])
    index.apply([index_change(2, 1, seed=1, partition=UNKNOWN), index_change(3, 2, seed=2)])
    assert index.count() == 1
    assert [one.key for one in index.search(Query(FIRST, embedding(1), 5))] == [2]
    assert index.applied_sequence_number == 3


def test_vectors_have_the_sizes_of_the_index() -> None:
    index = ShardedIndex([FIRST], VectorSizes(embedding=3, color_histogram=2))
    red, blue = np.array([1, 0], np.float32), np.array([0, 1], np.float32)
    look = np.array([0, 3, 4], np.float32)
    index.apply(
        [
            IndexChange(1, 1, IndexEntry(1, FIRST, look, red)),
            IndexChange(2, 2, IndexEntry(2, FIRST, look, blue)),
        ]
    )
    found = index.search(Query(FIRST, look, 2, blue, color_weight=0.5))
    assert [(one.key, one.parts.score) for one in found] == [(2, 1.0), (1, 0.5)]
    with pytest.raises(ValueError, match="3 values"):
        index.search(Query(FIRST, embedding(1), 2))
