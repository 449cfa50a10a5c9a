"""Box maths against values worked out by hand."""

from __future__ import annotations

import pytest
import torch

from ootd_training.models.detector.boxes import cell_centres, complete_overlap, decode, overlap
from ootd_training.models.detector.settings import DISTANCE_BINS


def test_cells_of_all_levels_cover_the_input():
    centres, strides = cell_centres(320, 224)
    assert centres.shape == (40 * 28 + 20 * 14 + 10 * 7, 2)
    assert centres[0].tolist() == [4, 4]
    assert centres[-1].tolist() == [208, 304]
    assert strides[0].item() == 8
    assert strides[-1].item() == 32


def test_decode_gives_the_mean_of_each_side_in_cells():
    centres, strides = cell_centres(32, 32)
    logits = torch.full((1, len(centres), 4, DISTANCE_BINS), -50.0)
    for side, distance in enumerate((1, 2, 3, 4)):
        logits[:, :, side, distance] = 50.0
    boxes = decode(logits.flatten(2), centres, strides)
    assert boxes[0, 0].tolist() == pytest.approx([4 - 8, 4 - 16, 4 + 24, 4 + 32])
    assert boxes[0, -1].tolist() == pytest.approx([16 - 32, 16 - 64, 16 + 96, 16 + 128])


def test_overlap_of_half_shifted_boxes():
    first = torch.tensor([0.0, 0, 10, 10])
    second = torch.tensor([5.0, 0, 15, 10])
    assert overlap(first, second).item() == pytest.approx(50 / 150)
    assert overlap(first, torch.tensor([20.0, 20, 30, 30])).item() == 0


def test_complete_overlap_is_one_for_equal_and_negative_for_distant_boxes():
    box = torch.tensor([[3.0, 4, 20, 30]])
    assert complete_overlap(box, box).item() == pytest.approx(1, abs=1e-4)
    assert complete_overlap(box, box + 200).item() < 0
