"""Drawn photos with labels, as `ootd samples FOLDER` writes them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ootd_training.taxonomy import SUPER_CATEGORIES


@dataclass(frozen=True)
class DrawnPhoto:
    """A drawn photo; `boxes` f32[n, 4] in pixels of the file, `classes` i64[n]."""

    path: Path
    boxes: NDArray[np.float32]
    classes: NDArray[np.int64]


def read_drawn(folder: Path) -> list[DrawnPhoto]:
    """All photos of a samples folder; FileNotFoundError where it has no `labels.json`."""
    photos = []
    for entry in json.loads((folder / "labels.json").read_text()):
        garments = entry["garments"]
        size = np.array([entry["width"], entry["height"]] * 2, np.float32)
        boxes = np.array([garment["box"] for garment in garments], np.float32).reshape(-1, 4)
        names = [garment["super_category"] for garment in garments]
        photos.append(
            DrawnPhoto(
                path=folder / entry["image"],
                boxes=boxes * size,
                classes=np.array([SUPER_CATEGORIES.index(name) for name in names], np.int64),
            )
        )
    return photos
