"""What a camera does to the scene: exposure, white balance, vignette, blur, noise, compression."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from ootd_samples.shading import Grid, rough


def develop(scene: Grid, rng: np.random.Generator) -> Image.Image:
    """The scene (h, w, 3 floats, 0 to 255) as the RGB picture that a camera or phone stores."""
    height, width = scene.shape[:2]
    warmth, tint = rng.normal(0, 0.03, 2)
    gain = np.array([1 + warmth, 1 + tint * 0.4, 1 - warmth], np.float32)
    gain *= np.float32(rng.normal(1.0, 0.06))
    ys = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    xs = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    vignette = 1 - np.float32(max(0.0, rng.normal(0.04, 0.04))) * (xs * xs + ys * ys)
    image = _to_image(scene * (gain * vignette[..., None]))
    # A gentle S-curve around the middle, more or less of it.
    x = np.arange(256) / 255
    curve = 255 * (x + float(rng.uniform(0.0, 0.35)) * (x - 0.5) * x * (1.15 - x))
    table = np.clip(curve, 0, 255).astype(np.uint8).tolist()
    image = image.point(table * 3).filter(ImageFilter.BoxBlur(float(rng.uniform(0.2, 0.65))))
    level = float(rng.gamma(2.0, 0.5))
    if level > 0.3:
        image = _to_image(_noisy(np.asarray(image, np.float32).copy(), level, rng))
    if rng.random() < 0.5:
        image = _recompressed(image, int(rng.integers(62, 92)))
    return image


def _noisy(picture: Grid, level: float, rng: np.random.Generator) -> Grid:
    """The picture with sensor noise of a deviation: mostly grey, a little between red and blue."""
    height, width = picture.shape[:2]
    grey, tint = (rough(width, height, rng) for _ in range(2))
    picture += (level * grey)[..., None]
    picture[..., 0] += 0.4 * level * tint
    picture[..., 2] -= 0.4 * level * tint
    return picture


def _to_image(picture: npt.NDArray[Any]) -> Image.Image:
    return Image.fromarray(np.clip(picture + 0.5, 0, 255).astype(np.uint8), "RGB")


def _recompressed(image: Image.Image, quality: int) -> Image.Image:
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(BytesIO(buffer.getvalue())).convert("RGB")
