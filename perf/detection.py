"""Average precision of boxes by the COCO rules."""

import contextlib
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from labelled_photos import LabelledBox, OutfitPhoto
from ootd import Garment, ImageAnalysis
from ootd.types import SUPER_CATEGORIES

Result: TypeAlias = dict[str, object]
"""A detection as the COCO evaluation takes it."""


def overlap(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the intersection over union (IoU) of two boxes x0, y0, x1, y1."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return both / (sum(areas) - both)


def best_match(label: LabelledBox, garments: Iterable[Garment]) -> Garment | None:
    """Return the garment of the label's category whose box overlaps it most, at least 0.5."""
    best: tuple[float, Garment] | None = None
    for garment in garments:
        if garment.box is None or garment.super_category != label.super_category:
            continue
        iou = overlap(label.box, garment.box.as_tuple())
        if iou >= 0.5 and (best is None or iou > best[0]):
            best = iou, garment
    return best[1] if best else None


def kept(photo: OutfitPhoto, analysis: ImageAnalysis) -> Iterator[Result]:
    """Yield the detections that the rules left."""
    return _results(photo, analysis.garments)


def found(photo: OutfitPhoto, analysis: ImageAnalysis) -> Iterator[Result]:
    """Yield all detections, those too that the rules dropped: the detector's own ranking."""
    return _results(photo, (*analysis.garments, *(one.garment for one in analysis.dropped)))


def _results(photo: OutfitPhoto, garments: Iterable[Garment]) -> Iterator[Result]:
    for garment in garments:
        if garment.box is None or garment.box_origin != "detected":
            continue
        x0, y0, x1, y1 = garment.box.as_tuple()
        yield {
            "image_id": photo.identifier,
            "category_id": SUPER_CATEGORIES.index(garment.super_category) + 1,
            "bbox": [
                x0 * photo.width,
                y0 * photo.height,
                (x1 - x0) * photo.width,
                (y1 - y0) * photo.height,
            ],
            "score": garment.score,
        }


def average_precision(
    labels: Path, photos: list[OutfitPhoto], results: list[Result]
) -> dict[str, float]:
    """Return mAP at IoU .5 to .9 over the six classes, and each class's AP at .5.

    `results` are the detections in these photos; -1 stands for a class that none of them holds.
    """
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(labels))
        evaluation = COCOeval(truth, truth.loadRes(results), "bbox")
        evaluation.params.imgIds = [photo.identifier for photo in photos]
        evaluation.params.iouThrs = np.array([0.5, 0.6, 0.7, 0.8, 0.9])
        evaluation.evaluate()
        evaluation.accumulate()
    # precision: [IoU, recall, class, area, detections]
    precision = evaluation.eval["precision"][:, :, :, 0, -1].mean(axis=1)
    figures = {
        f"mAP@{iou:.1f}": float(precision[index].mean())
        for index, iou in enumerate(evaluation.params.iouThrs)
    }
    for index, name in enumerate(SUPER_CATEGORIES):
        figures[f"AP@0.5 {name}"] = float(precision[0, index])
    return figures
