"""Histograms of any layout; the served one is the crop model's."""

from __future__ import annotations

import math

import numpy as np
import onnxruntime

from ootd_training.experiments.histogram import SERVED, Layout, histograms, hsv, intersections
from ootd_training.served.crop_graph import CROP_SIDE, build


def crops(count: int) -> np.ndarray:
    """Smooth colour fields, noise and greys, as the crop model would cut them."""
    rng = np.random.default_rng(4)
    made = rng.integers(0, 256, (count, CROP_SIDE, CROP_SIDE, 3), dtype=np.uint8)
    ramp = np.linspace(0, 255, CROP_SIDE).astype(np.uint8)
    made[0] = np.stack(np.broadcast_arrays(ramp[:, None], ramp[None], ramp[::-1, None]), -1)
    made[1] = ramp[:, None, None]
    return made


def test_the_served_layout_is_the_crop_models() -> None:
    session = onnxruntime.InferenceSession(build().SerializeToString())
    photos = crops(3)
    whole = np.array([[0, 0, 1, 1]], np.float32)
    for photo in photos:
        expected = session.run(["COLOR_HISTOGRAM"], {"PHOTO": photo[None], "BOXES": whole})[0]
        found = histograms(hsv(photo[None]), SERVED)
        assert np.minimum(found, expected).sum() > 0.999


def test_every_layout_sums_to_one_and_has_its_length() -> None:
    colors = hsv(crops(2))
    for layout in (SERVED, Layout(6, 1, 1, 4, 0.2, math.inf), Layout(24, 3, 2, 3, 0.06, 0.12)):
        found = histograms(colors, layout)
        assert found.shape == (2, layout.bins)
        np.testing.assert_allclose(found.sum(1), 1, rtol=1e-4)


def test_red_is_in_the_middle_of_the_first_hue() -> None:
    photo = np.zeros((2, 4, 4, 3), np.uint8)
    photo[0], photo[1] = (250, 10, 40), (250, 40, 10)
    found = histograms(hsv(photo), Layout(hues=6, saturations=1, values=1))
    assert found[:, 8].tolist() == [1, 1]


def test_intersection_is_one_for_equals_and_zero_for_strangers() -> None:
    one, other = np.eye(2, 5, dtype=np.float32)
    mixed = (one + other) / 2
    found = intersections(np.stack([one, mixed]), np.stack([one, other]))
    assert found.tolist() == [[1, 0], [0.5, 0.5]]
