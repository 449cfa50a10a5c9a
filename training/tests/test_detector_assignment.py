"""Assignment of cells to boxes."""

from __future__ import annotations

import torch

from ootd_training.models.detector.assignment import CANDIDATES, assign
from ootd_training.models.detector.boxes import cell_centres


def test_cells_inside_the_box_become_positive_and_carry_its_class():
    centres, _ = cell_centres(64, 64)
    true_boxes = torch.tensor([[[8.0, 8, 40, 40], [0, 0, 0, 0]]])
    classes = torch.tensor([[3, -1]])
    scores = torch.full((1, len(centres), 6), 0.1)
    boxes = true_boxes[:, :1].expand(1, len(centres), 4).clone()
    target = assign(scores, boxes, centres, classes, true_boxes)
    chosen = target.positive[0]
    assert 0 < chosen.sum() <= CANDIDATES
    assert ((centres[chosen] > 8) & (centres[chosen] < 40)).all()
    assert (target.boxes[0][chosen] == true_boxes[0, 0]).all()
    assert (target.scores[0][chosen][:, 3] > 0.9).all()
    assert target.scores[0][:, [0, 1, 2, 4, 5]].sum() == 0


def test_a_cell_wanted_by_two_boxes_goes_to_the_one_it_overlaps_more():
    centres, _ = cell_centres(64, 64)
    true_boxes = torch.tensor([[[0.0, 0, 64, 64], [16, 16, 48, 48]]])
    scores = torch.full((1, len(centres), 6), 0.1)
    boxes = true_boxes[:, 1:].expand(1, len(centres), 4).clone()
    target = assign(scores, boxes, centres, torch.tensor([[0, 1]]), true_boxes)
    middle = ((centres - 32).abs() < 8).all(dim=1) & target.positive[0]
    assert middle.any()
    assert (target.boxes[0][middle] == true_boxes[0, 1]).all()


def test_a_photo_without_garments_gets_no_positive_cell():
    centres, _ = cell_centres(64, 64)
    scores = torch.rand(1, len(centres), 6)
    boxes = torch.rand(1, len(centres), 4)
    target = assign(scores, boxes, centres, torch.tensor([[-1]]), torch.zeros(1, 1, 4))
    assert not target.positive.any()
    assert target.scores.sum() == 0
