"""Outfit photos with garment boxes and masks, in COCO JSON."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as run_length

from ootd_training.data.folds import Fold


@dataclass(frozen=True)
class OutfitPhoto:
    """A photo with its garments.

    `boxes` f32[n, 4] are x0, y0, x1, y1 in pixels of the file, `classes` i64[n] super-category
    indices; `masks` are COCO run-lengths, one a garment.
    """

    identity: int
    path: Path
    width: int
    height: int
    boxes: NDArray[np.float32]
    classes: NDArray[np.int64]
    masks: tuple[dict[str, object], ...]

    def label_map(self) -> NDArray[np.uint8]:
        """Class index + 1 of each pixel or 0, u8[height, width]; smaller garments lie on top."""
        labels = np.zeros((self.height, self.width), np.uint8)
        decoded = [run_length.decode(mask).astype(bool) for mask in self.masks]
        for index in sorted(range(len(decoded)), key=lambda i: -int(decoded[i].sum())):
            labels[decoded[index]] = self.classes[index] + 1
        return labels


def annotation_file(data: Path, split: str) -> Path:
    """The COCO file of `split` ("train" or "val") under the data folder."""
    return data / "detect" / f"{split}.json"


def read_outfits(data: Path, split: str, fold: Fold | None = None) -> list[OutfitPhoto]:
    """Labelled outfit photos of one split, in the file's order.

    Of train, those of `fold` alone if one is given.
    """
    document = json.loads(annotation_file(data, split).read_text())
    by_photo = defaultdict(list)
    for annotation in document["annotations"]:
        by_photo[annotation["image_id"]].append(annotation)
    photos = []
    for image in document["images"]:
        found = by_photo[image["id"]]
        corners = np.array([a["bbox"] for a in found], np.float32).reshape(-1, 4)
        corners[:, 2:] += corners[:, :2]
        photos.append(
            OutfitPhoto(
                identity=image["id"],
                path=data / "detect" / image["file_name"],
                width=image["width"],
                height=image["height"],
                boxes=corners,
                classes=np.array([a["category_id"] - 1 for a in found], np.int64),
                masks=tuple(a["segmentation"] for a in found),
            )
        )
    if fold is not None:
        photos = fold.select(data, photos, lambda photo: photo.path)
    return photos
