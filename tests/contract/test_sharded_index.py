"""The sharded index keeps the contract: exact, through graphs, and in several shards."""

from collections.abc import Iterator

import pytest
from vector_index_contract import VectorIndexContract

from ootd_gateway.index.base import VectorIndex
from ootd_gateway.index.shard import ShardSettings
from ootd_gateway.index.sharded import IndexSettings, ShardedIndex

# With a limit this low nearly every search goes through a graph, and small tests try it hard.
_GRAPH = ShardSettings(exact_limit=20, min_candidates=32, build_threads=1)


class TestShardedIndex(VectorIndexContract):
    @pytest.fixture(
        params=[
            IndexSettings(),
            IndexSettings(shards_per_category=3),
            IndexSettings(shard=_GRAPH),
            IndexSettings(shards_per_category=3, shard=_GRAPH),
            IndexSettings(
                shard=ShardSettings(
                    exact_limit=20, min_candidates=32, precision="f32", build_threads=1
                )
            ),
        ],
        ids=["exact", "exact-3-shards", "graph", "graph-3-shards", "graph-f32"],
    )
    def index(self, request: pytest.FixtureRequest) -> Iterator[VectorIndex]:
        opened = ShardedIndex(request.param)
        yield opened
        opened.close()
