"""Boxes derived from the background of catalogue photos."""

from __future__ import annotations

import numpy as np
import pytest

from ootd_training.data.catalog_photos import garment_box


def shirt_on(background: tuple[int, int, int]) -> np.ndarray:
    random = np.random.default_rng(0)
    photo = np.full((320, 240, 3), background, np.float32)
    photo *= np.linspace(0.85, 1.0, 320)[:, None, None]
    photo[80:240, 60:190] = (180, 40, 50)
    return (photo + random.normal(0, 4, photo.shape)).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("background", [(230, 228, 220), (60, 60, 70), (150, 120, 90)])
def test_box_of_a_garment_on_a_plain_background(background):
    box, mask = garment_box(shirt_on(background))
    assert mask is not None
    np.testing.assert_allclose(box, [60 / 240, 80 / 320, 190 / 240, 240 / 320], atol=0.02)


def test_whole_photo_where_nothing_stands_out():
    box, mask = garment_box(np.full((320, 240, 3), 128, np.uint8))
    assert mask is None
    np.testing.assert_allclose(box, [0.02, 0.02, 0.98, 0.98])
