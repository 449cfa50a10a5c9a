"""Crops in which two garments share the picture."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ootd_training.data.mixing import Mixed, mixed


def batch() -> torch.Tensor:
    """Four crops, each of one grey level: 0, 1, 2, 3."""
    return torch.arange(4.0)[:, None, None, None].expand(4, 3, 20, 20).contiguous()


def all_mixed(count: int = 200) -> list[Mixed]:
    rng = np.random.default_rng(1)
    found = [mixed(batch(), 1.0, rng) for _ in range(count)]
    assert all(found)
    return [mix for mix in found if mix]


def test_the_share_of_batches_that_are_mixed() -> None:
    rng = np.random.default_rng(1)
    assert all(mixed(batch(), 0.0, rng) is None for _ in range(20))
    count = sum(mixed(batch(), 0.3, rng) is not None for _ in range(1000))
    assert 250 < count < 350


def test_a_single_crop_has_nothing_to_be_mixed_with() -> None:
    assert mixed(batch()[:1], 1.0, np.random.default_rng(1)) is None


def test_each_crop_shows_as_much_of_the_other_as_is_said() -> None:
    for mix in all_mixed():
        own = batch()
        means = torch.lerp(own, own[mix.others], mix.other_share).mean((1, 2, 3))
        assert torch.allclose(mix.crops.mean((1, 2, 3)), means, atol=1e-5)
        assert 0 <= mix.other_share <= 1
        assert sorted(mix.others.tolist()) == [0, 1, 2, 3]
        assert all(other != row for row, other in enumerate(mix.others.tolist()))


def test_pasted_crops_keep_their_colours_and_blended_ones_do_not() -> None:
    pasted = [mix for mix in all_mixed() if mix.true_colors]
    blended = [mix for mix in all_mixed() if not mix.true_colors]
    assert 70 < len(pasted) < 130
    levels = {0.0, 1.0, 2.0, 3.0}
    assert all(set(mix.crops.unique().tolist()) <= levels for mix in pasted)
    assert all(mix.other_share <= 0.5 for mix in blended)
    assert np.mean([mix.other_share for mix in pasted]) == pytest.approx(0.5, abs=0.08)


def test_the_crops_given_stay_as_they_are() -> None:
    crops = batch()
    for _ in range(20):
        mixed(crops, 1.0, np.random.default_rng(3))
    assert torch.equal(crops, batch())
