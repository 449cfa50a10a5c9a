"""The training loss: classes, boxes, distances and the guiding segmentation."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from ootd_training.models.detector.assignment import assign
from ootd_training.models.detector.batches import Batch
from ootd_training.models.detector.boxes import cell_centres, complete_overlap, decode
from ootd_training.models.detector.settings import DISTANCE_BINS, UNLABELLED, DetectorSettings


def distance_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy to the two bins around each distance, f32[n] from f32[n, 4 * bins], f32[n, 4].

    Targets are in cells. Li et al., Generalized Focal Loss, 2020, equation 6.
    """
    targets = targets.clamp(0, DISTANCE_BINS - 1.01)
    left = targets.long()
    right_share = targets - left
    flat = logits.reshape(-1, DISTANCE_BINS)
    lower = functional.cross_entropy(flat, left.reshape(-1), reduction="none")
    upper = functional.cross_entropy(flat, left.reshape(-1) + 1, reduction="none")
    share = right_share.reshape(-1)
    return (lower * (1 - share) + upper * share).reshape(-1, 4).mean(dim=1)


def detection_loss(
    outputs: tuple[Tensor, Tensor, Tensor | None], batch: Batch, settings: DetectorSettings
) -> dict[str, Tensor]:
    """Weighted parts of the loss of one batch."""
    class_logits, distance_logits, segmentation = outputs
    centres, strides = (
        grid.to(batch.images.device) for grid in cell_centres(*batch.images.shape[2:])
    )
    boxes = decode(distance_logits, centres, strides)
    target = assign(
        class_logits.detach().sigmoid(), boxes.detach(), centres, batch.classes, batch.boxes
    )
    total_score = target.scores.sum().clamp(min=1.0)
    parts = {
        "class": settings.class_gain
        * functional.binary_cross_entropy_with_logits(class_logits, target.scores, reduction="sum")
        / total_score
    }
    positive = target.positive
    if positive.any():
        weight = target.scores.sum(dim=-1)[positive]
        ratio = complete_overlap(boxes[positive], target.boxes[positive])
        parts["box"] = settings.box_gain * ((1 - ratio) * weight).sum() / total_score
        cells = centres.expand(len(boxes), -1, -1)[positive]
        sides = (
            torch.cat(
                (cells - target.boxes[positive][:, :2], target.boxes[positive][:, 2:] - cells),
                dim=-1,
            )
            / strides.expand(len(boxes), -1, -1)[positive]
        )
        distances = distance_loss(distance_logits[positive], sides)
        parts["distance"] = settings.distance_gain * (distances * weight).sum() / total_score
    if segmentation is not None:
        guide = functional.cross_entropy(
            segmentation, batch.pixels, ignore_index=UNLABELLED, reduction="sum"
        )
        labelled = (batch.pixels != UNLABELLED).sum().clamp(min=1)
        parts["segmentation"] = settings.segmentation_gain * guide / labelled
    return parts
