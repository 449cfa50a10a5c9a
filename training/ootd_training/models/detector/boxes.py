"""Box maths; boxes are `x0, y0, x1, y1` in pixels, of any leading shape."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ootd_training.models.detector.settings import DISTANCE_BINS, STRIDES


def cell_centres(height: int, width: int) -> tuple[Tensor, Tensor]:
    """Centres f32[cells, 2] in pixels and strides f32[cells, 1] for an input of this size."""
    centres, strides = [], []
    for stride in STRIDES:
        ys = (torch.arange(height // stride, dtype=torch.float32) + 0.5) * stride
        xs = (torch.arange(width // stride, dtype=torch.float32) + 0.5) * stride
        grid_y, grid_x = torch.meshgrid(ys, xs, indexing="ij")
        centres.append(torch.stack((grid_x, grid_y), dim=-1).reshape(-1, 2))
        strides.append(torch.full((centres[-1].shape[0], 1), float(stride)))
    return torch.cat(centres), torch.cat(strides)


def decode(distance_logits: Tensor, centres: Tensor, strides: Tensor) -> Tensor:
    """Boxes f32[b, cells, 4] in pixels from distance logits f32[b, cells, 4 * bins].

    Each side's distance is the mean of a softmax over bins, in cells (Li et al., Generalized
    Focal Loss, 2020, equation 4).
    """
    batch, cells, _ = distance_logits.shape
    bins = torch.arange(DISTANCE_BINS, dtype=distance_logits.dtype, device=distance_logits.device)
    shares = distance_logits.reshape(batch, cells, 4, DISTANCE_BINS).softmax(dim=3)
    sides = (shares * bins).sum(dim=3) * strides
    return torch.cat((centres - sides[..., :2], centres + sides[..., 2:]), dim=-1)


def overlap(first: Tensor, second: Tensor) -> Tensor:
    """Intersection over union (0 to 1) of boxes that broadcast against each other."""
    top_left = torch.maximum(first[..., :2], second[..., :2])
    bottom_right = torch.minimum(first[..., 2:], second[..., 2:])
    shared = (bottom_right - top_left).clamp(min=0).prod(dim=-1)
    areas = (first[..., 2:] - first[..., :2]).clamp(min=0).prod(dim=-1)
    areas = areas + (second[..., 2:] - second[..., :2]).clamp(min=0).prod(dim=-1)
    return shared / (areas - shared + 1e-7)


def complete_overlap(first: Tensor, second: Tensor) -> Tensor:
    """Complete IoU, at most 1: IoU less centre distance and aspect mismatch.

    Zheng et al., Distance-IoU Loss, 2020, equations 10 to 12.
    """
    ratio = overlap(first, second)
    size_a = (first[..., 2:] - first[..., :2]).clamp(min=1e-4)
    size_b = (second[..., 2:] - second[..., :2]).clamp(min=1e-4)
    hull = torch.maximum(first[..., 2:], second[..., 2:])
    hull = hull - torch.minimum(first[..., :2], second[..., :2])
    diagonal = hull.square().sum(dim=-1) + 1e-7
    shift = (first[..., :2] + first[..., 2:] - second[..., :2] - second[..., 2:]) / 2
    distance = shift.square().sum(dim=-1) / diagonal
    angle = torch.atan(size_b[..., 0] / size_b[..., 1]) - torch.atan(
        size_a[..., 0] / size_a[..., 1]
    )
    aspect = (4 / math.pi**2) * angle.square()
    with torch.no_grad():
        weight = aspect / (aspect - ratio + 1 + 1e-7)
    return ratio - distance - weight * aspect
