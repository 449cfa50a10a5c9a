"""What is particular to the shards: when the graph answers, how good it is, who waits for whom."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from index_builders import (
    FIRST,
    embedding,
    histogram,
    index_change,
    new_shard,
    new_sharded_index,
)
from ootd_index.index_settings import IndexSettings, ShardSettings
from ootd_index.scores import ExactQuery, Scores
from ootd_index.shard import Shard
from ootd_index.vector_index import IndexEntry, Query


def clustered(count: int, clusters: int = 40) -> NDArray[np.float32]:
    rng = np.random.default_rng(5)
    centres = rng.normal(size=(clusters, 128))
    vectors = centres[rng.integers(0, clusters, count)] + 0.6 * rng.normal(size=(count, 128))
    unit: NDArray[np.float64] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit.astype(np.float32)


def entries(vectors: NDArray[np.float32], *, with_color: bool = False) -> list[IndexEntry]:
    return [
        IndexEntry(n + 1, FIRST, vector, histogram(n) if with_color else None)
        for n, vector in enumerate(vectors)
    ]


def exact_query(
    vector: NDArray[np.float32], k: int = 10, weight: float = 0.0, seed: int = 0
) -> ExactQuery:
    return ExactQuery(vector, k, histogram(seed) if weight else None, weight, None)


def watch_scans(shard: Shard, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count which searches compared all entries, and which some."""
    seen: Counter[str] = Counter()
    score = shard._table.score

    def counted(query: ExactQuery, rows: NDArray[np.intp] | None = None) -> Scores:
        seen["all" if rows is None else "some"] += 1
        return score(query, rows)

    monkeypatch.setattr(shard._table, "score", counted)
    return seen


