"""Garments of the labelled photos, each decoded once and kept as a small tile in memory.

A tile shows the garment with some of its surroundings, squeezed to a square, so that a training
run can cut ever new crops from it without decoding a photo again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pycocotools import mask as run_length

from ootd_training.data.catalog_photos import garment_box
from ootd_training.whole_files import write_whole

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1, as shares of the photo's (or the tile's) width and height."""

WHOLE: Box = (0.0, 0.0, 1.0, 1.0)
SERVED_MARGIN = 0.05
"""Share of its size by which the service widens a box on each side before it cuts the crop."""
TILE_MARGIN = 0.2
"""Share of its size by which a box is widened to make a tile: room to move the crop about."""
TILE_SIZE = 224
MASK_SIZE = 112


@dataclass(frozen=True)
class Garment:
    """One labelled garment of one photo.

    `box` is the tight box as shares of the photo, `candidates` are the sub-categories that the
    label allows (one, when the sub-category is known), `values` the indices of the known values of
    attribute groups by the groups' names, `color_weight` is the share (0 to 1) of the garment's
    pixels that have the named colour, `mask` is a COCO run-length where there is one. Garments with
    the same `item`, unless it is empty, are one garment in several photos.
    """

    source: str
    photo: Path
    box: Box
    super_index: int
    candidates: tuple[int, ...]
    values: Mapping[str, int] = field(default_factory=dict)
    color_weight: float = 0.0
    item: str = ""
    mask: Mapping[str, object] | None = field(default=None, compare=False, repr=False)

    @property
    def color(self) -> int:
        """The index of its colour, or -1 where that is not known."""
        return self.values.get("color", -1)

    @property
    def sub(self) -> int:
        """The sub-category, or -1 where the label allows several."""
        return self.candidates[0] if len(self.candidates) == 1 else -1


def widened(box: Box, margin: float) -> Box:
    """The box widened by `margin` times its size on each side and cut at the rim (0 and 1)."""
    x0, y0, x1, y1 = box
    dx, dy = margin * (x1 - x0), margin * (y1 - y0)
    return (max(0.0, x0 - dx), max(0.0, y0 - dy), min(1.0, x1 + dx), min(1.0, y1 + dy))


def box_within(box: Box, region: Box) -> Box:
    """A box given in the photo's shares, as shares of `region` of the same photo."""
    width, height = region[2] - region[0], region[3] - region[1]
    return (
        (box[0] - region[0]) / width,
        (box[1] - region[1]) / height,
        (box[2] - region[0]) / width,
        (box[3] - region[1]) / height,
    )


def cut(photo: Image.Image, box: Box, size: int) -> Image.Image:
    """The part of the photo inside `box`, squeezed to a square of `size` px."""
    x0, y0, x1, y1 = box
    pixels = (x0 * photo.width, y0 * photo.height, x1 * photo.width, y1 * photo.height)
    return photo.resize((size, size), Image.Resampling.BILINEAR, box=pixels)


@dataclass(frozen=True)
class Tiles:
    """Garments with their tiles, uint8 [n, s, s, 3] RGB, and the tight boxes inside the tiles.

    A catalogue photo is its own tile, since the service may be shown it whole. `masks`, uint8
    [n, m, m], are 255 where the garment is; all 255 where that is not known.
    """

    garments: tuple[Garment, ...]
    pixels: NDArray[np.uint8]
    masks: NDArray[np.uint8]
    boxes: tuple[Box, ...]

    def __len__(self) -> int:
        return len(self.garments)

    def subset(self, indices: Sequence[int]) -> Tiles:
        """The tiles of these indices, in their order."""
        return Tiles(
            tuple(self.garments[i] for i in indices),
            self.pixels[list(indices)],
            self.masks[list(indices)],
            tuple(self.boxes[i] for i in indices),
        )

    def served(self, index: int, size: int) -> NDArray[np.uint8]:
        """The crop as the service cuts it around the tight box: uint8 [size, size, 3]."""
        tile = Image.fromarray(self.pixels[index])
        return np.asarray(cut(tile, widened(self.boxes[index], SERVED_MARGIN), size))

    def whole(self, index: int, size: int) -> NDArray[np.uint8]:
        """The whole tile as a crop: uint8 [size, size, 3]."""
        return np.asarray(cut(Image.fromarray(self.pixels[index]), WHOLE, size))


