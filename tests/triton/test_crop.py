"""The crop graph against a reference in numpy."""

import numpy as np
import pytest
from model_calls import Array, Infer
from PIL import Image

SIDE, MARGIN, BINS = 160, 0.05, 56


def resampling_matrix(start: float, end: float, extent: int) -> Array:
    """f64[160, extent]: each output pixel averages bilinear samples, one per source pixel under it,
    taken at even distances; outside the photo its rim counts."""
    step = (end - start) / SIDE
    samples = int(np.ceil(step)) if step > 0 else 1
    matrix = np.zeros((SIDE, extent))
    for row in range(SIDE):
        for sample in range(samples):
            position = start + (row + (sample + 0.5) / samples) * step - 0.5
            position = min(max(position, 0), extent - 1)
            low = min(int(position), extent - 1)
            high = min(low + 1, extent - 1)
            matrix[row, low] += (1 - (position - low)) / samples
            matrix[row, high] += (position - low) / samples
    return matrix


def reference_crop(photo: Array, box: Array) -> Array:
    height, width, _ = photo.shape
    x0, y0, x1, y1 = (float(value) for value in box)
    margin_x, margin_y = MARGIN * (x1 - x0), MARGIN * (y1 - y0)
    x0, x1 = max(x0 - margin_x, 0), min(x1 + margin_x, 1)
    y0, y1 = max(y0 - margin_y, 0), min(y1 + margin_y, 1)
    rows = resampling_matrix(y0 * height, y1 * height, height)
    columns = resampling_matrix(x0 * width, x1 * width, width)
    crop: Array = np.einsum("ry,yxc,sx->crs", rows, photo / 255, columns, optimize=True)
    return crop


def reference_bins(pixels: Array) -> Array:
    """Bin of each RGB pixel [..., 3] of 0 to 1, told in the plain words of the README."""
    value, least = pixels.max(-1), pixels.min(-1)
    saturation = (value - least) / np.maximum(value, 1e-6)
    red, green, blue = np.moveaxis(pixels, -1, 0)
    chroma = np.maximum(value - least, 1e-6)
    hue = np.where(
        value == red,
        (green - blue) / chroma,
        np.where(value == green, 2 + (blue - red) / chroma, 4 + (red - green) / chroma),
    )
    hue_bin = np.floor(hue * 4 + 0.5) % 24
    chromatic = 8 + hue_bin * 2 + (saturation >= 0.56)
    achromatic = np.minimum(np.floor(value * 8), 7)
    return np.where((saturation < 0.12) | (value < 0.12), achromatic, chromatic).astype(int)


def reference_histogram(crop: Array) -> Array:
    halved = crop.reshape(3, 80, 2, 80, 2).mean((2, 4)).transpose(1, 2, 0)
    offset = ((np.arange(80) + 0.5) / 80 - 0.5) / 0.25
    line = np.exp(-0.5 * offset**2)
    window = np.outer(line, line)
    bins = reference_bins(halved)
    return np.bincount(bins.ravel(), (window / window.sum()).ravel(), minlength=BINS)


BOXES = np.array(
    [
        [0.25, 0.1, 0.7, 0.5],
        [0, 0, 1, 1],
        [0.9, 0.9, 1, 1],
        [0.3, 0.3, 0.32, 0.31],
        [0, 0.4, 0.999, 0.41],
    ],
    np.float32,
)


@pytest.mark.parametrize("size", [(500, 360), (61, 47), (1, 1), (900, 20)])
def test_crops_and_histograms_agree_with_the_reference(
    infer: Infer, drawing: Image.Image, size: tuple[int, int]
) -> None:
    photo = np.asarray(drawing.resize(size[::-1]))
    out = infer("crop", PHOTO=photo[None], BOXES=BOXES)
    assert out["CROPS"].shape == (5, 3, SIDE, SIDE)
    assert out["COLOR_HISTOGRAM"].shape == (5, BINS)
    for box, crop, histogram in zip(BOXES, out["CROPS"], out["COLOR_HISTOGRAM"], strict=True):
        # Single precision decides how many samples lie under a pixel where the size is a multiple.
        assert np.abs(crop - reference_crop(photo, box)).mean() < 2e-3, box
        # Judged on the crop as served: bins have edges, which rounding must not decide.
        assert np.abs(histogram - reference_histogram(crop.astype(np.float64))).sum() < 0.02, box
        assert histogram.sum() == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize(
    ("color", "expected"),
    [
        ((0, 0, 0), 0),
        ((255, 255, 255), 7),
        ((128, 128, 128), 4),
        ((255, 0, 0), 8 + 1),
        ((255, 0, 20), 8 + 1),
        ((255, 0, 40), 8 + 23 * 2 + 1),
        ((120, 0, 0), 8 + 1),
        ((255, 200, 200), 8),
        ((0, 255, 0), 8 + 8 * 2 + 1),
        ((0, 0, 255), 8 + 16 * 2 + 1),
        ((255, 0, 128), 8 + 22 * 2 + 1),
    ],
)
def test_a_plain_colour_fills_its_bin(
    infer: Infer, color: tuple[int, int, int], expected: int
) -> None:
    photo = np.full((1, 50, 40, 3), color, np.uint8)
    histogram = infer("crop", PHOTO=photo, BOXES=BOXES[:1])["COLOR_HISTOGRAM"][0]
    assert int(histogram.argmax()) == expected
    assert histogram[expected] == pytest.approx(1, abs=1e-4)


def test_the_middle_counts_more_than_the_background(infer: Infer) -> None:
    photo = np.full((1, 200, 200, 3), (0, 0, 255), np.uint8)
    photo[:, 50:150, 50:150] = (255, 0, 0)  # a quarter of the area
    whole = np.array([[0, 0, 1, 1]], np.float32)
    histogram = infer("crop", PHOTO=photo, BOXES=whole)["COLOR_HISTOGRAM"][0]
    assert histogram[8 + 1] > 0.4
