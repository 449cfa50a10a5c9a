"""Photos that show no garment: places beside the people of outfit photos, and drawn ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ootd_training.data.outfit_photos import OutfitPhoto

Photo = NDArray[np.uint8]
Draw = Callable[[np.random.Generator, int, int], Photo]

LEAST_SHARE = 0.18
"""Least width of what lies beside the people, as a share of the photo's."""
LEAST_SIDE = 48  # px


def beside(photo: Photo, record: OutfitPhoto) -> Iterator[Photo]:
    """What lies left and right of all labelled boxes, where it is wide enough.

    Passers-by are not labelled, so now and then one is in it.
    """
    if not len(record.boxes):
        return
    width = photo.shape[1]
    left, right = record.boxes[:, 0].min(), record.boxes[:, 2].max()
    for start, end in ((0, int(left)), (int(np.ceil(right)), width)):
        if end - start >= max(LEAST_SHARE * width, LEAST_SIDE):
            yield np.ascontiguousarray(photo[:, start:end])


def color(rng: np.random.Generator, low: int = 0, high: int = 256) -> tuple[int, ...]:
    """A random RGB colour."""
    return tuple(int(part) for part in rng.integers(low, high, 3))


def plain(rng: np.random.Generator, height: int, width: int) -> Photo:
    """One colour."""
    return np.full((height, width, 3), color(rng), np.uint8)


def gradient(rng: np.random.Generator, height: int, width: int) -> Photo:
    """From one colour to another, downwards or to the right."""
    first, last = rng.integers(0, 256, (2, 3))
    if rng.random() < 0.5:
        share = np.linspace(0, 1, height)[:, None, None]
    else:
        share = np.linspace(0, 1, width)[None, :, None]
    return np.broadcast_to(first + (last - first) * share, (height, width, 3)).astype(np.uint8)


def noise(rng: np.random.Generator, height: int, width: int) -> Photo:
    """Every pixel by itself."""
    return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)


def clouds(rng: np.random.Generator, height: int, width: int) -> Photo:
    """Soft spots."""
    spots = int(rng.integers(3, 24))
    few = rng.integers(0, 256, (spots, spots, 3), dtype=np.uint8)
    large = cv2.resize(few, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(large, np.uint8)


def stripes(rng: np.random.Generator, height: int, width: int) -> Photo:
    """Two colours in stripes: across, along or slanting."""
    y, x = np.mgrid[:height, :width]
    place = (x, y, x + y)[rng.integers(3)]
    odd = place // rng.integers(4, 40) % 2 == 1
    return np.where(odd[..., None], plain(rng, height, width), plain(rng, height, width))


def checks(rng: np.random.Generator, height: int, width: int) -> Photo:
    """Two colours in squares."""
    y, x = np.mgrid[:height, :width]
    side = rng.integers(6, 60)
    odd = (x // side + y // side) % 2 == 1
    return np.where(odd[..., None], plain(rng, height, width), plain(rng, height, width))


def text(rng: np.random.Generator, height: int, width: int) -> Photo:
    """Lines of dark letters on light paper."""
    paper = Image.new("RGB", (width, height), color(rng, 180))
    pen = ImageDraw.Draw(paper)
    for y in range(10, height - 14, int(rng.integers(14, 30))):
        letters = "".join(chr(letter) for letter in rng.integers(97, 123, 60))
        pen.text((10, y), letters, fill=color(rng, 0, 90))
    return np.asarray(paper).copy()


def shapes(rng: np.random.Generator, height: int, width: int) -> Photo:
    """Rectangles and ellipses over a gradient."""
    image = Image.fromarray(gradient(rng, height, width))
    pen = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(2, 12))):
        x, y = sorted(rng.integers(0, width, 2)), sorted(rng.integers(0, height, 2))
        draw = pen.rectangle if rng.random() < 0.5 else pen.ellipse
        draw((x[0], y[0], x[1] + 1, y[1] + 1), fill=color(rng))
    return np.asarray(image).copy()


def landscape(rng: np.random.Generator, height: int, width: int) -> Photo:
    """A sky over green ground."""
    photo = gradient(rng, height, width).copy()
    horizon = int(height * rng.uniform(0.3, 0.7))
    ground = clouds(rng, height, width) // 3 + np.array([30, 80, 20], np.uint8)
    photo[horizon:] = ground[horizon:]
    return photo


def room(rng: np.random.Generator, height: int, width: int) -> Photo:
    """A wall with a picture, a floor with a box on it."""
    image = Image.fromarray(plain(rng, height, width))
    pen = ImageDraw.Draw(image)
    floor = int(height * rng.uniform(0.6, 0.8))
    pen.rectangle((0, floor, width, height), fill=color(rng, 60, 180))
    left = int(width * rng.uniform(0.1, 0.5))
    picture = (left, int(height * 0.1), left + width // 4, int(height * 0.4))
    pen.rectangle(picture, fill=(200, 220, 240), outline=(90, 60, 30), width=6)
    left = int(width * rng.uniform(0.1, 0.5))
    box = (left, int(floor - height * 0.15), left + width // 3, int(floor + height * 0.12))
    pen.rectangle(box, fill=color(rng, 20, 220))
    return np.asarray(image).copy()


DRAWN: Mapping[str, Draw] = {
    "one colour": plain,
    "gradient": gradient,
    "noise": noise,
    "soft spots": clouds,
    "stripes": stripes,
    "checks": checks,
    "text": text,
    "shapes": shapes,
    "landscape": landscape,
    "room": room,
}


def drawn(seed: int, count: int) -> Iterator[tuple[str, Photo]]:
    """Kind and photo of `count` drawn photos of each kind, sides of 160 to 639 px."""
    rng = np.random.default_rng(seed)
    for kind, draw in DRAWN.items():
        for _ in range(count):
            height, width = (int(side) for side in rng.integers(160, 640, 2))
            yield kind, np.ascontiguousarray(draw(rng, height, width))
