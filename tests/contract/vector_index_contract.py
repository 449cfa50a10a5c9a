"""What every `VectorIndex` must do; an index's tests subclass this with an `index` fixture."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from index_builders import FIRST, SECOND, THIRD, embedding, histogram, index_change
from ootd_index.vector_index import IndexChange, IndexEntry, Neighbor, Query, VectorIndex


def query(seed: int = 0, k: int = 10, **changes: Any) -> Query:
    values: dict[str, Any] = {"partition": FIRST, "embedding": embedding(seed), "k": k}
    return Query(**(values | changes))


def keys(found: Sequence[Neighbor]) -> list[int]:
    return [one.key for one in found]


def near(seed: int, amount: float, count: int) -> NDArray[np.float32]:
    """Vectors around one, nearest first."""
    rng = np.random.default_rng(seed + 10_000)
    offsets = rng.normal(size=(count, 128)) / np.sqrt(128)
    vectors = embedding(seed) + amount * np.linspace(0.1, 1.0, count)[:, None] * offsets
    unit: NDArray[np.float64] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit.astype(np.float32)


def best_by_hand(entries: Sequence[IndexEntry], wanted: Query) -> list[tuple[float, int]]:
    """Scores and keys, best first, computed the slow and plain way."""
    found = []
    for entry in entries:
        if entry.partition != wanted.partition or entry.key == wanted.exclude_key:
            continue
        cosine = float(entry.embedding.astype(float) @ wanted.embedding.astype(float))
        weight, color = 0.0, 0.0
        if entry.color_histogram is not None and wanted.color_histogram is not None:
            weight = wanted.color_weight
            color = float(np.minimum(entry.color_histogram, wanted.color_histogram).sum())
        found.append(((1.0 - weight) * cosine + weight * color, entry.key))
    return sorted(found, key=lambda pair: (-pair[0], pair[1]))[: wanted.k]


class VectorIndexContract:
    def test_an_empty_index_finds_nothing(self, index: VectorIndex) -> None:
        assert list(index.search(query())) == []
        assert index.count() == 0
        assert index.applied_sequence_number == 0

    def test_finds_the_nearest_first(self, index: VectorIndex) -> None:
        vectors = near(5, 3.0, 300)
        index.apply(
            [
                IndexChange(n + 1, n + 1, IndexEntry(n + 1, FIRST, vector, None))
                for n, vector in enumerate(vectors)
            ]
        )
        found = index.search(query(5, k=20))
        exact = np.argsort(-(vectors @ embedding(5)))[:20] + 1
        assert keys(found) == exact.tolist()
        assert all(a.parts.score >= b.parts.score for a, b in pairwise(found))

    @pytest.mark.parametrize("weight", [0.0, 0.15, 0.5, 1.0])
    def test_scores_are_what_they_say(self, index: VectorIndex, weight: float) -> None:
        changes = [index_change(n, n, seed=n) for n in range(1, 301)]
        bare = [
            IndexChange(n, n, IndexEntry(n, FIRST, embedding(n), None)) for n in range(301, 401)
        ]
        index.apply([*changes, *bare])
        entries = [one.entry for one in [*changes, *bare] if one.entry is not None]
        wanted = query(7, k=15, color_histogram=histogram(7), color_weight=weight)
        expected = best_by_hand(entries, wanted)
        found = index.search(wanted)
        assert [one.parts.score for one in found] == pytest.approx(
            [score for score, _ in expected], abs=2e-6
        )
        assert found[0].key == expected[0][1]
        for one in found:
            assert one.parts.color_weight == (0.0 if one.key > 300 else weight)
            assert -1.0 <= one.parts.appearance <= 1.0
            assert 0.0 <= one.parts.color <= 1.0

    def test_without_a_histogram_colour_counts_nothing(self, index: VectorIndex) -> None:
        index.apply([index_change(1, 1, seed=1)])
        (found,) = index.search(query(1, color_weight=0.5))
        assert found.parts.color_weight == 0.0
        assert found.parts.score == pytest.approx(1.0, abs=1e-5)

    @pytest.mark.parametrize("k", [1, 9, 10, 11, 499, 500, 501, 1000])
    def test_counts_are_honoured(self, index: VectorIndex, k: int) -> None:
        index.apply([index_change(n, n, seed=n) for n in range(1, 501)])
        found = keys(index.search(query(3, k=k)))
        assert len(found) == len(set(found)) == min(k, 500)

    @pytest.mark.parametrize("offset", [0, 3, 39, 40, 100])
    def test_the_first_ones_can_be_passed_over(self, index: VectorIndex, offset: int) -> None:
        index.apply([index_change(n, n, seed=n) for n in range(1, 41)])
        everything = keys(index.search(query(3, k=40)))
        found = keys(index.search(query(3, k=offset + 7, offset=offset)))
        assert found == everything[offset : offset + 7]

    def test_equal_scores_come_by_key(self, index: VectorIndex) -> None:
        index.apply([index_change(n, key, seed=1) for n, key in enumerate([9, 4, 7, 1, 30], 1)])
        index.apply([index_change(n, n + 100, seed=n) for n in range(10, 400)])
        assert keys(index.search(query(1, k=5))) == [1, 4, 7, 9, 30]
        assert keys(index.search(query(1, k=2))) == [1, 4]

    def test_partitions_are_apart(self, index: VectorIndex) -> None:
        index.apply([index_change(1, 1, seed=1, partition=SECOND), index_change(2, 2, seed=1)])
        assert keys(index.search(query(1))) == [2]
        assert keys(index.search(query(1, partition=SECOND))) == [1]
        assert (index.count(), index.count(FIRST), index.count(THIRD)) == (2, 1, 0)

    def test_a_key_leaves_its_old_partition(self, index: VectorIndex) -> None:
        index.apply([index_change(1, 1, seed=1)])
        index.apply([index_change(2, 1, seed=1, partition=SECOND)])
        assert keys(index.search(query(1))) == []
        assert keys(index.search(query(1, partition=SECOND))) == [1]
        assert (index.count(FIRST), index.count(SECOND)) == (0, 1)

    def test_removed_entries_are_gone(self, index: VectorIndex) -> None:
        index.apply([index_change(n, n, seed=n) for n in range(1, 501)])
        index.apply([index_change(500 + n, n, seed=None) for n in range(1, 501, 2)])
        found = keys(index.search(query(1, k=1000)))
        assert sorted(found) == list(range(2, 501, 2))
        index.apply([index_change(1000 + n, n, seed=None) for n in range(2, 501, 2)])
        assert index.count() == 0
        assert list(index.search(query(1))) == []

    def test_removing_what_is_not_there_is_fine(self, index: VectorIndex) -> None:
        index.apply([index_change(1, 77, seed=None)])
        assert index.applied_sequence_number == 1
        assert index.count() == 0

    def test_replaced_entries_have_the_new_vector_alone(self, index: VectorIndex) -> None:
        index.apply([index_change(n, n, seed=n) for n in range(1, 401)])
        index.apply([index_change(400 + n, n, seed=10_000 + n) for n in range(1, 401)])
        assert index.count() == 400
        for n in (1, 200, 400):
            (hit,) = index.search(query(10_000 + n, k=1))
            assert hit.key == n
            assert hit.parts.appearance == pytest.approx(1.0, abs=1e-5)
            (other,) = index.search(query(n, k=1))
            assert other.parts.appearance < 0.9

    def test_many_replacements_and_removals_keep_it_right(self, index: VectorIndex) -> None:
        rng = np.random.default_rng(3)
        state: dict[int, IndexEntry] = {}
        number = 0
        for _ in range(30):
            changes = []
            for key in rng.integers(1, 300, 60).tolist():
                number += 1
                gone = rng.random() < 0.3
                partition = FIRST if rng.random() < 0.8 else SECOND
                change = index_change(number, key, None if gone else number, partition)
                changes.append(change)
                if change.entry is None:
                    state.pop(key, None)
                else:
                    state[key] = change.entry
            index.apply(changes)
            assert index.count() == len(state)
            wanted = query(number, k=12)
            expected = best_by_hand(list(state.values()), wanted)
            found = index.search(wanted)
            assert [one.parts.score for one in found] == pytest.approx(
                [score for score, _ in expected], abs=2e-6
            )

    def test_the_excluded_key_never_comes_back(self, index: VectorIndex) -> None:
        index.apply([index_change(n, n, seed=n) for n in range(1, 401)])
        found = keys(index.search(query(5, k=1000, exclude_key=5)))
        assert len(found) == 399
        assert 5 not in found
        assert len(index.search(query(5, k=10, exclude_key=5))) == 10
        assert len(index.search(query(5, k=10, exclude_key=10**9))) == 10

    def test_changes_are_applied_once(self, index: VectorIndex) -> None:
        first = [index_change(1, 1, seed=1), index_change(2, 2, seed=2)]
        index.apply(first)
        index.apply([index_change(3, 1, seed=None)])
        index.apply(first)
        assert keys(index.search(query(1))) == [2]
        assert index.applied_sequence_number == 3
        index.apply([])
        assert index.applied_sequence_number == 3

    def test_of_several_changes_of_a_key_the_last_counts(self, index: VectorIndex) -> None:
        index.apply(
            [
                index_change(1, 1, seed=1),
                index_change(2, 1, seed=None),
                index_change(3, 1, seed=3, partition=SECOND),
                index_change(4, 2, seed=2),
                index_change(5, 2, seed=None),
            ]
        )
        assert (index.count(FIRST), index.count(SECOND)) == (0, 1)

    @pytest.mark.parametrize("bad", [np.nan, np.inf, 0.0])
    def test_no_vector_no_entry(self, index: VectorIndex, bad: float) -> None:
        broken = np.full(128, bad, dtype=np.float32)
        index.apply([index_change(1, 1, seed=1), index_change(2, 2, seed=2)])
        index.apply([IndexChange(3, 1, IndexEntry(1, FIRST, broken, None))])
        assert keys(index.search(query(1))) == [2]
        assert index.applied_sequence_number == 3
        with pytest.raises(ValueError, match="embedding"):
            index.search(query(embedding=broken))

    def test_refuses_queries_that_are_none(self, index: VectorIndex) -> None:
        for wrong in (
            query(k=0),
            query(embedding=np.ones(127, dtype=np.float32)),
            query(color_weight=1.5),
            query(color_weight=0.5, color_histogram=np.ones(3, dtype=np.float32)),
        ):
            with pytest.raises(ValueError, match=r".+"):
                index.search(wrong)

    def test_entries_and_queries_of_any_length_are_normalised(self, index: VectorIndex) -> None:
        entry = IndexEntry(1, FIRST, (7.0 * embedding(1)).astype(np.float32), None)
        index.apply([IndexChange(1, 1, entry)])
        (hit,) = index.search(query(embedding=(0.01 * embedding(1)).astype(np.float32)))
        assert hit.parts.appearance == pytest.approx(1.0, abs=1e-5)

    def test_searches_beside_a_writer_see_whole_states(self, index: VectorIndex) -> None:
        """Entries 1 to 200 stay; the writer adds, replaces and removes others around them."""
        steady = [index_change(n, n, seed=n) for n in range(1, 201)]
        index.apply(steady)
        stop = threading.Event()

        def write() -> int:
            number = 200
            for round_number in range(40):
                changes = []
                for key in range(1000, 1040):
                    number += 1
                    seed = None if round_number % 3 == 2 else number
                    changes.append(index_change(number, key, seed))
                index.apply(changes)
            stop.set()
            return number

        def search(worker: int) -> int:
            rounds = 0
            while not stop.is_set() or rounds < 5:
                seed = 1 + (worker * 37 + rounds) % 200
                found = index.search(query(seed, k=60))
                assert len(found) == len(set(keys(found))) == 60
                assert found[0].key == seed
                assert all(np.isfinite(one.parts.score) for one in found)
                rounds += 1
            return rounds

        with ThreadPoolExecutor(4) as pool:
            searches = [pool.submit(search, worker) for worker in range(3)]
            last = pool.submit(write).result(timeout=60)
            assert sum(one.result(timeout=60) for one in searches) >= 15
        assert index.applied_sequence_number == last
