"""Catalogue photos of single garments, and a box for each derived from its background."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ootd_training.data.folds import Fold
from ootd_training.taxonomy import SUPER_CATEGORIES

WORKING_SIDE = 160
RIM_SHARE = 0.04
RIM_COLOURS = 4
LEAST_DISTANCE = 11.0
LEAST_AREA = 0.12
LIGHTNESS_WEIGHT = 0.6


@dataclass(frozen=True)
class CatalogPhoto:
    """A photo of one garment; `category` is its super-category's index, `sub` may be empty."""

    path: Path
    category: int
    sub: str
    width: int
    height: int


def read_catalog(data: Path, split: str, fold: Fold | None = None) -> list[CatalogPhoto]:
    """Catalogue photos of one split ("train" or "val"), in the file's order.

    Of train, those of `fold` alone if one is given.
    """
    with (data / "catalog" / f"{split}.csv").open(newline="") as lines:
        photos = [
            CatalogPhoto(
                path=data / "catalog" / row["image"],
                category=SUPER_CATEGORIES.index(row["super"]),
                sub=row["sub"],
                width=int(row["width"]),
                height=int(row["height"]),
            )
            for row in csv.DictReader(lines)
        ]
    if fold is not None:
        photos = fold.select(data, photos, lambda photo: photo.path)
    return photos


def foreground(photo: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Pixels unlike the main colours of the photo's rim, bool[h, w] from RGB u8[h, w, 3].

    Distances are Euclidean in CIE Lab with lightness weighted down, so that shadows stay
    background.
    """
    height, width = photo.shape[:2]
    lab = cv2.cvtColor(photo.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    lab[..., 0] = lab[..., 0] * np.float32(LIGHTNESS_WEIGHT)
    rim = max(2, round(RIM_SHARE * min(height, width)))
    # The lower rim is left out: hung and worn garments often run through it.
    samples = np.concatenate(
        [lab[:rim].reshape(-1, 3), lab[:, :rim].reshape(-1, 3), lab[:, -rim:].reshape(-1, 3)]
    )
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 10, 0.5)
    cv2.setRNGSeed(1)
    owner = np.zeros((len(samples), 1), np.int32)
    _, _, centres = cv2.kmeans(samples, RIM_COLOURS, owner, criteria, 1, cv2.KMEANS_PP_CENTERS)
    distance = np.full((height, width), np.inf, np.float32)
    for index, centre in enumerate(centres):
        members = samples[owner[:, 0] == index]
        if len(members) < 0.08 * len(samples):
            continue
        spread = float(np.linalg.norm(members - centre, axis=1).std())
        scaled = np.linalg.norm(lab - centre, axis=2) / (LEAST_DISTANCE + 2 * spread)
        distance = np.minimum(distance, scaled)
    mask = (distance > 1).astype(np.uint8)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
    return cv2.morphologyEx(mask, cv2.MORPH_OPEN, kernel).astype(bool)


def garment_box(photo: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.bool_] | None]:
    """Box f32[4] (x0, y0, x1, y1, normalised) of the garment in an RGB photo, and its mask.

    The mask, bool at a working size, is None where foreground and background cannot be told
    apart; the box is then the whole photo less 2 % on each side.
    """
    height, width = photo.shape[:2]
    scale = WORKING_SIDE / max(height, width)
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    small = np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), np.uint8)
    mask = foreground(small)
    count, parts, statistics, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    whole = np.array([0.02, 0.02, 0.98, 0.98], np.float32)
    if count < 2:
        return whole, None
    areas = statistics[1:, cv2.CC_STAT_AREA]
    kept = 1 + np.flatnonzero(areas >= 0.1 * areas.max())
    mask = np.isin(parts, kept)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = np.array(
        [columns[0] / size[0], rows[0] / size[1], (columns[-1] + 1) / size[0],
         (rows[-1] + 1) / size[1]],
        np.float32,
    )  # fmt: skip
    area = float((box[2] - box[0]) * (box[3] - box[1]))
    if area < LEAST_AREA or mask.mean() < 0.3 * area:
        return whole, None
    return box, mask
