"""The tagger's loss, which can learn from labels that say only part of the truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import log_softmax

from ootd_training.data.crops import Garment
from ootd_training.models.tagger.settings import TaggerSettings
from ootd_training.taxonomy import Taxonomy


@dataclass(frozen=True)
class Labels:
    """Labels of n garments; -1 is unknown.

    `supers`: int64 [n]; `candidates`: bool [n, 32]; `values`: int64 [n] by attribute group;
    `color_weights`: float32 [n], 0 to 1.
    """

    supers: Tensor
    candidates: Tensor
    values: Mapping[str, Tensor]
    color_weights: Tensor

    def take(self, indices: Tensor) -> Labels:
        """The labels of these indices."""
        return self._each(lambda part: part[indices])

    def to(self, device: torch.device) -> Labels:
        """The labels on this device."""
        return self._each(lambda part: part.to(device))

    def _each(self, change: Callable[[Tensor], Tensor]) -> Labels:
        values = {name: change(part) for name, part in self.values.items()}
        supers, candidates = change(self.supers), change(self.candidates)
        return Labels(supers, candidates, values, change(self.color_weights))


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
        {
            group.name: torch.tensor([garment.values.get(group.name, -1) for garment in garments])
            for group in taxonomy.groups
        },
        torch.tensor(np.array(weights, dtype=np.float32)),
    )


def super_log_probabilities(sub_log_probabilities: Tensor, taxonomy: Taxonomy) -> Tensor:
    """Log-probabilities of the super-categories [n, 6]: sums over their sub-categories."""
    columns = [
        sub_log_probabilities[:, list(taxonomy.subs_of(index))].logsumexp(1)
        for index in range(len(taxonomy.supers))
    ]
    return torch.stack(columns, 1)


def category_losses(
    log_p: Tensor, labels: Labels, settings: TaggerSettings, taxonomy: Taxonomy
) -> dict[str, Tensor]:
    """The weighted losses of super- and sub-category from sub-categories' `log_p` [n, 32].

    The probability of a sub-category is that of its super-category times its share in it, so the
    two factors are trained apart: the super-category with label smoothing, and the share by the
    marginal likelihood of the candidates (the sum of their shares), which for a known sub-category
    is cross-entropy and for an unknown one is 0.
    """
    supers = super_log_probabilities(log_p, taxonomy)
    right = supers.gather(1, labels.supers[:, None])[:, 0]
    smoothing = settings.smoothing
    super_loss = -((1 - smoothing) * right + smoothing * supers.mean(1)).mean()
    allowed = log_p.masked_fill(~labels.candidates, -torch.inf).logsumexp(1)
    return {
        "super": settings.super_gain * super_loss,
        "sub": settings.sub_gain * (right - allowed).mean(),
    }


class TaggerLoss:
    """The weighted losses of super-category, sub-category and attribute groups."""

    def __init__(self, settings: TaggerSettings, taxonomy: Taxonomy) -> None:
        self.settings = settings
        self.taxonomy = taxonomy

    def __call__(
        self, outputs: tuple[Tensor, Tensor], labels: Labels, true_colors: Tensor
    ) -> dict[str, Tensor]:
        """Each part, already weighted; `true_colors` [n] is False where colours were changed."""
        subs, attributes = outputs
        parts = category_losses(log_softmax(subs, 1), labels, self.settings, self.taxonomy)
        for group in self.taxonomy.groups:
            values = labels.values[group.name]
            weights = (values >= 0).float()
            gain = self.settings.attribute_gain
            if group.name == "color":
                weights = weights * labels.color_weights * true_colors
                gain = self.settings.color_gain
            parts[group.name] = gain * self._group(attributes[:, group.columns], values, weights)
        return parts

    def _group(self, logits: Tensor, values: Tensor, weights: Tensor) -> Tensor:
        log_p = log_softmax(logits, 1)
        right = log_p.gather(1, values.clamp(min=0)[:, None])[:, 0]
        smoothing = self.settings.smoothing / 2
        losses = -((1 - smoothing) * right + smoothing * log_p.mean(1))
        return (losses * weights).sum() / weights.sum().clamp(min=1.0)
