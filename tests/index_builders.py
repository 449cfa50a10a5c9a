"""Vectors and changes, for tests of the index and of what searches with it."""

import functools

import numpy as np
from numpy.typing import NDArray

from ootd_index.index_settings import DEFAULT_SETTINGS, IndexSettings, ShardSettings
from ootd_index.shard import Shard
from ootd_index.sharded_index import ShardedIndex
from ootd_index.vector_index import FloatVector, IndexChange, IndexEntry, VectorSizes

SIZES = VectorSizes(embedding=128, color_histogram=56)
FIRST, SECOND, THIRD = PARTITIONS = 0, 1, 5


@functools.cache
def embedding(seed: int) -> FloatVector:
    """A unit vector, the same for the same seed."""
    vector = np.random.default_rng(seed).normal(size=SIZES.embedding)
    return _frozen(vector / np.linalg.norm(vector))


@functools.cache
def histogram(seed: int) -> FloatVector:
    """A colour histogram, the same for the same seed."""
    return _frozen(np.random.default_rng(seed).dirichlet(np.full(SIZES.color_histogram, 0.3)))


def _frozen(values: NDArray[np.float64]) -> FloatVector:
    frozen = values.astype(np.float32)
    frozen.flags.writeable = False
    return frozen


def index_change(number: int, key: int, seed: int | None, partition: int = FIRST) -> IndexChange:
    """A new entry, or, without a seed, a removal."""
    if seed is None:
        return IndexChange(number, key, None)
    entry = IndexEntry(key, partition, embedding(seed), histogram(seed))
    return IndexChange(number, key, entry)


def new_shard(settings: ShardSettings = DEFAULT_SETTINGS.shard) -> Shard:
    """An empty shard."""
    return Shard(SIZES, settings)


def new_sharded_index(settings: IndexSettings = DEFAULT_SETTINGS) -> ShardedIndex:
    """An empty index of three partitions that nobody watches."""
    return ShardedIndex(PARTITIONS, SIZES, settings)
