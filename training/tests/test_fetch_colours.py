"""Colour names of pixels and of garments."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from ootd_training.data.fetch.colour_names import colour_name
from ootd_training.data.fetch.colours import catalog_colour, garment_colour


def name_of(rgb, *, catalog=False):
    pixel = np.array([[rgb]], np.float32) / 255
    lightness, a, b = cv2.cvtColor(pixel, cv2.COLOR_RGB2LAB)[0, 0].tolist()
    return colour_name(lightness, a, b, catalog=catalog)


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((10, 10, 10), "black"),
        ((128, 128, 128), "gray"),
        ((245, 245, 245), "white"),
        ((200, 20, 30), "red"),
        ((240, 150, 180), "pink"),
        ((240, 120, 20), "orange"),
        ((250, 210, 40), "yellow"),
        ((30, 130, 50), "green"),
        ((30, 80, 160), "blue"),
        ((20, 35, 70), "navy"),
        ((100, 40, 130), "purple"),
        ((100, 65, 35), "brown"),
        ((215, 190, 155), "beige"),
    ],
)
def test_names_of_plain_colours(rgb, name):
    assert name_of(rgb) == name


def test_warm_light_of_the_catalogue_leaves_less_blue_to_blue():
    assert (name_of((112, 122, 134)), name_of((112, 122, 134), catalog=True)) == ("gray", "blue")


def photo(*stripes):
    """Vertical stripes: colours and their widths, 100 rows, a little noise."""
    row = np.concatenate([np.tile(np.array(rgb, np.float32), (w, 1)) for rgb, w in stripes])
    noisy = np.tile(row, (100, 1, 1)) + np.random.default_rng(0).normal(0, 2, (100, len(row), 3))
    return noisy.clip(0, 255).astype(np.uint8)


def whole(image):
    return np.ones(image.shape[:2], bool)


def test_shadow_counts_with_its_colour():
    shirt = photo(((235, 235, 235), 55), ((165, 165, 165), 45))
    name, share = garment_colour(shirt, whole(shirt))
    assert name == "white"
    assert share == pytest.approx(1.0, abs=0.02)
    denim = photo(((40, 80, 150), 60), ((15, 25, 60), 40))
    assert garment_colour(denim, whole(denim))[0] == "blue"


def test_unlike_colours_are_multicolor():
    striped = photo(((200, 20, 30), 50), ((30, 130, 50), 50))
    assert garment_colour(striped, whole(striped))[0] == "multicolor"
    mostly_red = photo(((200, 20, 30), 80), ((30, 130, 50), 20))
    name, share = garment_colour(mostly_red, whole(mostly_red))
    assert name == "red"
    assert share == pytest.approx(0.8, abs=0.02)


def test_only_pixels_under_the_mask_count_and_not_its_rim():
    image = photo(((200, 20, 30), 50), ((30, 130, 50), 50))
    mask = np.zeros((100, 100), bool)
    mask[20:60, 20:52] = True  # two columns of green, within the rim
    assert garment_colour(image, mask) == ("red", pytest.approx(1.0))
    sliver = np.zeros((100, 100), bool)
    sliver[50:53, 60:70] = True
    assert garment_colour(image, sliver)[0] == "green"


def test_the_background_of_a_catalogue_photo_does_not_count():
    image = np.full((200, 160, 3), (205, 190, 165), np.uint8)
    image[30:170, 30:130] = (30, 80, 160)
    image[60:140, 60:100] = (205, 190, 165)  # seen through the middle
    assert catalog_colour(image)[0] == "blue"
    plain = np.full((200, 160, 3), (205, 190, 165), np.uint8)
    assert catalog_colour(plain)[0] == "beige"
