"""Colour variants: one garment in other colours, in a photo or as a design to draw."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ootd_samples import GarmentDesign, colors

RGB = tuple[int, int, int]

LEAST_DISTANCE = 30.0
"""Two colours of one garment are at least this far apart in CIE Lab."""


def choose_colors(own: RGB, count: int, rng: np.random.Generator) -> list[RGB]:
    """Up to `count` cloth colours that are plainly unlike `own` and each other."""
    found: list[RGB] = []
    for name in rng.permutation(colors.NAMED):
        color = colors.sample(str(name), rng)
        if len(found) < count and all(
            colors.distance(color, other) >= LEAST_DISTANCE for other in (own, *found)
        ):
            found.append(color)
    return found


def main_color(photo: NDArray[np.uint8], mask: NDArray[np.uint8]) -> RGB:
    """The median colour of the pixels of `photo` u8[h, w, 3] where `mask` u8[h, w] is over 127."""
    red, green, blue = np.median(photo[mask > 127], axis=0)
    return int(red), int(green), int(blue)


def dyed(photo: NDArray[np.uint8], mask: NDArray[np.uint8], color: RGB) -> NDArray[np.uint8]:
    """The photo, u8[h, w, 3] RGB, with what `mask` (u8[h, w], 255 inside) shows in another colour.

    The garment's median in CIE Lab moves to `color`; prints keep their distance from it in hue and
    chroma, folds their contrast relative to the lightness.
    """
    lab = cv2.cvtColor(photo.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    middle = np.median(lab[mask > 127], axis=0)
    target = cv2.cvtColor(np.array([[color]], np.float32) / 255, cv2.COLOR_RGB2LAB)[0, 0]
    contrast = np.clip(target[0] / max(float(middle[0]), 1.0), 0.5, 2.0)
    moved = lab - middle
    moved[..., 0] *= contrast
    moved = (moved + target).astype(np.float32)
    moved[..., 0] = moved[..., 0].clip(0, 100)
    cloth = cv2.cvtColor(moved, cv2.COLOR_LAB2RGB).clip(0, 1) * 255
    share = mask[..., None].astype(np.float32) / 255
    return np.asarray((cloth * share + photo * (1 - share)).round().astype(np.uint8))


def dyed_design(design: GarmentDesign, color: RGB) -> GarmentDesign:
    """The same design on cloth of another colour, which is an item of its own."""
    base, *others = design.palette
    # A pattern must stay visible on the new cloth.
    kept = [o if colors.distance(o, color) > LEAST_DISTANCE else base for o in others]
    name = colors.color_name(color)
    return replace(
        design,
        palette=(color, *kept),
        color=name,
        item=f"{design.item}-{name}-{bytes(color).hex()}",
    )