def test_small_shards_compare_all_and_large_ones_ask_the_graph(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shard = new_shard(ShardSettings(exact_limit=600, build_threads=1))
    vectors = clustered(1000)
    seen = watch_scans(shard, monkeypatch)
    shard.apply([], entries(vectors)[:600])
    shard.search(exact_query(vectors[0]))
    assert seen == {"all": 1}
    shard.apply([], entries(vectors)[600:])
    shard.search(exact_query(vectors[0]))
    assert seen == {"all": 1, "some": 1}
    shard.search(exact_query(vectors[0], k=900))
    assert seen == {"all": 2, "some": 1}
    shard.apply(range(1, 500), [])
    shard.search(exact_query(vectors[600]))
    assert seen == {"all": 3, "some": 1}


def test_the_graph_finds_nearly_all_of_the_best() -> None:
    vectors = clustered(4000)
    exact = new_shard(ShardSettings(exact_limit=10_000))
    graph = new_shard(ShardSettings(exact_limit=500, build_threads=1))
    for shard in (exact, graph):
        shard.apply([], entries(vectors, with_color=True))
    for weight in (0.0, 0.25):
        same = 0
        for n in range(0, 4000, 80):
            query = exact_query(vectors[n], weight=weight, seed=n)
            wanted, found = exact.search(query), graph.search(query)
            assert len(found.keys) == 10
            same += int((found.total() >= wanted.total().min() - 2e-6).sum())
        assert same / 500 >= 0.98


def test_the_graph_grows_a_piece_with_each_write() -> None:
    shard = new_shard(ShardSettings(exact_limit=2000, build_threads=1))
    all_entries = entries(clustered(2200))
    shard.apply([], all_entries[:1000])
    sizes = [len(shard._graph)]
    for start in range(1000, 2200, 100):
        shard.apply([], all_entries[start : start + 100])
        sizes.append(len(shard._graph))
    assert sizes[0] == 0
    assert np.diff(sizes).max() <= 400
    assert sizes[-1] == 2200
    assert shard._is_graph_complete


def test_entries_that_change_before_the_graph_is_complete() -> None:
    shard = new_shard(ShardSettings(exact_limit=1000, build_threads=1))
    vectors = clustered(1300)
    shard.apply([], entries(vectors)[:500])
    shard.apply([], entries(vectors)[500:520])
    assert 0 < len(shard._graph) < 520
    shard.apply(range(1, 100), [IndexEntry(200, FIRST, embedding(200), None)])
    shard.apply([], entries(vectors)[600:])
    assert shard._is_graph_complete
    assert len(shard._graph) == len(shard) == 520 - 99 + 700
    best = shard.search(exact_query(embedding(200), k=1))
    assert (best.keys[0], best.appearance[0]) == (200, pytest.approx(1.0, abs=1e-5))
    assert 50 not in shard.search(exact_query(vectors[49], k=500)).keys


def test_a_write_that_broke_off_can_be_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """The graph took the vectors, the table did not: the same write again makes it whole."""
    shard = new_shard(ShardSettings(exact_limit=100, build_threads=1))
    vectors = clustered(200)
    shard.apply([], entries(vectors)[:190])
    put = shard._table.put

    def broken(entry: IndexEntry) -> None:
        raise MemoryError

    monkeypatch.setattr(shard._table, "put", broken)
    with pytest.raises(MemoryError):
        shard.apply([], entries(vectors)[190:])
    monkeypatch.setattr(shard._table, "put", put)
    shard.apply([], entries(vectors)[190:])
    assert len(shard._graph) == len(shard) == 200
    assert shard.search(exact_query(vectors[195], k=1)).keys.tolist() == [196]


def test_colour_takes_more_candidates_where_it_could_matter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shard = new_shard(ShardSettings(exact_limit=100, min_candidates=16, build_threads=1))
    same_look = np.tile(embedding(1), (2000, 1))
    shard.apply([], entries(same_look, with_color=True))
    seen = watch_scans(shard, monkeypatch)
    shard.search(exact_query(embedding(1), k=4))
    assert seen == {"some": 1}
    shard.search(exact_query(embedding(1), k=4, weight=0.15, seed=1234))
    assert seen["some"] > 2
    assert shard.search(exact_query(embedding(1), k=1, weight=0.6, seed=77)).keys.tolist() == [78]


def test_keys_spread_evenly_over_shards() -> None:
    index = new_sharded_index(IndexSettings(shards_per_partition=4))
    index.apply([index_change(n, n, seed=n % 50) for n in range(1, 2001)])
    sizes = [len(shard) for shard in index._shards[FIRST]]
    assert sum(sizes) == 2000
    assert min(sizes) > 400
    assert len(index.search(Query(FIRST, embedding(1), 1000))) == 1000


class Meeting:
    """Lets nobody go on before `count` threads have met here; who waits in vain fails."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *shards: Shard) -> None:
        self._barrier = threading.Barrier(2, timeout=10)
        for shard in shards:
            monkeypatch.setattr(shard._table, "score", self._meeting(shard._table.score))

    def _meeting(self, score: Callable[..., Scores]) -> Callable[..., Scores]:
        def meet_and_score(*arguments: Any) -> Scores:
            self._barrier.wait()
            return score(*arguments)

        return meet_and_score


def test_searches_of_a_partition_run_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    shard = new_shard(ShardSettings())
    shard.apply([], entries(clustered(50)))
    Meeting(monkeypatch, shard)
    with ThreadPoolExecutor(2) as pool:
        found = [pool.submit(shard.search, exact_query(embedding(1))) for _ in range(2)]
        first, second = (one.result(timeout=20).keys.tolist() for one in found)
    assert first == second
    assert len(first) == 10


def test_shards_of_a_partition_are_searched_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    index = new_sharded_index(IndexSettings(shards_per_partition=2))
    index.apply([index_change(n, n, seed=n) for n in range(1, 101)])
    Meeting(monkeypatch, *index._shards[FIRST])
    assert index.search(Query(FIRST, embedding(7), 5))[0].key == 7
    index.close()


def test_searches_that_walk_the_graph_side_by_side_find_the_same() -> None:
    vectors = clustered(3000)
    shard = new_shard(ShardSettings(exact_limit=500, build_threads=1))
    shard.apply([], entries(vectors))
    numbers = range(0, 3000, 60)
    expected = [shard.search(exact_query(vectors[n], k=20)).keys.tolist() for n in numbers]

    def search(_: int) -> list[list[int]]:
        return [shard.search(exact_query(vectors[n], k=20)).keys.tolist() for n in numbers]

    with ThreadPoolExecutor(4) as pool:
        assert all(found == expected for found in pool.map(search, range(8)))


def test_sizes_tell_of_the_graph_as_it_grows() -> None:
    shard = new_shard(ShardSettings(exact_limit=1000, build_threads=1))
    vectors = clustered(1200)
    shard.apply([], entries(vectors)[:100])
    small = shard.size()
    assert (small.entries, small.graph_entries, small.is_graph_complete) == (100, 0, False)
    shard.apply([], entries(vectors)[100:])
    large = shard.size()
    assert (large.entries, large.graph_entries, large.is_graph_complete) == (1200, 1200, True)
    assert large.memory_bytes > small.memory_bytes > 100 * 128 * 4
