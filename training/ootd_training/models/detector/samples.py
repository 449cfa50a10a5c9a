"""Photos and labels held in memory at a working size, ready to be augmented."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ootd_training.data.catalog_photos import CatalogPhoto, garment_box
from ootd_training.data.drawn_photos import DrawnPhoto
from ootd_training.data.outfit_photos import OutfitPhoto
from ootd_training.models.detector.settings import INPUT_SIZE, PADDING_VALUE, UNLABELLED


@dataclass(frozen=True)
class Sample:
    """One photo in memory: RGB u8[h, w, 3], boxes f32[n, 4] in its pixels, classes i64[n] and
    label map u8[h, w] (class index + 1; 255 where nothing is known)."""

    photo: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    classes: NDArray[np.int64]
    labels: NDArray[np.uint8]

    def resized(self, side: int) -> Sample:
        """The same with its longest side at `side` pixels, if it was larger."""
        height, width = self.photo.shape[:2]
        scale = side / max(height, width)
        if scale >= 1:
            return self
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        return Sample(
            np.asarray(cv2.resize(self.photo, size, interpolation=cv2.INTER_AREA), np.uint8),
            self.boxes * np.float32(scale),
            self.classes,
            np.asarray(cv2.resize(self.labels, size, interpolation=cv2.INTER_NEAREST), np.uint8),
        )


def read_photo(path: Path) -> NDArray[np.uint8]:
    """RGB u8[h, w, 3] of an image file; raises OSError if it cannot be decoded."""
    photo = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if photo is None:
        raise OSError(f"{path}: not a readable image; remove it from the training data")
    return np.asarray(cv2.cvtColor(photo, cv2.COLOR_BGR2RGB), np.uint8)


def load_outfit(record: OutfitPhoto, side: int) -> Sample:
    """An outfit photo with its longest side at most `side` pixels."""
    sample = Sample(read_photo(record.path), record.boxes, record.classes, record.label_map())
    return sample.resized(side)


def load_catalog(record: CatalogPhoto, side: int) -> Sample:
    """A catalogue photo with the box and mask derived from its background."""
    photo = read_photo(record.path)
    height, width = photo.shape[:2]
    box, mask = garment_box(photo)
    if mask is None:
        labels = np.full((height, width), UNLABELLED, np.uint8)
    else:
        small = mask.astype(np.uint8) * np.uint8(record.category + 1)
        full = cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST)
        labels = np.asarray(full, np.uint8)
    boxes = (box * np.array([width, height, width, height], np.float32)).reshape(1, 4)
    return Sample(photo, boxes, np.array([record.category]), labels).resized(side)


def load_boxed(
    path: Path, boxes: NDArray[np.float32], classes: NDArray[np.int64], side: int
) -> Sample:
    """A photo of which only the boxes (pixels of the file) are known, not the pixels."""
    photo = read_photo(path)
    pixels = np.full(photo.shape[:2], UNLABELLED, np.uint8)
    return Sample(photo, boxes, classes, pixels).resized(side)


def load_drawn(record: DrawnPhoto, side: int) -> Sample:
    """A drawn photo with its longest side at most `side` pixels."""
    return load_boxed(record.path, record.boxes, record.classes, side)


def letterbox(photo: NDArray[np.uint8], side: int = INPUT_SIZE) -> tuple[NDArray[np.uint8], float]:
    """The photo at the top left of a padded square u8[side, side, 3], and the scale applied."""
    height, width = photo.shape[:2]
    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    canvas = np.full((side, side, 3), PADDING_VALUE, np.uint8)
    canvas[: size[1], : size[0]] = cv2.resize(photo, size, interpolation=method)
    return canvas, scale
