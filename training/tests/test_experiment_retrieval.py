"""Top-k retrieval and the spread of paired runs."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ootd_training.experiments.paired_runs import paired_difference
from ootd_training.experiments.retrieval import best_ranks, top_shares


def test_first_hit_is_the_best_photo_of_the_item() -> None:
    similarity = np.array([[0.9, 0.8, 0.7, 0.1], [0.2, 0.4, 0.3, 0.9]], np.float32)
    ranks = best_ranks(similarity, np.array([7, 8]), np.array([5, 7, 7, 8]))
    assert ranks.tolist() == [1, 0]


def test_equals_of_other_items_come_first() -> None:
    similarity = np.full((1, 4), 0.5, np.float32)
    assert best_ranks(similarity, np.array([2]), np.array([1, 2, 3, 2])).tolist() == [2]


def test_a_query_without_its_item_in_the_gallery_is_refused() -> None:
    with pytest.raises(ValueError, match="shows item 9"):
        best_ranks(np.ones((1, 2), np.float32), np.array([9]), np.array([1, 2]))


def test_top_shares_count_places() -> None:
    shares = top_shares(np.array([0, 0, 4, 5, 19, 20]))
    assert shares == {"top1": 0.33333, "top5": 0.5, "top10": 0.66667, "top20": 0.83333}


def test_paired_difference_with_students_interval() -> None:
    found = paired_difference([10.0, 20.0, 30.0], [11.0, 22.0, 33.0])
    assert (found.mean, found.deviation) == (2.0, 1.0)
    half = 4.3026527 / math.sqrt(3)
    assert (found.low, found.high) == pytest.approx((2 - half, 2 + half))


def test_one_pair_has_no_interval() -> None:
    found = paired_difference([1.0], [4.0])
    assert found.mean == 3
    assert math.isnan(found.low)
    assert math.isnan(found.high)


def test_the_interval_of_many_pairs_nears_that_of_the_normal_distribution() -> None:
    gains = np.random.default_rng(0).normal(size=400)
    found = paired_difference([0.0] * 400, gains.tolist())
    assert (found.high - found.mean) * 20 / found.deviation == pytest.approx(1.96, abs=0.01)


@pytest.mark.parametrize("counts", [(0, 0), (2, 3)])
def test_what_is_no_pairs_is_refused(counts: tuple[int, int]) -> None:
    first, second = ([0.0] * count for count in counts)
    with pytest.raises(ValueError, match="pairs are needed"):
        paired_difference(first, second)
