"""How an index is built and searched."""

from dataclasses import dataclass, field
from typing import Literal

GraphPrecision = Literal["f16", "f32"]


@dataclass(frozen=True, slots=True)
class ShardSettings:
    """How a shard is searched.

    `exact_limit`: up to so many entries all are compared. Beyond, a graph (HNSW, Malkov and
    Yashunin 2018) of `connectivity` links a node (M), built with a list of `expansion_add`
    candidates and searched with one of `expansion_search` (ef), gives `overfetch` times as many
    candidates as asked for, at least `min_candidates`; they are ranked again by their exact
    scores, and more are taken for the sake of colour, up to `max_candidates`. `precision` is that
    of the vectors inside the graph. `build_threads` build at a time, 0 is one for each core.
    """

    exact_limit: int = 10_000
    connectivity: int = 16
    expansion_add: int = 128
    expansion_search: int = 128
    overfetch: int = 4
    min_candidates: int = 128
    max_candidates: int = 2048
    precision: GraphPrecision = "f16"
    build_threads: int = 0


@dataclass(frozen=True, slots=True)
class IndexSettings:
    """`shards_per_partition`: shards of each partition (at least 1), searched side by side."""

    shards_per_partition: int = 1
    shard: ShardSettings = field(default_factory=ShardSettings)


DEFAULT_SETTINGS = IndexSettings()
