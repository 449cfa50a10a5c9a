"""Random crops of tiles: what a garment may look like when the service meets it."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from ootd_training.data.crops import SERVED_MARGIN, WHOLE, Box, Tiles, cut, widened

Batch = TypeVar("Batch")


@dataclass(frozen=True)
class ViewSettings:
    """Chances (0 to 1) and strengths of the changes."""

    flip: float = 0.5
    """Chance of the mirror image."""
    box_jitter: float = 0.05
    """Standard deviation of each side of the box, as a share of it: detectors are imprecise."""
    whole: float = 0.12
    """Chance of the whole tile in place of the box."""
    zoom: float = 0.35
    """Chance of only a part of it."""
    zoom_share: float = 0.5
    """Least share of its area that such a part has."""
    rotate: float = 0.2
    """Chance of a turn."""
    degrees: float = 12.0
    """Largest turn."""
    blur: float = 0.1
    """Chance of a blur."""
    recolor: float = 0.1
    """Chance of a change of hue, after which the colour's name no longer holds."""
    light: float = 0.2
    """Largest change of brightness and of contrast, as a share."""
    tint: float = 0.03
    """The same of each channel alone."""
    erase: float = 0.15
    """Chance of a rectangle of plain colour over the garment."""
    erase_side: float = 0.45
    """Its longest side, as a share of the crop's."""
    background: float = 0.12
    """Chance of another background, where the garment's mask is known."""


def jittered(box: Box, settings: ViewSettings, rng: np.random.Generator) -> Box:
    """The box as an imprecise detector would give it, sometimes zoomed; inside 0..1."""
    x0, y0, x1, y1 = widened(box, SERVED_MARGIN)
    width, height = x1 - x0, y1 - y0
    noise = rng.normal(0.0, settings.box_jitter, 4).clip(-0.2, 0.2)
    x0, x1 = x0 + noise[0] * width, x1 + noise[1] * width
    y0, y1 = y0 + noise[2] * height, y1 + noise[3] * height
    if rng.random() < settings.zoom:
        area, aspect = rng.uniform(settings.zoom_share, 1.0), np.exp(rng.uniform(-0.3, 0.3))
        w = min(1.0, float(np.sqrt(area * aspect))) * (x1 - x0)
        h = min(1.0, float(np.sqrt(area / aspect))) * (y1 - y0)
        x0 += rng.random() * (x1 - x0 - w)
        y0 += rng.random() * (y1 - y0 - h)
        x1, y1 = x0 + w, y0 + h
    return (max(0.0, x0), max(0.0, y0), min(1.0, x1), min(1.0, y1))


