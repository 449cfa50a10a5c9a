"""Random changes of photos and their labels: zoom, place, flip, colour, mosaic."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ootd_training.models.detector.samples import Sample
from ootd_training.models.detector.settings import PADDING_VALUE, Stage

LEAST_VISIBLE = 0.3
LEAST_SIDE = 3.0
HUE, SATURATION, VALUE = 0.015, 0.5, 0.4
STRETCH = 0.12


def place(
    sample: Sample, size: tuple[int, int], stage: Stage, random: np.random.Generator
) -> Sample:
    """The photo zoomed by a random factor of its fitting size on a canvas of `size`: height, width.

    Boxes of which under 30 % stay visible are dropped.
    """
    height, width = size
    scale = stage.scale
    rows, columns = sample.photo.shape[:2]
    fit = min(height / rows, width / columns)
    zoom = fit * float(np.exp(random.uniform(np.log(scale[0]), np.log(scale[1]))))
    stretch = float(np.exp(random.uniform(-STRETCH, STRETCH)))
    zoom_x, zoom_y = zoom * stretch**0.5, zoom / stretch**0.5
    slack_x, slack_y = width - columns * zoom_x, height - rows * zoom_y
    if stage.anchored:
        shift_x, shift_y = min(0.0, slack_x * random.random()), min(0.0, slack_y * random.random())
    else:
        shift_x, shift_y = slack_x * random.random(), slack_y * random.random()
    flip = random.random() < 0.5
    if flip:
        matrix = np.array([[-zoom_x, 0, columns * zoom_x + shift_x], [0, zoom_y, shift_y]])
    else:
        matrix = np.array([[zoom_x, 0, shift_x], [0, zoom_y, shift_y]])
    photo = cv2.warpAffine(
        sample.photo, matrix, (width, height), flags=cv2.INTER_LINEAR,
        borderValue=(PADDING_VALUE,) * 3,
    )  # fmt: skip
    labels = cv2.warpAffine(
        sample.labels, matrix, (width, height), flags=cv2.INTER_NEAREST, borderValue=0
    )
    xs = sample.boxes[:, [0, 2]] * matrix[0, 0] + matrix[0, 2]
    ys = sample.boxes[:, [1, 3]] * matrix[1, 1] + matrix[1, 2]
    boxes = np.stack([xs.min(axis=1), ys[:, 0], xs.max(axis=1), ys[:, 1]], axis=1)
    cut = boxes.clip(0, [width, height, width, height]).astype(np.float32)
    sides, full = cut[:, 2:] - cut[:, :2], boxes[:, 2:] - boxes[:, :2]
    visible = sides.prod(axis=1) / np.maximum(full.prod(axis=1), 1e-6)
    kept = (visible >= LEAST_VISIBLE) & (sides.min(axis=1) >= LEAST_SIDE)
    return Sample(
        np.asarray(photo, np.uint8), cut[kept], sample.classes[kept], np.asarray(labels, np.uint8)
    )


def mosaic(samples: list[Sample], stage: Stage, random: np.random.Generator) -> Sample:
    """Four photos around a random centre of the stage's canvas."""
    height, width = stage.height, stage.width
    centre_y = round(height * random.uniform(0.35, 0.65))
    centre_x = round(width * random.uniform(0.35, 0.65))
    photo = np.empty((height, width, 3), np.uint8)
    labels = np.empty((height, width), np.uint8)
    boxes, classes = [], []
    for index, sample in enumerate(samples):
        top, bottom = (0, centre_y) if index < 2 else (centre_y, height)
        left, right = (0, centre_x) if index % 2 == 0 else (centre_x, width)
        tile = place(sample, (bottom - top, right - left), stage, random)
        photo[top:bottom, left:right] = tile.photo
        labels[top:bottom, left:right] = tile.labels
        boxes.append(tile.boxes + np.array([left, top, left, top], np.float32))
        classes.append(tile.classes)
    return Sample(photo, np.concatenate(boxes), np.concatenate(classes), labels)


def recolour(photo: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.uint8]:
    """Random gain of hue, saturation and value, u8[h, w, 3] RGB in and out."""
    gains = 1 + random.uniform(-1, 1, 3) * (HUE, SATURATION, VALUE)
    steps = np.arange(256)
    tables = np.stack(
        [
            (steps + (gains[0] - 1) * 180) % 180,
            (steps * gains[1]).clip(0, 255),
            (steps * gains[2]).clip(0, 255),
        ],
        axis=-1,
    ).astype(np.uint8)
    changed = cv2.LUT(cv2.cvtColor(photo, cv2.COLOR_RGB2HSV), tables[None])
    return np.asarray(cv2.cvtColor(changed, cv2.COLOR_HSV2RGB), np.uint8)


def augmented(photos: list[Sample], stage: Stage, random: np.random.Generator) -> Sample:
    """The first of four photos changed as the stage says, or a mosaic of all four."""
    if random.random() < stage.mosaic:
        shuffled = [photos[index] for index in random.permutation(4)]
        result = mosaic(shuffled, stage, random)
    else:
        result = place(photos[0], (stage.height, stage.width), stage, random)
    return Sample(recolour(result.photo, random), result.boxes, result.classes, result.labels)
