"""The embedder's network: a trunk and a projection to 128 dimensions."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import normalize

from ootd_training.network.trunk import TrunkSettings
from ootd_training.network.trunk_factory import make_trunk

EMBEDDING_SIZE = 128


class Embedder(nn.Module):
    """Crops [n, 3, s, s] in 0..1 to embeddings [n, 128] of length 1."""

    def __init__(self, settings: TrunkSettings) -> None:
        super().__init__()
        self.trunk = make_trunk(settings)
        self.projection = nn.Linear(self.trunk.features, EMBEDDING_SIZE)

    def forward(self, crops: Tensor) -> Tensor:
        """The embeddings of the crops."""
        return normalize(self.projection(self.trunk(crops)), dim=1)
