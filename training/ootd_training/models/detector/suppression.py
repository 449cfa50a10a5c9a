"""Class-wise non-maximum suppression in numpy: the reference for the exported graph."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SCORE_THRESHOLD = 0.02
OVERLAP_THRESHOLD = 0.6
MOST_PER_CLASS = 20
MOST_DETECTIONS = 50


def greedy(boxes: NDArray[np.float32], scores: NDArray[np.float32]) -> list[int]:
    """Indices kept of boxes f32[n, 4] with scores f32[n], best first, at most 20."""
    order = np.argsort(-scores, kind="stable")
    areas = (boxes[:, 2:] - boxes[:, :2]).clip(min=0).prod(axis=1)
    kept: list[int] = []
    while order.size and len(kept) < MOST_PER_CLASS:
        first, order = order[0], order[1:]
        kept.append(int(first))
        low = np.maximum(boxes[first, :2], boxes[order, :2])
        high = np.minimum(boxes[first, 2:], boxes[order, 2:])
        shared = (high - low).clip(min=0).prod(axis=1)
        ratio = shared / np.maximum(areas[first] + areas[order] - shared, 1e-9)
        order = order[ratio <= OVERLAP_THRESHOLD]
    return kept


def suppress(
    boxes: NDArray[np.float32], scores: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
    """The best detections of one photo: boxes f32[k, 4], scores f32[k], classes i64[k], k <= 50.

    Takes boxes f32[cells, 4] in pixels and class probabilities f32[cells, classes].
    """
    cells, classes = [], []
    for index in range(scores.shape[1]):
        candidates = np.flatnonzero(scores[:, index] > SCORE_THRESHOLD)
        for kept in greedy(boxes[candidates], scores[candidates, index]):
            cells.append(int(candidates[kept]))
            classes.append(index)
    cell_index = np.array(cells, np.int64)
    class_index = np.array(classes, np.int64)
    best = np.argsort(-scores[cell_index, class_index], kind="stable")[:MOST_DETECTIONS]
    cell_index, class_index = cell_index[best], class_index[best]
    return boxes[cell_index], scores[cell_index, class_index], class_index
