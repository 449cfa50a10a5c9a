"""Descriptive images of shops, taken apart into the single pictures that they show."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class SplitSettings:
    """What counts as a picture on a page; lengths are shares of the page's width.

    `tolerance` (0 to 255) is how far a channel may be from the page's colour and still be page,
    `plain` the least share of page-coloured pixels on the rim of a page without bare rows. Marks
    closer than `gap` are one part. A part is a picture when both sides reach `side` and `pixels`
    (of the file), and its marks fill `ink` of its box; it is a framed picture when they fill
    `frame` of it. A page whose height is `long` times its width may also hold cut-out garments,
    which have no frame.
    """

    tolerance: int = 14
    plain: float = 0.2
    gap: float = 0.012
    side: float = 0.16
    pixels: int = 96
    ink: float = 0.3
    frame: float = 0.9
    long: float = 1.9


Region = tuple[int, int, int, int]
"""x0, y0, x1, y1 in pixels of the file; x1 and y1 lie just outside."""

WORKING_WIDTH = 480


def split_page(
    photo: NDArray[np.uint8], settings: SplitSettings = SplitSettings()
) -> tuple[Region, ...]:
    """The pictures of a descriptive image, from RGB u8[h, w, 3], in reading order.

    Empty when the image is one photo: when its rim has no plain colour, when fewer than two parts
    are pictures, or when the parts of an image of usual shape have no frames (a pair of shoes on
    white stays together). Text and thin ornaments are no pictures. Source: iTOO, section 5.1,
    "separated the descriptive image with the connected components algorithm"; that pictures are
    told from text by size, fill and frame is this project's own rule.
    """
    height, width = photo.shape[:2]
    scale = min(1.0, WORKING_WIDTH / width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), np.uint8)
    marks = page_marks(small, settings)
    if marks is None:
        return ()
    parts = _parts(marks, settings, settings.pixels * scale)
    framed = [part for part, fill in parts if fill >= settings.frame]
    found = [part for part, _ in parts] if height >= settings.long * width else framed
    if len(found) < 2:
        return ()
    across, down = width / size[0], height / size[1]
    return tuple(
        (
            int(x0 * across),
            int(y0 * down),
            min(width, round(x1 * across)),
            min(height, round(y1 * down)),
        )
        for x0, y0, x1, y1 in sorted(found, key=lambda part: (part[1], part[0]))
    )


def page_marks(photo: NDArray[np.uint8], settings: SplitSettings) -> NDArray[np.uint8] | None:
    """Where a page is not bare, u8[h, w] of 0 and 1; None if the page has no plain colour.

    The page's colour is the most frequent one of the bare rows, which run from side to side in one
    colour between pictures; without such rows that of the rim, if enough of the rim has it.
    """
    bare = photo[np.ptp(photo, axis=1).max(axis=1) <= settings.tolerance]
    if len(bare) >= 2:
        colour = _leading_colour(bare.reshape(-1, 3))
    else:
        rim = np.concatenate([photo[0], photo[-1], photo[:, 0], photo[:, -1]])
        colour = _leading_colour(rim)
        if (np.abs(rim - colour).max(axis=1) <= settings.tolerance).mean() < settings.plain:
            return None
    distance = np.abs(photo - colour).max(axis=2)
    return np.asarray(distance > settings.tolerance, np.uint8)


def _leading_colour(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Median f64[3] of the pixels u8[n, 3] near the most frequent colour, in steps of 16 levels."""
    steps = (pixels.astype(np.int16) + 8) // 16
    colours, counts = np.unique(steps, axis=0, return_counts=True)
    near = np.abs(pixels - 16.0 * colours[counts.argmax()]).max(axis=1) <= 16
    return np.asarray(np.median(pixels[near], axis=0), np.float64)


def _parts(
    marks: NDArray[np.uint8], settings: SplitSettings, least_pixels: float
) -> list[tuple[Region, float]]:
    """Boxes large and full enough to be pictures, with the share of each that marks fill."""
    width = marks.shape[1]
    reach = max(1, round(settings.gap * width))
    joined = cv2.morphologyEx(marks, cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
    count, labels, statistics, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    least = max(settings.side * width, least_pixels)
    boxes: list[Region] = []
    for x, y, w, h, _area in statistics[1:count].tolist():
        if w >= least and h >= least:
            boxes.append((x, y, x + w, y + h))
    parts = []
    for x0, y0, x1, y1 in _merged(boxes):
        fill = float((labels[y0:y1, x0:x1] > 0).mean())
        ink = float(marks[y0:y1, x0:x1].mean())
        if ink >= settings.ink:
            parts.append(((x0, y0, x1, y1), fill))
    return parts


def _merged(boxes: list[Region]) -> list[Region]:
    """Boxes without overlaps: those that share pixels become the box around both."""
    merged: list[Region] = []
    for box in boxes:
        current = box
        while True:
            x0, y0, x1, y1 = current
            touching = [m for m in merged if m[0] < x1 and x0 < m[2] and m[1] < y1 and y0 < m[3]]
            if not touching:
                break
            merged = [m for m in merged if m not in touching]
            edges = np.array([current, *touching])
            low, high = edges[:, :2].min(axis=0), edges[:, 2:].max(axis=0)
            current = (int(low[0]), int(low[1]), int(high[0]), int(high[1]))
        merged.append(current)
    return merged
