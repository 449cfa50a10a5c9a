"""Which garments an epoch shows: frequent labels less often, rare ones more often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ootd_training.data.crops import Garment


def balanced_weights(garments: Sequence[Garment], power: float = 0.5) -> NDArray[np.float64]:
    """Chance of each garment to be drawn; they sum to 1.

    Garments with the same source and label share `count ** power`: 1 is the data's own
    distribution, 0 gives every label the same share.
    """
    keys = [(g.source, g.super_index, g.candidates) for g in garments]
    counts = Counter(keys)
    weights = np.array([counts[key] ** (power - 1.0) for key in keys])
    return np.asarray(weights / weights.sum())


def log_prior_shift(garments: Sequence[Garment], power: float, supers: int) -> NDArray[np.float64]:
    """What a network trained on balanced garments adds to its logits to fit the data as they are.

    One number a super-category, of `supers`: the log of its share among the photographed garments
    over its share among the garments as they were drawn in training.
    """
    real = np.array([garment.source != "drawn" for garment in garments])
    labels = np.array([garment.super_index for garment in garments])
    seen = np.bincount(labels, balanced_weights(garments, power), supers)
    true = np.bincount(labels, real / real.sum(), supers)
    return np.asarray(np.log(np.maximum(true, 1e-3) / np.maximum(seen, 1e-3)))