def recolored(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The picture in plainly other colours: the hue turned by 60 to 300 degrees, or other light."""
    hue, saturation, value = image.convert("HSV").split()
    turn = int(rng.integers(43, 214))
    turned = (np.asarray(hue).astype(np.int16) + turn) % 256
    gain = rng.uniform(0.5, 1.6)
    stretched = np.asarray(saturation).astype(np.float32) * gain
    parts = (
        Image.fromarray(turned.astype(np.uint8)),
        Image.fromarray(stretched.clip(0, 255).astype(np.uint8)),
        value,
    )
    return Image.merge("HSV", parts).convert("RGB")


def _relit(
    pixels: NDArray[np.uint8], settings: ViewSettings, rng: np.random.Generator
) -> NDArray[np.uint8]:
    gain = 1.0 + rng.uniform(-settings.light, settings.light)
    tint = 1.0 + rng.uniform(-settings.tint, settings.tint, 3)
    contrast = 1.0 + rng.uniform(-settings.light, settings.light)
    middle = pixels.mean(dtype=np.float32)
    table = (np.arange(256, dtype=np.float32) - middle) * contrast + middle
    tables = (table[:, None] * (gain * tint)).clip(0, 255).astype(np.uint8)
    return np.stack([tables[:, c][pixels[..., c]] for c in range(3)], -1)


def _erase(pixels: NDArray[np.uint8], settings: ViewSettings, rng: np.random.Generator) -> None:
    size = len(pixels)
    height, width = (int(size * rng.uniform(0.1, settings.erase_side)) for _ in range(2))
    y, x = rng.integers(0, size - height), rng.integers(0, size - width)
    pixels[y : y + height, x : x + width] = rng.integers(0, 256, 3)


def _background(tiles: Tiles, size: int, rng: np.random.Generator) -> Image.Image:
    """A plain colour, a gradient, or another photo out of focus."""
    kind = rng.random()
    if kind < 0.35:
        other = Image.fromarray(tiles.pixels[rng.integers(len(tiles))])
        return cut(other, WHOLE, size).filter(ImageFilter.GaussianBlur(size / 24))
    ends = rng.integers(0, 256, (2, 3)).astype(np.float32)
    if kind < 0.7:
        # Real backdrops are mostly greyish.
        ends = 0.8 * ends.mean(1, keepdims=True) + 0.2 * ends
    ramp = np.linspace(0, rng.uniform(0, 1), size, dtype=np.float32)[:, None, None]
    rows = np.broadcast_to(ends[0] * (1 - ramp) + ends[1] * ramp, (size, size, 3))
    noisy = rows + rng.normal(0, rng.uniform(0, 8), (size, size, 1))
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


def _crop(
    tiles: Tiles, index: int, size: int, settings: ViewSettings, rng: np.random.Generator
) -> Image.Image:
    whole = rng.random() < settings.whole
    region = jittered(WHOLE if whole else tiles.boxes[index], settings, rng)
    image = cut(Image.fromarray(tiles.pixels[index]), region, size)
    if rng.random() < settings.background and tiles.masks[index].min() < 128:
        mask = cut(Image.fromarray(tiles.masks[index]), region, size)
        return Image.composite(image, _background(tiles, size, rng), mask)
    return image


def view(
    tiles: Tiles, index: int, size: int, settings: ViewSettings, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], bool]:
    """One random crop, uint8 [size, size, 3], and whether its colours are still the garment's."""
    image = _crop(tiles, index, size, settings, rng)
    if rng.random() < settings.flip:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if rng.random() < settings.rotate:
        corners = np.asarray(image)[[0, 0, -1, -1], [0, -1, 0, -1]].mean(0)
        angle = rng.uniform(-settings.degrees, settings.degrees)
        fill = (int(corners[0]), int(corners[1]), int(corners[2]))
        image = image.rotate(angle, Image.Resampling.BILINEAR, fillcolor=fill)
    if rng.random() < settings.blur:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.2, 0.012 * size)))
    true_colors = bool(rng.random() >= settings.recolor)
    if not true_colors:
        image = recolored(image, rng)
    crop = _relit(np.asarray(image), settings, rng)
    if rng.random() < settings.erase:
        _erase(crop, settings, rng)
    return crop, true_colors


def views(
    tiles: Tiles,
    indices: NDArray[np.int64],
    size: int,
    settings: ViewSettings,
    rng: np.random.Generator,
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """A batch of random crops, uint8 [n, 3, size, size], and where their colours are true, [n]."""
    made = [view(tiles, int(index), size, settings, rng) for index in indices]
    crops = np.stack([crop for crop, _ in made]).transpose(0, 3, 1, 2)
    return np.ascontiguousarray(crops), np.array([true for _, true in made])


def pixels_of(crops: NDArray[np.uint8], device: torch.device) -> torch.Tensor:
    """Crops uint8 [n, 3, s, s] as float32 in 0..1 on the device, channels last in memory."""
    pixels = torch.from_numpy(crops).to(device).to(memory_format=torch.channels_last)
    return pixels.float() / 255


def prefetch(make: Callable[[int], Batch], count: int, ahead: int = 4) -> Iterator[Batch]:
    """Yield `make(0)` to `make(count - 1)`, made by a second thread up to `ahead` in advance.

    An exception of `make` is raised here. When the caller stops early, the thread ends.
    """
    ready: queue.Queue[Batch | BaseException] = queue.Queue(maxsize=ahead)
    stopped = threading.Event()

    def put(entry: Batch | BaseException) -> bool:
        while not stopped.is_set():
            try:
                ready.put(entry, timeout=0.2)
            except queue.Full:
                continue
            return True
        return False

    def work() -> None:
        try:
            for index in range(count):
                if not put(make(index)):
                    return
        except BaseException as error:  # noqa: BLE001 - handed to the consuming thread
            put(error)

    thread = threading.Thread(target=work, daemon=True, name="views")
    thread.start()
    try:
        for _ in range(count):
            entry = ready.get()
            if isinstance(entry, BaseException):
                raise entry
            yield entry
    finally:
        stopped.set()
        thread.join()
