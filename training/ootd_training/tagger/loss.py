"""The tagger's loss, which can learn from labels that say only part of the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import log_softmax

from ootd_training.data.crops import Garment
from ootd_training.tagger.settings import TaggerSettings
from ootd_training.taxonomy import Taxonomy


@dataclass(frozen=True)
class Labels:
    """Labels of n garments; -1 is unknown.

    `supers`, `colors`, `sleeves`, `audiences`: int64 [n]; `candidates`: bool [n, 32];
    `color_weights`: float32 [n], 0 to 1.
    """

    supers: Tensor
    candidates: Tensor
    colors: Tensor
    color_weights: Tensor
    sleeves: Tensor
    audiences: Tensor

    def take(self, indices: Tensor) -> Labels:
        """The labels of these indices."""
        return Labels(
            self.supers[indices],
            self.candidates[indices],
            self.colors[indices],
            self.color_weights[indices],
            self.sleeves[indices],
            self.audiences[indices],
        )


def encode_labels(garments: Sequence[Garment], taxonomy: Taxonomy) -> Labels:
    """The labels as tensors.

    A sub-category that no garment names is left out of the candidates: nothing would hold it
    back from swallowing every garment whose label allows it.
    """
    named = {garment.sub for garment in garments} - {-1}
    candidates = torch.zeros(len(garments), len(taxonomy.subs), dtype=torch.bool)
    for row, garment in zip(candidates, garments, strict=True):
        allowed = [i for i in garment.candidates if i in named] or list(garment.candidates)
        row[allowed] = True
    weights = [garment.color_weight for garment in garments]
    return Labels(
        torch.tensor([garment.super_index for garment in garments]),
        candidates,
        torch.tensor([garment.color for garment in garments]),
        torch.tensor(np.array(weights, dtype=np.float32)),
        torch.tensor([garment.sleeve for garment in garments]),
        torch.tensor([garment.audience for garment in garments]),
    )


def super_log_probabilities(sub_log_probabilities: Tensor, taxonomy: Taxonomy) -> Tensor:
    """Log-probabilities of the super-categories [n, 6]: sums over their sub-categories."""
    columns = [
        sub_log_probabilities[:, list(taxonomy.subs_of(index))].logsumexp(1)
        for index in range(len(taxonomy.supers))
    ]
    return torch.stack(columns, 1)


class TaggerLoss:
    """Sum of the weighted losses of super-category, sub-category and attribute groups.

    The probability of a sub-category is that of its super-category times its share in it, so the
    two factors are trained apart: the super-category with label smoothing, and the share by the
    marginal likelihood of the candidates (the sum of their shares), which for a known sub-category
    is cross-entropy and for an unknown one is 0.
    """

    def __init__(self, settings: TaggerSettings, taxonomy: Taxonomy) -> None:
        self.settings = settings
        self.taxonomy = taxonomy

    def __call__(
        self, outputs: tuple[Tensor, Tensor], labels: Labels, true_colors: Tensor
    ) -> dict[str, Tensor]:
        """Each part, already weighted; `true_colors` [n] is False where colours were changed."""
        subs, attributes = outputs
        log_p = log_softmax(subs, 1)
        supers = super_log_probabilities(log_p, self.taxonomy)
        smoothing = self.settings.smoothing
        right = supers.gather(1, labels.supers[:, None])[:, 0]
        super_loss = -((1 - smoothing) * right + smoothing * supers.mean(1)).mean()
        allowed = log_p.masked_fill(~labels.candidates, -torch.inf).logsumexp(1)
        color_weights = labels.color_weights * true_colors
        return {
            "super": self.settings.super_gain * super_loss,
            "sub": self.settings.sub_gain * (right - allowed).mean(),
            "color": self.settings.color_gain
            * self._group("color", attributes, labels.colors, color_weights),
            "sleeve": self.settings.sleeve_gain
            * self._group("sleeve_length", attributes, labels.sleeves),
            "audience": self.settings.audience_gain
            * self._group("audience", attributes, labels.audiences),
        }

    def _group(
        self, name: str, attributes: Tensor, values: Tensor, weights: Tensor | None = None
    ) -> Tensor:
        log_p = log_softmax(attributes[:, self.taxonomy.group(name).columns], 1)
        known = (values >= 0).float()
        weights = known if weights is None else known * weights
        right = log_p.gather(1, values.clamp(min=0)[:, None])[:, 0]
        smoothing = self.settings.smoothing / 2
        losses = -((1 - smoothing) * right + smoothing * log_p.mean(1))
        return (losses * weights).sum() / weights.sum().clamp(min=1.0)
