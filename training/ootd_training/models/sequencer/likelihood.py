"""Negative log-likelihood of the labelled tokens (11st, section 3.2 and Table 2), in nats."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ootd_training.data.crop_views import pixels_of
from ootd_training.data.crops import Garment, Tiles
from ootd_training.models.sequencer.loss import Forced, most_probable, teacher_forced
from ootd_training.models.sequencer.measure import labelled_values
from ootd_training.models.sequencer.network import Sequencer
from ootd_training.models.sequencer.tokens import Vocabulary
from ootd_training.models.tagger.loss import encode_labels, super_log_probabilities
from ootd_training.models.tagger.measure import served_crops, super_probabilities

Likelihood = dict[str, float]
"""Means over labelled tokens: `unguided`; `guided`, where the super-category is given; and
`with_end`, unguided, where the end of each sequence counts as a token too."""


def _means(subs: Tensor, guided: Tensor, values: Tensor, ends: Tensor) -> Likelihood:
    parts = {
        "unguided": (subs, values),
        "guided": (guided, values),
        "with_end": (subs, values, ends),
    }
    return {name: round(float(torch.cat(part).mean()), 4) for name, part in parts.items()}


def _token_losses(
    forced: Forced, subs: Tensor, supers: Tensor, vocabulary: Vocabulary
) -> list[Tensor]:
    """Losses of the known sub-categories, the same guided, of the values, and of the ends."""
    known = subs >= 0
    first = forced.first[known, : vocabulary.subs]
    right = first.gather(1, subs[known, None])[:, 0]
    inside = super_log_probabilities(first, vocabulary.taxonomy)
    given = inside.gather(1, supers[known, None])[:, 0]
    later = forced.later.gather(2, forced.labels.clamp(min=0)[..., None])[..., 0]
    is_end = forced.groups == vocabulary.end_group
    values = later[(forced.labels >= 0) & ~is_end]
    return [-right, given - right, -values, -later[forced.walked & is_end]]


@torch.inference_mode()
def sequence_likelihood(network: Sequencer, tiles: Tiles, size: int, batch: int = 64) -> Likelihood:
    """The likelihood of teacher-forced sequences, crops of `size` px around the garments.

    Where a token is not labelled, the most probable possible one is fed.
    """
    network.eval()
    device = next(network.parameters()).device
    labels = encode_labels(tiles.garments, network.vocabulary.taxonomy).to(device)
    subs = torch.tensor([garment.sub for garment in tiles.garments], device=device)
    crops = served_crops(tiles, size).transpose(0, 3, 1, 2)
    losses = []
    for start in range(0, len(crops), batch):
        rows = torch.arange(start, min(start + batch, len(crops)), device=device)
        own_labels = labels.take(rows)
        pixels = pixels_of(crops[start : start + batch], device)
        true_colors = torch.ones_like(rows, dtype=torch.bool)
        forced = teacher_forced(network, pixels, own_labels, true_colors, most_probable)
        losses.append(_token_losses(forced, subs[rows], own_labels.supers, network.vocabulary))
    return _means(*(torch.cat(part) for part in zip(*losses, strict=True)))


def independent_likelihood(
    subs: NDArray[np.float32],
    attributes: NDArray[np.float32],
    garments: Sequence[Garment],
    vocabulary: Vocabulary,
) -> Likelihood:
    """The same of probabilities that do not depend on each other, as the tagger gives them.

    It has no end to predict, so that `with_end` is `unguided`.
    """
    known = np.array([garment.sub for garment in garments])
    labelled = np.flatnonzero(known >= 0)
    right = subs[labelled, known[labelled]]
    supers = super_probabilities(subs, vocabulary.taxonomy)
    true_supers = np.array([garment.super_index for garment in garments])
    given = supers[labelled, true_supers[labelled]]
    tokens = labelled_values(garments, vocabulary)
    rows, columns = np.nonzero(tokens >= 0)
    values = attributes[rows, tokens[rows, columns] - vocabulary.subs]
    first, guided, later = (
        torch.from_numpy(-np.log(np.maximum(p, 1e-12))) for p in (right, right / given, values)
    )
    return _means(first, guided, later, torch.zeros(0))
