"""Descriptive images of shops, taken apart."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from ootd_training.data.cleaning.splitting import split_page


def texture(width: int, height: int, seed: int) -> Image.Image:
    """A photo without plain areas."""
    random = np.random.default_rng(seed)
    blocks = random.integers(0, 200, (6, 6, 3), dtype=np.uint8)
    return Image.fromarray(blocks).resize((width, height), Image.Resampling.BICUBIC)


def page(size, regions, colour=(252, 251, 250)):
    picture = Image.new("RGB", size, colour)
    for seed, (x0, y0, x1, y1) in enumerate(regions):
        picture.paste(texture(x1 - x0, y1 - y0, seed), (x0, y0))
    return picture


def assert_same(found, wanted):
    assert len(found) == len(wanted)
    np.testing.assert_allclose(np.array(found), np.array(wanted), atol=8)


@pytest.mark.parametrize("colour", [(255, 255, 255), (236, 230, 224), (20, 20, 24)])
def test_pictures_on_a_plain_page_are_found_in_reading_order(colour):
    regions = [(50, 40, 750, 500), (50, 560, 390, 1000), (410, 560, 750, 1000)]
    assert_same(split_page(np.asarray(page((800, 1100), regions, colour))), regions)


def test_full_width_photos_with_bare_bands_between_are_parted():
    regions = [(0, 0, 700, 600), (0, 640, 700, 1300), (0, 1330, 700, 2000)]
    assert_same(split_page(np.asarray(page((700, 2000), regions))), regions)


def test_text_is_no_picture():
    regions = [(60, 60, 640, 500), (60, 800, 640, 1300)]
    picture = page((700, 1400), regions)
    for line in range(8):
        text = "Soft cotton, cut loosely; wash at 30 degrees, dry in the shade"
        ImageDraw.Draw(picture).text((60, 540 + 28 * line), text, fill=(40, 40, 40), font_size=18)
    assert_same(split_page(np.asarray(picture)), regions)


def test_one_photo_stays_whole():
    assert split_page(np.asarray(texture(600, 800, 3))) == ()
    assert split_page(np.asarray(page((600, 800), [(60, 60, 540, 740)]))) == ()


def test_a_pair_of_cut_out_shoes_stays_together_and_a_long_page_of_garments_does_not():
    pair = Image.new("RGB", (800, 600), "white")
    for x in (60, 430):
        ImageDraw.Draw(pair).ellipse((x, 150, x + 300, 420), fill=(30, 30, 60))
    assert split_page(np.asarray(pair)) == ()
    long = Image.new("RGB", (600, 1500), "white")
    ellipses = [(80, 60, 520, 640), (80, 760, 520, 1400)]
    for box in ellipses:
        ImageDraw.Draw(long).ellipse(box, fill=(30, 90, 60))
    assert_same(split_page(np.asarray(long)), ellipses)


def test_pictures_within_a_picture_are_not_cut_out():
    outer = [(40, 40, 760, 900), (40, 960, 760, 1500)]
    picture = page((800, 1560), outer)
    ImageDraw.Draw(picture).rectangle((200, 200, 500, 500), fill=(252, 251, 250))
    picture.paste(texture(200, 200, 9), (250, 250))
    assert_same(split_page(np.asarray(picture)), outer)
