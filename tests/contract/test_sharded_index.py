"""The sharded index keeps the contract: exact, through graphs, and in several shards."""

from collections.abc import Iterator

import pytest
from vector_index_contract import VectorIndexContract

from index_builders import new_sharded_index
from ootd_index.index_settings import IndexSettings, ShardSettings
from ootd_index.vector_index import VectorIndex

# With a limit this low nearly every search goes through a graph, and small tests try it hard.
_GRAPH = ShardSettings(exact_limit=20, min_candidates=32, build_threads=1)


class TestShardedIndex(VectorIndexContract):
    @pytest.fixture(
        params=[
            IndexSettings(),
            IndexSettings(shards_per_partition=3),
            IndexSettings(shard=_GRAPH),
            IndexSettings(shards_per_partition=3, shard=_GRAPH),
            IndexSettings(
                shard=ShardSettings(
                    exact_limit=20, min_candidates=32, precision="f32", build_threads=1
                )
            ),
        ],
        ids=["exact", "exact-3-shards", "graph", "graph-3-shards", "graph-f32"],
    )
    def index(self, request: pytest.FixtureRequest) -> Iterator[VectorIndex]:
        opened = new_sharded_index(request.param)
        yield opened
        opened.close()
