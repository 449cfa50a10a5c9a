"""Task-aligned assignment of cells to labelled boxes (Feng et al., TOOD, 2021, section 3.2)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ootd_training.models.detector.boxes import overlap

CANDIDATES = 10
CLASS_POWER = 0.5
OVERLAP_POWER = 6.0


@dataclass(frozen=True)
class Assignment:
    """Targets per cell: boxes f32[b, cells, 4], soft class scores f32[b, cells, classes] and
    which cells are positive, bool[b, cells]."""

    boxes: Tensor
    scores: Tensor
    positive: Tensor


def inside(centres: Tensor, boxes: Tensor) -> Tensor:
    """Whether each centre lies in each box: bool[b, boxes, cells]."""
    low = centres - boxes[:, :, None, :2]
    high = boxes[:, :, None, 2:] - centres
    return torch.cat((low, high), dim=-1).amin(dim=-1) > 1e-3


@torch.no_grad()
def assign(
    scores: Tensor, boxes: Tensor, centres: Tensor, true_classes: Tensor, true_boxes: Tensor
) -> Assignment:
    """Give each true box its best-aligned cells.

    `scores` f32[b, cells, classes] are probabilities and `boxes` f32[b, cells, 4] predictions in
    pixels; `true_classes` i64[b, m] is -1 in padding rows; `true_boxes` f32[b, m, 4].
    """
    batch, cells, classes = scores.shape
    valid = true_classes >= 0
    index = true_classes.clamp(min=0)
    class_score = scores.transpose(1, 2).gather(1, index[..., None].expand(-1, -1, cells))
    ratio = overlap(true_boxes[:, :, None], boxes[:, None]).clamp(min=0)
    allowed = inside(centres, true_boxes) & valid[..., None]
    aligned = class_score.pow(CLASS_POWER) * ratio.pow(OVERLAP_POWER) * allowed
    best = aligned.topk(min(CANDIDATES, cells), dim=-1).indices
    chosen = torch.zeros_like(aligned, dtype=torch.bool).scatter_(2, best, True) & allowed
    # A cell that several boxes want goes to the one it overlaps most.
    contested = chosen.sum(dim=1, keepdim=True) > 1
    favourite = torch.zeros_like(chosen).scatter_(1, ratio.argmax(dim=1, keepdim=True), True)
    chosen = torch.where(contested, chosen & favourite, chosen)
    owner = chosen.float().argmax(dim=1)
    positive = chosen.any(dim=1)
    target_boxes = true_boxes.gather(1, owner[..., None].expand(-1, -1, 4))
    target_classes = index.gather(1, owner)
    aligned = aligned * chosen
    strongest = aligned.amax(dim=-1, keepdim=True)
    closest = (ratio * chosen).amax(dim=-1, keepdim=True)
    strength = (aligned * closest / (strongest + 1e-9)).amax(dim=1)
    target_scores = scores.new_zeros(batch, cells, classes)
    target_scores.scatter_(2, target_classes[..., None], (strength * positive)[..., None])
    return Assignment(target_boxes, target_scores, positive)
