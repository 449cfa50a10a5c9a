"""What stands under tagger, sequencer and embedder: crops to features."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor, nn

TAGGER_TRUNK = "trunk."
"""What stands before the names of the trunk's weights in a tagger's checkpoint."""
EFFICIENTNET_V2 = "efficientnet-v2"
EFFICIENTNET_LITE0 = "efficientnet-lite0"
ARCHITECTURES = (EFFICIENTNET_V2, EFFICIENTNET_LITE0)


@dataclass(frozen=True)
class TrunkSettings:
    """Kind and size of a trunk; `width`, `depth` and `features` are of EfficientNetV2 alone.

    They scale it (Tan & Le 2019, Eq. 3).
    """

    width: float = 1.0
    """Factor on the channels of each stage."""
    depth: float = 1.0
    """Factor on its blocks."""
    features: int = 640
    """Numbers that come out for a crop."""
    drop_path: float = 0.05
    """Chance that training drops the last block's branch; of earlier blocks it is less."""
    architecture: str = EFFICIENTNET_V2
    """One of `ARCHITECTURES`; for EfficientNet-Lite0 there are public weights to start from."""


class Trunk(nn.Module, ABC):
    """Crops [n, 3, s, s] in 0..1 to features [n, `features`]; `s` can be any size from 32 px.

    The crops are normalised inside.
    """

    features: int

    @abstractmethod
    def forward(self, crops: Tensor) -> Tensor:
        """The features of the crops."""


def drop_branch(branch: Tensor, chance: float) -> Tensor:
    """The output [n, c, h, w] of a block's branch, dropped for some samples as training does.

    Stochastic depth (Huang et al. 2016): what is kept is enlarged, so that the mean stays.
    """
    kept = torch.rand(len(branch), 1, 1, 1, device=branch.device) >= chance
    return branch * (kept / (1 - chance))
