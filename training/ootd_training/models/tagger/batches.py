"""The batches of one epoch: garments drawn by their labels' rarity, each in a random view."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from ootd_training.data.crop_views import pixels_of, prefetch, views
from ootd_training.data.crops import Tiles
from ootd_training.data.sampling import balanced_weights
from ootd_training.models.tagger.settings import TaggerSettings
from ootd_training.network.starting_weights import MEASURED_BATCHES

LabelledBatch = tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.bool_]]
"""Indices of garments [n], their crops uint8 [n, 3, s, s], and where the colours are true [n]."""


def labelled_batches(
    tiles: Tiles, settings: TaggerSettings, epoch: int, size: int
) -> tuple[Iterator[LabelledBatch], int]:
    """The batches of an epoch, with crops of `size` px, and their number.

    What is drawn depends on the seed and the epoch's number alone, so a resumed run goes on as
    the unbroken one would have.
    """
    rng = np.random.default_rng([settings.run.seed, epoch])
    drawn = rng.choice(len(tiles), len(tiles), p=balanced_weights(tiles.garments, settings.balance))
    steps = max(1, len(drawn) // settings.batch)

    def make(step: int) -> LabelledBatch:
        chosen = drawn[step * settings.batch : (step + 1) * settings.batch]
        order = np.random.default_rng([settings.run.seed, epoch, step])
        return (chosen, *views(tiles, chosen, size, settings.views, order))

    return prefetch(make, steps), steps


def first_crops(tiles: Tiles, settings: TaggerSettings) -> list[torch.Tensor]:
    """The crops of the first batches, [n, 3, s, s], at the size that the run ends with."""
    batches, _ = labelled_batches(tiles, settings, 0, settings.size(1.0))
    chosen = itertools.islice(batches, MEASURED_BATCHES)
    return [pixels_of(crops, torch.device("cpu")) for _, crops, _ in chosen]
