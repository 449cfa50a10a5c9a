"""Crops of detected garments, kept where the detector agrees with what the shop says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ootd_training.data.labels import SUPER_CATEGORIES
from ootd_training.models.detector.samples import letterbox

if TYPE_CHECKING:
    from ootd_training.models.detector.measure import Detector


@dataclass(frozen=True)
class DetectedRegion:
    """One detection: `box` is x0, y0, x1, y1 in pixels of the photo, `score` 0 to 1, `category`
    the super-category's name."""

    box: tuple[float, float, float, float]
    score: float
    category: str


def detected_regions(photo: NDArray[np.uint8], detector: Detector) -> list[DetectedRegion]:
    """What a detector (as of `onnx_detector`) finds in an RGB photo u8[h, w, 3]."""
    square, scale = letterbox(photo)
    boxes, scores, classes = detector(square)
    height, width = photo.shape[:2]
    corners = (boxes / scale).clip(0, np.array([width, height] * 2))
    return [
        DetectedRegion((float(x0), float(y0), float(x1), float(y1)), float(score), name)
        for (x0, y0, x1, y1), score, name in zip(
            corners, scores, (SUPER_CATEGORIES[index] for index in classes), strict=True
        )
    ]


def agreeing_regions(
    regions: Sequence[DetectedRegion], category: str, least_score: float = 0.3
) -> tuple[DetectedRegion, ...]:
    """Regions of the super-category that the photo's metadata names, best score first.

    Nothing is kept where the detector found only other categories: a wrong crop harms training
    more than a missing one. Source: iTOO, sections 4.2 and 5.1 ("filtered out the crops that do
    not match the super-category information parsed from target malls").
    """
    kept = [r for r in regions if r.category == category and r.score >= least_score]
    return tuple(sorted(kept, key=lambda region: (-region.score, region.box)))


def cut_region(
    photo: NDArray[np.uint8], region: DetectedRegion, margin: float = 0.05
) -> NDArray[np.uint8]:
    """The part u8[h, w, 3] of a photo that a region shows, widened by `margin` times its size on
    each side and cut at the photo's rim; ValueError if no pixel of the photo lies in it."""
    height, width = photo.shape[:2]
    x0, y0, x1, y1 = region.box
    across, down = margin * (x1 - x0), margin * (y1 - y0)
    left, right = max(0, int(x0 - across)), min(width, int(np.ceil(x1 + across)))
    top, bottom = max(0, int(y0 - down)), min(height, int(np.ceil(y1 + down)))
    if left >= right or top >= bottom:
        raise ValueError(f"region {region.box} lies outside the photo of {width} x {height} pixels")
    return photo[top:bottom, left:right]
