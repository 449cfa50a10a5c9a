"""The tagger's network: a trunk and one linear layer for all labels."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ootd_training.network.trunk import TrunkSettings
from ootd_training.network.trunk_factory import make_trunk
from ootd_training.taxonomy import Taxonomy


class Tagger(nn.Module):
    """Crops [n, 3, s, s] in 0..1 to logits: sub-categories [n, 32], attribute values."""

    def __init__(self, settings: TrunkSettings, taxonomy: Taxonomy, dropout: float = 0.2) -> None:
        super().__init__()
        self.trunk = make_trunk(settings)
        self.dropout = nn.Dropout(dropout)
        self.sizes = (len(taxonomy.subs), taxonomy.attribute_count)
        self.head = nn.Linear(self.trunk.features, sum(self.sizes))
        nn.init.normal_(self.head.weight, std=0.01)
        nn.init.zeros_(self.head.bias)

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of sub-categories and of attribute values."""
        logits = self.head(self.dropout(self.trunk(crops)))
        subs, attributes = torch.split(logits, list(self.sizes), dim=1)
        return subs, attributes


class ServedTagger(nn.Module):
    """The tagger as it is served: probabilities; each attribute group sums to 1 by itself.

    The logits are the mean over the crop and its mirror image; `super_shift`, one number for each
    super-category, is added to those of its sub-categories.
    """

    shift: Tensor

    def __init__(
        self, tagger: Tagger, taxonomy: Taxonomy, super_shift: Sequence[float] = (0.0,) * 6
    ) -> None:
        super().__init__()
        self.tagger = tagger
        self.group_sizes = [len(group.values) for group in taxonomy.groups]
        self.register_buffer("shift", torch.tensor([super_shift[i] for i in taxonomy.super_of_sub]))

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """Probabilities of sub-categories and of attribute values."""
        answers = [self.tagger(seen) for seen in (crops, crops.flip(3))]
        subs = torch.stack([answer[0] for answer in answers]).mean(0)
        attributes = torch.stack([answer[1] for answer in answers]).mean(0)
        groups = torch.split(attributes, self.group_sizes, dim=1)
        probabilities = [group.softmax(1) for group in groups]
        return (subs + self.shift).softmax(1), torch.cat(probabilities, 1)
