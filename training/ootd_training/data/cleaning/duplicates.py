"""Photos that show the same picture, found by perceptual hashes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image

HASH_SIDE = 16
BITS = HASH_SIDE * HASH_SIDE
"""Bits of a hash. The usual 64 take garments of one cut on one floor for the same picture."""
DISTANCE = 24
"""Bits in which the hashes of two duplicates may differ. Measured on the catalogue photos: copies
saved smaller (0.4 to 1 times) and coarser (quality 30 to 60) differ in 14 at most, two pictures of
one garment, shot one after the other, in 38 at least."""
COLOUR_DISTANCE = 8.0
"""Levels (of 255) by which the colours of two duplicates may differ; in such copies 1.4 at most."""
COLOUR_GRID = 4
BLOCK = 128
"""Photos compared with all kept ones at a time: memory grows with this, not with the square."""


@dataclass(frozen=True)
class Fingerprint:
    """What duplicates are told by: a perceptual hash of 256 bits, u64[4], and u8[48] mean
    colours of a 4 by 4 grid, because the hash sees no colour; `pixels` is width times height."""

    hash: NDArray[np.uint64]
    colours: NDArray[np.uint8]
    pixels: int


def fingerprint(photo: Image.Image) -> Fingerprint:
    """Fingerprint of a photo. Source: iTOO, section 5.1 (perceptual hashing)."""
    bits = imagehash.phash(photo, hash_size=HASH_SIDE).hash.ravel()
    value = np.packbits(bits).view(np.uint64)
    size = (COLOUR_GRID, COLOUR_GRID)
    grid = photo.convert("RGB").resize(size, Image.Resampling.BOX)
    return Fingerprint(value, np.asarray(grid).reshape(-1), photo.width * photo.height)


def bits_apart(left: NDArray[np.uint64], right: NDArray[np.uint64]) -> NDArray[np.uint16]:
    """Hamming distances u16[n, m] between hashes u64[n, 4] and u64[m, 4]."""
    apart = np.zeros((len(left), len(right)), np.uint16)
    for word in range(left.shape[1]):
        apart += np.bitwise_count(left[:, word, None] ^ right[None, :, word])
    return apart


def duplicates(
    fingerprints: Sequence[Fingerprint],
    names: Sequence[str],
    distance: int = DISTANCE,
    colour_distance: float = COLOUR_DISTANCE,
    progress: Callable[[int], None] | None = None,
) -> NDArray[np.int64]:
    """For each photo the index of the photo that stands for it, i64[n]; its own if it is kept.

    The largest photo comes first, then names in alphabetical order, and each photo is kept unless
    an earlier kept one lies within `distance` bits and `colour_distance` levels (mean over the
    grid and channels). So the outcome depends on nothing but the photos, every dropped photo is
    close to the one that stands for it (no chains), and a garment's colour variants stay apart
    (section 5.2 of the iTOO paper needs them). Memory is O(n), not O(n^2).
    """
    count = len(fingerprints)
    hashes = np.array([f.hash for f in fingerprints], np.uint64).reshape(count, BITS // 64)
    colours = np.array([f.colours for f in fingerprints], np.uint8).reshape(
        count, 3 * COLOUR_GRID**2
    )
    order = sorted(range(count), key=lambda i: (-fingerprints[i].pixels, names[i]))
    owner = np.arange(count)
    kept = np.empty(count, np.int64)
    size = 0
    for start in range(0, count, BLOCK):
        block = np.array(order[start : start + BLOCK], np.int64)
        rivals = np.concatenate([kept[:size], block])
        near = bits_apart(hashes[block], hashes[rivals]) <= distance
        is_kept = np.ones(len(rivals), bool)
        is_kept[size:] = False
        first = size
        for row, photo in enumerate(block):
            close = rivals[near[row] & is_kept]
            differences = colours[close].astype(np.int16) - colours[photo]
            same = close[np.abs(differences).mean(axis=1) <= colour_distance]
            if len(same):
                owner[photo] = same[0]
                continue
            is_kept[first + row] = True
            kept[size] = photo
            size += 1
        if progress is not None:
            progress(start + len(block))
    return owner
