"""Epochs of augmented batches, drawn from pools of photos in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ootd_training.models.detector.augment import augmented
from ootd_training.models.detector.samples import Sample
from ootd_training.models.detector.settings import STRIDES, Stage

CACHE_MARGIN = 1.25
"""How much larger than the batch's longest side photos are kept, so that zooming in stays sharp."""


@dataclass(frozen=True)
class Batch:
    """Images f32[b, 3, h, w] (0 to 1), classes i64[b, m] (-1 pads), boxes f32[b, m, 4] in pixels
    and label map i64[b, h/8, w/8]."""

    images: Tensor
    classes: Tensor
    boxes: Tensor
    pixels: Tensor

    def to(self, device: torch.device) -> Batch:
        """The batch on this device."""
        return Batch(*(part.to(device) for part in vars(self).values()))


@dataclass(frozen=True)
class Pools:
    """Photos for training. An epoch takes each of `main` once, and `extra_share` photos of
    `extra` per photo of `main`, drawn so that rarer categories come more often."""

    main: list[Sample]
    extra: list[Sample]
    extra_share: float

    def resized(self, stage: Stage) -> Pools:
        """The same photos, no larger than a stage needs them."""
        side = round(max(stage.height, stage.width) * CACHE_MARGIN)
        return Pools(
            [sample.resized(side) for sample in self.main],
            [sample.resized(side) for sample in self.extra],
            self.extra_share,
        )

    def shares(self) -> NDArray[np.float64]:
        """Each extra photo's chance, f64[n]: a category's is the square root of its count."""
        if not self.extra:
            return np.zeros(0)
        first = np.array(
            [sample.classes[0] if len(sample.classes) else -1 for sample in self.extra]
        )
        _, group, counts = np.unique(first, return_inverse=True, return_counts=True)
        weights = 1 / np.sqrt(counts[group])
        return np.asarray(weights / weights.sum())

    def epoch_size(self) -> int:
        """How many photos an epoch takes."""
        return len(self.main) + min(len(self.extra), round(self.extra_share * len(self.main)))

    def epoch(self, random: np.random.Generator) -> tuple[list[Sample], NDArray[np.int64]]:
        """All photos, and the shuffled indices of one epoch."""
        count = self.epoch_size() - len(self.main)
        order = np.arange(len(self.main))
        if count:
            chosen = random.choice(len(self.extra), count, replace=False, p=self.shares())
            order = np.concatenate([order, chosen + len(self.main)])
        return self.main + self.extra, random.permutation(order)


def collate(samples: list[Sample]) -> Batch:
    """One batch of samples that share height and width."""
    most = max(1, *(len(sample.classes) for sample in samples))
    classes = np.full((len(samples), most), -1, np.int64)
    boxes = np.zeros((len(samples), most, 4), np.float32)
    for row, sample in enumerate(samples):
        classes[row, : len(sample.classes)] = sample.classes
        boxes[row, : len(sample.boxes)] = sample.boxes
    step = STRIDES[0]
    pixels = np.stack([s.labels[step // 2 :: step, step // 2 :: step] for s in samples])
    images = torch.from_numpy(np.stack([sample.photo for sample in samples]))
    # The permuted view of a row-major batch is channels-last already.
    return Batch(
        images.permute(0, 3, 1, 2).float().div_(255),
        torch.from_numpy(classes),
        torch.from_numpy(boxes),
        torch.from_numpy(pixels.astype(np.int64)),
    )


def epoch_batches(
    pools: Pools, stage: Stage, size: int, random: np.random.Generator
) -> Iterator[Batch]:
    """The batches of one epoch; photos that do not fill a last batch are left for the next."""
    photos, order = pools.epoch(random)
    for start in range(0, max(1, len(order) - size + 1), size):
        samples = []
        for index in order[start : start + size]:
            four = [photos[i] for i in (index, *random.choice(order, 3))]
            samples.append(augmented(four, stage, random))
        yield collate(samples)
