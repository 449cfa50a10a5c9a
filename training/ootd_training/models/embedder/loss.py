"""The embedder's loss: views of one garment come together, other garments go apart."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, log_softmax, normalize

from ootd_training.models.embedder.network import EMBEDDING_SIZE
from ootd_training.taxonomy import Taxonomy


def contrastive_loss(embeddings: Tensor, alike: Tensor, temperature: float) -> Tensor:
    """NT-Xent over pairs (Chen et al. 2020, Eq. 1), with the rest of the batch as negatives.

    With one positive and all others as negatives in a softmax this is the N-pair loss (Sohn 2016,
    Eq. 5) on normalised vectors. `embeddings` [2n, d] are of length 1, rows i and i + n are views
    of the same garment. `alike` [n, n] is True for two garments whose labels and colours agree;
    they are left out of the negatives, since a search should find them.
    """
    pairs = len(embeddings) // 2
    similarity = embeddings @ embeddings.T / temperature
    ignored = alike.repeat(2, 2)
    rows = torch.arange(2 * pairs, device=embeddings.device)
    partner = rows.roll(pairs)
    ignored[rows, partner] = False
    ignored.fill_diagonal_(True)
    return cross_entropy(similarity.masked_fill(ignored, -torch.inf), partner)


def soft_codes(embeddings: Tensor, steepness: float = 2.0) -> Tensor:
    """Codes as vectors of length 1, [n, d] from embeddings [n, d]: the signs of their numbers.

    The gradient is that of a hyperbolic tangent (straight-through estimator, Bengio et al. 2013),
    so that a loss on the codes moves numbers near 0 to the side where they should be.
    """
    size = embeddings.shape[1]
    soft = torch.tanh(steepness * embeddings * size**0.5)
    signs = torch.where(embeddings > 0, 1.0, -1.0)
    codes: Tensor = (soft + (signs - soft).detach()) / size**0.5
    return codes


class LabelHead(nn.Module):
    """Cosine classifiers on the embedding, used in training alone.

    They keep garments of one sub-category and colour in one region of the sphere. Embeddings
    [n, 128] to logits of sub-categories [n, 32] and colours [n, 14].
    """

    def __init__(self, taxonomy: Taxonomy, scale: float) -> None:
        super().__init__()
        self.scale = scale
        self.subs = nn.Parameter(torch.randn(len(taxonomy.subs), EMBEDDING_SIZE))
        colors = len(taxonomy.group("color").values)
        self.colors = nn.Parameter(torch.randn(colors, EMBEDDING_SIZE))

    def forward(self, embeddings: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of sub-categories and of colours."""
        subs = embeddings @ normalize(self.subs, dim=1).T
        colors = embeddings @ normalize(self.colors, dim=1).T
        return self.scale * subs, self.scale * colors


def label_loss(
    logits: tuple[Tensor, Tensor], candidates: Tensor, colors: Tensor, color_weights: Tensor
) -> Tensor:
    """Marginal likelihood of the candidate sub-categories, plus cross-entropy of the colour.

    `candidates` bool [n, 32], `colors` int64 [n] (-1 unknown), `color_weights` [n] in 0..1.
    """
    subs, color_logits = logits
    allowed = log_softmax(subs, 1).masked_fill(~candidates, -torch.inf).logsumexp(1)
    weights = color_weights * (colors >= 0)
    losses = cross_entropy(color_logits, colors.clamp(min=0), reduction="none")
    return -allowed.mean() + (losses * weights).sum() / weights.sum().clamp(min=1.0)
