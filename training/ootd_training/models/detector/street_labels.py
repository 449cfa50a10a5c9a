"""Boxes for the tagged street photos, found by a half-trained detector and checked by the tags.

A photo is used only if every super-category that its tags name was found with confidence; then
its confident detections of tagged super-categories become labels for the rest of the training
(self-training with image-level tags, after Sohn et al., STAC, 2020).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypedDict

import numpy as np

from ootd_training.data.folds import Fold
from ootd_training.data.street_photos import StreetPhoto, read_street
from ootd_training.models.detector.measure import Detector, Found
from ootd_training.models.detector.samples import Sample, letterbox, load_boxed, read_photo

STREET_LABELS = "street.json"
"""Name in a run's folder of the file with the labels that it found itself."""

LEAST_SCORE = 0.25
"""Detections below this score are neither labels nor explain a tag."""

SURE_SCORE = 0.35
"""The same where the other garments of the photo may be missing."""

ONE_A_PERSON = frozenset((2, 3))
"""Outer and dress: nobody wears two of either."""


class LabelledPhoto(TypedDict):
    """A street photo with the rows of `labels`, as it is kept in JSON."""

    photo: str
    boxes: list[list[float]]


def labels(
    photo: StreetPhoto, found: Found, scale: float, complete: bool = True
) -> list[list[float]] | None:
    """Rows x0, y0, x1, y1 (pixels of the file), class; None if there are none.

    If they must be `complete`, also None where not every tagged super-category was found.
    """
    boxes, scores, classes = found
    rows = []
    least = LEAST_SCORE if complete else SURE_SCORE
    for category in sorted(photo.categories):
        mine = np.flatnonzero((classes == category) & (scores >= least))
        if complete and not len(mine):
            return None
        most = 1 if category in ONE_A_PERSON else 2
        rows += [[*(boxes[index] / scale).tolist(), float(category)] for index in mine[:most]]
    return rows or None


def label_street(
    detector: Detector,
    data: Path,
    complete: bool = True,
    limit: int = 0,
    fold: Fold | None = None,
) -> list[LabelledPhoto]:
    """Labels for those street photos of the train split, or of its `fold`, that the tags confirm.

    A detector must learn from `complete` photos, as what is not labelled is background to it; the
    models that look at crops can use the others too. With `limit`, only that many are looked at.
    """
    result: list[LabelledPhoto] = []
    for photo in read_street(data, "train", fold)[: limit or None]:
        square, scale = letterbox(read_photo(photo.path))
        rows = labels(photo, detector(square), scale, complete)
        if rows is not None:
            result.append({"photo": photo.name, "boxes": rows})
    return result


def load_street(data: Path, file: Path, side: int) -> list[Sample]:
    """The photos that `file` labels, longest side at most `side`; their pixels are unlabelled."""
    samples = []
    for entry in json.loads(file.read_text()):
        rows = np.array(entry["boxes"], np.float32)
        path = data / "street" / entry["photo"]
        samples.append(load_boxed(path, rows[:, :4], rows[:, 4].astype(np.int64), side))
    return samples
