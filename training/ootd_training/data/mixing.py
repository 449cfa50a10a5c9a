"""Batches in which two garments share a crop: CutMix and mixup.

Networks trained on a few thousand photos learn these by heart; of a crop in which two garments
share the picture, and the loss, there are as many as there are pairs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

MIXUP_ALPHA = 0.4
"""Of the Beta distribution that shares are drawn from: mostly near 0 or 1."""


@dataclass(frozen=True)
class Mixed:
    """Crops [n, 3, s, s] that show the garment of their row and, with `other_share` (0 to 1) of
    the picture, that of row `others` [n]. `true_colors`: whether the pixels kept their colours."""

    crops: Tensor
    others: Tensor
    other_share: float
    true_colors: bool


def mixed(crops: Tensor, share: float, rng: np.random.Generator) -> Mixed | None:
    """The batch with each row mixed with another, or None, for all but a `share` (0 to 1) of calls.

    Half of the mixed batches have a rectangle of the other crop pasted in (Yun et al., *CutMix*,
    2019, section 3.1), half are weighted means of both (Zhang et al., *mixup*, 2018, section 2).
    """
    if rng.random() >= share or len(crops) < 2:
        return None
    others = torch.arange(len(crops), device=crops.device).roll(1)
    if rng.random() < 0.5:
        part = float(rng.beta(MIXUP_ALPHA, MIXUP_ALPHA))
        part = min(part, 1 - part)
        return Mixed(torch.lerp(crops, crops[others], part), others, part, true_colors=False)
    side = crops.shape[-1]
    # The kept share is uniform, so the pasted square's side is the root of what it leaves.
    length = round(side * float(rng.uniform(0, 1)) ** 0.5)
    y, x = (int(rng.integers(0, side - length + 1)) for _ in range(2))
    pasted = crops.clone()
    pasted[:, :, y : y + length, x : x + length] = crops[others, :, y : y + length, x : x + length]
    return Mixed(pasted, others, length**2 / side**2, true_colors=True)
