"""Shares of sources in an epoch."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from ootd_training.data.cleaning.balancing import counts_by_share, epoch_indices

SOURCES = ["shop"] * 90 + ["street"] * 10
EVEN = {"shop": 1.0, "street": 1.0}


def epoch(number, shares=EVEN, seed=3, size=0):
    return epoch_indices(SOURCES, shares, seed=seed, epoch=number, size=size)


def test_counts_sum_to_the_size_exactly():
    assert counts_by_share({"a": 1, "b": 1, "c": 1}, 10) == {"a": 4, "b": 3, "c": 3}
    assert counts_by_share({"a": 0.9, "b": 0.1, "c": 0}, 5) == {"a": 5, "b": 0, "c": 0}
    for bad in ({"a": -1.0, "b": 2.0}, {"a": 0.0}, {}):
        with pytest.raises(ValueError, match="shares must be"):
            counts_by_share(bad, 5)


def test_sources_have_their_shares():
    assert Counter(SOURCES[i] for i in epoch(0)) == {"shop": 50, "street": 50}
    assert Counter(SOURCES[i] for i in epoch(4, {"shop": 3, "street": 1}, size=40)) == {
        "shop": 30,
        "street": 10,
    }


def test_under_sampled_sources_show_everything_before_anything_again():
    shown = np.concatenate([epoch(number) for number in range(9)])
    counts = np.bincount(shown, minlength=100)
    assert set(counts[:90]) == {5}
    first = np.concatenate([epoch(0), epoch(1)])
    assert len(set(first[first < 90])) == 90


def test_over_sampled_sources_repeat_evenly():
    for number in range(3):
        repeats = np.bincount(epoch(number), minlength=100)[90:]
        assert repeats.sum() == 50
        assert repeats.max() - repeats.min() <= 2


def test_an_epoch_depends_on_seed_and_number_alone():
    np.testing.assert_array_equal(epoch(7), epoch(7))
    assert epoch(7).tolist() != epoch(8).tolist()
    assert epoch(7).tolist() != epoch(7, seed=4).tolist()


def test_a_source_without_samples_is_said():
    with pytest.raises(ValueError, match="'review' has a share and no samples"):
        epoch(0, {"shop": 1, "review": 1})
    assert len(epoch(0, {"shop": 1, "review": 0})) == 100
