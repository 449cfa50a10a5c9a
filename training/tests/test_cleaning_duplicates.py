"""Duplicates by perceptual hash."""

from __future__ import annotations

import io
import tracemalloc

import numpy as np
from PIL import Image

from ootd_training.data.cleaning.duplicates import BLOCK, Fingerprint, duplicates, fingerprint


def photo(seed: int, size=(240, 320)) -> Image.Image:
    random = np.random.default_rng(seed)
    blocks = random.integers(0, 255, (12, 9, 3), dtype=np.uint8)
    return Image.fromarray(blocks).resize(size, Image.Resampling.BICUBIC)


def copy(image: Image.Image, scale: float, quality: int) -> Image.Image:
    file = io.BytesIO()
    small = image.resize((round(image.width * scale), round(image.height * scale)))
    small.save(file, "JPEG", quality=quality)
    return Image.open(file)


def owners(images, names=None, **options):
    names = names or [str(i) for i in range(len(images))]
    return duplicates([fingerprint(image) for image in images], names, **options).tolist()


def test_smaller_and_coarser_copies_are_found_and_the_largest_is_kept():
    image = photo(1)
    copies = [copy(image, 0.5, 40), image, copy(image, 0.7, 60), photo(2)]
    assert owners(copies) == [1, 1, 1, 3]


def test_equal_sizes_are_decided_by_name_whatever_the_order():
    image = photo(1)
    same = [copy(image, 1, 50), copy(image, 1, 70)]
    assert owners(same, ["b", "a"]) == [1, 1]
    assert owners(same[::-1], ["a", "b"]) == [0, 0]


def test_colour_variants_are_no_duplicates():
    image = photo(1)
    red = Image.merge("RGB", [band.point(lambda v: v // 2) for band in image.split()])
    bands = red.split()
    variants = [Image.merge("RGB", bands), Image.merge("RGB", (bands[0].point(lambda v: v + 60),
                                                               *bands[1:]))]  # fmt: skip
    assert owners(variants) == [0, 1]
    assert owners(variants, colour_distance=255.0) == [0, 0]


def test_no_chains_every_dropped_photo_is_close_to_the_one_that_stands_for_it():
    grey = np.zeros(48, np.uint8)

    def bits(count):
        value = np.zeros(256, np.uint8)
        value[:count] = 1
        return Fingerprint(np.packbits(value).view(np.uint64), grey, 100)

    found = duplicates([bits(0), bits(20), bits(40)], ["a", "b", "c"], distance=24)
    assert found.tolist() == [0, 0, 2]


def test_blocks_change_nothing_and_memory_stays_far_below_the_square():
    random = np.random.default_rng(0)
    distinct = 40 * BLOCK
    hashes = random.integers(0, 2**63, (distinct, 4), dtype=np.uint64)
    hashes = np.concatenate([hashes, hashes[:5]])
    grey = np.zeros(48, np.uint8)
    prints = [Fingerprint(value, grey, 100) for value in hashes]
    names = [f"{i:06d}" for i in range(len(prints))]
    tracemalloc.start()
    found = duplicates(prints, names)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found[:distinct].tolist() == list(range(distinct))
    assert found[distinct:].tolist() == [0, 1, 2, 3, 4]
    assert peak < len(prints) ** 2


def test_nothing_to_compare():
    assert duplicates([], []).tolist() == []
