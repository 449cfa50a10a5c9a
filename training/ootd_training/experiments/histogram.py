"""HSV colour histograms of any layout, with the served crop model's as one of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ootd_training.served import crop_graph as graph


@dataclass(frozen=True)
class Layout:
    """How pixels fall into bins, and how much each pixel counts.

    Pixels with saturation or value below `achromatic_below` (0 to 1) fall into `achromatic` bins by
    value; the others into `hues` x `saturations` x `values` bins, red in the middle of the first
    hue, the others evenly over the rest of the range. `sigma` is the standard deviation of the
    Gaussian window as a share of the crop's side; infinite counts all pixels alike.
    """

    hues: int = graph.HUE_BINS
    saturations: int = graph.SATURATION_BINS
    values: int = 1
    achromatic: int = graph.ACHROMATIC_BINS
    achromatic_below: float = graph.ACHROMATIC_BELOW
    sigma: float = graph.WINDOW_SIGMA

    @property
    def bins(self) -> int:
        """Length of the histogram."""
        return self.achromatic + self.hues * self.saturations * self.values

    @property
    def name(self) -> str:
        """The numbers of bins in short, such as `8 + 24x2x1`."""
        return f"{self.achromatic} + {self.hues}x{self.saturations}x{self.values}"


SERVED = Layout()


def hsv(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Hue in sixths of the circle (-1 to 5), saturation and value (0 to 1), f32[3, n, pixels].

    `crops` are u8[n, s, s, 3]; they are halved first, as in the crop model.
    """
    count, side = crops.shape[:2]
    halved = crops.reshape(count, side // 2, 2, side // 2, 2, 3).mean((2, 4), dtype=np.float32)
    red, green, blue = np.moveaxis(halved.reshape(count, -1, 3) / 255, 2, 0)
    value = np.maximum(np.maximum(red, green), blue)
    chroma = value - np.minimum(np.minimum(red, green), blue)
    safe = np.maximum(chroma, 1e-6)
    hue = np.where(value == green, (blue - red) / safe + 2, (red - green) / safe + 4)
    hue = np.where(value == red, (green - blue) / safe, hue)
    return np.asarray(np.stack([hue, chroma / np.maximum(value, 1e-6), value]), np.float32)


def window(pixels: int, sigma: float) -> NDArray[np.float32]:
    """The weight of each pixel of a square of that many, f32[pixels], summing to 1."""
    side = round(pixels**0.5)
    offset = ((np.arange(side) + 0.5) / side - 0.5) / sigma
    line = np.exp(-0.5 * offset**2)
    weights = np.outer(line, line).ravel()
    return np.asarray((weights / weights.sum()).astype(np.float32))


def _even(part: NDArray[np.float32], lowest: float, bins: int) -> NDArray[np.int64]:
    """Which of `bins` equal parts of `lowest` to 1 a number is in."""
    index = np.floor((part - lowest) / (1 - lowest) * bins)
    return np.asarray(index.clip(0, bins - 1), np.int64)


def histograms(colors: NDArray[np.float32], layout: Layout) -> NDArray[np.float32]:
    """The histograms f32[n, bins] of crops given as `hsv` returns them; each sums to 1."""
    hue, saturation, value = colors
    hues = np.floor(hue * (layout.hues / 6) + 0.5).astype(np.int64) % layout.hues
    low = layout.achromatic_below
    chromatic = (hues * layout.saturations + _even(saturation, low, layout.saturations)) * (
        layout.values
    ) + _even(value, low, layout.values)
    grey = np.floor(value * layout.achromatic).clip(0, layout.achromatic - 1).astype(np.int64)
    colorless = (saturation < low) | (value < low)
    bins = np.where(colorless, grey, layout.achromatic + chromatic)
    rows = np.arange(len(bins))[:, None] * layout.bins
    weights = np.broadcast_to(window(bins.shape[1], layout.sigma), bins.shape)
    counted = np.bincount((rows + bins).ravel(), weights.ravel(), len(bins) * layout.bins)
    return np.asarray(counted.reshape(len(bins), -1).astype(np.float32))


def intersections(
    queries: NDArray[np.float32], gallery: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Histogram intersection (0 to 1) of each of n queries and m of the gallery, f32[n, m]."""
    rows = [np.minimum(query, gallery).sum(1) for query in queries]
    return np.asarray(np.stack(rows).astype(np.float32))