def _region(garment: Garment) -> Box:
    return WHOLE if garment.source == "catalog" else widened(garment.box, TILE_MARGIN)


def filled(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """A mask bool [h, w] without its gaps and holes, as 0 or 255.

    Prints in the colour of the background leave holes in a mask found by colour.
    """
    size = max(3, min(mask.shape) // 24)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    closed = cv2.morphologyEx(np.pad(mask.astype(np.uint8), 1), cv2.MORPH_CLOSE, kernel)
    outside = closed.copy()
    cv2.floodFill(outside, None, (0, 0), 2)
    return np.asarray((outside != 2)[1:-1, 1:-1] * np.uint8(255))


def _mask_and_box(garment: Garment, photo: Image.Image) -> tuple[Image.Image | None, Box]:
    """The garment's mask over the whole photo, where one is known, and its tight box."""
    if garment.source == "catalog":
        (x0, y0, x1, y1), found = garment_box(np.asarray(photo))
        box = (float(x0), float(y0), float(x1), float(y1))
        return None if found is None else Image.fromarray(filled(found)), box
    if garment.mask is None:
        return None, garment.box
    return Image.fromarray(run_length.decode(garment.mask) * 255), garment.box


def _cut_tiles(garments: Sequence[Garment], size: int) -> Tiles:
    pixels = np.empty((len(garments), size, size, 3), np.uint8)
    masks = np.full((len(garments), MASK_SIZE, MASK_SIZE), 255, np.uint8)
    boxes: list[Box] = []
    opened: tuple[Path, Image.Image] | None = None
    for index, garment in enumerate(garments):
        if opened is None or opened[0] != garment.photo:
            with Image.open(garment.photo) as file:
                opened = (garment.photo, file.convert("RGB"))
        photo = opened[1]
        region = _region(garment)
        pixels[index] = np.asarray(cut(photo, region, size))
        mask, tight = _mask_and_box(garment, photo)
        if mask is not None:
            masks[index] = np.asarray(cut(mask, region, MASK_SIZE))
        boxes.append(box_within(tight, region))
    return Tiles(tuple(garments), pixels, masks, tuple(boxes))


def _digest(garments: Sequence[Garment], size: int) -> str:
    """Digest, 16 hex digits, of what tiles follow from; photos count by size and time of change."""
    digest = hashlib.sha256(f"filled {size} {MASK_SIZE} {TILE_MARGIN}".encode())
    for garment in garments:
        photo = garment.photo.stat()
        known = (photo.st_size, photo.st_mtime_ns, garment.source, garment.box, garment.mask)
        digest.update(f"{garment.photo}{known}".encode())
    return digest.hexdigest()[:16]


def load_tiles(garments: Sequence[Garment], cache: Path | None, size: int = TILE_SIZE) -> Tiles:
    """Cut the tiles of all garments, or take them from the folder `cache` when it holds them.

    The tight box of a catalogue photo is found from its background (`garment_box`). The cache's
    file name is a digest of what the tiles show, so that a changed photo, box or mask makes a new
    file. OSError if a photo cannot be read.
    """
    path = cache / f"tiles-{_digest(garments, size)}.npz" if cache else None
    if path is not None and path.exists():
        with np.load(path) as saved:
            boxes = tuple((r[0], r[1], r[2], r[3]) for r in saved["boxes"].tolist())
            return Tiles(tuple(garments), saved["pixels"], saved["masks"], boxes)
    tiles = _cut_tiles(garments, size)
    if path is not None:
        with write_whole(path, shared=True) as partial:
            np.savez(partial, pixels=tiles.pixels, masks=tiles.masks, boxes=np.array(tiles.boxes))
    return tiles


def joined(first: Tiles, second: Tiles) -> Tiles:
    """Both, one after the other; their tiles must be of one size."""
    return Tiles(
        first.garments + second.garments,
        np.concatenate([first.pixels, second.pixels]),
        np.concatenate([first.masks, second.masks]),
        first.boxes + second.boxes,
    )
